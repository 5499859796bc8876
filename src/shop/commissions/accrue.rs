//! What happens to commissions as their orders go on, each in the order's own transaction.

use crate::domain::commission::Commission;
use crate::domain::commission::CommissionState;
use crate::domain::commission::Rate;
use crate::domain::commission::gone_back;
use crate::domain::commission::left_of;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::order::Order;
use crate::domain::settings;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::store;
use crate::store::commissions::NewRow;

/// A line that was sold for a seller.
#[derive(Debug, Clone, Copy)]
pub(in crate::shop) struct Sold {
    pub(in crate::shop) seller: UserId,
    pub(in crate::shop) line: LineId,
    pub(in crate::shop) total: Money,
}

/// The shop's part of what a seller sells, and whether that is a rate of the seller's own.
pub(super) fn rate_of(db: &Snapshot, seller: UserId) -> Result<(Rate, bool)> {
    if let Some(own) = store::commissions::rate_of(db, seller)? {
        return Ok((own, true));
    }
    Ok((usual(db)?, false))
}

/// The shop's part of what is sold for whoever has no rate of their own.
pub(super) fn usual(db: &Snapshot) -> Result<Rate> {
    let told = store::settings::text(db, &settings::RATE)?;
    let rate = told.and_then(|text| Rate::parse(&text).ok());
    Ok(rate.unwrap_or(Rate::USUAL))
}

/// Writes what the lines of a new order bring their sellers.
pub(in crate::shop) fn accrue(tx: &Tx, order: OrderId, sold: &[Sold]) -> Result<()> {
    for Sold { seller, line, total } in sold {
        let (rate, _) = rate_of(tx, *seller)?;
        let row = NewRow {
            seller: *seller,
            order,
            line: *line,
            rate,
            amount: rate.sellers_part(*total),
            state: CommissionState::Pending,
            reverses: None,
        };
        store::commissions::insert(tx, &row)?;
    }
    Ok(())
}

/// Brings what lines have brought to what they come to now that the order was changed, at the rates that held. An order is
/// changed before it leaves: nothing of it is approved or paid.
pub(in crate::shop) fn reweigh(tx: &Tx, order: &Order) -> Result<()> {
    let all = store::commissions::of_order(tx, order.head.id)?;
    for row in all.iter().filter(|row| row.reverses.is_none()) {
        let line = order.lines.iter().find(|line| line.id == row.line);
        let Some(line) = line else { continue };
        let amount = row.rate.sellers_part(line.total);
        if amount != row.amount {
            store::commissions::set_amount(tx, row.line, amount)?;
        }
    }
    Ok(())
}

/// The order has arrived.
pub(in crate::shop) fn approve(tx: &Tx, order: OrderId) -> Result<()> {
    store::commissions::approve(tx, order)
}

/// Brings the commissions of an order to what they should be now: after a refund, one that has failed, a cancellation.
///
/// What a line has brought is never changed. What is too much is undone by a row of its own, which goes the same way as
/// the line's: after the payout into the next. Where nothing is left and nothing was paid, all of it is reversed.
pub(in crate::shop) fn recount(tx: &Tx, order: &Order) -> Result<()> {
    let all = store::commissions::of_order(tx, order.head.id)?;
    if all.is_empty() {
        return Ok(());
    }
    let refunds = store::refunds::of_order(tx, order.head.id)?;
    let gone = gone_back(order, &refunds);
    for (line, gone) in order.lines.iter().zip(gone) {
        let brought = all
            .iter()
            .find(|row| row.line == line.id && row.reverses.is_none());
        if let Some(brought) = brought {
            let wanted = left_of(brought.amount, order.worth(line), gone);
            bring(tx, order, brought, &all, wanted)?;
        }
    }
    Ok(())
}

fn bring(tx: &Tx, order: &Order, brought: &Commission, all: &[Commission], wanted: Money) -> Result<()> {
    let of_it = || all.iter().filter(|row| row.line == brought.line);
    let live = of_it().filter(|row| row.state != CommissionState::Reversed);
    let now: i64 = live.map(|row| row.amount.minor()).sum();
    let is_paid = of_it().any(|row| row.state == CommissionState::Paid);
    let delta = wanted.minor() - now;
    if wanted == Money::ZERO && !is_paid {
        return store::commissions::reverse(tx, brought);
    }
    let Some(amount) = Money::new(delta).filter(|delta| *delta != Money::ZERO) else {
        return Ok(());
    };
    let state = match order.head.delivered_at {
        Some(_) => CommissionState::Approved,
        None => CommissionState::Pending,
    };
    let row = NewRow {
        seller: brought.seller,
        order: brought.order,
        line: brought.line,
        rate: brought.rate,
        amount,
        state,
        reverses: Some(brought.id),
    };
    store::commissions::insert(tx, &row)
}
