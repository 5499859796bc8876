//! The id of a request: the caller's, if it is one, else the process's own name and a number.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use axum::http::HeaderMap;

use crate::secret;

/// So many digits a card's number has.
const CARD: std::ops::RangeInclusive<usize> = 13..=19;
const PREFIX: usize = 12;
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The id of a request with these headers: 8 to 64 of letters, digits, `_` and `-` (I4). One that may be the number of a
/// card is none: it is kept in the log and the audit, where such a number may not stand (LOG-01).
pub fn of(headers: &HeaderMap) -> Arc<str> {
    headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .filter(|text| is_id(text))
        .map_or_else(next, Arc::from)
}

fn is_id(text: &str) -> bool {
    (8..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !has_card(text)
}

/// Whether digits that follow one another, in groups or not, may be the number of a card.
fn has_card(text: &str) -> bool {
    let runs = text.split(|sign: char| !sign.is_ascii_digit() && sign != '-');
    runs.flat_map(|run| std::iter::once(run).chain(run.split('-')))
        .any(|run| passes(&run.bytes().filter(u8::is_ascii_digit).collect::<Vec<u8>>()))
}

/// A card's number begins as those of the networks do (a moment in milliseconds does not), and passes Luhn's check: every
/// second digit from the right counts twice.
fn passes(digits: &[u8]) -> bool {
    let is_like_one =
        CARD.contains(&digits.len()) && digits.first().is_some_and(|first| (b'2'..=b'6').contains(first));
    let counted =
        digits
            .iter()
            .rev()
            .enumerate()
            .map(|(at, digit)| match (at % 2, u32::from(digit - b'0')) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => digit * 2 - 9,
                (_, digit) => digit * 2,
            });
    is_like_one && counted.sum::<u32>().is_multiple_of(10)
}

/// Unique: the process's part is random, the number never comes twice in it.
fn next() -> Arc<str> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let mut number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut text = [b'0'; PREFIX + 1 + 10];
    text[..PREFIX].copy_from_slice(process());
    text[PREFIX] = b'-';
    for digit in text[PREFIX + 1..].iter_mut().rev() {
        *digit = DIGITS[(number & 15) as usize];
        number >>= 4;
    }
    std::str::from_utf8(&text).unwrap_or_default().into()
}

fn process() -> &'static [u8; PREFIX] {
    static PROCESS: OnceLock<[u8; PREFIX]> = OnceLock::new();
    PROCESS.get_or_init(|| {
        let random = secret::random::<PREFIX>().unwrap_or_default();
        random.map(|byte| DIGITS[usize::from(byte & 15)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I4, LOG-01
    #[test]
    fn a_cards_number_is_no_id() {
        for bad in [
            "4242424242424242",
            "4242-4242-4242-4242",
            "card_378282246310005",
            "pay-4111111111111111-x",
            "12-4242424242424242",
            "short",
            "with blank",
        ] {
            assert!(!is_id(bad), "{bad}");
        }
        for good in [
            "0192f1c2-7a3b-7c4d-8e5f-a0b1c2d3e4f5",
            "4242424242424241",
            "1767312000000",
            "20260102030405123456",
            "12-4242424242424241",
            "00000000-0000-0000-0000-000000000000",
            "req_20260102",
        ] {
            assert!(is_id(good), "{good}");
        }
    }
}
