//! Failures as replies: one layer, one number, on whichever face they leave through.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::http::admin;
use crate::http::admin::While;

/// A failure on its way out; the layer of its face dresses it.
#[derive(Clone)]
pub struct Failed(pub Arc<Error>);

/// A failure that has its page already.
#[derive(Clone)]
pub struct Told(pub Arc<Error>);

/// What went wrong, whether it has been dressed or not.
pub fn of(reply: &Response) -> Option<&Error> {
    let bare = reply.extensions().get::<Failed>().map(|Failed(error)| &**error);
    bare.or_else(|| reply.extensions().get::<Told>().map(|Told(error)| &**error))
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, ..) = self.code().facts();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, axum::Extension(Failed(Arc::new(self)))).into_response()
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Problem<'a>,
}

#[derive(Serialize)]
struct Problem<'a> {
    status: u16,
    code: u16,
    name: &'static str,
    message: &'a str,
    request_id: &'a str,
    fields: Vec<FieldProblem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
}

impl<'a> Problem<'a> {
    fn new(error: &'a Error, message: &'a str, request_id: &'a str) -> Self {
        let (status, code, name, _) = error.code().facts();
        let fields = error.faults().iter().map(|fault| FieldProblem {
            field: &fault.field,
            code: fault.kind.code(),
            message: &fault.message,
        });
        Self {
            status,
            code,
            name,
            message,
            request_id,
            fields: fields.collect(),
            details: error.details(),
        }
    }
}

/// A failure as JSON, for those who are told of it otherwise than by a reply.
pub fn in_json(error: &Error, request_id: &str) -> String {
    let sentence = error.sentence();
    let error = Problem::new(error, &sentence, request_id);
    serde_json::to_string(&Envelope { error }).unwrap_or_default()
}

#[derive(Serialize)]
struct FieldProblem<'a> {
    field: &'a str,
    code: u16,
    message: &'a str,
}

/// RFC 9457, with our own members beside its.
#[derive(Serialize)]
struct Rfc9457<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    detail: &'a str,
    #[serde(flatten)]
    problem: &'a Problem<'a>,
}

/// Gives a failed reply the page that people see.
pub fn as_page(
    theme: &'static str,
    did: While,
    request_id: &str,
    route: &str,
    mut bare: Response,
) -> Response {
    if let Some(Told(error)) = bare.extensions_mut().remove::<Told>() {
        log(&error, request_id, route);
    }
    match bare.extensions_mut().remove::<Failed>() {
        None => bare,
        Some(Failed(error)) => {
            log(&error, request_id, route);
            admin::refused(request_id, theme, &error, did)
        }
    }
}

/// Gives a failed reply its JSON body and its headers.
pub fn as_json(wants_rfc9457: bool, request_id: &str, route: &str, bare: Response) -> Response {
    let (mut parts, body) = bare.into_parts();
    if let Some(Told(error)) = parts.extensions.remove::<Told>() {
        log(&error, request_id, route);
    }
    let Some(Failed(error)) = parts.extensions.remove::<Failed>() else {
        return Response::from_parts(parts, body);
    };
    log(&error, request_id, route);
    parts.headers.remove(header::CONTENT_LENGTH);
    let (status, code, _, title) = error.code().facts();
    let sentence = error.sentence();
    let problem = Problem::new(&error, &sentence, request_id);
    let (kind, json) = match wants_rfc9457 {
        true => {
            let rfc = Rfc9457 {
                kind: format!("/api/docs/codes#{code}"),
                title,
                detail: &sentence,
                problem: &problem,
            };
            ("application/problem+json", serde_json::to_vec(&rfc))
        }
        false => (
            "application/json",
            serde_json::to_vec(&Envelope { error: problem }),
        ),
    };
    let mut reply = Response::from_parts(parts, axum::body::Body::from(json.unwrap_or_default()));
    reply
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(seconds) = error.retry_after() {
        reply
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == 401 {
        reply
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    reply
}

/// Once for each failure: what someone must mend is an error, a refused request is not. Of a refusal only the number is
/// logged: its words name what was sent, and that may be a password in the wrong place (TOK-07).
fn log(error: &Error, request_id: &str, route: &str) {
    let (_, code, name, _) = error.code().facts();
    match error.cause() {
        Some(cause) => tracing::error!(%cause, request_id, route, "request failed"),
        None => tracing::debug!(code, name, request_id, route, "request refused"),
    }
}
