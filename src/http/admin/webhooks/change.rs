//! What is done to endpoints and deliveries: paused, resumed, turned on, tested, deleted, sent again.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::permission::Permission;
use crate::domain::time::Moment;
use crate::domain::webhook::EndpointChange;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::conflict;
use crate::http::admin::conflict::Both;
use crate::http::admin::conflict::ConflictPage;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::webhooks;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::shop::Tx;
use crate::shop::webhooks as verbs;
use crate::shop::webhooks::Again;
use crate::shop::webhooks::EndpointView;

/// Does one thing to an endpoint, and leads back to it.
async fn act(
    app: &App,
    form: &Form,
    id: EndpointId,
    verb: impl Fn(&Tx) -> Result<()> + Send + 'static,
) -> Result<Response> {
    let done = form.submit(app, verb).await?;
    Ok(page::lead(&webhooks::path(id), Some(done)))
}

pub async fn pause(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by;
    act(&app, &form, id, move |tx| verbs::pause(tx, &by, id).map(|_| ())).await
}

pub async fn resume(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by;
    act(&app, &form, id, move |tx| verbs::resume(tx, &by, id).map(|_| ())).await
}

pub async fn test(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by;
    act(&app, &form, id, move |tx| verbs::test(tx, &by, id).map(|_| ())).await
}

pub async fn turn_on(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    form: Form,
) -> Result<Response> {
    let (by, seen) = (frame.by.clone(), form.fields.version()?);
    let done = form
        .submit(&app, move |tx| {
            let on = EndpointChange {
                is_enabled: Some(true),
                ..EndpointChange::default()
            };
            verbs::change(tx, &by, id, Some(seen), &on).map(|_| ())
        })
        .await;
    let clash = clash(&app, &frame, id, ("on", "On", &form.fields));
    conflict::settle(done, &webhooks::path(id), clash).await
}

/// A question before something that cannot be taken back.
#[derive(Template)]
#[template(path = "admin/webhooks/ask.html")]
struct AskPage<'a> {
    frame: &'a Frame,
    endpoint: &'a EndpointView,
    is_delete: bool,
}

impl AskPage<'_> {
    fn name(&self) -> &str {
        webhooks::name(self.endpoint)
    }
}

async fn ask(app: &App, frame: &Frame, id: EndpointId, is_delete: bool) -> Result<Response> {
    let endpoint = found(app, frame, id).await?;
    let shown = AskPage {
        frame,
        endpoint: &endpoint,
        is_delete,
    };
    page::page(StatusCode::OK, &shown)
}

pub(super) async fn found(app: &App, frame: &Frame, id: EndpointId) -> Result<EndpointView> {
    frame.by.require(Permission::WebhooksManage)?;
    let (by, now) = (frame.by.clone(), frame.now);
    app.read(move |db| verbs::show(db, &by, id, now)).await
}

pub async fn ask_rotate(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
) -> Result<Response> {
    ask(&app, &frame, id, false).await
}

pub async fn ask_delete(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
) -> Result<Response> {
    ask(&app, &frame, id, true).await
}

pub async fn delete(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    form: Form,
) -> Result<Response> {
    let (by, seen) = (frame.by.clone(), form.fields.version()?);
    let done = form
        .submit(&app, move |tx| verbs::delete(tx, &by, id, Some(seen)))
        .await;
    let clash = clash(&app, &frame, id, ("delete", "Deleted", &form.fields));
    conflict::settle(done, webhooks::PATH, clash).await
}

/// Somebody else was first: the endpoint as it is beside what was wanted.
async fn clash(
    app: &App,
    frame: &Frame,
    id: EndpointId,
    (way, wanted, typed): (&str, &str, &Fields),
) -> Result<Response> {
    let endpoint = found(app, frame, id).await?;
    let now = badge::endpoint(webhooks::health(&endpoint)).word;
    let shown = ConflictPage {
        frame,
        thing: webhooks::name(&endpoint).to_owned(),
        back: webhooks::path(id),
        action: format!("{}/{way}", webhooks::path(id)),
        version: endpoint.version,
        first: webhooks::first(app, frame, &endpoint).await?,
        rows: vec![Both::of("State", now, wanted)],
        kept: conflict::again(typed),
    };
    shown.reply()
}

#[derive(Template)]
#[template(path = "admin/webhooks/replay.html")]
struct ReplayPage<'a> {
    frame: &'a Frame,
    endpoint: &'a EndpointView,
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl ReplayPage<'_> {
    fn name(&self) -> &str {
        webhooks::name(self.endpoint)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        words::label(field)
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    /// What was typed, or since when it has failed, or the day before.
    fn since(&self) -> String {
        if self.typed.is_ticked("failed_since") {
            return self.typed.text("failed_since").to_owned();
        }
        let day = self.frame.now.plus_ms(-crate::domain::time::DAY);
        self.endpoint.failing_since.unwrap_or(day).to_string()
    }
}

pub async fn ask_replay(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
) -> Result<Response> {
    let endpoint = found(&app, &frame, id).await?;
    let shown = ReplayPage {
        frame: &frame,
        endpoint: &endpoint,
        typed: &Fields::default(),
        faults: &[],
    };
    page::page(StatusCode::OK, &shown)
}

pub async fn replay(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    form: Form,
) -> Result<Response> {
    let again = match read(&form.fields) {
        Ok(again) => again,
        Err(faults) => {
            let endpoint = found(&app, &frame, id).await?;
            let shown = ReplayPage {
                frame: &frame,
                endpoint: &endpoint,
                typed: &form.fields,
                faults: &faults,
            };
            return page::page(StatusCode::BAD_REQUEST, &shown);
        }
    };
    let by = frame.by;
    act(&app, &form, id, move |tx| {
        verbs::replay(tx, &by, id, &again).map(|_| ())
    })
    .await
}

/// What failed since a moment; or all between two, if that is said.
fn read(fields: &Fields) -> std::result::Result<Again, Vec<Fault>> {
    let moment = |name: &str| {
        let said = fields.said(name).ok_or_else(|| vec![Bad::missing().at(name)])?;
        Moment::parse(said).map_err(|bad| vec![bad.at(name)])
    };
    match fields.text("what") {
        "all" => Ok(Again::Between(moment("from")?, moment("to")?)),
        _ => Ok(Again::FailedSince(moment("failed_since")?)),
    }
}

pub async fn retry(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<DeliveryId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by;
    let done = form
        .submit(&app, move |tx| verbs::retry(tx, &by, id).map(|_| ()))
        .await?;
    let to = format!("{}?delivery={id}", webhooks::path(id.endpoint()));
    Ok(page::lead(&to, Some(done)))
}
