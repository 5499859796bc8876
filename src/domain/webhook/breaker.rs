//! The breaker of an endpoint, or of a provider of payments: when most of what is sent there fails, it is left alone, and
//! asked by one at a time whether it is well again (OWH-08, I9). It is kept as text in the file, so that it survives a
//! restart.

use std::fmt;

use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Scale;

/// So many attempts are needed before it opens.
const LEAST: u32 = 10;
/// So many of ten must have failed.
const FAILED_OF_TEN: u32 = 7;
/// Within so many minutes.
const MINUTES: i64 = 5;
/// It stays open for so long, then lets one through.
const OPEN_FOR: i64 = 30 * time::SECOND;

/// Whether something may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Anything.
    Closed,
    /// One, to see.
    HalfOpen,
    /// Nothing.
    Open,
}

impl Gate {
    /// The public name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tally {
    minute: i64,
    tries: u32,
    failures: u32,
}

/// What became of the last attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaker {
    tallies: Vec<Tally>,
    /// Nothing is sent before.
    pub open_until: Option<Timestamp>,
}

impl Breaker {
    /// Reads what [`fmt::Display`] wrote; what cannot be read counts as nothing.
    pub fn read(text: &str, open_until: Option<Timestamp>) -> Self {
        let tally = |text: &str| {
            let mut numbers = text.split(':');
            Some(Tally {
                minute: numbers.next()?.parse().ok()?,
                tries: numbers.next()?.parse().ok()?,
                failures: numbers.next()?.parse().ok()?,
            })
        };
        Self {
            tallies: text.split(' ').filter_map(tally).collect(),
            open_until,
        }
    }

    /// Whether something may be sent at this moment.
    pub fn gate(&self, now: Timestamp) -> Gate {
        match self.open_until {
            None => Gate::Closed,
            Some(until) if now < until => Gate::Open,
            Some(_) => Gate::HalfOpen,
        }
    }

    /// Notes an attempt. One success closes it; the failure of the one that was let through opens it again.
    pub fn note(&mut self, now: Timestamp, is_taken: bool, scale: Scale) {
        match (self.gate(now), is_taken) {
            (Gate::Closed, _) => self.count(now, is_taken, scale),
            (_, true) => *self = Self::default(),
            (Gate::HalfOpen, false) => self.open(now, scale),
            // It was under way when the breaker opened.
            (Gate::Open, false) => {}
        }
    }

    /// Lets one through to see: until it is answered, or its time is over, nothing else is sent.
    pub fn let_one_through(&mut self, now: Timestamp, scale: Scale) {
        self.open(now, scale);
    }

    fn count(&mut self, now: Timestamp, is_taken: bool, scale: Scale) {
        let minute = now.ms() / time::MINUTE;
        self.tallies.retain(|tally| tally.minute > minute - MINUTES);
        if self.tallies.last().is_none_or(|tally| tally.minute != minute) {
            self.tallies.push(Tally {
                minute,
                tries: 0,
                failures: 0,
            });
        }
        if let Some(tally) = self.tallies.last_mut() {
            tally.tries += 1;
            tally.failures += u32::from(!is_taken);
        }
        let (tries, failures) = self.tallies.iter().fold((0, 0), |(tries, failures), tally| {
            (tries + tally.tries, failures + tally.failures)
        });
        if tries >= LEAST && failures * 10 >= tries * FAILED_OF_TEN {
            self.open(now, scale);
        }
    }

    fn open(&mut self, now: Timestamp, scale: Scale) {
        *self = Self {
            tallies: Vec::new(),
            open_until: Some(now.plus_ms(scale.of(OPEN_FOR).max(1))),
        };
    }
}

impl fmt::Display for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, tally) in self.tallies.iter().enumerate() {
            let blank = if at > 0 { " " } else { "" };
            write!(f, "{blank}{}:{}:{}", tally.minute, tally.tries, tally.failures)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(1_772_366_400_000 + seconds * time::SECOND)
    }

    fn after(answers: &[(i64, bool)]) -> Breaker {
        answers
            .iter()
            .fold(Breaker::default(), |breaker, (seconds, is_taken)| {
                // Through the file after each.
                let mut breaker = Breaker::read(&breaker.to_string(), breaker.open_until);
                breaker.note(at(*seconds), *is_taken, Scale::WHOLE);
                breaker
            })
    }

    /// OWH-08
    #[test]
    fn it_opens_at_seven_failures_of_ten_within_five_minutes() {
        let nine: Vec<(i64, bool)> = (0..9).map(|second| (second, false)).collect();
        assert_eq!(after(&nine).gate(at(9)), Gate::Closed);
        let ten: Vec<(i64, bool)> = (0..10).map(|second| (second, second >= 7)).collect();
        assert_eq!(
            after(&ten).gate(at(9)),
            Gate::Open,
            "7 of 10, the last three were taken"
        );
        let six: Vec<(i64, bool)> = (0..10).map(|second| (second, second >= 6)).collect();
        assert_eq!(after(&six).gate(at(9)), Gate::Closed);
        let slow: Vec<(i64, bool)> = (0..100).map(|number| (number * 40, false)).collect();
        assert_eq!(
            after(&slow[..9]).gate(at(0)),
            Gate::Closed,
            "seven or eight in any five minutes"
        );
        assert_eq!(after(&slow).gate(at(4000)), Gate::Closed);
    }

    /// OWH-08
    #[test]
    fn one_is_let_through_after_half_a_minute() {
        let mut breaker = after(&[(0, false); 10]);
        assert_eq!(breaker.gate(at(29)), Gate::Open);
        breaker.note(at(10), false, Scale::WHOLE);
        assert_eq!(breaker.gate(at(30)), Gate::HalfOpen);
        breaker.note(at(31), false, Scale::WHOLE);
        assert_eq!(breaker.gate(at(60)), Gate::Open);
        assert_eq!(breaker.gate(at(61)), Gate::HalfOpen);
        breaker.note(at(61), true, Scale::WHOLE);
        assert_eq!(breaker, Breaker::default());
    }
}
