//! Signing in and proving oneself again, for whichever face: counted, evaluated, written. One road, so that no second one
//! is kinder.

use axum::http::HeaderMap;
use axum::http::header;
use tracing::Instrument;

use crate::app::App;
use crate::app::Came;
use crate::domain::actor::Actor;
use crate::domain::id::AuditId;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::error::Error;
use crate::error::Result;
use crate::http::shopper;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::secret;
use crate::shop::audit;
use crate::shop::identity;
use crate::shop::login;
use crate::shop::login::Attempt;
use crate::shop::login::Entered;
use crate::shop::login::Entry;
use crate::shop::login::Outcome;
use crate::shop::once::Key;
use crate::shop::passwords;
use crate::shop::sessions::Device;
use crate::shop::sessions::Opened;
use crate::shop::sessions::Renewed;
use crate::shop::step_up;
use crate::shop::waiting;

/// A name or an address, and the password that came with it.
pub struct Credentials {
    /// The name or the address, as typed.
    pub typed: String,
    /// The password.
    pub password: String,
}

/// Opens a session for whoever holds the password, and the second factor if there is one; or lets the sign-in wait for
/// its code, if that comes later.
pub async fn sign_in(app: &App, by: Actor, credentials: Credentials, entry: Entry) -> Result<Entered> {
    let Credentials { typed, password } = credentials;
    let known = entry.device.clone();
    let _turn = app.turn(name_of(&typed, &known)).await?;
    let attempt = app.write(move |tx| login::begin(tx, &typed, &known)).await?;
    let outcome = evaluate(app, &attempt, password).await?;
    let keys = app.keys().clone();
    app.write(move |tx| login::finish(tx, &by, &keys, &attempt, &outcome, &entry))
        .await
}

/// Does what a form of a proof asks for, once. The form sent again a moment later gives what it gave: the same session, or
/// the same refusal, counted once. Once begun it goes on to its end, for a browser whose button is pressed twice hangs up
/// on the first and waits for the second.
pub async fn once(
    app: &App,
    form: Key,
    work: impl Future<Output = Result<Came>> + Send + 'static,
) -> Result<Came> {
    let press = app.press(form);
    let work = async move {
        let begin = || async {
            match work.await {
                Ok(came) => Ok(Ok(came)),
                // Whatever else went wrong may go right the next time; so may what wants a proof first.
                Err(error @ Error::Refused(Refusal::SecondFactor(Wanting::StepUp))) => Err(error),
                Err(Error::Refused(refusal)) => Ok(Err(refusal)),
                Err(error) => Err(error),
            }
        };
        press.get_or_try_init(begin).await.cloned()
    };
    let answer = tokio::spawn(work.in_current_span())
        .await
        .map_err(|cause| Error::Internal(cause.into()))??;
    answer.map_err(Error::Refused)
}

/// Under what sign-ins wait for each other, so that the right password, sent by many at once, is never taken for a guess
/// at another's side. A device has a queue of its own, that nobody waits behind strangers with it.
fn name_of(typed: &str, device: &Device) -> [u8; 32] {
    let typed = typed.trim().to_ascii_lowercase();
    let device = device.token.unwrap_or_default();
    secret::digest_parts(&[b"login ", &device, typed.as_bytes()])
}

/// Under what the further proofs of one user wait for each other.
fn name_of_user(by: &Actor) -> [u8; 32] {
    let user = by.user.map_or(0, |user| user.0);
    secret::digest_parts(&[b"proof ", &user.to_be_bytes()])
}

/// Holds a password against the one of an attempt that was counted; the attempt is taken back if too many wait.
pub async fn evaluate(app: &App, attempt: &Attempt, password: String) -> Result<Outcome> {
    let counted = attempt.clone();
    match app.compute(move || login::evaluate(&counted, &password)).await {
        Ok(outcome) => Ok(outcome),
        Err(error) => {
            let attempt = attempt.clone();
            app.write(move |tx| login::withdraw(tx, &attempt)).await?;
            Err(error)
        }
    }
}

/// Goes on with a sign-in that waits for its code, into a session by cookie.
pub async fn go_on(app: &App, by: Actor, secret: String, code: String, device: Device) -> Result<Opened> {
    let keys = app.keys().clone();
    app.write(move |tx| waiting::finish(tx, &by, &keys, &secret, &code, &device))
        .await
}

/// Steps up by the password, of a caller without a second factor.
pub async fn step_up(app: &App, by: Actor, password: String) -> Result<Renewed> {
    let who = by.clone();
    let _turn = app.turn(name_of_user(&by)).await?;
    let attempt = app.write(move |tx| step_up::begin(tx, &who)).await?;
    let outcome = evaluate(app, &attempt, password).await?;
    app.write(move |tx| step_up::by_password(tx, &by, &attempt, &outcome))
        .await
}

/// Gives the caller another password, by the present one; the row of the audit that tells of it.
pub async fn change_password(app: &App, by: Actor, present: String, wanted: String) -> Result<AuditId> {
    let who = by.clone();
    let user = app.read(move |db| identity::me(db, &who)).await?;
    passwords::check(&user, &wanted, "new")?;
    let who = by.clone();
    let _turn = app.turn(name_of_user(&by)).await?;
    let attempt = app.write(move |tx| passwords::begin_change(tx, &who)).await?;
    let outcome = evaluate(app, &attempt, present).await?;
    let hash = match outcome {
        // Nothing is hashed for a stranger; what follows refuses.
        Outcome::Wrong => String::new(),
        _ => app.compute(move || secret::hash_password(&wanted)).await?,
    };
    app.write(move |tx| {
        passwords::change(tx, &by, &attempt, &outcome, &hash)?;
        audit::latest(tx)
    })
    .await
}

/// Sets a password by a link.
pub async fn reset_password(app: &App, by: Actor, token: String, wanted: String) -> Result<()> {
    let (keys, now) = (app.keys().clone(), app.clock().now());
    let (known, shown) = (keys.clone(), token.clone());
    let user = app
        .read(move |db| passwords::holder(db, &known, &shown, now))
        .await?;
    passwords::check(&user, &wanted, "password")?;
    let hash = app.compute(move || secret::hash_password(&wanted)).await?;
    app.write(move |tx| passwords::reset(tx, &by, &keys, &token, &hash))
        .await
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
        cart: shopper::guest_cart(app, headers),
    }
}
