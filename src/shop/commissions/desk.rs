//! What whoever pays sellers sees: all commissions with their names, what is due to whom, and one seller.

use std::collections::HashMap;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::commission::Commission;
use crate::domain::commission::CommissionFilter;
use crate::domain::commission::Due;
use crate::domain::commission::Payout;
use crate::domain::commission::Rate;
use crate::domain::commission::Sums;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::commissions::accrue;
use crate::shop::commissions::list;
use crate::shop::commissions::rate;
use crate::shop::commissions::summary;
use crate::store;

/// What to call sellers and orders.
#[derive(Debug, Default)]
pub struct Names {
    /// The sellers.
    pub sellers: HashMap<UserId, String>,
    /// The numbers of the orders.
    pub numbers: HashMap<OrderId, String>,
}

/// What to call the sellers and orders of some commissions, and a seller that was asked for.
pub fn names(db: &Snapshot, by: &Actor, rows: &[Commission], asked: Option<UserId>) -> Result<Names> {
    by.require(Permission::CommissionsRead)?;
    let sellers = rows.iter().map(|row| row.seller).chain(asked);
    Ok(Names {
        sellers: store::users::names(db, sellers)?,
        numbers: store::orders::numbers(db, rows.iter().map(|row| row.order))?,
    })
}

/// What is approved for each seller and not paid, with what to call them, and the payout that is being made.
#[derive(Debug)]
pub struct Payable {
    /// A row a seller.
    pub due: Vec<Due>,
    /// What to call them.
    pub names: HashMap<UserId, String>,
    /// One that was begun and not ended: it goes first.
    pub open: Option<Payout>,
}

/// What a payout would be made of.
pub fn payable(db: &Snapshot, by: &Actor) -> Result<Payable> {
    by.require(Permission::CommissionsManage)?;
    let due = store::payouts::approved(db)?;
    Ok(Payable {
        names: store::users::names(db, due.iter().map(|due| due.seller))?,
        due,
        open: store::payouts::open(db)?,
    })
}

/// A seller with what they have sold.
#[derive(Debug)]
pub struct Seller {
    /// Who.
    pub user: User,
    /// The shop's part, and whether that is a rate of their own.
    pub rate: (Rate, bool),
    /// What the shop's part is for those who have none of their own.
    pub usual: Rate,
    /// What it comes to.
    pub sums: Sums,
}

/// One seller, as they stand now.
pub fn seller(db: &Snapshot, by: &Actor, id: UserId, now: Timestamp) -> Result<Seller> {
    by.require(Permission::CommissionsRead)?;
    Ok(Seller {
        user: store::users::get(db, id)?,
        rate: rate(db, by, id)?,
        usual: accrue::usual(db)?,
        sums: summary(db, by, Some(id), now)?,
    })
}

/// Notes that commissions leave the house, and which were asked for.
pub fn begin_export(tx: &Tx, by: &Actor, asked: &str) -> Result<()> {
    by.require(Permission::CommissionsRead)?;
    let content = serde_json::json!({ "query": asked }).to_string();
    let target = (Target::None, None);
    audit::note(tx, by, Action::CommissionsExported, target, None, Some(&content))
}

/// The next page of a file of them.
pub fn export_page(
    db: &Snapshot,
    by: &Actor,
    wanted: &CommissionFilter,
    paging: &Paging,
) -> Result<Page<Commission>> {
    by.require(Permission::CommissionsRead)?;
    list(db, by, wanted, paging)
}
