//! Goods that leave the house: which pieces of an order went together, who carries them, and where each piece of a line is.

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::ShipmentId;
use crate::domain::text;
use crate::domain::time::Timestamp;

/// The longest name of a carrier, and of what it calls a parcel.
const MOST_WORDS: usize = 100;
/// The longest address of a carrier's page.
const LONGEST_LINK: usize = 2000;

/// What left in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Shipment {
    pub id: ShipmentId,
    pub order: OrderId,
    pub label: Label,
    /// Whether the buyer is written to.
    pub is_told: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
    pub lines: Vec<ShipmentLine>,
}

/// So many pieces of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct ShipmentLine {
    pub line: LineId,
    pub quantity: i64,
}

/// Who carries a parcel, and where it can be followed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// The carrier's name.
    pub carrier: Option<String>,
    /// What the carrier calls the parcel.
    pub tracking: Option<String>,
    /// The carrier's page about it.
    pub tracking_url: Option<String>,
}

/// A label as it is to be: what is not said stays, what is said to be nothing goes.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the label")]
pub struct LabelFields {
    pub carrier: Option<Option<String>>,
    pub tracking: Option<Option<String>>,
    pub tracking_url: Option<Option<String>>,
}

impl LabelFields {
    /// The label with these fields, or every fault in them.
    pub fn onto(self, before: Label) -> Result<Label, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut read = |field: &str,
                        asked: Option<Option<String>>,
                        before: Option<String>,
                        parse: &dyn Fn(&str) -> Result<String, Bad>| {
            match asked {
                None => before,
                Some(asked) => {
                    asked.and_then(|asked| parse(&asked).map_err(|bad| faults.push(bad.at(field))).ok())
                }
            }
        };
        let line = |text: &str| text::line(text, 1, MOST_WORDS);
        let label = Label {
            carrier: read("carrier", self.carrier, before.carrier, &line),
            tracking: read("tracking", self.tracking, before.tracking, &line),
            tracking_url: read("tracking_url", self.tracking_url, before.tracking_url, &link),
        };
        match faults.is_empty() {
            true => Ok(label),
            false => Err(faults),
        }
    }
}

/// The address of a page, as it may stand in a mail and behind a link.
fn link(text: &str) -> Result<String, Bad> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let has_host = rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_alphanumeric()));
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    match has_host && is_plain && text.len() <= LONGEST_LINK {
        true => Ok(text.to_owned()),
        false => Err(Bad::invalid("must be a URL with http or https")),
    }
}

/// A shipment that is asked for.
#[derive(Debug, Clone)]
pub struct NewShipment {
    /// Pieces of these lines; where none is named, all that is left.
    pub lines: Vec<ShipmentLine>,
    /// Who carries it.
    pub label: Label,
    /// Whether the buyer is written to.
    pub is_told: bool,
    /// The version of the order that was seen.
    pub version: Option<i64>,
}

/// Where the pieces of one line are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pieces {
    /// That were ordered; a charge has none.
    pub ordered: i64,
    /// That have left.
    pub shipped: i64,
    /// That were given back for before they left, and will not leave.
    pub dropped: i64,
    /// That were put back on the shelf before they left.
    pub reshelved: i64,
    /// That are on their way back, or are back.
    pub returned: i64,
    /// That are back and not on the shelf.
    pub kept_off: i64,
}

impl Pieces {
    /// Those that are still to leave.
    pub const fn left(self) -> i64 {
        self.ordered - self.shipped - self.dropped
    }

    /// Those that have left and may come back.
    pub const fn returnable(self) -> i64 {
        self.shipped - self.returned
    }

    /// Those that never left and are off the shelf.
    pub const fn at_hand(self) -> i64 {
        self.ordered - self.shipped - self.reshelved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_plain_url() {
        for good in [
            "https://dhl.example/t?id=1&x=%20",
            "http://a",
            "https://1.example/#p",
        ] {
            assert_eq!(link(good).as_deref(), Ok(good));
        }
        let long = format!("https://a/{}", "x".repeat(LONGEST_LINK));
        for bad in [
            "",
            "dhl.example",
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "https://a b",
            "https://a/\"><b>",
            "https://a/\n",
            "https://a/é",
            &long,
        ] {
            assert!(link(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_said_of_a_label_stays() {
        let before = Label {
            carrier: Some("Post".to_owned()),
            tracking: Some("1".to_owned()),
            tracking_url: None,
        };
        let asked = LabelFields {
            carrier: Some(None),
            tracking: None,
            tracking_url: Some(Some("https://a/1".to_owned())),
        };
        let after = asked.onto(before).unwrap();
        assert_eq!(
            (
                after.carrier,
                after.tracking.as_deref(),
                after.tracking_url.as_deref()
            ),
            (None, Some("1"), Some("https://a/1"))
        );
    }
}
