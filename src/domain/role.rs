//! Roles: what their holders may do.

use crate::domain::id::RoleId;
use crate::domain::permission::Rights;

/// A role.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    /// Whether its holders are the shop's own people.
    pub is_staff: bool,
    pub is_built_in: bool,
    /// The granted names, as they stand.
    pub permissions: Vec<String>,
    pub version: i64,
}

/// A role with how many users have it.
#[derive(Debug, Clone)]
pub struct Held {
    /// The role.
    pub role: Role,
    /// How many have it, as far as they were counted.
    pub users: i64,
}

impl Role {
    /// What its permissions stand for; names that this binary does not know grant nothing.
    pub fn rights(&self) -> Rights {
        let rights = self
            .permissions
            .iter()
            .map(|name| Rights::parse(name).unwrap_or_default());
        rights.fold(Rights::NONE, Rights::and)
    }
}
