//! What becomes of a return: it is received, turned down, called off, or given back for.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::EventType;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::id::ReturnId;
use crate::domain::order::Change;
use crate::domain::order::Order;
use crate::domain::permission::Permission;
use crate::domain::product::MovementReason;
use crate::domain::refund::NewRefund;
use crate::domain::refusal::Refusal;
use crate::domain::returns::CameBack;
use crate::domain::returns::Return;
use crate::domain::returns::ReturnState;
use crate::domain::returns::ReturnStep;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::orders::StockTold;
use crate::shop::payments;
use crate::shop::returns::News;
use crate::shop::returns::ReturnView;
use crate::shop::returns::record;
use crate::shop::returns::view;
use crate::shop::version;
use crate::store;
use crate::store::stock::Cause;

/// Moves a return on. To `refunded` it runs the refund of all that was received, and needs its right.
///
/// Refused with `VersionMissing` or `Stale`, with `InvalidState` where no step leads there, with `Rule` above what was
/// announced.
pub fn step(tx: &Tx, by: &Actor, order: OrderId, id: ReturnId, asked: &ReturnStep) -> Result<ReturnView> {
    by.require(Permission::OrdersUpdateStatus)?;
    if asked.to == ReturnState::Refunded {
        by.require(Permission::RefundsCreate)?;
    }
    let order = store::orders::get(tx, order)?;
    let found = store::returns::get(tx, id)?;
    if found.order != order.head.id {
        return Err(Error::NotFound("return"));
    }
    let before = ReturnView::of(&found, &order);
    version::require(asked.version, before.version, || before.clone())?;
    found.state.go(asked.to)?;
    match asked.to {
        ReturnState::Received => receive(tx, by, order, &found, asked.lines.as_deref())?,
        ReturnState::Refunded => refund(tx, by, &found)?,
        to => end(tx, by, order, id, to)?,
    }
    view(tx, id)
}

fn receive(tx: &Tx, by: &Actor, order: Order, found: &Return, asked: Option<&[CameBack]>) -> Result<()> {
    let came = came(found, asked)?;
    for line in &came {
        store::returns::receive(tx, found.id, line)?;
    }
    store::returns::set_state(tx, found.id, ReturnState::Received)?;
    let news = News {
        change: Change::ReturnReceived,
        action: Action::ReturnReceived,
        event: Some(EventType::ReturnReceived),
        stock: restock(tx, by, &order, &came)?,
    };
    record(tx, by, order, found.id, news).map(drop)
}

/// What has come of each line, no more than was announced of it. A line that is not named did not come; where none is,
/// all came.
fn came(found: &Return, asked: Option<&[CameBack]>) -> Result<Vec<CameBack>> {
    let Some(asked) = asked else {
        let all = found.lines.iter().map(|line| CameBack {
            line: line.line,
            received: line.quantity,
            restock: false,
        });
        return Ok(all.collect());
    };
    for (at, came) in asked.iter().enumerate() {
        let bad = |words: &'static str| Error::from(Bad::invalid(words).at(format!("lines[{at}].item_id")));
        let line = found.lines.iter().find(|line| line.line == came.line);
        let line = line.ok_or_else(|| bad("is not a line of this return"))?;
        if asked[..at].iter().any(|other| other.line == came.line) {
            return Err(bad("names a line twice"));
        }
        if came.received > line.quantity {
            let words = format!("No more than {} were announced.", line.quantity);
            return Err(Refusal::Rule(words.into()).into());
        }
    }
    if asked.iter().all(|came| came.received == 0) {
        let words = "say that nothing came: then it is rejected, or canceled";
        return Err(Bad::invalid(words).at("lines").into());
    }
    Ok(asked.to_vec())
}

/// Puts on the shelf what is to go there; no more than the order has taken and not given back.
fn restock(tx: &Tx, by: &Actor, order: &Order, came: &[CameBack]) -> Result<Vec<StockTold>> {
    let mut told = Vec::new();
    for came in came.iter().filter(|came| came.restock) {
        let line = order.lines.iter().find(|line| line.id == came.line);
        let Some((variant, line)) = line.and_then(|line| Some((line.variant?, line))) else {
            continue;
        };
        let taken = store::stock::taken_by(tx, order.head.id, variant)?;
        let delta = came.received.min(taken);
        if delta > 0 {
            let cause = Cause {
                reason: MovementReason::Return,
                order: Some(order.head.id),
                actor: by.user,
                note: None,
            };
            told.push(StockTold {
                sku: line.sku.clone(),
                delta,
                available: store::stock::shift(tx, variant, delta, cause)?,
            });
        }
    }
    Ok(told)
}

/// Gives back for all that was received.
fn refund(tx: &Tx, by: &Actor, found: &Return) -> Result<()> {
    let new = NewRefund {
        lines: Vec::new(),
        shipping: None,
        amount: None,
        reason: found.reason.clone(),
        reference: None,
        note: None,
        is_told: true,
        payment: None,
        of_return: Some(found.id),
        version: None,
    };
    payments::refund(tx, by, None, found.order, &new).map(drop)
}

/// It came to nothing.
fn end(tx: &Tx, by: &Actor, order: Order, id: ReturnId, to: ReturnState) -> Result<()> {
    store::returns::set_state(tx, id, to)?;
    let news = News {
        change: Change::ReturnEnded,
        action: Action::ReturnEnded,
        event: None,
        stock: Vec::new(),
    };
    record(tx, by, order, id, news).map(drop)
}
