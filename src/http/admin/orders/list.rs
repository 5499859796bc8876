//! The list of orders: tabs with counts, one search, filters as chips in the address, pages by cursor.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::id::CustomerId;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Page;
use crate::domain::page::Total;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::Chip;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::View;
use crate::http::admin::page;
use crate::http::list::Asked;
use crate::http::order_query;
use crate::shop::orders;

const PATH: &str = "/admin/orders";
/// Tabs count so far; more is told as such.
const MOST_TOLD: i64 = 1000;
/// The filters that show as chips, with their labels.
const FILTERS: [(&str, &str); 10] = [
    ("q", "Search"),
    ("payment_status", "Payment"),
    ("fulfilment_status", "Fulfilment"),
    ("from", "From"),
    ("to", "Until"),
    ("customer_id", "Customer"),
    ("sku", "SKU"),
    ("tag", "Tag"),
    ("min_total", "Total from"),
    ("max_total", "Total up to"),
];

/// A tab: a state, or all.
struct Tab {
    name: &'static str,
    href: String,
    count: Option<String>,
    is_here: bool,
}

/// A row of the list.
pub struct Row<'a> {
    order: &'a Order,
    who: &'a str,
    state: Badge,
    payment: Badge,
    fulfilment: Badge,
}

impl<'a> Row<'a> {
    /// The row of an order.
    pub fn of(order: &'a Order, names: &'a HashMap<CustomerId, String>) -> Self {
        let head = &order.head;
        let name = head.customer.and_then(|customer| names.get(&customer));
        Self {
            order,
            who: name
                .or(order.contacts.email.as_ref())
                .map_or("Guest", String::as_str),
            state: badge::order(head.state),
            payment: badge::payment(head.payment),
            fulfilment: badge::fulfilment(head.fulfilment),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/orders/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    view: &'a View,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    rows: Vec<Row<'a>>,
    sorts: [(&'static str, &'static str); 4],
    how_many: String,
    newer: Option<String>,
    older: Option<String>,
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<order_query::Page>>,
) -> Result<Response> {
    let (by, settings) = (frame.by.clone(), frame.settings.clone());
    let (found, open, names) = app
        .read(move |db| {
            let shop = (settings.terms.currency, settings.zone);
            let OnPage(order_query::Page(wanted, paging)) = asked.read(&shop)?;
            let found = orders::list(db, &by, wanted.filter, wanted.sort, &paging)?;
            let names = orders::buyers(db, &by, &found.rows)?;
            Ok((found, orders::open(db, &by, MOST_TOLD)?, names))
        })
        .await?;
    let view = View::new(PATH, asked_at.query());
    let is_first = view.asked("after").is_empty() && view.asked("page").is_empty();
    let shown = ListPage {
        frame: &frame,
        tabs: tabs(&view, &open),
        chips: view.chips(&FILTERS),
        rows: found.rows.iter().map(|order| Row::of(order, &names)).collect(),
        sorts: [
            ("newest", "Newest first"),
            ("oldest", "Oldest first"),
            ("-total", "Highest total"),
            ("total", "Lowest total"),
        ],
        how_many: how_many(&found),
        newer: (!is_first).then(|| view.with(&[])),
        older: found.next.map(|next| view.with(&[("after", &next.encode())])),
        view: &view,
    };
    page::page(StatusCode::OK, &shown)
}

fn tabs(view: &View, open: &[(OrderState, i64)]) -> Vec<Tab> {
    let here = view.asked("status");
    let all = Tab {
        name: "All",
        href: view.with(&[("status", "")]),
        count: None,
        is_here: here.is_empty(),
    };
    let of_states = OrderState::ALL.iter().map(|state| Tab {
        name: badge::order(*state).word,
        href: view.with(&[("status", state.name())]),
        count: open
            .iter()
            .find(|(counted, _)| counted == state)
            .map(|(_, count)| told(*count)),
        is_here: here == state.name(),
    });
    std::iter::once(all).chain(of_states).collect()
}

fn told(count: i64) -> String {
    match count >= MOST_TOLD {
        true => format!("{MOST_TOLD}+"),
        false => count.to_string(),
    }
}

fn how_many(found: &Page<Order>) -> String {
    let shown = found.rows.len();
    match found.total {
        Some(Total::Exactly(total)) => format!("{shown} of {total}"),
        Some(Total::AtLeast(total)) => format!("{shown} of more than {total}"),
        None => format!("{shown} here"),
    }
}

impl ListPage<'_> {
    fn is_sorted(&self, sort: &str) -> bool {
        match self.view.asked("sort") {
            "" => sort == OrderSort::Newest.name(),
            asked => asked == sort,
        }
    }

    fn is_asked(&self, name: &str, value: &str) -> bool {
        self.view.asked(name) == value
    }
}
