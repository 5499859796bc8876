//! Changing an endpoint: its address, its name, and what it is told of.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::event::EventType;
use crate::domain::fault::Fault;
use crate::domain::id::EndpointId;
use crate::domain::permission::Permission;
use crate::domain::webhook::EndpointChange;
use crate::error::Result;
use crate::http::admin::conflict;
use crate::http::admin::conflict::Both;
use crate::http::admin::conflict::ConflictPage;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::webhooks;
use crate::http::admin::webhooks::made;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::shop::webhooks as verbs;
use crate::shop::webhooks::EndpointView;

#[derive(Template)]
#[template(path = "admin/webhooks/edit.html")]
struct EditPage<'a> {
    frame: &'a Frame,
    endpoint: &'a EndpointView,
    kinds: &'static [EventType],
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl EditPage<'_> {
    fn name(&self) -> &str {
        webhooks::name(self.endpoint)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        words::label(field)
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn events(&self) -> &str {
        self.typed.text("events")
    }
}

async fn shown(
    app: &App,
    frame: &Frame,
    id: EndpointId,
    typed: Option<(&Fields, &[Fault])>,
) -> Result<Response> {
    let endpoint = webhooks::change::found(app, frame, id).await?;
    let fresh = fresh(&endpoint);
    let (status, typed, faults) = match typed {
        Some((typed, faults)) => (StatusCode::BAD_REQUEST, typed, faults),
        None => (StatusCode::OK, &fresh, [].as_slice()),
    };
    let shown = EditPage {
        frame,
        endpoint: &endpoint,
        kinds: EventType::ALL,
        typed,
        faults,
    };
    page::page(status, &shown)
}

/// The form as the endpoint stands.
fn stands(endpoint: &EndpointView) -> Fields {
    let field = |name: &str, value: String| (name.to_owned(), value);
    Fields(vec![
        field("url", endpoint.url.clone()),
        field("description", endpoint.description.clone().unwrap_or_default()),
        field("events", endpoint.events.join(", ")),
    ])
}

/// The same with what tells later on which version, and on which values, it was typed.
fn fresh(endpoint: &EndpointView) -> Fields {
    let mut fields = stands(endpoint);
    let was = conflict::prints(fields.pairs());
    fields.0.push((conflict::WAS.to_owned(), was));
    fields
        .0
        .push(("version".to_owned(), endpoint.version.to_string()));
    fields
}

pub async fn edit(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
) -> Result<Response> {
    shown(&app, &frame, id, None).await
}

pub async fn save(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::WebhooksManage)?;
    let (by, seen) = (frame.by.clone(), form.fields.version()?);
    let new = match made::read(&form.fields, &app.webhook_rules()) {
        Ok(new) => new,
        Err(error) => return shown(&app, &frame, id, Some((&form.fields, error.faults()))).await,
    };
    let wanted = EndpointChange {
        url: Some(new.url),
        filter: Some(new.filter),
        description: Some(new.description),
        is_enabled: None,
    };
    let done = form
        .submit(&app, move |tx| {
            verbs::change(tx, &by, id, Some(seen), &wanted).map(|_| ())
        })
        .await;
    let clash = clash(&app, &frame, id, &form.fields);
    conflict::settle(done, &webhooks::path(id), clash).await
}

/// Somebody else was first: the endpoint as it is beside what was typed. What was not touched is theirs.
async fn clash(app: &App, frame: &Frame, id: EndpointId, typed: &Fields) -> Result<Response> {
    let endpoint = webhooks::change::found(app, frame, id).await?;
    let now = stands(&endpoint);
    let kept = conflict::on_top(&now, typed);
    let both = |name| Both::of(words::label(name), now.text(name), kept.text(name));
    let shown = ConflictPage {
        frame,
        thing: webhooks::name(&endpoint).to_owned(),
        back: webhooks::path(id),
        action: format!("{}/edit", webhooks::path(id)),
        version: endpoint.version,
        first: webhooks::first(app, frame, &endpoint).await?,
        rows: ["url", "description", "events"].map(both).into(),
        kept,
    };
    shown.reply()
}
