//! The id of a request: the caller's, if it is one, else the process's own name and a number.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use axum::http::HeaderMap;

use crate::secret;

const PREFIX: usize = 12;
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The id of a request with these headers: 8 to 64 of letters, digits, `_` and `-` (I4).
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
