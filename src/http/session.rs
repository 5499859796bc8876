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
use crate::http::token::Claims;
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
    let origin = origin(parts);
    let hash = match shown(parts, app)? {
        None => return Ok(None),
        Some(Shown::Cookie(hash)) => hash,
        Some(shown) => return shown.stands(app, origin).await.map(Some),
    };
    match standing(app, Pass::Cookie(hash)).await {
        Ok(standing) if live::PATHS.contains(&parts.uri.path()) => Ok(Some(standing.actor(origin))),
        Ok(standing) => Ok(Some(in_use(app, &standing, origin).await)),
        // A browser keeps a cookie longer than we keep its session: it has none.
        Err(Error::Refused(Refusal::TokenInvalid)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where a request comes from.
pub fn origin(parts: &Parts) -> Origin {
    parts
        .extensions
        .get::<Asked>()
        .map(Asked::origin)
        .unwrap_or_default()
}

/// What a caller shows of themselves. Whoever listens for long is looked at again by it: once a new request with the
/// same would be turned away, the listening is over.
#[derive(Clone)]
pub enum Shown {
    /// A session's cookie, by its hash.
    Cookie([u8; 32]),
    /// An access token.
    Token(Arc<Claims>),
    /// An API key, by its hash.
    Key([u8; 32]),
}

impl Shown {
    /// What stands behind a token or an API key that has come by itself.
    pub fn of(token: &str, tokens: &Tokens, app: &App) -> Result<Self> {
        match api_keys::hash_of(token) {
            Some(hash) => Ok(Self::Key(hash)),
            None => tokens.read(token, app.clock().now()).map(Self::Token),
        }
    }

    /// Who it stands for at this moment.
    pub async fn stands(&self, app: &App, origin: Origin) -> Result<Actor> {
        match self {
            Self::Cookie(hash) => Ok(standing(app, Pass::Cookie(*hash)).await?.actor(origin)),
            Self::Key(hash) => program(app, *hash, origin).await,
            Self::Token(claims) => {
                claims.check(app.clock().now())?;
                let standing = standing(app, Pass::Session(SessionId(claims.sid))).await?;
                match claims.sub == standing.user.to_string() && claims.ver == standing.token_epoch {
                    true => Ok(standing.actor(origin)),
                    false => Err(Refusal::TokenInvalid.into()),
                }
            }
        }
    }
}

/// What a request shows: its token, or with no word of authorization its cookie. Refused with `CrossSite` if it would
/// change something by a cookie, or open a socket, and does not come from our own pages.
pub fn shown(parts: &Parts, app: &App) -> Result<Option<Shown>> {
    if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
        return bearer(parts, app, value).map(Some);
    }
    let site = Site::of(app.config());
    let Some(value) = site.read(Cookie::Session, &parts.headers) else {
        return Ok(None);
    };
    let is_ours = match (live::is_socket(parts), site::is_unsafe(&parts.method)) {
        (true, _) => site.is_own_socket(&parts.headers),
        (false, true) => site.source(&parts.headers) == Source::Ours,
        (false, false) => true,
    };
    if !is_ours {
        return Err(Refusal::CrossSite.into());
    }
    Ok(secret::from_text(value).map(|secret| Shown::Cookie(secret::digest(&secret))))
}

fn bearer(parts: &Parts, app: &App, value: &HeaderValue) -> Result<Shown> {
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(Refusal::TokenInvalid)?;
    let tokens = parts.extensions.get::<Arc<Tokens>>();
    Shown::of(token, tokens.ok_or(Refusal::TokenInvalid)?, app)
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
