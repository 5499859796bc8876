//! Templates as replies, and where a form leads.

use askama::Template;
use axum::http::HeaderMap;
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

/// Leads on after a form; the page there says what was done.
pub fn lead(to: &str, done: Option<AuditId>) -> Response {
    let to = match (done, to.contains('?')) {
        (None, _) => to.to_owned(),
        (Some(done), true) => format!("{to}&done={done}"),
        (Some(done), false) => format!("{to}?done={done}"),
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// A page with a secret in its address, which is told to nobody (AUT-07).
pub fn quiet(reply: Response) -> Result<Response> {
    Ok(([(header::REFERRER_POLICY, "no-referrer")], reply).into_response())
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

/// Whether a target lies within the admin: one slash in front, and nothing that a browser would read as another host
/// (WEB-06).
pub fn is_ours(target: &str) -> bool {
    let is_admin = target == "/admin" || target.starts_with("/admin/") || target.starts_with("/admin?");
    is_admin && !target.contains(['\\', '\r', '\n', '\t']) && !target.contains("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WEB-06
    #[test]
    fn only_the_admin_is_led_to() {
        for good in [
            "/admin",
            "/admin/orders",
            "/admin/orders?status=pending",
            "/admin?x=1",
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
