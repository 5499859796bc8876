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

/// What becomes of the tags that an order holds when somebody who saw `was` wants `wanted`: what they added and took away
/// is done to what it holds by now, so that nobody's tags are lost.
pub fn merged(held: &[String], was: &[String], wanted: &[String]) -> Vec<String> {
    let has = |among: &[String], tag: &String| among.iter().any(|other| other.eq_ignore_ascii_case(tag));
    let kept = held.iter().filter(|tag| has(wanted, tag) || !has(was, tag));
    let mut tags: Vec<String> = kept.cloned().collect();
    for tag in wanted {
        if !has(was, tag) && !has(&tags, tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_people_change_is_merged() {
        for (held, was, wanted, merged_to) in [
            ("", "", "gift", "gift"),
            ("late", "", "gift", "late gift"),
            ("gift late", "gift", "", "late"),
            ("late", "gift", "gift fragile", "late fragile"),
            ("gift", "", "GIFT", "gift"),
            ("gift late", "gift late", "late gift", "gift late"),
        ] {
            let [held, was, wanted, merged_to] = [held, was, wanted, merged_to]
                .map(|words| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(
                merged(&held, &was, &wanted),
                merged_to,
                "{held:?} {was:?} {wanted:?}"
            );
        }
    }
}
