//! What the shop keeps about a person: handed out, and forgotten.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::forgetting::LONGEST_REASON;
use crate::domain::id::CustomerId;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::MaybeJson;
use crate::http::extract::Path;
use crate::http::json_file;
use crate::http::version::IfMatch;
use crate::shop::customers;
use crate::shop::customers::ForgettingView;

pub async fn export(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<CustomerId>,
) -> Result<Response> {
    let who = by.clone();
    app.write(move |tx| customers::begin_export(tx, &who, id)).await?;
    let name = format!("customer-{id}.json");
    Ok(json_file::send(app, &name, move |db, chapter, after| {
        customers::export_leaf(db, &by, id, chapter, after)
    }))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Anonymise {
    /// Why, for the audit: it stays.
    #[schema(max_length = 500)]
    reason: Option<String>,
    version: Option<i64>,
}

pub async fn anonymise(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<CustomerId>,
    seen: IfMatch,
    MaybeJson(body): MaybeJson<Anonymise>,
) -> Result<(StatusCode, Reply<ForgettingView>)> {
    let seen = seen.or_body(body.version)?;
    let reason = body
        .reason
        .map(|text| text::paragraph(&text, LONGEST_REASON).map_err(|bad| Error::from(bad.at("reason"))))
        .transpose()?;
    let begun = app
        .write(move |tx| customers::forget(tx, &by, id, seen, reason.as_deref()))
        .await?;
    Ok((StatusCode::ACCEPTED, Reply(begun)))
}
