//! Rows of the list as orders come in and change: drawn here as the list draws them, through the filters of its view.

use std::collections::HashMap;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use crate::app::App;
use crate::domain::id::CustomerId;
use crate::domain::id::EventId;
use crate::domain::order_filter::OrderFilter;
use crate::domain::page::Limit;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::orders::list::Row;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::http::live;
use crate::http::live::Listening;
use crate::http::live::Message;
use crate::http::live::News;
use crate::http::order_query::Page;
use crate::shop::orders;
use crate::shop::orders::Fresh;
use crate::shop::sessions;

/// Looks come so far apart at least, however many COMMITs there are.
const PAUSE: Duration = Duration::from_millis(100);
/// So many rows that have left the view are named; with more, the page is read anew.
const MOST_NAMED: usize = 500;

/// A view that is being looked at: the newest orders that fit its filters.
struct Watched {
    page: Page,
    since: EventId,
}

impl Asks for Watched {
    type By = <Page as Asks>::By;

    fn read(query: &mut ListQuery, by: &Self::By) -> Self {
        let since = EventId(query.within("since", 0, i64::MAX).unwrap_or(0));
        Self {
            page: Page::read(query, by),
            since,
        }
    }
}

pub async fn live(
    State(app): State<App>,
    Staff(frame): Staff,
    headers: HeaderMap,
    uri: axum::http::Uri,
) -> Result<Response> {
    frame.by.require(Permission::OrdersRead)?;
    let shop = (frame.settings.terms.currency, frame.settings.zone.clone());
    let Watched {
        page: Page(wanted, paging),
        since,
    } = Asked::at(&uri)?.read(&shop)?;
    let after = live::seen(&headers)?.unwrap_or(since);
    let at = app.clone();
    let listening = Listening {
        wakes: app.commits(),
        pause: PAUSE,
        place: app.place(&frame.by)?,
        app,
    };
    Ok(live::stream(listening, after, move |after| {
        look(
            at.clone(),
            frame.clone(),
            wanted.filter.clone(),
            paging.limit,
            after,
        )
    }))
}

/// Looks as whoever the session stands for now, if it still stands.
async fn look(app: App, frame: Frame, filter: OrderFilter, limit: Limit, after: EventId) -> Result<News> {
    let (by, now) = (frame.by.clone(), app.clock().now());
    let (fresh, names) = app
        .read(move |db| {
            let by = sessions::renewed(db, &by, now)?;
            let fresh = orders::fresh(db, &by, &filter, limit, after)?;
            let names = orders::buyers(db, &by, fresh.shown.iter().map(|(order, _)| &order.head))?;
            Ok((fresh, names))
        })
        .await?;
    let frame = Frame { now, ..frame };
    let messages = messages(&frame, &fresh, &names)?.into_iter();
    let message = |(kind, data): (_, String)| Message {
        id: fresh.upto,
        kind,
        data: data.into(),
    };
    Ok(News {
        messages: messages.map(message).collect(),
        upto: fresh.upto,
        is_end: fresh.is_end,
    })
}

fn messages(
    frame: &Frame,
    fresh: &Fresh,
    names: &HashMap<CustomerId, String>,
) -> Result<Vec<(&'static str, String)>> {
    if fresh.gone.len() > MOST_NAMED {
        return Ok(vec![("again", "{}".to_owned())]);
    }
    let gone = fresh.gone.iter();
    let mut messages: Vec<_> = gone
        .map(|id| ("gone", json!({ "id": format!("o-{id}") }).to_string()))
        .collect();
    for (order, below) in &fresh.shown {
        let row = Row::of(order, names);
        let html = RowPage { frame, row: &row }.render();
        let html = html.map_err(|cause| Error::Internal(cause.into()))?;
        let below = below.map(|id| format!("o-{id}"));
        let id = format!("o-{}", order.head.id);
        messages.push((
            "row",
            json!({ "id": id, "html": html, "below": below }).to_string(),
        ));
    }
    Ok(messages)
}

/// One row of the list.
#[derive(Template)]
#[template(path = "admin/orders/live.html")]
struct RowPage<'a> {
    frame: &'a Frame,
    row: &'a Row<'a>,
}

impl RowPage<'_> {
    /// The page knows whether the row is ticked.
    fn is_ticked(&self, _: &Row<'_>) -> bool {
        false
    }
}
