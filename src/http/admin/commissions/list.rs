//! The list of commissions: a tab a state, what they come to on top, and the same view as a file.

use askama::Template;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::commission::Commission;
use crate::domain::commission::CommissionState;
use crate::domain::commission::Sums;
use crate::domain::id::UserId;
use crate::domain::money::Currency;
use crate::domain::page::Limit;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::commissions::PATH;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::Chip;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::commission_query::CommissionsPage;
use crate::http::csv;
use crate::http::csv::File;
use crate::http::list::Asked;
use crate::shop::Snapshot;
use crate::shop::commissions;
use crate::shop::commissions::Names;

#[derive(Template)]
#[template(path = "admin/commissions/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    sums: Sums,
    found: &'a Page<Commission>,
    names: &'a Names,
    csv: String,
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl ListPage<'_> {
    fn state(&self, row: &Commission) -> Badge {
        badge::commission(row.state)
    }

    fn seller(&self, row: &Commission) -> &str {
        self.names.sellers.get(&row.seller).map_or("", String::as_str)
    }

    fn number(&self, row: &Commission) -> &str {
        self.names.numbers.get(&row.order).map_or("", String::as_str)
    }

    /// How much more than nothing waits to be paid out.
    fn is_due(&self) -> bool {
        self.sums.approved.minor() > 0
    }
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<CommissionsPage>>,
) -> Result<Response> {
    frame.by.require(Permission::CommissionsRead)?;
    let OnPage(CommissionsPage(filter, paging)) = asked.read(&())?;
    let (by, now) = (frame.by.clone(), frame.now);
    let (found, names, sums) = app
        .read(move |db| {
            let found = commissions::list(db, &by, &filter, &paging)?;
            let names = commissions::names(db, &by, &found.rows, None)?;
            Ok((found, names, commissions::summary(db, &by, filter.seller, now)?))
        })
        .await?;
    let view = View::new(PATH, asked_at.query());
    let states = CommissionState::ALL.iter();
    let states = states.map(|state| (state.name(), badge::commission(*state).word));
    let shown = ListPage {
        frame: &frame,
        tabs: view.tabs("status", states),
        chips: chips(&view, &names),
        sums,
        csv: view.at("/admin/commissions.csv", &[("limit", "")]),
        how_many: how_many(&found),
        first: view.first(),
        next: view.next(found.next),
        found: &found,
        names: &names,
    };
    page::page(StatusCode::OK, &shown)
}

/// The chips, with names instead of numbers where they are known.
fn chips(view: &View, names: &Names) -> Vec<Chip> {
    let mut chips = view.chips(&[
        ("seller_id", "Seller"),
        ("order_id", "Order"),
        ("payout_id", "Payout"),
    ]);
    let seller = view.asked("seller_id").parse().ok().map(UserId);
    let seller = seller.and_then(|seller| names.sellers.get(&seller));
    for chip in &mut chips {
        match seller {
            Some(name) if chip.words.starts_with("Seller: ") => chip.words = format!("Seller: {name}"),
            _ => {}
        }
    }
    chips
}

const HEADINGS: &str = "id,seller_id,order_id,item_id,rate,amount,currency,status,reverses,payout_id,created_at,approved_at,ended_at\r\n";

pub async fn export(
    State(app): State<App>,
    Staff(frame): Staff,
    RawQuery(text): RawQuery,
    asked: Asked<CommissionsPage>,
) -> Result<Response> {
    frame.by.require(Permission::CommissionsRead)?;
    let CommissionsPage(filter, _) = asked.read(&())?;
    let (by, currency) = (frame.by.clone(), frame.settings.terms.currency);
    let (noted, text) = (by.clone(), text.unwrap_or_default());
    app.write(move |tx| commissions::begin_export(tx, &noted, &text))
        .await?;
    let file = File {
        name: "commissions.csv".to_owned(),
        headings: HEADINGS,
        first: Paging::first(Limit::MAX, 0),
        read: move |db: &Snapshot, paging: &Paging| commissions::export_page(db, &by, &filter, paging),
        write: move |text: &mut String, row: &Commission| write_row(text, row, currency),
    };
    Ok(csv::send(app, file))
}

fn write_row(text: &mut String, row: &Commission, currency: Currency) {
    fn cell(value: Option<impl ToString>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    *text += &format!(
        "{},{},{},{},{},{},{currency},{},{},{},{},{},{}\r\n",
        row.id,
        row.seller,
        row.order,
        row.line,
        row.rate,
        row.amount.write(currency),
        row.state.name(),
        cell(row.reverses),
        cell(row.payout),
        row.at,
        cell(row.approved_at),
        cell(row.ended_at),
    );
}
