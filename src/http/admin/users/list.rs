//! The list of users: the shop's own people first, the others by a tab.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;

use crate::app::App;
use crate::domain::page::Total;
use crate::domain::user::User;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::View;
use crate::http::admin::page;
use crate::http::list::Asked;
use crate::http::user_query;
use crate::shop::users;

const PATH: &str = "/admin/users";
/// The tabs, with what each asks for.
const TABS: [(&str, &str, &str); 4] = [
    ("Staff", "staff", "true"),
    ("Customers and sellers", "staff", "false"),
    ("Invited", "status", "invited"),
    ("Suspended", "status", "suspended"),
];

struct Tab {
    name: &'static str,
    href: String,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "admin/users/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    view: &'a View,
    tabs: Vec<Tab>,
    rows: &'a [User],
    how_many: String,
    newer: Option<String>,
    older: Option<String>,
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<user_query::Page>>,
) -> Result<Response> {
    let OnPage(user_query::Page(mut filter, paging)) = asked.read(&())?;
    let is_plain = filter.role.is_none() && filter.status.is_none() && filter.typed.is_none();
    if is_plain && filter.is_staff.is_none() {
        filter.is_staff = Some(true);
    }
    let by = frame.by.clone();
    let found = app.read(move |db| users::list(db, &by, &filter, &paging)).await?;
    let view = View::new(PATH, asked_at.query());
    let is_first = view.asked("after").is_empty() && view.asked("page").is_empty();
    let (shown, of) = (found.rows.len(), found.total);
    let shown = ListPage {
        frame: &frame,
        tabs: tabs(&view),
        rows: &found.rows,
        how_many: match of {
            Some(Total::Exactly(total)) => format!("{shown} of {total}"),
            Some(Total::AtLeast(total)) => format!("{shown} of more than {total}"),
            None => format!("{shown} here"),
        },
        newer: (!is_first).then(|| view.with(&[])),
        older: view.next(found.next),
        view: &view,
    };
    page::page(StatusCode::OK, &shown)
}

fn tabs(view: &View) -> Vec<Tab> {
    let is_plain = ["staff", "status", "q", "role"]
        .iter()
        .all(|name| view.asked(name).is_empty());
    let tab = |(name, field, value): (&'static str, &'static str, &'static str)| Tab {
        name,
        href: format!("{PATH}?{field}={value}"),
        is_here: view.asked(field) == value || (is_plain && value == "true"),
    };
    TABS.into_iter().map(tab).collect()
}

impl ListPage<'_> {
    fn badge(&self, user: &User) -> Badge {
        badge::user(user.status)
    }
}
