//! What is asked of a provider: committed before it is asked, under a key that stays until it is answered, and ended by
//! the answer. What is asked anew after that has a key of its own: a provider answers a key as it did the first time.
//! Whatever dies between is asked again (IDM-08).

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::PaymentId;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::order::Order;
use crate::domain::payment::Answer;
use crate::domain::payment::Asked;
use crate::domain::payment::Fact;
use crate::domain::payment::Op;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::payment::Standing;
use crate::domain::permission::Permission;
use crate::domain::refund::RefundState;
use crate::domain::refusal::Refusal;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::domain::webhook::JITTER;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::orders::OrderView;
use crate::shop::payments::breaker;
use crate::shop::payments::refund;
use crate::shop::payments::settle;
use crate::shop::version;
use crate::store;
use crate::store::payment_tasks::Task;

/// What was first asked so long ago is looked up at the provider before it is asked again.
const STALE: i64 = 10 * time::MINUTE;
/// The first wait for an answer that does not come.
const FIRST_WAIT: i64 = 5 * time::SECOND;
/// The longest.
const LONGEST_WAIT: i64 = 10 * time::MINUTE;

/// Has the money of a reserved payment taken, all of it or a part.
///
/// Refused with `NotAllowed` where none is reserved or another amount is being taken, with `Rule` above what is reserved,
/// with `Stale` if its order is no longer at the version.
pub fn ask_capture(
    tx: &Tx,
    by: &Actor,
    key: Option<&Key>,
    id: PaymentId,
    seen: Option<i64>,
    amount: Option<&RawAmount>,
) -> Result<Once<Payment>> {
    by.require(Permission::PaymentsUpdate)?;
    once_of(tx, key, || capture_now(tx, by, id, seen, amount))
}

/// Asks once for what is asked with one key; the payment as it is then.
fn once_of(tx: &Tx, key: Option<&Key>, act: impl FnOnce() -> Result<Payment>) -> Result<Once<Payment>> {
    once(
        tx,
        key,
        Made::Payment,
        |id| store::payments::get(tx, PaymentId(id)),
        || act().map(|payment| (payment.id.0, payment)),
    )
}

fn capture_now(
    tx: &Tx,
    by: &Actor,
    id: PaymentId,
    seen: Option<i64>,
    amount: Option<&RawAmount>,
) -> Result<Payment> {
    let payment = store::payments::get(tx, id)?;
    let order = store::orders::get(tx, payment.order)?;
    version::allow(seen, order.head.version, || OrderView::whole(&order))?;
    if payment.state != PaymentState::Authorized {
        return Err(Refusal::NotAllowed("Nothing is reserved by this payment.".into()).into());
    }
    let amount = match amount {
        None => None,
        Some(raw) => {
            let read = raw.to_money(payment.currency).and_then(Money::positive);
            Some(read.map_err(|bad| bad.at("amount"))?)
        }
    };
    if amount.is_some_and(|amount| amount > payment.amount) {
        let words = format!(
            "No more than {} is reserved.",
            payment.amount.write(payment.currency)
        );
        return Err(Refusal::Rule(words.into()).into());
    }
    let whole = |amount: Option<Money>| amount.unwrap_or(payment.amount);
    let asked = store::payment_tasks::amount_of(tx, id, Op::Capture)?;
    if asked.is_some_and(|asked| whole(asked) != whole(amount)) {
        let words = "Another amount is being taken: wait for its provider's answer.";
        return Err(Refusal::NotAllowed(words.into()).into());
    }
    settle::take(tx, by, &payment, amount)?;
    audit::note(
        tx,
        by,
        Action::PaymentAsked,
        (Target::Payment, Some(id.0)),
        None,
        None,
    )?;
    Ok(payment)
}

/// Has a payment given up that has not been taken. Refused with `NotAllowed` where it is too late.
pub fn ask_void(tx: &Tx, by: &Actor, key: Option<&Key>, id: PaymentId) -> Result<Once<Payment>> {
    by.require(Permission::PaymentsUpdate)?;
    once_of(tx, key, || void_now(tx, by, id))
}

fn void_now(tx: &Tx, by: &Actor, id: PaymentId) -> Result<Payment> {
    let payment = store::payments::get(tx, id)?;
    if payment.state >= PaymentState::Voided {
        return Err(Refusal::NotAllowed("This payment has ended.".into()).into());
    }
    settle::let_go(tx, by, &payment)?;
    audit::note(
        tx,
        by,
        Action::PaymentAsked,
        (Target::Payment, Some(id.0)),
        None,
        None,
    )?;
    store::payments::get(tx, id)
}

/// Refused with `NotAllowed`, in the provider's own words, where it has refused to take a payment or to give it up. (One
/// that has not answered is asked again.)
pub fn require_done(db: &Snapshot, by: &Actor, id: PaymentId, op: Op) -> Result<()> {
    by.require(Permission::PaymentsUpdate)?;
    let state = store::payments::get(db, id)?.state;
    if matches!(state, PaymentState::Voided | PaymentState::Captured) {
        return Ok(());
    }
    match store::payment_tasks::refusal(db, id, op)? {
        Some(words) => Err(Refusal::NotAllowed(format!("Its provider has refused: {words}").into()).into()),
        None => Ok(()),
    }
}

/// The goods have left: what is reserved is taken. The order as it is then.
pub(in crate::shop) fn capture_what_is_reserved(tx: &Tx, by: &Actor, order: Order) -> Result<Order> {
    let mut reserved = store::payments::of_order(tx, order.head.id)?;
    reserved.retain(|payment| payment.state == PaymentState::Authorized);
    for payment in &reserved {
        settle::take(tx, by, payment, None)?;
    }
    match reserved
        .iter()
        .any(|payment| payment.provider == Provider::Wallet)
    {
        true => store::orders::get(tx, order.head.id),
        false => Ok(order),
    }
}

/// The payments that something is due of.
pub fn due(db: &Snapshot, now: Timestamp, most: i64) -> Result<Vec<PaymentId>> {
    store::payment_tasks::due(db, now, most)
}

/// When the next one is due.
pub fn next_due(db: &Snapshot) -> Result<Option<Timestamp>> {
    store::payment_tasks::next_due(db)
}

/// Makes all that is to be asked due: the process has just begun, and nobody asks anything yet.
pub fn begin_again(tx: &Tx) -> Result<()> {
    store::payment_tasks::make_due(tx)
}

/// Lets a payment wait of which nothing can be asked, for a reason of its own: it stands in no other's way, and money that
/// is to move is not given up.
pub fn put_off(tx: &Tx, id: PaymentId, why: &str) -> Result<()> {
    store::payment_tasks::put_all_off(tx, id, tx.now.plus_ms(LONGEST_WAIT), why)
}

/// The next thing to ask about a payment, if one is due and its provider is not left alone. Once this is durable it may be
/// asked.
pub fn start(tx: &Tx, id: PaymentId) -> Result<Option<Asked>> {
    let Some(task) = store::payment_tasks::first(tx, id, tx.now)? else {
        return Ok(None);
    };
    let payment = store::payments::get(tx, id)?;
    let number = store::orders::head(tx, payment.order)?.number;
    take_up(tx, task, payment, number)
}

/// The same of a payment that was written in this moment.
pub(super) fn start_first(tx: &Tx, payment: &Payment, order: &Order) -> Result<Option<Asked>> {
    let Some(task) = store::payment_tasks::first(tx, payment.id, tx.now)? else {
        return Ok(None);
    };
    take_up(tx, task, payment.clone(), order.head.number.clone())
}

fn take_up(tx: &Tx, task: Task, payment: Payment, number: String) -> Result<Option<Asked>> {
    if let Some(until) = breaker::waits_until(tx, payment.provider)? {
        store::payment_tasks::wait(tx, task.id, until)?;
        return Ok(None);
    }
    let attempt = task.attempts + 1;
    // What has failed together is not asked again together.
    let wait = (FIRST_WAIT << task.attempts.clamp(0, 10)).min(LONGEST_WAIT);
    let wait = wait * (1000 + secret::jitter(JITTER)?) / 1000;
    store::payment_tasks::start(tx, task.id, tx.now.plus_ms(wait))?;
    let epoch = store::settings::value(tx, "epoch")?.unwrap_or_default();
    let refund = task
        .refund
        .map(|refund| store::refunds::get(tx, refund))
        .transpose()?;
    let of = refund
        .as_ref()
        .map_or_else(String::new, |refund| format!("_{}", refund.id));
    let round = match task.round {
        1 => String::new(),
        round => format!("_r{round}"),
    };
    Ok(Some(Asked {
        task: task.id,
        op: task.op,
        refund,
        amount: task.amount,
        key: format!("till_{epoch}_pay_{}_{}{of}{round}", payment.id, task.op.name()),
        number,
        attempt,
        is_stale: task.started_at.is_some_and(|at| tx.now.ms() - at.ms() > STALE),
        payment,
    }))
}

/// What a provider has answered, and what is to be asked next. An answer that is told twice, or too late, changes nothing
/// more.
pub fn answered(tx: &Tx, by: &Actor, asked: &Asked, answer: &Answer) -> Result<Option<Asked>> {
    let has_answered = !matches!(answer, Answer::Unclear(_));
    breaker::note(tx, asked.payment.provider, has_answered)?;
    match answer {
        Answer::Unclear(words) => {
            store::payment_tasks::put_off(tx, asked.task, words)?;
            return Ok(None);
        }
        Answer::Done(standing) => {
            store::payment_tasks::end(tx, asked.task, None)?;
            ended(tx, by, asked, standing)?;
        }
        Answer::Refused(words, standing) => {
            store::payment_tasks::end(tx, asked.task, Some(words))?;
            refused(tx, by, asked, words, standing)?;
        }
    }
    start(tx, asked.payment.id)
}

fn ended(tx: &Tx, by: &Actor, asked: &Asked, standing: &Standing) -> Result<()> {
    let payment = settle::settle(tx, by, asked.payment.id, standing)?;
    match (asked.op, &asked.refund) {
        (Op::Create, _) if asked.payment.token.is_some() && payment.is_open() => {
            store::payment_tasks::add(tx, payment.id, Op::Confirm, None, None)
        }
        (Op::Refund, Some(asked)) => {
            let (name, state) = match &standing.refund {
                Some((name, state)) => (Some(name.as_str()), *state),
                None => (None, RefundState::Pending),
            };
            refund::end(tx, by, asked.id, state, name, standing.failure.as_deref())
        }
        _ => Ok(()),
    }
}

fn refused(tx: &Tx, by: &Actor, asked: &Asked, words: &str, standing: &Standing) -> Result<()> {
    let payment = settle::settle(tx, by, asked.payment.id, standing)?;
    match (asked.op, &asked.refund) {
        (Op::Create | Op::Confirm, _) => {
            settle::apply(tx, by, payment, Fact::Failed, Some(words))?;
            Ok(())
        }
        (Op::Refund, Some(asked)) => refund::end(tx, by, asked.id, RefundState::Failed, None, Some(words)),
        // What its provider does not know cannot be taken either.
        (Op::Void, _) if payment.provider_ref.is_none() => {
            settle::apply(tx, by, payment, Fact::Voided, Some(words))?;
            Ok(())
        }
        _ => settle::note_failure(tx, &payment, words),
    }
}
