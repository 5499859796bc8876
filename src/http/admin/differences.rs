//! Where the books of payments differ from the orders and the providers' own lists: told, and settled by people.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::page::Page;
use crate::domain::reconciliation::DifferenceState;
use crate::domain::reconciliation::Seen;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::difference_query::DifferencesPage;
use crate::http::list::Asked;
use crate::shop::payments;

const PATH: &str = "/admin/payments/differences";

#[derive(Template)]
#[template(path = "admin/payments/differences.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    tabs: Vec<Tab>,
    found: &'a Page<Seen>,
    last: Option<(Timestamp, bool)>,
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl ListPage<'_> {
    fn ours(&self, seen: &Seen) -> String {
        words::money(seen.difference.ours, seen.difference.currency)
    }

    fn theirs(&self, seen: &Seen) -> String {
        words::money(seen.difference.theirs, seen.difference.currency)
    }
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<DifferencesPage>>,
) -> Result<Response> {
    let OnPage(DifferencesPage(state, paging)) = asked.read(&())?;
    let by = frame.by.clone();
    let (found, last) = app
        .read(move |db| {
            let found = payments::differences(db, &by, state, &paging)?;
            Ok((found, payments::last_reconciliation(db, &by)?))
        })
        .await?;
    let view = View::new(PATH, asked_at.query());
    let shown = ListPage {
        frame: &frame,
        tabs: vec![
            view.tab("status", "", "All", None),
            view.tab("status", DifferenceState::Open.name(), "Open", None),
            view.tab("status", DifferenceState::Gone.name(), "Gone", None),
        ],
        last,
        how_many: how_many(&found),
        first: view.first(),
        next: view.next(found.next),
        found: &found,
    };
    page::page(StatusCode::OK, &shown)
}
