//! Prices and stock of many products: the page that asks how, shows what it would come to, and only then does it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::ProductId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::permission::Permission;
use crate::domain::product::MOST_STOCK;
use crate::domain::product::StockChange;
use crate::domain::product::Variant;
use crate::domain::repricing::PriceChange;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::frame::Frame;
use crate::http::admin::link::View;
use crate::http::admin::page;
use crate::http::admin::stock::REASONS;
use crate::http::admin::stock::restock;
use crate::http::admin::typed;
use crate::http::admin::words;
use crate::shop::catalogue;
use crate::shop::catalogue::Bulk;
use crate::shop::catalogue::Planned;
use crate::shop::catalogue::Then;

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Price,
    Stock,
}

/// The field that holds the version of a product that was shown.
pub fn seen(id: ProductId) -> String {
    format!("seen-{id}")
}

impl Kind {
    /// What a button of the bar, or of the page, is about.
    pub fn asked(fields: &Fields) -> Option<Self> {
        match fields.text("do").split('-').next() {
            Some("price") => Some(Self::Price),
            Some("stock") => Some(Self::Stock),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Stock => "stock",
        }
    }

    const fn right(self) -> Permission {
        match self {
            Self::Price => Permission::ProductsUpdate,
            Self::Stock => Permission::StockUpdate,
        }
    }

    /// How it may change, with the words for it.
    const fn ways(self) -> [(&'static str, &'static str); 2] {
        match self {
            Self::Price => [("by", "By percent"), ("to", "To one price")],
            Self::Stock => [("by", "Add pieces"), ("to", "Set to so many")],
        }
    }

    /// What is to be done, if it is to be done now: what was typed has been shown, and is the same still.
    pub fn sent(self, fields: &Fields, currency: Currency) -> Result<Option<Bulk>> {
        if fields.text("do") == self.name() {
            return Ok(None);
        }
        let what = self.read(fields, currency)?;
        let is_shown = fields.text("shown") == shown(fields);
        Ok(Some(what).filter(|_| is_shown && fields.text("do").ends_with("-set")))
    }

    /// Well formed, or every fault at once.
    fn read(self, fields: &Fields, currency: Currency) -> Result<Bulk> {
        match self {
            Self::Price => price(fields, currency).map(Bulk::Price),
            Self::Stock => restock(fields, "value", pieces(fields)).map(Bulk::Stock),
        }
    }
}

/// What was typed when it was counted.
fn shown(fields: &Fields) -> String {
    let typed = ["how", "value"].map(|name| fields.text(name).trim());
    typed.join(" ")
}

fn price(fields: &Fields, currency: Currency) -> Result<PriceChange> {
    let change = match (fields.text("how"), fields.text("value").trim()) {
        (_, "") => Err(Bad::missing()),
        ("by", percent) => PriceChange::percent(percent),
        (_, amount) => typed::amount(amount, currency)
            .to_money(currency)
            .and_then(Money::non_negative)
            .map(|money| PriceChange::To(money.minor())),
    };
    change.map_err(|bad| bad.at("value").into())
}

fn pieces(fields: &Fields) -> std::result::Result<StockChange, Bad> {
    let pieces = typed::whole(fields.text("value"))?.ok_or(Bad::missing())?;
    match fields.text("how") {
        "by" if pieces != 0 && pieces.abs() <= MOST_STOCK => Ok(StockChange::By(pieces)),
        "by" => Err(Bad::invalid("must be a number of pieces, such as 12 or −3")),
        _ if (0..=MOST_STOCK).contains(&pieces) => Ok(StockChange::To(pieces)),
        _ => Err(Bad::invalid("must be 0 to 1,000,000,000")),
    }
}

#[derive(Template)]
#[template(path = "admin/products/many.html")]
struct ManyPage<'a> {
    frame: &'a Frame,
    kind: Kind,
    view: &'a View,
    planned: &'a [Planned],
    /// Whether what it would come to is shown.
    is_counted: bool,
    typed: &'a Fields,
    faults: &'a [Fault],
}

/// A variant, as it is and as it would be.
struct Row<'a> {
    variant: &'a Variant,
    now: String,
    then: Option<String>,
}

impl ManyPage<'_> {
    fn is_price(&self) -> bool {
        self.kind == Kind::Price
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        match (field, self.kind) {
            ("value", Kind::Price) => "Percent or price",
            ("value", Kind::Stock) => "Pieces",
            (field, _) => words::label(field),
        }
    }

    fn is_way(&self, way: &str) -> bool {
        match self.typed.text("how") {
            "" => way == "by",
            typed => typed == way,
        }
    }

    fn seen(&self, planned: &Planned) -> String {
        seen(planned.product.id)
    }

    fn shown(&self) -> String {
        shown(self.typed)
    }

    /// How many products would be others.
    fn changed(&self) -> usize {
        let is_other = |planned: &&Planned| {
            let now = planned.product.variants.iter().map(Then::of);
            planned.why.is_none() && !now.eq(planned.then.iter().copied())
        };
        self.planned.iter().filter(is_other).count()
    }

    /// The variants of a product with what they would have.
    fn rows<'p>(&self, planned: &'p Planned) -> Vec<Row<'p>> {
        let then = planned.then.iter().copied().map(Some);
        let then = then.chain(std::iter::repeat(None));
        let variants = planned.product.variants.iter().zip(then);
        let is_other = |variant: &Variant, then: &Then| self.is_counted && *then != Then::of(variant);
        variants
            .map(|(variant, then)| Row {
                variant,
                now: self.told(Then::of(variant)),
                then: then
                    .filter(|then| is_other(variant, then))
                    .map(|then| self.told(then)),
            })
            .collect()
    }

    fn reasons(&self) -> [(&'static str, &'static str); 3] {
        REASONS.map(|(reason, words)| (reason.name(), words))
    }

    fn told(&self, of: Then) -> String {
        match (self.kind, of.price) {
            (Kind::Price, Some(price)) => self.frame.money(price),
            (Kind::Price, None) => "none".to_owned(),
            (Kind::Stock, _) => of.available.to_string(),
        }
    }
}

/// Asks how; where that is said, shows what it would come to.
pub async fn ask(
    app: &App,
    frame: &Frame,
    kind: Kind,
    view: &View,
    typed: &Fields,
    ids: Vec<ProductId>,
    error: Option<Error>,
) -> Result<Response> {
    frame.by.require(kind.right())?;
    let faults = match error {
        Some(error) if error.faults().is_empty() => return Err(error),
        Some(error) => error.faults().to_vec(),
        None => Vec::new(),
    };
    let currency = frame.settings.terms.currency;
    let is_first = typed.text("do") == kind.name();
    let what = match is_first || !faults.is_empty() {
        true => None,
        false => Some(kind.read(typed, currency)?),
    };
    let (by, is_counted) = (frame.by.clone(), what.is_some());
    let planned = app
        .read(move |db| catalogue::plan(db, &by, &ids, what.as_ref()))
        .await?;
    let shown = ManyPage {
        frame,
        kind,
        view,
        planned: &planned,
        is_counted,
        typed,
        faults: &faults,
    };
    let status = match faults.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::BAD_REQUEST,
    };
    page::page(status, &shown)
}
