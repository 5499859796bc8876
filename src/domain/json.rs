//! What serde_json does not look at in a body: how deep it nests, and whether an
//! object says a name twice (a map would silently keep the last one). One pass over
//! the bytes, and no allocation unless many names are open at once. NET-03

use crate::domain::fault::Bad;
use std::cmp::Ordering;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 32;

/// Objects up to this size compare each new name with the ones before it; larger
/// ones are sorted when they close, so that a huge map costs n log n.
const SMALL: usize = 16;

/// Open names that fit without allocation.
const INLINE: usize = 32;

/// Refuses a document that nests too deeply or says a name twice in one object.
///
/// Any other mistake is left to serde_json: on a document that is not JSON the answer
/// may be `Ok`.
pub fn check(bytes: &[u8]) -> Result<(), Bad> {
    let mut scan = Scan {
        frames: [Frame::Array; MAX_DEPTH],
        depth: 0,
        names: Names::new(),
    };
    let mut at = 0;
    // Whether the next string is the name of a member.
    let mut name_next = false;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let (end, escaped) = string_end(bytes, at);
                if name_next {
                    name_next = false;
                    let text = bytes.get(at..end).unwrap_or_default();
                    scan.name(Name { text, escaped })?;
                }
                at = end + 1;
            }
            b'{' => {
                scan.open(Frame::Object(scan.names.len))?;
                name_next = true;
            }
            b'[' => {
                scan.open(Frame::Array)?;
                name_next = false;
            }
            b'}' | b']' => {
                scan.close()?;
                name_next = false;
            }
            b',' => name_next = scan.object().is_some(),
            _ => {}
        }
    }
    Ok(())
}

/// Where the string that begins at `at` has its closing quote, and whether it holds escapes.
fn string_end(bytes: &[u8], mut at: usize) -> (usize, bool) {
    let mut escaped = false;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => break,
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
    (at.min(bytes.len()), escaped)
}

/// An array or object that is still open.
#[derive(Clone, Copy)]
enum Frame {
    Array,
    /// Holds where its names begin among all open names.
    Object(usize),
}

struct Scan<'a> {
    frames: [Frame; MAX_DEPTH],
    depth: usize,
    names: Names<'a>,
}

impl<'a> Scan<'a> {
    fn open(&mut self, frame: Frame) -> Result<(), Bad> {
        let Some(slot) = self.frames.get_mut(self.depth) else {
            return Err(Bad::invalid("nests deeper than 32 levels"));
        };
        *slot = frame;
        self.depth += 1;
        Ok(())
    }

    /// Where the names of the innermost frame begin, if it is an object.
    fn object(&self) -> Option<usize> {
        match self.depth.checked_sub(1).map(|top| self.frames[top]) {
            Some(Frame::Object(first)) => Some(first),
            _ => None,
        }
    }

    fn name(&mut self, name: Name<'a>) -> Result<(), Bad> {
        let Some(first) = self.object() else {
            return Ok(());
        };
        let before = &self.names.open()[first..];
        if before.len() < SMALL && before.iter().any(|other| name.compare(other).is_eq()) {
            return Err(name.twice());
        }
        self.names.push(name);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Bad> {
        if let Some(first) = self.object() {
            let names = &mut self.names.open()[first..];
            if names.len() > SMALL {
                names.sort_unstable_by(Name::compare);
                if let Some(pair) = names.windows(2).find(|two| two[0].compare(&two[1]).is_eq()) {
                    return Err(pair[0].twice());
                }
            }
            self.names.truncate(first);
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }
}

/// The names of all open objects, the innermost last.
struct Names<'a> {
    inline: [Name<'a>; INLINE],
    len: usize,
    /// Holds all of them from the moment that `inline` was full.
    spilled: Vec<Name<'a>>,
}

impl<'a> Names<'a> {
    fn new() -> Names<'a> {
        Names {
            inline: [Name {
                text: &[],
                escaped: false,
            }; INLINE],
            len: 0,
            spilled: Vec::new(),
        }
    }

    fn open(&mut self) -> &mut [Name<'a>] {
        if self.spilled.is_empty() {
            &mut self.inline[..self.len]
        } else {
            &mut self.spilled
        }
    }

    fn push(&mut self, name: Name<'a>) {
        if self.spilled.is_empty() {
            if let Some(slot) = self.inline.get_mut(self.len) {
                *slot = name;
                self.len += 1;
                return;
            }
            self.spilled.extend_from_slice(&self.inline);
        }
        self.spilled.push(name);
        self.len = self.spilled.len();
    }

    fn truncate(&mut self, len: usize) {
        if !self.spilled.is_empty() {
            self.spilled.truncate(len);
            // What goes back below must be there again.
            if len <= INLINE {
                self.inline[..len].copy_from_slice(&self.spilled);
                self.spilled.clear();
            }
        }
        self.len = len;
    }
}

/// A member's name as it stands between its quotes.
#[derive(Clone, Copy)]
struct Name<'a> {
    text: &'a [u8],
    escaped: bool,
}

impl Name<'_> {
    /// Compares what the names say, whichever way they are written.
    fn compare(&self, other: &Name<'_>) -> Ordering {
        if self.escaped || other.escaped {
            Unescaped::new(self.text).cmp(Unescaped::new(other.text))
        } else {
            self.text.cmp(other.text)
        }
    }

    fn twice(&self) -> Bad {
        let text = String::from_utf8_lossy(self.text);
        let start: String = text.chars().take(64).collect();
        Bad::invalid(format!("says \"{start}\" twice in one object"))
    }
}

/// The UTF-8 bytes that a name means.
struct Unescaped<'a> {
    rest: &'a [u8],
    /// Bytes of the last escape that were not yet handed out, in reverse.
    pending: [u8; 4],
    left: usize,
}

impl<'a> Unescaped<'a> {
    fn new(rest: &'a [u8]) -> Unescaped<'a> {
        Unescaped {
            rest,
            pending: [0; 4],
            left: 0,
        }
    }

    /// Takes four hexadecimal digits; broken ones are serde_json's to refuse.
    fn hex(&mut self) -> u32 {
        let (digits, rest) = self.rest.split_at_checked(4).unwrap_or((self.rest, &[]));
        self.rest = rest;
        digits.iter().fold(0, |sum, &digit| {
            sum * 16 + (digit as char).to_digit(16).unwrap_or(0)
        })
    }

    fn unicode(&mut self) -> u8 {
        let mut point = self.hex();
        if (0xD800..0xDC00).contains(&point) && self.rest.starts_with(b"\\u") {
            self.rest = &self.rest[2..];
            let low = self.hex();
            point = 0x10000 + ((point - 0xD800) << 10) + (low & 0x3FF);
        }
        let letter = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
        let mut bytes = [0; 4];
        let len = letter.encode_utf8(&mut bytes).len();
        bytes[..len].reverse();
        self.pending = bytes;
        self.left = len - 1;
        bytes[self.left]
    }
}

impl Iterator for Unescaped<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.left > 0 {
            self.left -= 1;
            return Some(self.pending[self.left]);
        }
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        if byte != b'\\' {
            return Some(byte);
        }
        let (&kind, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match kind {
            b'u' => self.unicode(),
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::FaultKind;
    use proptest::prelude::*;
    use serde_json::Value;

    fn refused(document: &str) -> bool {
        match check(document.as_bytes()) {
            Ok(()) => false,
            Err(bad) => {
                assert_eq!(bad.kind, FaultKind::Invalid);
                true
            }
        }
    }

    /// NET-03
    #[test]
    fn depth_32_is_fine_and_33_is_not() {
        let nest = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(!refused(&nest(32)));
        assert!(refused(&nest(33)));
        let nest = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
        assert!(!refused(&nest(32)));
        assert!(refused(&nest(33)));
        assert!(!refused(&format!("[{}]", "[[]],".repeat(100))));
    }

    /// NET-03
    #[test]
    fn a_name_said_twice_is_refused() {
        for document in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"é":1,"\u00e9":2}"#,
            r#"{"\ud83d\ude00":1,"😀":2}"#,
            r#"{"a\/b":1,"a/b":2}"#,
            r#"{"a\n":1,"a\u000A":2}"#,
            r#"{"":1,"":2}"#,
            r#"[{"x":{"a":1 , "b":[{"c":1}], "a" :2}}]"#,
            r#"{"a":{"a":1},"b":"{}","a":1}"#,
            r#"{ "a" : "x\"}", "a" : 1 }"#,
        ] {
            assert!(serde_json::from_str::<Value>(document).is_ok(), "{document}");
            assert!(refused(document), "{document}");
        }
        let bad = check(br#"{"abc":1,"abc":2}"#).unwrap_err();
        assert_eq!(bad.message, "says \"abc\" twice in one object");
    }

    #[test]
    fn the_same_name_in_other_objects_is_fine() {
        for document in [
            r#"{"a":{"a":1},"b":{"a":1}}"#,
            r#"[{"a":1},{"a":1}]"#,
            r#"{"a":"a","b":"a","c":["a","a","b"]}"#,
            r#"{"a":"{\"a\":1,\"a\":2}"}"#,
            r#"{"a":"}{][,\\","b":"\"","A":1}"#,
            r#"{"a":[{"b":1},"b",{"b":2}],"b":1}"#,
            "null",
            "",
            "  12 ",
            r#""a""#,
            "[]",
            "{}",
        ] {
            assert!(!refused(document), "{document}");
        }
    }

    #[test]
    fn large_objects_are_checked_too() {
        let mut members: Vec<String> = (0..5000).map(|n| format!("\"k{n}\":{{\"a\":{n}}}")).collect();
        assert!(!refused(&format!("{{{}}}", members.join(","))));
        members.insert(17, "\"\\u006b4999\":0".to_owned());
        assert!(refused(&format!("{{{}}}", members.join(","))));
        // Closing a large object inside gives the names around it back.
        let inner: Vec<String> = (0..40).map(|n| format!("\"k{n}\":1")).collect();
        let inner = inner.join(",");
        assert!(refused(&format!("{{\"a\":1,\"b\":{{{inner}}},\"a\":2}}")));
        assert!(!refused(&format!(
            "{{\"a\":1,\"b\":{{{inner}}},\"c\":{{{inner}}}}}"
        )));
    }

    /// What the checker must find, by the slow way: a map that refuses to be overwritten.
    fn has_duplicate(members: &[(String, u8)]) -> bool {
        let names: std::collections::HashSet<_> = members.iter().map(|m| &m.0).collect();
        names.len() < members.len()
    }

    fn written(name: &str, escape: bool) -> String {
        if !escape {
            return Value::from(name).to_string();
        }
        let units: String = name.encode_utf16().map(|u| format!("\\u{u:04x}")).collect();
        format!("\"{units}\"")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = check(&bytes);
        }

        #[test]
        fn random_punctuation_never_panics(text in r#"[{}\[\]",:\\u0-9a-f ]{0,120}"#) {
            let _ = check(text.as_bytes());
        }

        #[test]
        fn duplicates_are_found_exactly(
            members in prop::collection::vec(("[a-c\"\\\\\né😀]{0,3}", any::<u8>()), 0..60)
        ) {
            let text: Vec<String> = members
                .iter()
                .map(|(name, n)| format!("{}:{{\"x\":[{n}]}}", written(name, n % 2 == 0)))
                .collect();
            let document = format!("{{{}}}", text.join(","));
            prop_assert!(serde_json::from_str::<Value>(&document).is_ok());
            prop_assert_eq!(refused(&document), has_duplicate(&members));
        }
    }
}
