//! Templates as replies, and where a form leads.

use askama::Template;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::domain::fault::Fault;
use crate::domain::id::AuditId;
use crate::error::Error;
use crate::error::Result;

/// A page as a reply.
pub fn page(status: StatusCode, template: &impl Template) -> Result<Response> {
    let html = template.render().map_err(|cause| Error::Internal(cause.into()))?;
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((status, kind, html).into_response())
}

/// The status of a failure.
pub fn status(error: &Error) -> StatusCode {
    let (status, ..) = error.code().facts();
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The page that a failure has in the place of what was asked for: its status, and when to come again.
pub fn failed(error: &Error, template: &impl Template) -> Result<Response> {
    let mut reply = page(status(error), template)?;
    if let Some(seconds) = error.retry_after() {
        reply.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(reply)
}

/// Leads on after a form; the page there says what was done.
pub fn lead(to: &str, done: Option<AuditId>) -> Response {
    let to = match (done, to.contains('?')) {
        (None, _) => to.to_owned(),
        (Some(done), true) => format!("{to}&done={done}"),
        (Some(done), false) => format!("{to}?done={done}"),
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// What begins an address that is a secret itself: whatever stands there, the address is told to nobody (AUT-07).
const SECRET: [&str; 5] = [
    "/address/",
    "/reset/",
    "/pay/sandbox/",
    "/admin/setup/",
    "/admin/invitation/",
];

/// Keeps a secret in the address of a page from where the page leads.
pub fn hush(path: &str, headers: &mut HeaderMap) {
    if SECRET.iter().any(|start| path.starts_with(start)) {
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
}

/// What is wrong with a field, for the place beside it.
pub fn fault_of<'a>(faults: &'a [Fault], field: &str) -> Option<&'a str> {
    let found = faults.iter().find(|fault| fault.field == field);
    found.map(|fault| fault.message.as_str())
}

/// The path a browser came from, if it is one of ours.
pub fn came_from(headers: &HeaderMap) -> Option<String> {
    let whole = headers.get(header::REFERER)?.to_str().ok()?;
    let (_, rest) = whole.split_once("://")?;
    let path = rest.find('/').map(|at| &rest[at..])?;
    is_ours(path).then(|| path.to_owned())
}

/// Whether a target is one of the pages that somebody signs in for: one slash in front, and nothing that a browser would
/// read as another host (WEB-06).
pub fn is_ours(target: &str) -> bool {
    let is_page = target == "/admin"
        || ["/admin/", "/admin?", "/address/"]
            .iter()
            .any(|start| target.starts_with(start));
    is_page && !target.contains(['\\', '\r', '\n', '\t']) && !target.contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WEB-06
    #[test]
    fn only_our_own_pages_are_led_to() {
        for good in [
            "/admin",
            "/admin/orders",
            "/admin/orders?status=pending",
            "/admin?x=1",
            "/address/link",
        ] {
            assert!(is_ours(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "admin",
            "/administrator",
            "/address",
            "/address//evil.example",
            "/reset/link",
            "/admin//evil.example",
            "/admin/\\evil",
            "/admin/\r\nset-cookie: a=b",
            "javascript:alert(1)",
            "/orders",
            "\\\\evil",
            "/%2f%2fevil",
            "/\t/evil",
        ] {
            assert!(!is_ours(bad), "{bad}");
        }
    }
}
