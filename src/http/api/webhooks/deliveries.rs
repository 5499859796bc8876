//! Deliveries over JSON: what was sent, what came back, and sending it again.

use axum::Json as Reply;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::id::EventId;
use crate::domain::page::Paging;
use crate::domain::webhook::DeliveryStatus;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::webhooks;
use crate::shop::webhooks::DeliveryView;
use crate::shop::webhooks::TriesView;
use crate::shop::webhooks::Wanted;

/// The list has one sort, by id.
const BY_ID: u8 = 0;

/// Which deliveries are asked for.
pub struct DeliveriesPage(Wanted, Paging);

impl Asks for DeliveriesPage {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let wanted = Wanted {
            endpoint: query.number("endpoint_id").map(EndpointId),
            status: query.one_of("status", DeliveryStatus::parse),
            event: query.number("event_id").map(EventId),
        };
        Self(wanted, query.paging(BY_ID))
    }
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<DeliveriesPage>,
) -> Result<Response> {
    let DeliveriesPage(wanted, paging) = asked.read(&())?;
    let page = app
        .read(move |db| webhooks::list_deliveries(db, &by, &wanted, &paging))
        .await?;
    list::reply(&page, Clone::clone)
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<DeliveryId>,
) -> Result<Reply<TriesView>> {
    let delivery = app.read(move |db| webhooks::show_delivery(db, &by, id)).await?;
    Ok(Reply(delivery))
}

pub async fn retry(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<DeliveryId>,
    _: NoBody,
) -> Result<Reply<DeliveryView>> {
    let delivery = app.write(move |tx| webhooks::retry(tx, &by, id)).await?;
    Ok(Reply(delivery))
}
