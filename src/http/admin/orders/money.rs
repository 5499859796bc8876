//! Money that comes in for an order: recorded by hand, or taken where it is reserved.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::money::RawAmount;
use crate::domain::refusal::Refusal;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::gateway;
use crate::http::admin::badge;
use crate::http::admin::conflict;
use crate::http::admin::conflict::Both;
use crate::http::admin::conflict::ConflictPage;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::orders::change;
use crate::http::admin::orders::show::Told;
use crate::http::admin::orders::show::told;
use crate::http::admin::page;
use crate::http::extract::Path;
use crate::shop::payments;
use crate::shop::payments::ByHand;

/// The field in which the order's page asks how much has come.
const COME: &str = "amount";

pub async fn record(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    form: Form,
) -> Result<Response> {
    let new = match read(id, &form.fields) {
        Ok(new) => new,
        Err(error) => return change::again(&app, &frame, id, &form.fields, error).await,
    };
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| {
            payments::record_by_hand(tx, &by, None, &new).map(|_| ())
        })
        .await;
    let done = match done.map_err(|error| beside(error, COME)) {
        Err(error) if !error.faults().is_empty() => {
            return change::again(&app, &frame, id, &form.fields, error).await;
        }
        done => done,
    };
    let action = format!("{}/payments", change::path(id));
    let clash = clash(&app, &frame, id, (&form.fields, action, "Recorded"));
    conflict::settle(done, &change::path(id), clash).await
}

fn read(order: OrderId, fields: &Fields) -> Result<ByHand> {
    let mut faults = Vec::new();
    let mut line = |name: &str, most: usize| {
        let text = fields.said(name)?;
        text::line(text, 1, most)
            .map_err(|bad| faults.push(bad.at(name)))
            .ok()
    };
    let (method, reference) = (line("method", 50), line("reference", 255));
    match faults.is_empty() {
        true => Ok(ByHand {
            order,
            amount: fields.said(COME).map(RawAmount::new),
            method,
            reference,
            version: Some(fields.version()?),
        }),
        false => Err(faults.into()),
    }
}

pub async fn capture(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<PaymentId>,
    form: Form,
) -> Result<Response> {
    let (by, seen) = (frame.by.clone(), form.fields.version()?);
    let field = format!("capture-{id}");
    let amount = form.fields.said(&field).map(RawAmount::new);
    let who = frame.by.clone();
    let order = app.read(move |db| payments::show(db, &who, id)).await?.order;
    let done = form
        .submit(&app, move |tx| {
            payments::ask_capture(tx, &by, None, id, Some(seen), amount.as_ref()).map(|_| ())
        })
        .await;
    let done = match done.map_err(|error| renamed(beside(error, &field), &field)) {
        Err(error) if !error.faults().is_empty() => {
            return change::again(&app, &frame, order, &form.fields, error).await;
        }
        done => done,
    };
    if done.is_ok() {
        gateway::payments::drive(&app, id).await?;
    }
    let action = format!("/admin/payments/{id}/capture");
    let clash = clash(&app, &frame, order, (&form.fields, action, "Captured"));
    conflict::settle(done, &change::path(order), clash).await
}

/// What is reserved is let go.
pub async fn void(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<PaymentId>,
    form: Form,
) -> Result<Response> {
    let (by, who) = (frame.by.clone(), frame.by.clone());
    let order = app.read(move |db| payments::show(db, &who, id)).await?.order;
    let done = form
        .submit(&app, move |tx| payments::ask_void(tx, &by, None, id).map(|_| ()))
        .await?;
    gateway::payments::drive(&app, id).await?;
    Ok(page::lead(&change::path(order), Some(done)))
}

/// What is more than there is, is said beside the field that asked for it.
pub fn beside(error: Error, field: &str) -> Error {
    match error {
        Error::Refused(Refusal::Rule(words)) => Bad::invalid(words).at(field).into(),
        other => other,
    }
}

/// A page has several amounts: the fault of a verb's is put beside the field that it was typed into.
fn renamed(error: Error, field: &str) -> Error {
    let mut faults = error.faults().to_vec();
    for fault in faults.iter_mut().filter(|fault| fault.field == COME) {
        field.clone_into(&mut fault.field);
    }
    match faults.is_empty() {
        true => error,
        false => faults.into(),
    }
}

/// The order's money as it is, beside what was wanted.
pub fn both(frame: &Frame, told: &Told, wanted: &str, words: &'static str) -> Vec<Both<'static>> {
    let head = &told.order.head;
    let now = format!(
        "{}, {} paid, {} due",
        badge::payment(head.payment, head.state).word,
        frame.money(head.paid),
        frame.money(head.due())
    );
    let mine = match wanted {
        "" => format!("{words}: all there is"),
        amount => format!("{words}: {amount}"),
    };
    vec![Both::of("Money", now, mine)]
}

async fn clash(
    app: &App,
    frame: &Frame,
    id: OrderId,
    (typed, action, words): (&Fields, String, &'static str),
) -> Result<Response> {
    let told = told(app, frame, id, None).await?;
    let is_amount = |name: &str| name == COME || name.starts_with("capture-");
    let wanted = typed.0.iter().find(|(name, _)| is_amount(name));
    let wanted = wanted.map_or("", |(_, amount)| amount.trim());
    let shown = ConflictPage {
        frame,
        thing: format!("order #{}", told.order.head.number),
        back: change::path(id),
        action,
        version: told.order.head.version,
        first: told.first(frame),
        rows: both(frame, &told, wanted, words),
        kept: conflict::again(typed),
    };
    shown.reply()
}
