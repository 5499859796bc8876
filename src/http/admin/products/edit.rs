//! The page of one product: its words, its variants with price and stock, and where it stands. A new one has the same.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Fault;
use crate::domain::id::ProductId;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::products::draft::Draft;
use crate::http::admin::products::draft::Row;
use crate::http::admin::products::path;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::shop::catalogue;
use crate::shop::catalogue::Verdict;

/// What the page of a product tells.
pub struct Told {
    /// The product.
    pub product: Product,
    /// Who sells it, if it is not the shop.
    pub seller: Option<String>,
    /// The categories that there are, to choose from.
    pub categories: Vec<String>,
}

/// Reads what the page tells.
pub async fn told(app: &App, frame: &Frame, id: ProductId) -> Result<Told> {
    let by = frame.by.clone();
    app.read(move |db| {
        by.require(Permission::ProductsRead)?;
        let product = catalogue::show(db, &by, id)?;
        let sellers = catalogue::sellers(db, &by, std::slice::from_ref(&product))?;
        Ok(Told {
            seller: product.seller.and_then(|seller| sellers.get(&seller).cloned()),
            product,
            categories: catalogue::category_names(db)?,
        })
    })
    .await
}

/// One field of a row.
struct Cell<'a> {
    id: String,
    head: &'static str,
    label: String,
    class: &'static str,
    mode: &'static str,
    value: &'a str,
    fault: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "admin/products/edit.html")]
pub struct EditPage<'a> {
    /// The frame.
    pub frame: &'a Frame,
    /// The product, once there is one.
    pub told: Option<&'a Told>,
    /// The categories that there are.
    pub categories: &'a [String],
    /// What stands in the form.
    pub draft: &'a Draft,
    /// What was wrong.
    pub faults: &'a [Fault],
}

impl<'a> EditPage<'a> {
    /// The form of a product that is there.
    pub fn of(frame: &'a Frame, told: &'a Told, draft: &'a Draft, faults: &'a [Fault]) -> Self {
        Self {
            frame,
            told: Some(told),
            categories: &told.categories,
            draft,
            faults,
        }
    }

    fn action(&self) -> String {
        self.told
            .map_or_else(|| path_of_new().to_owned(), |told| path(told.product.id))
    }

    fn may_save(&self) -> bool {
        match self.told {
            Some(_) => self.frame.may("products:update"),
            None => self.frame.may("products:create"),
        }
    }

    fn state(&self, product: &Product) -> Badge {
        badge::product(product.status)
    }

    fn word(&self, status: &ProductStatus) -> &'static str {
        badge::product(*status).word
    }

    fn states(&self, product: &Product) -> Vec<ProductStatus> {
        Draft::states(product)
    }

    fn may_decide(&self, product: &Product, verdict: Verdict) -> bool {
        self.frame.may("products:approve") && verdict.fits(product)
    }

    fn may_approve(&self, product: &Product) -> bool {
        self.may_decide(product, Verdict::Approve)
    }

    fn may_reject(&self, product: &Product) -> bool {
        self.may_decide(product, Verdict::Reject)
    }

    /// Whether a decision is the next thing to do.
    fn awaits(&self, product: &Product) -> bool {
        product.status == ProductStatus::Pending && self.frame.may("products:approve")
    }

    /// Whether saving is.
    fn is_save_first(&self) -> bool {
        self.told.is_none_or(|told| !self.awaits(&told.product))
    }

    fn has_more(&self, product: &Product) -> bool {
        let may_reject = self.may_reject(product) && !self.awaits(product);
        may_reject || self.frame.may("products:delete")
    }

    fn stock(&self, product: &Product) -> i64 {
        product.variants.iter().map(|variant| variant.available).sum()
    }

    fn fault(&self, field: &str) -> Option<&'a str> {
        page::fault_of(self.faults, field)
    }

    /// What the summary calls a field.
    fn label(&self, field: &str) -> String {
        label(field, &self.draft.rows)
    }

    /// The row's variant as it is in the shop, if it is there.
    fn variant(&self, row: &Row) -> Option<&'a Variant> {
        let mut variants = self.told?.product.variants.iter();
        variants.find(|variant| Some(variant.id.0) == row.id)
    }

    fn level(&self, variant: &Variant) -> Option<Badge> {
        let low_at = variant.low_at.unwrap_or(self.frame.settings.terms.low_at);
        badge::stock(variant.available, low_at)
    }

    fn cells<'r>(&self, row: &'r Row) -> Vec<Cell<'r>>
    where
        'a: 'r,
    {
        let cell = |name: &str, head, class, mode, value: &'r str| {
            let id = row.field(name);
            Cell {
                fault: self.fault(&id),
                label: format!("{head}, {}", name_of(row)),
                id,
                head,
                class,
                mode,
                value,
            }
        };
        let mut cells = vec![
            cell("title", "Variant", "", "text", &row.title),
            cell("sku", "SKU", "sku", "text", &row.sku),
            cell("price", "Price", "num w-xs", "decimal", &row.price),
        ];
        match self.told {
            Some(_) => cells.push(cell("low_at", "Low at", "num w-xs", "numeric", &row.low_at)),
            None => cells.push(cell("quantity", "Pieces", "num w-xs", "numeric", &row.quantity)),
        }
        cells.push(cell("weight_g", "Grams", "num w-xs", "numeric", &row.weight_g));
        cells
    }

    fn sign(&self) -> String {
        crate::http::admin::words::sign(self.frame.settings.terms.currency)
    }
}

/// What to call a row.
fn name_of(row: &Row) -> std::borrow::Cow<'_, str> {
    match (row.sku.trim(), row.title.trim()) {
        ("", "") => format!("row {}", row.at + 1).into(),
        ("", title) => title.into(),
        (sku, _) => sku.into(),
    }
}

fn label(field: &str, rows: &[Row]) -> String {
    let of_row = rows.iter().find_map(|row| {
        let name = field.strip_prefix(row.field("").as_str())?;
        Some(format!("{}, {}", words::label(name), name_of(row)))
    });
    of_row.unwrap_or_else(|| words::label(field).to_owned())
}

fn path_of_new() -> &'static str {
    "/admin/products/new"
}

/// The page of a product that is not there yet.
pub async fn blank(
    app: &App,
    frame: &Frame,
    draft: &Draft,
    faults: &[Fault],
    status: StatusCode,
) -> Result<Response> {
    let categories = app.read(catalogue::category_names).await?;
    let shown = EditPage {
        frame,
        told: None,
        categories: &categories,
        draft,
        faults,
    };
    page::page(status, &shown)
}

pub async fn new(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    frame.by.require(Permission::ProductsCreate)?;
    blank(&app, &frame, &Draft::empty(), &[], StatusCode::OK).await
}

pub async fn show(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<ProductId>,
) -> Result<Response> {
    let told = told(&app, &frame, id).await?;
    let draft = Draft::of(&told.product, frame.settings.terms.currency);
    page::page(StatusCode::OK, &EditPage::of(&frame, &told, &draft, &[]))
}
