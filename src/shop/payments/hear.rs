//! The inbox: what a provider tells is kept before it is answered, and applied afterwards until it is done.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::InboxId;
use crate::domain::id::RefundId;
use crate::domain::inbox;
use crate::domain::inbox::InboxState;
use crate::domain::inbox::Message;
use crate::domain::inbox::Trouble;
use crate::domain::money::Money;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::payment::Fact;
use crate::domain::payment::Heard;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentHeard;
use crate::domain::payment::Provider;
use crate::domain::payment::RefundHeard;
use crate::domain::permission::Permission;
use crate::domain::refund::Refund;
use crate::domain::refund::RefundState;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::payments::refund;
use crate::shop::payments::settle;
use crate::store;

/// Keeps a message whose signature was good; whether it is new. What is told twice is kept once (PWH-04).
pub fn receive(tx: &Tx, provider: Provider, event_id: &str, kind: &str, body: &[u8]) -> Result<bool> {
    store::inbox::insert(tx, provider, event_id, kind, body)
}

/// A message to apply; of one that cannot be read its id, and why.
pub type Due = std::result::Result<Message, (InboxId, String)>;

/// Messages to apply.
pub fn due_messages(db: &Snapshot, now: Timestamp, most: i64) -> Result<Vec<Due>> {
    store::inbox::due(db, now, most)
}

/// When the next one is due.
pub fn next_message(db: &Snapshot) -> Result<Option<Timestamp>> {
    store::inbox::next_due(db)
}

/// All messages, newest first, each with the beginning of its body.
pub fn messages(
    db: &Snapshot,
    by: &Actor,
    state: Option<InboxState>,
    paging: &Paging,
) -> Result<Page<Message>> {
    by.require(Permission::PaymentsRead)?;
    store::inbox::page(db, state, paging)
}

/// A message with all of its body.
pub fn message(db: &Snapshot, by: &Actor, id: InboxId) -> Result<Message> {
    by.require(Permission::PaymentsRead)?;
    store::inbox::get(db, id)
}

/// Makes a message due again. Refused with `NotAllowed` if it has been applied.
pub fn retry(tx: &Tx, by: &Actor, id: InboxId) -> Result<Message> {
    by.require(Permission::PaymentsUpdate)?;
    store::inbox::get(tx, id)?;
    if !store::inbox::retry(tx, id)? {
        return Err(Refusal::NotAllowed("This message has been applied.".into()).into());
    }
    audit::note(
        tx,
        by,
        Action::InboxRetried,
        (Target::Inbox, Some(id.0)),
        None,
        None,
    )?;
    store::inbox::get(tx, id)
}

/// Gives up a message whose row cannot be read: what is damaged stays damaged, and stands in nobody else's way.
pub fn give_up(tx: &Tx, id: InboxId, why: &str) -> Result<()> {
    let failure = Trouble::Unreadable(why.to_owned()).words();
    store::inbox::put_off(tx, id, InboxState::Dead, &failure, tx.now)
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It has taken effect, or somebody was first.
    Done,
    /// It is put off, set aside or given up.
    Not(InboxState),
}

/// Applies a message as it was read. Its effect and its step to processed are one change.
pub fn apply_message(
    tx: &Tx,
    by: &Actor,
    message: &Message,
    read: &std::result::Result<Heard, Trouble>,
) -> Result<Applied> {
    let now = store::inbox::get(tx, message.id)?;
    if !matches!(now.state, InboxState::Received | InboxState::Failed) {
        return Ok(Applied::Done);
    }
    let trouble = match read {
        Err(trouble) => trouble.clone(),
        Ok(heard) => match take(tx, by, message, heard)? {
            None => {
                store::inbox::process(tx, message.id)?;
                return Ok(Applied::Done);
            }
            Some(trouble) => trouble,
        },
    };
    let attempts = now.attempts + 1;
    let state = trouble.state(attempts);
    let due_at = tx
        .now
        .plus_ms(inbox::wait(attempts, secret::jitter(inbox::JITTER)?));
    store::inbox::put_off(tx, message.id, state, &trouble.words(), due_at)?;
    if state == InboxState::Quarantined {
        let target = (Target::Inbox, Some(message.id.0));
        audit::note(
            tx,
            by,
            Action::PaymentQuarantined,
            target,
            None,
            Some(&trouble.words()),
        )?;
    }
    Ok(Applied::Not(state))
}

/// The effect of a message, or why it has none. It decides before it writes.
fn take(tx: &Tx, by: &Actor, message: &Message, heard: &Heard) -> Result<Option<Trouble>> {
    match heard {
        Heard::Nothing => Ok(None),
        Heard::Payment(heard) => take_payment(tx, by, message, heard),
        Heard::Refund(heard) => take_refund(tx, by, message, heard),
        Heard::Dispute(refs) => match known(tx, message.provider, refs)? {
            None => Ok(Some(Trouble::Unknown("payment"))),
            Some(payment) => {
                store::inbox::set_payment(tx, message.id, payment.id)?;
                let target = (Target::Payment, Some(payment.id.0));
                audit::note(tx, by, Action::PaymentDisputed, target, None, None)?;
                let disputed = Payment {
                    disputed: true,
                    ..payment
                };
                store::payments::update(tx, &disputed)?;
                Ok(None)
            }
        },
    }
}

/// By what the provider calls it, and by nothing else.
fn known(tx: &Tx, provider: Provider, refs: &[String]) -> Result<Option<Payment>> {
    for name in refs {
        if let Some(payment) = store::payments::by_ref(tx, provider, name)? {
            return Ok(Some(payment));
        }
    }
    Ok(None)
}

fn take_payment(tx: &Tx, by: &Actor, message: &Message, heard: &PaymentHeard) -> Result<Option<Trouble>> {
    let Some(mut payment) = known(tx, message.provider, &heard.refs)? else {
        return Ok(Some(Trouble::Unknown("payment")));
    };
    store::inbox::set_payment(tx, message.id, payment.id)?;
    if let Some(trouble) = differs(&payment, heard) {
        return Ok(Some(trouble));
    }
    if payment.charge_ref.is_none() && heard.charge_ref.is_some() {
        payment.charge_ref.clone_from(&heard.charge_ref);
        store::payments::update(tx, &payment)?;
    }
    settle::apply(tx, by, payment, heard.fact, heard.failure.as_deref())?;
    Ok(None)
}

/// Amount, currency and ids must be those of the payment (PWH-07).
///
/// An empty currency is no other one: it comes from Razorpay alone, which leaves the code empty in its messages of payments
/// by bank, UPI and wallet. The order or link that it was asked for fixes the currency there, and we have asked for that in
/// the payment's own; so of a payment that is known by its name and told with its whole amount, nothing is uncertain. What
/// leaves the currency out, or names another, is set aside.
fn differs(payment: &Payment, heard: &PaymentHeard) -> Option<Trouble> {
    let took_more =
        matches!(heard.fact, Fact::Captured(amount) if amount > payment.amount || amount <= Money::ZERO);
    if heard.amount != payment.amount.minor() || took_more {
        Some(Trouble::Mismatch("amount"))
    } else if !heard.currency.is_empty() && !heard.currency.eq_ignore_ascii_case(payment.currency.as_str()) {
        Some(Trouble::Mismatch("currency"))
    } else if heard.payment.is_some_and(|id| id != payment.id.0) {
        Some(Trouble::Mismatch("payment"))
    } else if heard.order.is_some_and(|id| id != payment.order.0) {
        Some(Trouble::Mismatch("order"))
    } else {
        None
    }
}

fn take_refund(tx: &Tx, by: &Actor, message: &Message, heard: &RefundHeard) -> Result<Option<Trouble>> {
    let Some(payment) = known(tx, message.provider, &heard.refs)? else {
        return Ok(Some(Trouble::Unknown("payment")));
    };
    store::inbox::set_payment(tx, message.id, payment.id)?;
    if !heard.currency.eq_ignore_ascii_case(payment.currency.as_str()) {
        return Ok(Some(Trouble::Mismatch("currency")));
    }
    let refunds = store::refunds::of_payment(tx, payment.id)?;
    if let Some(ours) = ours(&refunds, heard) {
        if ours.amount.minor() != heard.amount {
            return Ok(Some(Trouble::Mismatch("amount")));
        }
        refund::end(tx, by, ours.id, heard.state, Some(&heard.refund_ref), None)?;
        return Ok(None);
    }
    let amount = match Money::new(heard.amount) {
        Some(amount) if amount > Money::ZERO && amount <= payment.amount => amount,
        _ => return Ok(Some(Trouble::Mismatch("amount"))),
    };
    // It gives nothing back, and its name is kept, so that older news of it come too late.
    if heard.state == RefundState::Failed {
        refund::failed_at_provider(tx, &payment, amount, &heard.refund_ref)?;
        return Ok(None);
    }
    // What was never taken here cannot go back yet: the news of it are on their way.
    if amount > payment.left() {
        return Ok(Some(Trouble::Unknown("capture")));
    }
    // One that is pending will be told again.
    if heard.state == RefundState::Succeeded {
        refund::at_provider(tx, by, &payment, amount, &heard.refund_ref)?;
    }
    Ok(None)
}

/// The refund that is told of: by its name, by our own id of it, or the one that waits for its name with this amount.
fn ours<'a>(refunds: &'a [Refund], heard: &RefundHeard) -> Option<&'a Refund> {
    let by_name = |refund: &&Refund| refund.provider_ref.as_deref() == Some(&heard.refund_ref);
    let by_id = |refund: &&Refund| heard.refund.map(RefundId) == Some(refund.id);
    let waits = |refund: &&Refund| {
        refund.provider_ref.is_none()
            && refund.state == RefundState::Pending
            && refund.amount.minor() == heard.amount
    };
    let mut all = refunds.iter();
    all.clone()
        .find(by_name)
        .or_else(|| all.clone().find(by_id))
        .or_else(|| all.find(waits))
}
