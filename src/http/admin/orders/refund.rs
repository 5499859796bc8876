//! Giving money back: the page that says what may go, counts what it comes to, and asks; and doing it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::order::Line;
use crate::domain::refund::NewRefund;
use crate::domain::refund::NewRefundLine;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::gateway;
use crate::http::admin::conflict;
use crate::http::admin::conflict::ConflictPage;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::orders::change;
use crate::http::admin::orders::money;
use crate::http::admin::orders::show::told;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::shop::once::Once;
use crate::shop::payments;
use crate::shop::payments::Refundable;
use crate::shop::payments::Weighed;

/// The reasons that are offered.
const REASONS: [&str; 5] = [
    "Damaged on the way",
    "Not as described",
    "Sent back",
    "Price adjusted",
    "Goodwill",
];

#[derive(Template)]
#[template(path = "admin/orders/refund.html")]
struct RefundPage<'a> {
    frame: &'a Frame,
    able: &'a Refundable,
    reasons: [&'static str; 5],
    /// What the refund comes to as it was typed.
    weighed: Option<Weighed>,
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl RefundPage<'_> {
    /// Each line with the pieces of it that may go back.
    fn rows(&self) -> Vec<(&Line, i64)> {
        let pieces = self.able.pieces.iter().copied();
        self.able.order.lines.iter().zip(pieces).collect()
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        words::label(field)
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    /// Whether a field of a line is at fault.
    fn line_fault(&self, line: &Line) -> Option<&str> {
        self.fault(&quantity(line.id))
    }

    /// What was typed for a line, or none of it.
    fn quantity(&self, line: &Line) -> &str {
        self.typed.said(&quantity(line.id)).unwrap_or("0")
    }

    fn is_restocked(&self, line: &Line) -> bool {
        self.typed.is_ticked(&format!("restock-{}", line.id))
    }

    fn typed_or<'s>(&'s self, field: &str, usual: &'s str) -> &'s str {
        self.typed.said(field).unwrap_or(usual)
    }

    /// What a line comes to.
    fn amount(&self, line: &Line) -> Money {
        let lines = self.weighed.iter().flat_map(|weighed| &weighed.lines);
        let found = lines.filter(|back| back.line == line.id).map(|back| back.amount);
        found.fold(Money::ZERO, |_, amount| amount)
    }

    fn shipping(&self) -> Money {
        let weighed = self.weighed.as_ref();
        weighed.map_or(Money::ZERO, |weighed| weighed.shipping)
    }

    /// How much stays with the shop after it.
    fn kept(&self, weighed: &Weighed) -> Money {
        self.able.left.checked_sub(weighed.amount).unwrap_or(Money::ZERO)
    }
}

/// The field of a line's pieces.
fn quantity(line: LineId) -> String {
    format!("qty-{line}")
}

pub async fn ask_refund(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
) -> Result<Response> {
    let able = able(&app, &frame, id).await?;
    let shown = RefundPage {
        frame: &frame,
        able: &able,
        reasons: REASONS,
        weighed: None,
        typed: &Fields::default(),
        faults: &[],
    };
    page::page(StatusCode::OK, &shown)
}

async fn able(app: &App, frame: &Frame, id: OrderId) -> Result<Refundable> {
    let by = frame.by.clone();
    app.read(move |db| payments::refundable(db, &by, id)).await
}

pub async fn refund(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    form: Form,
) -> Result<Response> {
    let able = able(&app, &frame, id).await?;
    if form.fields.text("do") == "all" {
        return count(&app, &frame, &able, &everything(&able, &form.fields)).await;
    }
    if form.fields.text("do") == "count" {
        return count(&app, &frame, &able, &form.fields).await;
    }
    let new = match read(&able, &form.fields) {
        Ok(new) => new,
        Err(error) => return again(&frame, &able, &form.fields, error),
    };
    // Which payment gives it is decided inside; it is asked once the refund is durable.
    let gives: Arc<Mutex<Option<PaymentId>>> = Arc::default();
    let (by, teller) = (frame.by.clone(), Arc::clone(&gives));
    let done = form
        .submit(&app, move |tx| {
            let (Once::First(made) | Once::Again(made)) = payments::refund(tx, &by, None, id, &new)?;
            *teller.lock().unwrap_or_else(PoisonError::into_inner) = made.payment;
            Ok(())
        })
        .await;
    let done = match done.map_err(|error| money::beside(error, "amount")) {
        Err(error) if !error.faults().is_empty() => return again(&frame, &able, &form.fields, error),
        done => done,
    };
    let payment = gives.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(payment) = payment.filter(|_| done.is_ok()) {
        gateway::payments::drive(&app, payment).await?;
    }
    let clash = clash(&app, &frame, id, &form.fields);
    conflict::settle(done, &change::path(id), clash).await
}

/// All that is left, typed in.
fn everything(able: &Refundable, typed: &Fields) -> Fields {
    let currency = able.order.head.currency;
    let is_kept = |name: &str| !name.starts_with("qty-") && !["shipping", "amount"].contains(&name);
    let kept = typed.0.iter().filter(|(name, _)| is_kept(name)).cloned();
    let lines = able.order.lines.iter().zip(&able.pieces);
    let lines = lines.map(|(line, pieces)| (quantity(line.id), pieces.to_string()));
    let told = |amount: Money| amount.write(currency).to_string();
    let sums = [
        ("shipping".to_owned(), told(able.shipping)),
        ("amount".to_owned(), told(able.left)),
    ];
    Fields(kept.chain(lines).chain(sums).collect())
}

/// The page with what it would come to; nothing is given back.
async fn count(app: &App, frame: &Frame, able: &Refundable, typed: &Fields) -> Result<Response> {
    let weighed = match read(able, typed) {
        Ok(new) => {
            let (by, id) = (frame.by.clone(), able.order.head.id);
            app.read(move |db| payments::weigh(db, &by, id, &new)).await
        }
        Err(error) => Err(error),
    };
    let weighed = match weighed.map_err(|error| money::beside(error, "amount")) {
        Ok(weighed) => weighed,
        Err(error) => return again(frame, able, typed, error),
    };
    let shown = RefundPage {
        frame,
        able,
        reasons: REASONS,
        weighed: Some(weighed),
        typed,
        faults: &[],
    };
    page::page(StatusCode::OK, &shown)
}

fn again(frame: &Frame, able: &Refundable, typed: &Fields, error: Error) -> Result<Response> {
    if error.faults().is_empty() {
        return Err(error);
    }
    let shown = RefundPage {
        frame,
        able,
        reasons: REASONS,
        weighed: None,
        typed,
        faults: error.faults(),
    };
    page::page(StatusCode::BAD_REQUEST, &shown)
}

/// Well formed, or every fault at once.
fn read(able: &Refundable, fields: &Fields) -> Result<NewRefund> {
    let mut faults = Vec::new();
    let lines = lines(able, fields, &mut faults);
    let currency = able.order.head.currency;
    let shipping = fields.said("shipping").map(RawAmount::new);
    let shipping = shipping.filter(|raw| !matches!(raw.to_money(currency), Ok(Money::ZERO)));
    let amount = fields.said("amount").map(RawAmount::new);
    if faults.is_empty() && lines.is_empty() && shipping.is_none() && amount.is_none() {
        let words = "Say what goes back: pieces, shipping or an amount.";
        faults.push(Bad::invalid(words).at("amount"));
    }
    let reason = text::line(fields.text("reason"), 1, 255).map_err(|bad| faults.push(bad.at("reason")));
    let reference = fields.said("reference").map(|text| text::line(text, 1, 255));
    let reference = reference
        .transpose()
        .map_err(|bad| faults.push(bad.at("reference")));
    let note = fields.said("note").map(|text| text::paragraph(text, 1000));
    let note = note.transpose().map_err(|bad| faults.push(bad.at("note")));
    match (reason, reference, note, faults.is_empty()) {
        (Ok(reason), Ok(reference), Ok(note), true) => Ok(NewRefund {
            lines,
            shipping,
            amount,
            reason,
            reference,
            note,
            is_told: true,
            payment: fields.text("payment_id").parse().ok(),
            of_return: None,
            version: Some(fields.version()?),
        }),
        _ => Err(faults.into()),
    }
}

/// The pieces that are named, each within what is left of its line.
fn lines(able: &Refundable, fields: &Fields, faults: &mut Vec<Fault>) -> Vec<NewRefundLine> {
    let mut named = Vec::new();
    for (line, left) in able.order.lines.iter().zip(&able.pieces) {
        let field = quantity(line.id);
        match fields.said(&field).map_or(Ok(0), str::parse::<i64>) {
            Ok(0) => {}
            Ok(pieces) if (1..=*left).contains(&pieces) => named.push(NewRefundLine {
                line: line.id,
                quantity: pieces,
                restock: fields.is_ticked(&format!("restock-{}", line.id)),
            }),
            _ => faults.push(Bad::invalid(format!("must be a number from 0 to {left}")).at(field)),
        }
    }
    named
}

async fn clash(app: &App, frame: &Frame, id: OrderId, typed: &Fields) -> Result<Response> {
    let told = told(app, frame, id, None).await?;
    let pieces = typed.0.iter().filter(|(name, _)| name.starts_with("qty-"));
    let pieces: i64 = pieces.filter_map(|(_, text)| text.parse::<i64>().ok()).sum();
    let wanted = match typed.said("amount") {
        Some(amount) => amount.to_owned(),
        None => format!("{pieces} pieces"),
    };
    let shown = ConflictPage {
        frame,
        thing: format!("order #{}", told.order.head.number),
        back: change::path(id),
        action: format!("{}/refund", change::path(id)),
        version: told.order.head.version,
        first: told.first(frame),
        rows: money::both(frame, &told, &wanted, "Given back"),
        kept: conflict::again(typed),
    };
    shown.reply()
}
