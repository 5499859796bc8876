//! The first run: a link makes the first owner and settles the shop, once; it is dead as soon as there is an admin. In a
//! demo, which has one, the same link lets whoever started it in as its owner.

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::link::Purpose;
use crate::domain::money::Currency;
use crate::domain::permission::Permission;
use crate::domain::permission::Rights;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;
use crate::domain::user::NewUser;
use crate::domain::user::SessionKind;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::identity;
use crate::shop::imports;
use crate::shop::links;
use crate::shop::links::Made;
use crate::shop::links::NewLink;
use crate::shop::sessions;
use crate::shop::sessions::Device;
use crate::shop::sessions::Opened;
use crate::store;

/// The role of the owner.
const ADMIN: &str = "admin";
/// The owner of a demo.
const DEMO_OWNER: &str = "owner";

/// What the link is for in this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// There is nobody yet.
    First,
    /// A demo has its owner.
    Demo,
    /// Somebody runs the shop.
    Over,
}

/// A shop to be.
#[derive(Debug, Clone)]
pub struct NewShop {
    /// Who runs it, with the password hashed.
    pub owner: NewUser,
    /// What it is called.
    pub name: String,
    /// Lines of its address by the name of the field.
    pub address: Vec<(&'static str, String)>,
    /// In what it sells.
    pub currency: Currency,
    /// Whether prices contain the tax.
    pub tax_included: bool,
    /// Whose days it counts by.
    pub zone: Zone,
}

/// What the link is for now.
pub fn stage(db: &Snapshot) -> Result<Stage> {
    Ok(match (store::settings::get(db)?.is_demo, has_admin(db)?) {
        (true, _) => Stage::Demo,
        (false, false) => Stage::First,
        (false, true) => Stage::Over,
    })
}

fn has_admin(db: &Snapshot) -> Result<bool> {
    match store::users::role(db, ADMIN)? {
        Some((role, _)) => store::users::is_held(db, role),
        None => Ok(false),
    }
}

/// Makes the link; the one before it is good no more. For the operator alone, and nothing where somebody runs the shop.
pub fn offer(tx: &Tx, by: &Actor, keys: &Keys) -> Result<Option<Made>> {
    by.require(Permission::SystemManage)?;
    match stage(tx)? {
        Stage::Over => Ok(None),
        Stage::First | Stage::Demo => links::make(tx, by, keys, &NewLink::Setup).map(Some),
    }
}

/// What a link is for; nothing is used up.
///
/// Refused with `NotFound` where somebody runs the shop, with `Fields` (`token`) if it is not good.
pub fn look(db: &Snapshot, keys: &Keys, token: &str, now: Timestamp) -> Result<Stage> {
    match stage(db)? {
        Stage::Over => Err(Error::NotFound("page")),
        stage => links::look(db, keys, Purpose::Setup, token, now).map(|_| stage),
    }
}

/// Makes the first owner, settles the shop and opens the owner's session by cookie. Of any number at once, one gets it.
pub fn open(tx: &Tx, by: &Actor, keys: &Keys, token: &str, new: &NewShop, device: &Device) -> Result<Opened> {
    if look(tx, keys, token, tx.now)? != Stage::First {
        return Err(Error::NotFound("page"));
    }
    links::take(tx, keys, Purpose::Setup, token)?;
    let made = identity::insert(tx, by, &new.owner, ADMIN, UserStatus::Active, Action::UserCreated)?;
    let owner = Actor {
        kind: ActorKind::User,
        user: Some(made.id),
        rights: Rights::ALL,
        is_staff: true,
        ..by.clone()
    };
    settle(tx, &owner, new)?;
    sessions::open(tx, by, &made, SessionKind::Cookie, device)
}

fn settle(tx: &Tx, owner: &Actor, new: &NewShop) -> Result<()> {
    imports::settle(tx, owner, Some(new.currency), Some(&new.zone))?;
    store::settings::set(tx, "shop.name", &new.name)?;
    let included = if new.tax_included { "1" } else { "0" };
    store::settings::set(tx, "tax_included", included)?;
    for (field, line) in &new.address {
        store::settings::set(tx, &format!("shop.address.{field}"), line)?;
    }
    store::settings::raise(tx)?;
    audit::note(tx, owner, Action::ShopSetUp, (Target::File, None), None, None)
}

/// Opens a session of a demo's owner.
///
/// Refused with `NotFound` in a file that is no demo, with `Fields` (`token`) if the link is not good.
pub fn enter_demo(tx: &Tx, by: &Actor, keys: &Keys, token: &str, device: &Device) -> Result<Opened> {
    if look(tx, keys, token, tx.now)? != Stage::Demo {
        return Err(Error::NotFound("page"));
    }
    links::take(tx, keys, Purpose::Setup, token)?;
    let owner = demo_owner(tx)?;
    sessions::open(tx, by, &owner, SessionKind::Cookie, device)
}

fn demo_owner(db: &Snapshot) -> Result<User> {
    let owner = store::users::find_by_username(db, DEMO_OWNER)?;
    owner
        .filter(|owner| owner.status == UserStatus::Active)
        .ok_or(Error::NotFound("user"))
}
