//! Signing in and out in the browser, and the look that one chooses.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::AppendHeaders;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::domain::user::DEVICE_LIFE;
use crate::domain::user::Session;
use crate::domain::user::SessionKind;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame;
use crate::http::admin::frame::Anyone;
use crate::http::admin::frame::Frame;
use crate::http::admin::page;
use crate::http::login;
use crate::http::login::Credentials;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::shop::login::Entered;
use crate::shop::login::Entry;
use crate::shop::login::Second;
use crate::shop::sessions;
use crate::shop::sessions::Opened;
use crate::shop::sessions::Scope;

/// Where one is led who wanted nothing in particular.
const HOME: &str = "/admin/orders";

/// The sign-in, alone or in the place of a page.
#[derive(Template)]
#[template(path = "admin/login.html")]
pub struct LoginPage<'a> {
    frame: &'a Frame,
    /// Where to go on.
    then: String,
    /// What was typed there, as it would be sent.
    kept: String,
    /// Whether one was in the middle of something.
    was_away: bool,
    typed: &'a str,
    refused: Option<String>,
}

impl<'a> LoginPage<'a> {
    fn alone(frame: &'a Frame) -> Self {
        Self {
            frame,
            then: HOME.to_owned(),
            kept: String::new(),
            was_away: false,
            typed: "",
            refused: None,
        }
    }

    /// In the place of a page that needs a session; what was typed goes along.
    pub fn instead_of(frame: &'a Frame, wanted: &str, typed: Option<Fields>) -> Self {
        let kept = typed.map(|typed| typed.to_keep().encode()).unwrap_or_default();
        Self {
            then: page_of(wanted),
            was_away: !kept.is_empty(),
            kept,
            ..Self::alone(frame)
        }
    }
}

/// A target that may be led to, or the usual one.
fn page_of(wanted: &str) -> String {
    match page::is_ours(wanted) && !wanted.starts_with("/admin/log") {
        true => wanted.to_owned(),
        false => HOME.to_owned(),
    }
}

pub async fn new(Anyone(frame): Anyone) -> Result<Response> {
    match frame.by.user {
        Some(_) => Ok(page::lead(HOME, None)),
        None => page::page(StatusCode::OK, &LoginPage::alone(&frame)),
    }
}

/// What was typed before the session ended, with one button: nothing is sent by itself.
#[derive(Template)]
#[template(path = "admin/resume.html")]
struct ResumePage<'a> {
    frame: &'a Frame,
    then: &'a str,
    kept: Fields,
}

pub async fn create(
    State(app): State<App>,
    Anyone(frame): Anyone,
    headers: HeaderMap,
    form: Form,
) -> Result<Response> {
    let fields = &form.fields;
    let credentials = Credentials {
        typed: fields.text("email").to_owned(),
        password: fields.text("password").to_owned(),
    };
    let by = Actor::guest(frame.by.origin.clone());
    let device = login::device(&app, &by, &headers);
    let entry = Entry {
        kind: SessionKind::Cookie,
        device,
        second: Second::Now(fields.said("totp").map(str::to_owned)),
    };
    match login::sign_in(&app, by, credentials, entry).await {
        Ok(Entered::Opened(opened)) => admit(&app, frame, &opened, fields),
        Ok(Entered::Waiting(_)) => refuse(&frame, fields, Refusal::SecondFactor(Wanting::Code).into()),
        Err(error) => refuse(&frame, fields, error),
    }
}

/// Sets the session's cookie and leads on, or to what was typed before.
fn admit(app: &App, frame: Frame, opened: &Opened, fields: &Fields) -> Result<Response> {
    let site = Site::of(app.config());
    let life = Session::life(SessionKind::Cookie, opened.user.role_is_staff);
    let mut lines = vec![
        site.set(Cookie::Session, &opened.secret, life),
        site.unset(Cookie::Form),
    ];
    lines.extend(
        opened
            .device
            .as_ref()
            .map(|device| site.set(Cookie::Device, device, DEVICE_LIFE)),
    );
    let lines: Vec<_> = lines.into_iter().map(|line| (header::SET_COOKIE, line)).collect();
    let then = page_of(fields.text("then"));
    let reply = match fields.said("kept") {
        None => page::lead(&then, None),
        Some(kept) => {
            let frame = &Frame {
                token: frame::token(app, &opened.secret),
                ..frame
            };
            let kept = Fields::read(kept.as_bytes()).to_keep();
            page::page(
                StatusCode::OK,
                &ResumePage {
                    frame,
                    then: &then,
                    kept,
                },
            )?
        }
    };
    Ok((AppendHeaders(lines), reply).into_response())
}

fn refuse(frame: &Frame, fields: &Fields, error: Error) -> Result<Response> {
    let is_about_them = matches!(
        error,
        Error::Refused(Refusal::BadCredentials | Refusal::Locked { .. } | Refusal::SecondFactor(_))
    );
    if !is_about_them {
        return Err(error);
    }
    let (status, ..) = error.code().facts();
    let shown = LoginPage {
        then: page_of(fields.text("then")),
        kept: fields.text("kept").to_owned(),
        was_away: fields.said("kept").is_some(),
        typed: fields.text("email"),
        refused: Some(words(&error)),
        ..LoginPage::alone(frame)
    };
    page::page(
        StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED),
        &shown,
    )
}

/// What to do about it; whether the name exists is not told.
fn words(error: &Error) -> String {
    if let Error::Refused(Refusal::SecondFactor(_)) = error {
        return error.sentence().into_owned();
    }
    match error.retry_after() {
        None => "The name or the password is wrong. Both may be tried again.".to_owned(),
        Some(seconds) => format!(
            "Too many wrong passwords for this name. Try again in {} minutes, or from a device that has signed in before.",
            seconds.div_ceil(60)
        ),
    }
}

pub async fn destroy(State(app): State<App>, Anyone(frame): Anyone, form: Form) -> Result<Response> {
    let by = frame.by.clone();
    form.submit(&app, move |tx| sessions::close(tx, &by, Scope::This))
        .await?;
    let site = Site::of(app.config());
    let headers = [
        (header::SET_COOKIE, site.unset(Cookie::Session)),
        // Not the cookies: they would take the known device along.
        (
            HeaderName::from_static("clear-site-data"),
            r#""storage""#.to_owned(),
        ),
    ];
    Ok((headers, page::lead("/admin/login", None)).into_response())
}

/// Keeps the look that was chosen for a year. It is no secret, and the script reads it.
pub async fn theme(_: Anyone, headers: HeaderMap, form: Form) -> Response {
    let chosen = match form.fields.text("theme") {
        "light" => "light",
        "dark" => "dark",
        _ => "auto",
    };
    let line = format!("theme={chosen}; Path=/; Max-Age=31536000; SameSite=Lax");
    let back = page::came_from(&headers).unwrap_or_else(|| HOME.to_owned());
    ([(header::SET_COOKIE, line)], page::lead(&back, None)).into_response()
}
