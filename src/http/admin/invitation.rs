//! Coming in by an invitation: whoever holds its link chooses a password, once.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::user::SessionKind;
use crate::domain::user::User;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Anyone;
use crate::http::admin::frame::Frame;
use crate::http::admin::page;
use crate::http::admin::session;
use crate::http::login;
use crate::secret;
use crate::shop::passwords;
use crate::shop::sessions;
use crate::shop::users;

#[derive(Template)]
#[template(path = "admin/invitation.html")]
struct InvitationPage<'a> {
    frame: &'a Frame,
    user: &'a User,
    least: u8,
    fault: Option<&'a str>,
}

/// A link that opens nothing any more.
#[derive(Template)]
#[template(path = "admin/spent.html")]
struct SpentPage<'a> {
    frame: &'a Frame,
    words: &'a str,
}

/// The page of a link that is good no more.
pub fn spent(frame: &Frame, words: &str) -> Result<Response> {
    page::page(StatusCode::GONE, &SpentPage { frame, words })
}

const ASK: &str = "Whoever invited you can send another.";

pub async fn show(
    State(app): State<App>,
    Anyone(frame): Anyone,
    axum::extract::Path(token): axum::extract::Path<String>,
) -> Result<Response> {
    match find(&app, &frame, token).await? {
        Some(user) => draw(&frame, &user, None),
        None => page::quiet(spent(&frame, ASK)?),
    }
}

async fn find(app: &App, frame: &Frame, token: String) -> Result<Option<User>> {
    let (keys, now) = (app.keys().clone(), frame.now);
    match app.read(move |db| users::invited(db, &keys, &token, now)).await {
        Ok(user) => Ok(Some(user)),
        Err(error) if !error.faults().is_empty() => Ok(None),
        Err(error) => Err(error),
    }
}

fn draw(frame: &Frame, user: &User, refused: Option<&Error>) -> Result<Response> {
    let shown = InvitationPage {
        frame,
        user,
        least: if user.role_is_staff { 12 } else { 8 },
        fault: refused.and_then(|error| page::fault_of(error.faults(), "password")),
    };
    let status = match refused {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page::quiet(page::page(status, &shown)?)
}

pub async fn accept(
    State(app): State<App>,
    Anyone(frame): Anyone,
    axum::extract::Path(token): axum::extract::Path<String>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response> {
    let Some(user) = find(&app, &frame, token.clone()).await? else {
        return page::quiet(spent(&frame, ASK)?);
    };
    let password = form.fields.text("password").to_owned();
    if let Err(error) = passwords::check(&user, &password, "password") {
        return draw(&frame, &user, Some(&error));
    }
    let hash = app.compute(move || secret::hash_password(&password)).await?;
    let by = Actor::guest(frame.by.origin.clone());
    let device = login::device(&app, &by, &headers);
    let keys = app.keys().clone();
    let opened = app
        .write(move |tx| {
            let user = users::accept(tx, &by, &keys, &token, &hash)?;
            sessions::open(tx, &by, &user, SessionKind::Cookie, &device)
        })
        .await;
    match opened {
        Ok(opened) => session::admit(&app, frame, &opened, &Fields::default()),
        // Somebody else was quicker with the same link.
        Err(error) if !error.faults().is_empty() => page::quiet(spent(&frame, ASK)?),
        Err(error) => Err(error),
    }
}
