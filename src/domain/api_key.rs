//! Keys by which programs come in: what they look like, what they may do, how long they live.

use crate::domain::fault::Bad;
use crate::domain::id::ApiKeyId;
use crate::domain::id::UserId;
use crate::domain::permission::Rights;
use crate::domain::time;
use crate::domain::time::Timestamp;

/// What every key begins with, so that a leaked one is found by whoever looks for such.
pub const PREFIX: &str = "till_";
/// A key notes its use at most this often.
pub const USED_EVERY: i64 = time::MINUTE;
/// A key names so many permissions at most.
pub const MOST_GRANTS: usize = 100;

/// What a key is granted: public names, and the rights they stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    names: Vec<String>,
    rights: Rights,
}

impl Grants {
    /// Reads the names, each once. Refused with the place of a name that is unknown, or if there is none.
    pub fn parse(names: &[String]) -> Result<Self, (Option<usize>, Bad)> {
        let mut grants = Self {
            names: Vec::new(),
            rights: Rights::NONE,
        };
        if names.is_empty() || names.len() > MOST_GRANTS {
            return Err((None, Bad::invalid("choose 1 to 100 for a key")));
        }
        for (at, name) in names.iter().enumerate() {
            let rights = Rights::parse(name).ok_or((Some(at), Bad::invalid("is no permission")))?;
            if !grants.names.contains(name) {
                grants.names.push(name.clone());
            }
            grants.rights = grants.rights.and(rights);
        }
        Ok(grants)
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The rights.
    pub const fn rights(&self) -> Rights {
        self.rights
    }
}

/// A key to be.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What people call it.
    pub name: String,
    /// What it may do, where its owner may.
    pub grants: Grants,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// A key as it is kept: without its secret.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub user: UserId,
    /// The name its owner signs in with.
    pub username: String,
    pub name: String,
    pub permissions: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

impl ApiKey {
    /// What its permissions stand for; names that this binary does not know grant nothing.
    pub fn rights(&self) -> Rights {
        let rights = self
            .permissions
            .iter()
            .map(|name| Rights::parse(name).unwrap_or_default());
        rights.fold(Rights::NONE, Rights::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::permission::Permission;

    /// TOK-05
    #[test]
    fn a_key_names_what_it_may() {
        let read = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            Grants::parse(&names)
        };
        let grants = read(&["orders:*", "stock:read", "stock:read"]).unwrap();
        assert_eq!(grants.names(), ["orders:*", "stock:read"]);
        assert!(grants.rights().hold(Permission::OrdersCancel));
        assert!(!grants.rights().hold(Permission::StockUpdate));
        assert_eq!(read(&["orders:read", "orders:fly"]).unwrap_err().0, Some(1));
        assert!(read(&[]).is_err());
        assert!(read(&["stock:read"; 101]).is_err());
    }
}
