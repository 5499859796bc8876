//! API keys over JSON.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::api_key::ApiKey;
use crate::domain::api_key::Grants;
use crate::domain::api_key::NewApiKey;
use crate::domain::fault::Bad;
use crate::domain::id::ApiKeyId;
use crate::domain::id::UserId;
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::http::extract::Created;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::shop::api_keys;

/// A key as the API shows it: never itself, but to whoever has just made it.
#[derive(Serialize, ToSchema)]
pub struct ApiKeyView {
    id: ApiKeyId,
    name: String,
    user_id: UserId,
    username: String,
    permissions: Vec<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
    /// The key itself, told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl From<&ApiKey> for ApiKeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            user_id: key.user,
            username: key.username.clone(),
            permissions: key.permissions.clone(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.used_at,
            key: None,
        }
    }
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let rows = app.read(move |db| api_keys::list(db, &by)).await?;
    list::reply(&list::whole(rows), ApiKeyView::from)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[schema(min_items = 1, max_items = 100)]
    permissions: Vec<String>,
    #[schema(value_type = Timestamp)]
    expires_at: String,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

impl CreateApiKey {
    /// Well formed, or every fault at once.
    fn parse(&self) -> Result<NewApiKey> {
        let mut faults = Vec::new();
        let name = text::line(&self.name, 1, 100).map_err(|bad| faults.push(bad.at("name")));
        let grants = Grants::parse(&self.permissions).map_err(|(at, bad)| {
            faults.push(match at {
                Some(at) => bad.at(format!("permissions[{at}]")),
                None => bad.at("permissions"),
            });
        });
        let expires_at =
            Timestamp::parse(&self.expires_at).map_err(|bad: Bad| faults.push(bad.at("expires_at")));
        match (name, grants, expires_at) {
            (Ok(name), Ok(grants), Ok(expires_at)) => Ok(NewApiKey {
                name,
                grants,
                expires_at,
            }),
            _ => Err(faults.into()),
        }
    }
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateApiKey>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /api-keys", token, &body)?;
    let new = body.parse()?;
    let made = app
        .write(move |tx| api_keys::create(tx, &by, key.as_ref(), &new))
        .await?;
    once(made, |told| {
        let view = ApiKeyView {
            key: told.secret,
            ..ApiKeyView::from(&told.key)
        };
        Ok(Created(Reply(view)).into_response())
    })
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<ApiKeyId>,
    _: NoBody,
) -> Result<StatusCode> {
    app.write(move |tx| api_keys::revoke(tx, &by, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
