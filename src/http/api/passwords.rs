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
use crate::http::short::ShortAddress;
use crate::http::short::ShortPassword;
use crate::http::short::ShortSecret;
use crate::shop::passwords;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    #[schema(inline)]
    current: ShortPassword,
    /// At least 8 characters, of who works here at least 12; a common one is refused.
    #[schema(inline)]
    new: ShortPassword,
}

pub async fn change(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode> {
    login::change_password(&app, by, body.current.0, body.new.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotPassword {
    #[schema(inline)]
    email: ShortAddress,
}

/// The same reply whoever's address it is, or nobody's (AUT-03).
pub async fn forgot(
    State(app): State<App>,
    Visitor(by): Visitor,
    Json(body): Json<ForgotPassword>,
) -> Result<StatusCode> {
    let keys = app.keys().clone();
    app.write(move |tx| passwords::forgot(tx, &by, &keys, &body.email.0))
        .await?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    #[schema(inline)]
    token: ShortSecret,
    /// At least 8 characters, of who works here at least 12; a common one is refused.
    #[schema(inline)]
    password: ShortPassword,
}

pub async fn reset(
    State(app): State<App>,
    Visitor(by): Visitor,
    Json(body): Json<ResetPassword>,
) -> Result<StatusCode> {
    login::reset_password(&app, by, body.token.0, body.password.0).await?;
    Ok(StatusCode::NO_CONTENT)
}
