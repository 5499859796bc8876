//! Mails: what waits, what was sent, what has failed; how each reads, and sending it again. A link's secret is never shown.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;

use crate::app::App;
use crate::domain::id::MailId;
use crate::domain::mail::Mail;
use crate::domain::mail::MailState;
use crate::domain::permission::Permission;
use crate::error::Result;
use crate::gateway::Letter;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::link::up_to;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::http::headers;
use crate::http::list::Asked;
use crate::http::mail_query::MailsPage;
use crate::shop::mails;
use crate::shop::mails::MOST_COUNTED;

const PATH: &str = "/admin/mails";

#[derive(Template)]
#[template(path = "admin/mails/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    view: &'a View,
    tabs: [Tab; 4],
    rows: &'a [Mail],
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

impl ListPage<'_> {
    fn badge(&self, mail: &Mail) -> Badge {
        badge::mail(mail.state)
    }

    fn name(&self, mail: &Mail) -> &'static str {
        words::mail(mail.template)
    }

    /// The order that it tells of, as people call it.
    fn number(&self, mail: &Mail) -> Option<String> {
        let facts: Value = serde_json::from_str(&mail.facts).ok()?;
        facts["number"].as_str().map(str::to_owned)
    }
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<MailsPage>>,
) -> Result<Response> {
    let OnPage(MailsPage(wanted, paging)) = asked.read(&())?;
    let by = frame.by.clone();
    let (found, (queued, failed)) = app
        .read(move |db| Ok((mails::list(db, &by, wanted, &paging)?, mails::count(db, &by)?)))
        .await?;
    let view = View::new(PATH, asked_at.query());
    let count = |count| Some(up_to(count, MOST_COUNTED));
    let shown = ListPage {
        frame: &frame,
        tabs: [
            view.tab("status", "", "All", None),
            view.tab("status", MailState::Queued.name(), "Waiting", count(queued)),
            view.tab("status", MailState::Failed.name(), "Failed", count(failed)),
            view.tab("status", MailState::Sent.name(), "Sent", None),
        ],
        rows: &found.rows,
        how_many: how_many(&found),
        first: view.first(),
        next: view.next(found.next),
        view: &view,
    };
    page::page(StatusCode::OK, &shown)
}

#[derive(Template)]
#[template(path = "admin/mails/show.html")]
struct ShowPage<'a> {
    frame: &'a Frame,
    mail: &'a Mail,
    name: &'static str,
    badge: Badge,
    letter: &'a Letter,
}

impl ShowPage<'_> {
    fn is_queued(&self) -> bool {
        self.mail.state == MailState::Queued
    }
}

pub async fn show(State(app): State<App>, Staff(frame): Staff, Path(id): Path<MailId>) -> Result<Response> {
    let by = frame.by.clone();
    let mail = app.read(move |db| mails::show(db, &by, id)).await?;
    let letter = Letter::write(&mail, frame.shop(), &app.config().server.public_url(), None)?;
    let shown = ShowPage {
        frame: &frame,
        name: words::mail(mail.template),
        badge: badge::mail(mail.state),
        mail: &mail,
        letter: &letter,
    };
    let page = page::page(StatusCode::OK, &shown)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, headers::FRAMING)], page).into_response())
}

/// A mail as HTML, for the frame of its page alone.
pub async fn preview(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<MailId>,
) -> Result<Response> {
    let by = frame.by.clone();
    let mail = app.read(move |db| mails::show(db, &by, id)).await?;
    let letter = Letter::write(&mail, frame.shop(), &app.config().server.public_url(), None)?;
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, headers::FRAMED),
    ];
    Ok((headers, letter.html).into_response())
}

pub async fn resend(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<MailId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::MailsUpdate)?;
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    let done = form
        .submit(&app, move |tx| mails::resend(tx, &by, &keys, id).map(|_| ()))
        .await?;
    Ok(page::lead(PATH, Some(done)))
}
