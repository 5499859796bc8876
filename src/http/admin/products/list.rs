//! The list of products: a tab a status, one search, filters as chips in the address, stock and price at a glance, and
//! what was done to many of them.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::fault::Fault;
use crate::domain::id::UserId;
use crate::domain::page::Page;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::product::ProductSort;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
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
use crate::http::admin::products::PATH;
use crate::http::list::Asked;
use crate::http::product_query::Stored;
use crate::shop::catalogue;
use crate::shop::catalogue::Bulk;
use crate::shop::catalogue::Outcome;

/// Tabs count so far; more is told as such.
const MOST_TOLD: i64 = 1000;
/// The filters that show as chips, with their labels.
const FILTERS: [(&str, &str); 6] = [
    ("q", "Search"),
    ("category", "Category"),
    ("in_stock", "In stock"),
    ("seller", "Seller"),
    ("min_price", "Price from"),
    ("max_price", "Price up to"),
];

/// The ways to sort the list, with their labels.
const SORTS: [(&str, &str); 4] = [
    ("newest", "Newest first"),
    ("name", "By name"),
    ("price", "Lowest price"),
    ("-price", "Highest price"),
];

/// A row of the list.
struct Row<'a> {
    product: &'a Product,
    state: Badge,
    seller: &'a str,
    /// What to look at, and in what colour and shape.
    stock: (Option<Badge>, String),
    price: String,
}

#[derive(Template)]
#[template(path = "admin/products/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    view: &'a View,
    tabs: Vec<Tab>,
    chips: Vec<Chip>,
    categories: &'a [String],
    sorts: [(&'static str, &'static str); 4],
    rows: Vec<Row<'a>>,
    how_many: String,
    first: Option<String>,
    next: Option<String>,
    /// What was done to many products a moment ago.
    outcome: Option<Outcome>,
    /// What was typed into the bar, when something was wrong with it.
    typed: &'a Fields,
    faults: &'a [Fault],
}

/// What the page tells of the shop.
struct Told {
    found: Page<Product>,
    counts: Vec<(ProductStatus, i64)>,
    sellers: HashMap<UserId, String>,
    categories: Vec<String>,
}

pub async fn list(State(app): State<App>, Staff(frame): Staff, asked_at: Uri) -> Result<Response> {
    let view = View::new(PATH, asked_at.query());
    let told = told(&app, &frame, &asked_at).await?;
    draw(StatusCode::OK, &frame, &view, &told, &Fields::default(), &[])
}

/// The list again, with what was wrong with the bar on it.
pub async fn again(app: &App, frame: &Frame, view: View, typed: &Fields, error: Error) -> Result<Response> {
    let asked_at = view.here().parse().unwrap_or_default();
    let told = told(app, frame, &asked_at).await?;
    let status = StatusCode::BAD_REQUEST;
    draw(status, frame, &view, &told, typed, error.faults())
}

async fn told(app: &App, frame: &Frame, asked_at: &Uri) -> Result<Told> {
    let asked = Asked::<OnPage<Stored>>::at(asked_at)?;
    let by = frame.by.clone();
    app.read(move |db| {
        by.require(Permission::ProductsRead)?;
        let OnPage(Stored(wanted, sort, paging)) = asked.read(&())?;
        let found = catalogue::list(db, &by, &wanted, sort, &paging)?;
        Ok(Told {
            counts: catalogue::tabs(db, &by, MOST_TOLD)?,
            sellers: catalogue::sellers(db, &by, &found.rows)?,
            categories: catalogue::category_names(db)?,
            found,
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
    let rows = told.found.rows.iter();
    let shown = ListPage {
        frame,
        tabs: tabs(view, &told.counts),
        chips: chips(view, &told.sellers),
        categories: &told.categories,
        sorts: SORTS,
        rows: rows.map(|product| row(frame, product, &told.sellers)).collect(),
        how_many: how_many(&told.found),
        first: view.first(),
        next: view.next(told.found.next),
        outcome: frame.done.as_ref().and_then(outcome),
        typed,
        faults,
        view,
    };
    page::page(status, &shown)
}

fn outcome(row: &AuditRow) -> Option<Outcome> {
    let is_it = row.action == Action::ProductsChanged;
    serde_json::from_str(row.content.as_deref().filter(|_| is_it)?).ok()
}

fn tabs(view: &View, counts: &[(ProductStatus, i64)]) -> Vec<Tab> {
    let tab = |status: ProductStatus| {
        let count = counts.iter().find(|(counted, _)| *counted == status);
        let told = count.map(|(_, count)| link::up_to(*count, MOST_TOLD));
        view.tab("status", status.name(), badge::product(status).word, told)
    };
    // What is for sale and what waits for a decision stand in front.
    let order = [
        ProductStatus::Approved,
        ProductStatus::Pending,
        ProductStatus::Draft,
        ProductStatus::Rejected,
        ProductStatus::Archived,
    ];
    let all = view.tab("status", "", "All", None);
    std::iter::once(all).chain(order.map(tab)).collect()
}

/// The chips, in words instead of the values of the address.
fn chips(view: &View, sellers: &HashMap<UserId, String>) -> Vec<Chip> {
    let mut chips = view.chips(&FILTERS);
    let seller = view.asked("seller").parse().ok().map(UserId);
    let seller = seller.and_then(|seller| sellers.get(&seller));
    for chip in &mut chips {
        match (chip.words.as_str(), seller) {
            ("In stock: true" | "In stock: 1", _) => "In stock".clone_into(&mut chip.words),
            ("In stock: false" | "In stock: 0", _) => "Out of stock".clone_into(&mut chip.words),
            (words, Some(name)) if words.starts_with("Seller: ") => chip.words = format!("Seller: {name}"),
            _ => {}
        }
    }
    chips
}

fn row<'a>(frame: &Frame, product: &'a Product, sellers: &'a HashMap<UserId, String>) -> Row<'a> {
    let mut prices = product.variants.iter().filter_map(|variant| variant.price);
    let first = prices.next();
    let is_one = prices.all(|price| Some(price) == first);
    let price = match product.price_from() {
        None => String::new(),
        Some(price) if is_one => frame.money(price),
        Some(price) => format!("from {}", frame.money(price)),
    };
    let seller = product.seller.and_then(|seller| sellers.get(&seller));
    Row {
        product,
        state: badge::product(product.status),
        seller: seller.map_or("Own", String::as_str),
        stock: stock(&product.variants, frame.settings.terms.low_at),
        price,
    }
}

/// How much there is: what is out or low is named, if it is one of several.
fn stock(variants: &[Variant], low_at: i64) -> (Option<Badge>, String) {
    let badge_of = |variant: &Variant| badge::stock(variant.available, variant.low_at.unwrap_or(low_at));
    let scarce: Vec<&Variant> = variants
        .iter()
        .filter(|variant| badge_of(variant).is_some())
        .collect();
    let worst = scarce.iter().min_by_key(|variant| variant.available);
    let Some(worst) = worst else {
        let all: i64 = variants.iter().map(|variant| variant.available).sum();
        return (None, all.to_string());
    };
    let which = match (&worst.title, variants.len()) {
        (_, 1) => None,
        (Some(title), _) => Some(title.as_str()),
        (None, _) => Some(worst.sku.as_str()),
    };
    let words = match (scarce.len(), worst.available, which) {
        (several, ..) if several > 1 => format!("{several} of {} low", variants.len()),
        (_, 0, None) => "Out".to_owned(),
        (_, 0, Some(which)) => format!("{which} is out"),
        (_, left, None) => format!("{left} left"),
        (_, left, Some(which)) => format!("{left} left in {which}"),
    };
    (badge_of(worst), words)
}

impl ListPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    /// What to call a fault's place.
    fn label<'f>(&self, field: &'f str) -> &'f str {
        match field {
            "id" => "Products",
            "category" => "Category",
            field => field,
        }
    }

    fn may_change(&self) -> bool {
        let rights = ["products:approve", "products:update", "stock:update"];
        rights.iter().any(|right| self.frame.may(right))
    }

    fn is_sorted(&self, sort: &str) -> bool {
        match self.view.asked("sort") {
            "" => sort == ProductSort::Newest.name(),
            asked => asked == sort,
        }
    }

    fn is_asked(&self, name: &str, value: &str) -> bool {
        self.view.asked(name) == value
    }

    /// Whether the category that is asked for is one of those to choose from.
    fn knows_category(&self) -> bool {
        let asked = self.view.asked("category");
        asked.is_empty() || self.categories.iter().any(|category| category == asked)
    }
}

impl Row<'_> {
    fn sub(&self) -> String {
        match self.product.variants.as_slice() {
            [] => String::new(),
            [only] => only.sku.clone(),
            [first, ..] => format!("{} · {} variants", first.sku, self.product.variants.len()),
        }
    }
}
