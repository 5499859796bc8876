//! The headers that every reply carries, and the replies that are made of headers alone.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;

use crate::http::assets::FOR_EVER;
use crate::http::limits::Quota;

/// WEB-01, for every page.
macro_rules! policy {
    () => {
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    };
}
const POLICY: &str = policy!();
/// The same for a page that shows another of ours in a frame.
pub const FRAMING: HeaderValue = HeaderValue::from_static(concat!(policy!(), "; frame-src 'self'"));
/// What stands in such a frame: no script, no form, nothing from elsewhere, and as good as another site.
pub const FRAMED: HeaderValue = HeaderValue::from_static(
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; \
     frame-ancestors 'self'",
);
const ALL: &str = "GET,HEAD,POST,PUT,PATCH,DELETE";
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: with it browsers send `Origin: null` with our own forms (WEB-02).
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// What all replies have alike.
pub struct Fixed {
    /// For how long, and for which names, browsers keep to https.
    transport: Option<HeaderValue>,
}

impl Fixed {
    /// For a shop at this URL.
    pub fn new(public_url: &str, and_below: bool) -> Self {
        let transport = HeaderValue::from_static(match and_below {
            true => "max-age=31536000; includeSubDomains",
            false => "max-age=31536000",
        });
        Self {
            transport: public_url.starts_with("https://").then_some(transport),
        }
    }

    /// Puts them on. What belongs to somebody is kept by nobody on the way (TOK-07).
    pub fn put_on(&self, reply: &mut Response, is_private: bool) {
        let headers = reply.headers_mut();
        for (name, value) in ALWAYS {
            // A page with a secret in its address says more.
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if let Some(transport) = &self.transport {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, transport.clone());
        }
        let is_page = headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if is_page && !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        }
        let is_for_all = headers
            .get(header::CACHE_CONTROL)
            .is_some_and(|kept| kept.as_bytes() == FOR_EVER.as_bytes());
        if is_private && !is_for_all {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

/// Whether a proxy says that it has passed the request on.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name == "via" || name == "forwarded" || name.starts_with("x-forwarded-")
    })
}

/// How much is left of the limit, for those who want to keep to it.
pub fn tell_quota(headers: &mut HeaderMap, quota: Quota) {
    headers.insert("x-ratelimit-limit", quota.limit.into());
    headers.insert("x-ratelimit-remaining", quota.remaining.into());
    headers.insert("x-ratelimit-reset", quota.reset.into());
}

/// Completes a 405 with what can be done instead; whoever has asked just that (OPTIONS) gets it as 204.
pub fn tell_methods(method: &Method, refused: Response) -> Response {
    let (mut parts, mut body) = refused.into_parts();
    let known = parts.headers.get(header::ALLOW);
    let known = known.map_or(ALL, |value| value.to_str().unwrap_or(ALL));
    if let Ok(value) = HeaderValue::from_str(&format!("{known},OPTIONS")) {
        parts.headers.insert(header::ALLOW, value);
    }
    if method == Method::OPTIONS {
        parts.status = StatusCode::NO_CONTENT;
        parts.headers.remove(header::CONTENT_TYPE);
        body = Body::empty();
    }
    Response::from_parts(parts, body)
}

/// 304 without a body if the caller has this version already.
pub fn unless_changed(method: &Method, seen: &HeaderValue, reply: Response) -> Response {
    let is_look = method == Method::GET || method == Method::HEAD;
    let is_same = reply
        .headers()
        .get(header::ETAG)
        .is_some_and(|tag| is_among(tag.as_bytes(), seen.as_bytes()));
    if !is_look || reply.status() != StatusCode::OK || !is_same {
        return reply;
    }
    let (mut parts, _) = reply.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    Response::from_parts(parts, Body::empty())
}

fn is_among(tag: &[u8], seen: &[u8]) -> bool {
    let strong = |text: &[u8]| text.strip_prefix(b"W/").unwrap_or(text).to_vec();
    let tag = strong(tag);
    seen.split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|other| other == b"*" || strong(other) == tag)
}
