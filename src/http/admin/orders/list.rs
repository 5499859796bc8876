//! The list of orders: tabs with counts, one search, filters as chips in the address, pages by cursor.

use std::collections::HashMap;

use askama::Template;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::fault::Fault;
use crate::domain::id::CustomerId;
use crate::domain::id::EventId;
use crate::domain::order::Brief;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::order::OrderState;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Page;
use crate::domain::page::Total;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::form::Fields;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link;
use crate::http::admin::link::Chip;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::list::Asked;
use crate::http::order_csv;
use crate::http::order_query;
use crate::http::order_query::Wanted;
use crate::shop::orders;
use crate::shop::orders::Bulk;
use crate::shop::orders::Divided;
use crate::shop::orders::Outcome;

pub const PATH: &str = "/admin/orders";
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

/// A row of the list.
pub struct Row<'a> {
    pub(super) head: &'a OrderHead,
    pub(super) tags: &'a [String],
    pub(super) who: &'a str,
    pub(super) state: Badge,
    pub(super) payment: Badge,
    pub(super) fulfilment: Badge,
}

impl<'a> Row<'a> {
    /// The row of an order.
    pub fn of(order: &'a Order, names: &'a HashMap<CustomerId, String>) -> Self {
        Self::new(&order.head, order.contacts.email.as_ref(), &order.tags, names)
    }

    fn new(
        head: &'a OrderHead,
        email: Option<&'a String>,
        tags: &'a [String],
        names: &'a HashMap<CustomerId, String>,
    ) -> Self {
        let name = head.customer.and_then(|customer| names.get(&customer));
        Self {
            head,
            tags,
            who: name.or(email).map_or("Guest", String::as_str),
            state: badge::order(head.state),
            payment: badge::payment(head.payment, head.state),
            fulfilment: badge::fulfilment(head.fulfilment, head.state),
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
    first: Option<String>,
    next: Option<String>,
    csv: String,
    /// Where the page hears of new orders, and of changed ones.
    live: Option<String>,
    /// What was done to many orders a moment ago.
    outcome: Option<Outcome>,
    /// What was typed into the bar, when something was wrong with it.
    typed: &'a Fields,
    faults: &'a [Fault],
}

/// What the page tells of the shop.
struct Told {
    found: Page<Brief>,
    names: HashMap<CustomerId, String>,
    divided: Option<Divided>,
    newest: EventId,
}

pub async fn list(State(app): State<App>, Staff(frame): Staff, asked_at: Uri) -> Result<Response> {
    let view = View::new(PATH, asked_at.query());
    match told(&app, &frame, &asked_at).await {
        Ok(told) => draw(StatusCode::OK, &frame, &view, &told, &Fields::default(), &[]),
        Err(error) if error.faults().is_empty() => Err(error),
        // What is wrong with a filter is said beside the filters, which stand as they were typed.
        Err(error) => draw(
            StatusCode::BAD_REQUEST,
            &frame,
            &view,
            &Told::nothing(),
            &Fields::default(),
            error.faults(),
        ),
    }
}

/// The list again, with what was wrong with a form on it.
pub async fn again(app: &App, frame: &Frame, view: View, typed: &Fields, error: Error) -> Result<Response> {
    let asked_at = view.here().parse().unwrap_or_default();
    let told = told(app, frame, &asked_at).await?;
    draw(
        StatusCode::BAD_REQUEST,
        frame,
        &view,
        &told,
        typed,
        error.faults(),
    )
}

pub async fn export(
    State(app): State<App>,
    Staff(frame): Staff,
    RawQuery(text): RawQuery,
    asked: Asked<Wanted>,
) -> Result<Response> {
    order_csv::send(app, frame.by, text.unwrap_or_default(), asked).await
}

impl Told {
    fn nothing() -> Self {
        Self {
            found: Page {
                rows: Vec::new(),
                next: None,
                total: None,
                index_behind: None,
            },
            names: HashMap::new(),
            divided: None,
            newest: EventId(0),
        }
    }
}

async fn told(app: &App, frame: &Frame, asked_at: &Uri) -> Result<Told> {
    let asked = Asked::<OnPage<order_query::Page>>::at(asked_at)?;
    let (by, terms) = (frame.by.clone(), frame.settings.terms.currency);
    let shop = (terms, frame.settings.zone.clone());
    app.read(move |db| {
        let OnPage(order_query::Page(wanted, paging)) = asked.read(&shop)?;
        let newest = orders::newest(db, &by)?;
        let divided = orders::by_state(db, &by, &wanted.filter)?;
        let found = orders::briefs(db, &by, wanted.filter, wanted.sort, &paging)?;
        Ok(Told {
            names: orders::buyers(db, &by, found.rows.iter().map(|brief| &brief.head))?,
            divided: Some(divided),
            found,
            newest,
        })
    })
    .await
}

fn draw(
    status: StatusCode,
    frame: &Frame,
    view: &View,
    told: &Told,
    typed: &Fields,
    faults: &[Fault],
) -> Result<Response> {
    let first = view.first();
    let is_newest = ["", OrderSort::Newest.name()].contains(&view.asked("sort"));
    let is_live = first.is_none() && is_newest && status == StatusCode::OK;
    let found = &told.found;
    let shown = ListPage {
        frame,
        tabs: tabs(view, told),
        chips: view.chips(&FILTERS),
        rows: found
            .rows
            .iter()
            .map(|brief| Row::new(&brief.head, brief.email.as_ref(), &brief.tags, &told.names))
            .collect(),
        sorts: [
            ("newest", "Newest first"),
            ("oldest", "Oldest first"),
            ("-total", "Highest total"),
            ("total", "Lowest total"),
        ],
        how_many: how_many(found),
        first,
        next: view.next(found.next),
        csv: csv(view),
        live: is_live.then(|| view.at("/admin/live", &[("since", &told.newest.to_string())])),
        outcome: frame.done.as_ref().and_then(outcome),
        typed,
        faults,
        view,
    };
    page::page(status, &shown)
}

/// The same view as a file. A file is in the order of time: by total it would have to be whole in memory first.
fn csv(view: &View) -> String {
    let sort = match view.asked("sort") {
        "total" | "-total" => "",
        sort => sort,
    };
    view.at("/admin/orders.csv", &[("sort", sort), ("limit", "")])
}

fn outcome(row: &AuditRow) -> Option<Outcome> {
    let content = row
        .content
        .as_deref()
        .filter(|_| row.action == Action::OrdersChanged)?;
    serde_json::from_str(content).ok()
}

/// The tabs with their counts; of the one that is open the list itself tells more exactly how long it is.
fn tabs(view: &View, told: &Told) -> Vec<Tab> {
    let tab = |name: &'static str, words, counted: Option<Total>| {
        let tab = view.tab("status", name, words, None);
        let total = if tab.is_here { told.found.total } else { None };
        Tab {
            count: total.or(counted).and_then(link::length),
            ..tab
        }
    };
    let divided = told.divided.as_ref();
    let of = |state: OrderState| {
        let found = divided?.states.iter().find(|(counted, _)| *counted == state);
        found.map(|(_, total)| *total)
    };
    let states = OrderState::ALL.iter().copied();
    std::iter::once(tab("", "All", divided.map(|divided| divided.all)))
        .chain(states.map(|state| tab(state.name(), badge::order(state).word, of(state))))
        .collect()
}

impl ListPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    /// Whether the filters are shown at once, because something is wrong with one of them.
    fn is_open(&self) -> bool {
        self.typed.0.is_empty() && !self.faults.is_empty()
    }

    fn may_change(&self) -> bool {
        self.frame.may("orders:note") || self.frame.may("orders:update-status")
    }

    /// Whether the row was ticked when the bar was sent.
    fn is_ticked(&self, row: &Row<'_>) -> bool {
        self.typed.has_picked(row.head.id)
    }

    /// Whether nothing narrows the view.
    fn is_whole(&self) -> bool {
        !self.view.is_filtered(&FILTERS) && self.view.asked("status").is_empty()
    }

    /// What is wrong with a field, in the words of people.
    fn said(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.field == field).map(words)
    }

    fn words<'f>(&self, fault: &'f Fault) -> &'f str {
        words(fault)
    }

    /// The field that a fault is about, where the filters have one.
    fn place(&self, field: &str) -> Option<&'static str> {
        let places = [
            ("from", "f-from"),
            ("to", "f-to"),
            ("sku", "f-sku"),
            ("tag", "f-tag"),
            ("min_total", "f-min"),
            ("max_total", "f-max"),
            ("q", "q"),
        ];
        let found = places.into_iter().find(|(name, _)| *name == field);
        found.map(|(_, id)| id).filter(|_| self.typed.0.is_empty())
    }

    /// What to call a fault's place.
    fn label<'f>(&self, field: &'f str) -> &'f str {
        let named = FILTERS
            .iter()
            .chain(&[("id", "Orders"), ("sort", "Sort"), ("status", "Status")]);
        named
            .into_iter()
            .find(|(name, _)| *name == field)
            .map_or(field, |(_, label)| label)
    }

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

/// Programs are told how a value is written; people pick a day, and type an amount.
fn words(fault: &Fault) -> &str {
    match fault.field.as_str() {
        "from" | "to" => "is not a day: choose one in the calendar",
        "min_total" | "max_total" => "is not an amount, such as 12.50",
        _ => &fault.message,
    }
}
