//! Addresses over JSON: the proof of one.

use axum::Json as Reply;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::Result;
use crate::http::api::users::MeView;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::short::ShortSecret;
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
) -> Result<Reply<MeView>> {
    let keys = app.keys().clone();
    let user = app
        .write(move |tx| emails::confirm(tx, &by, &keys, &body.token.0))
        .await?;
    Ok(Reply(user.into()))
}
