//! The connection to somebody else's machine. The very address that is dialled is held to the rules, at each attempt, be
//! it written in the URL or what a name stands for at this moment (SSR-01). No proxy is asked, whatever the environment
//! says.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::domain::webhook::Rules;
use crate::gateway::names;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// Connects to what the rules let it.
#[derive(Clone)]
pub struct Connector {
    rules: Arc<Rules>,
    resolver: Option<SocketAddr>,
}

impl Connector {
    /// One that keeps to these rules, and asks this resolver, or else the machine's own.
    pub fn new(rules: Arc<Rules>, resolver: Option<SocketAddr>) -> Self {
        Self { rules, resolver }
    }

    /// Looks the name up, unless it is an address, and connects to the first of its addresses that may be reached and
    /// answers.
    async fn connect(self, uri: Uri) -> io::Result<TokioIo<TcpStream>> {
        let host = uri.host().ok_or(io::ErrorKind::InvalidInput)?;
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        });
        let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for ip in names::addresses(host, self.resolver).await? {
            if !self.rules.may_dial(ip, port) {
                continue;
            }
            match TcpStream::connect(SocketAddr::new(ip, port)).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(TokioIo::new(stream));
                }
                Err(cause) => failure = cause,
            }
        }
        Err(failure)
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.clone().connect(uri);
        Box::pin(async move {
            match tokio::time::timeout(CONNECT, connecting).await {
                Ok(connected) => connected,
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        })
    }
}
