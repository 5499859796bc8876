//! Changing products over JSON, and deciding about them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::id::ProductId;
use crate::domain::money::Currency;
use crate::domain::product::Product;
use crate::domain::text;
use crate::error::Result;
use crate::http::api::products::list::tag_of;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Path;
use crate::http::product_form::MOST_REASON;
use crate::http::product_form::UpdateProduct;
use crate::http::version;
use crate::http::version::IfMatch;
use crate::http::version::IfNoneMatch;
use crate::shop::Tx;
use crate::shop::catalogue;
use crate::shop::catalogue::Decision;
use crate::shop::catalogue::ProductView;
use crate::shop::catalogue::Verdict;
use crate::shop::settings;

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
