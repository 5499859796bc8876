//! What the doctor finds: a claim about the file that does not hold, and where.

use serde::Serialize;

/// A row that breaks a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The claim.
    pub check: &'static str,
    /// The row.
    pub row: String,
    /// What should be there.
    pub expected: String,
    /// What is.
    pub found: String,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The claim.
    pub check: &'static str,
    /// How many rows break it.
    pub findings: u64,
}

/// What came of all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every check that was made.
    pub checks: Vec<Checked>,
    /// The first findings of each.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.checks.iter().all(|checked| checked.findings == 0)
    }
}
