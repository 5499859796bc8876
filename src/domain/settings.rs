//! What the shop decides, as rows of the file.

use crate::domain::money::Currency;
use crate::domain::time::Zone;

/// What placing an order needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The shop's one currency.
    pub currency: Currency,
    /// Whether prices contain the tax.
    pub tax_included: bool,
    /// An order's number is this much above its id.
    pub number_base: i64,
    /// Whether numbers are stored with the orders, since an import brought its own.
    pub numbers_stored: bool,
    /// Stock at or below this is low, where a variant has no mark of its own.
    pub low_at: i64,
    /// Whether any way of sending is offered.
    pub has_methods: bool,
    /// Whether anything is taxed.
    pub has_taxes: bool,
    /// Whether the members of any group pay less.
    pub has_groups: bool,
}

/// The shop's settings that show.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What placing needs.
    pub terms: Terms,
    /// What the shop is called.
    pub name: String,
    /// The shop's time zone.
    pub zone: Zone,
    /// Whether the file is a demo.
    pub is_demo: bool,
}
