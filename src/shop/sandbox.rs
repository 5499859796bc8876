//! The sandbox's own verbs: a bank that keeps its books apart, does each thing once by its key, and tells of it by
//! messages. It is asked over the gateway alone, on the shop's behalf or the shopper's.

use serde_json::json;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::money::Money;
use crate::domain::payment::Answer;
use crate::domain::payment::Asked;
use crate::domain::payment::Fact;
use crate::domain::payment::Op;
use crate::domain::payment::Payment;
use crate::domain::payment::Standing;
use crate::domain::reconciliation::Held;
use crate::domain::reconciliation::Listed;
use crate::domain::refund::RefundState;
use crate::domain::refusal::Refusal;
use crate::domain::sandbox::Charge;
use crate::domain::sandbox::ChargeState;
use crate::domain::sandbox::Letter;
use crate::domain::sandbox::Outcome;
use crate::domain::sandbox::Post;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::store;

/// "Approve after ten seconds".
const DELAY: i64 = 10 * time::SECOND;
/// One page of its list.
const LISTED: usize = 100;
/// A message that nobody takes is given up after so many tries.
const MOST_TRIES: i64 = 12;

/// What the shop asks may not be done; with where the charge stands.
type Done = std::result::Result<Standing, (String, Standing)>;

/// Does what the shop asks. Some answers get lost, as on a real way.
pub fn ask(tx: &Tx, asked: &Asked, post: &Post) -> Result<Answer> {
    let done = match asked.op {
        Op::Create => open(tx, asked),
        Op::Confirm => confirm(tx, asked, post),
        Op::Capture => capture(tx, asked, post),
        Op::Void => cancel(tx, asked, post),
        Op::Refund => refund(tx, asked, post),
    };
    let answer = match done {
        Ok(Ok(standing)) => Answer::Done(Box::new(standing)),
        Ok(Err((words, standing))) => Answer::Refused(words, Box::new(standing)),
        // It never had such a charge.
        Err(Error::NotFound(_)) => Answer::Refused("There is no such charge.".to_owned(), Box::default()),
        Err(error) => return Err(error),
    };
    match post.lost > 0 && dice(100)? < post.lost {
        true => Ok(Answer::Unclear("the answer was lost".to_owned())),
        false => Ok(answer),
    }
}

/// What a charge will be called that is opened with its payment.
pub(in crate::shop) fn promise(tx: &Tx) -> Result<Standing> {
    let name = charge_name(tx)?;
    Ok(Standing {
        redirect_url: Some(page(&name)),
        provider_ref: Some(name),
        ..Standing::default()
    })
}

/// Opens the charge that was promised, in the transaction of its payment.
pub(in crate::shop) fn open_promised(tx: &Tx, payment: &Payment, number: &str) -> Result<()> {
    let name = payment.provider_ref.clone().unwrap_or_default();
    store::sandbox::insert(tx, &name, &charge(payment, number, name.clone()))
}

/// Opens a charge, once. Nothing is told of that: whoever asked knows, as with providers elsewhere.
fn open(tx: &Tx, asked: &Asked) -> Result<Done> {
    if let Some(charge) = store::sandbox::by_key(tx, &asked.key)? {
        return Ok(Ok(standing(&charge)));
    }
    let charge = charge(&asked.payment, &asked.number, charge_name(tx)?);
    store::sandbox::insert(tx, &asked.key, &charge)?;
    Ok(Ok(standing(&charge)))
}

fn charge(payment: &Payment, number: &str, name: String) -> Charge {
    Charge {
        id: 0,
        name,
        payment: payment.id.0,
        order: payment.order.0,
        number: number.to_owned(),
        return_url: payment.return_url.clone(),
        amount: payment.amount,
        currency: payment.currency,
        at_once: payment.at_once,
        state: ChargeState::Open,
        captured: Money::ZERO,
        refunded: Money::ZERO,
    }
}

fn charge_name(tx: &Tx) -> Result<String> {
    Ok(format!("sbx_{}", name(tx)?))
}

/// Where the shopper decides.
fn page(name: &str) -> String {
    format!("/pay/sandbox/{name}")
}

/// Charges what the caller's token stands for: `tok_decline` is declined, any other is good.
fn confirm(tx: &Tx, asked: &Asked, post: &Post) -> Result<Done> {
    let outcome = match asked.payment.token.as_deref() {
        Some("tok_decline") => Outcome::Decline,
        _ => Outcome::Approve,
    };
    let charge = held(tx, asked)?;
    let charge = match charge.state {
        ChargeState::Open => decided(tx, post, charge, outcome)?,
        _ => charge,
    };
    Ok(Ok(standing(&charge)))
}

/// Takes what is reserved.
fn capture(tx: &Tx, asked: &Asked, post: &Post) -> Result<Done> {
    let charge = held(tx, asked)?;
    let amount = asked.amount.unwrap_or(charge.amount);
    match charge.state {
        ChargeState::Captured => Ok(Ok(standing(&charge))),
        ChargeState::Authorized if amount <= charge.amount => {
            let charge = moved(tx, charge, ChargeState::Captured, amount)?;
            tell(tx, post, 0, "payment.succeeded", &charge, None)?;
            Ok(Ok(standing(&charge)))
        }
        _ => Ok(Err(("Nothing is reserved.".to_owned(), standing(&charge)))),
    }
}

/// Gives a charge up that was not taken.
fn cancel(tx: &Tx, asked: &Asked, post: &Post) -> Result<Done> {
    let charge = held(tx, asked)?;
    match charge.state {
        ChargeState::Captured | ChargeState::Canceled => Ok(Ok(standing(&charge))),
        _ => {
            let charge = moved(tx, charge, ChargeState::Canceled, Money::ZERO)?;
            tell(tx, post, 0, "payment.voided", &charge, None)?;
            Ok(Ok(standing(&charge)))
        }
    }
}

/// Gives money back, once for each key and never more than was taken.
fn refund(tx: &Tx, asked: &Asked, post: &Post) -> Result<Done> {
    let charge = held(tx, asked)?;
    let Some(refund) = &asked.refund else {
        return Err(Error::internal("a refund without its row"));
    };
    let done = |charge: &Charge, name: String| Standing {
        refund: Some((name, RefundState::Succeeded)),
        ..standing(charge)
    };
    if let Some(name) = store::sandbox::refund_by_key(tx, &asked.key)? {
        return Ok(Ok(done(&charge, name)));
    }
    let refunded = charge.refunded.checked_add(refund.amount).unwrap_or(Money::MAX);
    if refunded > charge.captured {
        return Ok(Err(("More than was taken.".to_owned(), standing(&charge))));
    }
    let made = format!("re_{}", name(tx)?);
    store::sandbox::insert_refund(tx, charge.id, &asked.key, &made, refund.amount)?;
    store::sandbox::update(tx, &charge.name, charge.state, charge.captured, refunded)?;
    let told = (made.as_str(), refund.id.0, refund.amount);
    tell(tx, post, 0, "refund.succeeded", &charge, Some(told))?;
    Ok(Ok(done(&charge, made)))
}

/// Where a charge stands.
pub fn look(db: &Snapshot, name: &str) -> Result<Standing> {
    Ok(standing(&store::sandbox::get(db, name)?))
}

/// Charges of which money was taken behind one, by its own books: a hundred, and from where they go on.
pub fn list(db: &Snapshot, after: i64) -> Result<Listed> {
    let charges = store::sandbox::taken(db, after, LISTED)?;
    let next = match charges.len() < LISTED {
        true => None,
        false => charges.last().map(|charge| charge.id.to_string()),
    };
    let held = charges.into_iter().map(|charge| Held {
        refs: vec![charge.name.clone()],
        name: charge.name,
        currency: Some(charge.currency),
        kept: charge
            .captured
            .checked_sub(charge.refunded)
            .unwrap_or(Money::ZERO),
        at: None,
    });
    Ok(Listed {
        held: held.collect(),
        next,
    })
}

/// A charge, for its page.
pub fn show(db: &Snapshot, name: &str) -> Result<Charge> {
    store::sandbox::get(db, name)
}

/// What the shopper says on the page of a charge. Refused with `NotAllowed` where it has been decided.
pub fn decide(tx: &Tx, by: &Actor, name: &str, outcome: Outcome, post: &Post) -> Result<()> {
    let charge = store::sandbox::get(tx, name)?;
    if charge.state != ChargeState::Open {
        return Err(Refusal::NotAllowed("This payment has been decided.".into()).into());
    }
    let target = (Target::Order, Some(charge.order));
    decided(tx, post, charge, outcome)?;
    audit::note(tx, by, Action::PaymentDecided, target, None, None)
}

fn decided(tx: &Tx, post: &Post, charge: Charge, outcome: Outcome) -> Result<Charge> {
    let (state, captured, kind) = match (outcome, charge.at_once) {
        (Outcome::Decline, _) => (ChargeState::Declined, Money::ZERO, "payment.failed"),
        (_, true) => (ChargeState::Captured, charge.amount, "payment.succeeded"),
        (_, false) => (ChargeState::Authorized, Money::ZERO, "payment.authorized"),
    };
    let charge = moved(tx, charge, state, captured)?;
    let later = match outcome {
        Outcome::Delay => DELAY,
        _ => 0,
    };
    tell(tx, post, later, kind, &charge, None)?;
    Ok(charge)
}

fn moved(tx: &Tx, charge: Charge, state: ChargeState, captured: Money) -> Result<Charge> {
    store::sandbox::update(tx, &charge.name, state, captured, charge.refunded)?;
    Ok(Charge {
        state,
        captured,
        ..charge
    })
}

fn held(tx: &Tx, asked: &Asked) -> Result<Charge> {
    let name = asked.payment.provider_ref.as_deref().unwrap_or_default();
    store::sandbox::get(tx, name)
}

fn standing(charge: &Charge) -> Standing {
    Standing {
        provider_ref: Some(charge.name.clone()),
        redirect_url: Some(page(&charge.name)),
        fact: Some(match charge.state {
            ChargeState::Open => Fact::RequiresAction,
            ChargeState::Declined => Fact::Failed,
            ChargeState::Authorized => Fact::Authorized,
            ChargeState::Canceled => Fact::Voided,
            ChargeState::Captured => Fact::Captured(charge.captured),
        }),
        failure: (charge.state == ChargeState::Declined).then(|| DECLINED.to_owned()),
        ..Standing::default()
    }
}

const DECLINED: &str = "The bank has declined it.";

/// A name that nobody guesses, with its time in front: new ones lie side by side in the indexes.
fn name(tx: &Tx) -> Result<String> {
    let mut bytes = tx.now.ms().to_be_bytes().to_vec();
    bytes.drain(..2);
    bytes.extend(secret::random::<12>()?);
    Ok(secret::to_text(&bytes))
}

/// Puts a message on its way: so many copies, some of them late or lost.
fn tell(
    tx: &Tx,
    post: &Post,
    later: i64,
    kind: &str,
    charge: &Charge,
    refund: Option<(&str, i64, Money)>,
) -> Result<()> {
    let event_id = format!("evt_{}", name(tx)?);
    let mut data = json!({
        "payment_id": charge.payment,
        "order_id": charge.order,
        "provider_ref": charge.name,
        "amount": charge.amount.write(charge.currency),
        "currency": charge.currency.as_str(),
    });
    if charge.state == ChargeState::Captured && charge.captured != charge.amount {
        data["captured"] = json!(charge.captured.write(charge.currency));
    }
    if charge.state == ChargeState::Declined {
        data["failure"] = json!(DECLINED);
    }
    if let Some((name, id, amount)) = refund {
        data["refund_ref"] = json!(name);
        data["refund_id"] = json!(id);
        data["amount"] = json!(amount.write(charge.currency));
    }
    let created = tx.now.ms() / time::SECOND;
    let body = json!({ "id": event_id, "type": kind, "created": created, "data": data }).to_string();
    for _ in 0..post.copies {
        if dice(100)? < post.dropped {
            continue;
        }
        let shuffled = i64::try_from(dice(post.shuffle.unsigned_abs() + 1)?).unwrap_or(0);
        store::sandbox::post(
            tx,
            &event_id,
            &body,
            tx.now.plus_ms(later + post.delay + shuffled),
        )?;
    }
    Ok(())
}

/// A number below `sides`.
fn dice(sides: u64) -> Result<u64> {
    let bytes: [u8; 8] = secret::random()?;
    Ok(u64::from_be_bytes(bytes) % sides.max(1))
}

/// Messages that are due.
pub fn due(db: &Snapshot, now: Timestamp, most: i64) -> Result<Vec<Letter>> {
    store::sandbox::due(db, now, most)
}

/// When the next one is due.
pub fn next_due(db: &Snapshot) -> Result<Option<Timestamp>> {
    store::sandbox::next_due(db)
}

/// What became of messages that were sent: which were taken.
pub fn posted(tx: &Tx, letters: &[(Letter, bool)]) -> Result<()> {
    for (letter, taken) in letters {
        match *taken || letter.attempts + 1 >= MOST_TRIES {
            true => store::sandbox::sent(tx, letter.id)?,
            false => {
                let wait = time::SECOND << letter.attempts.clamp(0, 6);
                store::sandbox::put_off(tx, letter.id, tx.now.plus_ms(wait))?;
            }
        }
    }
    Ok(())
}
