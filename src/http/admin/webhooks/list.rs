//! The endpoints with their health.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::webhooks;
use crate::shop::webhooks as verbs;
use crate::shop::webhooks::EndpointView;
use crate::shop::webhooks::TriesView;

/// An endpoint with the last that it did not take.
struct Row {
    endpoint: EndpointView,
    failed: Option<TriesView>,
}

#[derive(Template)]
#[template(path = "admin/webhooks/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    rows: &'a [Row],
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

    /// What came back from it when it last failed, and when.
    fn failure(&self, row: &Row) -> Option<(String, String)> {
        let tried = row.failed.as_ref()?.tries.last()?;
        Some((webhooks::answer(tried), self.frame.when(&tried.at)))
    }
}

pub async fn list(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    let (by, now) = (frame.by.clone(), frame.now);
    let rows = app
        .read(move |db| {
            let all = verbs::list(db, &by, now)?.into_iter();
            all.map(|endpoint| {
                let failed = verbs::last_failure(db, &by, endpoint.id)?;
                Ok(Row { endpoint, failed })
            })
            .collect::<Result<Vec<_>>>()
        })
        .await?;
    let shown = ListPage {
        frame: &frame,
        rows: &rows,
    };
    page::page(StatusCode::OK, &shown)
}
