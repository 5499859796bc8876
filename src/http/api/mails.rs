//! Mails over JSON: what waits, what was sent, what has failed; and sending again. The secrets of links are never shown.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::MailId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::mail::Mail;
use crate::domain::mail::MailState;
use crate::domain::mail::Template;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::gateway::Letter;
use crate::http::extract::CurrentUser;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::mail_query::MailsPage;
use crate::shop::mails;
use crate::shop::settings;

/// A mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Mail)]
pub struct MailView {
    id: MailId,
    template: Template,
    recipient: String,
    user_id: Option<UserId>,
    order_id: Option<OrderId>,
    /// Whether a one-time link stands in it.
    has_link: bool,
    status: MailState,
    attempts: i64,
    created_at: Timestamp,
    /// When it is attempted next, while it waits.
    next_attempt_at: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    /// Why the last attempt failed.
    failure: Option<String>,
}

impl From<&Mail> for MailView {
    fn from(mail: &Mail) -> Self {
        Self {
            id: mail.id,
            template: mail.template,
            recipient: mail.recipient.clone(),
            user_id: mail.user,
            order_id: mail.order,
            has_link: mail.link.is_some(),
            status: mail.state,
            attempts: mail.attempts,
            created_at: mail.created_at,
            next_attempt_at: (mail.state == MailState::Queued).then_some(mail.due_at),
            sent_at: mail.sent_at,
            failure: mail.failure.clone(),
        }
    }
}

/// A mail with what stands in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MailWithLetter)]
pub struct LetterView {
    #[serde(flatten)]
    mail: MailView,
    subject: String,
    text: String,
    html: String,
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<MailsPage>,
) -> Result<Response> {
    let MailsPage(wanted, paging) = asked.read(&())?;
    let page = app.read(move |db| mails::list(db, &by, wanted, &paging)).await?;
    list::reply(&page, MailView::from)
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<MailId>,
) -> Result<Reply<LetterView>> {
    let (mail, shop) = app
        .read(move |db| Ok((mails::show(db, &by, id)?, settings::show(db)?.name)))
        .await?;
    let letter = Letter::write(&mail, &shop, &app.config().server.public_url(), None)?;
    Ok(Reply(LetterView {
        mail: MailView::from(&mail),
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
    }))
}

pub async fn resend(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<MailId>,
    _: NoBody,
) -> Result<(StatusCode, Reply<MailView>)> {
    let keys = app.keys().clone();
    let mail = app.write(move |tx| mails::resend(tx, &by, &keys, id)).await?;
    Ok((StatusCode::CREATED, Reply(MailView::from(&mail))))
}
