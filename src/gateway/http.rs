//! A request to another machine. Where it goes is the operator's word alone: nothing that a client says leads here.

use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::Limited;
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(30);
/// No provider answers more.
const MOST_BYTES: usize = 1 << 20;

/// What is to be sent.
#[derive(Debug, Clone, Default)]
pub struct Sending {
    /// `GET`, `POST`.
    pub method: &'static str,
    /// The whole URL, http or https.
    pub url: String,
    /// Headers by name.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body, up to 1 MiB.
    pub body: Bytes,
}

/// Sends a request and reads the whole reply; an error in words, for the log and the row that waits.
pub async fn send(sending: Sending) -> Result<Reply, String> {
    match tokio::time::timeout(WHOLE, sent(sending)).await {
        Ok(reply) => reply,
        Err(_) => Err("no answer in time".to_owned()),
    }
}

async fn sent(sending: Sending) -> Result<Reply, String> {
    let uri: hyper::Uri = sending.url.parse().map_err(|_| "not a URL".to_owned())?;
    let host = uri.host().ok_or("a URL without a host")?.to_owned();
    let is_tls = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let dial = TcpStream::connect((bare.as_str(), port));
    let stream = tokio::time::timeout(CONNECT, dial)
        .await
        .map_err(|_| "no connection in time".to_owned())?
        .map_err(|cause| format!("no connection: {cause}"))?;
    let request = request(&sending, &uri)?;
    match is_tls {
        false => talk(stream, request).await,
        true => {
            let name = ServerName::try_from(bare).map_err(|_| "not a host's name".to_owned())?;
            let stream = TlsConnector::from(tls()?)
                .connect(name, stream)
                .await
                .map_err(|cause| format!("no secure connection: {cause}"))?;
            talk(stream, request).await
        }
    }
}

/// The certificates that are believed are the web's own: made once.
fn tls() -> Result<Arc<ClientConfig>, String> {
    static TLS: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(made) = TLS.get() {
        return Ok(Arc::clone(made));
    }
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| cause.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(TLS.get_or_init(|| Arc::new(config))))
}

fn request(sending: &Sending, uri: &hyper::Uri) -> Result<Request<Full<Bytes>>, String> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let mut request = Request::builder()
        .method(sending.method)
        .uri(path)
        .header("host", authority)
        .header("user-agent", concat!("Till/", env!("CARGO_PKG_VERSION")));
    for (name, value) in &sending.headers {
        request = request.header(*name, value);
    }
    request
        .body(Full::new(Bytes::from(sending.body.clone())))
        .map_err(|cause| cause.to_string())
}

async fn talk<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Reply, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|cause| cause.to_string())?;
    let running = tokio::spawn(connection);
    let reply = sender
        .send_request(request)
        .await
        .map_err(|cause| cause.to_string())?;
    let status = reply.status().as_u16();
    let body = Limited::new(reply.into_body(), MOST_BYTES)
        .collect()
        .await
        .map_err(|cause| cause.to_string())?
        .to_bytes();
    running.abort();
    Ok(Reply { status, body })
}
