//! What whoever manages wallets sees: all of them, one with what has moved in it, and what a day still allows.

use std::collections::HashMap;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::AccountId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::domain::user::UserFilter;
use crate::domain::wallet::Hold;
use crate::domain::wallet::Tellers;
use crate::domain::wallet::Transfer;
use crate::domain::wallet::TransferKind;
use crate::domain::wallet::Wallet;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::wallets::Day;
use crate::shop::wallets::Told;
use crate::shop::wallets::Wanted;
use crate::shop::wallets::day;
use crate::shop::wallets::page_of;
use crate::shop::wallets::tellers;
use crate::shop::wallets::told;
use crate::store;

/// A wallet and whose it is.
#[derive(Debug, Clone)]
pub struct Owned {
    /// The wallet.
    pub wallet: Wallet,
    /// Whose.
    pub user: User,
}

/// Which wallets are asked for.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Of users whose name or address begins so, also where nothing has moved yet.
    pub typed: Option<String>,
    /// Those that keep something ready for an order.
    pub is_held: bool,
}

/// The wallets in which something has moved, newest first.
pub fn list(db: &Snapshot, by: &Actor, which: &Which, paging: &Paging) -> Result<Page<Owned>> {
    by.require(Permission::WalletRead)?;
    let Some(typed) = &which.typed else {
        let page = store::wallets::all(db, which.is_held, paging)?;
        let owned = |wallet: Wallet| {
            let user = store::users::get(db, wallet.user)?;
            Ok(Owned { wallet, user })
        };
        return with(page, owned);
    };
    let filter = UserFilter {
        typed: Some(typed.clone()),
        ..UserFilter::default()
    };
    let owned = |user: User| {
        let wallet = store::wallets::of_user(db, user.id)?;
        Ok(Owned { wallet, user })
    };
    with(store::users::page(db, &filter, paging)?, owned)
}

/// The same page with other rows.
fn with<A, B>(page: Page<A>, row: impl Fn(A) -> Result<B>) -> Result<Page<B>> {
    Ok(Page {
        rows: page.rows.into_iter().map(row).collect::<Result<_>>()?,
        next: page.next,
        total: page.total,
        index_behind: page.index_behind,
    })
}

/// What all wallets hold together: the shop owes it.
pub fn owed(db: &Snapshot, by: &Actor) -> Result<Money> {
    by.require(Permission::WalletRead)?;
    store::wallets::owed(db)
}

/// One way in which money goes by hand: who may, and what the day allows.
#[derive(Debug, Clone)]
pub struct Teller {
    /// Paid in, or paid out.
    pub kind: TransferKind,
    /// Who may.
    pub who: Tellers,
    /// The wallet's day.
    pub day: Day,
}

/// A wallet with what has moved in it.
#[derive(Debug)]
pub struct Ledger {
    /// The wallet.
    pub wallet: Wallet,
    /// Whose.
    pub user: User,
    /// In what.
    pub currency: Currency,
    /// What has moved, newest first.
    pub page: Page<Transfer>,
    /// What to call whoever moved it.
    pub names: HashMap<UserId, String>,
    /// What it keeps ready for orders.
    pub holds: Vec<Hold>,
    /// The numbers of the orders that all this is for.
    pub numbers: HashMap<OrderId, String>,
    /// In, and out.
    pub tellers: [Teller; 2],
}

/// The ledger of anybody's wallet, as it is now.
pub fn ledger(
    db: &Snapshot,
    by: &Actor,
    (user, now): (UserId, Timestamp),
    wanted: &Wanted,
    paging: &Paging,
) -> Result<Ledger> {
    by.require(Permission::WalletRead)?;
    let user = store::users::get(db, user)?;
    let Told { wallet, currency } = told(db, user.id)?;
    let page = page_of(db, &wallet, wanted, paging)?;
    let holds = match wallet.account {
        Some(account) => store::wallets::holds(db, account)?,
        None => Vec::new(),
    };
    let orders = page.rows.iter().filter_map(|transfer| transfer.order);
    let orders = orders.chain(holds.iter().map(|hold| hold.order));
    let numbers = store::orders::numbers(db, orders)?;
    let actors = page.rows.iter().filter_map(|transfer| transfer.actor);
    let names = store::users::names(db, actors)?;
    let account = wallet.account;
    Ok(Ledger {
        tellers: [
            teller(db, account, TransferKind::Deposit, now)?,
            teller(db, account, TransferKind::Withdrawal, now)?,
        ],
        wallet,
        user,
        currency,
        page,
        names,
        holds,
        numbers,
    })
}

fn teller(db: &Snapshot, account: Option<AccountId>, kind: TransferKind, now: Timestamp) -> Result<Teller> {
    Ok(Teller {
        kind,
        who: tellers(db, kind)?,
        day: day(db, account, kind, now)?,
    })
}

/// Notes that what has moved in a wallet leaves the house.
pub fn begin_export(tx: &Tx, by: &Actor, user: UserId) -> Result<()> {
    by.require(Permission::WalletRead)?;
    store::users::get(tx, user)?;
    let target = (Target::Wallet, Some(user.0));
    audit::note(tx, by, Action::WalletExported, target, None, None)
}

/// The next page of a file of it.
pub fn export_page(
    db: &Snapshot,
    by: &Actor,
    user: UserId,
    wanted: &Wanted,
    paging: &Paging,
) -> Result<Page<Transfer>> {
    by.require(Permission::WalletRead)?;
    let wallet = store::wallets::of_user(db, user)?;
    page_of(db, &wallet, wanted, paging)
}
