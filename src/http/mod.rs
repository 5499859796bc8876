//! The doors for people and programs: one router, one shell around it, our own accept loop.

pub mod api;
pub mod extract;
pub mod list;
pub mod login;
pub mod problem;
pub mod route;
pub mod session;
pub mod shell;
pub mod site;
pub mod token;
pub mod version;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::app::App;
use crate::error::Code;
use crate::error::Error;
use crate::http::shell::Peer;
use crate::http::token::Tokens;

/// Every route, in its shell.
pub fn router(app: App) -> Router {
    let tokens = Arc::new(Tokens::new(&app.keys().token));
    Router::new()
        .nest("/api/v1", api::table().into_router())
        .nest("/api", api::table().into_router())
        .fallback(async || Error::NotFound("page"))
        .method_not_allowed_fallback(async || {
            Error::Request(Code::MethodNotAllowed, "That cannot be done here.".into())
        })
        .layer(axum::middleware::from_fn_with_state(
            (app.clone(), tokens),
            shell::pass,
        ))
        .with_state(app)
}

/// Serves until `stop` is done.
pub async fn serve(listener: TcpListener, app: App, stop: impl Future<Output = ()>) {
    let router = router(app);
    tokio::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(cause) => {
                    tracing::warn!(%cause, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        tokio::spawn(async move {
            let service =
                router.map_request(move |mut request: axum::http::Request<hyper::body::Incoming>| {
                    request.extensions_mut().insert(Peer(peer));
                    request.map(axum::body::Body::new)
                });
            let mut server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            server
                .http1()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(10));
            let _ = server
                .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service))
                .await;
        });
    }
}
