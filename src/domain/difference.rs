//! What differs between two states of a thing, leaf by leaf.

use std::collections::BTreeMap;

use serde_json::Value;

/// A value that is another than it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Where it stands: `variants[MUG].price`.
    pub field: String,
    /// As it was; none if there was nothing.
    pub before: Option<String>,
    /// As it is; none if there is nothing.
    pub after: Option<String>,
}

/// Every leaf that differs, in the order of the names.
pub fn between(before: &Value, after: &Value) -> Vec<Changed> {
    let (was, mut is) = (leaves(before), leaves(after));
    let mut changed: Vec<Changed> = was
        .into_iter()
        .map(|(field, before)| {
            let after = is.remove(&field);
            Changed {
                field,
                before: Some(before),
                after,
            }
        })
        .filter(|changed| changed.before != changed.after)
        .collect();
    changed.extend(is.into_iter().map(|(field, after)| Changed {
        field,
        before: None,
        after: Some(after),
    }));
    changed.sort_by(|one, other| one.field.cmp(&other.field));
    changed
}

/// Every leaf with where it stands; what is null is not there.
pub fn leaves(value: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    gather(String::new(), value, &mut found);
    found
}

fn gather(field: String, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Bool(is) => drop(found.insert(field, is.to_string())),
        Value::Number(number) => drop(found.insert(field, number.to_string())),
        Value::String(text) => drop(found.insert(field, text.clone())),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let words: Vec<String> = items.iter().map(word).collect();
            if !words.is_empty() {
                found.insert(field, words.join(", "));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                gather(format!("{field}[{}]", label(at, item)), item, found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let place = match field.is_empty() {
                    true => name.clone(),
                    false => format!("{field}.{name}"),
                };
                gather(place, value, found);
            }
        }
    }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// By what a member of a list is called: its SKU, its id, or where it stands.
fn label(at: usize, item: &Value) -> String {
    let named = item.get("sku").and_then(Value::as_str).map(str::to_owned);
    let numbered = || item.get("id").map(word);
    named.or_else(numbered).unwrap_or_else(|| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_told_by_its_place() {
        let before = json!({ "price": "1.00", "name": "Mug", "tags": ["a"], "note": null,
            "variants": [{ "id": 1, "sku": "M", "quantity": 2 }, { "id": 2, "quantity": 5 }] });
        let after = json!({ "price": "2.00", "name": "Mug", "tags": ["a", "b"], "note": "x",
            "variants": [{ "id": 1, "sku": "M", "quantity": 3 }] });
        let told: Vec<String> = between(&before, &after)
            .into_iter()
            .map(|changed| format!("{} {:?} {:?}", changed.field, changed.before, changed.after))
            .collect();
        assert_eq!(
            told,
            [
                r#"note None Some("x")"#,
                r#"price Some("1.00") Some("2.00")"#,
                r#"tags Some("a") Some("a, b")"#,
                r#"variants[2].id Some("2") None"#,
                r#"variants[2].quantity Some("5") None"#,
                r#"variants[M].quantity Some("2") Some("3")"#,
            ]
        );
        assert_eq!(between(&before, &before), Vec::new());
    }
}
