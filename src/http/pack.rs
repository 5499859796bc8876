//! Replies packed with gzip, br or zstd for those who ask (I10). Short ones, streams and what is packed already stay as
//! they are, and whoever does not ask pays nothing.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::Request;
use axum::http::header;
use axum::response::Response;
use http_body::Body as _;
use tower::ServiceExt;
use tower_http::compression::Compression;

/// Below this the head weighs more than what is saved.
const SHORTEST: u64 = 1024;

/// Packs a reply with the best of the encodings that the caller takes.
pub async fn pack(encodings: &HeaderValue, reply: Response) -> Response {
    if !is_worth_it(&reply) {
        return reply;
    }
    let mut request = Request::new(());
    request
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, encodings.clone());
    let status = reply.status();
    let mut reply = Some(reply);
    let giver = tower::service_fn(move |_: Request<()>| {
        let reply = reply.take().unwrap_or_default();
        async move { Ok::<_, Infallible>(reply) }
    });
    match Compression::new(giver).oneshot(request).await {
        Ok(packed) => {
            let mut packed = packed.map(Body::new);
            // Where no encoding is good enough, 406 would take the place of what has happened already: plain is better.
            *packed.status_mut() = status;
            packed
        }
        Err(never) => match never {},
    }
}

fn is_worth_it(reply: &Response) -> bool {
    let headers = reply.headers();
    let is_text = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        kind.starts_with(b"application/json")
            || kind.starts_with(b"application/problem+json")
            || kind.starts_with(b"application/javascript")
            || kind.starts_with(b"image/svg")
            || kind.starts_with(b"text/") && !kind.starts_with(b"text/event-stream")
    });
    let is_long = reply
        .body()
        .size_hint()
        .exact()
        .is_some_and(|size| size > SHORTEST);
    is_text && is_long && !headers.contains_key(header::CONTENT_ENCODING)
}
