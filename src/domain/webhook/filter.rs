//! Of which events an endpoint is told.

use std::fmt;

use crate::domain::event::EventType;
use crate::domain::fault::Bad;

/// A filter has so many parts at most.
pub const MOST_FILTERS: usize = 50;

/// Types, and whole nouns as `order.*`; `*` is everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Vec<String>);

impl Filter {
    /// Reads the parts, each once. Refused with the place of one that names nothing, or if there is none.
    pub fn parse(parts: &[String]) -> Result<Self, (Option<usize>, Bad)> {
        if parts.is_empty() || parts.len() > MOST_FILTERS {
            return Err((
                None,
                Bad::invalid("An endpoint is told of 1 to 50 types of events."),
            ));
        }
        let mut filter = Self(Vec::new());
        for (at, part) in parts.iter().enumerate() {
            let part = part.trim().to_ascii_lowercase();
            if !told().any(|kind| takes(&part, kind)) {
                return Err((
                    Some(at),
                    Bad::invalid("is no type of event such as order.paid or order.*"),
                ));
            }
            if !filter.0.contains(&part) {
                filter.0.push(part);
            }
        }
        Ok(filter)
    }

    /// Reads what [`fmt::Display`] wrote.
    pub fn read(text: &str) -> Self {
        Self(text.split(' ').map(str::to_owned).collect())
    }

    /// The parts.
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// Whether an endpoint with this filter is told of an event.
    pub fn takes(&self, kind: EventType) -> bool {
        kind.is_told() && self.0.iter().any(|part| takes(part, kind))
    }
}

fn told() -> impl Iterator<Item = EventType> {
    EventType::ALL.iter().copied().filter(|kind| kind.is_told())
}

fn takes(part: &str, kind: EventType) -> bool {
    match part.strip_suffix(".*") {
        Some(noun) => kind.noun() == noun,
        None => part == "*" || part == kind.name(),
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parts: &[&str]) -> Result<Filter, (Option<usize>, Bad)> {
        Filter::parse(&parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_noun_takes_its_types_and_no_others() {
        let filter = parse(&["Order.*", "product.created", "order.*"]).unwrap();
        assert_eq!(filter.parts(), ["order.*", "product.created"]);
        assert_eq!(Filter::read(&filter.to_string()), filter);
        assert!(filter.takes(EventType::OrderPaid) && filter.takes(EventType::ProductCreated));
        assert!(!filter.takes(EventType::ProductUpdated) && !filter.takes(EventType::WebhookTest));
        assert!(parse(&["*"]).unwrap().takes(EventType::UserCreated));
        assert!(!parse(&["*"]).unwrap().takes(EventType::WebhookTest));
    }

    #[test]
    fn what_names_nothing_is_refused_with_its_place() {
        assert_eq!(parse(&[]).unwrap_err().0, None);
        assert_eq!(parse(&["*"; 51]).unwrap_err().0, None);
        for odd in [
            "",
            "order",
            "order.",
            ".*",
            "*.created",
            "order.flown",
            "webhook.test",
            "order.* ",
        ] {
            let found = parse(&["order.paid", odd]);
            match odd.trim() == odd {
                true => assert_eq!(found.unwrap_err().0, Some(1), "{odd}"),
                false => assert!(found.is_ok(), "{odd}"),
            }
        }
    }
}
