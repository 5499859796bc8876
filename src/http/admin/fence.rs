//! The fence around the pages: what changes something comes from our own pages (WEB-02), a session comes by its cookie
//! alone, every failure leaves as a page, and whoever has no session finds the sign-in where they wanted to go, with
//! what they typed kept.

use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::id::AuditId;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::domain::time;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::factor;
use crate::http::admin::form;
use crate::http::admin::form::Fields;
use crate::http::admin::frame;
use crate::http::admin::frame::Frame;
use crate::http::admin::page;
use crate::http::admin::problem as face;
use crate::http::admin::problem::While;
use crate::http::admin::session::LoginPage;
use crate::http::admin::step_up::StepUpPage;
use crate::http::problem;
use crate::http::problem::Failed;
use crate::http::shell::Asked;
use crate::http::shell::Known;
use crate::http::site;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::http::site::Source;
use crate::secret;
use crate::shop::Snapshot;
use crate::shop::desk;
use crate::shop::settings;
use crate::shop::setup;
use crate::shop::setup::Stage;

/// A browser without a session keeps what its forms are bound to for so long.
const FORM_LIFE: i64 = time::DAY;

/// Runs a page inside the fence.
pub async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (frame, cookie) = match enter(&app, &mut parts).await {
        Ok(entered) => entered,
        // Without a file that can be read there is no frame to draw: the shell gives the failure its bare page.
        Err(error) => return error.into_response(),
    };
    let back = page::came_from(&parts.headers);
    let wanted = parts.uri.to_string();
    let did = While::of(&parts.method);
    let mut reply = match come_in(&app, parts, body, &frame).await {
        Ok((request, typed)) => {
            let reply = next.run(request).await;
            dress(&frame, reply, (did, &wanted), typed, back)
        }
        Err(error) => dress(&frame, error.into_response(), (did, &wanted), None, back),
    };
    if let Some(line) = cookie.and_then(|line| HeaderValue::from_str(&line).ok()) {
        reply.headers_mut().append(header::SET_COOKIE, line);
    }
    page::hush(&frame.path, reply.headers_mut());
    if !reply.headers().contains_key(header::CACHE_CONTROL) {
        reply
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    reply
}

/// Refuses what comes from elsewhere. Of a form it reads what was typed, in case that somebody must sign in first, or
/// prove once more who they are.
async fn come_in(
    app: &App,
    mut parts: Parts,
    body: Body,
    frame: &Frame,
) -> Result<(Request, Option<Fields>)> {
    if site::is_unsafe(&parts.method) && Site::of(app.config()).source(&parts.headers) != Source::Ours {
        return Err(Refusal::CrossSite.into());
    }
    parts.extensions.insert(frame.clone());
    if !site::is_unsafe(&parts.method) {
        return Ok((Request::from_parts(parts, body), None));
    }
    let bytes = form::bytes(body).await?;
    let typed = Fields::read(&bytes);
    Ok((Request::from_parts(parts, Body::from(bytes)), Some(typed)))
}

/// Who comes, and the frame of the page; a cookie that is to be set.
async fn enter(app: &App, parts: &mut Parts) -> Result<(Frame, Option<String>)> {
    let asked = parts.extensions.get::<Asked>().cloned();
    let origin = asked.as_ref().map(Asked::origin).unwrap_or_default();
    let has_word = parts.headers.contains_key(header::AUTHORIZATION);
    let known = parts.extensions.remove::<Known>();
    // With a word of authorization cookies are not looked at, and pages know no other way (WEB-03).
    let by = match known {
        Some(Known(by)) if !has_word => by,
        _ if has_word => Actor::guest(origin),
        _ => signed_in(app, parts).await?.unwrap_or(Actor::guest(origin)),
    };
    let site = Site::of(app.config());
    let (bound, cookie) = bind(&site, &by, parts)?;
    let token = frame::token(app, &bound);
    let former = site
        .read(Cookie::Session, &parts.headers)
        .filter(|_| by.user.is_none());
    let former = former.map(|over| frame::token(app, over));
    let now = app.clock().now();
    let done = done(parts);
    let looker = by.clone();
    let mut silenced = Vec::new();
    let (settings, user, done, is_new) = match by.user {
        Some(_) => {
            let desk = app.read(move |db| desk::desk(db, &looker, done, now)).await?;
            silenced = desk.silenced;
            (desk.settings, Some(desk.user), desk.done, false)
        }
        None => {
            let look = |db: &Snapshot| Ok((settings::show(db)?, setup::stage(db)? == Stage::First));
            let (settings, is_new) = app.read(look).await?;
            (settings, None, None, is_new)
        }
    };
    let frame = Frame {
        settings,
        by,
        user,
        token,
        former,
        theme: frame::theme(&parts.headers),
        has_keys: frame::has_keys(&parts.headers),
        path: parts.uri.path().to_owned(),
        request_id: asked.map_or_else(String::new, |asked| asked.request_id.to_string()),
        done,
        now,
        sends_mail: app.config().sends_mail(),
        has_sandbox: app.config().payments.sandbox,
        silenced,
        is_new,
    };
    Ok((frame, cookie))
}

/// The session of the cookie. One of our own pages or not is asked later, of everybody.
async fn signed_in(app: &App, parts: &mut Parts) -> Result<Option<Actor>> {
    match crate::http::session::actor(parts, app).await {
        Ok(by) => Ok(by),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the tokens of forms are bound to: the session's cookie, or one that is made for it.
fn bind(site: &Site, by: &Actor, parts: &Parts) -> Result<(String, Option<String>)> {
    let held = match by.user {
        Some(_) => site.read(Cookie::Session, &parts.headers),
        None => site.read(Cookie::Form, &parts.headers),
    };
    if let Some(held) = held.filter(|held| held.len() >= 16) {
        return Ok((held.to_owned(), None));
    }
    let made = secret::to_text(&secret::random::<16>()?);
    let line = site.set(Cookie::Form, &made, FORM_LIFE);
    Ok((made, Some(line)))
}

/// The deed that the address names.
fn done(parts: &Parts) -> Option<AuditId> {
    let query = parts.uri.query()?;
    let (_, id) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done")?;
    id.parse().ok()
}

/// A failure leaves as a page; without a session it is the sign-in, in the place of the page.
fn dress(
    frame: &Frame,
    mut reply: Response,
    (did, wanted): (While, &str),
    typed: Option<Fields>,
    back: Option<String>,
) -> Response {
    let Some(Failed(error)) = reply.extensions_mut().remove::<Failed>() else {
        return reply;
    };
    let did = did.with(typed.as_ref());
    let mut dressed = match &*error {
        Error::Refused(Refusal::NotSignedIn) => {
            let form = LoginPage::instead_of(frame, wanted, typed.as_ref());
            page::page(StatusCode::UNAUTHORIZED, &form)
                .unwrap_or_else(|_| face::page(frame, &error, did, None))
        }
        Error::Refused(Refusal::SecondFactor(Wanting::Enrolment)) => page::lead(factor::PATH, None),
        Error::Refused(Refusal::SecondFactor(Wanting::StepUp)) => {
            let form = StepUpPage::instead_of(frame, wanted, typed.as_ref());
            page::page(StatusCode::UNAUTHORIZED, &form)
                .unwrap_or_else(|_| face::page(frame, &error, did, None))
        }
        _ => face::page(frame, &error, did, back.as_deref()),
    };
    if let Some(methods) = reply.headers_mut().remove(header::ALLOW) {
        dressed.headers_mut().insert(header::ALLOW, methods);
    }
    // The shell logs it, and notes what turned somebody away.
    dressed.extensions_mut().insert(problem::Told(error));
    dressed
}
