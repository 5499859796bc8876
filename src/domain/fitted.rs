//! What an event says, cut to what fits: whoever is told of it by a webhook takes less than 20,000 bytes (OWH-10).

use serde_json::Map;
use serde_json::Value;

/// An event's data has at most so many bytes; what stands around them when it is sent has 200.
pub const MOST_BYTES: usize = 19_800;
/// A text is left at least so many.
const LEAST_TEXT: usize = 500;
/// What it takes to say that a part was cut, beside its name twice.
const NOTE: usize = 40;

/// A list, or a text, that may lose its end.
struct Part {
    name: String,
    /// The bytes of each entry with its comma, or of each letter.
    pieces: Vec<usize>,
    bytes: usize,
    /// It keeps so many bytes.
    least: usize,
    lost: usize,
}

/// The data of an event as it is kept. Where that is too much the longest of its lists and texts loses its end, and so on
/// until it fits: `<name>_truncated` says so, and `<name>_left` how many entries or letters are left out.
pub fn fitted(data: String) -> String {
    if data.len() <= MOST_BYTES {
        return data;
    }
    match serde_json::from_str(&data) {
        Ok(Value::Object(members)) => cut(data.len(), members),
        _ => data,
    }
}

fn cut(bytes: usize, mut members: Map<String, Value>) -> String {
    let mut parts: Vec<Part> = members
        .iter()
        .filter_map(|(name, value)| part(name, value))
        .collect();
    let notes: usize = parts.iter().map(|part| NOTE + 2 * part.name.len()).sum();
    let mut over = (bytes + notes).saturating_sub(MOST_BYTES);
    while over > 0 {
        let may_lose = parts.iter_mut().filter(|part| part.bytes > part.least);
        let Some(longest) = may_lose.max_by_key(|part| part.bytes) else {
            break;
        };
        let last = longest.pieces.pop().unwrap_or(longest.bytes);
        longest.bytes -= last;
        longest.lost += 1;
        over = over.saturating_sub(last);
    }
    for part in parts.into_iter().filter(|part| part.lost > 0) {
        match members.get_mut(&part.name) {
            Some(Value::Array(entries)) => entries.truncate(part.pieces.len()),
            Some(Value::String(text)) => *text = text.chars().take(part.pieces.len()).collect(),
            _ => {}
        }
        // Who told of it may have left some out already.
        let left = format!("{}_left", part.name);
        let before = members.get(&left).and_then(Value::as_u64).unwrap_or(0);
        members.insert(left, (before + part.lost as u64).into());
        members.insert(format!("{}_truncated", part.name), true.into());
    }
    Value::Object(members).to_string()
}

fn part(name: &str, value: &Value) -> Option<Part> {
    let (pieces, least): (Vec<usize>, usize) = match value {
        Value::Array(entries) => {
            let bytes = |entry: &Value| entry.to_string().len() + 1;
            (entries.iter().map(bytes).collect(), 0)
        }
        Value::String(text) if text.len() > LEAST_TEXT => (text.chars().map(written).collect(), LEAST_TEXT),
        _ => return None,
    };
    Some(Part {
        name: name.to_owned(),
        bytes: pieces.iter().sum(),
        pieces,
        least,
        lost: 0,
    })
}

/// How many bytes a letter of a text takes in JSON.
fn written(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        letter if u32::from(letter) < 0x20 => 6,
        letter => letter.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// How many entries or letters of a part stand in it, and how many it says are left out.
    fn counted(told: &Value, name: &str) -> (usize, usize) {
        let stands = match &told[name] {
            Value::Array(entries) => entries.len(),
            Value::String(text) => text.chars().count(),
            _ => 0,
        };
        let left = told[format!("{name}_left")].as_u64().unwrap_or(0);
        assert_eq!(told[format!("{name}_truncated")] == true, left > 0, "{told}");
        (stands, usize::try_from(left).unwrap())
    }

    fn begins(whole: &Value, told: &Value) -> bool {
        match (whole, told) {
            (Value::Array(whole), Value::Array(told)) => whole.starts_with(told),
            (Value::String(whole), Value::String(told)) => whole.starts_with(told.as_str()),
            _ => false,
        }
    }

    /// Names as long as they may be, of letters of one to four bytes and of those that JSON writes as two.
    fn name() -> impl Strategy<Value = String> {
        let letter = prop::sample::select(vec!['a', '"', '\\', 'é', '–', '😀', '\u{1}']);
        (letter, 0..360_usize).prop_map(|(letter, length)| letter.to_string().repeat(length))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        /// OWH-10: whatever an event says, it stays below its measure, says how much is left out, and says the rest as it is.
        #[test]
        fn an_event_of_any_length_fits(
            names in prop::collection::vec(name(), 0..12),
            lines in 0..=1000_usize,
            moved in 0..=1000_usize,
            letters in 0..20_001_usize,
        ) {
            let name = |at: usize| names.get(at % names.len().max(1)).cloned().unwrap_or_default();
            let item = |at: usize| json!({ "id": at, "sku": "S".repeat(64), "name": name(at), "total": "4.50" });
            let stock = |at: usize| json!({ "sku": "S".repeat(at % 65), "delta": -1, "available": at });
            let whole = json!({
                "id": 1, "number": "1001", "seq": 3, "tags": ["gift"], "due": null,
                "items": (0..lines).map(item).collect::<Vec<_>>(),
                "stock": (0..moved).map(stock).collect::<Vec<_>>(),
                "description": name(3).chars().cycle().take(letters).collect::<String>(),
            });
            let long = whole.to_string();
            let is_whole = long.len() <= MOST_BYTES;
            let text = fitted(long);
            prop_assert!(text.len() <= MOST_BYTES, "{}", text.len());
            let told: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(is_whole, told == whole);
            for part in ["items", "stock", "description"] {
                let (stands, left) = counted(&told, part);
                prop_assert_eq!(stands + left, counted(&whole, part).0);
                prop_assert!(begins(&whole[part], &told[part]));
            }
            for member in ["id", "number", "seq", "tags", "due"] {
                prop_assert_eq!(&told[member], &whole[member]);
            }
            // Nothing is left out that would have fitted.
            prop_assert!(is_whole || text.len() + 3_000 > MOST_BYTES, "{}", text.len());
        }
    }

    #[test]
    fn what_was_left_out_before_is_counted() {
        let items: Vec<Value> = (0..100)
            .map(|at| json!({ "id": at, "name": "x".repeat(300) }))
            .collect();
        let told = json!({ "items": items, "items_truncated": true, "items_left": 900 });
        let told: Value = serde_json::from_str(&fitted(told.to_string())).unwrap();
        let (stands, left) = counted(&told, "items");
        assert!(stands < 65 && stands + left == 1000, "{stands} {left}");
        assert_eq!(fitted("[1]".to_owned()), "[1]");
    }
}
