//! Wallets: what users have with the shop, paid in and out, put right by hand. What orders take of them and give back is
//! the payments' (`payments::purse`).

mod desk;

pub use desk::Ledger;
pub use desk::Owned;
pub use desk::Teller;
pub use desk::Which;
pub use desk::begin_export;
pub use desk::export_page;
pub use desk::ledger;
pub use desk::list;
pub use desk::owed;

use serde_json::json;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::fault::Bad;
use crate::domain::id::AccountId;
use crate::domain::id::TransferId;
use crate::domain::id::UserId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::settings;
use crate::domain::time::Moment;
use crate::domain::time::Timestamp;
use crate::domain::wallet::NewTransfer;
use crate::domain::wallet::Tellers;
use crate::domain::wallet::Transfer;
use crate::domain::wallet::TransferFilter;
use crate::domain::wallet::TransferKind;
use crate::domain::wallet::Wallet;
use crate::domain::wallet::Way;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::store;
use crate::store::wallets::NewRow;

/// A wallet, and the shop's currency.
#[derive(Debug, Clone)]
pub struct Told {
    /// The wallet.
    pub wallet: Wallet,
    /// In what.
    pub currency: Currency,
}

/// The caller's own wallet.
pub fn own(db: &Snapshot, by: &Actor) -> Result<Told> {
    let user = by.on_own(Permission::WalletRead)?;
    told(db, user)
}

/// Anybody's.
pub fn show(db: &Snapshot, by: &Actor, user: UserId) -> Result<Told> {
    by.require(Permission::WalletRead)?;
    store::users::get(db, user)?;
    told(db, user)
}

fn told(db: &Snapshot, user: UserId) -> Result<Told> {
    Ok(Told {
        wallet: store::wallets::of_user(db, user)?,
        currency: store::settings::terms(db)?.currency,
    })
}

/// Which transfers are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Of one kind.
    pub kind: Option<TransferKind>,
    /// Since when.
    pub from: Option<Moment>,
    /// Until when, included.
    pub to: Option<Moment>,
}

/// What has moved in the caller's own wallet, newest first.
pub fn transfers(
    db: &Snapshot,
    by: &Actor,
    wanted: &Wanted,
    paging: &Paging,
) -> Result<(Page<Transfer>, Currency)> {
    let Told { wallet, currency } = own(db, by)?;
    Ok((page_of(db, &wallet, wanted, paging)?, currency))
}

fn page_of(db: &Snapshot, wallet: &Wallet, wanted: &Wanted, paging: &Paging) -> Result<Page<Transfer>> {
    let zone = store::settings::get(db)?.zone;
    let filter = TransferFilter {
        kind: wanted.kind,
        from: wanted.from.map(|from| from.start(&zone)),
        to: wanted.to.map(|to| to.end(&zone)),
    };
    match wallet.account {
        Some(account) => store::wallets::page(db, account, &filter, paging),
        None => Ok(paging.cut(Vec::new(), |_| (0, 0))),
    }
}

/// Pays into a wallet: the caller's own where the shop leaves that to everybody, else with `wallet:manage`.
///
/// Refused with `Rule` above what a day allows.
pub fn deposit(tx: &Tx, by: &Actor, key: Option<&Key>, new: &NewTransfer) -> Result<Once<Transfer>> {
    teller(tx, by, key, new, TransferKind::Deposit)
}

/// Pays out of a wallet, with the same rights and a limit of its own. Refused with `Balance` where it has not so much.
pub fn withdraw(tx: &Tx, by: &Actor, key: Option<&Key>, new: &NewTransfer) -> Result<Once<Transfer>> {
    teller(tx, by, key, new, TransferKind::Withdrawal)
}

fn teller(
    tx: &Tx,
    by: &Actor,
    key: Option<&Key>,
    new: &NewTransfer,
    kind: TransferKind,
) -> Result<Once<Transfer>> {
    let user = may_move(tx, by, kind, new.user)?;
    let currency = store::settings::terms(tx)?.currency;
    let amount = new.amount.to_money(currency).and_then(Money::positive);
    let amount = amount.map_err(|bad| bad.at("amount"))?;
    let (way, moved, action) = match kind {
        TransferKind::Deposit => (Way::In, amount, Action::WalletDeposited),
        _ => (Way::Out, -amount, Action::WalletWithdrawn),
    };
    move_once(tx, key, (user, moved), || {
        let account = store::wallets::account(tx, user)?;
        hold_to_the_day(tx, account, kind, amount, currency)?;
        let what = (kind, way, amount, new.reason.as_deref());
        let made = make(tx, by, key, user, what)?;
        note(tx, by, action, user, &made, currency)?;
        Ok(made)
    })
}

/// Who may pay in, or out.
fn tellers(db: &Snapshot, kind: TransferKind) -> Result<Tellers> {
    let setting = match kind {
        TransferKind::Deposit => &settings::DEPOSITS,
        _ => &settings::WITHDRAWALS,
    };
    let told = store::settings::text(db, setting)?;
    let told = told.and_then(|name| Tellers::parse(&name));
    Ok(told.unwrap_or(Tellers::Staff))
}

/// Whose wallet it is about, if the caller may.
fn may_move(db: &Snapshot, by: &Actor, kind: TransferKind, user: Option<UserId>) -> Result<UserId> {
    let own = by.user.ok_or(Refusal::NotSignedIn)?;
    let is_own = by.is_owner(Some(user.unwrap_or(own)));
    match tellers(db, kind)? {
        Tellers::Off => return Err(by.lacks(Permission::WalletManage).into()),
        Tellers::Open if is_own => {}
        Tellers::Open | Tellers::Staff => by.require(Permission::WalletManage)?,
    }
    match user {
        None => Ok(own),
        Some(user) => store::users::get(db, user).map(|user| user.id),
    }
}

/// Once per key, and not again when the key's own row is long gone: the transfer has it too.
fn move_once(
    tx: &Tx,
    key: Option<&Key>,
    (user, moved): (UserId, Money),
    act: impl FnOnce() -> Result<Transfer>,
) -> Result<Once<Transfer>> {
    let act = || {
        let before = match key {
            Some(key) => store::wallets::by_key(tx, &key.text())?,
            None => None,
        };
        let account = store::wallets::of_user(tx, user)?.account;
        match before {
            None => act(),
            Some(before) if before.amount == moved && account == Some(before.wallet) => Ok(before),
            Some(_) => Err(Refusal::KeyReused.into()),
        }
    };
    once(
        tx,
        key,
        Made::Transfer,
        |id| store::wallets::get(tx, TransferId(id)),
        || act().map(|transfer| (transfer.id.0, transfer)),
    )
}

/// What a day of the shop's allows a wallet, and what of it has moved.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// At most so much.
    pub most: Money,
    /// Of it, so much today.
    pub moved: Money,
}

impl Day {
    /// What may still move today.
    pub fn left(&self) -> Money {
        let left = self.most.checked_sub(self.moved);
        left.unwrap_or(Money::ZERO).max(Money::ZERO)
    }
}

fn day(db: &Snapshot, account: Option<AccountId>, kind: TransferKind, now: Timestamp) -> Result<Day> {
    let setting = match kind {
        TransferKind::Deposit => &settings::DAILY_DEPOSITS,
        _ => &settings::DAILY_WITHDRAWALS,
    };
    let most = store::settings::whole(db, setting)?;
    let zone = store::settings::get(db)?.zone;
    let (midnight, _) = zone.day_bounds(zone.day_of(now));
    Ok(Day {
        most: most.and_then(Money::new).unwrap_or(Money::MAX),
        moved: match account {
            Some(account) => store::wallets::moved_since(db, account, kind, midnight)?,
            None => Money::ZERO,
        },
    })
}

/// Refused with `Rule` above what is left of the shop's day.
fn hold_to_the_day(
    tx: &Tx,
    account: AccountId,
    kind: TransferKind,
    amount: Money,
    currency: Currency,
) -> Result<()> {
    let day = day(tx, Some(account), kind, tx.now)?;
    if amount <= day.left() {
        return Ok(());
    }
    let words = match kind {
        TransferKind::Deposit => "paid in",
        _ => "paid out",
    };
    let words = format!(
        "No more than {} may be {words} in a day; {} is left today.",
        day.most.write(currency),
        day.left().write(currency)
    );
    Err(Refusal::Rule(words.into()).into())
}

/// Puts a wallet right by hand, with words of why; below zero takes out of it.
///
/// Refused with `Balance` where it has not so much.
pub fn adjust(
    tx: &Tx,
    by: &Actor,
    key: Option<&Key>,
    user: UserId,
    amount: &RawAmount,
    reason: &str,
) -> Result<Once<Transfer>> {
    by.require(Permission::WalletManage)?;
    store::users::get(tx, user)?;
    let currency = store::settings::terms(tx)?.currency;
    let moved = amount.to_money(currency).map_err(|bad| bad.at("amount"))?;
    let (way, amount) = match moved {
        Money::ZERO => return Err(Bad::invalid("must not be 0").at("amount").into()),
        moved if moved > Money::ZERO => (Way::In, moved),
        moved => (Way::Out, -moved),
    };
    move_once(tx, key, (user, moved), || {
        let what = (TransferKind::Adjustment, way, amount, Some(reason));
        let made = make(tx, by, key, user, what)?;
        note(tx, by, Action::WalletAdjusted, user, &made, currency)?;
        Ok(made)
    })
}

/// Makes a transfer of a user's wallet that no order is behind.
fn make(
    tx: &Tx,
    by: &Actor,
    key: Option<&Key>,
    user: UserId,
    (kind, way, amount, reason): (TransferKind, Way, Money, Option<&str>),
) -> Result<Transfer> {
    let key = match key {
        Some(key) => key.text(),
        None => secret::to_text(&secret::random::<16>()?),
    };
    let row = NewRow {
        key: &key,
        wallet: store::wallets::account(tx, user)?,
        way,
        kind,
        amount,
        order: None,
        reverses: None,
        actor: by.user,
        reason,
    };
    post(tx, user, &row)
}

/// The transfer once it is made. Refused with `Balance` where there is not enough, with `Rule` where there is no room.
pub(super) fn post(tx: &Tx, user: UserId, row: &NewRow<'_>) -> Result<Transfer> {
    match store::wallets::transfer(tx, row)? {
        Some(id) => store::wallets::get(tx, id),
        None if row.way == Way::In => {
            let words = "A wallet cannot hold so much.";
            Err(Refusal::Rule(words.into()).into())
        }
        None => Err(short(tx, user, row.amount)?),
    }
}

/// That a wallet has not so much.
pub(super) fn short(db: &Snapshot, user: UserId, wanted: Money) -> Result<Error> {
    let Told { wallet, currency } = told(db, user)?;
    let refusal = Refusal::Balance {
        wanted: wanted.write(currency),
        available: wallet.available().write(currency),
    };
    Ok(refusal.into())
}

fn note(
    tx: &Tx,
    by: &Actor,
    action: Action,
    user: UserId,
    made: &Transfer,
    currency: Currency,
) -> Result<()> {
    let content = json!({
        "transfer": made.id.0,
        "amount": made.amount.write(currency),
        "balance": made.balance.write(currency),
        "reason": made.reason,
    });
    let target = (Target::Wallet, Some(user.0));
    audit::note(tx, by, action, target, None, Some(&content.to_string()))
}
