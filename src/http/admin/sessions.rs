//! Who is signed in: the shop's own people first, the others by a tab; and ending what nobody knows.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::id::SessionId;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::role::Role;
use crate::domain::user::OpenSession;
use crate::domain::user::SessionKind;
use crate::error::Result;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::sessions;
use crate::shop::users;

const PATH: &str = "/admin/sessions";

/// Whose sessions the list is asked for.
pub struct Whose(bool, Paging);

impl Asks for Whose {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.flag("staff").unwrap_or(true), query.paging(0))
    }
}

#[derive(Template)]
#[template(path = "admin/sessions.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    tabs: [Tab; 2],
    rows: &'a [OpenSession],
    roles: Vec<Role>,
    query: String,
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl ListPage<'_> {
    fn device(&self, open: &OpenSession) -> String {
        words::by_what(&open.login)
    }

    fn is_by_token(&self, open: &OpenSession) -> bool {
        open.login.kind == SessionKind::Token
    }

    /// Nobody lays hands on a user that may more than they.
    fn may_end(&self, open: &OpenSession) -> bool {
        let role = self.roles.iter().find(|role| role.id == open.role);
        self.frame.by.may(Permission::UsersUpdate)
            && role.is_some_and(|role| self.frame.by.rights.cover(role.rights()))
    }
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<Whose>>,
) -> Result<Response> {
    let OnPage(Whose(is_staff, paging)) = asked.read(&())?;
    let (by, now) = (frame.by.clone(), frame.now);
    let (found, roles) = app
        .read(move |db| {
            let found = sessions::list_all(db, &by, is_staff, now, &paging)?;
            Ok((found, users::roles(db, &by)?))
        })
        .await?;
    let view = View::new(PATH, asked_at.query());
    let shown = ListPage {
        frame: &frame,
        tabs: [
            Tab {
                is_here: is_staff,
                ..view.tab("staff", "", "Staff", None)
            },
            Tab {
                is_here: !is_staff,
                ..view.tab("staff", "false", "Customers and sellers", None)
            },
        ],
        rows: &found.rows,
        roles,
        query: view.query(),
        how_many: how_many(&found),
        first: view.first(),
        next: view.next(found.next),
    };
    page::page(StatusCode::OK, &shown)
}

pub async fn end(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<SessionId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by;
    let done = form
        .submit(&app, move |tx| users::end_any_session(tx, &by, id))
        .await?;
    let view = View::new(PATH, Some(form.fields.text("view")));
    Ok(page::lead(&view.with(&[]), Some(done)))
}
