//! The sandbox's page for the shopper: what the bank would say. Who knows its name may pay, as with a provider's own page.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::payment::Provider;
use crate::domain::sandbox::Charge;
use crate::domain::sandbox::ChargeState;
use crate::domain::sandbox::Outcome;
use crate::error::Error;
use crate::error::Result;
use crate::gateway;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Anyone;
use crate::http::admin::frame::Frame;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::shop::sandbox;

#[derive(Template)]
#[template(path = "admin/pay_sandbox.html")]
struct PayPage<'a> {
    frame: &'a Frame,
    charge: &'a Charge,
    amount: String,
    is_open: bool,
    is_good: bool,
    icon: &'static str,
    words: &'static str,
}

impl<'a> PayPage<'a> {
    fn of(frame: &'a Frame, charge: &'a Charge) -> Self {
        let (icon, words) = match charge.state {
            ChargeState::Open => ("p-unpaid", ""),
            ChargeState::Declined => ("warn", "The bank has declined it. The order is kept, and unpaid."),
            ChargeState::Authorized => ("p-paid", "The money is reserved."),
            ChargeState::Canceled => ("x", "This payment was given up."),
            ChargeState::Captured => ("p-paid", "It is paid."),
        };
        Self {
            frame,
            charge,
            amount: words::money(charge.amount, charge.currency),
            is_open: charge.state == ChargeState::Open,
            is_good: matches!(charge.state, ChargeState::Authorized | ChargeState::Captured),
            icon,
            words,
        }
    }
}

/// There is no such page in a shop that sells.
async fn charge(app: &App, name: String) -> Result<Charge> {
    gateway::payments::require(app, Provider::Sandbox).map_err(|_| Error::NotFound("page"))?;
    app.read(move |db| sandbox::show(db, &name)).await
}

pub async fn show(
    State(app): State<App>,
    Anyone(frame): Anyone,
    axum::extract::Path(name): axum::extract::Path<String>,
) -> Result<Response> {
    let charge = charge(&app, name).await?;
    page::page(StatusCode::OK, &PayPage::of(&frame, &charge))
}

pub async fn decide(
    State(app): State<App>,
    Anyone(frame): Anyone,
    axum::extract::Path(name): axum::extract::Path<String>,
    form: Form,
) -> Result<Response> {
    let charge = charge(&app, name.clone()).await?;
    let outcome = Outcome::parse(form.fields.text("outcome"))
        .ok_or_else(|| Error::from(Bad::invalid("is nothing that a bank says").at("outcome")))?;
    let post = gateway::payments::sandbox_post(&app);
    let by = Actor::guest(frame.by.origin.clone());
    form.submit(&app, move |tx| sandbox::decide(tx, &by, &name, outcome, &post))
        .await?;
    let to = charge.return_url.as_deref().unwrap_or(&frame.path);
    Ok(page::lead(to, None))
}
