//! Making an endpoint, and another secret for one: each secret is shown once.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::event::EventType;
use crate::domain::fault::Fault;
use crate::domain::id::EndpointId;
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
use crate::http::admin::webhooks;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::shop::once::Once;
use crate::shop::webhooks as verbs;

/// The longest name.
const MOST_WORDS: usize = 200;

/// What is told once goes around the form's key: sent again, the form finds nothing to tell.
type Told = Arc<Mutex<Option<String>>>;

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

/// A secret, told once.
#[derive(Template)]
#[template(path = "admin/webhooks/made.html")]
struct MadePage<'a> {
    frame: &'a Frame,
    heading: &'static str,
    secret: Option<String>,
    back: String,
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
    let told = Told::default();
    let (by, keys, teller) = (frame.by.clone(), app.keys().clone(), Arc::clone(&told));
    form.submit(&app, move |tx| {
        if let Once::First(made) = verbs::create(tx, &by, &keys, None, &new)? {
            *teller.lock().unwrap_or_else(PoisonError::into_inner) = made.secret;
        }
        Ok(())
    })
    .await?;
    show(&frame, "The endpoint is made", &told, webhooks::PATH.to_owned())
}

pub async fn rotate(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    form: Form,
) -> Result<Response> {
    let told = Told::default();
    let (by, keys, teller) = (frame.by.clone(), app.keys().clone(), Arc::clone(&told));
    form.submit(&app, move |tx| {
        let made = verbs::rotate(tx, &by, &keys, id)?;
        *teller.lock().unwrap_or_else(PoisonError::into_inner) = made.secret;
        Ok(())
    })
    .await?;
    show(&frame, "The secret is another now", &told, webhooks::path(id))
}

fn show(frame: &Frame, heading: &'static str, told: &Told, back: String) -> Result<Response> {
    let secret = told.lock().unwrap_or_else(PoisonError::into_inner).take();
    let shown = MadePage {
        frame,
        heading,
        secret,
        back,
    };
    page::page(StatusCode::OK, &shown)
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
