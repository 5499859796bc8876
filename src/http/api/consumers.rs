//! Named consumers of the events over JSON: read, and acknowledge what was read.

use std::time::Duration;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::consumer;
use crate::domain::consumer::Consumer;
use crate::domain::consumer::NewConsumer;
use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::EventId;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::http::api::events::EventView;
use crate::http::extract::Created;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::shop::consumers;
use crate::shop::consumers::Given;

/// A consumer as the API shows it.
#[derive(Serialize, ToSchema)]
pub struct ConsumerView {
    name: String,
    stream: Option<Stream>,
    #[serde(rename = "type")]
    kind: Option<EventType>,
    /// Every event up to here is acknowledged, or not asked for.
    cursor: EventId,
    leases: i64,
    created_at: Timestamp,
}

impl From<&Consumer> for ConsumerView {
    fn from(consumer: &Consumer) -> Self {
        Self {
            name: consumer.name.clone(),
            stream: consumer.stream,
            kind: consumer.kind,
            cursor: consumer.cursor,
            leases: consumer.leases,
            created_at: consumer.created_at,
        }
    }
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let rows = app.read(move |db| consumers::list(db, &by)).await?;
    list::reply(&list::whole(rows), ConsumerView::from)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateConsumer {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._-]+$")]
    name: String,
    #[schema(value_type = Option<Stream>)]
    stream: Option<String>,
    #[serde(rename = "type")]
    #[schema(value_type = Option<EventType>)]
    kind: Option<String>,
    /// Behind which event it begins; 0, unless it is said.
    #[schema(minimum = 0)]
    after: Option<i64>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

impl CreateConsumer {
    /// Well formed, or every fault at once.
    fn parse(&self) -> Result<NewConsumer> {
        let mut faults = Vec::new();
        let name = consumer::name(&self.name).map_err(|bad| faults.push(bad.at("name")));
        let stream = one_of(self.stream.as_deref(), "stream", Stream::parse, &mut faults);
        let kind = one_of(self.kind.as_deref(), "type", EventType::parse, &mut faults);
        let after = number(self.after, "after", 0, i64::MAX, &mut faults);
        match (name, faults.is_empty()) {
            (Ok(name), true) => Ok(NewConsumer {
                name,
                stream,
                kind,
                after: EventId(after.unwrap_or(0)),
            }),
            _ => Err(faults.into()),
        }
    }
}

fn one_of<T>(
    text: Option<&str>,
    field: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let found = parse(text?);
    if found.is_none() {
        faults.push(Bad::input("is not one of the known values").at(field));
    }
    found
}

fn number(number: Option<i64>, field: &str, least: i64, most: i64, faults: &mut Vec<Fault>) -> Option<i64> {
    if number.is_some_and(|number| !(least..=most).contains(&number)) {
        let words = match most {
            i64::MAX => format!("must be a whole number from {least}"),
            _ => format!("must be a whole number from {least} to {most}"),
        };
        faults.push(Bad::input(words).at(field));
    }
    number
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateConsumer>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /events/consumers", token, &body)?;
    let new = body.parse()?;
    let made = app
        .write(move |tx| consumers::create(tx, &by, key.as_ref(), &new))
        .await?;
    once(made, |consumer| {
        Ok(Created(Reply(ConsumerView::from(&consumer))).into_response())
    })
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(name): Path<String>,
    _: NoBody,
) -> Result<StatusCode> {
    app.write(move |tx| consumers::delete(tx, &by, &name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEvents {
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    #[schema(minimum = 5, maximum = 600)]
    lease_seconds: Option<i64>,
    #[schema(minimum = 0, maximum = 30)]
    wait: Option<i64>,
}

/// How much is read, for how long, and how long is waited for something.
#[derive(Clone, Copy)]
struct Reading {
    limit: usize,
    life: i64,
    wait: Duration,
}

impl ReadEvents {
    fn parse(&self) -> Result<Reading> {
        const USUAL: i64 = 50;
        let mut faults = Vec::new();
        let limit = number(self.limit, "limit", 1, 200, &mut faults);
        let wait = number(self.wait, "wait", 0, 30, &mut faults);
        let life = consumer::lease(self.lease_seconds).map_err(|bad| faults.push(bad.at("lease_seconds")));
        match (life, faults.is_empty()) {
            (Ok(life), true) => Ok(Reading {
                limit: limit.unwrap_or(USUAL).unsigned_abs() as usize,
                life,
                wait: Duration::from_secs(wait.unwrap_or(0).unsigned_abs()),
            }),
            _ => Err(faults.into()),
        }
    }
}

#[derive(Default, Serialize, ToSchema)]
pub struct LeasedEvents {
    data: Vec<EventView>,
    /// What acknowledges them; none where there was nothing.
    lease: Option<String>,
    expires_at: Option<Timestamp>,
}

impl LeasedEvents {
    fn new(given: Given) -> Result<Self> {
        Ok(Self {
            data: given
                .events
                .into_iter()
                .map(EventView::new)
                .collect::<Result<_>>()?,
            lease: Some(given.lease),
            expires_at: Some(given.expires_at),
        })
    }
}

pub async fn read(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(name): Path<String>,
    MaybeJson(body): MaybeJson<ReadEvents>,
) -> Result<Reply<LeasedEvents>> {
    let reading = body.parse()?;
    let given = wait_for(&app, &by, &name, reading).await?;
    let leased = given.map(LeasedEvents::new).transpose()?;
    Ok(Reply(leased.unwrap_or_default()))
}

/// Looks; only where there is something it writes. Else it waits for the next COMMIT, or for a lease to expire.
async fn wait_for(app: &App, by: &Actor, name: &str, reading: Reading) -> Result<Option<Given>> {
    let (mut commits, mut stopping) = (app.commits(), app.stopping());
    let time_up = tokio::time::sleep(reading.wait);
    tokio::pin!(time_up);
    loop {
        commits.borrow_and_update();
        let now = app.clock().now();
        let (who, named) = (by.clone(), name.to_owned());
        let waiting = app.read(move |db| consumers::look(db, &who, &named, now)).await?;
        if waiting.is_due {
            let (who, named) = (by.clone(), name.to_owned());
            let given = app
                .write(move |tx| consumers::read(tx, &who, &named, reading.limit, reading.life))
                .await?;
            match given {
                Some(given) => return Ok(Some(given)),
                None => continue,
            }
        }
        let left = waiting.next_expiry.map_or(i64::MAX, |at| at.ms() - now.ms());
        let expiry = tokio::time::sleep(Duration::from_millis(left.unsigned_abs()).min(reading.wait));
        tokio::select! {
            biased;
            () = &mut time_up => return Ok(None),
            _ = stopping.wait_for(|stops| *stops) => return Ok(None),
            changed = commits.changed() => if changed.is_err() { return Ok(None) },
            () = expiry => {}
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AckLease {
    lease: String,
}

pub async fn acknowledge(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(name): Path<String>,
    Json(body): Json<AckLease>,
) -> Result<StatusCode> {
    app.write(move |tx| consumers::acknowledge(tx, &by, &name, &body.lease))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
