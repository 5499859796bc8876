//! Points in time and the shop's calendar. An instant is whole milliseconds UTC; days,
//! weeks and months are those of the shop's time zone, whose rules are compiled in.

use crate::domain::fault::Bad;
use crate::domain::schema::text_schema;
use crate::domain::text::Short;
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::tz::TimeZoneDatabase;
use serde::Serialize;
use serde::Serializer;
use std::fmt;

/// A second in milliseconds.
pub const SECOND: i64 = 1000;
/// A minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// An hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// A day of 24 hours in milliseconds.
pub const DAY: i64 = 24 * HOUR;

/// An instant: milliseconds since 1970 UTC, within the years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first instant of the year 0.
    pub const MIN: Timestamp = Timestamp(-62_167_219_200 * SECOND);
    /// The last instant that is within the year 9999 in every time zone.
    pub const MAX: Timestamp = Timestamp(253_402_207_200 * SECOND + 999);

    /// An instant from milliseconds; what is beyond the years 0 to 9999 becomes their edge.
    pub const fn from_ms(ms: i64) -> Timestamp {
        if ms < Timestamp::MIN.0 {
            Timestamp::MIN
        } else if ms > Timestamp::MAX.0 {
            Timestamp::MAX
        } else {
            Timestamp(ms)
        }
    }

    /// Milliseconds since 1970 UTC.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// So many milliseconds later, at most [`Timestamp::MAX`].
    pub const fn plus_ms(self, ms: i64) -> Timestamp {
        Timestamp::from_ms(self.0.saturating_add(ms))
    }

    /// So many milliseconds earlier, at least [`Timestamp::MIN`].
    pub const fn minus_ms(self, ms: i64) -> Timestamp {
        Timestamp::from_ms(self.0.saturating_sub(ms))
    }

    /// Reads RFC 3339 with any offset; parts of a millisecond are dropped.
    pub fn parse(text: &str) -> Result<Timestamp, Bad> {
        read_instant(text.trim()).ok_or_else(|| Bad::format("is not a time such as 2026-11-21T13:38:33.000Z"))
    }

    /// Writes into a buffer on the stack: lists write thousands of these.
    fn short(self) -> Short<24> {
        let days = self.0.div_euclid(DAY);
        let mut rest = self.0.rem_euclid(DAY).unsigned_abs();
        let (year, month, day) = civil_from_days(days);
        let mut text = Short::new();
        text.put_front(b'Z');
        for (size, count, before) in [(1000, 3, b'.'), (60, 2, b':'), (60, 2, b':'), (24, 2, b'T')] {
            text.put_digits(rest % size, count);
            text.put_front(before);
            rest /= size;
        }
        text.put_digits(day.unsigned_abs(), 2);
        text.put_front(b'-');
        text.put_digits(month.unsigned_abs(), 2);
        text.put_front(b'-');
        text.put_digits(year.unsigned_abs(), 4);
        text
    }

    fn jiff(self) -> jiff::Timestamp {
        // Every instant is within jiff's range, so the default is never taken.
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.short().as_str())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.short().as_str())
    }
}

text_schema!(
    Timestamp,
    format(utoipa::openapi::SchemaFormat::KnownFormat(
        utoipa::openapi::KnownFormat::DateTime
    ))
);

/// The date of a number of days since 1970 in the Gregorian calendar.
///
/// Years begin in March here, so that a leap day is the last of its year, and 400 of
/// them, an era, always have 146,097 days (Howard Hinnant's `civil_from_days`).
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year, month, day)
}

/// The number of days from 1970 to a date, the other way round.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// `2026-11-21T13:38:33[.123](Z|+01:00)`; a blank may stand for the `T`, as RFC 3339 allows.
fn read_instant(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let (clock, offset) = read_clock(rest.strip_prefix(['T', 't', ' '])?)?;
    let day = Day::read(date)?.0;
    let days = days_from_civil(day.year().into(), day.month().into(), day.day().into());
    Some(Timestamp::from_ms(days * DAY + clock - read_offset(offset)?))
}

/// Reads `13:38:33[.123]` into milliseconds of the day, and what stands after it.
fn read_clock(text: &str) -> Option<(i64, &str)> {
    let (clock, mut rest) = text.split_at_checked(8)?;
    let [hour, minute, second] = read_fields(clock, b':')?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut ms = 0;
    if let Some(decimals) = rest.strip_prefix('.') {
        let end = decimals.bytes().take_while(u8::is_ascii_digit).count();
        if end == 0 {
            return None;
        }
        let (digits, after) = decimals.split_at_checked(end)?;
        ms = digits
            .bytes()
            .chain(*b"00")
            .take(3)
            .fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
        rest = after;
    }
    // A leap second is the end of the second before it.
    let (second, ms) = if second == 60 { (59, 999) } else { (second, ms) };
    Some((hour * HOUR + minute * MINUTE + second * SECOND + ms, rest))
}

/// Reads `Z` or `+01:00` into milliseconds.
fn read_offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return None,
    };
    let [hour, minute] = read_fields(&text[1..], b':')?;
    (hour <= 23 && minute <= 59).then_some(sign * (hour * HOUR + minute * MINUTE))
}

/// Reads numbers of two digits with a mark between them.
fn read_fields<const N: usize>(text: &str, mark: u8) -> Option<[i64; N]> {
    let bytes = text.as_bytes();
    if bytes.len() != 3 * N - 1 {
        return None;
    }
    let mut fields = [0; N];
    for (field, part) in fields.iter_mut().zip(bytes.chunks(3)) {
        let digit = |at: usize| part.get(at).filter(|byte| byte.is_ascii_digit());
        let marked = part.get(2).is_none_or(|&byte| byte == mark);
        if !marked {
            return None;
        }
        *field = i64::from(digit(0)? - b'0') * 10 + i64::from(digit(1)? - b'0');
    }
    Some(fields)
}

/// A date of the shop's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(civil::Date);

impl Day {
    /// Reads a date such as `2010-12-01`.
    pub fn parse(text: &str) -> Result<Day, Bad> {
        Day::read(text.trim()).ok_or_else(|| Bad::format("is not a date such as 2010-12-01"))
    }

    fn read(text: &str) -> Option<Day> {
        let (century, rest) = text.split_at_checked(2)?;
        let [century] = read_fields(century, b'-')?;
        let [year, month, day] = read_fields(rest, b'-')?;
        let year = i16::try_from(century * 100 + year).ok()?;
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        civil::Date::new(year, month, day).ok().map(Day)
    }

    /// The next day.
    pub fn next(self) -> Day {
        Day(self.0.tomorrow().unwrap_or(civil::Date::MAX))
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The day of the month and the month's English name, such as `21 November`.
    pub fn words(self) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let month = usize::from(self.0.month().unsigned_abs()) - 1;
        format!("{} {}", self.0.day(), MONTHS[month])
    }

    /// The English name of the weekday.
    pub fn weekday(self) -> &'static str {
        match self.0.weekday().to_monday_zero_offset() {
            0 => "Monday",
            1 => "Tuesday",
            2 => "Wednesday",
            3 => "Thursday",
            4 => "Friday",
            5 => "Saturday",
            _ => "Sunday",
        }
    }

    /// The day before.
    pub fn before(self) -> Day {
        Day(self.0.yesterday().unwrap_or(civil::Date::MIN))
    }

    /// The first day of the period in which it lies.
    pub fn first_of(self, period: Period) -> Day {
        match period {
            Period::Day => self,
            Period::Week => {
                let past = i64::from(self.0.weekday().to_monday_zero_offset());
                Day(self.0.saturating_sub(jiff::Span::new().days(past)))
            }
            Period::Month => Day(self.0.first_of_month()),
        }
    }

    /// So many periods later, or earlier.
    pub fn later(self, count: i32, period: Period) -> Day {
        let span = match period {
            Period::Day => jiff::Span::new().days(count),
            Period::Week => jiff::Span::new().days(i64::from(count) * 7),
            Period::Month => jiff::Span::new().months(count),
        };
        Day(self.0.saturating_add(span))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02}",
            self.0.year(),
            self.0.month(),
            self.0.day()
        )
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A stretch of the calendar by which reports are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// `2010-12-01`
    Day,
    /// `2010-W48`, a week of ISO 8601: from Monday, the first with a Thursday in the year.
    Week,
    /// `2010-12`
    Month,
}

impl Period {
    /// Reads `day`, `week` or `month`, in either case.
    pub fn parse(text: &str) -> Result<Period, Bad> {
        match text.trim().to_ascii_lowercase().as_str() {
            "day" => Ok(Period::Day),
            "week" => Ok(Period::Week),
            "month" => Ok(Period::Month),
            _ => Err(Bad::input("must be day, week or month")),
        }
    }
}

/// What calendar and clock on a wall show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wall {
    /// The day.
    pub day: Day,
    /// The hour, 0 to 23.
    pub hour: i8,
    /// The minute.
    pub minute: i8,
}

/// A time zone by its IANA name, with its rules of all years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Zone {
        Zone::utc()
    }
}

impl Zone {
    /// Finds a zone such as `Europe/London`, in either case.
    pub fn parse(name: &str) -> Result<Zone, Bad> {
        // The compiled-in rules only: they are the same on every machine.
        TimeZoneDatabase::bundled()
            .get(name.trim())
            .map(Zone)
            .map_err(|_| Bad::invalid("is not a time zone such as Europe/London"))
    }

    /// The names of all zones there are, in the order of the alphabet.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = TimeZoneDatabase::bundled()
            .available()
            .map(|name| name.to_string())
            .collect();
        names.sort_unstable();
        names
    }

    /// Coordinated universal time.
    pub const fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Reads a local time without offset, such as `2010-12-01T08:26:00`.
    ///
    /// Of a time that the clocks show twice it is the first; one that they skip moves
    /// on by what they skipped.
    pub fn local_to_utc(&self, text: &str) -> Result<Timestamp, Bad> {
        let wrong = || Bad::format("is not a local time such as 2010-12-01T08:26:00");
        let (date, rest) = text.trim().split_at_checked(10).ok_or_else(wrong)?;
        let day = Day::read(date).ok_or_else(wrong)?;
        let clock = rest.strip_prefix(['T', 't', ' ']).and_then(read_clock);
        match clock {
            Some((ms, "")) => Ok(self.instant(day, ms)),
            _ => Err(wrong()),
        }
    }

    /// Where a day begins and where the next begins: the second is not within it.
    pub fn day_bounds(&self, day: Day) -> (Timestamp, Timestamp) {
        (self.instant(day, 0), self.instant(day.next(), 0))
    }

    /// The day that the shop's calendar shows at an instant.
    pub fn day_of(&self, ts: Timestamp) -> Day {
        Day(self.0.to_datetime(ts.jiff()).date())
    }

    /// What calendar and clock on the shop's wall show at an instant.
    pub fn wall(&self, ts: Timestamp) -> Wall {
        let shown = self.0.to_datetime(ts.jiff());
        Wall {
            day: Day(shown.date()),
            hour: shown.hour(),
            minute: shown.minute(),
        }
    }

    /// The name of the period in which an instant lies.
    pub fn period_of(&self, ts: Timestamp, period: Period) -> String {
        let day = self.day_of(ts);
        match period {
            Period::Day => day.to_string(),
            Period::Week => {
                let week = day.0.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Period::Month => format!("{:04}-{:02}", day.0.year(), day.0.month()),
        }
    }

    /// The instant at which the clocks show so many milliseconds of a day.
    fn instant(&self, day: Day, ms: i64) -> Timestamp {
        let local = days_from_civil(day.0.year().into(), day.0.month().into(), day.0.day().into()) * DAY + ms;
        let clock = jiff::SignedDuration::from_millis(ms);
        let shown = day.0.at(0, 0, 0, 0).saturating_add(clock);
        match self.0.to_ambiguous_timestamp(shown).compatible() {
            Ok(ts) => Timestamp::from_ms(ts.as_millisecond()),
            // Only at the edges of the years 0 and 9999, where the offset matters to nobody.
            Err(_) => Timestamp::from_ms(local),
        }
    }
}

/// What `from`, `to` and `at` take: an instant, or a day of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// An instant.
    At(Timestamp),
    /// A whole day.
    On(Day),
}

impl Moment {
    /// Reads RFC 3339 or a date.
    pub fn parse(text: &str) -> Result<Moment, Bad> {
        let text = text.trim();
        let read = match Day::read(text) {
            Some(day) => Some(Moment::On(day)),
            None => read_instant(text).map(Moment::At),
        };
        read.ok_or_else(|| {
            Bad::format("is not a date such as 2010-12-01 or a time such as 2010-12-01T08:26:00Z")
        })
    }

    /// The first millisecond within it.
    pub fn start(&self, zone: &Zone) -> Timestamp {
        match *self {
            Moment::At(ts) => ts,
            Moment::On(day) => zone.day_bounds(day).0,
        }
    }

    /// The last millisecond within it: of a day, the one before the next begins.
    pub fn end(&self, zone: &Zone) -> Timestamp {
        match *self {
            Moment::At(ts) => ts,
            Moment::On(day) => zone.day_bounds(day).1.minus_ms(1),
        }
    }
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
