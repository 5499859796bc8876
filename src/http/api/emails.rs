//! Addresses over JSON: the proof of one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::Result;
use crate::http::api::users;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::short::ShortSecret;
use crate::http::version::IfNoneMatch;
use crate::shop::emails;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmail {
    #[schema(inline)]
    token: ShortSecret,
}

pub async fn confirm(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Json(body): Json<ConfirmEmail>,
) -> Result<Response> {
    let keys = app.keys().clone();
    let user = app
        .write(move |tx| emails::confirm(tx, &by, &keys, &body.token.0))
        .await?;
    users::me(StatusCode::OK, user, &IfNoneMatch::default())
}
