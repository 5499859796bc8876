//! Changing products over JSON, and deciding about them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::ProductId;
use crate::domain::id::VariantId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::product::MOST_STOCK;
use crate::domain::product::Product;
use crate::domain::product::ProductChange;
use crate::domain::product::ProductStatus;
use crate::domain::product::VariantChange;
use crate::domain::product::VariantsChange;
use crate::domain::text;
use crate::domain::text::Sku;
use crate::error::Result;
use crate::http::api::products::keep;
use crate::http::api::products::list::tag_of;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Path;
use crate::http::extract::nullable;
use crate::http::version;
use crate::http::version::IfMatch;
use crate::http::version::IfNoneMatch;
use crate::shop::Tx;
use crate::shop::catalogue;
use crate::shop::catalogue::Decision;
use crate::shop::catalogue::ProductView;
use crate::shop::catalogue::Verdict;
use crate::shop::settings;

/// The longest reason of a decision.
pub const MOST_REASON: usize = 1000;

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProduct {
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    #[schema(max_length = 20000)]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(min_length = 1, max_length = 100)]
    pub category: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(min_length = 1, max_length = 100)]
    pub tax_category: Option<Option<String>>,
    #[schema(value_type = Option<ProductStatus>)]
    pub status: Option<String>,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    pub sku: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub price: Option<Option<RawAmount>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub weight_g: Option<Option<i64>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub low_at: Option<Option<i64>>,
    #[schema(min_items = 1, max_items = 100)]
    pub variants: Option<Vec<UpdateVariant>>,
    pub version: Option<i64>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateVariant {
    pub id: Option<i64>,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    pub sku: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(min_length = 1, max_length = 100)]
    pub title: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub price: Option<Option<RawAmount>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub weight_g: Option<Option<i64>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub low_at: Option<Option<i64>>,
}

impl UpdateProduct {
    /// Well formed, or every fault at once.
    pub fn parse(self, currency: Currency) -> Result<ProductChange> {
        let mut faults = Vec::new();
        let status = self.status.as_deref().and_then(|status| {
            let read = ProductStatus::parse(status).ok_or(Bad::invalid("is no status of a product"));
            keep(read, "status", &mut faults)
        });
        let name = self
            .name
            .and_then(|name| keep(text::line(&name, 1, 255), "name", &mut faults));
        let description = self
            .description
            .and_then(|words| keep(text::paragraph(&words, 20_000), "description", &mut faults));
        let category = line(self.category, 100, "category", &mut faults);
        let tax_category = line(self.tax_category, 100, "tax_category", &mut faults);
        let only = UpdateVariant {
            id: None,
            sku: self.sku,
            title: None,
            price: self.price,
            weight_g: self.weight_g,
            low_at: self.low_at,
        };
        let variants = variants(only, self.variants, currency, &mut faults);
        let change = ProductChange {
            name,
            description,
            category,
            tax_category,
            status,
            variants,
        };
        if faults.is_empty() && change.is_empty() {
            faults.push(Bad::missing().at(""));
        }
        match faults.is_empty() {
            true => Ok(change),
            false => Err(faults.into()),
        }
    }
}

fn variants(
    only: UpdateVariant,
    all: Option<Vec<UpdateVariant>>,
    currency: Currency,
    faults: &mut Vec<Fault>,
) -> VariantsChange {
    let says_only = only.says_something();
    match all {
        None if says_only => VariantsChange::Only(only.parse("", currency, faults)),
        None => VariantsChange::None,
        Some(all) => {
            if says_only {
                faults.push(Bad::invalid("stand beside price, sku, weight_g or low_at").at("variants"));
            }
            if !(1..=100).contains(&all.len()) {
                faults.push(Bad::invalid("must be 1 to 100").at("variants"));
            }
            let parse = |(at, variant): (usize, UpdateVariant)| {
                variant.parse(&format!("variants[{at}]."), currency, faults)
            };
            VariantsChange::All(all.into_iter().enumerate().map(parse).collect())
        }
    }
}

impl UpdateVariant {
    fn says_something(&self) -> bool {
        self.sku.is_some() || self.price.is_some() || self.weight_g.is_some() || self.low_at.is_some()
    }

    fn parse(self, at: &str, currency: Currency, faults: &mut Vec<Fault>) -> VariantChange {
        VariantChange {
            id: self.id.map(VariantId),
            sku: self
                .sku
                .and_then(|sku| keep(Sku::parse(&sku), &format!("{at}sku"), faults)),
            title: line(self.title, 100, &format!("{at}title"), faults),
            price: self.price.map(|price| {
                price.and_then(|price| {
                    let money = price.to_money(currency).and_then(Money::non_negative);
                    keep(money, &format!("{at}price"), faults)
                })
            }),
            weight_g: pieces(self.weight_g, &format!("{at}weight_g"), faults),
            low_at: pieces(self.low_at, &format!("{at}low_at"), faults),
        }
    }
}

fn line(
    said: Option<Option<String>>,
    longest: usize,
    field: &str,
    faults: &mut Vec<Fault>,
) -> Option<Option<String>> {
    said.map(|text| text.and_then(|text| keep(text::line(&text, 1, longest), field, faults)))
}

fn pieces(said: Option<Option<i64>>, field: &str, faults: &mut Vec<Fault>) -> Option<Option<i64>> {
    if said
        .flatten()
        .is_some_and(|number| !(0..=MOST_STOCK).contains(&number))
    {
        faults.push(Bad::invalid("must be 0 to 1,000,000,000").at(field));
    }
    said
}

/// A changed product with its new tag.
fn changed(product: &Product, currency: Currency) -> Result<Response> {
    let view = ProductView::new(product, currency);
    version::tagged(StatusCode::OK, &tag_of(product), &IfNoneMatch::default(), &view)
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<ProductId>,
    held: IfMatch,
    Json(body): Json<UpdateProduct>,
) -> Result<Response> {
    let seen = held.or_body(body.version)?;
    let currency = app.read(settings::show).await?.terms.currency;
    let change = body.parse(currency)?;
    let product = app
        .write(move |tx| catalogue::update(tx, &by, id, seen, &change))
        .await?;
    changed(&product, currency)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeleteProduct)]
pub struct Delete {
    version: Option<i64>,
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<ProductId>,
    held: IfMatch,
    MaybeJson(body): MaybeJson<Delete>,
) -> Result<StatusCode> {
    let seen = held.or_body(body.version)?;
    app.write(move |tx| catalogue::delete(tx, &by, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecideProduct)]
pub struct Decide {
    #[schema(max_length = 1000)]
    reason: Option<String>,
    version: Option<i64>,
}

impl Decide {
    fn decision(self, verdict: Verdict, held: IfMatch) -> Result<Decision> {
        let seen = held.or_body(self.version)?;
        let words = text::paragraph(self.reason.as_deref().unwrap_or_default(), MOST_REASON);
        let words = words.map_err(|bad| bad.at("reason"))?;
        Ok(Decision {
            verdict,
            seen,
            reason: (!words.is_empty()).then_some(words),
        })
    }
}

pub async fn approve(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<ProductId>,
    held: IfMatch,
    MaybeJson(body): MaybeJson<Decide>,
) -> Result<Response> {
    decide(app, by, id, body.decision(Verdict::Approve, held)?).await
}

pub async fn reject(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<ProductId>,
    held: IfMatch,
    MaybeJson(body): MaybeJson<Decide>,
) -> Result<Response> {
    decide(app, by, id, body.decision(Verdict::Reject, held)?).await
}

async fn decide(app: App, by: Actor, id: ProductId, decision: Decision) -> Result<Response> {
    let decided = move |tx: &Tx| {
        let product = catalogue::decide(tx, &by, id, &decision)?;
        Ok((product, settings::show(tx)?.terms.currency))
    };
    let (product, currency) = app.write(decided).await?;
    changed(&product, currency)
}
