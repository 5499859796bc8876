//! The documents of the API, served from inside the binary: the OpenAPI file, Swagger UI to read and try it, and the page
//! of the codes that failures carry.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Read;
use std::sync::Arc;
use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::HeaderName;
use axum::http::Method;
use axum::http::header;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;
use flate2::read::GzDecoder;
use utoipa_swagger_ui::Config;

use crate::error::Code;
use crate::error::Error;
use crate::error::Result;
use crate::http;
use crate::http::openapi;
use crate::http::route::Access::Public;
use crate::http::route::Table;
use crate::http::shape::sends;

/// Swagger UI sets styles by script; everything else is as on every page (WEB-01).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// The routes below `/api`.
pub fn table() -> Table {
    Table::default()
        .row(
            Method::GET,
            "/openapi.json",
            Public,
            document,
            sends("application/json"),
        )
        .row(Method::GET, "/docs", Public, index, sends("text/html"))
        .row(Method::GET, "/docs/codes", Public, codes, sends("text/html"))
        .row(Method::GET, "/docs/{*file}", Public, file, sends("*/*"))
}

async fn document() -> impl IntoResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| openapi::document(&http::faces()).to_string());
    ([(header::CONTENT_TYPE, "application/json")], text.as_str())
}

async fn index() -> Result<Response> {
    asset("index.html")
}

async fn file(Path(name): Path<String>) -> Result<Response> {
    asset(&name)
}

fn asset(name: &str) -> Result<Response> {
    let config = Config::from("/api/openapi.json").validator_url("none");
    let found = utoipa_swagger_ui::serve(name, Arc::new(config))
        .map_err(|cause| Error::internal(cause.to_string()))?
        .ok_or(Error::NotFound("page"))?;
    let is_page = found.content_type.starts_with("text/html");
    let bytes = match found.gzpipped {
        true => unpacked(&found.bytes)?,
        false => found.bytes.into_owned(),
    };
    let bytes = match is_page {
        // It stands at /api/docs without a slash, so that what it names must say where it is.
        true => String::from_utf8_lossy(&bytes)
            .replace("\"./", "\"/api/docs/")
            .replace("href=\"index.css\"", "href=\"/api/docs/index.css\"")
            .into_bytes(),
        false => bytes,
    };
    let headers: [(HeaderName, String); 2] = [
        (header::CONTENT_TYPE, found.content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// A file as it was before it was packed into the binary; on its way out it is packed as the caller asks for it.
fn unpacked(packed: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = GzDecoder::new(packed).read_to_end(&mut bytes);
    read.map_err(|cause| Error::internal(cause.to_string()))?;
    Ok(bytes)
}

/// One line a code; the number is its anchor.
async fn codes() -> Html<String> {
    let mut rows = String::new();
    let mut seen = BTreeSet::new();
    for code in Code::ALL {
        let (status, number, name, sentence) = code.facts();
        let anchor = match seen.insert(number) {
            true => format!(" id=\"{number}\""),
            false => String::new(),
        };
        let sentence = sentence.replace('<', "&lt;");
        let _ = writeln!(
            rows,
            "<tr{anchor}><td>{number}</td><td>{name}</td><td>{status}</td><td>{sentence}</td></tr>"
        );
    }
    Html(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Codes of failures</title></head>\n\
         <body><h1>Codes of failures</h1>\n<table><thead><tr><th>Code</th><th>Name</th><th>Status</th>\
         <th>Meaning</th></tr></thead><tbody>\n{rows}</tbody></table></body></html>\n"
    ))
}
