//! Signatures of messages: HMAC-SHA256 over the bytes as they came, before anything reads them (PWH-01 to 03).

use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::error::Code;
use crate::error::Error;
use crate::error::Result;
use crate::secret;

/// How far a message's time may be from ours, both ways.
const TOLERANCE: i64 = 300 * time::SECOND;
/// So many signatures of a header are looked at.
const MOST_SIGNATURES: usize = 16;
/// A SHA-256 in hexadecimal.
const HEX: usize = 64;

/// A header as `t=<unix>,v1=<hex>`.
struct Header<'a> {
    time: &'a str,
    macs: Vec<[u8; 32]>,
}

/// That the signature does not fit.
fn bad() -> Error {
    Error::Request(Code::BadSignature, "The signature does not fit.".into())
}

/// Holds a message to `t=<unix>,v1=<hex HMAC-SHA256(secret, t.body)>` by any of the secrets.
pub(super) fn check_timed(
    secrets: &[&[u8]],
    header: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<()> {
    let header = header.and_then(read).ok_or_else(bad)?;
    let seconds: i64 = header.time.parse().map_err(|_| bad())?;
    let apart = seconds
        .checked_mul(time::SECOND)
        .and_then(|at| now.ms().checked_sub(at))
        .ok_or_else(bad)?;
    if apart.saturating_abs() > TOLERANCE {
        return Err(bad());
    }
    check(secrets, &[header.time.as_bytes(), b".", body], &header.macs)
}

/// Holds a message to `hex HMAC-SHA256(secret, body)` by any of the secrets.
pub(super) fn check_plain(secrets: &[&[u8]], header: Option<&str>, body: &[u8]) -> Result<()> {
    let mac = header.and_then(from_hex).ok_or_else(bad)?;
    check(secrets, &[body], &[mac])
}

fn check(secrets: &[&[u8]], parts: &[&[u8]], macs: &[[u8; 32]]) -> Result<()> {
    let mut is_good = false;
    for secret in secrets {
        let ours = secret::mac(secret, parts);
        for mac in macs {
            is_good |= secret::same(&ours, mac);
        }
    }
    match is_good {
        true => Ok(()),
        false => Err(bad()),
    }
}

/// Parts that are no known ones are passed over: a provider may add some.
fn read(header: &str) -> Option<Header<'_>> {
    let mut time = None;
    let mut macs = Vec::new();
    for part in header.split(',').take(4 * MOST_SIGNATURES) {
        match part.trim().split_once('=')? {
            ("t", text) if time.is_none() => time = Some(text),
            ("t", _) => return None,
            ("v1", hex) if macs.len() < MOST_SIGNATURES => macs.extend(from_hex(hex)),
            _ => {}
        }
    }
    Some(Header { time: time?, macs })
}

/// Exactly 32 bytes, or nothing.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let bytes = text.as_bytes();
    if bytes.len() != HEX || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut mac = [0; 32];
    for (byte, at) in mac.iter_mut().zip((0..HEX).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(mac)
}

/// The header that we send.
pub(super) fn sign(secret: &[u8], body: &[u8], now: Timestamp) -> String {
    let seconds = (now.ms() / time::SECOND).to_string();
    let mac = secret::mac(secret, &[seconds.as_bytes(), b".", body]);
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}
