//! Who stands behind a request: a bearer token or the session cookie, looked up through a copy at most a second old.

use std::sync::Arc;

use axum::http::header;
use axum::http::request::Parts;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::id::SessionId;
use crate::domain::refusal::Refusal;
use crate::error::Result;
use crate::http::shell::Asked;
use crate::http::token::Tokens;
use crate::shop::sessions;
use crate::shop::sessions::Standing;

/// The actor behind the request, if it carries a token.
pub async fn actor(parts: &Parts, app: &App) -> Result<Option<Actor>> {
    let origin = parts
        .extensions
        .get::<Asked>()
        .map(Asked::origin)
        .unwrap_or_default();
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(Refusal::TokenInvalid)?;
    let tokens = parts
        .extensions
        .get::<Arc<Tokens>>()
        .ok_or(Refusal::TokenInvalid)?;
    let claims = tokens.read(token, app.clock().now())?;
    let standing = standing(app, SessionId(claims.sid)).await?;
    match claims.sub == standing.user.to_string() {
        true => Ok(Some(standing.actor(origin))),
        false => Err(Refusal::TokenInvalid.into()),
    }
}

async fn standing(app: &App, id: SessionId) -> Result<Arc<Standing>> {
    let now = app.clock().now();
    if let Some(kept) = app.caches().session(id, now) {
        return Ok(kept);
    }
    let generation = app.caches().generation();
    let standing = Arc::new(app.read(move |db| sessions::standing(db, id, now)).await?);
    app.caches().keep_session(generation, now, Arc::clone(&standing));
    Ok(standing)
}
