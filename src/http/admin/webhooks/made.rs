//! Making an endpoint, and another secret for one: each secret is shown once, on a page of its own.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::event::EventType;
use crate::domain::fault::Fault;
use crate::domain::id::EndpointId;
use crate::domain::one_time::SecretKind;
use crate::domain::permission::Permission;
use crate::domain::text;
use crate::domain::webhook::Filter;
use crate::domain::webhook::NewEndpoint;
use crate::domain::webhook::Rules;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::secrets;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::secret::Keys;
use crate::shop::Tx;
use crate::shop::once::Once;
use crate::shop::one_time;
use crate::shop::webhooks as verbs;
use crate::shop::webhooks::EndpointView;

/// The longest name.
const MOST_WORDS: usize = 200;

#[derive(Template)]
#[template(path = "admin/webhooks/new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    kinds: &'static [EventType],
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl<'a> NewPage<'a> {
    fn of(frame: &'a Frame, typed: &'a Fields, faults: &'a [Fault]) -> Self {
        Self {
            frame,
            kinds: EventType::ALL,
            typed,
            faults,
        }
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        words::label(field)
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    /// What was typed, or what is usual.
    fn events(&self) -> &str {
        match self.typed.is_ticked("events") {
            true => self.typed.text("events"),
            false => "order.*",
        }
    }
}

pub async fn new(Staff(frame): Staff) -> Result<Response> {
    frame.by.require(Permission::WebhooksManage)?;
    page::page(StatusCode::OK, &NewPage::of(&frame, &Fields::default(), &[]))
}

pub async fn create(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    frame.by.require(Permission::WebhooksManage)?;
    let new = match read(&form.fields, &app.webhook_rules()) {
        Ok(new) => new,
        Err(error) => {
            let shown = NewPage::of(&frame, &form.fields, error.faults());
            return page::page(StatusCode::BAD_REQUEST, &shown);
        }
    };
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    let done = form
        .submit(&app, move |tx| match verbs::create(tx, &by, &keys, None, &new)? {
            Once::First(made) => keep(tx, &by, &keys, made),
            Once::Again(_) => Ok(()),
        })
        .await?;
    Ok(secrets::lead(done))
}

pub async fn rotate(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    form: Form,
) -> Result<Response> {
    let (by, keys) = (frame.by, app.keys().clone());
    let done = form
        .submit(&app, move |tx| {
            let made = verbs::rotate(tx, &by, &keys, id)?;
            keep(tx, &by, &keys, made)
        })
        .await?;
    Ok(secrets::lead(done))
}

/// Keeps the secret of an endpoint until it is taken.
fn keep(tx: &Tx, by: &Actor, keys: &Keys, made: EndpointView) -> Result<()> {
    let of = (SecretKind::EndpointSecret, made.id.0);
    made.secret
        .map_or(Ok(()), |secret| one_time::keep(tx, by, keys, of, &secret))
}

/// Well formed, or every fault at once.
pub(super) fn read(fields: &Fields, rules: &Rules) -> Result<NewEndpoint> {
    let mut faults = Vec::new();
    let url = rules
        .check(fields.text("url"))
        .map_err(|bad| faults.push(bad.at("url")));
    let parts = fields.text("events").split([',', ' ', '\r', '\n']);
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let filter = Filter::parse(&parts).map_err(|(_, bad)| faults.push(bad.at("events")));
    let words = fields
        .said("description")
        .map(|words| text::line(words, 1, MOST_WORDS));
    let words = words
        .transpose()
        .map_err(|bad| faults.push(bad.at("description")));
    match (url, filter, words) {
        (Ok(url), Ok(filter), Ok(description)) => Ok(NewEndpoint {
            url,
            filter,
            description,
            is_enabled: true,
        }),
        _ => Err(Error::from(faults)),
    }
}
