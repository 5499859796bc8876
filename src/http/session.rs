//! Who stands behind a request: a bearer token, an API key or the session cookie, looked up through a copy at most a second old.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::header;
use axum::http::request::Parts;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::actor::Origin;
use crate::domain::id::SessionId;
use crate::domain::refusal::Refusal;
use crate::domain::user::Pass;
use crate::domain::user::SessionKind;
use crate::domain::user::TOUCH_EVERY;
use crate::error::Error;
use crate::error::Result;
use crate::http::live;
use crate::http::request_log::Caller;
use crate::http::shell::Asked;
use crate::http::site;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::http::site::Source;
use crate::http::token::Tokens;
use crate::secret;
use crate::shop::api_keys;
use crate::shop::sessions;
use crate::shop::sessions::Standing;

/// The actor behind the request, if it carries a token or, with no word of authorization, the cookie of a session.
///
/// A cookie is sent by browsers unasked: what changes something must come from our own pages (WEB-02).
pub async fn actor(parts: &Parts, app: &App) -> Result<Option<Actor>> {
    let by = find(parts, app).await?;
    if let Some(by) = &by {
        Caller::tell(parts, by);
    }
    Ok(by)
}

async fn find(parts: &Parts, app: &App) -> Result<Option<Actor>> {
    let origin = parts
        .extensions
        .get::<Asked>()
        .map(Asked::origin)
        .unwrap_or_default();
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        return bearer(parts, app, value, origin).await.map(Some);
    }
    let site = Site::of(app.config());
    let Some(value) = site.read(Cookie::Session, &parts.headers) else {
        return Ok(None);
    };
    if site::is_unsafe(&parts.method) && site.source(&parts.headers) != Source::Ours {
        return Err(Refusal::CrossSite.into());
    }
    let Some(secret) = secret::from_text(value) else {
        return Ok(None);
    };
    match standing(app, Pass::Cookie(secret::digest(&secret))).await {
        Ok(standing) if parts.uri.path() == live::PATH => Ok(Some(standing.actor(origin))),
        Ok(standing) => Ok(Some(in_use(app, &standing, origin).await)),
        // A browser keeps a cookie longer than we keep its session: it has none.
        Err(Error::Refused(Refusal::TokenInvalid)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn bearer(parts: &Parts, app: &App, value: &HeaderValue, origin: Origin) -> Result<Actor> {
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(Refusal::TokenInvalid)?;
    if let Some(hash) = api_keys::hash_of(token) {
        return program(app, hash, origin).await;
    }
    let tokens = parts
        .extensions
        .get::<Arc<Tokens>>()
        .ok_or(Refusal::TokenInvalid)?;
    let claims = tokens.read(token, app.clock().now())?;
    let standing = standing(app, Pass::Session(SessionId(claims.sid))).await?;
    match claims.sub == standing.user.to_string() && claims.ver == standing.token_epoch {
        true => Ok(standing.actor(origin)),
        false => Err(Refusal::TokenInvalid.into()),
    }
}

/// The actor of an API key; once a minute it is noted that the key is in use.
async fn program(app: &App, hash: [u8; 32], origin: Origin) -> Result<Actor> {
    let now = app.clock().now();
    let standing = match app.caches().key(&hash, now) {
        Some(kept) => kept,
        None => {
            let generation = app.caches().generation();
            let found = app.read(move |db| api_keys::standing(db, &hash, now)).await?;
            let found = Arc::new(found);
            app.caches().keep_key(generation, now, hash, Arc::clone(&found));
            found
        }
    };
    if let Some(key) = standing.to_note(now) {
        // A shop that cannot write now still answers.
        let _ = app.write(move |tx| api_keys::touch(tx, key)).await;
    }
    Ok(standing.actor(origin))
}

async fn standing(app: &App, pass: Pass) -> Result<Arc<Standing>> {
    let now = app.clock().now();
    if let Some(kept) = app.caches().session(&pass, now) {
        return Ok(kept);
    }
    let generation = app.caches().generation();
    let standing = Arc::new(app.read(move |db| sessions::standing(db, &pass, now)).await?);
    app.caches()
        .keep_session(generation, now, pass, Arc::clone(&standing));
    Ok(standing)
}

/// The actor of a cookie session; once a minute it is noted that the session is in use.
async fn in_use(app: &App, standing: &Standing, origin: Origin) -> Actor {
    let by = standing.actor(origin);
    let is_due = app.clock().now() >= standing.seen_at.plus_ms(TOUCH_EVERY);
    if standing.kind == SessionKind::Cookie && is_due {
        let who = by.clone();
        // A shop that cannot write now still shows what it has.
        let _ = app.write(move |tx| sessions::touch(tx, &who)).await;
    }
    by
}
