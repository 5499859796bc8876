//! Issuing papers: each with the next number of its series, in the transaction of what it tells of.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::event::EventType;
use crate::domain::id::OrderId;
use crate::domain::id::RefundId;
use crate::domain::invoice::Content;
use crate::domain::invoice::Invoice;
use crate::domain::invoice::Series;
use crate::domain::invoice::credit_due;
use crate::domain::money::Money;
use crate::domain::order::Order;
use crate::domain::order::OrderState;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::events;
use crate::shop::invoices::Papers;
use crate::shop::invoices::content;
use crate::shop::invoices::of_order;
use crate::shop::invoices::view::InvoiceEvent;
use crate::shop::invoices::view::PaperView;
use crate::store;
use crate::store::invoices::NewInvoice;

const BY_HAND: &str = r#"{"by_hand":true}"#;
const CANCELED: &str = r#"{"canceled":true}"#;
const EDITED: &str = r#"{"edited":true}"#;

/// Issues the invoice of an order that has none, paid or not; the papers of one that has. Whether it was issued now.
///
/// Refused with `NotAllowed` for an imported order, a canceled one and one of nothing.
pub fn issue_by_hand(tx: &Tx, by: &Actor, id: OrderId) -> Result<(Papers, bool)> {
    by.require(Permission::OrdersUpdateStatus)?;
    let mut order = store::orders::get(tx, id)?;
    if store::invoices::of_order(tx, id)?.is_some() {
        return Ok((papers(tx, id)?, false));
    }
    let why_not = match &order.head {
        head if head.imported_at.is_some() => Some("An imported order was invoiced where it comes from."),
        head if head.total == Money::ZERO => Some("There is nothing to invoice on an order of nothing."),
        head if head.state == OrderState::Canceled => Some("A canceled order gets no invoice."),
        _ => None,
    };
    if let Some(words) = why_not {
        return Err(Refusal::NotAllowed(words.into()).into());
    }
    issue_now(tx, by, &mut order, Some(BY_HAND))?;
    Ok((papers(tx, id)?, true))
}

fn papers(tx: &Tx, id: OrderId) -> Result<Papers> {
    of_order(tx, id)?.ok_or_else(|| Error::internal("an invoice was not issued"))
}

/// Issues the invoice of an order, unless it has one or gets none, and credits what has gone back already.
pub(in crate::shop) fn issue(tx: &Tx, by: &Actor, order: &mut Order) -> Result<()> {
    issue_now(tx, by, order, None)
}

fn issue_now(tx: &Tx, by: &Actor, order: &mut Order, cause: Option<&'static str>) -> Result<()> {
    let head = &order.head;
    let gets_none = head.imported_at.is_some() || head.total == Money::ZERO;
    if gets_none || store::invoices::of_order(tx, head.id)?.is_some() {
        return Ok(());
    }
    let shop = store::settings::get(tx)?;
    let content = content::of_order(tx, &shop, order)?;
    let paper = Paper {
        series: Series::Invoice,
        invoice: None,
        refund: None,
        total: head.total,
        year: shop.zone.day_of(tx.now).year(),
        cause,
    };
    write(tx, by, order, paper, &content)?;
    credit(tx, by, order, None)
}

/// Credits what has gone back of an order since its last credit note, if it has an invoice; because of a refund, or
/// because it was canceled.
pub(in crate::shop) fn credit(
    tx: &Tx,
    by: &Actor,
    order: &mut Order,
    refund: Option<RefundId>,
) -> Result<()> {
    let Some(invoice) = store::invoices::of_order(tx, order.head.id)? else {
        return Ok(());
    };
    let notes = store::invoices::credit_notes(tx, invoice.id)?;
    let valid = notes.iter().filter(|note| note.voided_at.is_none());
    let credited = Money::sum(valid.map(|note| note.total)).unwrap_or(Money::MAX);
    let due = credit_due(
        invoice.total,
        order.head.paid,
        store::invoices::given_back(tx, order.head.id)?,
        order.head.state == OrderState::Canceled,
    );
    let amount = match due.checked_sub(credited) {
        Some(amount) if amount > Money::ZERO => amount,
        _ => return Ok(()),
    };
    let refund = refund.map(|id| store::refunds::get(tx, id)).transpose()?;
    let shop = store::settings::get(tx)?;
    let (words, cause) = match order.head.state {
        OrderState::Canceled => ("The order was canceled.", CANCELED),
        _ => ("Money has gone back.", EDITED),
    };
    let content = content::of_credit(tx, &shop, &invoice, order, (refund.as_ref(), amount, words))?;
    let paper = Paper {
        series: Series::CreditNote,
        invoice: Some(&invoice),
        cause: refund.is_none().then_some(cause),
        refund: refund.map(|refund| refund.id),
        total: amount,
        year: shop.zone.day_of(tx.now).year(),
    };
    write(tx, by, order, paper, &content)
}

/// Gives an order that was changed another invoice: the one it has is credited whole. One without an invoice gets none.
pub(in crate::shop) fn replace(tx: &Tx, by: &Actor, order: &mut Order) -> Result<()> {
    let Some(invoice) = store::invoices::of_order(tx, order.head.id)? else {
        return Ok(());
    };
    let notes = store::invoices::credit_notes(tx, invoice.id)?;
    let valid = notes.iter().filter(|note| note.voided_at.is_none());
    let credited = Money::sum(valid.map(|note| note.total)).unwrap_or(Money::MAX);
    let rest = invoice.total.checked_sub(credited).unwrap_or(Money::ZERO);
    if rest > Money::ZERO {
        let shop = store::settings::get(tx)?;
        let why = (None, rest, "The order was changed.");
        let content = content::of_credit(tx, &shop, &invoice, order, why)?;
        let paper = Paper {
            series: Series::CreditNote,
            invoice: Some(&invoice),
            refund: None,
            total: rest,
            year: shop.zone.day_of(tx.now).year(),
            cause: Some(EDITED),
        };
        write(tx, by, order, paper, &content)?;
    }
    store::invoices::replace(tx, invoice.id)?;
    issue_now(tx, by, order, Some(EDITED))
}

/// Lets the credit notes of a refund come to nothing: it has failed after it had succeeded. Their numbers stay taken.
pub(in crate::shop) fn void_of(tx: &Tx, by: &Actor, order: &mut Order, refund: RefundId) -> Result<()> {
    let Some(invoice) = store::invoices::of_order(tx, order.head.id)? else {
        return Ok(());
    };
    for note in store::invoices::credit_notes(tx, invoice.id)? {
        if note.refund == Some(refund) && note.voided_at.is_none() {
            store::invoices::void(tx, note.id)?;
            let target = (Target::Invoice, Some(note.id.0));
            audit::note(tx, by, Action::CreditNoteVoided, target, None, None)?;
        }
    }
    credit(tx, by, order, None)
}

/// A paper to be.
struct Paper<'a> {
    series: Series,
    invoice: Option<&'a Invoice>,
    refund: Option<RefundId>,
    total: Money,
    year: i16,
    /// For the audit, where it was neither a payment nor a refund.
    cause: Option<&'static str>,
}

/// Takes the number, writes the row and tells.
fn write(tx: &Tx, by: &Actor, order: &mut Order, paper: Paper<'_>, content: &Content) -> Result<()> {
    let number = store::invoices::take_number(tx, paper.series, paper.year)?;
    let content = serde_json::to_string(content).map_err(|cause| Error::Internal(cause.into()))?;
    let new = NewInvoice {
        series: paper.series,
        year: paper.year,
        number,
        order: order.head.id,
        invoice: paper.invoice.map(|invoice| invoice.id),
        refund: paper.refund,
        currency: order.head.currency,
        total: paper.total,
        issued_by: by.user,
        content: &content,
    };
    let id = store::invoices::insert(tx, &new)?;
    order.head.events += 1;
    let seq = order.head.events;
    store::orders::count_events(tx, order.head.id, seq)?;
    let issued = Invoice {
        id,
        series: paper.series,
        number: crate::domain::invoice::number(paper.series, i64::from(paper.year), number),
        order: order.head.id,
        invoice: new.invoice,
        refund: paper.refund,
        currency: order.head.currency,
        total: paper.total,
        issued_at: tx.now,
        voided_at: None,
        replaced_at: None,
        content: String::new(),
    };
    let event = InvoiceEvent {
        paper: PaperView::of(&issued, paper.invoice.map(|invoice| invoice.number.as_str())),
        seq,
    };
    let told = events::emit(tx, EventType::InvoiceIssued, order.head.id.0, seq, &event)?;
    let action = match paper.series {
        Series::Invoice => Action::InvoiceIssued,
        Series::CreditNote => Action::CreditNoteIssued,
    };
    let target = (Target::Invoice, Some(id.0));
    audit::note(tx, by, action, target, told.for_audit(), paper.cause)
}
