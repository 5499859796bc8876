//! Posting to a webhook: one request, no redirect, no proxy, a reply that is read so far and no further, and a failure that
//! tells nothing of what stands behind it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::HeaderMap;
use hyper::Request;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header;
use hyper_rustls::HttpsConnector;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioTimer;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::config;
use crate::domain::webhook::Answer;
use crate::domain::webhook::FailureKind;
use crate::domain::webhook::MOST_RESPONSE;
use crate::domain::webhook::Missed;
use crate::domain::webhook::Rules;
use crate::error::Error;
use crate::error::Result;
use crate::gateway::connect::Connector;

/// A kept connection that nothing was sent over for so long is closed.
const IDLE: Duration = Duration::from_secs(30);
/// Connections kept for each host.
const KEPT: usize = 4;
/// The head of a reply may be this long.
const MOST_HEAD: usize = 32 * 1024;
/// Headers of a reply that are kept, and bytes of each.
const MOST_HEADERS: usize = 50;
const MOST_HEADER: usize = 500;

/// Posts to endpoints; clone it freely.
#[derive(Clone)]
pub struct Web {
    client: Client<HttpsConnector<Connector>, Full<Bytes>>,
    patience: Duration,
}

/// A request that is to be posted.
#[derive(Debug, Clone)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// `webhook-id` and the like.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

impl Post {
    /// Address and headers as JSON, to be looked at later.
    pub fn told(&self) -> String {
        let headers: serde_json::Map<String, serde_json::Value> = self
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
            .collect();
        serde_json::json!({ "method": "POST", "url": self.url, "headers": headers }).to_string()
    }
}

impl Web {
    /// What keeps to the rules, and believes the usual certificates and those of the settings.
    pub fn new(rules: Arc<Rules>, settings: &config::Webhooks) -> Result<Self> {
        let tls = ClientConfig::builder_with_provider(Arc::new(
            tokio_rustls::rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .map_err(|cause| Error::Internal(cause.into()))?
        .with_root_certificates(roots(&settings.ca_file)?)
        .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector::new(rules, settings.resolver));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(KEPT)
            .http1_max_buf_size(MOST_HEAD)
            .build(connector);
        Ok(Self {
            client,
            patience: Duration::from_secs(settings.timeout_seconds),
        })
    }

    /// Posts, and reads the reply. That of a status that has come is its answer, also if the body breaks off or drips.
    pub async fn post(&self, post: &Post) -> std::result::Result<Answer, Missed> {
        let mut request = Request::post(post.url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("till/", env!("CARGO_PKG_VERSION")));
        for (name, value) in &post.headers {
            request = request.header(*name, value);
        }
        let request = request
            .body(Full::new(Bytes::from(post.body.clone())))
            .map_err(|_| Missed::met(FailureKind::Unreachable))?;
        let over = tokio::time::sleep(self.patience);
        tokio::pin!(over);
        let response = tokio::select! {
            response = self.client.request(request) => response.map_err(|cause| missed(&cause))?,
            () = &mut over => return Err(Missed::met(FailureKind::Timeout)),
        };
        let mut answer = head(&response);
        let mut body = response.into_body();
        tokio::select! {
            () = read(&mut body, &mut answer.body) => {}
            () = &mut over => {}
        }
        Ok(answer)
    }
}

/// A connection that broke off is told like one that never was: nobody learns which ports are open.
fn missed(cause: &hyper_util::client::legacy::Error) -> Missed {
    Missed {
        kind: FailureKind::Unreachable,
        is_met: !cause.is_connect(),
    }
}

fn head(response: &Response<Incoming>) -> Answer {
    let retry_after = response.headers().get(header::RETRY_AFTER);
    Answer {
        status: response.status().as_u16(),
        headers: told(response.headers()),
        body: Vec::new(),
        retry_after: retry_after
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
    }
}

fn told(headers: &HeaderMap) -> String {
    let told: serde_json::Map<String, serde_json::Value> = headers
        .iter()
        .take(MOST_HEADERS)
        .map(|(name, value)| {
            let bytes = value.as_bytes();
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST_HEADER)]);
            (name.as_str().to_owned(), text.into())
        })
        .collect();
    serde_json::Value::Object(told).to_string()
}

/// Reads until the end, or until there is enough: the rest is not waited for. Nothing is decompressed.
async fn read(body: &mut Incoming, into: &mut Vec<u8>) {
    while let Some(Ok(frame)) = body.frame().await {
        let Some(data) = frame.data_ref() else { continue };
        let room = MOST_RESPONSE - into.len();
        into.extend_from_slice(&data[..data.len().min(room)]);
        if into.len() == MOST_RESPONSE {
            return;
        }
    }
}

/// The usual certificates, and those of a file.
fn roots(ca_file: &str) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if ca_file.is_empty() {
        return Ok(roots);
    }
    let trouble =
        |cause: &dyn std::fmt::Display| Error::Setup(format!("webhooks.ca_file {ca_file}: {cause}"));
    let found = CertificateDer::pem_file_iter(ca_file).map_err(|cause| trouble(&cause))?;
    let before = roots.len();
    for certificate in found {
        let certificate = certificate.map_err(|cause| trouble(&cause))?;
        roots.add(certificate).map_err(|cause| trouble(&cause))?;
    }
    match roots.len() > before {
        true => Ok(roots),
        false => Err(trouble(&"holds no certificate")),
    }
}
