//! What monitors and supervisors ask: health, life, readiness, figures. Strangers are told no details (LIF-07).

use axum::Json as Reply;
use axum::extract::FromRequestParts;
use axum::extract::State;
use axum::http::Method;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::app::Checks;
use crate::app::Memory;
use crate::config::Environment;
use crate::domain::permission::Permission;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::http::route::Access::Public;
use crate::http::route::Table;
use crate::http::session;
use crate::http::shape::sends;
use crate::http::shape::shows;
use crate::http::shell::Asked;

const MIB: f64 = 1024.0 * 1024.0;

/// The routes outside the API.
pub fn table() -> Table {
    Table::default()
        .row(Method::GET, "/health", Public, health, shows::<Health>())
        .row(Method::GET, "/livez", Public, live, shows::<Word>())
        .row(Method::GET, "/readyz", Public, ready, shows::<Readiness>())
        .row(Method::GET, "/metrics", Public, figures, sends("text/plain"))
}

/// Whether the request comes from this machine itself.
pub struct IsLocal(bool);

impl FromRequestParts<App> for IsLocal {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        Ok(Self(
            parts
                .extensions
                .get::<Asked>()
                .is_some_and(|asked| asked.is_local),
        ))
    }
}

/// Whether the caller may see how the shop is inside: from this machine, or with the right.
pub struct IsInsider(bool);

impl FromRequestParts<App> for IsInsider {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let IsLocal(is_local) = IsLocal::from_request_parts(parts, app).await?;
        let may = |by: crate::domain::actor::Actor| by.may(Permission::SystemRead);
        Ok(Self(
            is_local || session::actor(parts, app).await.ok().flatten().is_some_and(may),
        ))
    }
}

/// How the shop is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
    timestamp: Timestamp,
    version: &'static str,
    environment: Environment,
    /// Seconds.
    uptime: u64,
    #[serde(rename = "memoryUsage", skip_serializing_if = "Option::is_none")]
    memory: Option<MemoryUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Checks>,
}

/// In MiB, by the names that monitors of such shops know.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemoryUsage {
    rss: f64,
    heap_used: f64,
    heap_total: f64,
    external: f64,
}

impl From<Memory> for MemoryUsage {
    fn from(memory: Memory) -> Self {
        let mib = |bytes: f64| (bytes / MIB * 10.0).round() / 10.0;
        Self {
            rss: mib(memory.resident),
            heap_used: mib(memory.data),
            heap_total: mib(memory.data),
            external: mib(memory.shared),
        }
    }
}

async fn health(State(app): State<App>, IsInsider(is_insider): IsInsider) -> Reply<Health> {
    let checks = app.checks().await;
    Reply(Health {
        status: if checks.is_ready() { "ok" } else { "failing" },
        timestamp: app.clock().now(),
        version: env!("CARGO_PKG_VERSION"),
        environment: app.config().server.environment,
        uptime: app.uptime().as_secs(),
        memory: is_insider.then(|| app.memory().into()),
        checks: is_insider.then_some(checks),
    })
}

/// One word.
#[derive(Serialize, ToSchema)]
pub struct Word {
    status: &'static str,
}

async fn live() -> Reply<Word> {
    Reply(Word { status: "live" })
}

/// Whether orders can be taken.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<Checks>,
}

async fn ready(State(app): State<App>, IsInsider(is_insider): IsInsider) -> Result<Reply<Readiness>> {
    if *app.stopping().borrow() {
        return Err(Error::Unavailable);
    }
    let checks = app.checks().await;
    match checks.is_ready() {
        true => Ok(Reply(Readiness {
            status: "ready",
            checks: is_insider.then_some(checks),
        })),
        false => Err(Error::Unavailable),
    }
}

async fn figures(State(app): State<App>, IsLocal(is_local): IsLocal) -> Result<impl IntoResponse> {
    match is_local || app.config().metrics.public {
        true => Ok((
            [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
            app.figures().await,
        )),
        false => Err(Error::NotFound("page")),
    }
}
