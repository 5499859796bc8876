//! What can be done to an order: move it, cancel it, write beside it, tag it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::OrderId;
use crate::domain::order::OrderState;
use crate::domain::permission::Permission;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::conflict;
use crate::http::admin::conflict::Both;
use crate::http::admin::conflict::ConflictPage;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::orders::show::ShowPage;
use crate::http::admin::orders::show::Told;
use crate::http::admin::orders::show::told;
use crate::http::admin::page;
use crate::http::extract::Path;
use crate::shop::orders;
use crate::shop::orders::Cancel;
use crate::shop::orders::Move;
use crate::shop::orders::NewNote;

/// The longest words beside a change.
const MOST_WORDS: usize = 1000;
/// The longest note.
const MOST_NOTE: usize = 5000;

pub async fn step(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    form: Form,
) -> Result<Response> {
    let to = OrderState::parse(form.fields.text("status"))
        .ok_or_else(|| Error::from(Bad::invalid("is not a status of orders").at("status")))?;
    let asked = Move {
        to,
        version: Some(form.fields.version()?),
        note: None,
    };
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| orders::step(tx, &by, id, &asked).map(|_| ()))
        .await;
    let clash = clash(&app, &frame, id, &form.fields, to);
    conflict::settle(done, &path(id), clash).await
}

/// The question before an order is canceled, for those whose browser cannot ask it in place.
#[derive(Template)]
#[template(path = "admin/orders/cancel.html")]
struct CancelPage<'a> {
    frame: &'a Frame,
    told: &'a Told,
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl CancelPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }
}

pub async fn ask_cancel(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
) -> Result<Response> {
    frame.by.require(Permission::OrdersCancel)?;
    let typed = &Fields::default();
    draw_cancel(&app, &frame, id, typed, (StatusCode::OK, &[])).await
}

async fn draw_cancel(
    app: &App,
    frame: &Frame,
    id: OrderId,
    typed: &Fields,
    (status, faults): (StatusCode, &[Fault]),
) -> Result<Response> {
    let told = told(app, frame, id, None).await?;
    let shown = CancelPage {
        frame,
        told: &told,
        typed,
        faults,
    };
    page::page(status, &shown)
}

pub async fn cancel(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::OrdersCancel)?;
    let reason = match words(&form.fields, "reason", MOST_WORDS) {
        Ok(reason) => reason,
        Err(error) => {
            let again = (StatusCode::BAD_REQUEST, error.faults());
            return draw_cancel(&app, &frame, id, &form.fields, again).await;
        }
    };
    let asked = Cancel {
        version: Some(form.fields.version()?),
        reason,
        restock: form.fields.is_ticked("restock"),
    };
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| {
            orders::cancel(tx, &by, None, id, &asked).map(|_| ())
        })
        .await;
    let clash = clash(&app, &frame, id, &form.fields, OrderState::Canceled);
    conflict::settle(done, &path(id), clash).await
}

pub async fn note(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    form: Form,
) -> Result<Response> {
    let new = match words(&form.fields, "note", MOST_NOTE) {
        Ok(Some(text)) => NewNote {
            text,
            is_public: form.fields.is_ticked("public"),
            version: None,
        },
        Ok(None) => return again(&app, &frame, id, &form.fields, Bad::missing().at("note").into()).await,
        Err(error) => return again(&app, &frame, id, &form.fields, error).await,
    };
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| orders::note(tx, &by, None, id, &new).map(|_| ()))
        .await?;
    Ok(page::lead(&path(id), Some(done)))
}

pub async fn tag(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    form: Form,
) -> Result<Response> {
    let tags = match tags_of(form.fields.text("tags")) {
        Ok(tags) => tags,
        Err(error) => return again(&app, &frame, id, &form.fields, error).await,
    };
    // Without what its page showed, what is sent stands as it is.
    let was = match form.fields.is_ticked("was") {
        true => Some(tags_of(form.fields.text("was"))?),
        false => None,
    };
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| match &was {
            Some(was) => orders::retag(tx, &by, id, was, &tags).map(|_| ()),
            None => orders::tag(tx, &by, id, None, &tags).map(|_| ()),
        })
        .await;
    match done {
        Ok(done) => Ok(page::lead(&path(id), Some(done))),
        Err(error) => again(&app, &frame, id, &form.fields, error).await,
    }
}

pub(super) fn path(id: OrderId) -> String {
    format!("/admin/orders/{id}")
}

pub(super) fn words(fields: &Fields, name: &str, most: usize) -> Result<Option<String>> {
    fields
        .said(name)
        .map(|text| text::paragraph(text, most).map_err(|bad| Error::from(bad.at(name))))
        .transpose()
}

/// Tags between commas, each once whatever its case.
fn tags_of(typed: &str) -> Result<Vec<String>> {
    let mut tags: Vec<String> = Vec::new();
    for tag in typed.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        let tag = text::line(tag, 1, 50).map_err(|bad| bad.at("tags"))?;
        if !tags.iter().any(|held| held.eq_ignore_ascii_case(&tag)) {
            tags.push(tag);
        }
    }
    match tags.len() <= orders::MOST_TAGS {
        true => Ok(tags),
        false => Err(Bad::invalid("has more than 50 tags").at("tags").into()),
    }
}

/// The order's page again, with what was typed and what was wrong with it.
pub(super) async fn again(
    app: &App,
    frame: &Frame,
    id: OrderId,
    typed: &Fields,
    error: Error,
) -> Result<Response> {
    if error.faults().is_empty() {
        return Err(error);
    }
    let told = told(app, frame, id, None).await?;
    let shown = ShowPage {
        frame,
        told: &told,
        typed,
        faults: error.faults(),
    };
    page::page(StatusCode::BAD_REQUEST, &shown)
}

/// Somebody else was first: the order as it is beside what was wanted.
async fn clash(app: &App, frame: &Frame, id: OrderId, typed: &Fields, to: OrderState) -> Result<Response> {
    let told = told(app, frame, id, None).await?;
    let head = &told.order.head;
    let way = match to {
        OrderState::Canceled => "cancel",
        _ => "status",
    };
    let shown = ConflictPage {
        frame,
        thing: format!("order #{}", head.number),
        back: path(id),
        action: format!("{}/{way}", path(id)),
        version: head.version,
        first: told.first(frame),
        rows: vec![Both::of(
            "Status",
            badge::order(head.state).word,
            badge::order(to).word,
        )],
        kept: conflict::again(typed),
    };
    shown.reply()
}
