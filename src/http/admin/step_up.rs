//! Proving once more who one is, in the place of what needs it; what was typed is offered again afterwards.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;

use crate::app::App;
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
use crate::shop::sessions::Renewed;
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
        Self {
            frame,
            then: session::page_of(wanted),
            kept: typed.map(|typed| typed.to_keep().encode()).unwrap_or_default(),
            refused: None,
        }
    }

    fn has_factor(&self) -> bool {
        self.frame.user.as_ref().is_some_and(|user| user.has_factor)
    }
}

pub async fn create(State(app): State<App>, Anyone(frame): Anyone, form: Form) -> Result<Response> {
    let fields = &form.fields;
    match prove(&app, &frame, fields).await {
        Ok(renewed) => {
            let site = Site::of(app.config());
            let (cookie, life) = renewed.cookie.unwrap_or_default();
            let lines = vec![(header::SET_COOKIE, site.set(Cookie::Session, &cookie, life))];
            session::go_on(&app, frame, lines, &cookie, fields)
        }
        Err(Error::Refused(Refusal::BadCredentials | Refusal::SecondFactor(_))) => {
            let shown = StepUpPage {
                refused: Some("That is wrong, or was used already. Try again.".to_owned()),
                kept: fields.text("kept").to_owned(),
                ..StepUpPage::instead_of(&frame, fields.text("then"), None)
            };
            page::page(StatusCode::UNAUTHORIZED, &shown)
        }
        Err(error) => Err(error),
    }
}

async fn prove(app: &App, frame: &Frame, fields: &Fields) -> Result<Renewed> {
    let by = frame.by.clone();
    by.signed_in()?;
    match fields.said("code") {
        None => login::step_up(app, by, fields.text("password").to_owned()).await,
        Some(code) => {
            let code: String = code.split_whitespace().collect();
            let keys = app.keys().clone();
            app.write(move |tx| step_up::by_code(tx, &by, &keys, &code)).await
        }
    }
}
