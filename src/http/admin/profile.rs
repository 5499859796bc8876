//! One's own account: name, address, password, sessions. The second factor has a file of its own.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::app::Came;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::fault::FaultKind;
use crate::domain::id::SessionId;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::domain::text;
use crate::domain::text::Email;
use crate::domain::user::Login;
use crate::domain::user::Profile;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::http::login;
use crate::shop::emails;
use crate::shop::factors;
use crate::shop::identity;
use crate::shop::sessions;

/// One's own page.
pub const PATH: &str = "/admin/profile";
/// The longest name of a person.
const MOST_NAME: usize = 100;

#[derive(Template)]
#[template(path = "admin/account/profile.html")]
struct ProfilePage<'a> {
    frame: &'a Frame,
    sessions: Vec<Login>,
    codes_left: i64,
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl ProfilePage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        match field {
            "name" => "Your name",
            "email" => "New address",
            "current" => "Present password",
            "new" => "New password",
            "code" => "Code of your authenticator",
            _ => words::label(field),
        }
    }

    fn has_factor(&self) -> bool {
        self.frame.user.as_ref().is_some_and(|user| user.has_factor)
    }

    fn email(&self) -> &str {
        self.frame.user.as_ref().map_or("", |user| user.email.as_str())
    }

    fn device(&self, session: &Login) -> String {
        words::by_what(session)
    }

    fn own_name(&self) -> &str {
        let name = self.frame.user.as_ref().and_then(|user| user.name.as_deref());
        name.unwrap_or_default()
    }
}

pub async fn show(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    draw(&app, &frame, &Fields::default(), None).await
}

async fn draw(app: &App, frame: &Frame, typed: &Fields, refused: Option<&Error>) -> Result<Response> {
    let (by, now) = (frame.by.clone(), frame.now);
    let (sessions, codes_left) = app
        .read(move |db| Ok((sessions::list(db, &by, now)?, factors::codes_left(db, &by)?)))
        .await?;
    let shown = ProfilePage {
        frame,
        sessions,
        codes_left,
        typed,
        faults: refused.map(Error::faults).unwrap_or_default(),
    };
    page::page(refused.map_or(StatusCode::OK, page::status), &shown)
}

/// The page again with what was wrong, where that is told field by field.
pub async fn again(app: &App, frame: &Frame, typed: &Fields, error: Error) -> Result<Response> {
    match error.faults().is_empty() {
        true => Err(error),
        false => draw(app, frame, typed, Some(&error)).await,
    }
}

pub async fn update(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    let name = form
        .fields
        .said("name")
        .map(|name| text::line(name, 1, MOST_NAME))
        .transpose();
    let name = match name {
        Ok(name) => name,
        Err(bad) => return again(&app, &frame, &form.fields, bad.at("name").into()).await,
    };
    let change = Profile {
        name: Some(name),
        ..Profile::default()
    };
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| identity::update_me(tx, &by, &change).map(|_| ()))
        .await?;
    Ok(page::lead(PATH, Some(done)))
}

/// Sends a link to the new address; until it is opened nothing changes.
pub async fn ask_email(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    let email = match Email::parse(form.fields.text("email")) {
        Ok(email) => email,
        Err(bad) => return again(&app, &frame, &form.fields, bad.at("email").into()).await,
    };
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    let done = form
        .submit(&app, move |tx| emails::ask(tx, &by, &keys, &email))
        .await?;
    Ok(page::lead(PATH, Some(done)))
}

pub async fn change_password(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    let fields = &form.fields;
    let present = fields.text("present_password").to_owned();
    let wanted = fields.text("password").to_owned();
    if wanted.is_empty() {
        let error = Bad::missing().at("new").into();
        return again(&app, &frame, fields, error).await;
    }
    let (by, shop) = (frame.by.clone(), app.clone());
    let change = async move {
        let done = login::change_password(&shop, by, present, wanted).await?;
        Ok::<_, Error>(Came::Done(Some(done)))
    };
    match login::once(&app, form.key(), change).await {
        Ok(Came::Done(done)) => Ok(page::lead(PATH, done)),
        Ok(_) => Err(Error::internal("a change of a password that is something else")),
        Err(error) => {
            again(
                &app,
                &frame,
                fields,
                beside(error, "current", "is not your present password"),
            )
            .await
        }
    }
}

/// A proof that was refused, as the fault of the field that it was typed into.
pub fn beside(error: Error, field: &'static str, words: &str) -> Error {
    let words = match &error {
        Error::Refused(Refusal::BadCredentials | Refusal::SecondFactor(Wanting::RightCode)) => {
            words.to_owned()
        }
        Error::Refused(Refusal::Locked { retry_after }) => {
            format!(
                "was wrong too often: try again in {}",
                words::minutes(*retry_after)
            )
        }
        _ => return error,
    };
    Error::fault(field, FaultKind::Invalid, words)
}

/// Ends one of one's own sessions.
pub async fn end_session(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<SessionId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by.clone();
    let done = form.submit(&app, move |tx| sessions::revoke(tx, &by, id)).await?;
    Ok(page::lead(PATH, Some(done)))
}
