//! The first run: the page behind the link that the server prints. In a demo it has one button.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::app::Came;
use crate::domain::actor::Actor;
use crate::domain::country;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::money::Currency;
use crate::domain::password;
use crate::domain::password::Audience;
use crate::domain::text;
use crate::domain::text::CountryCode;
use crate::domain::text::Email;
use crate::domain::text::Username;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;
use crate::domain::user::NewUser;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::choices::CURRENCIES;
use crate::http::admin::choices::ZoneChoice;
use crate::http::admin::choices::zones;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Anyone;
use crate::http::admin::frame::Frame;
use crate::http::admin::invitation::spent;
use crate::http::admin::page;
use crate::http::admin::session;
use crate::http::admin::words;
use crate::http::login;
use crate::secret;
use crate::shop::login::Entered;
use crate::shop::sessions::Device;
use crate::shop::sessions::Opened;
use crate::shop::setup;
use crate::shop::setup::NewShop;
use crate::shop::setup::Stage;

const ASK: &str = "If nobody runs the shop yet, start the server again: it prints a link that is good.";

#[derive(Template)]
#[template(path = "admin/setup.html")]
struct SetupPage<'a> {
    frame: &'a Frame,
    currencies: &'a [(&'static str, &'static str)],
    zones: Vec<(String, Vec<ZoneChoice>)>,
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl SetupPage<'_> {
    /// What was typed, or what the shop has so far.
    fn typed(&self, field: &str) -> &str {
        match (field, self.typed.said(field)) {
            (_, Some(typed)) => typed,
            ("currency", None) => self.frame.settings.terms.currency.as_str(),
            ("zone", None) => self.frame.settings.zone.name(),
            (_, None) => "",
        }
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        match field {
            "name" => "Your name",
            "shop" => "Shop name",
            "line1" => "Address",
            "city" => "Town or city",
            "postcode" => "Postcode",
            "country" => "Country",
            "currency" => "Currency",
            "zone" => "Time zone",
            _ => words::label(field),
        }
    }
}

/// A demo's link: a GET changes nothing, so there is a button.
#[derive(Template)]
#[template(path = "admin/owner.html")]
struct OwnerPage<'a> {
    frame: &'a Frame,
}

pub async fn show(
    State(app): State<App>,
    Anyone(frame): Anyone,
    axum::extract::Path(token): axum::extract::Path<String>,
) -> Result<Response> {
    match stage(&app, frame.now, token).await? {
        Some(Stage::First) => draw(&frame, &Fields::default(), StatusCode::OK, &[]),
        Some(Stage::Demo) => page::page(StatusCode::OK, &OwnerPage { frame: &frame }),
        Some(Stage::Over) | None => spent(&frame, ASK),
    }
}

/// What the link is for; nothing if it is not good.
async fn stage(app: &App, now: Timestamp, token: String) -> Result<Option<Stage>> {
    let keys = app.keys().clone();
    match app.read(move |db| setup::look(db, &keys, &token, now)).await {
        Ok(stage) => Ok(Some(stage)),
        Err(error) if !error.faults().is_empty() => Ok(None),
        Err(error) => Err(error),
    }
}

fn draw(frame: &Frame, typed: &Fields, status: StatusCode, faults: &[Fault]) -> Result<Response> {
    let shown = SetupPage {
        frame,
        currencies: &CURRENCIES,
        zones: zones(),
        typed,
        faults,
    };
    page::page(status, &shown)
}

pub async fn create(
    State(app): State<App>,
    Anyone(frame): Anyone,
    axum::extract::Path(token): axum::extract::Path<String>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response> {
    let by = Actor::guest(frame.by.origin.clone());
    let device = login::device(&app, &by, &headers);
    let (shop, typed, now) = (app.clone(), form.fields.clone(), frame.now);
    let work = async move {
        let opened = match stage(&shop, now, token.clone()).await? {
            Some(Stage::First) => open(&shop, by, token, &typed, device).await?,
            Some(Stage::Demo) => enter(&shop, by, token, device).await?,
            Some(Stage::Over) | None => return Err(Bad::invalid("is good no more").at("token").into()),
        };
        Ok::<_, Error>(Came::Entered(Entered::Opened(Box::new(opened))))
    };
    let error = match login::once(&app, form.key(), work).await {
        Ok(came) => return session::admit(&app, frame, &came.opened()?, &Fields::default()).await,
        Err(error) => error,
    };
    match error.faults() {
        [] => Err(error),
        // It is over, or somebody else was quicker with the same link.
        [fault] if fault.field == "token" => spent(&frame, ASK),
        faults => draw(&frame, &form.fields, StatusCode::BAD_REQUEST, faults),
    }
}

async fn open(app: &App, by: Actor, token: String, fields: &Fields, device: Device) -> Result<Opened> {
    let (mut new, password) = read(fields)?;
    new.owner.password = app.compute(move || secret::hash_password(&password)).await?;
    let keys = app.keys().clone();
    let opened = app
        .write(move |tx| setup::open(tx, &by, &keys, &token, &new, &device))
        .await?;
    app.drop_setup_token();
    Ok(opened)
}

async fn enter(app: &App, by: Actor, token: String, device: Device) -> Result<Opened> {
    let keys = app.keys().clone();
    let opened = app
        .write(move |tx| setup::enter_demo(tx, &by, &keys, &token, &device))
        .await?;
    app.drop_setup_token();
    Ok(opened)
}

/// Well formed, or every fault at once; and the password.
fn read(fields: &Fields) -> Result<(NewShop, String)> {
    let mut faults = Vec::new();
    let owner = owner(fields, &mut faults);
    let shop = keep(text::line(fields.text("shop"), 1, 100), "shop", &mut faults);
    let address = address(fields, &mut faults);
    let currency = keep(Currency::parse(fields.text("currency")), "currency", &mut faults);
    let zone = keep(Zone::parse(fields.text("zone")), "zone", &mut faults);
    match (owner, shop, currency, zone) {
        (Some(owner), Some(name), Some(currency), Some(zone)) if faults.is_empty() => Ok((
            NewShop {
                owner,
                name,
                address,
                currency,
                tax_included: fields.text("tax") != "exclusive",
                zone,
            },
            fields.text("password").to_owned(),
        )),
        _ => Err(Error::from(faults)),
    }
}

fn keep<T>(read: std::result::Result<T, Bad>, field: &'static str, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|bad| faults.push(bad.at(field))).ok()
}

fn owner(fields: &Fields, faults: &mut Vec<Fault>) -> Option<NewUser> {
    let name = keep(text::line(fields.text("name"), 1, 100), "name", faults);
    let email = keep(Email::parse(fields.text("email")), "email", faults);
    let username = keep(Username::parse(fields.text("username")), "username", faults);
    let about = ["name", "email", "username", "shop"].map(|field| fields.text(field));
    let checked = password::check(fields.text("password"), Audience::Staff, &about);
    keep(checked, "password", faults)?;
    Some(NewUser {
        username: username?,
        email: email?,
        name: Some(name?),
        password: String::new(),
    })
}

/// What was typed of the address; the country by its name or its code.
fn address(fields: &Fields, faults: &mut Vec<Fault>) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for (field, most) in [("line1", 200), ("city", 100), ("postcode", 20)] {
        if let Some(typed) = fields.said(field) {
            lines.extend(keep(text::line(typed, 1, most), field, faults).map(|line| (field, line)));
        }
    }
    if let Some(typed) = fields.said("country") {
        let code = match country::code_of(typed) {
            Some(code) => Ok(code),
            None => CountryCode::parse(typed)
                .map_err(|_| Bad::invalid("is no country that is known, such as France or FR")),
        };
        let code = keep(code, "country", faults);
        lines.extend(code.map(|code| ("country", code.as_str().to_owned())));
    }
    lines
}
