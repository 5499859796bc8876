//! Second factors over JSON.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::Enrolling;
use crate::http::extract::Json;
use crate::http::extract::NoBody;
use crate::http::short::ShortSecret;
use crate::shop::factors;

/// What a device is told of a new factor.
#[derive(Serialize, ToSchema)]
pub struct EnrolmentView {
    secret: String,
    otpauth_url: String,
}

pub async fn begin(
    State(app): State<App>,
    Enrolling(by): Enrolling,
    _: NoBody,
) -> Result<Reply<EnrolmentView>> {
    let keys = app.keys().clone();
    let enrolment = app.write(move |tx| factors::begin(tx, &by, &keys)).await?;
    Ok(Reply(EnrolmentView {
        secret: enrolment.secret,
        otpauth_url: enrolment.otpauth_url,
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorCode {
    #[schema(inline)]
    code: ShortSecret,
}

/// Shown once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

pub async fn confirm(
    State(app): State<App>,
    Enrolling(by): Enrolling,
    Json(body): Json<FactorCode>,
) -> Result<Reply<RecoveryCodes>> {
    let keys = app.keys().clone();
    let recovery_codes = app
        .write(move |tx| factors::confirm(tx, &by, &keys, &body.code.0))
        .await?;
    Ok(Reply(RecoveryCodes { recovery_codes }))
}

pub async fn renew_codes(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    _: NoBody,
) -> Result<Reply<RecoveryCodes>> {
    let recovery_codes = app.write(move |tx| factors::renew_codes(tx, &by)).await?;
    Ok(Reply(RecoveryCodes { recovery_codes }))
}

pub async fn remove(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Json(body): Json<FactorCode>,
) -> Result<StatusCode> {
    let keys = app.keys().clone();
    app.write(move |tx| factors::remove(tx, &by, &keys, &body.code.0))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
