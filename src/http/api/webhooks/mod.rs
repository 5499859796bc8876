//! Webhooks over JSON: endpoints.

mod deliveries;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::EndpointId;
use crate::domain::text;
use crate::domain::time::Moment;
use crate::domain::webhook::EndpointChange;
use crate::domain::webhook::Filter;
use crate::domain::webhook::NewEndpoint;
use crate::domain::webhook::Rules;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::extract::nullable;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::version;
use crate::http::version::IfMatch;
use crate::http::version::IfNoneMatch;
use crate::shop::webhooks;
use crate::shop::webhooks::Again;
use crate::shop::webhooks::DeliveryView;
use crate::shop::webhooks::EndpointView;

pub use deliveries::list as list_deliveries;
pub use deliveries::retry;
pub use deliveries::show as show_delivery;

/// The longest description.
const MOST_WORDS: usize = 200;

fn reply(status: StatusCode, endpoint: &EndpointView, held: &IfNoneMatch) -> Result<Response> {
    version::tagged(status, &version::tag(endpoint.version, None), held, endpoint)
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let now = app.clock().now();
    let rows = app.read(move |db| webhooks::list(db, &by, now)).await?;
    list::reply(&list::whole(rows), Clone::clone)
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<EndpointId>,
    held: IfNoneMatch,
) -> Result<Response> {
    let now = app.clock().now();
    let endpoint = app.read(move |db| webhooks::show(db, &by, id, now)).await?;
    reply(StatusCode::OK, &endpoint, &held)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateEndpoint {
    #[schema(min_length = 1, max_length = 2000)]
    url: String,
    #[schema(min_items = 1, max_items = 50)]
    events: Vec<String>,
    #[schema(max_length = 200)]
    description: Option<String>,
    enabled: Option<bool>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

impl CreateEndpoint {
    fn parse(&self, rules: &Rules) -> Result<NewEndpoint> {
        let mut faults = Vec::new();
        let url = rules.check(&self.url).map_err(|bad| faults.push(bad.at("url")));
        let filter = filter(&self.events, &mut faults);
        let words = self
            .description
            .as_deref()
            .map(|words| described(words, &mut faults));
        match (url, filter, faults.is_empty()) {
            (Ok(url), Some(filter), true) => Ok(NewEndpoint {
                url,
                filter,
                description: words.flatten(),
                is_enabled: self.enabled.unwrap_or(true),
            }),
            _ => Err(faults.into()),
        }
    }
}

fn filter(parts: &[String], faults: &mut Vec<Fault>) -> Option<Filter> {
    Filter::parse(parts)
        .map_err(|(at, bad)| {
            faults.push(match at {
                Some(at) => bad.at(format!("events[{at}]")),
                None => bad.at("events"),
            });
        })
        .ok()
}

/// Blank words are none.
fn described(words: &str, faults: &mut Vec<Fault>) -> Option<String> {
    match text::line(words, 0, MOST_WORDS) {
        Ok(words) => Some(words).filter(|words| !words.is_empty()),
        Err(bad) => {
            faults.push(bad.at("description"));
            None
        }
    }
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateEndpoint>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /webhooks/endpoints", token, &body)?;
    let new = body.parse(&app.webhook_rules())?;
    let keys = app.keys().clone();
    let made = app
        .write(move |tx| webhooks::create(tx, &by, &keys, key.as_ref(), &new))
        .await?;
    once(made, |endpoint| {
        reply(StatusCode::CREATED, &endpoint, &IfNoneMatch::default())
    })
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateEndpoint {
    #[schema(min_length = 1, max_length = 2000)]
    url: Option<String>,
    #[schema(min_items = 1, max_items = 50)]
    events: Option<Vec<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(max_length = 200)]
    description: Option<Option<String>>,
    enabled: Option<bool>,
    version: Option<i64>,
}

impl UpdateEndpoint {
    fn parse(&self, rules: &Rules) -> Result<EndpointChange> {
        let mut faults = Vec::new();
        let url = self.url.as_deref().map(|url| rules.check(url));
        let url = url.transpose().map_err(|bad| faults.push(bad.at("url")));
        let filter = self.events.as_deref().map(|parts| filter(parts, &mut faults));
        let words = |words: &String| described(words, &mut faults);
        let description = self
            .description
            .as_ref()
            .map(|given| given.as_ref().and_then(words));
        match (url, faults.is_empty()) {
            (Ok(url), true) => Ok(EndpointChange {
                url,
                filter: filter.flatten(),
                description,
                is_enabled: self.enabled,
            }),
            _ => Err(faults.into()),
        }
    }
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<EndpointId>,
    seen: IfMatch,
    Json(body): Json<UpdateEndpoint>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let change = body.parse(&app.webhook_rules())?;
    let endpoint = app
        .write(move |tx| webhooks::change(tx, &by, id, seen, &change))
        .await?;
    reply(StatusCode::OK, &endpoint, &IfNoneMatch::default())
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    seen: IfMatch,
    Path(id): Path<EndpointId>,
    _: NoBody,
) -> Result<StatusCode> {
    let seen = seen.or_body(None)?;
    app.write(move |tx| webhooks::delete(tx, &by, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn pause(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<EndpointId>,
    _: NoBody,
) -> Result<Response> {
    let endpoint = app.write(move |tx| webhooks::pause(tx, &by, id)).await?;
    reply(StatusCode::OK, &endpoint, &IfNoneMatch::default())
}

pub async fn resume(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<EndpointId>,
    _: NoBody,
) -> Result<Response> {
    let endpoint = app.write(move |tx| webhooks::resume(tx, &by, id)).await?;
    reply(StatusCode::OK, &endpoint, &IfNoneMatch::default())
}

pub async fn rotate_secret(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<EndpointId>,
    _: NoBody,
) -> Result<Response> {
    let keys = app.keys().clone();
    let endpoint = app.write(move |tx| webhooks::rotate(tx, &by, &keys, id)).await?;
    reply(StatusCode::OK, &endpoint, &IfNoneMatch::default())
}

pub async fn test(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<EndpointId>,
    _: NoBody,
) -> Result<(StatusCode, axum::Json<DeliveryView>)> {
    let delivery = app.write(move |tx| webhooks::test(tx, &by, id)).await?;
    Ok((StatusCode::CREATED, axum::Json(delivery)))
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Replay {
    from: Option<String>,
    to: Option<String>,
    failed_since: Option<String>,
}

impl Replay {
    fn parse(&self) -> Result<Again> {
        let mut faults = Vec::new();
        let mut read = |text: &Option<String>, name: &str| match text.as_deref().map(Moment::parse) {
            Some(Ok(moment)) => Some(moment),
            Some(Err(bad)) => {
                faults.push(bad.at(name));
                None
            }
            None => None,
        };
        let found = (
            read(&self.from, "from"),
            read(&self.to, "to"),
            read(&self.failed_since, "failed_since"),
        );
        match (faults.is_empty(), found) {
            (false, _) => Err(faults.into()),
            (true, (Some(from), Some(to), None)) => Ok(Again::Between(from, to)),
            (true, (None, None, Some(since))) => Ok(Again::FailedSince(since)),
            (true, (None, None, None)) => Err(Bad::missing().at("from").into()),
            (true, (Some(_), None, None)) => Err(Bad::missing().at("to").into()),
            (true, (None, Some(_), None)) => Err(Bad::missing().at("from").into()),
            _ => Err(Bad::invalid("stands beside from and to: say one of them")
                .at("failed_since")
                .into()),
        }
    }
}

pub async fn replay(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<EndpointId>,
    Json(body): Json<Replay>,
) -> Result<StatusCode> {
    let again = body.parse()?;
    app.write(move |tx| webhooks::replay(tx, &by, id, &again)).await?;
    Ok(StatusCode::ACCEPTED)
}
