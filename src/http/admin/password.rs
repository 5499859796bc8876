//! Forgotten passwords: asking for a link, and setting a new one by it. Nobody is signed in by a link.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::app::Came;
use crate::domain::actor::Actor;
use crate::domain::fault::Fault;
use crate::domain::user::User;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Anyone;
use crate::http::admin::frame::Frame;
use crate::http::admin::page;
use crate::http::login;
use crate::shop::passwords;

#[derive(Template)]
#[template(path = "admin/account/forgot.html")]
struct ForgotPage<'a> {
    frame: &'a Frame,
    is_sent: bool,
}

pub async fn ask(Anyone(frame): Anyone) -> Result<Response> {
    let shown = ForgotPage {
        frame: &frame,
        is_sent: false,
    };
    page::page(StatusCode::OK, &shown)
}

/// The same page whoever's address it is, or nobody's (AUT-03).
pub async fn send(State(app): State<App>, Anyone(frame): Anyone, form: Form) -> Result<Response> {
    let email = form.fields.text("email").to_owned();
    let by = Actor::guest(frame.by.origin.clone());
    let keys = app.keys().clone();
    form.submit(&app, move |tx| passwords::forgot(tx, &by, &keys, &email))
        .await?;
    let shown = ForgotPage {
        frame: &frame,
        is_sent: true,
    };
    page::page(StatusCode::ACCEPTED, &shown)
}

#[derive(Template)]
#[template(path = "admin/account/reset.html")]
struct ResetPage<'a> {
    frame: &'a Frame,
    path: &'a str,
    faults: &'a [Fault],
    /// So many letters are asked for.
    least: usize,
    is_done: bool,
    is_dead: bool,
}

impl ResetPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label(&self, _: &str) -> &'static str {
        "New password"
    }
}

/// Whose password the link sets, while it is good.
async fn holder(app: &App, frame: &Frame, token: String) -> Result<User> {
    let (keys, now) = (app.keys().clone(), frame.now);
    app.read(move |db| passwords::holder(db, &keys, &token, now))
        .await
}

/// The page of a link; a GET uses nothing up.
pub async fn edit(
    State(app): State<App>,
    Anyone(frame): Anyone,
    axum::extract::Path(token): axum::extract::Path<String>,
) -> Result<Response> {
    let holder = holder(&app, &frame, token).await;
    let shown = ResetPage {
        frame: &frame,
        path: &frame.path,
        faults: &[],
        least: holder.as_ref().map_or(0, |user| user.audience().least()),
        is_done: false,
        is_dead: holder.is_err(),
    };
    let status = match shown.is_dead {
        true => StatusCode::GONE,
        false => StatusCode::OK,
    };
    page::page(status, &shown)
}

pub async fn update(
    State(app): State<App>,
    Anyone(frame): Anyone,
    axum::extract::Path(token): axum::extract::Path<String>,
    form: Form,
) -> Result<Response> {
    let by = Actor::guest(frame.by.origin.clone());
    let wanted = form.fields.text("password").to_owned();
    let (shop, link) = (app.clone(), token.clone());
    let reset = async move {
        login::reset_password(&shop, by, link, wanted).await?;
        Ok::<_, Error>(Came::Done(None))
    };
    let refused = match login::once(&app, form.key(), reset).await {
        Ok(_) => None,
        Err(error) if error.faults().is_empty() => return Err(error),
        Err(error) => Some(error),
    };
    let faults = refused.as_ref().map(Error::faults).unwrap_or_default();
    let shown = ResetPage {
        frame: &frame,
        path: &frame.path,
        faults,
        least: holder(&app, &frame, token)
            .await
            .map_or(0, |user| user.audience().least()),
        is_done: refused.is_none(),
        is_dead: faults.iter().any(|fault| fault.field == "token"),
    };
    let status = refused.as_ref().map_or(StatusCode::OK, page::status);
    page::page(status, &shown)
}
