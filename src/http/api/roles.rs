//! Roles over JSON, and the permissions that there are.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::RoleId;
use crate::domain::role::Held;
use crate::domain::role::RoleFields;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::version;
use crate::http::version::IfMatch;
use crate::http::version::IfNoneMatch;
use crate::http::version::Seen;
use crate::shop::roles;

/// A role as the API shows it.
#[derive(Serialize, ToSchema)]
pub struct RoleView {
    id: RoleId,
    name: String,
    staff: bool,
    built_in: bool,
    permissions: Vec<String>,
    users: i64,
    version: i64,
}

impl From<&Held> for RoleView {
    fn from(Held { role, users }: &Held) -> Self {
        Self {
            id: role.id,
            name: role.name.clone(),
            staff: role.is_staff,
            built_in: role.is_built_in,
            permissions: role.permissions.clone(),
            users: *users,
            version: role.version,
        }
    }
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<()>,
) -> Result<Response> {
    asked.read(&())?;
    let rows = app.read(move |db| roles::list(db, &by, i64::MAX)).await?;
    list::reply(&list::whole(rows), RoleView::from)
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<RoleId>,
    held: IfNoneMatch,
) -> Result<Response> {
    let role = app.read(move |db| roles::show(db, &by, id)).await?;
    reply(StatusCode::OK, &role, &held)
}

/// With its tag: the version, and how many have it.
fn reply(status: StatusCode, role: &Held, held: &IfNoneMatch) -> Result<Response> {
    let tag = version::tag(role.role.version, Some(&role.users.to_string()));
    version::tagged(status, &tag, held, &RoleView::from(role))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRole {
    #[schema(min_length = 2, max_length = 50)]
    name: String,
    #[schema(max_items = 100)]
    permissions: Vec<String>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<CreateRole>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /roles", token, &body)?;
    let asked = RoleFields {
        name: Some(body.name),
        permissions: Some(body.permissions),
    };
    let asked = asked.checked()?;
    let made = app
        .write(move |tx| roles::create(tx, &by, key.as_ref(), &asked))
        .await?;
    once(made, |role| {
        reply(StatusCode::CREATED, &role, &IfNoneMatch::default())
    })
}

/// What is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRole {
    #[schema(min_length = 2, max_length = 50)]
    name: Option<String>,
    #[schema(max_items = 100)]
    permissions: Option<Vec<String>>,
    version: Option<i64>,
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<RoleId>,
    seen: IfMatch,
    Json(body): Json<ChangeRole>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let asked = RoleFields {
        name: body.name,
        permissions: body.permissions,
    };
    let asked = asked.checked()?;
    let role = app
        .write(move |tx| roles::update(tx, &by, id, seen, &asked))
        .await?;
    reply(StatusCode::OK, &role, &IfNoneMatch::default())
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<RoleId>,
    seen: IfMatch,
    MaybeJson(body): MaybeJson<Seen>,
) -> Result<StatusCode> {
    let seen = seen.or_body(body.version)?;
    app.write(move |tx| roles::delete(tx, &by, id, seen)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A permission by its public name.
#[derive(Serialize, ToSchema)]
pub struct PermissionView {
    name: &'static str,
}

pub async fn permissions(CurrentUser(by): CurrentUser, asked: Asked<()>) -> Result<Response> {
    asked.read(&())?;
    let all = roles::permissions(&by)?;
    list::reply(&list::whole(all.to_vec()), |right| PermissionView {
        name: right.name(),
    })
}
