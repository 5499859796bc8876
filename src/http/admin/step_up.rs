//! Proving once more who one is, in the place of what needs it; what was typed is offered again afterwards.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::Response;

use crate::app::App;
use crate::app::Came;
use crate::domain::actor::Actor;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Anyone;
use crate::http::admin::frame::Frame;
use crate::http::admin::page;
use crate::http::admin::session;
use crate::http::login;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::shop::step_up;

/// Asks for the password, or for a code of whoever has a second factor.
#[derive(Template)]
#[template(path = "admin/step_up.html")]
pub struct StepUpPage<'a> {
    frame: &'a Frame,
    then: String,
    kept: String,
    refused: Option<String>,
}

impl<'a> StepUpPage<'a> {
    /// In the place of an action that needs it.
    pub fn instead_of(frame: &'a Frame, wanted: &str, typed: Option<&Fields>) -> Self {
        let (then, kept) = session::onward(wanted, typed);
        Self {
            frame,
            then,
            kept,
            refused: None,
        }
    }

    fn has_factor(&self) -> bool {
        self.frame.user.as_ref().is_some_and(|user| user.has_factor)
    }
}

/// The form sent twice comes with a cookie that the first has done away with: it is told what the first was.
pub async fn create(State(app): State<App>, Anyone(frame): Anyone, form: Result<Form>) -> Result<Response> {
    let form = match form {
        Err(_) if frame.by.user.is_none() => return Err(Refusal::NotSignedIn.into()),
        form => form?,
    };
    let fields = &form.fields;
    let (by, shop, typed) = (frame.by.clone(), app.clone(), fields.clone());
    let came = match app.pressed(form.press()) {
        Some(came) => came.map_err(Error::Refused),
        None => login::once(&app, form.press(), async move { prove(&shop, by, &typed).await }).await,
    };
    match came {
        Ok(Came::Renewed(renewed)) => {
            let site = Site::of(app.config());
            let (cookie, life) = renewed.cookie.unwrap_or_default();
            let lines = vec![(header::SET_COOKIE, site.set(Cookie::Session, &cookie, life))];
            session::go_on(&app, frame, lines, &cookie, fields).await
        }
        Ok(_) => Err(Error::internal("a proof that renews no session")),
        Err(error) => refuse(&frame, fields, error),
    }
}

async fn prove(app: &App, by: Actor, fields: &Fields) -> Result<Came> {
    by.signed_in()?;
    let renewed = match fields.said("code") {
        None => login::step_up(app, by, fields.text("password").to_owned()).await,
        Some(code) => {
            let code: String = code.split_whitespace().collect();
            let keys = app.keys().clone();
            app.write(move |tx| step_up::by_code(tx, &by, &keys, &code)).await
        }
    };
    renewed.map(Came::Renewed)
}

fn refuse(frame: &Frame, fields: &Fields, error: Error) -> Result<Response> {
    let words = match &error {
        Error::Refused(Refusal::BadCredentials | Refusal::SecondFactor(_)) => {
            "That is wrong, or was used already. Try again.".to_owned()
        }
        Error::Refused(Refusal::Locked { retry_after }) => session::locked(*retry_after),
        _ => return Err(error),
    };
    let shown = StepUpPage {
        refused: Some(words),
        kept: fields.text("kept").to_owned(),
        ..StepUpPage::instead_of(frame, fields.text("then"), None)
    };
    page::failed(&error, &shown)
}
