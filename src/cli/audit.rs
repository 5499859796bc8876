//! `till audit`: whether the chain of the audit is whole, beside a running server too.

use std::process::ExitCode;

use clap::Subcommand;

use crate::cli::Context;
use crate::domain::actor::Actor;
use crate::domain::audit::Head;
use crate::domain::audit::Verdict;
use crate::error::Result;
use crate::http::api::audit::VerdictView;
use crate::shop::audit;

/// Look into the audit.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Go along the whole chain; name the first row that is wrong.
    Verify {
        /// The chain's end as it was printed earlier: it must still be there, or the tail was cut off.
        #[arg(long, value_name = "ID:MAC")]
        head: Option<String>,
    },
}

impl Audit {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        let Self::Verify { head } = self;
        let noted = head
            .map(|text| Head::parse(&text).map_err(|bad| bad.at("head")))
            .transpose()?;
        let key = context.keys()?.audit;
        let store = context.store()?;
        let verdict = store.read(|db| audit::verify(db, &Actor::system(), &key, noted, |_| true))?;
        context.print(text(&verdict), &VerdictView::new(&verdict))?;
        Ok(match verdict.broken {
            None => ExitCode::SUCCESS,
            Some(_) => ExitCode::FAILURE,
        })
    }
}

fn text(verdict: &Verdict) -> String {
    let (rows, head) = (verdict.rows, verdict.head);
    match &verdict.broken {
        None => format!(
            "the audit is whole: {rows} rows\n{}head {head}",
            redacted(verdict)
        ),
        Some(broken) => format!(
            "the audit is broken at row {}: {}\n{rows} rows before it are good\nlast good {head}",
            broken.id, broken.what
        ),
    }
}

/// Of which rows the shop itself has taken a part away, by whom, and why.
fn redacted(verdict: &Verdict) -> String {
    let mut text = String::new();
    for one in &verdict.redacted {
        let (rows, first, last, told_by) = (one.rows, one.first, one.last, one.told_by);
        let by = one.by.as_deref().unwrap_or("somebody");
        let why = one.why.as_deref().unwrap_or("{}");
        text += &format!("{rows} rows from {first} to {last} were redacted by {by} (row {told_by}): {why}\n");
    }
    text
}
