//! Commissions: made with the order, approved when it has arrived, undone with what goes back, and paid out.

mod accrue;
mod desk;
mod payout;

pub(in crate::shop) use accrue::Sold;
pub(in crate::shop) use accrue::accrue;
pub(in crate::shop) use accrue::approve;
pub(in crate::shop) use accrue::recount;
pub(in crate::shop) use accrue::reweigh;
pub use desk::Names;
pub use desk::Payable;
pub use desk::Seller;
pub use desk::begin_export;
pub use desk::export_page;
pub use desk::names;
pub use desk::payable;
pub use desk::seller;
pub use payout::NewPayout;
pub use payout::begin_csv;
pub use payout::begin_payout;
pub use payout::go_on;
pub use payout::open_payout;
pub use payout::payouts;
pub use payout::show_payout;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::commission::Commission;
use crate::domain::commission::CommissionFilter;
use crate::domain::commission::Rate;
use crate::domain::commission::Sums;
use crate::domain::id::UserId;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::time::Moment;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::store;

/// Commissions, newest first: a seller's own, or with the right to it everybody's.
pub fn list(
    db: &Snapshot,
    by: &Actor,
    wanted: &CommissionFilter,
    paging: &Paging,
) -> Result<Page<Commission>> {
    let seller = whose(by, wanted.seller)?;
    let filter = CommissionFilter { seller, ..*wanted };
    store::commissions::page(db, &filter, paging)
}

/// What they come to, pending, approved and paid.
pub fn summary(
    db: &Snapshot,
    by: &Actor,
    seller: Option<UserId>,
    now: crate::domain::time::Timestamp,
) -> Result<Sums> {
    let seller = whose(by, seller)?;
    let zone = store::settings::get(db)?.zone;
    store::commissions::sums(db, seller, first_of_month(&zone, now)?)
}

fn first_of_month(
    zone: &Zone,
    now: crate::domain::time::Timestamp,
) -> Result<crate::domain::time::Timestamp> {
    let month = zone.period_of(now, crate::domain::time::Period::Month);
    let first = Moment::parse(&format!("{month}-01")).map_err(|bad| bad.at("month"))?;
    Ok(first.start(zone))
}

/// Whose commissions may be seen: one's own; with the right those that are asked for, or all.
pub(in crate::shop) fn whose(by: &Actor, seller: Option<UserId>) -> Result<Option<UserId>> {
    if by.may(Permission::CommissionsRead) {
        return Ok(seller);
    }
    let own = by.on_own(Permission::CommissionsRead)?;
    match seller {
        Some(seller) if seller != own => Err(by.lacks(Permission::CommissionsRead).into()),
        _ => Ok(Some(own)),
    }
}

/// The shop's part of what a seller sells, and whether that is a rate of the seller's own.
pub fn rate(db: &Snapshot, by: &Actor, seller: UserId) -> Result<(Rate, bool)> {
    by.require(Permission::CommissionsRead)?;
    store::users::get(db, seller)?;
    accrue::rate_of(db, seller)
}

/// Gives a seller a rate of their own from now on, or the shop's again.
pub fn set_rate(tx: &Tx, by: &Actor, seller: UserId, rate: Option<Rate>) -> Result<(Rate, bool)> {
    by.require(Permission::CommissionsManage)?;
    store::users::get(tx, seller)?;
    let (former, was_own) = accrue::rate_of(tx, seller)?;
    store::commissions::set_rate(tx, seller, rate)?;
    let content = serde_json::json!({
        "former": former.to_string(),
        "was_own": was_own,
        "rate": rate.map(|rate| rate.to_string()),
    });
    let target = (Target::User, Some(seller.0));
    audit::note(
        tx,
        by,
        Action::CommissionRateSet,
        target,
        None,
        Some(&content.to_string()),
    )?;
    accrue::rate_of(tx, seller)
}
