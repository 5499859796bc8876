//! Papers as they are told: to who asks, and, without what they say, in events.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::invoice::Content;
use crate::domain::invoice::Invoice;
use crate::domain::invoice::Series;
use crate::domain::money::Amount;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::shop::invoices::Papers;

/// What is told of every paper, without anything personal.
#[derive(Serialize, ToSchema)]
#[schema(as = Paper)]
#[allow(missing_docs, reason = "the columns")]
pub struct PaperView {
    pub id: i64,
    pub kind: Series,
    pub number: String,
    pub order_id: i64,
    /// Of a credit note: the number of the invoice that it takes back from.
    pub credits: Option<String>,
    pub refund_id: Option<i64>,
    pub currency: String,
    pub total: Amount,
    pub issued_at: Timestamp,
    /// Of a credit note: when its refund has failed after all.
    pub voided_at: Option<Timestamp>,
}

impl PaperView {
    /// A paper; `credits` is the number of its invoice, where it is a credit note.
    pub(super) fn of(paper: &Invoice, credits: Option<&str>) -> Self {
        Self {
            id: paper.id.0,
            kind: paper.series,
            number: paper.number.clone(),
            order_id: paper.order.0,
            credits: credits.map(str::to_owned),
            refund_id: paper.refund.map(|refund| refund.0),
            currency: paper.currency.as_str().to_owned(),
            total: paper.total.write(paper.currency),
            issued_at: paper.issued_at,
            voided_at: paper.voided_at,
        }
    }
}

/// A paper as its order's events tell it.
#[derive(Serialize)]
pub(super) struct InvoiceEvent {
    #[serde(flatten)]
    pub(super) paper: PaperView,
    pub(super) seq: i64,
}

/// A paper with what it says; an invoice with its credit notes.
#[derive(Serialize, ToSchema)]
#[schema(as = Invoice)]
#[allow(missing_docs, reason = "the columns")]
pub struct InvoiceView {
    pub id: i64,
    pub kind: Series,
    pub number: String,
    pub order_id: i64,
    pub credits: Option<String>,
    pub refund_id: Option<i64>,
    pub currency: String,
    pub total: Amount,
    pub issued_at: Timestamp,
    pub voided_at: Option<Timestamp>,
    /// As it was frozen when it was issued.
    #[schema(value_type = Content)]
    pub content: Box<RawValue>,
    /// Of an invoice: when it was credited whole, because its order was changed.
    pub replaced_at: Option<Timestamp>,
    /// What has been credited of an invoice, oldest first.
    pub credit_notes: Vec<PaperView>,
    /// Beside the order's last invoice: those before, which were replaced, and what took them back.
    pub earlier: Vec<PaperView>,
}

impl InvoiceView {
    /// One of an order's papers.
    pub fn of(papers: &Papers, paper: &Invoice) -> Result<Self> {
        let told = |paper: &Invoice| {
            let mut all = papers.all();
            let of = paper.invoice.and_then(|id| all.find(|other| other.id == id));
            PaperView::of(paper, of.map(|of| of.number.as_str()))
        };
        let notes = papers.all().filter(|note| note.invoice == Some(paper.id));
        let is_last = paper.id == papers.invoice.id;
        let earlier = papers.earlier.iter().filter(|_| is_last);
        let (credit_notes, earlier) = (notes.map(told).collect(), earlier.map(told).collect());
        let told = told(paper);
        Ok(Self {
            id: told.id,
            kind: told.kind,
            number: told.number,
            order_id: told.order_id,
            credits: told.credits,
            refund_id: told.refund_id,
            currency: told.currency,
            total: told.total,
            issued_at: told.issued_at,
            voided_at: told.voided_at,
            content: RawValue::from_string(paper.content.clone())
                .map_err(|cause| Error::Internal(cause.into()))?,
            replaced_at: paper.replaced_at,
            credit_notes,
            earlier,
        })
    }
}
