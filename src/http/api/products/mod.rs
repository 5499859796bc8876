//! The catalogue over JSON: making products.

mod change;
mod list;

pub use change::MOST_REASON;
pub use change::UpdateProduct;
pub use change::UpdateVariant;
pub use change::approve;
pub use change::destroy;
pub use change::reject;
pub use change::update;
pub use list::CategoryView;
pub use list::Stored;
pub use list::categories;
pub use list::list;
pub use list::list_others;
pub use list::list_public;
pub use list::show;
pub use list::show_by_sku;
pub use list::show_public;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::product::MOST_STOCK;
use crate::domain::product::NewProduct;
use crate::domain::product::NewVariant;
use crate::domain::text;
use crate::domain::text::Sku;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::once;
use crate::http::version;
use crate::http::version::IfNoneMatch;
use crate::shop::catalogue;
use crate::shop::catalogue::ProductView;
use crate::shop::settings;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProduct {
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    pub price: Option<RawAmount>,
    #[schema(min_length = 1, max_length = 100)]
    pub category: Option<String>,
    #[schema(max_length = 20000)]
    pub description: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub quantity: Option<i64>,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    pub sku: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub weight_g: Option<i64>,
    #[schema(min_items = 1, max_items = 100)]
    pub variants: Option<Vec<CreateVariant>>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    pub client_token: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateVariant {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    pub sku: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    pub title: Option<String>,
    pub price: Option<RawAmount>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub quantity: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub weight_g: Option<i64>,
}

impl CreateProduct {
    /// Well formed, or every fault at once.
    pub fn parse(self, currency: Currency) -> Result<NewProduct> {
        let mut faults = Vec::new();
        let name = self
            .name
            .and_then(|name| keep(text::line(&name, 1, 255), "name", &mut faults));
        let category = self
            .category
            .and_then(|category| keep(text::line(&category, 1, 100), "category", &mut faults));
        let description = self
            .description
            .and_then(|words| keep(text::paragraph(&words, 20_000), "description", &mut faults));
        let is_said_twice =
            self.sku.is_some() || self.price.is_some() || self.quantity.is_some() || self.weight_g.is_some();
        if self.variants.is_some() && is_said_twice {
            faults.push(Bad::invalid("stand beside price, sku, quantity or weight_g").at("variants"));
        }
        let only = CreateVariant {
            sku: self.sku,
            title: None,
            price: self.price,
            quantity: self.quantity,
            weight_g: self.weight_g,
        };
        let variants = match self.variants {
            None => vec![only.parse("", currency, &mut faults)],
            Some(variants) => variants
                .into_iter()
                .enumerate()
                .map(|(at, variant)| variant.parse(&format!("variants[{at}]."), currency, &mut faults))
                .collect(),
        };
        if !(1..=100).contains(&variants.len()) {
            faults.push(Bad::invalid("A product has 1 to 100 variants.").at("variants"));
        }
        match faults.is_empty() {
            true => Ok(NewProduct {
                name,
                category,
                description,
                variants,
            }),
            false => Err(faults.into()),
        }
    }
}

impl CreateVariant {
    fn parse(self, at: &str, currency: Currency, faults: &mut Vec<Fault>) -> NewVariant {
        let quantity = self.quantity.unwrap_or(1);
        if !(0..=MOST_STOCK).contains(&quantity) {
            faults.push(Bad::invalid("0 to 1,000,000,000 pieces.").at(format!("{at}quantity")));
        }
        if self
            .weight_g
            .is_some_and(|grams| !(0..=MOST_STOCK).contains(&grams))
        {
            faults.push(Bad::invalid("0 to 1,000,000,000 grams.").at(format!("{at}weight_g")));
        }
        NewVariant {
            sku: self
                .sku
                .and_then(|sku| keep(Sku::parse(&sku), &format!("{at}sku"), faults)),
            title: self
                .title
                .and_then(|title| keep(text::line(&title, 1, 100), &format!("{at}title"), faults)),
            price: self.price.and_then(|price| {
                let money = price.to_money(currency).and_then(Money::non_negative);
                keep(money, &format!("{at}price"), faults)
            }),
            quantity,
            weight_g: self.weight_g,
        }
    }
}

fn keep<T>(read: std::result::Result<T, Bad>, field: &str, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|bad| faults.push(bad.at(field))).ok()
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateProduct>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /products", token, &body)?;
    let currency = app.read(settings::show).await?.terms.currency;
    let new = body.parse(currency)?;
    let made = app
        .write(move |tx| catalogue::create(tx, &by, key.as_ref(), &new))
        .await?;
    once(made, |product| {
        let tag = list::tag_of(&product);
        let view = ProductView::new(&product, currency);
        version::tagged(StatusCode::CREATED, &tag, &IfNoneMatch::default(), &view)
    })
}
