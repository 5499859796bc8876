//! Customers as they stand in a file.

use crate::domain::country;
use crate::domain::customer::CustomerStatus;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::import::Fields;
use crate::domain::import::Row;
use crate::domain::import::fields::Reading;
use crate::domain::text;
use crate::domain::text::CountryCode;
use crate::domain::text::Email;
use crate::domain::text::Phone;
use crate::domain::time::Timestamp;

/// A customer to be made, or to be brought to what the file says.
#[derive(Debug, Clone, Hash)]
pub struct ImportedCustomer {
    /// The number in the file's source, by which it is found again.
    pub number: Option<String>,
    /// The name, if the file has one.
    pub name: Option<String>,
    /// Where to write to; by this one without a number is found again.
    pub email: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// Where they live; none where the name is no country's.
    pub country: Option<CountryCode>,
    /// Whether they may buy; a new one may, if not told.
    pub status: Option<CustomerStatus>,
    /// Since when a new one has been known; since now if not told.
    pub created_at: Option<Timestamp>,
}

impl ImportedCustomer {
    /// The columns, as an export writes them.
    pub const COLUMNS: &[&str] = &[
        "number",
        "name",
        "email",
        "phone",
        "country",
        "status",
        "created_at",
    ];
    /// Another name of the number, which is read and never written.
    pub const ALSO_READ: &[&str] = &["customer"];

    /// Reads a row, or says all that is wrong with it.
    pub fn parse(fields: &Fields) -> Result<Self, Vec<Fault>> {
        let mut row = Reading::new(fields);
        let number = match fields.get("number") {
            Some(_) => row.optional("number", number),
            None => row.optional("customer", number),
        };
        let customer = Self {
            number,
            name: row.optional("name", |text| text::line(text, 1, 200)),
            email: row.optional("email", |text| Email::parse(text).map(Email::into_string)),
            phone: row.optional("phone", |text| Phone::parse(text).map(Phone::into_string)),
            country: fields.get("country").and_then(country),
            status: row.optional("status", status),
            created_at: row.optional("created_at", Timestamp::parse),
        };
        row.done()?;
        match customer.number.is_some() || customer.email.is_some() {
            true => Ok(customer),
            false => Err(vec![Bad::missing().at("number")]),
        }
    }

    /// The name, or one made of the number.
    pub fn name(&self) -> String {
        match (&self.name, &self.number, &self.email) {
            (Some(name), ..) => name.clone(),
            (None, Some(number), _) => format!("Customer {number}"),
            (None, None, email) => email.clone().unwrap_or_default(),
        }
    }
}

fn status(text: &str) -> Result<CustomerStatus, Bad> {
    CustomerStatus::parse(text).ok_or_else(|| Bad::invalid("must be active, inactive, pending or blocked"))
}

/// A number as a source gives it: any short text.
pub(super) fn number(text: &str) -> Result<String, Bad> {
    text::line(text, 1, 64)
}

/// A country by its code or its name; none where it is neither.
pub(super) fn country(text: &str) -> Option<CountryCode> {
    CountryCode::parse(text).ok().or_else(|| country::code_of(text))
}

impl Row for ImportedCustomer {
    fn key(&self) -> String {
        self.number
            .clone()
            .or_else(|| self.email.clone())
            .unwrap_or_default()
    }

    fn weight(&self) -> usize {
        4
    }
}
