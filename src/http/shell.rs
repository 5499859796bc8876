//! What every request passes on its way in and out: its id, the face that its failures leave through.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Origin;
use crate::http::problem;
use crate::http::token::Tokens;

/// What is known of a request before anyone looks at it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The client's address.
    pub ip: IpAddr,
    /// The id that the reply, the log and the audit carry.
    pub request_id: Arc<str>,
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

/// Where the connection comes from, put there by the accept loop.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The shell around every route.
pub async fn pass(
    State((_, tokens)): State<(App, Arc<Tokens>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = request_id(&request);
    let ip = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.0.ip());
    let asked = request.headers().clone();
    request.extensions_mut().insert(Asked {
        ip,
        request_id: Arc::clone(&request_id),
    });
    request.extensions_mut().insert(tokens);
    let reply = next.run(request).await;
    let mut reply = problem::as_json(&asked, &request_id, reply);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        reply.headers_mut().insert("x-request-id", value);
    }
    reply
}

/// The caller's id if it is one, else a new one.
fn request_id(request: &Request) -> Arc<str> {
    request
        .headers()
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .filter(|text| {
            (8..=64).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        })
        .map_or_else(|| uuid::Uuid::new_v4().to_string().into(), Arc::from)
}
