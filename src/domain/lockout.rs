//! How many wrong passwords a typed name may have: five in a quarter of an hour, then a pause that doubles. An attempt
//! counts as failed from its beginning, so that a thousand at once get no more tries than one after the other.

use crate::domain::time;
use crate::domain::time::Timestamp;

/// So many failures within the window lock the name.
pub const MOST_FAILURES: i64 = 5;
/// Failures further apart do not add up.
pub const WINDOW: i64 = 15 * time::MINUTE;
/// The first pause; each further one is twice as long.
pub const FIRST_LOCK: i64 = 15 * time::MINUTE;
/// No pause is longer, so that nobody can keep an owner out for days.
pub const LONGEST_LOCK: i64 = 8 * time::HOUR;
/// After so long without a failure the pauses begin anew.
pub const FORGOTTEN: i64 = 24 * time::HOUR;
/// No more passwords of one name are evaluated in an hour, known device or not.
pub const MOST_EVALUATED: i64 = 100;

/// Whether the device has signed in as that user before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Familiarity {
    /// It has: a lock does not concern it, so that a stranger cannot keep the owner out.
    Known,
    /// It has not.
    Stranger,
}

/// What is remembered of a typed name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Tries {
    pub failures: i64,
    pub since: Timestamp,
    pub last_at: Timestamp,
    pub locked_until: Timestamp,
    pub locks: i64,
    pub evaluated: i64,
    pub hour_at: Timestamp,
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The password may be looked at, whatever strangers have tried.
    Known,
    /// The password may be looked at.
    Open,
    /// It may, and the name is locked from now on unless it is right.
    Last,
}

impl Tries {
    /// A name that nobody has typed.
    pub const fn none(now: Timestamp) -> Self {
        Self {
            failures: 0,
            since: now,
            last_at: now,
            locked_until: now,
            locks: 0,
            evaluated: 0,
            hour_at: now,
        }
    }

    /// Counts an attempt as failed before its password is looked at; refused with the seconds until the next one.
    pub fn begin(self, now: Timestamp, device: Familiarity) -> Result<(Self, Turn), u64> {
        let mut tries = self.aged(now);
        if tries.evaluated >= MOST_EVALUATED {
            return Err(seconds_until(tries.hour_at.plus_ms(time::HOUR), now));
        }
        if tries.locked_until > now && device == Familiarity::Stranger {
            return Err(seconds_until(tries.locked_until, now));
        }
        tries.evaluated += 1;
        tries.last_at = now;
        if device == Familiarity::Known {
            return Ok((tries, Turn::Known));
        }
        tries.failures += 1;
        if tries.failures < MOST_FAILURES {
            return Ok((tries, Turn::Open));
        }
        let pause = FIRST_LOCK << tries.locks.clamp(0, 16);
        tries.locked_until = now.plus_ms(pause.min(LONGEST_LOCK));
        tries.locks += 1;
        tries.failures = 0;
        Ok((tries, Turn::Last))
    }

    /// Takes an attempt back that was no failure; others may have begun meanwhile, and stand.
    pub fn take_back(mut self, turn: Turn, now: Timestamp) -> Self {
        self.evaluated = (self.evaluated - 1).max(0);
        match turn {
            Turn::Known => {}
            Turn::Open => self.failures = (self.failures - 1).max(0),
            Turn::Last => {
                self.failures = MOST_FAILURES - 1;
                self.locks = (self.locks - 1).max(0);
                self.locked_until = now;
            }
        }
        self
    }

    /// What is left of it by now.
    fn aged(mut self, now: Timestamp) -> Self {
        if now >= self.hour_at.plus_ms(time::HOUR) {
            self.evaluated = 0;
            self.hour_at = now;
        }
        if now >= self.since.plus_ms(WINDOW) || self.failures == 0 {
            self.failures = 0;
            self.since = now;
        }
        if now >= self.last_at.plus_ms(FORGOTTEN) {
            self.locks = 0;
        }
        self
    }
}

fn seconds_until(end: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(end.ms() - now.ms())
        .unwrap_or(0)
        .div_ceil(1000)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_ms(1_772_366_400_000);

    /// AUT-03, A13
    #[test]
    fn five_tries_then_a_pause_that_doubles() {
        let mut tries = Tries::none(START);
        let mut now = START;
        let mut pauses = Vec::new();
        for _ in 0..7 {
            for turn in [Turn::Open, Turn::Open, Turn::Open, Turn::Open, Turn::Last] {
                let (next, given) = tries.begin(now, Familiarity::Stranger).unwrap();
                assert_eq!(given, turn);
                tries = next;
            }
            let seconds = tries.begin(now, Familiarity::Stranger).unwrap_err();
            pauses.push(seconds / 60);
            assert!(tries.begin(now, Familiarity::Known).is_ok());
            now = now.plus_ms(seconds as i64 * 1000);
        }
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 480]);
        let later = now.plus_ms(FORGOTTEN);
        let (fresh, _) = tries.begin(later, Familiarity::Stranger).unwrap();
        assert_eq!((fresh.locks, fresh.failures), (0, 1));
    }

    /// AUT-03
    #[test]
    fn failures_far_apart_do_not_add_up() {
        let mut tries = Tries::none(START);
        for hour in 0..40 {
            let now = START.plus_ms(hour * WINDOW);
            let (next, turn) = tries.begin(now, Familiarity::Stranger).unwrap();
            assert_eq!(turn, Turn::Open);
            tries = next;
        }
    }

    /// AUT-04
    #[test]
    fn a_day_of_guesses_gets_few_of_them_looked_at() {
        let mut tries = Tries::none(START);
        let mut looked_at = 0;
        for guess in 0..10_000 {
            let now = START.plus_ms(guess * 8640);
            if let Ok((next, _)) = tries.begin(now, Familiarity::Stranger) {
                tries = next;
                looked_at += 1;
            }
        }
        assert!(looked_at <= 60, "{looked_at}");
    }

    /// AUT-04
    #[test]
    fn a_known_device_gets_a_hundred_an_hour() {
        let mut tries = Tries::none(START);
        for _ in 0..MOST_EVALUATED {
            tries = tries.begin(START, Familiarity::Known).unwrap().0;
        }
        assert_eq!(tries.begin(START, Familiarity::Known), Err(3600));
        assert!(
            tries
                .take_back(Turn::Known, START)
                .begin(START, Familiarity::Known)
                .is_ok()
        );
        assert!(tries.begin(START.plus_ms(time::HOUR), Familiarity::Known).is_ok());
    }
}
