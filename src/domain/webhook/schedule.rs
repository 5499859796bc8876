//! When a delivery that failed is tried again: the published schedule, with jitter (OWH-03, OWH-04).

use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::domain::webhook::FailureKind;

/// So often a delivery is tried, over three days.
pub const ATTEMPTS: i64 = 10;
/// A wait is up to so many thousandths longer or shorter, so that endpoints that failed together are not asked together.
pub const JITTER: i64 = 200;

/// What lies between one attempt and the next.
const WAITS: [i64; ATTEMPTS as usize - 1] = [
    5 * time::SECOND,
    5 * time::MINUTE,
    30 * time::MINUTE,
    2 * time::HOUR,
    5 * time::HOUR,
    10 * time::HOUR,
    14 * time::HOUR,
    20 * time::HOUR,
    24 * time::HOUR,
];
/// Whoever cannot keep up is left alone for at least so long.
const OVERLOADED: i64 = time::MINUTE;

/// How much of each wait there is, in millionths: a test may shorten them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale(pub u32);

impl Scale {
    /// As published.
    pub const WHOLE: Self = Self(1_000_000);

    /// A wait at this scale.
    pub fn of(self, wait: i64) -> i64 {
        wait * i64::from(self.0) / 1_000_000
    }
}

/// An attempt that failed.
#[derive(Debug, Clone, Copy)]
pub struct Try {
    /// How many there have been, this one included.
    pub attempts: i64,
    /// Why.
    pub failure: FailureKind,
    /// The status, if there was one.
    pub status: Option<u16>,
    /// How long the endpoint asks to be left alone, in milliseconds.
    pub retry_after: Option<i64>,
}

impl Try {
    /// How long until the next one, in milliseconds; nothing when it was the last. `jitter` is -200 to 200.
    pub fn wait(&self, jitter: i64, scale: Scale) -> Option<i64> {
        let published = *WAITS.get(usize::try_from(self.attempts - 1).ok()?)?;
        let least = match self.is_overloaded() {
            true => published.max(OVERLOADED),
            false => published,
        };
        let wait = match self.retry_after {
            Some(asked) => asked.clamp(least, 2 * least),
            None => {
                let spread = published * (1000 + jitter) / 1000;
                if self.is_overloaded() {
                    spread.max(OVERLOADED)
                } else {
                    spread
                }
            }
        };
        Some(scale.of(wait))
    }

    fn is_overloaded(&self) -> bool {
        self.failure == FailureKind::Timeout || matches!(self.status, Some(429 | 502 | 504))
    }
}

/// What `Retry-After` asks for in milliseconds: seconds, or a moment.
pub fn retry_after(text: &str, now: Timestamp) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * time::SECOND);
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?;
    Some((at.timestamp().as_millisecond() - now.ms()).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(attempts: i64) -> Try {
        Try {
            attempts,
            failure: FailureKind::Status,
            status: Some(500),
            retry_after: None,
        }
    }

    /// OWH-03
    #[test]
    fn ten_attempts_take_three_days() {
        let waits: Vec<i64> = (1..)
            .map_while(|attempts| failed(attempts).wait(0, Scale::WHOLE))
            .collect();
        assert_eq!(waits.len() as i64, ATTEMPTS - 1);
        let whole: i64 = waits.iter().sum();
        assert_eq!(whole, 75 * time::HOUR + 35 * time::MINUTE + 5 * time::SECOND);
    }

    /// OWH-03
    #[test]
    fn jitter_stays_within_a_fifth() {
        for attempts in 1..ATTEMPTS {
            let wait = failed(attempts).wait(0, Scale::WHOLE).unwrap();
            for jitter in -JITTER..=JITTER {
                let spread = failed(attempts).wait(jitter, Scale::WHOLE).unwrap();
                assert!((spread - wait).abs() * 5 <= wait, "{attempts} {jitter}");
            }
        }
        assert_eq!(failed(1).wait(0, Scale(1000)), Some(5));
    }

    /// OWH-04
    #[test]
    fn who_cannot_keep_up_is_left_alone_for_a_minute_or_as_it_asks() {
        let wait = |attempts, status, retry_after| {
            let status = Some(status);
            let one = Try {
                status,
                retry_after,
                ..failed(attempts)
            };
            one.wait(0, Scale::WHOLE).unwrap() / 1000
        };
        for status in [429, 502, 504] {
            assert_eq!(wait(1, status, None), 60, "{status}");
            assert_eq!(wait(2, status, None), 300, "{status}");
        }
        for status in [301, 400, 403, 500, 503] {
            assert_eq!(wait(1, status, None), 5, "{status}");
        }
        let seconds = |asked: i64| Some(asked * 1000);
        for (attempts, status, asked, waits) in [
            (1, 503, 0, 5),
            (1, 503, 7, 7),
            (1, 503, 3600, 10),
            (1, 429, 1, 60),
            (1, 429, 90, 90),
            (1, 429, 3600, 120),
            (2, 503, 1, 300),
            (2, 503, 400, 400),
            (2, 503, 4000, 600),
        ] {
            assert_eq!(
                wait(attempts, status, seconds(asked)),
                waits,
                "{attempts} {status} {asked}"
            );
        }
        let late = Try {
            failure: FailureKind::Timeout,
            status: None,
            ..failed(1)
        };
        assert_eq!(late.wait(-JITTER, Scale::WHOLE), Some(time::MINUTE));
    }

    #[test]
    fn what_is_asked_for_is_seconds_or_a_moment() {
        let now = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(120_000));
        assert_eq!(retry_after("Sun, 01 Mar 2026 12:01:00 GMT", now), Some(60_000));
        assert_eq!(retry_after("Sun, 01 Mar 2026 11:00:00 GMT", now), Some(0));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-5", now), None);
    }
}
