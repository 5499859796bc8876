//! The addresses of an order of Shopify's.

use serde_json::Value;

use crate::domain::address::Address;
use crate::domain::import::Fields;
use crate::domain::import::customer;
use crate::domain::text::CountryCode;
use crate::domain::text::Phone;

/// An address as far as it can be kept, and whether something of it cannot.
pub(super) struct Read {
    pub(super) value: Option<Value>,
    pub(super) country: Option<CountryCode>,
    pub(super) is_cut: bool,
}

/// Reads the `billing` or the `shipping` address: whole, else its country alone, as history may know no more.
pub(super) fn read(row: &Fields, which: &str) -> Read {
    let cell = |name: &str| row.get(&format!("{which} {name}"));
    let text = |name: &str| cell(name).map(str::to_owned);
    let country = cell("country").and_then(customer::country);
    let told = cell("phone");
    let phone = told.and_then(phone);
    let address = Address {
        name: text("name").unwrap_or_default(),
        company: text("company"),
        line1: text("address1").or_else(|| text("street")).unwrap_or_default(),
        line2: text("address2"),
        city: text("city").unwrap_or_default(),
        postcode: cell("zip")
            .unwrap_or_default()
            .trim_start_matches('\'')
            .to_owned(),
        region: text("province name").or_else(|| text("province")),
        country: country.map(|code| code.to_string()).unwrap_or_default(),
        phone: phone.clone(),
    };
    let parts = [
        "name", "company", "address1", "street", "address2", "city", "zip", "province", "phone",
    ];
    let is_blank = parts.iter().all(|name| cell(name).is_none());
    let mut faults = Vec::new();
    let address = address.checked(which, &mut faults);
    let (value, is_cut) = match (faults.is_empty(), country) {
        (true, _) => (
            serde_json::to_value(&address).ok(),
            phone.is_none() && told.is_some(),
        ),
        (false, Some(code)) => (Some(serde_json::json!({ "country": code.as_str() })), !is_blank),
        (false, None) => (None, !is_blank || cell("country").is_some()),
    };
    Read {
        value,
        country,
        is_cut,
    }
}

/// A telephone number without what people put between its digits.
pub(super) fn phone(text: &str) -> Option<String> {
    let is_kept = |letter: &char| letter.is_ascii_digit() || *letter == '+';
    let plain: String = text.chars().filter(is_kept).collect();
    Phone::parse(&plain).ok().map(Phone::into_string)
}
