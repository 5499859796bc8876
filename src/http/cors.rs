//! Which pages of other sites may call the API from a browser: an exact list, empty unless set, and never with cookies
//! (WEB-03).

use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const ASKED: &str =
    "authorization, content-type, idempotency-key, if-match, if-none-match, x-request-id, last-event-id";
const SHOWN: &str = "etag, x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after, idempotent-replayed, location";
/// Browsers ask again after ten minutes.
const MAX_AGE: &str = "600";

/// The list.
pub struct Cors {
    origins: Vec<String>,
}

impl Cors {
    /// From the settings.
    pub fn new(origins: &[String]) -> Self {
        Self {
            origins: origins.to_vec(),
        }
    }

    /// Tells the browser of an origin on the list that its page may read the reply.
    pub fn answer(&self, origin: &HeaderValue, method: &Method, mut reply: Response) -> Response {
        if self.origins.is_empty() {
            return reply;
        }
        let is_allowed = self.origins.iter().any(|known| origin == known.as_str());
        let is_question = method == Method::OPTIONS && reply.status() == StatusCode::METHOD_NOT_ALLOWED;
        if is_allowed && is_question {
            reply = StatusCode::NO_CONTENT.into_response();
        }
        let headers = reply.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if is_allowed {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(SHOWN),
            );
        }
        if is_allowed && is_question {
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static(METHODS),
            );
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static(ASKED),
            );
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
        }
        reply
    }
}
