//! Roles over JSON, as they stand, and the permissions that there are.

use axum::Json as Reply;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::RoleId;
use crate::domain::role::Held;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::Path;
use crate::http::list;
use crate::http::list::Asked;
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
) -> Result<Reply<RoleView>> {
    let role = app.read(move |db| roles::show(db, &by, id)).await?;
    Ok(Reply(RoleView::from(&role)))
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
