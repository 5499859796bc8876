//! Tags: short words that staff put on an order.

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::text;

/// Tags an order may have.
const MOST_TAGS: usize = 50;

/// Reads the tags of an order: each once, whatever its case.
pub fn tags(told: &[impl AsRef<str>]) -> Result<Vec<String>, Vec<Fault>> {
    if told.len() > MOST_TAGS {
        return Err(vec![Bad::invalid("has more than 50 tags").at("tags")]);
    }
    let mut faults: Vec<Fault> = Vec::new();
    let mut tags: Vec<String> = Vec::new();
    for (at, tag) in told.iter().enumerate() {
        match text::line(tag.as_ref(), 1, 50) {
            Err(bad) => faults.push(bad.at(format!("tags[{at}]"))),
            Ok(tag) if tags.iter().any(|held| held.eq_ignore_ascii_case(&tag)) => {}
            Ok(tag) => tags.push(tag),
        }
    }
    match faults.is_empty() {
        true => Ok(tags),
        false => Err(faults),
    }
}
