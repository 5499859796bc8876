//! Signing in, for whichever face: counted, evaluated, written. One road, so that no second one is kinder.

use axum::http::HeaderMap;
use axum::http::header;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::user::SessionKind;
use crate::error::Result;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::secret;
use crate::shop::login;
use crate::shop::sessions::Device;
use crate::shop::sessions::Opened;

/// A name or an address, and the password that came with it.
pub struct Credentials {
    /// The name or the address, as typed.
    pub typed: String,
    /// The password.
    pub password: String,
}

/// Opens a session for whoever holds the password.
pub async fn sign_in(
    app: &App,
    by: Actor,
    credentials: Credentials,
    kind: SessionKind,
    device: Device,
) -> Result<Opened> {
    let Credentials { typed, password } = credentials;
    let known = device.clone();
    let attempt = app.write(move |tx| login::begin(tx, &typed, &known)).await?;
    let counted = attempt.clone();
    match app.compute(move || login::evaluate(&counted, &password)).await {
        Ok(outcome) => {
            app.write(move |tx| login::finish(tx, &by, &attempt, &outcome, kind, &device))
                .await
        }
        Err(error) => {
            app.write(move |tx| login::withdraw(tx, &attempt)).await?;
            Err(error)
        }
    }
}

/// What a request tells of the device it comes from.
pub fn device(app: &App, by: &Actor, headers: &HeaderMap) -> Device {
    Device {
        ip: by.origin.ip,
        user_agent: headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
            .map(|agent| agent.chars().take(200).collect()),
        token: Site::of(app.config())
            .read(Cookie::Device, headers)
            .and_then(secret::from_text)
            .map(|token| secret::digest(&token)),
    }
}
