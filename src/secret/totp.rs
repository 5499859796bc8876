//! One-time codes by time (RFC 6238: SHA-1, six digits, 30 s, one step either way) and recovery codes.

use totp_rs::Builder;
use totp_rs::Secret;
use totp_rs::Totp;

use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;

/// The length of a seed in bytes, as RFC 4226 recommends.
pub const SEED: usize = 20;
/// The length of a recovery code in bytes: 120 bits (AUT-05).
pub const RECOVERY: usize = 15;
/// A recovery code is written in groups of so many letters.
const GROUP: usize = 6;

fn totp(seed: &[u8]) -> Result<Totp> {
    Builder::new()
        .with_secret(seed.to_vec())
        .build()
        .map_err(|cause| Error::internal(cause.to_string()))
}

/// The step whose code this is, if it is one of now, of the step before or of the one after. Whoever asks must take a step
/// only once.
pub fn step_of(seed: &[u8], code: &str, now: Timestamp) -> Result<Option<i64>> {
    let seconds = u64::try_from(now.ms() / 1000).unwrap_or(0);
    let step = totp(seed)?.check(code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// A seed as people type it into their device.
pub fn seed_text(seed: &[u8]) -> String {
    Secret::from(seed.to_vec()).to_base32()
}

/// A recovery code as it is written down: four groups of letters and figures.
pub fn recovery_text(code: &[u8; RECOVERY]) -> String {
    let text = Secret::from(code.to_vec()).to_base32().to_lowercase();
    let groups: Vec<&str> = (0..text.len())
        .step_by(GROUP)
        .filter_map(|at| text.get(at..(at + GROUP).min(text.len())))
        .collect();
    groups.join("-")
}

/// Reads a recovery code, however it is grouped.
pub fn read_recovery(text: &str) -> Option<[u8; RECOVERY]> {
    let plain: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    let code = Secret::try_from_base32(plain).ok()?;
    code.as_bytes().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AUT-05: the vectors of RFC 6238, of which the last six digits are ours.
    #[test]
    fn a_code_is_good_in_its_step_and_one_either_way() {
        let seed = b"12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = seconds / 30;
            for (steps, expected) in [
                (-2, None),
                (-1, Some(step)),
                (0, Some(step)),
                (1, Some(step)),
                (2, None),
            ] {
                let now = Timestamp::from_ms((step + steps).max(0) * 30_000);
                if step + steps >= 0 {
                    assert_eq!(step_of(seed, code, now).unwrap(), expected, "{code} {steps}");
                }
            }
        }
        for odd in ["", "28708", "2870822", "+87082", "28708x", "２８７０８２"] {
            assert_eq!(
                step_of(seed, odd, Timestamp::from_ms(59_000)).unwrap(),
                None,
                "{odd}"
            );
        }
    }

    /// AUT-05
    #[test]
    fn a_recovery_code_reads_back_however_it_is_typed() {
        let code = [0xa5; RECOVERY];
        let text = recovery_text(&code);
        assert_eq!((text.len(), text.matches('-').count()), (27, 3), "{text}");
        for typed in [
            text.clone(),
            text.to_uppercase(),
            text.replace('-', ""),
            text.replace('-', " "),
        ] {
            assert_eq!(read_recovery(&typed), Some(code), "{typed}");
        }
        for odd in ["", "123456", "!", &text[1..]] {
            assert_eq!(read_recovery(odd), None, "{odd}");
        }
    }
}
