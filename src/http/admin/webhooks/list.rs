//! The endpoints with their health.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::webhook::EndpointState;
use crate::domain::webhook::Tally;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::webhooks;
use crate::shop::Snapshot;
use crate::shop::webhooks as verbs;
use crate::shop::webhooks::EndpointView;
use crate::shop::webhooks::TriesView;

/// An endpoint with the last that it did not take.
struct Row {
    endpoint: EndpointView,
    failed: Option<TriesView>,
}

/// A delivery that was given up, and how its order is called.
struct Lost {
    tries: TriesView,
    number: Option<String>,
}

/// So many of what was given up stand under the endpoints.
const MOST_LOST: usize = 10;

#[derive(Template)]
#[template(path = "admin/webhooks/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    rows: &'a [Row],
    lost: &'a [Lost],
}

impl ListPage<'_> {
    fn name<'r>(&self, row: &'r Row) -> &'r str {
        webhooks::name(&row.endpoint)
    }

    fn health(&self, row: &Row) -> Badge {
        badge::endpoint(webhooks::health(&row.endpoint))
    }

    fn sub(&self, row: &Row) -> Option<String> {
        webhooks::sub(self.frame, &row.endpoint)
    }

    /// A bar for each hour: its class.
    fn bars(&self, row: &Row) -> Vec<&'static str> {
        let class = |tally: &Tally| match (tally.delivered, tally.failed) {
            (0, 0) => "",
            (_, 0) => "ok",
            (0, _) => "bad",
            (_, _) => "some",
        };
        row.endpoint.hours.iter().map(class).collect()
    }

    /// What the bars come to.
    fn day(&self, row: &Row) -> String {
        let Tally { delivered, failed } = row.endpoint.last_24_hours;
        match (delivered, failed) {
            (0, 0) => "nothing sent".to_owned(),
            (_, 0) => format!("{delivered} delivered"),
            (_, 1) => format!("{delivered} delivered, 1 try failed"),
            _ => format!("{delivered} delivered, {failed} tries failed"),
        }
    }

    /// What people call the endpoint that did not take it.
    fn of<'r>(&'r self, lost: &Lost) -> &'r str {
        self.row_of(lost).map_or("", |row| self.name(row))
    }

    fn row_of(&self, lost: &Lost) -> Option<&Row> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.endpoint.id == lost.tries.delivery.endpoint_id)
    }

    fn kind(&self, lost: &Lost) -> &'static str {
        lost.tries.delivery.kind.map_or("swept", |kind| kind.name())
    }

    /// What came back at last.
    fn answer(&self, lost: &Lost) -> String {
        let last = lost.tries.tries.last();
        last.map_or_else(|| "Never sent".to_owned(), webhooks::answer)
    }

    fn may(&self, lost: &Lost) -> bool {
        let is_on = self
            .row_of(lost)
            .is_some_and(|row| row.endpoint.state != EndpointState::Off);
        is_on && lost.tries.delivery.kind.is_some() && self.frame.may("webhooks:manage")
    }

    /// What came back from it when it last failed, and when.
    fn failure(&self, row: &Row) -> Option<(String, String)> {
        let tried = row.failed.as_ref()?.tries.last()?;
        Some((webhooks::answer(tried), self.frame.when(&tried.at)))
    }
}

pub async fn list(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    let (by, now) = (frame.by.clone(), frame.now);
    let (rows, lost) = app
        .read(move |db| {
            let all = verbs::list(db, &by, now)?.into_iter();
            let rows = all
                .map(|endpoint| {
                    let failed = verbs::last_failure(db, &by, endpoint.id)?;
                    Ok(Row { endpoint, failed })
                })
                .collect::<Result<Vec<_>>>()?;
            Ok((rows, lost(db, &by)?))
        })
        .await?;
    let shown = ListPage {
        frame: &frame,
        rows: &rows,
        lost: &lost,
    };
    page::page(StatusCode::OK, &shown)
}

fn lost(db: &Snapshot, by: &Actor) -> Result<Vec<Lost>> {
    let dead = verbs::dead(db, by, MOST_LOST)?;
    let mut lost = Vec::with_capacity(dead.len());
    for tries in dead {
        let numbers = verbs::numbers(db, by, std::slice::from_ref(&tries.delivery))?;
        lost.push(Lost {
            number: numbers.into_values().next(),
            tries,
        });
    }
    Ok(lost)
}
