//! The list of wallets: those in which something has moved, and by a search those of all users.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::money::Money;
use crate::domain::page::Paging;
use crate::error::Result;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::Chip;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::admin::wallets::PATH;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::wallets;
use crate::shop::wallets::Owned;
use crate::shop::wallets::Which;

/// What the list is asked for.
pub struct Wallets(Which, Paging);

impl Asks for Wallets {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let which = Which {
            typed: query.text("q"),
            is_held: query.flag("held").unwrap_or(false),
        };
        Self(which, query.paging(0))
    }
}

#[derive(Template)]
#[template(path = "admin/wallets/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    view: &'a View,
    tabs: [Tab; 2],
    chips: Vec<Chip>,
    rows: &'a [Owned],
    owed: Money,
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl ListPage<'_> {
    fn is_searched(&self) -> bool {
        !self.view.asked("q").is_empty()
    }
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<Wallets>>,
) -> Result<Response> {
    let OnPage(Wallets(which, paging)) = asked.read(&())?;
    let by = frame.by.clone();
    let (found, owed) = app
        .read(move |db| {
            let found = wallets::list(db, &by, &which, &paging)?;
            Ok((found, wallets::owed(db, &by)?))
        })
        .await?;
    let view = View::new(PATH, asked_at.query());
    // A search looks among all users: the tabs begin anew.
    let tab = |value, words| Tab {
        href: View::new(PATH, None).with(&[("held", value)]),
        ..view.tab("held", value, words, None)
    };
    let shown = ListPage {
        frame: &frame,
        tabs: [tab("", "All"), tab("1", "Held for orders")],
        chips: view.chips(&[("q", "Search")]),
        rows: &found.rows,
        owed,
        how_many: how_many(&found),
        first: view.first(),
        next: view.next(found.next),
        view: &view,
    };
    page::page(StatusCode::OK, &shown)
}
