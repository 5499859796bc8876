//! What has happened to an order, in one line of time: what was done, what was written to whom, and which programs were told.

use std::cmp::Reverse;

use crate::domain::mail::Mail;
use crate::domain::time::Timestamp;
use crate::domain::webhook::DeliveryStatus;
use crate::http::admin::orders::show::Told;
use crate::shop::orders::Entry;
use crate::shop::webhooks::ToldOf;

/// What stands at one moment.
pub enum Item<'a> {
    /// Something was done.
    Entry(&'a Entry),
    /// Something was written.
    Mail(&'a Mail),
    /// All endpoints that were told of one event.
    Told(&'a [ToldOf]),
}

/// Everything, newest first. What follows from a deed of the same moment stands above it.
pub fn items(told: &Told) -> Vec<(Timestamp, Item<'_>)> {
    let events = told
        .webhooks
        .chunk_by(|one, next| one.delivery.event_id == next.delivery.event_id);
    let events = events.filter_map(|all| Some((all.first()?.delivery.created_at?, Item::Told(all))));
    let mails = told.mails.iter().map(|mail| (mail.created_at, Item::Mail(mail)));
    let entries = told.history.iter().map(|entry| (entry.at, Item::Entry(entry)));
    let mut items: Vec<(Timestamp, Item)> = events.chain(mails).chain(entries).collect();
    items.sort_by_key(|(at, _)| Reverse(*at));
    items
}

/// The colour of what endpoints were told: that of the one that is worst off.
pub fn tint(all: &[ToldOf]) -> &'static str {
    let has = |status| all.iter().any(|told| told.delivery.status == status);
    match (has(DeliveryStatus::Dead), has(DeliveryStatus::Failed)) {
        (true, _) => "red",
        (_, true) => "amber",
        _ => "",
    }
}
