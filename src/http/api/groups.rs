//! Groups of customers over JSON.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::customer::Facts;
use crate::domain::fault::Bad;
use crate::domain::group::GroupFields;
use crate::domain::group::RuleFields;
use crate::domain::id::CustomerId;
use crate::domain::id::GroupId;
use crate::domain::money::RawAmount;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Path;
use crate::http::extract::nullable;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::version;
use crate::http::version::IfMatch;
use crate::http::version::IfNoneMatch;
use crate::http::version::Seen;
use crate::shop::groups;
use crate::shop::groups::GroupView;
use crate::shop::groups::Membership;
use crate::shop::settings;

/// So many customers join or leave at once.
const MOST_MEMBERS: usize = 100;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let rows = app.read(move |db| groups::list(db, &by)).await?;
    list::reply(&list::whole(rows), Clone::clone)
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<GroupId>,
    held: IfNoneMatch,
) -> Result<Response> {
    let group = app.read(move |db| groups::show(db, &by, id)).await?;
    reply(StatusCode::OK, &group, &held)
}

/// With its tag: the version, and how many are in it.
fn reply(status: StatusCode, group: &GroupView, held: &IfNoneMatch) -> Result<Response> {
    let tag = version::tag(group.version, Some(&group.figures_digest()));
    version::tagged(status, &tag, held, group)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGroup {
    #[schema(min_length = 2, max_length = 100)]
    name: String,
    #[schema(max_length = 500)]
    description: Option<String>,
    /// In percent.
    discount: Option<RawAmount>,
    rule: Option<GroupRule>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Facts>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

/// Who belongs to it by itself: whoever meets all that is said.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRule {
    /// So many orders that were paid for.
    #[schema(minimum = 1, maximum = 1_000_000)]
    min_orders: Option<i64>,
    min_spent: Option<RawAmount>,
    #[schema(min_length = 1, max_length = 50)]
    tag: Option<String>,
}

impl From<GroupRule> for RuleFields {
    fn from(rule: GroupRule) -> Self {
        Self {
            min_orders: rule.min_orders,
            min_spent: rule.min_spent,
            tag: rule.tag,
        }
    }
}

/// What is wrong with the fields themselves is said before anything is looked up.
async fn check(app: &App, asked: &GroupFields) -> Result<()> {
    let currency = app.read(settings::show).await?.terms.currency;
    Ok(asked.check(currency)?)
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateGroup>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /customers/groups", token, &body)?;
    let asked = GroupFields {
        name: Some(body.name),
        description: Some(body.description),
        discount: Some(body.discount),
        rule: Some(body.rule.map(RuleFields::from)),
        metadata: body.metadata,
    };
    check(&app, &asked).await?;
    let made = app
        .write(move |tx| groups::create(tx, &by, key.as_ref(), &asked))
        .await?;
    once(made, |group| {
        reply(StatusCode::CREATED, &group, &IfNoneMatch::default())
    })
}

/// What is not said stays; null takes it away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeGroup {
    #[schema(min_length = 2, max_length = 100)]
    name: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 500)]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<RawAmount>)]
    discount: Option<Option<RawAmount>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<GroupRule>)]
    rule: Option<Option<GroupRule>>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Facts>,
    version: Option<i64>,
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<GroupId>,
    seen: IfMatch,
    Json(body): Json<ChangeGroup>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let asked = GroupFields {
        name: body.name,
        description: body.description,
        discount: body.discount,
        rule: body.rule.map(|rule| rule.map(RuleFields::from)),
        metadata: body.metadata,
    };
    check(&app, &asked).await?;
    let group = app
        .write(move |tx| groups::update(tx, &by, id, seen, &asked))
        .await?;
    reply(StatusCode::OK, &group, &IfNoneMatch::default())
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<GroupId>,
    seen: IfMatch,
    MaybeJson(body): MaybeJson<Seen>,
) -> Result<StatusCode> {
    let seen = seen.or_body(body.version)?;
    app.write(move |tx| groups::delete(tx, &by, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMembers {
    #[schema(min_items = 1, max_items = 100)]
    customer_ids: Vec<i64>,
}

impl GroupMembers {
    fn parse(self) -> Result<Vec<CustomerId>> {
        match (1..=MOST_MEMBERS).contains(&self.customer_ids.len()) {
            true => Ok(self.customer_ids.into_iter().map(CustomerId).collect()),
            false => Err(Bad::invalid("1 to 100 customers at once.")
                .at("customer_ids")
                .into()),
        }
    }
}

pub async fn join(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<GroupId>,
    Json(body): Json<GroupMembers>,
) -> Result<Reply<Membership>> {
    let customers = body.parse()?;
    let done = app.write(move |tx| groups::join(tx, &by, id, &customers)).await?;
    Ok(Reply(done))
}

pub async fn leave(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<GroupId>,
    Json(body): Json<GroupMembers>,
) -> Result<Reply<Membership>> {
    let customers = body.parse()?;
    let done = app
        .write(move |tx| groups::leave(tx, &by, id, &customers))
        .await?;
    Ok(Reply(done))
}
