//! Customers: who buys. A user who signs up has one; staff and imports make others.

use serde_json::Map;
use serde_json::Value;

use crate::domain::address::Address;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::CustomerId;
use crate::domain::id::GroupId;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::named::named;
use crate::domain::search::Find;
use crate::domain::text;
use crate::domain::text::CountryCode;
use crate::domain::text::Email;
use crate::domain::text::Phone;
use crate::domain::time::Timestamp;

/// The longest name.
pub const LONGEST_NAME: usize = 200;
/// The longest note.
pub const LONGEST_NOTE: usize = 5_000;
/// Tags, addresses, groups and fields that a customer may have.
pub const MOST_TAGS: usize = 20;
/// Addresses in the book.
pub const MOST_ADDRESSES: usize = 20;
/// Groups that may be named at once.
pub const MOST_GROUPS: usize = 50;
/// Fields of the shop's own.
pub const MOST_FIELDS: usize = 50;
/// What programs note.
pub const MOST_METADATA: usize = 20;
const LONGEST_TAG: usize = 50;
const LONGEST_KEY: usize = 50;
const LONGEST_FACT: usize = 1_000;

named! {
    /// Whether a customer may buy.
    CustomerStatus {
        Active = 0 "active",
        Inactive = 1 "inactive",
        Pending = 2 "pending",
        Blocked = 3 "blocked",
    }
}

named! {
    /// In which order customers are listed.
    CustomerSort {
        Newest = 0 "newest",
        Oldest = 1 "oldest",
    }
}

/// Named facts: texts, numbers, claims and lists of texts.
pub type Facts = Map<String, Value>;

/// A customer to be.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct NewCustomer {
    pub user: Option<UserId>,
    pub number: Option<String>,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub country: Option<String>,
    /// Active, if not told.
    pub status: Option<CustomerStatus>,
    /// Now, if not told.
    pub created_at: Option<Timestamp>,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Customer {
    pub id: CustomerId,
    pub status: CustomerStatus,
    pub user: Option<UserId>,
    pub number: Option<String>,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub country: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
    pub deleted_at: Option<Timestamp>,
    /// Since when nothing personal is known.
    pub anonymised_at: Option<Timestamp>,
}

/// What is known of a customer beside the row that orders read.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Details {
    pub tags: Vec<String>,
    pub addresses: Vec<Address>,
    pub custom_fields: Facts,
    pub metadata: Facts,
    pub note: Option<String>,
}

/// What a customer's orders come to: those that are not canceled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many.
    pub orders: i64,
    /// How many of them somebody has paid for.
    pub paid_orders: i64,
    /// What was paid, less what went back.
    pub spent: Money,
    /// When the first was placed.
    pub first_at: Option<Timestamp>,
    /// When the last was.
    pub last_at: Option<Timestamp>,
}

impl Figures {
    /// What an order comes to on average; nothing without an order.
    pub fn average(&self) -> Option<Money> {
        self.spent.fraction(1, self.paid_orders)
    }
}

/// A customer with all that shows of it.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The row.
    pub customer: Customer,
    /// What stands beside it.
    pub details: Details,
    /// The groups it is in.
    pub groups: Vec<GroupId>,
    /// What its orders come to.
    pub figures: Figures,
}

/// Which customers: what is not said does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// With these words.
    pub find: Option<Find>,
    /// Whether they may buy.
    pub status: Option<CustomerStatus>,
    /// In this group.
    pub group: Option<GroupId>,
    /// With this tag.
    pub tag: Option<String>,
    /// Living there.
    pub country: Option<String>,
    /// With exactly this address.
    pub email: Option<String>,
    /// Known since then or later.
    pub from: Option<Timestamp>,
    /// Known since then or earlier.
    pub to: Option<Timestamp>,
}

/// What is asked for of a customer; what is not said stays.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct CustomerFields {
    pub name: Option<String>,
    pub email: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub country: Option<Option<String>>,
    pub status: Option<String>,
    pub groups: Option<Vec<GroupId>>,
    pub tags: Option<Vec<String>>,
    pub custom_fields: Option<Facts>,
    pub metadata: Option<Facts>,
    pub addresses: Option<Vec<Address>>,
    pub note: Option<Option<String>>,
}

impl CustomerFields {
    /// The same with its texts trimmed, or every fault in it; `at` stands before the names of the fields.
    pub fn checked(self, at: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut take = Take {
            at,
            faults: &mut faults,
        };
        let checked = Self {
            name: self
                .name
                .and_then(|name| take.read("name", text::line(&name, 1, LONGEST_NAME))),
            email: take.maybe("email", self.email, |text| {
                Email::parse(text).map(Email::into_string)
            }),
            phone: take.maybe("phone", self.phone, |text| {
                Phone::parse(text).map(Phone::into_string)
            }),
            country: take.maybe("country", self.country, |text| {
                CountryCode::parse(text).map(|code| code.as_str().to_owned())
            }),
            status: self
                .status
                .and_then(|status| take.read("status", of_status(&status))),
            groups: self.groups.map(|groups| take.few("groups", groups, MOST_GROUPS)),
            tags: self.tags.map(|tags| take.tags(tags)),
            custom_fields: self
                .custom_fields
                .map(|facts| take.facts("custom_fields", facts, MOST_FIELDS)),
            metadata: self
                .metadata
                .map(|facts| take.facts("metadata", facts, MOST_METADATA)),
            addresses: self.addresses.map(|addresses| take.addresses(addresses)),
            note: take.maybe("note", self.note, |text| text::paragraph(text, LONGEST_NOTE)),
        };
        match faults.is_empty() {
            true => Ok(checked),
            false => Err(faults),
        }
    }

    /// Whether it may buy, where that is said.
    pub fn status(&self) -> Option<CustomerStatus> {
        self.status.as_deref().and_then(CustomerStatus::parse)
    }

    /// The customer's own columns with these fields.
    pub fn onto(&self, customer: &mut Customer) {
        if let Some(name) = &self.name {
            customer.name.clone_from(name);
        }
        for (asked, column) in [
            (&self.email, &mut customer.email),
            (&self.phone, &mut customer.phone),
            (&self.country, &mut customer.country),
        ] {
            if let Some(asked) = asked {
                column.clone_from(asked);
            }
        }
        customer.status = self.status().unwrap_or(customer.status);
    }

    /// What stands beside it with these fields.
    pub fn onto_details(&self, details: &mut Details) {
        if let Some(tags) = &self.tags {
            details.tags.clone_from(tags);
        }
        if let Some(addresses) = &self.addresses {
            details.addresses.clone_from(addresses);
        }
        if let Some(facts) = &self.custom_fields {
            details.custom_fields.clone_from(facts);
        }
        if let Some(facts) = &self.metadata {
            details.metadata.clone_from(facts);
        }
        if let Some(note) = &self.note {
            details.note = note.clone().filter(|note| !note.is_empty());
        }
    }
}

fn of_status(text: &str) -> Result<String, Bad> {
    match CustomerStatus::parse(text) {
        Some(status) => Ok(status.name().to_owned()),
        None => Err(Bad::invalid("is active, inactive, pending or blocked")),
    }
}

/// Reads named facts, or every fault in them.
pub fn facts(field: &str, facts: Facts, most: usize) -> Result<Facts, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut take = Take {
        at: "",
        faults: &mut faults,
    };
    let facts = take.facts(field, facts, most);
    match faults.is_empty() {
        true => Ok(facts),
        false => Err(faults),
    }
}

/// Takes values and keeps what is wrong with them.
struct Take<'a> {
    at: &'a str,
    faults: &'a mut Vec<Fault>,
}

impl Take<'_> {
    fn bad(&mut self, field: &str, bad: Bad) {
        self.faults.push(bad.at(format!("{}{field}", self.at)));
    }

    fn read<T>(&mut self, field: &str, read: Result<T, Bad>) -> Option<T> {
        read.map_err(|bad| self.bad(field, bad)).ok()
    }

    fn maybe(
        &mut self,
        field: &str,
        asked: Option<Option<String>>,
        read: impl FnOnce(&str) -> Result<String, Bad>,
    ) -> Option<Option<String>> {
        match asked? {
            None => Some(None),
            Some(text) => Some(self.read(field, read(&text))),
        }
    }

    fn few<T>(&mut self, field: &str, things: Vec<T>, most: usize) -> Vec<T> {
        if things.len() > most {
            self.bad(field, Bad::invalid(format!("has more than {most}")));
        }
        things
    }

    fn tags(&mut self, tags: Vec<String>) -> Vec<String> {
        let mut kept: Vec<String> = Vec::new();
        for (at, tag) in self.few("tags", tags, MOST_TAGS).iter().enumerate() {
            let Some(tag) = self.read(&format!("tags[{at}]"), text::line(tag, 1, LONGEST_TAG)) else {
                continue;
            };
            if !kept.iter().any(|held| held.eq_ignore_ascii_case(&tag)) {
                kept.push(tag);
            }
        }
        kept
    }

    fn addresses(&mut self, addresses: Vec<Address>) -> Vec<Address> {
        let addresses = self.few("addresses", addresses, MOST_ADDRESSES);
        let at = self.at;
        let checked = addresses.into_iter().enumerate();
        checked
            .map(|(nth, address)| address.checked(&format!("{at}addresses[{nth}]"), self.faults))
            .collect()
    }

    fn facts(&mut self, field: &str, facts: Facts, most: usize) -> Facts {
        if facts.len() > most {
            self.bad(field, Bad::invalid(format!("has more than {most} fields")));
        }
        for (name, value) in &facts {
            let field = format!("{field}.{name}");
            if text::line(name, 1, LONGEST_KEY).is_ok_and(|read| read == *name) {
                self.read(&field, fact(value));
            } else {
                self.bad(
                    &field,
                    Bad::invalid("has a name that is no line of 1 to 50 characters"),
                );
            }
        }
        facts
    }
}

/// A text, a number, a claim, or a list of texts.
fn fact(value: &Value) -> Result<(), Bad> {
    let text = |text: &str| text::paragraph(text, LONGEST_FACT).map(drop);
    match value {
        Value::String(words) => text(words),
        Value::Number(_) | Value::Bool(_) => Ok(()),
        Value::Array(items) if items.len() <= MOST_FIELDS => items.iter().try_for_each(|item| match item {
            Value::String(words) => text(words),
            _ => Err(Bad::invalid("is a list of something else than texts")),
        }),
        _ => Err(Bad::invalid(
            "must be a text, a number, true, false or a list of 50 texts at most",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(fields: Value) -> Result<Facts, Vec<Fault>> {
        let Value::Object(map) = fields else {
            panic!("no object");
        };
        facts("custom_fields", map, MOST_FIELDS)
    }

    #[test]
    fn facts_are_flat() {
        let good = json!({ "size": "M", "points": 12.5, "vip": true, "likes": ["tea", "jam"] });
        assert_eq!(Value::Object(of(good.clone()).unwrap()), good);
        for (bad, field) in [
            (json!({ "a": { "b": 1 } }), "custom_fields.a"),
            (json!({ "a": null }), "custom_fields.a"),
            (json!({ "a": [1] }), "custom_fields.a"),
            (json!({ "a": "x".repeat(1001) }), "custom_fields.a"),
            (json!({ " a": 1 }), "custom_fields. a"),
            (json!({ "": 1 }), "custom_fields."),
        ] {
            assert_eq!(of(bad).unwrap_err()[0].field, field);
        }
        let many: Facts = (0..51).map(|at| (at.to_string(), json!(1))).collect();
        assert_eq!(of(Value::Object(many)).unwrap_err()[0].field, "custom_fields");
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let fields = CustomerFields {
            name: Some(" ".into()),
            email: Some(Some("nowhere".into())),
            country: Some(Some("Z1".into())),
            status: Some("gone".into()),
            tags: Some(vec!["VIP".into(), "vip".into(), "".into()]),
            ..CustomerFields::default()
        };
        let faults = fields.checked("updates[3].data.").unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(
            fields,
            ["name", "email", "country", "status", "tags[2]"].map(|name| format!("updates[3].data.{name}"))
        );
    }
}
