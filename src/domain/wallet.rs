//! Wallets: what a user has with the shop, and the transfers that it is made of. Each moves money between a wallet and one
//! of the shop's own accounts, so that all accounts together are always nothing (MON-07).

use crate::domain::id::AccountId;
use crate::domain::id::OrderId;
use crate::domain::id::TransferId;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::named::named;
use crate::domain::time::Timestamp;

named! {
    /// Why money moved.
    TransferKind {
        Deposit = 0 "deposit",
        Withdrawal = 1 "withdraw",
        OrderPayment = 2 "order_payment",
        OrderRefund = 3 "order_refund",
        Adjustment = 4 "system_adjustment",
    }
}

named! {
    /// Who may pay into wallets, or out of them.
    Tellers {
        Staff = 0 "staff",
        Open = 1 "open",
        Off = 2 "off",
    }
}

impl TransferKind {
    /// The shop's account on the other side.
    pub const fn shops(self) -> AccountId {
        match self {
            Self::Deposit | Self::Withdrawal => AccountId(1),
            Self::OrderPayment | Self::OrderRefund => AccountId(2),
            Self::Adjustment => AccountId(3),
        }
    }
}

/// Which way money goes, seen from the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Into it.
    In,
    /// Out of what is available.
    Out,
}

/// What a user has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Wallet {
    /// None until something moves for the first time.
    pub account: Option<AccountId>,
    pub user: UserId,
    pub balance: Money,
    /// Of it, what waits for another provider.
    pub held: Money,
    pub updated_at: Option<Timestamp>,
}

impl Wallet {
    /// The wallet of a user for whom nothing has moved.
    pub const fn empty(user: UserId) -> Self {
        Self {
            account: None,
            user,
            balance: Money::ZERO,
            held: Money::ZERO,
            updated_at: None,
        }
    }

    /// What may be spent.
    pub fn available(&self) -> Money {
        self.balance.checked_sub(self.held).unwrap_or(Money::ZERO)
    }
}

/// A transfer, as the wallet's owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Transfer {
    pub id: TransferId,
    pub wallet: AccountId,
    pub kind: TransferKind,
    /// Below zero where it went out.
    pub amount: Money,
    /// The wallet's, after it.
    pub balance: Money,
    pub order: Option<OrderId>,
    pub actor: Option<UserId>,
    pub reason: Option<String>,
    pub at: Timestamp,
}

/// What a wallet keeps ready for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Hold {
    pub order: OrderId,
    pub amount: Money,
    pub at: Timestamp,
}

/// Money that is to be paid in or out.
#[derive(Debug, Clone)]
pub struct NewTransfer {
    /// How much, above zero.
    pub amount: RawAmount,
    /// Whose wallet; the caller's own if not told.
    pub user: Option<UserId>,
    /// Words about it, if there are any.
    pub reason: Option<String>,
}

/// Which transfers are asked for.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct TransferFilter {
    pub kind: Option<TransferKind>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}
