//! The link that proves an address, for whoever asked for it: staff or customer. It has one button, because a GET changes
//! nothing.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::error::Result;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::SignedIn;
use crate::http::admin::invitation::spent;
use crate::http::admin::page;
use crate::http::admin::profile;
use crate::shop::emails;

const ASK: &str = "Whoever asked for it can ask for another, signed in as themselves.";

#[derive(Template)]
#[template(path = "admin/account/address.html")]
struct AddressPage<'a> {
    frame: &'a Frame,
    /// The address that is to be proved; nothing once it is.
    email: Option<&'a str>,
}

pub async fn show(
    State(app): State<App>,
    SignedIn(frame): SignedIn,
    axum::extract::Path(token): axum::extract::Path<String>,
) -> Result<Response> {
    let (by, keys, now) = (frame.by.clone(), app.keys().clone(), frame.now);
    match app
        .read(move |db| emails::look(db, &by, &keys, &token, now))
        .await
    {
        Ok(email) => draw(&frame, Some(&email)),
        Err(error) if error.faults().is_empty() => Err(error),
        Err(_) => spent(&frame, ASK),
    }
}

fn draw(frame: &Frame, email: Option<&str>) -> Result<Response> {
    page::page(StatusCode::OK, &AddressPage { frame, email })
}

/// A customer has no page of their own here to be led to.
pub async fn prove(
    State(app): State<App>,
    SignedIn(frame): SignedIn,
    axum::extract::Path(token): axum::extract::Path<String>,
    form: Form,
) -> Result<Response> {
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    let proved = form
        .submit(&app, move |tx| {
            emails::confirm(tx, &by, &keys, &token).map(|_| ())
        })
        .await;
    match proved {
        Ok(done) if frame.by.is_staff => Ok(page::lead(profile::PATH, Some(done))),
        Ok(_) => draw(&frame, None),
        Err(error) if error.faults().is_empty() => Err(error),
        Err(_) => spent(&frame, ASK),
    }
}
