//! Coming in by an invitation: whoever holds its link chooses a password, once.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::app::Came;
use crate::domain::actor::Actor;
use crate::domain::fault::Fault;
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
use crate::shop::login::Entered;
use crate::shop::passwords;
use crate::shop::sessions;
use crate::shop::sessions::Device;
use crate::shop::users;

#[derive(Template)]
#[template(path = "admin/invitation.html")]
struct InvitationPage<'a> {
    frame: &'a Frame,
    user: &'a User,
    least: usize,
    faults: &'a [Fault],
}

impl InvitationPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label(&self, _: &str) -> &'static str {
        "Password"
    }
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
        None => spent(&frame, ASK),
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
        least: user.audience().least(),
        faults: refused.map(Error::faults).unwrap_or_default(),
    };
    let status = match refused {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page::page(status, &shown)
}

pub async fn accept(
    State(app): State<App>,
    Anyone(frame): Anyone,
    axum::extract::Path(token): axum::extract::Path<String>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response> {
    let by = Actor::guest(frame.by.origin.clone());
    let device = login::device(&app, &by, &headers);
    let password = form.fields.text("password").to_owned();
    let (shop, link) = (app.clone(), token.clone());
    let work = async move { come_in(&shop, by, link, password, device).await };
    let error = match login::once(&app, form.key(), work).await {
        Ok(came) => return session::admit(&app, frame, &came.opened()?, &Fields::default()).await,
        Err(error) if error.faults().is_empty() => return Err(error),
        Err(error) => error,
    };
    match find(&app, &frame, token).await? {
        Some(user) => draw(&frame, &user, Some(&error)),
        // Somebody else was quicker with the same link, or it never was one.
        None => spent(&frame, ASK),
    }
}

async fn come_in(app: &App, by: Actor, token: String, password: String, device: Device) -> Result<Came> {
    let (keys, now) = (app.keys().clone(), app.clock().now());
    let (known, shown) = (keys.clone(), token.clone());
    let user = app
        .read(move |db| users::invited(db, &known, &shown, now))
        .await?;
    passwords::check(&user, &password, "password")?;
    let hash = app.compute(move || secret::hash_password(&password)).await?;
    let opened = app
        .write(move |tx| {
            let user = users::accept(tx, &by, &keys, &token, &hash)?;
            sessions::open(tx, &by, &user, SessionKind::Cookie, &device)
        })
        .await?;
    Ok(Came::Entered(Entered::Opened(Box::new(opened))))
}
