//! Deliveries: listed, shown, and sent again.

use std::collections::HashMap;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::id::EventId;
use crate::domain::id::OrderId;
use crate::domain::order::Order;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Place;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time::Moment;
use crate::domain::webhook::DeliveryStatus;
use crate::error::Error;
use crate::error::Result;
use crate::error::or_words;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::events;
use crate::shop::webhooks::DeliveryView;
use crate::shop::webhooks::TriesView;
use crate::shop::webhooks::Wanted;
use crate::shop::webhooks::endpoints::note;
use crate::shop::webhooks::endpoints::require_enabled;
use crate::shop::webhooks::endpoints::standing;
use crate::shop::webhooks::view::TryView;
use crate::store;

/// Rows that one look passes over at most.
const MOST_LOOKED_AT: usize = 50_000;
/// Events of an order whose deliveries are told.
const MOST_OF_ORDER: usize = 100;

/// What was and will be sent, newest event first. A look passes over 50,000 rows at most, so a page may be short and still
/// have a next.
pub fn list_deliveries(
    db: &Snapshot,
    by: &Actor,
    wanted: &Wanted,
    paging: &Paging,
) -> Result<Page<DeliveryView>> {
    by.require(Permission::WebhooksRead)?;
    let epoch = epoch(db)?;
    let (mut from, mut below) = match wanted.event {
        Some(event) => (event.0 << 12, (event.0 + 1) << 12),
        None => (0, i64::MAX),
    };
    match paging.place {
        Place::At(cursor) if cursor.backwards => from = from.max(cursor.keys.1 + 1),
        Place::At(cursor) => below = below.min(cursor.keys.1),
        _ => {}
    }
    let skipped = paging.skipped() as usize;
    let (mut rows, last) = store::deliveries::list(
        db,
        wanted,
        (DeliveryId(from), DeliveryId(below)),
        paging.is_backwards(),
        (paging.wanted() + skipped, MOST_LOOKED_AT + skipped),
    )?;
    rows.drain(..rows.len().min(skipped));
    let is_short = rows.len() < paging.wanted() && wanted.status.is_some();
    let rows = rows.iter().map(|row| DeliveryView::new(row, &epoch)).collect();
    let mut page = paging.cut(rows, |row: &DeliveryView| (row.id.0, row.id.0));
    if page.next.is_none() && is_short && !paging.is_backwards() && has_more(db, wanted, from, last)? {
        // The look ended before the list did.
        page.next = Some(paging.cursor((last.0, last.0)));
    }
    Ok(page)
}

/// The numbers of the orders that deliveries are about.
pub fn numbers(db: &Snapshot, by: &Actor, rows: &[DeliveryView]) -> Result<HashMap<OrderId, String>> {
    by.require(Permission::WebhooksRead)?;
    store::orders::numbers(db, rows.iter().filter_map(|row| row.order))
}

fn has_more(db: &Snapshot, wanted: &Wanted, from: i64, last: DeliveryId) -> Result<bool> {
    let any = Wanted {
        status: None,
        ..*wanted
    };
    let (rows, _) = store::deliveries::list(db, &any, (DeliveryId(from), last), false, (1, 1))?;
    Ok(!rows.is_empty())
}

/// What an endpoint was told of an order.
#[derive(Debug, Clone)]
pub struct ToldOf {
    /// What was sent, or will be.
    pub delivery: DeliveryView,
    /// What people call the endpoint.
    pub endpoint: String,
}

/// What endpoints were told of the newest events of an order, newest first.
pub fn of_order(db: &Snapshot, by: &Actor, order: &Order) -> Result<Vec<ToldOf>> {
    by.require(Permission::WebhooksRead)?;
    if store::endpoints::ever(db)? == 0 {
        return Ok(Vec::new());
    }
    let epoch = epoch(db)?;
    let mut told = Vec::new();
    for event in store::audit::events_of(db, order.head.id, order.head.placed_at, MOST_OF_ORDER)? {
        let range = (DeliveryId(event.0 << 12), DeliveryId((event.0 + 1) << 12));
        let of_all = (MOST_LOOKED_AT, MOST_LOOKED_AT);
        let (rows, _) = store::deliveries::list(db, &Wanted::default(), range, true, of_all)?;
        for row in rows {
            let endpoint = store::endpoints::get(db, row.endpoint)?;
            told.push(ToldOf {
                delivery: DeliveryView::new(&row, &epoch),
                endpoint: endpoint.description.unwrap_or(endpoint.url),
            });
        }
    }
    Ok(told)
}

/// A delivery with every attempt's request and response.
pub fn show_delivery(db: &Snapshot, by: &Actor, id: DeliveryId) -> Result<TriesView> {
    by.require(Permission::WebhooksRead)?;
    let delivery = store::deliveries::get(db, id)?;
    // Of one that cannot be read it is shown that it was given up, and why.
    let event = or_words(store::events::find(db, id.event()))?.ok().flatten();
    let tries = store::deliveries::attempts(db, id)?;
    Ok(TriesView {
        delivery: DeliveryView::new(&delivery, &epoch(db)?),
        tries: tries
            .iter()
            .map(|one| TryView::new(one, event.as_ref()))
            .collect(),
    })
}

/// The newest delivery that an endpoint has not taken, with every attempt at it.
pub fn last_failure(db: &Snapshot, by: &Actor, id: EndpointId) -> Result<Option<TriesView>> {
    by.require(Permission::WebhooksRead)?;
    let newest = |status: DeliveryStatus| {
        let wanted = Wanted {
            endpoint: Some(id),
            status: Some(status),
            event: None,
        };
        let range = (DeliveryId(0), DeliveryId(i64::MAX));
        let (rows, _) = store::deliveries::list(db, &wanted, range, false, (1, MOST_LOOKED_AT))?;
        Ok::<_, Error>(rows.first().map(|row| row.id))
    };
    let found = newest(DeliveryStatus::Failed)?.max(newest(DeliveryStatus::Dead)?);
    found.map(|id| show_delivery(db, by, id)).transpose()
}

/// The newest deliveries that were given up, each with every attempt at it.
pub fn dead(db: &Snapshot, by: &Actor, most: usize) -> Result<Vec<TriesView>> {
    by.require(Permission::WebhooksRead)?;
    let mut found = Vec::new();
    for endpoint in store::endpoints::all(db)? {
        let wanted = Wanted {
            endpoint: Some(endpoint.id),
            status: Some(DeliveryStatus::Dead),
            event: None,
        };
        let range = (DeliveryId(0), DeliveryId(i64::MAX));
        let (rows, _) = store::deliveries::list(db, &wanted, range, false, (most, most))?;
        found.extend(rows.into_iter().map(|row| row.id));
    }
    found.sort_by_key(|id| std::cmp::Reverse(id.0));
    found.truncate(most);
    found.into_iter().map(|id| show_delivery(db, by, id)).collect()
}

/// Sends a delivery again now, whatever has become of it, and from the first attempt of the schedule on.
///
/// Refused with `NotAllowed` if its endpoint is off, or if its event has been swept.
pub fn retry(tx: &Tx, by: &Actor, id: DeliveryId) -> Result<DeliveryView> {
    by.require(Permission::WebhooksManage)?;
    let delivery = store::deliveries::get(tx, id)?;
    require_enabled(&store::endpoints::get(tx, delivery.endpoint)?)?;
    if delivery.kind.is_none() {
        return Err(Refusal::NotAllowed("The event is too old: it is not kept any more.".into()).into());
    }
    store::deliveries::renew(tx, id, delivery.lane)?;
    let target = (Target::Delivery, Some(id.0));
    audit::note(tx, by, Action::DeliveryRetried, target, None, None)?;
    view(tx, id)
}

/// Sends a test to one endpoint: an event that nobody else is told of.
///
/// Refused with `NotAllowed` if the endpoint is off.
pub fn test(tx: &Tx, by: &Actor, id: EndpointId) -> Result<DeliveryView> {
    by.require(Permission::WebhooksManage)?;
    require_enabled(&standing(tx, id)?)?;
    let data = serde_json::json!({ "endpoint_id": id, "seq": 0, "message": "This is a test." });
    let told = events::emit(tx, EventType::WebhookTest, id.0, 0, &data)?;
    let delivery = DeliveryId::of(told.id, id);
    store::deliveries::insert(tx, delivery, 0)?;
    let target = (Target::Endpoint, Some(id.0));
    audit::note(tx, by, Action::EndpointTested, target, told.for_audit(), None)?;
    view(tx, delivery)
}

/// What is to be sent again.
#[derive(Debug, Clone, Copy)]
pub enum Again {
    /// All events of a time, also what was delivered.
    Between(Moment, Moment),
    /// All since a moment that was not delivered: what is dead, and what an endpoint that was off has missed.
    FailedSince(Moment),
}

/// Asks that events be sent to an endpoint again, in their order; the worker does it in small steps. The events behind the
/// first, and until the second.
///
/// Refused with `NotAllowed` if the endpoint is off.
pub fn replay(tx: &Tx, by: &Actor, id: EndpointId, again: &Again) -> Result<(EventId, EventId)> {
    by.require(Permission::WebhooksManage)?;
    let endpoint = standing(tx, id)?;
    require_enabled(&endpoint)?;
    let zone = store::settings::get(tx)?.zone;
    let before = |moment: &Moment| store::events::last_before(tx, moment.start(&zone));
    let (upto, last, is_whole) = match again {
        Again::Between(from, to) => {
            let last = store::events::last_before(tx, to.end(&zone).plus_ms(1))?;
            (before(from)?, last, true)
        }
        Again::FailedSince(since) => (before(since)?, store::events::newest(tx)?, false),
    };
    // What lies above the mark has never been looked at: it comes anyway.
    let last = last.min(EventId(endpoint.mark));
    if last > upto {
        store::deliveries::ask(tx, id, (upto, last), is_whole)?;
    }
    let content = serde_json::json!({ "after": upto, "until": last, "delivered_too": is_whole });
    note(tx, by, Action::EndpointReplayed, id, Some(&content))?;
    Ok((upto, last))
}

pub(super) fn view(db: &Snapshot, id: DeliveryId) -> Result<DeliveryView> {
    Ok(DeliveryView::new(&store::deliveries::get(db, id)?, &epoch(db)?))
}

/// What sets this shop's messages apart from those of a copy.
pub(super) fn epoch(db: &Snapshot) -> Result<String> {
    store::settings::value(db, "epoch")?.ok_or_else(|| Error::internal("the file has no epoch"))
}
