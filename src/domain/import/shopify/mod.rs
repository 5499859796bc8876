//! Shopify's layouts of products and orders: a row is a variant or a line, and the rows of one handle or of one order
//! stand side by side. Columns are known by their names, in lower case, in any order, in the old layout and in that of
//! 2025.

mod address;
mod header;
mod order;
mod product;
mod sums;

pub use header::ORDERS;
pub use header::PRODUCTS;
pub use product::IMAGES;
pub use product::UNTAXED;

use crate::domain::fault::Bad;
use crate::domain::import::Fields;
use crate::domain::import::Numbered;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::parse_money;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;

/// What is wrong, by the line on which it is.
pub type Wrong = Vec<(u64, String)>;

/// One of the two layouts: what shows it, what it cannot do without, what of it is read.
pub struct Layout {
    /// The column that ties rows together, under each of its names.
    pub key: &'static [&'static str],
    /// Names that no layout of ours has.
    marks: &'static [&'static str],
    /// Columns that must be there: what people call them, and each name that will do.
    needed: &'static [(&'static str, &'static [&'static str])],
    /// Every column that is read.
    read: &'static [&'static str],
}

/// Products.
pub const PRODUCT: Layout = product::LAYOUT;
/// Orders.
pub const ORDER: Layout = order::LAYOUT;

impl Layout {
    /// Whether a file with these columns is of this layout.
    pub fn is_of(&self, columns: &[String]) -> bool {
        columns.iter().any(|name| self.marks.contains(&name.as_str()))
    }

    /// The columns that a file must have and has not.
    pub fn missing(&self, columns: &[String]) -> Vec<&'static str> {
        let is_there = |names: &[&str]| columns.iter().any(|name| names.contains(&name.as_str()));
        let missing = self.needed.iter().filter(|(_, names)| !is_there(names));
        missing.map(|(called, _)| *called).collect()
    }

    /// Whether a column is read.
    pub fn reads(&self, column: &str) -> bool {
        self.read.contains(&column)
    }
}

/// The name under which a row has a cell: the first that is not empty, else the first.
fn pick<'n>(row: &Fields, names: &[&'n str]) -> &'n str {
    let told = names.iter().find(|name| row.get(name).is_some());
    told.or(names.first()).copied().unwrap_or_default()
}

/// `TRUE` or `FALSE`, in either case.
fn flag(text: &str) -> Result<bool, Bad> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Bad::invalid("must be TRUE or FALSE")),
    }
}

/// An amount that is not negative. Shopify writes two decimals where a currency has none: zeros that say nothing go.
fn amount(text: &str, currency: Currency) -> Result<Money, Bad> {
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let most = usize::from(currency.exponent());
    let mut plain = text;
    for _ in most..decimals {
        plain = plain.strip_suffix('0').unwrap_or(plain);
    }
    parse_money(plain.strip_suffix('.').unwrap_or(plain), currency)?.non_negative()
}

/// A moment such as `2019-05-07 15:28:29 -0400`; without an offset it is one of the shop's clock.
fn moment(text: &str, zone: &Zone) -> Result<Timestamp, Bad> {
    let wrong = || Bad::format("is not a time such as 2019-05-07 15:28:29 -0400");
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    match parts.as_slice() {
        [whole] => Timestamp::parse(whole).map_err(|_| wrong()),
        [day, clock] => zone.local_to_utc(&format!("{day}T{clock}")).map_err(|_| wrong()),
        [day, clock, "UTC"] => Timestamp::parse(&format!("{day}T{clock}Z")).map_err(|_| wrong()),
        [day, clock, offset] => {
            let (hours, minutes) = offset.split_at_checked(3).ok_or_else(wrong)?;
            Timestamp::parse(&format!("{day}T{clock}{hours}:{minutes}")).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

/// Whether a row has any of these cells.
fn tells(row: &Numbered<Fields>, names: &[&str]) -> bool {
    row.row.first(names).is_some()
}
