//! The cells of a flat row by the names of their columns, and reading them with every fault gathered.

use std::collections::BTreeMap;

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::parse_money;

/// The cells of a row by column name; an empty cell is an absent one.
#[derive(Debug, Clone, Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Sets a cell.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// A cell without the blanks around it, unless it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    }

    /// Whether the row has such a column, empty or not.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether every cell is empty.
    pub fn is_blank(&self) -> bool {
        self.0.values().all(|text| text.trim().is_empty())
    }

    /// The bytes in its cells.
    pub fn size(&self) -> usize {
        self.0.values().map(String::len).sum()
    }

    /// The first of the named cells that is not empty.
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }
}

/// The faults as one sentence.
pub fn reasons(faults: &[Fault]) -> String {
    let each: Vec<String> = faults
        .iter()
        .map(|fault| match fault.field.is_empty() {
            true => fault.message.clone(),
            false => format!("{} {}", fault.field, fault.message),
        })
        .collect();
    each.join("; ")
}

/// Reads the cells of one row.
pub(super) struct Reading<'a> {
    fields: &'a Fields,
    faults: Vec<Fault>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(fields: &'a Fields) -> Self {
        Self {
            fields,
            faults: Vec::new(),
        }
    }

    /// A cell that may be empty.
    pub(super) fn optional<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, Bad>) -> Option<T> {
        match read(self.fields.get(name)?) {
            Ok(value) => Some(value),
            Err(bad) => self.fault(name, bad),
        }
    }

    /// A cell that must stand there.
    pub(super) fn required<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, Bad>) -> Option<T> {
        match self.fields.get(name) {
            Some(_) => self.optional(name, read),
            None => self.fault(name, Bad::missing()),
        }
    }

    /// An amount that is not negative: decimal, or in hundredths in a column of its own.
    pub(super) fn money(&mut self, decimal: &str, hundredths: &str, currency: Currency) -> Option<Money> {
        match self.fields.get(decimal) {
            Some(_) => self.optional(decimal, |text| parse_money(text, currency)?.non_negative()),
            None => self.optional(hundredths, |text| minor(text, currency)),
        }
    }

    /// Notes a fault of a cell; there is no value then.
    pub(super) fn fault<T>(&mut self, name: &str, bad: Bad) -> Option<T> {
        self.faults.push(bad.at(name));
        None
    }

    /// Every fault, if there are any.
    pub(super) fn done(self) -> Result<(), Vec<Fault>> {
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(self.faults),
        }
    }
}

fn minor(text: &str, currency: Currency) -> Result<Money, Bad> {
    hundredths(whole(text)?, currency)?.non_negative()
}

/// An amount in hundredths, which not every currency has.
pub(super) fn hundredths(number: i64, currency: Currency) -> Result<Money, Bad> {
    if currency.exponent() != 2 {
        return Err(Bad::invalid(format!(
            "is in hundredths, which {currency} has not"
        )));
    }
    Money::new(number).ok_or_else(|| Bad::format("is too large an amount"))
}

/// A whole number.
pub(super) fn whole(text: &str) -> Result<i64, Bad> {
    text.parse()
        .map_err(|_| Bad::format("is not a whole number within range"))
}

/// A whole number from 0 to `most`.
pub(super) fn count(text: &str, most: i64) -> Result<i64, Bad> {
    match whole(text)? {
        number if (0..=most).contains(&number) => Ok(number),
        _ => Err(Bad::invalid(format!("must be from 0 to {most}"))),
    }
}
