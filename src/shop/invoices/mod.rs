//! Papers of orders: the invoice of each, issued when it is paid in full or by hand, and the credit notes that take back
//! from it when money has gone back. An order that is changed gets another invoice, and the one before is credited whole.

mod content;
mod issue;
mod slip;
mod view;

pub use content::shop_address;
pub(in crate::shop) use issue::credit;
pub(in crate::shop) use issue::issue;
pub use issue::issue_by_hand;
pub(in crate::shop) use issue::replace;
pub(in crate::shop) use issue::void_of;
pub use slip::Slip;
pub use slip::packing_slip;
pub use view::InvoiceView;
pub use view::PaperView;

use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::invoice::Invoice;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::orders;
use crate::store;

/// The papers of an order: its invoice, and what has been credited of it.
#[derive(Debug, Clone)]
pub struct Papers {
    /// The invoice.
    pub invoice: Invoice,
    /// Its credit notes, oldest first.
    pub credit_notes: Vec<Invoice>,
    /// The invoices that were replaced before, each with the credit notes that took it back, oldest first.
    pub earlier: Vec<Invoice>,
}

impl Papers {
    /// The paper of this number; the invoice itself where none is named.
    pub fn named(&self, number: Option<&str>) -> Result<&Invoice> {
        let Some(number) = number else {
            return Ok(&self.invoice);
        };
        self.all()
            .find(|paper| paper.number.eq_ignore_ascii_case(number))
            .ok_or(Error::NotFound("invoice"))
    }

    fn all(&self) -> impl Iterator<Item = &Invoice> {
        let now = std::iter::once(&self.invoice).chain(&self.credit_notes);
        now.chain(&self.earlier)
    }
}

/// The papers of an order, for its owner and who may read all. Refused with `NotFound` where there is no invoice.
pub fn show(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Papers> {
    orders::show(db, by, id)?;
    of_order(db, id)?.ok_or(Error::NotFound("invoice"))
}

/// The papers of an order, if it has any.
pub fn find(db: &Snapshot, by: &Actor, id: OrderId) -> Result<Option<Papers>> {
    orders::show(db, by, id)?;
    of_order(db, id)
}

fn of_order(db: &Snapshot, id: OrderId) -> Result<Option<Papers>> {
    let mut replaced = store::invoices::replaced(db, id)?;
    // An order that has become one of nothing keeps the last it had.
    let Some(invoice) = store::invoices::of_order(db, id)?.or_else(|| replaced.pop()) else {
        return Ok(None);
    };
    let mut earlier = Vec::new();
    for before in replaced {
        let notes = store::invoices::credit_notes(db, before.id)?;
        earlier.push(before);
        earlier.extend(notes);
    }
    Ok(Some(Papers {
        credit_notes: store::invoices::credit_notes(db, invoice.id)?,
        invoice,
        earlier,
    }))
}
