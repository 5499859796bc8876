//! What a step did to an order, for whoever has just taken it: the state, the stock, the money and the mail.

use crate::domain::audit::AuditRow;
use crate::domain::mail::MailState;
use crate::domain::mail::Template;
use crate::domain::money::Money;
use crate::domain::order::Change;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::OrderState;
use crate::http::admin::frame::Frame;
use crate::http::admin::orders::show::Told;

/// In a sentence, as far as the page knows it; nothing if what was done is no step of the order.
pub fn sentence(frame: &Frame, told: &Told, done: &AuditRow) -> Option<String> {
    let mut entries = told.history.iter().filter(|entry| entry.at == done.at);
    let to = entries.find_map(|entry| match entry.action {
        Change::Moved | Change::Canceled | Change::Refunded => entry.to,
        _ => None,
    })?;
    let head = &told.order.head;
    let pieces = match head.item_count {
        1 => "its one piece".to_owned(),
        many => format!("its {many} pieces"),
    };
    let state = match to {
        OrderState::Pending => "waits again".to_owned(),
        OrderState::Processing => "is being worked on".to_owned(),
        OrderState::Shipped => format!("has left with {pieces}"),
        OrderState::Delivered => "has arrived".to_owned(),
        OrderState::Canceled => "is canceled".to_owned(),
        OrderState::Refunded => "is refunded".to_owned(),
    };
    // Of what has left the house, the ledger alone knows whether it came back.
    let is_back = to == OrderState::Canceled && head.fulfilment == FulfilmentStatus::Unfulfilled;
    let stock = is_back.then(|| match head.item_count {
        1 => "1 piece is back on the shelf".to_owned(),
        many => format!("{many} pieces are back on the shelf"),
    });
    let facts: Vec<String> = [stock, money(frame, told, done, to), mail(told, done, to)]
        .into_iter()
        .flatten()
        .collect();
    let end = match facts.is_empty() {
        true => String::new(),
        false => format!(": {}", facts.join(", ")),
    };
    Some(format!("Order #{} {state}{end}.", head.number))
}

/// What was given back with it, for those who may read that; or that nothing was there to give back.
fn money(frame: &Frame, told: &Told, done: &AuditRow, to: OrderState) -> Option<String> {
    if !matches!(to, OrderState::Canceled | OrderState::Refunded) {
        return None;
    }
    let given = told.refunds.iter().filter(|refund| refund.created_at == done.at);
    let given = given.fold(Money::ZERO, |sum, refund| {
        sum.checked_add(refund.amount).unwrap_or(sum)
    });
    match (given > Money::ZERO, told.order.head.paid == Money::ZERO) {
        (true, _) => Some(format!("{} goes back to the customer", frame.money(given))),
        (false, true) => Some("nothing had been paid".to_owned()),
        (false, false) => None,
    }
}

/// The mail that tells the customer, once it is written.
fn mail(told: &Told, done: &AuditRow, to: OrderState) -> Option<String> {
    let about = match to {
        OrderState::Shipped => Template::OrderShipped,
        OrderState::Canceled => Template::OrderCanceled,
        OrderState::Refunded => Template::OrderRefunded,
        _ => return None,
    };
    let mut mails = told.mails.iter();
    let mail = mails.find(|mail| mail.template == about && mail.created_at >= done.at)?;
    Some(match mail.state {
        MailState::Queued => "a mail is queued".to_owned(),
        MailState::Sent => "a mail is sent".to_owned(),
        MailState::Failed => "the mail about it has failed".to_owned(),
    })
}
