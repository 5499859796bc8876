//! Passwords over JSON: one's own changed, a forgotten one reset by a link.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::extract::Visitor;
use crate::http::login;
use crate::shop::passwords;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    current: String,
    new: String,
}

pub async fn change(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode> {
    login::change_password(&app, by, body.current, body.new).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotPassword {
    email: String,
}

/// The same reply whoever's address it is, or nobody's (AUT-03).
pub async fn forgot(
    State(app): State<App>,
    Visitor(by): Visitor,
    Json(body): Json<ForgotPassword>,
) -> Result<StatusCode> {
    let keys = app.keys().clone();
    app.write(move |tx| passwords::forgot(tx, &by, &keys, &body.email))
        .await?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    token: String,
    password: String,
}

pub async fn reset(
    State(app): State<App>,
    Visitor(by): Visitor,
    Json(body): Json<ResetPassword>,
) -> Result<StatusCode> {
    login::reset_password(&app, by, body.token, body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
