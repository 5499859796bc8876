//! Forgetting a person for good: in which order it goes on, and what is personal in an event.

use serde_json::Value;

use crate::domain::id::AuditId;
use crate::domain::id::CustomerId;
use crate::domain::id::EventId;
use crate::domain::id::ForgettingId;
use crate::domain::id::UserId;
use crate::domain::named::named;
use crate::domain::time::Timestamp;

/// The longest reason.
pub const LONGEST_REASON: usize = 500;

named! {
    /// What is being forgotten. The audit comes before the events that it holds, the indexes after all that they are made of.
    Stage {
        Orders = 0 "orders",
        Account = 1 "account",
        Audit = 2 "audit",
        Events = 3 "events",
        Inbox = 4 "inbox",
        Mails = 5 "mails",
        OrderIndex = 6 "order_index",
        CustomerIndex = 7 "customer_index",
        FreePages = 8 "free_pages",
        Done = 9 "done",
    }
}

impl Stage {
    /// What comes after it.
    pub const fn next(self) -> Self {
        match self {
            Self::Orders => Self::Account,
            Self::Account => Self::Audit,
            Self::Audit => Self::Events,
            Self::Events => Self::Inbox,
            Self::Inbox => Self::Mails,
            Self::Mails => Self::OrderIndex,
            Self::OrderIndex => Self::CustomerIndex,
            Self::CustomerIndex => Self::FreePages,
            Self::FreePages | Self::Done => Self::Done,
        }
    }
}

/// How far the forgetting of a person has come.
#[derive(Debug, Clone)]
pub struct Forgetting {
    /// Its own.
    pub id: ForgettingId,
    /// The row of the audit that tells by whom, and why: only what was noted before it is forgotten.
    pub told_by: AuditId,
    /// The last event of that time.
    pub last_event: EventId,
    /// Every record of the person.
    pub customers: Vec<CustomerId>,
    /// Their account.
    pub user: Option<UserId>,
    /// What free text is searched for: addresses and numbers, in lower case.
    pub words: Vec<String>,
    /// What is being forgotten.
    pub stage: Stage,
    /// How far that has come.
    pub upto: i64,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was done.
    pub ended_at: Option<Timestamp>,
}

/// What people have written, and what tells of a person, in the data of events. Names of goods stay: they are in `items`.
const PERSONAL: [&str; 10] = [
    "country",
    "email",
    "failure",
    "note",
    "phone",
    "reason",
    "reference",
    "tracking",
    "tracking_url",
    "username",
];

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A customer or a user: what the source calls them is theirs.
    Person,
    /// An order, or what belongs to it: its number is its own.
    Thing,
}

/// The data of an event without what is personal; nothing if it holds nothing of the kind.
pub fn without_the_person(data: &str, about: About) -> Option<String> {
    let mut value: Value = serde_json::from_str(data).ok()?;
    let mut is_other = blank(&mut value);
    if about == About::Person
        && let Some(number) = value.get_mut("number").filter(|number| !number.is_null())
    {
        *number = Value::Null;
        is_other = true;
    }
    is_other.then(|| value.to_string())
}

fn blank(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let mut is_other = false;
            for (name, field) in fields.iter_mut() {
                is_other |= match PERSONAL.contains(&name.as_str()) {
                    // A text stays a text for whoever reads it as one.
                    true => take_text(field),
                    false => blank(field),
                };
            }
            is_other
        }
        Value::Array(items) => {
            let mut is_other = false;
            for item in items {
                is_other |= blank(item);
            }
            is_other
        }
        _ => false,
    }
}

fn take_text(field: &mut Value) -> bool {
    match field {
        Value::String(text) if text.is_empty() => false,
        Value::String(text) => {
            text.clear();
            true
        }
        other => blank(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G2: the stages lead to the end, each once.
    #[test]
    fn the_stages_lead_to_the_end() {
        let mut stage = Stage::Orders;
        let mut seen = vec![stage];
        while stage != Stage::Done {
            stage = stage.next();
            seen.push(stage);
        }
        assert_eq!(seen, Stage::ALL);
    }

    /// G2: what is personal goes wherever it stands; figures, numbers and names of goods stay.
    #[test]
    fn an_event_loses_the_person_and_nothing_else() {
        let data = r#"{"id":7,"number":"1007","items":[{"name":"Mug","sku":"MUG"}],"refund":{"reason":"for Mia","amount":"4.50"},"tracking":"X1","reference":null}"#;
        let left = without_the_person(data, About::Thing).unwrap();
        let left: Value = serde_json::from_str(&left).unwrap();
        assert_eq!(
            left["refund"],
            serde_json::json!({ "reason": "", "amount": "4.50" })
        );
        assert_eq!(
            (&left["tracking"], &left["reference"], &left["number"]),
            (&"".into(), &Value::Null, &"1007".into())
        );
        assert_eq!(left["items"][0]["name"], "Mug");
        assert_eq!(without_the_person(&left.to_string(), About::Thing), None);
        let customer = r#"{"id":3,"number":"17850","status":"active"}"#;
        assert_eq!(without_the_person(customer, About::Thing), None);
        assert!(
            !without_the_person(customer, About::Person)
                .unwrap()
                .contains("17850")
        );
        assert_eq!(without_the_person("no JSON", About::Person), None);
    }
}
