//! The audit over JSON: who did what to which thing, and whether the chain is whole.

use axum::Json as Reply;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::audit::Redacted;
use crate::domain::audit::Target;
use crate::domain::audit::Verdict;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::http::audit_query::Noted;
use crate::http::audit_query::Page;
use crate::http::extract::CurrentUser;
use crate::http::list;
use crate::http::list::Asked;
use crate::shop::audit;

#[derive(Serialize, ToSchema)]
pub struct AuditView<'a> {
    id: i64,
    at: Timestamp,
    actor: ActorView<'a>,
    action: Action,
    target: TargetView,
    ip: Option<String>,
    request_id: Option<&'a str>,
    #[schema(value_type = Value)]
    content: Option<Content<'a>>,
    /// The row that tells by whom and why a part of this one was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    redacted_by: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditActor)]
struct ActorView<'a> {
    id: Option<i64>,
    name: Option<&'a str>,
    #[schema(value_type = ActorKind)]
    kind: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditTarget)]
struct TargetView {
    kind: Target,
    id: Option<i64>,
}

/// Content is JSON as it was noted; what is none stands as text.
#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

fn view(row: &AuditRow) -> AuditView<'_> {
    AuditView {
        id: row.id.0,
        at: row.at,
        actor: ActorView {
            id: row.actor.map(|user| user.0),
            name: row.actor_name.as_deref(),
            kind: row.actor_kind.name(),
        },
        action: row.action,
        target: TargetView {
            kind: row.target_kind,
            id: row.target,
        },
        ip: row.ip.map(|ip| ip.to_string()),
        request_id: row.request_id.as_deref(),
        content: row.content.as_deref().map(content),
        redacted_by: row.redacted_by.map(|row| row.0),
    }
}

fn content(text: &str) -> Content<'_> {
    match serde_json::from_str(text) {
        Ok(json) => Content::Json(json),
        Err(_) => Content::Text(text),
    }
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Page>,
) -> Result<Response> {
    let Page(wanted, paging) = asked.read(&())?;
    let page = app.read(move |db| audit::list(db, &by, &wanted, &paging)).await?;
    list::reply(&page, view)
}

/// The verdict on the chain, as the API and the command print it.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditVerdict)]
pub struct VerdictView {
    ok: bool,
    rows: u64,
    head: String,
    #[schema(value_type = Option<Object>)]
    broken: Option<Value>,
    /// Good rows of which the shop itself has taken a part away.
    redacted: Vec<RedactedView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AuditRedacted)]
struct RedactedView {
    /// The row that tells of it.
    told_by: i64,
    rows: u64,
    first: i64,
    last: i64,
    at: Option<Timestamp>,
    by: Option<String>,
    /// As it was noted.
    #[schema(value_type = Option<Object>)]
    why: Option<Value>,
}

impl RedactedView {
    fn new(redacted: &Redacted) -> Self {
        let why = redacted.why.as_deref();
        Self {
            told_by: redacted.told_by.0,
            rows: redacted.rows,
            first: redacted.first.0,
            last: redacted.last.0,
            at: redacted.at,
            by: redacted.by.clone(),
            why: why.and_then(|json| serde_json::from_str(json).ok()),
        }
    }
}

impl VerdictView {
    pub fn new(verdict: &Verdict) -> Self {
        let broken = verdict
            .broken
            .as_ref()
            .map(|broken| serde_json::json!({ "id": broken.id, "what": broken.what }));
        Self {
            ok: verdict.broken.is_none(),
            rows: verdict.rows,
            head: verdict.head.to_string(),
            broken,
            redacted: verdict.redacted.iter().map(RedactedView::new).collect(),
        }
    }
}

pub async fn verify(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Noted>,
) -> Result<Reply<VerdictView>> {
    let Noted(noted) = asked.read(&())?;
    let key = app.keys().audit;
    let verdict = app
        .read_alone(move |db, is_wanted| audit::verify(db, &by, &key, noted, |_| is_wanted()))
        .await?;
    Ok(Reply(VerdictView::new(&verdict)))
}
