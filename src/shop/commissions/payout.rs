//! Paying sellers: everything that is approved goes into one payout, at most 500 rows a transaction. One is made at a
//! time; what was begun and not ended is ended by the worker, or by whoever pays next.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::commission::Payout;
use crate::domain::commission::SellersPart;
use crate::domain::id::PayoutId;
use crate::domain::id::UserId;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::store;

/// Rows that one transaction pays.
const MOST: i64 = 500;

/// A payout that is wanted.
#[derive(Debug, Clone, Default)]
pub struct NewPayout {
    /// To one seller; to all to whom something is due if not told.
    pub seller: Option<UserId>,
    /// What it is called at the bank.
    pub reference: Option<String>,
}

/// Begins a payout, or finds the one that is being made. Refused with `NotAllowed` where nothing is due.
pub fn begin_payout(tx: &Tx, by: &Actor, key: Option<&Key>, new: &NewPayout) -> Result<Once<Payout>> {
    by.require(Permission::CommissionsManage)?;
    once(
        tx,
        key,
        Made::Payout,
        |id| store::payouts::get(tx, PayoutId(id)),
        || {
            let payout = match store::payouts::open(tx)? {
                Some(open) => open,
                None => begin_now(tx, by, new)?,
            };
            Ok((payout.id.0, payout))
        },
    )
}

fn begin_now(tx: &Tx, by: &Actor, new: &NewPayout) -> Result<Payout> {
    if let Some(seller) = new.seller {
        store::users::get(tx, seller)?;
    }
    let sellers = store::payouts::due(tx, new.seller)?;
    if sellers.is_empty() {
        return Err(Refusal::NotAllowed("Nothing is due to any seller.".into()).into());
    }
    let id = store::payouts::insert(tx, &sellers, new.reference.as_deref(), by.user)?;
    let target = (Target::Payout, Some(id.0));
    audit::note(tx, by, Action::PayoutMade, target, None, None)?;
    store::payouts::get(tx, id)
}

/// The payout that is being made, if there is one.
pub fn open_payout(db: &Snapshot) -> Result<Option<Payout>> {
    store::payouts::open(db)
}

/// Pays some more of a payout that is being made; the payout as it is then.
pub fn go_on(tx: &Tx, by: &Actor, id: PayoutId) -> Result<Payout> {
    by.require(Permission::CommissionsManage)?;
    if !store::payouts::get(tx, id)?.is_done && store::payouts::fill(tx, id, MOST)? < MOST as usize {
        store::payouts::end(tx, id)?;
    }
    store::payouts::get(tx, id)
}

/// Payouts, newest first.
pub fn payouts(db: &Snapshot, by: &Actor, paging: &Paging) -> Result<Page<Payout>> {
    by.require(Permission::CommissionsRead)?;
    store::payouts::page(db, paging)
}

/// A payout, and what each seller gets of it.
pub fn show_payout(db: &Snapshot, by: &Actor, id: PayoutId) -> Result<(Payout, Vec<SellersPart>)> {
    by.require(Permission::CommissionsRead)?;
    Ok((store::payouts::get(db, id)?, store::payouts::sellers(db, id)?))
}

/// Notes who takes a payout away as a file; what each seller gets.
pub fn begin_csv(tx: &Tx, by: &Actor, id: PayoutId) -> Result<(Payout, Vec<SellersPart>)> {
    let shown = show_payout(tx, by, id)?;
    let target = (Target::Payout, Some(id.0));
    audit::note(tx, by, Action::PayoutExported, target, None, None)?;
    Ok(shown)
}
