//! What every request passes on its way in and out, all in one place: its id, its path, the names it may come for, how
//! often it may come, the face that its failures leave through, and the headers of every reply.

use std::convert::Infallible;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use hyper::body::Incoming;
use tower::ServiceExt;
use tracing::Instrument;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::domain::actor::Actor;
use crate::domain::actor::Origin;
use crate::error::Code;
use crate::error::Error;
use crate::error::Result;
use crate::http;
use crate::http::address;
use crate::http::admin;
use crate::http::admin::While;
use crate::http::api::aliases;
use crate::http::cors::Cors;
use crate::http::denials::Denials;
use crate::http::headers;
use crate::http::headers::Fixed;
use crate::http::hosts::Hosts;
use crate::http::limits::Class;
use crate::http::limits::Limits;
use crate::http::limits::Quota;
use crate::http::paced::Paced;
use crate::http::pack;
use crate::http::problem;
use crate::http::request_id;
use crate::http::request_log;
use crate::http::request_log::Caller;
use crate::http::request_log::Line;
use crate::http::routes;
use crate::http::routes::Routes;
use crate::http::session;
use crate::http::token::Tokens;

/// A request may have so many headers (NET-01).
pub const MOST_HEADERS: usize = 64;
/// What is said to one with more, or with longer ones.
pub const TOO_MUCH_HEAD: &str = "A head holds at most 64 headers and 16 KiB.";

/// What is known of a request before anyone looks at it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The client's address.
    pub ip: IpAddr,
    /// The id that the reply, the log and the audit carry.
    pub request_id: Arc<str>,
    /// Whether it comes from this machine itself, through no proxy.
    pub is_local: bool,
}

impl Asked {
    /// As the audit takes it.
    pub fn origin(&self) -> Origin {
        Origin {
            ip: Some(self.ip),
            request_id: Some(Arc::clone(&self.request_id)),
        }
    }
}

/// What the router gives.
type Reply = std::result::Result<Response, Infallible>;

/// The caller, where the shell has looked already.
#[derive(Debug, Clone)]
pub struct Known(pub Actor);

/// The shell around every route.
pub struct Shell {
    app: App,
    tokens: Arc<Tokens>,
    router: Router,
    routes: Routes,
    hosts: Hosts,
    cors: Cors,
    fixed: Fixed,
    limits: Option<Arc<Limits>>,
    denials: Denials,
    patience: Duration,
    /// How long a body may make us wait at once.
    pause: Duration,
}

/// What the way out must know of the request.
struct Visit {
    method: Method,
    request_id: Arc<str>,
    wants_rfc9457: bool,
    is_private: bool,
    /// The look of the pages, if it is one of them.
    page: Option<&'static str>,
    closes: bool,
    encodings: Option<HeaderValue>,
    seen: Option<HeaderValue>,
    origin: Option<HeaderValue>,
}

impl Shell {
    /// The shell of a shop that listens here.
    pub fn new(app: App, listens: Option<SocketAddr>) -> Self {
        let server = &app.config().server;
        let (router, templates) = http::router(app.clone());
        Self {
            tokens: Arc::new(Tokens::new(&app.keys().token).living(app.config().auth.access_seconds)),
            router,
            routes: Routes::new(templates),
            hosts: Hosts::new(server, listens),
            cors: Cors::new(&server.allowed_origins),
            fixed: Fixed::new(&server.public_url(), server.hsts_subdomains),
            limits: Limits::new(&app.config().limits).map(Arc::new),
            denials: Denials::default(),
            patience: Duration::from_secs(server.reply_seconds),
            pause: Duration::from_secs(server.header_seconds),
            app,
        }
    }

    /// Answers a request; whatever happens inside, there is a reply.
    pub async fn answer(&self, peer: SocketAddr, request: Request<Incoming>) -> Response {
        let watch = Stopwatch::start();
        let (mut parts, body) = request.into_parts();
        let mut visit = Visit::of(&parts);
        let caller = Caller::expected_by(&mut parts);
        self.tidy(&mut parts);
        let asked = self.asked(peer.ip(), &parts, Arc::clone(&visit.request_id));
        let origin = asked.origin();
        let known = self.routes.find(parts.uri.path());
        visit.page = admin::is_page(parts.uri.path(), known.template()).then(|| admin::theme(&parts.headers));
        let class = known.class(&parts.method);
        let patience = known.patience(self.patience);
        let admitted = self.admit(&mut parts, asked, class).await;
        let line = Line {
            method: routes::name(&visit.method),
            route: known.template(),
            request_id: &visit.request_id,
            caller,
            watch,
        };
        let by = parts.extensions.get::<Known>().and_then(|Known(by)| by.user);
        let span = request_log::span(&line, by);
        let work = async {
            let (bare, quota) = match admitted {
                Ok(quota) => (self.route(parts, body, patience).await, quota),
                Err(error) => (error.into_response(), None),
            };
            let quota = self.quota((class, origin.ip), &bare, quota);
            if class == Class::Order {
                routes::count_refused_order(&bare);
            }
            self.denials.note(&self.app, origin, &bare);
            self.dress(&visit, known.template(), bare, quota).await
        };
        let reply = work.instrument(span).await;
        known.count(&visit.method, reply.status().as_u16(), watch);
        line.write(&reply);
        reply
    }

    /// The reply to a head that cannot be read; nothing is known of the request.
    pub fn refuse(&self, error: Error) -> Response {
        let visit = Visit::unreadable();
        let known = self.routes.find("");
        let line = Line {
            method: routes::name(&visit.method),
            route: known.template(),
            request_id: &visit.request_id,
            caller: None,
            watch: Stopwatch::start(),
        };
        let bare = error.into_response();
        let mut reply = problem::as_json(visit.wants_rfc9457, line.request_id, line.route, bare);
        self.sign(&visit, &mut reply);
        known.count(&visit.method, reply.status().as_u16(), line.watch);
        line.write(&reply);
        reply
    }

    /// Gives the request its canonical path.
    fn tidy(&self, parts: &mut Parts) {
        let Some(path) = aliases::canonical(parts.uri.path()) else {
            return;
        };
        let whole = match parts.uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        if let Ok(uri) = Uri::try_from(whole) {
            let authority = parts.uri.authority().cloned();
            let mut tidy = uri.into_parts();
            tidy.scheme = authority.is_some().then_some(axum::http::uri::Scheme::HTTP);
            tidy.authority = authority;
            parts.uri = Uri::from_parts(tidy).unwrap_or_default();
        }
    }

    fn asked(&self, peer: IpAddr, parts: &Parts, request_id: Arc<str>) -> Asked {
        let mut lines = parts.headers.get_all("x-forwarded-for").iter().peekable();
        let ip = match lines.peek() {
            None => peer.to_canonical(),
            Some(_) => address::client(
                peer,
                lines.map(|line| line.to_str().unwrap_or("?")),
                &self.app.config().server.trusted_proxies,
            ),
        };
        Asked {
            ip,
            request_id,
            is_local: peer.to_canonical().is_loopback() && !headers::is_forwarded(&parts.headers),
        }
    }

    /// Refuses what may not come in, before anyone reads its body.
    async fn admit(&self, parts: &mut Parts, asked: Asked, class: Class) -> Result<Option<Quota>> {
        self.hosts.check(parts.version, &parts.uri, &parts.headers)?;
        if parts.headers.len() > MOST_HEADERS {
            // Of HTTP/1, hyper counts them.
            return Err(Error::Request(Code::HeadTooLarge, TOO_MUCH_HEAD.into()));
        }
        if parts.method == Method::CONNECT {
            return Err(Error::Request(
                Code::MethodNotAllowed,
                "That cannot be done here.".into(),
            ));
        }
        let ip = asked.ip;
        parts.extensions.insert(asked);
        parts.extensions.insert(Arc::clone(&self.tokens));
        let Some(limits) = &self.limits else {
            return Ok(None);
        };
        if class == Class::Refresh {
            parts.extensions.insert(Arc::clone(limits));
        }
        let by = match class {
            Class::Unlimited => None,
            // A token that is not good counts as none: whoever makes them up is held by the address.
            _ => session::actor(parts, &self.app).await.ok().flatten(),
        };
        let quota = limits.take(class, ip, by.as_ref(), self.app.clock().now())?;
        if let Some(by) = by {
            parts.extensions.insert(Known(by));
        }
        Ok(quota)
    }

    /// What the reply tells of a limit: of the one that has refused, of the one that the handler took from, or of the
    /// one that the request came in by.
    fn quota(
        &self,
        (class, ip): (Class, Option<IpAddr>),
        bare: &Response,
        given: Option<Quota>,
    ) -> Option<Quota> {
        let limits = self.limits.as_ref()?;
        if let Some(refused) = problem::of(bare).and_then(Quota::refused_by) {
            return Some(refused);
        }
        let given = bare.extensions().get::<Quota>().copied().or(given);
        match ip {
            Some(ip) if given.is_some() && class.forgives(bare.status()) => {
                limits.give_back(ip, self.app.clock().now())
            }
            _ => given,
        }
    }

    /// The handler's reply.
    async fn route(&self, parts: Parts, body: Incoming, patience: Duration) -> Response {
        let body = match http_body::Body::is_end_stream(&body) {
            true => Body::empty(),
            false => Body::new(Paced::new(body, self.pause)),
        };
        let work = self.router.clone().oneshot(Request::from_parts(parts, body));
        guarded(work, patience).await
    }

    /// Everything that a reply is given on its way out.
    async fn dress(&self, visit: &Visit, route: &str, bare: Response, quota: Option<Quota>) -> Response {
        let mut reply = match visit.page {
            Some(theme) => problem::as_page(theme, While::of(&visit.method), &visit.request_id, route, bare),
            None => problem::as_json(visit.wants_rfc9457, &visit.request_id, route, bare),
        };
        if let Some(origin) = &visit.origin {
            reply = self.cors.answer(origin, &visit.method, reply);
        }
        if reply.status() == StatusCode::METHOD_NOT_ALLOWED {
            reply = headers::tell_methods(&visit.method, reply);
        }
        if let Some(seen) = &visit.seen {
            reply = headers::unless_changed(&visit.method, seen, reply);
        }
        if let Some(encodings) = &visit.encodings {
            reply = pack::pack(encodings, reply).await;
        }
        self.sign(visit, &mut reply);
        if let Some(quota) = quota {
            headers::tell_quota(reply.headers_mut(), quota);
        }
        reply
    }

    /// The headers of every reply, with the request's id.
    fn sign(&self, visit: &Visit, reply: &mut Response) {
        self.fixed.put_on(reply, visit.is_private);
        let headers = reply.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&visit.request_id) {
            headers.insert("x-request-id", value);
        }
        if visit.closes {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// A reply whatever happens: a panic or a delay beyond patience is a failure like any other (NET-05, NET-01).
async fn guarded(work: impl Future<Output = Reply>, patience: Duration) -> Response {
    let mut work = pin!(work);
    let caught = std::future::poll_fn(|cx| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Ok(reply))) => Poll::Ready(reply),
            Ok(Poll::Ready(Err(never))) => match never {},
            Err(_) => Poll::Ready(Error::internal("a handler panicked").into_response()),
        }
    });
    match tokio::time::timeout(patience, caught).await {
        Ok(reply) => reply,
        Err(_) => Error::Timeout.into_response(),
    }
}

impl Visit {
    /// Of a request whose head cannot be read; it is the last on its connection.
    fn unreadable() -> Self {
        let (parts, ()) = Request::new(()).into_parts();
        Self {
            method: Method::from_bytes(b"UNREADABLE").unwrap_or_default(),
            is_private: true,
            closes: true,
            ..Self::of(&parts)
        }
    }

    fn of(parts: &Parts) -> Self {
        let headers = &parts.headers;
        let is_private = headers.contains_key(header::AUTHORIZATION)
            || headers.contains_key(header::COOKIE)
            || !parts.method.is_safe();
        Self {
            method: parts.method.clone(),
            request_id: request_id::of(headers),
            wants_rfc9457: headers
                .get(header::ACCEPT)
                .and_then(|accept| accept.to_str().ok())
                .is_some_and(|accept| accept.contains("application/problem+json")),
            is_private,
            page: None,
            // What follows a body in chunks was not looked at (NET-04).
            closes: headers.contains_key(header::TRANSFER_ENCODING),
            encodings: headers.get(header::ACCEPT_ENCODING).cloned(),
            seen: headers.get(header::IF_NONE_MATCH).cloned(),
            origin: headers.get(header::ORIGIN).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(work: impl Future<Output = Reply>) -> u16 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let reply = runtime.block_on(guarded(work, Duration::from_millis(20)));
        let told = problem::as_json(false, "request-1", "/", reply);
        assert!(told.headers().contains_key(header::CONTENT_TYPE));
        told.status().as_u16()
    }

    /// NET-05
    #[test]
    fn a_panic_is_a_failure_like_any_other() {
        assert_eq!(run(async { panic!("in a handler") }), 500);
        assert_eq!(
            run(async {
                tokio::task::yield_now().await;
                panic!("later")
            }),
            500
        );
    }

    /// NET-01
    #[test]
    fn a_reply_that_does_not_come_is_given_up() {
        assert_eq!(run(std::future::pending()), 504);
    }
}
