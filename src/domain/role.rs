//! Roles: what their holders may do.

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::RoleId;
use crate::domain::permission::Permission;
use crate::domain::permission::Rights;
use crate::domain::text;

/// Grants that a role may have.
pub const MOST_GRANTS: usize = 100;

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

/// What somebody may who is not of the shop's own people: sell their own things.
fn of_others() -> Rights {
    Rights::parse(Permission::ProductsOwn.name()).unwrap_or_default()
}

impl Rights {
    /// Whether whoever has these is one of the shop's own people.
    pub fn are_of_staff(self) -> bool {
        !of_others().cover(self)
    }
}

/// What is asked for of a role; what is not said stays.
#[derive(Debug, Clone, Default)]
pub struct RoleFields {
    /// Its name.
    pub name: Option<String>,
    /// What it grants, by public names.
    pub permissions: Option<Vec<String>>,
}

impl RoleFields {
    /// The same with its texts trimmed and each grant once, or every fault in it.
    pub fn checked(self) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let name = self.name.map(|name| text::line(&name, 2, 50));
        let name = name.transpose().unwrap_or_else(|bad| {
            faults.push(bad.at("name"));
            None
        });
        let permissions = self.permissions.map(|grants| granted(grants, &mut faults));
        match faults.is_empty() {
            true => Ok(Self { name, permissions }),
            false => Err(faults),
        }
    }
}

fn granted(grants: Vec<String>, faults: &mut Vec<Fault>) -> Vec<String> {
    if grants.len() > MOST_GRANTS {
        faults.push(Bad::invalid("grants more than 100 permissions").at("permissions"));
    }
    for (at, grant) in grants.iter().enumerate() {
        if Rights::parse(grant).is_none() {
            faults.push(Bad::invalid("is no permission").at(format!("permissions[{at}]")));
        }
    }
    let mut once = grants;
    once.sort_unstable();
    once.dedup();
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_more_than_sell_is_of_staff() {
        let rights = |grant: &str| Rights::parse(grant).unwrap();
        assert!(!Rights::NONE.are_of_staff() && !rights("products:own").are_of_staff());
        assert!(rights("products:*").are_of_staff() && rights("orders:read").are_of_staff());
    }

    #[test]
    fn every_unknown_grant_is_told() {
        let fields = RoleFields {
            name: Some("x".into()),
            permissions: Some(vec!["orders:*".into(), "orders:fly".into(), "all".into()]),
        };
        let faults = fields.checked().unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["name", "permissions[1]", "permissions[2]"]);
    }
}
