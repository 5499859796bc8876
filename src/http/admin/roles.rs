//! Roles, with what each may.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::page::MOST_COUNTED;
use crate::domain::permission::Permission;
use crate::domain::role::Held;
use crate::domain::role::Role;
use crate::error::Result;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::shop::roles;

/// A resource, and what each role may do with it.
struct Line {
    resource: &'static str,
    cells: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin/roles.html")]
struct RolesPage<'a> {
    frame: &'a Frame,
    roles: &'a [Held],
    lines: Vec<Line>,
}

pub async fn list(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    let by = frame.by.clone();
    let roles = app.read(move |db| roles::list(db, &by, MOST_COUNTED + 1)).await?;
    let shown = RolesPage {
        frame: &frame,
        lines: lines(&roles),
        roles: &roles,
    };
    page::page(StatusCode::OK, &shown)
}

impl RolesPage<'_> {
    fn users(&self, held: &Held) -> String {
        match held.users {
            1 => "1 user".to_owned(),
            users if users > MOST_COUNTED => format!("more than {MOST_COUNTED} users"),
            users => format!("{users} users"),
        }
    }
}

fn lines(roles: &[Held]) -> Vec<Line> {
    by_resource()
        .into_iter()
        .map(|(resource, rights)| Line {
            resource,
            cells: roles.iter().map(|held| cell(&held.role, &rights)).collect(),
        })
        .collect()
}

fn cell(role: &Role, rights: &[Permission]) -> String {
    let held = role.rights();
    let verbs: Vec<&str> = rights
        .iter()
        .filter(|right| held.hold(**right))
        .map(|right| verb(*right))
        .collect();
    match verbs.len() == rights.len() {
        true => "all".to_owned(),
        false => verbs.join(", "),
    }
}

/// The permissions of each resource, in the order in which they stand.
pub fn by_resource() -> Vec<(&'static str, Vec<Permission>)> {
    let mut groups: Vec<(&'static str, Vec<Permission>)> = Vec::new();
    for right in Permission::ALL {
        let resource = right.name().split(':').next().unwrap_or_default();
        match groups.last_mut() {
            Some((last, rights)) if *last == resource => rights.push(*right),
            _ => groups.push((resource, vec![*right])),
        }
    }
    groups
}

/// What a permission lets one do with its resource.
pub fn verb(right: Permission) -> &'static str {
    right.name().split(':').nth(1).unwrap_or_default()
}
