//! One user: who it is, its role, where it is signed in.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Fault;
use crate::domain::id::UserId;
use crate::domain::permission::Rights;
use crate::domain::role::Role;
use crate::domain::user::Login;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::conflict;
use crate::http::admin::form::Fields;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::shop::sessions;
use crate::shop::users;

/// What the page of a user tells.
pub struct Told {
    /// The user.
    pub user: User,
    rights: Rights,
    roles: Vec<Role>,
    sessions: Vec<Login>,
}

/// Reads what the page tells.
pub async fn told(app: &App, frame: &Frame, id: UserId) -> Result<Told> {
    let (by, now) = (frame.by.clone(), frame.now);
    app.read(move |db| {
        let user = users::show(db, &by, id)?;
        let roles = users::roles(db, &by)?;
        let own = roles.iter().find(|role| role.id == user.role);
        Ok(Told {
            rights: own.map(Role::rights).unwrap_or_default(),
            sessions: sessions::list_of(db, &by, id, now)?,
            roles,
            user,
        })
    })
    .await
}

/// The form as the user stands.
pub fn stands(user: &User) -> Fields {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Fields(vec![
        field("name", user.name.as_deref().unwrap_or_default()),
        field("role", &user.role_name),
    ])
}

#[derive(Template)]
#[template(path = "admin/users/show.html")]
struct ShowPage<'a> {
    frame: &'a Frame,
    told: &'a Told,
    typed: &'a Fields,
    faults: &'a [Fault],
}

pub async fn show(State(app): State<App>, Staff(frame): Staff, Path(id): Path<UserId>) -> Result<Response> {
    draw(&app, &frame, id, &Fields::default(), None).await
}

/// The page, with what was wrong with what was typed.
pub async fn draw(
    app: &App,
    frame: &Frame,
    id: UserId,
    typed: &Fields,
    refused: Option<&Error>,
) -> Result<Response> {
    let told = told(app, frame, id).await?;
    let shown = ShowPage {
        frame,
        told: &told,
        typed,
        faults: refused.map(Error::faults).unwrap_or_default(),
    };
    let status = match refused {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page::page(status, &shown)
}

impl ShowPage<'_> {
    fn badge(&self) -> Badge {
        badge::user(self.told.user.status)
    }

    /// Nobody lays hands on a user that may more than they.
    fn may_change(&self) -> bool {
        self.frame.may("users:update") && self.frame.by.rights.cover(self.told.rights)
    }

    fn device(&self, session: &Login) -> String {
        words::by_what(session)
    }

    fn may_invite(&self) -> bool {
        let is_invited = self.told.user.status == UserStatus::Invited;
        is_invited && self.frame.may("users:create") && self.frame.by.rights.cover(self.told.rights)
    }

    fn is_suspended(&self) -> bool {
        self.told.user.status == UserStatus::Suspended
    }

    fn may_give(&self, role: &Role) -> bool {
        self.frame.by.rights.cover(role.rights())
    }

    fn is_role(&self, role: &Role) -> bool {
        match self.typed.said("role") {
            Some(typed) => typed == role.name,
            None => role.id == self.told.user.role,
        }
    }

    /// What the form is made from.
    fn was(&self) -> String {
        match self.typed.said(conflict::WAS) {
            Some(was) => was.to_owned(),
            None => conflict::prints(stands(&self.told.user).pairs()),
        }
    }

    fn name(&self) -> &str {
        match self.fault("name") {
            Some(_) => self.typed.text("name"),
            None => self.told.user.name.as_deref().unwrap_or_default(),
        }
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        words::label(field)
    }
}
