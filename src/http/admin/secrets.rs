//! What is told once: an API key, recovery codes, an endpoint's secret. A form that has made one leads here, and here it
//! stands however often the page is opened, until somebody says that they have it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::id::AuditId;
use crate::domain::id::SecretId;
use crate::domain::one_time::OneTimeSecret;
use crate::domain::one_time::SecretKind;
use crate::error::Result;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::extract::Path;
use crate::shop::one_time;

const PATH: &str = "/admin/secrets";

/// Leads to what a form has made.
pub fn lead(done: AuditId) -> Response {
    page::lead(PATH, Some(done))
}

#[derive(Template)]
#[template(path = "admin/secrets.html")]
struct SecretsPage<'a> {
    frame: &'a Frame,
    secrets: &'a [OneTimeSecret],
}

impl SecretsPage<'_> {
    /// Where whoever has taken it goes on.
    fn back(&self, secret: &OneTimeSecret) -> String {
        match secret.kind {
            _ if self.secrets.len() > 1 => PATH.to_owned(),
            SecretKind::ApiKey => "/admin/api-keys".to_owned(),
            SecretKind::RecoveryCodes => "/admin/profile".to_owned(),
            SecretKind::EndpointSecret => format!("/admin/webhooks/{}", secret.target),
        }
    }

    fn minutes_left(&self, secret: &OneTimeSecret) -> i64 {
        let left = secret.expires_at.ms() - self.frame.now.ms();
        (left + 59_999) / 60_000
    }
}

pub async fn list(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    let (by, keys, now) = (frame.by.clone(), app.keys().clone(), frame.now);
    let secrets = app.read(move |db| one_time::list(db, &by, &keys, now)).await?;
    let shown = SecretsPage {
        frame: &frame,
        secrets: &secrets,
    };
    page::page(StatusCode::OK, &shown)
}

/// Whoever says it twice has said it.
pub async fn forget(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<SecretId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by;
    app.write(move |tx| one_time::forget(tx, &by, id)).await?;
    let back = form.fields.text("back");
    Ok(page::lead(if page::is_ours(back) { back } else { PATH }, None))
}
