//! Payouts that were made: all of them, and one with what each seller gets and its file for the bank.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::commission::Payout;
use crate::domain::commission::SellersPart;
use crate::domain::id::PayoutId;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::time::MINUTE;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::commissions::PAYOUTS;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::payout::file;
use crate::shop::commissions;

#[derive(Template)]
#[template(path = "admin/commissions/payouts.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    found: &'a Page<Payout>,
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl ListPage<'_> {
    fn state(&self, payout: &Payout) -> Badge {
        badge::payout(payout.is_done)
    }
}

pub async fn payouts(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<Paging>>,
) -> Result<Response> {
    let OnPage(paging) = asked.read(&())?;
    let by = frame.by.clone();
    let found = app.read(move |db| commissions::payouts(db, &by, &paging)).await?;
    let view = View::new(PAYOUTS, asked_at.query());
    let shown = ListPage {
        frame: &frame,
        how_many: how_many(&found),
        first: view.first(),
        next: view.next(found.next),
        found: &found,
    };
    page::page(StatusCode::OK, &shown)
}

#[derive(Template)]
#[template(path = "admin/commissions/payout.html")]
struct ShowPage<'a> {
    frame: &'a Frame,
    payout: &'a Payout,
    sellers: &'a [SellersPart],
}

impl ShowPage<'_> {
    fn state(&self) -> Badge {
        badge::payout(self.payout.is_done)
    }

    /// Whether whoever looks has made it a moment ago.
    fn is_news(&self) -> bool {
        let is_own = self.payout.created_by.is_some() && self.payout.created_by == self.frame.by.user;
        let ended = self.payout.ended_at;
        is_own && ended.is_some_and(|ended| self.frame.now.ms() - ended.ms() < MINUTE)
    }
}

pub async fn payout(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<PayoutId>,
) -> Result<Response> {
    let by = frame.by.clone();
    let (payout, sellers) = app.read(move |db| commissions::show_payout(db, &by, id)).await?;
    let shown = ShowPage {
        frame: &frame,
        payout: &payout,
        sellers: &sellers,
    };
    page::page(StatusCode::OK, &shown)
}

pub async fn payout_csv(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<PayoutId>,
) -> Result<Response> {
    let by = frame.by.clone();
    let (payout, sellers) = app.write(move |tx| commissions::begin_csv(tx, &by, id)).await?;
    Ok(file(&payout, &sellers, frame.settings.terms.currency))
}
