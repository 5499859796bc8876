//! What the log says of a request: the span around whatever else is logged on its way, and, at `debug`, a line once its
//! reply is ready, as the line of a refusal is. It names the
//! route by its template and the caller by id: no path, query, header or body, which may hold what is nobody's business
//! (TOK-07). With the level off a request costs one comparison.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

use axum::http::request::Parts;
use axum::response::Response;
use http_body::Body;
use tracing::Level;
use tracing::Span;

use crate::clock::Stopwatch;
use crate::domain::actor::Actor;
use crate::domain::id::UserId;

/// No user has this id.
const NOBODY: i64 = 0;

/// Who a request turns out to come from: whoever finds out says so here, and the line at the end has it.
#[derive(Debug, Clone, Default)]
pub struct Caller(Arc<AtomicI64>);

impl Caller {
    /// A place for the answer, where a line is to be written.
    pub fn expected_by(parts: &mut Parts) -> Option<Self> {
        let caller = tracing::enabled!(Level::DEBUG).then(Self::default)?;
        parts.extensions.insert(caller.clone());
        Some(caller)
    }

    /// The request comes from this user.
    pub fn tell(parts: &Parts, by: &Actor) {
        if let Some(user) = by.user {
            // Of a request that is not within its span yet, the span will be made with its user.
            Span::current().record("user_id", user.0);
        }
        if let (Some(Self(caller)), Some(user)) = (parts.extensions.get::<Self>(), by.user) {
            caller.store(user.0, Relaxed);
        }
    }

    fn user(&self) -> Option<i64> {
        Some(self.0.load(Relaxed)).filter(|user| *user != NOBODY)
    }
}

/// The span of a request: whatever is logged on its way has its id, its route and its user. Who asks is known by now
/// wherever requests are limited; to tell a span later costs more than to make it. At `debug`: made for each request, it
/// took a quarter of all reads a second, and what fails says its request's id by itself.
pub fn span(line: &Line, user: Option<UserId>) -> Span {
    tracing::debug_span!(
        "request",
        request_id = line.request_id,
        method = line.method,
        route = line.route,
        user_id = user.map(|user| user.0),
    )
}

/// What the line says beside the reply.
pub struct Line<'a> {
    /// The method, by the name that it is counted under.
    pub method: &'static str,
    /// The template of the path.
    pub route: &'a str,
    /// The id that the reply carries.
    pub request_id: &'a str,
    /// Who asked, if anybody expected to know.
    pub caller: Option<Caller>,
    /// Since the head of the request was read.
    pub watch: Stopwatch,
}

impl Line<'_> {
    /// Writes the line. A body that is still being made has no length yet.
    pub fn write(&self, reply: &Response) {
        tracing::debug!(
            method = self.method,
            route = self.route,
            status = reply.status().as_u16(),
            duration_ms = (self.watch.seconds() * 100_000.0).round() / 100.0,
            bytes = reply.body().size_hint().exact(),
            request_id = self.request_id,
            user_id = self.caller.as_ref().and_then(Caller::user),
            "request"
        );
    }
}
