//! One's own sessions over JSON: listed, revoked, and proved once more.

use axum::extract::State;
use axum::http::HeaderName;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::AppendHeaders;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::FaultKind;
use crate::domain::id::SessionId;
use crate::domain::page::Page;
use crate::domain::page::Total;
use crate::domain::time::Timestamp;
use crate::domain::user::SessionKind;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::Enrolling;
use crate::http::extract::Json;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::login;
use crate::http::short::Short;
use crate::http::short::ShortPassword;
use crate::http::short::ShortSecret;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::shop::sessions;
use crate::shop::step_up;

/// A login on a device.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView<'a> {
    id: SessionId,
    kind: SessionKind,
    created_at: Timestamp,
    seen_at: Timestamp,
    expires_at: Timestamp,
    ip: Option<String>,
    user_agent: Option<&'a str>,
    /// Whether it is the one that asks.
    current: bool,
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let now = app.clock().now();
    let rows = app.read(move |db| sessions::list(db, &by, now)).await?;
    let page = Page {
        next: None,
        total: Some(Total::Exactly(rows.len() as i64)),
        index_behind: None,
        rows,
    };
    list::reply(&page, |login| SessionView {
        id: login.id,
        kind: login.kind,
        created_at: login.created_at,
        seen_at: login.seen_at,
        expires_at: login.expires_at,
        ip: login.ip.map(|ip| ip.to_string()),
        user_agent: login.user_agent.as_deref(),
        current: login.is_current,
    })
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<SessionId>,
    _: NoBody,
) -> Result<StatusCode> {
    app.write(move |tx| sessions::revoke(tx, &by, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One of them; the code, of whoever has a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    #[schema(inline)]
    password: Option<ShortPassword>,
    #[schema(inline)]
    totp: Option<ShortSecret>,
}

pub async fn step_up(
    State(app): State<App>,
    Enrolling(by): Enrolling,
    Json(body): Json<StepUp>,
) -> Result<(StatusCode, AppendHeaders<Option<(HeaderName, String)>>)> {
    let renewed = match (body.totp, body.password) {
        (Some(Short(code)), _) => {
            let keys = app.keys().clone();
            app.write(move |tx| step_up::by_code(tx, &by, &keys, &code))
                .await?
        }
        (None, Some(Short(password))) => login::step_up(&app, by, password).await?,
        (None, None) => {
            return Err(Error::fault(
                "password",
                FaultKind::Missing,
                "or totp is required",
            ));
        }
    };
    let cookie = renewed.cookie.map(|(value, life)| {
        let line = Site::of(app.config()).set(Cookie::Session, &value, life);
        (header::SET_COOKIE, line)
    });
    Ok((StatusCode::NO_CONTENT, AppendHeaders(cookie)))
}
