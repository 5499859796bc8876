//! Sending: which deliveries are due, what goes out, and what follows from what comes back. What is under way is known to
//! the sender alone: a start finds it due again.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::event::Event;
use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::mail::NewMail;
use crate::domain::mail::Template;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::domain::webhook;
use crate::domain::webhook::ATTEMPTS;
use crate::domain::webhook::Breaker;
use crate::domain::webhook::Delivery;
use crate::domain::webhook::DeliveryStatus;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::EndpointState;
use crate::domain::webhook::FailureKind;
use crate::domain::webhook::Gate;
use crate::domain::webhook::JITTER;
use crate::domain::webhook::MOST_IN_TURN;
use crate::domain::webhook::MOST_PANICS;
use crate::domain::webhook::OffReason;
use crate::domain::webhook::PATIENCE;
use crate::domain::webhook::Scale;
use crate::domain::webhook::Tally;
use crate::domain::webhook::Tried;
use crate::domain::webhook::Try;
use crate::error::Result;
use crate::error::or_words;
use crate::secret;
use crate::secret::Keys;
use crate::secret::Signing;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::mails;
use crate::shop::webhooks::deliveries::epoch;
use crate::shop::webhooks::endpoints::note;
use crate::shop::webhooks::secrets;
use crate::store;
use crate::store::deliveries::Unmet;

/// What the sender has under way, and what it has room for.
#[derive(Debug, Clone, Default)]
pub struct Room {
    /// Sent, or answered and not settled yet.
    pub under_way: HashSet<DeliveryId>,
    /// How many are being sent to each endpoint.
    pub sending: HashMap<EndpointId, usize>,
    /// How many more may be sent.
    pub left: usize,
    /// How many may be sent to one endpoint at once.
    pub for_each: usize,
    /// When it was last seen whether an endpoint that is away is back.
    pub knocked: HashMap<EndpointId, Timestamp>,
}

/// So often it is seen whether an endpoint that is away is back, though nothing is due.
const KNOCK: i64 = 30 * time::SECOND;

impl Room {
    fn next_knock(&self, endpoint: &Endpoint) -> Option<Timestamp> {
        let since = self.knocked.get(&endpoint.id).copied();
        let since = since.max(endpoint.failing_since)?;
        Some(since.plus_ms(KNOCK))
    }

    fn has_under_way(&self, endpoint: EndpointId) -> bool {
        self.under_way.iter().any(|id| id.endpoint() == endpoint)
    }
}

/// A delivery that is to be sent now.
#[derive(Debug, Clone)]
pub struct Sending {
    /// Which.
    pub delivery: DeliveryId,
    /// How many attempts there have been.
    pub attempts: i64,
    /// Where to.
    pub url: Arc<str>,
    /// Its message's id.
    pub message: String,
    /// Whose attempt has failed if nobody is there.
    pub whose: Whose,
    event: Event,
    signing: Arc<[Signing]>,
}

/// Whose attempt has failed if nobody is there. While an endpoint is away, the oldest that it missed knocks.
#[derive(Debug, Clone)]
pub enum Whose {
    /// That of what is sent.
    Own,
    /// That of another, which is due and is not sent before.
    Other(Box<Sending>),
    /// Nothing is due: it was only seen whether somebody is there.
    Nobodys,
}

impl Sending {
    /// The body.
    pub fn body(&self) -> String {
        webhook::body(&self.event)
    }

    /// What `webhook-signature` says at a moment, in seconds: a signature by each secret that is good.
    pub fn signature(&self, seconds: i64, body: &str) -> Result<String> {
        let signed = self
            .signing
            .iter()
            .map(|one| one.sign(&self.message, seconds, body));
        Ok(signed.collect::<Result<Vec<_>>>()?.join(" "))
    }
}

/// What is due.
#[derive(Debug, Default)]
pub struct Picked {
    /// To be sent now.
    pub sendings: Vec<Sending>,
    /// Due, and cannot be read: how many attempts there have been, and why.
    pub broken: Vec<(DeliveryId, i64, String)>,
    /// When something more is due.
    pub next_due: Option<Timestamp>,
    /// The newest event: how fast they come.
    pub newest: i64,
}

/// Picks what is due and there is room for. An endpoint that is paused, off or behind an open breaker has none.
pub fn pick(db: &Snapshot, keys: &Keys, now: Timestamp, room: &Room) -> Result<Picked> {
    let mut picked = Picked {
        newest: store::events::newest(db)?.0,
        ..Picked::default()
    };
    let epoch = epoch(db)?;
    let sending = |id| room.sending.get(&id).copied().unwrap_or(0);
    let mut endpoints = store::endpoints::all(db)?;
    // Whom least is being sent to comes first, so that none that is slow takes another's place.
    endpoints.sort_by_key(|endpoint| sending(endpoint.id));
    for endpoint in endpoints {
        if endpoint.state != EndpointState::On {
            continue;
        }
        let taken = picked.sendings.len() + picked.broken.len();
        let (due, next) = due(db, &endpoint, now, room, room.left.saturating_sub(taken))?;
        picked.next_due = [picked.next_due, next].into_iter().flatten().min();
        if !due.is_empty() {
            let to = To {
                url: endpoint.url.as_str().into(),
                signing: or_words(secrets::signing(db, keys, endpoint.id, now).map(Arc::from))?,
                epoch: &epoch,
            };
            prepare(db, &to, &due, &mut picked)?;
        }
    }
    Ok(picked)
}

/// What goes to an endpoint now.
enum Due {
    /// What is due.
    It(DeliveryId),
    /// The second, while the first is due.
    Before(DeliveryId, DeliveryId),
    /// What is not due.
    Knock(DeliveryId),
}

/// What goes to an endpoint now, and when something more will. While it is away, what is due knocks with the oldest that
/// found nobody there, and what it missed is told one after the other: it hears of that in the order in which it happened.
fn due(
    db: &Snapshot,
    endpoint: &Endpoint,
    now: Timestamp,
    room: &Room,
    left: usize,
) -> Result<(Vec<Due>, Option<Timestamp>)> {
    let sending = room.sending.get(&endpoint.id).copied().unwrap_or(0);
    let unmet = store::deliveries::oldest_unmet(db, endpoint.id)?
        .filter(|unmet| unmet.is_released || endpoint.is_away(now));
    let most = match endpoint.breaker.gate(now) {
        Gate::Open => 0,
        _ if unmet.is_some() => usize::from(!room.has_under_way(endpoint.id)),
        Gate::HalfOpen => 1_usize.saturating_sub(sending),
        Gate::Closed => room.for_each.saturating_sub(sending),
    };
    let most = most.min(left);
    let is_under_way = |id| room.under_way.contains(&id);
    let due = match most {
        0 => Vec::new(),
        most => store::deliveries::due(db, endpoint.id, now, most, is_under_way)?,
    };
    let next_knock = unmet
        .filter(|unmet| !unmet.is_released)
        .and_then(|_| room.next_knock(endpoint));
    let due = match unmet {
        Some(unmet) if due.is_empty() && most > 0 && next_knock.is_some_and(|at| at <= now) => {
            vec![Due::Knock(unmet.id)]
        }
        _ => due.into_iter().map(|id| before(unmet, id, now)).collect(),
    };
    Ok((due, next(db, endpoint, now, next_knock)?))
}

/// When something more will go to an endpoint.
fn next(
    db: &Snapshot,
    endpoint: &Endpoint,
    now: Timestamp,
    knock: Option<Timestamp>,
) -> Result<Option<Timestamp>> {
    let open_until = endpoint.breaker.open_until.filter(|until| *until > now);
    if open_until.is_some() {
        return Ok(open_until);
    }
    let both = [store::deliveries::next_due(db, endpoint.id, now)?, knock];
    Ok(both.into_iter().flatten().filter(|at| *at > now).min())
}

/// What is due, or the oldest that was missed before it.
fn before(unmet: Option<Unmet>, id: DeliveryId, now: Timestamp) -> Due {
    match unmet.filter(|unmet| unmet.id < id) {
        Some(unmet) if unmet.due_at <= now => Due::It(unmet.id),
        Some(unmet) => Due::Before(id, unmet.id),
        None => Due::It(id),
    }
}

/// What all deliveries to one endpoint share.
struct To<'a> {
    url: Arc<str>,
    signing: std::result::Result<Arc<[Signing]>, String>,
    epoch: &'a str,
}

fn prepare(db: &Snapshot, to: &To, due: &[Due], picked: &mut Picked) -> Result<()> {
    for due in due {
        let sending = match due {
            Due::It(id) => read(db, to, *id, picked)?,
            Due::Knock(id) => read(db, to, *id, picked)?.map(|sending| Sending {
                whose: Whose::Nobodys,
                ..sending
            }),
            Due::Before(id, first) => match (read(db, to, *first, picked)?, read(db, to, *id, picked)?) {
                (Some(first), Some(due)) => Some(Sending {
                    whose: Whose::Other(Box::new(due)),
                    ..first
                }),
                (_, due) => due,
            },
        };
        picked.sendings.extend(sending);
    }
    Ok(())
}

/// What is sent of a delivery. What cannot be read stands in nobody else's way.
fn read(db: &Snapshot, to: &To, id: DeliveryId, picked: &mut Picked) -> Result<Option<Sending>> {
    let attempts = store::deliveries::get(db, id)?.attempts;
    let event = or_words(store::events::find(db, id.event()))?;
    match (event, &to.signing) {
        (Ok(Some(event)), Ok(signing)) => {
            return Ok(Some(Sending {
                delivery: id,
                attempts,
                url: Arc::clone(&to.url),
                message: webhook::message_id(to.epoch, id.event()),
                whose: Whose::Own,
                event,
                signing: Arc::clone(signing),
            }));
        }
        // An event that has been swept takes its deliveries along.
        (Ok(None), _) => {}
        (Err(words), _) => picked.broken.push((id, attempts, words)),
        (_, Err(words)) => picked.broken.push((id, attempts, words.clone())),
    }
    Ok(None)
}

/// What somebody should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// So many deliveries to an endpoint were given up.
    Dead(EndpointId, usize),
    /// An endpoint was turned off.
    Off(EndpointId, OffReason),
}

/// Notes what came of attempts, and what follows: delivered, tried again by the schedule, or given up; the breaker; an
/// endpoint that says it is gone, or has failed for five days, is turned off. An attempt that was noted before, or whose
/// delivery has been tried by another since, changes nothing. It tells what is lost by it.
pub fn settle(tx: &Tx, tried: &[Tried], scale: Scale) -> Result<Vec<Loss>> {
    let (mut all, mut losses) = (HashMap::<EndpointId, Share>::new(), Vec::new());
    for one in tried {
        let Some(delivery) = store::deliveries::find(tx, one.delivery)? else {
            continue;
        };
        let share = match all.entry(delivery.endpoint) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Share::of(store::endpoints::get(tx, delivery.endpoint)?)),
        };
        let next = follow(tx, &share.endpoint, &delivery, one, scale)?;
        if !store::deliveries::settle(tx, one, next)? {
            continue;
        }
        store::deliveries::arrange(tx, delivery.endpoint, delivery.lane)?;
        let is_taken = one.failure().is_none();
        share.tally.count(is_taken);
        share.dead += usize::from(next.0 == DeliveryStatus::Dead && !delivery.status.is_end());
        if is_taken && share.endpoint.is_away(tx.now) {
            store::deliveries::release(tx, delivery.endpoint, MOST_IN_TURN)?;
            // What failed before it was back says nothing of it now.
            share.endpoint.breaker = Breaker::default();
        }
        let off = weigh(tx, &mut share.endpoint, one, scale)?;
        losses.extend(off.map(|reason| Loss::Off(delivery.endpoint, reason)));
    }
    for (id, share) in all {
        let Endpoint {
            breaker,
            failing_since,
            ..
        } = share.endpoint;
        store::endpoints::set_health(tx, id, &breaker, failing_since)?;
        store::endpoints::tally(tx, id, share.tally)?;
        losses.extend((share.dead > 0).then_some(Loss::Dead(id, share.dead)));
    }
    Ok(losses)
}

/// What attempts that are noted together come to at one endpoint.
struct Share {
    endpoint: Endpoint,
    tally: Tally,
    dead: usize,
}

impl Share {
    fn of(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            tally: Tally::default(),
            dead: 0,
        }
    }
}

/// What becomes of a delivery, and when it is due.
fn follow(
    tx: &Tx,
    endpoint: &Endpoint,
    delivery: &Delivery,
    tried: &Tried,
    scale: Scale,
) -> Result<(DeliveryStatus, Option<Timestamp>)> {
    let Some(failure) = tried.failure() else {
        return Ok((DeliveryStatus::Delivered, None));
    };
    // Given up, or delivered, while this was under way.
    if delivery.status.is_end() {
        return Ok((delivery.status, None));
    }
    if failure == FailureKind::Broken && store::deliveries::panics(tx, delivery.id)? + 1 >= MOST_PANICS {
        return Ok((DeliveryStatus::Dead, None));
    }
    let asked = tried
        .answer
        .as_ref()
        .ok()
        .and_then(|answer| answer.retry_after.as_deref());
    let attempt = Try {
        attempts: (delivery.attempts + 1 - delivery.fresh_from).min(ATTEMPTS),
        failure,
        status: tried.status(),
        retry_after: asked.and_then(|asked| webhook::retry_after(asked, tx.now)),
    };
    Ok(
        match attempt.wait(jitter(tx, endpoint, attempt.attempts), scale) {
            Some(wait) => (DeliveryStatus::Failed, Some(tx.now.plus_ms(wait))),
            None => (DeliveryStatus::Dead, None),
        },
    )
}

/// How much longer or shorter a wait is. The same for all that fails at an endpoint while nothing gets through to it: it
/// comes again in the order in which it failed. Other endpoints, and other times, have another.
fn jitter(tx: &Tx, endpoint: &Endpoint, attempts: i64) -> i64 {
    let since = endpoint.failing_since.unwrap_or(tx.now).ms();
    let parts = [endpoint.id.0, since, attempts].map(i64::to_be_bytes);
    let [high, low, ..] = secret::digest_parts(&[b"wait", &parts[0], &parts[1], &parts[2]]);
    i64::from(u16::from_be_bytes([high, low])) % (2 * JITTER + 1) - JITTER
}

/// What an attempt says of its endpoint; why it was turned off by it.
fn weigh(tx: &Tx, endpoint: &mut Endpoint, tried: &Tried, scale: Scale) -> Result<Option<OffReason>> {
    let is_taken = tried.failure().is_none();
    endpoint.breaker.note(tx.now, is_taken, scale);
    endpoint.failing_since = match is_taken {
        true => None,
        false => Some(endpoint.failing_since.unwrap_or(tx.now)),
    };
    let has_lasted = endpoint
        .failing_since
        .is_some_and(|since| since.plus_ms(PATIENCE) <= tx.now);
    match (tried.status(), has_lasted) {
        (Some(410), _) => turn_off(tx, endpoint, OffReason::Gone),
        (_, true) => turn_off(tx, endpoint, OffReason::Failing),
        _ => Ok(None),
    }
}

/// Turns an endpoint off, unless it is, and tells the owners by mail.
fn turn_off(tx: &Tx, endpoint: &mut Endpoint, reason: OffReason) -> Result<Option<OffReason>> {
    if endpoint.state == EndpointState::Off {
        return Ok(None);
    }
    endpoint.state = EndpointState::Off;
    store::endpoints::set_state(tx, endpoint.id, (EndpointState::Off, Some(reason)), None)?;
    let content = serde_json::json!({ "reason": reason, "url": endpoint.url });
    note(
        tx,
        &Actor::system(),
        Action::EndpointTurnedOff,
        endpoint.id,
        Some(&content),
    )?;
    for (user, email) in store::users::active_admins(tx)? {
        let mail = NewMail {
            template: Template::EndpointOff,
            recipient: &email,
            user: Some(user),
            facts: content.to_string(),
        };
        mails::queue(tx, &mail)?;
    }
    Ok(Some(reason))
}
