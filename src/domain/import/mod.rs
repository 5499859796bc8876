//! What an import reads and what comes of it: rows of files, each well formed or refused with the reason. How files are
//! packed (CSV, JSON lines, gzip) is the door's affair.

mod customer;
mod fields;
mod image;
mod invoice;
mod product;
pub mod shopify;

pub use customer::ImportedCustomer;
pub use fields::Fields;
pub use fields::reasons;
pub use image::ImportedImage;
pub use image::Line;
pub use image::Looked;
pub use invoice::Buyer;
pub use invoice::ChangeForm;
pub use invoice::Invoice;
pub use invoice::InvoiceForm;
pub use invoice::InvoiceKind;
pub use invoice::InvoiceLine;
pub use invoice::LineForm;
pub use invoice::PastChange;
pub use invoice::Sale;
pub use invoice::Told;
pub use invoice::charge_name;
pub use product::ImportedProduct;
pub use product::ImportedVariant;
pub use product::StockTold;

use std::hash::Hash;

/// A row that is read: what it is known by, how much work it is, and (by its hash) whether two rows say the same.
pub trait Row: Hash {
    /// What the row is known by within its file.
    fn key(&self) -> String;

    /// Each name that is its own: no other row of the file may have one of them.
    fn names(&self) -> Vec<String> {
        vec![self.key()]
    }

    /// How many rows of the database it becomes, more or less.
    fn weight(&self) -> usize {
        1
    }
}

/// A row and the line of the file on which it begins.
#[derive(Debug, Clone)]
pub struct Numbered<T> {
    /// The line, from 1.
    pub line: u64,
    /// The row.
    pub row: T,
}

/// The file that is imported.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, without folders.
    pub name: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// Some rows of a file that are imported in one transaction.
#[derive(Debug, Clone)]
pub struct Batch<T> {
    /// The file.
    pub source: Source,
    /// The rows.
    pub rows: Vec<Numbered<T>>,
    /// How many rows before and between these could not be read.
    pub unread: usize,
}

/// Whether imported orders take what they sold from the stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockRule {
    /// They are history: the stock was counted after them.
    Leave,
    /// They take it, as a live order does.
    Take,
}

/// A row that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// The line on which it begins.
    pub line: u64,
    /// What it is known by, as far as that could be read.
    pub key: String,
    /// Why.
    pub reason: String,
}

/// What came of some rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Things that were made.
    pub made: u64,
    /// Of these, credit notes.
    pub credit_notes: u64,
    /// Things that were there and now are as the file says.
    pub updated: u64,
    /// Things that were there just so.
    pub known: u64,
    /// Customers that no file had named before the orders did.
    pub customers: u64,
    /// Lines of orders, charges not counted.
    pub lines: u64,
    /// Charges on orders.
    pub charges: u64,
    /// New variants whose stock the file says nobody counts: they come with none.
    pub untracked: u64,
    /// New variants of which the file says there are less than none.
    pub oversold: u64,
    /// Addresses of which not everything could be kept.
    pub cut_addresses: u64,
    /// Rows that were not taken for want of a product.
    pub without_product: u64,
    /// Rows that were not taken.
    pub refused: Vec<RefusedRow>,
}

impl Tally {
    /// Whether anything was written.
    pub fn wrote(&self) -> bool {
        self.made + self.updated + self.customers > 0
    }

    /// Counts a row as refused.
    pub fn refuse<T: Row>(&mut self, row: &Numbered<T>, reason: String) {
        self.refused.push(RefusedRow {
            line: row.line,
            key: row.row.key(),
            reason,
        });
    }
}
