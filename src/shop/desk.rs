//! What stands around every page of the admin: whose shop it is, who looks, and what has just been done.

use crate::domain::actor::Actor;
use crate::domain::audit::AuditRow;
use crate::domain::id::AuditId;
use crate::domain::id::EndpointId;
use crate::domain::id::OrderId;
use crate::domain::id::ProductId;
use crate::domain::id::UserId;
use crate::domain::permission::Permission;
use crate::domain::settings::Settings;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// For so long a page says what a form has done.
const FRESH: i64 = time::MINUTE;

/// The frame of a page.
#[derive(Debug, Clone)]
pub struct Desk {
    /// What the shop decides.
    pub settings: Settings,
    /// Who looks.
    pub user: User,
    /// What the looker has done a moment ago, if the address of the page names it.
    pub done: Option<AuditRow>,
    /// Endpoints that the shop has turned off, for who may know of them (OWH-08).
    pub silenced: Vec<EndpointId>,
}

/// A thing that people call otherwise than by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// By its number.
    Order(OrderId),
    /// By its name.
    Product(ProductId),
    /// By their name.
    User(UserId),
}

/// What people call a thing; nothing for whoever may not read it, or where it is not.
pub fn called(db: &Snapshot, by: &Actor, thing: Thing) -> Result<Option<String>> {
    let right = match thing {
        Thing::Order(_) => Permission::OrdersRead,
        Thing::Product(_) => Permission::ProductsRead,
        Thing::User(_) => Permission::UsersRead,
    };
    if !by.may(right) {
        return Ok(None);
    }
    let called = match thing {
        Thing::Order(id) => store::orders::head(db, id).map(|head| format!("#{}", head.number)),
        Thing::Product(id) => store::products::get(db, id).map(|product| product.name),
        Thing::User(id) => store::users::get(db, id).map(|user| user.name.unwrap_or(user.username)),
    };
    match called {
        Ok(called) => Ok(Some(called)),
        Err(Error::NotFound(_) | Error::Deleted(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The frame for whoever is signed in. A deed of somebody else, or of long ago, is not told.
pub fn desk(db: &Snapshot, by: &Actor, done: Option<AuditId>, now: Timestamp) -> Result<Desk> {
    let user = store::users::get(db, by.signed_in()?)?;
    let done = match done {
        Some(id) => store::audit::find(db, id)?,
        None => None,
    };
    let silenced = match by.may(Permission::WebhooksRead) {
        true => store::endpoints::silenced(db)?,
        false => Vec::new(),
    };
    Ok(Desk {
        silenced,
        settings: store::settings::get(db)?,
        done: done.filter(|row| row.actor == Some(user.id) && row.at.plus_ms(FRESH) > now),
        user,
    })
}
