//! Tests of instants and of the shop's calendar.

use super::*;
use crate::domain::fault::FaultKind;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

#[test]
fn instants_are_written_with_milliseconds() {
    for (ms, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_795_268_313_000, "2026-11-21T13:38:33.000Z"),
        (951_782_400_123, "2000-02-29T00:00:00.123Z"),
        (Timestamp::MIN.ms(), "0000-01-01T00:00:00.000Z"),
        (i64::MIN, "0000-01-01T00:00:00.000Z"),
        (i64::MAX, "9999-12-30T22:00:00.999Z"),
    ] {
        let ts = Timestamp::from_ms(ms);
        assert_eq!(ts.to_string(), text);
        assert_eq!(serde_json::to_string(&ts).unwrap(), format!("\"{text}\""));
        assert_eq!(at(text), ts);
    }
}

const NO_INSTANTS: [&str; 23] = [
    "",
    "2026-11-21",
    "2026-11-21T13:38:33",
    "2026-11-21T13:38Z",
    "2026-11-21T13:38:33.Z",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T13:60:00Z",
    "2026-11-21T13:38:61Z",
    "2026-11-21T13:38:33+0100",
    "2026-11-21T13:38:33+01",
    "2026-11-21T13:38:33+24:00",
    "2026-11-21T13:38:33 01:00",
    "+2026-11-21T13:38:33Z",
    "26-11-21T13:38:33Z",
    "2026-11-21T13:38:33Z[Europe/London]",
    "2026-1-21T13:38:33Z",
    "2026-11-2éT13:38:33Z",
    "２026-11-21T13:38:33Z",
    "1700000000000",
];

#[test]
fn instants_are_read_with_any_offset() {
    let expected = at("2026-11-21T13:38:33.120Z");
    for text in [
        "2026-11-21T13:38:33.12Z",
        "2026-11-21t13:38:33.12z",
        "2026-11-21 13:38:33.1209Z",
        "2026-11-21T14:38:33.12+01:00",
        "2026-11-21T08:08:33.120-05:30",
        " 2026-11-21T13:38:33.120000000000Z ",
        "2026-11-22T00:38:33.12+11:00",
        "2026-11-21T13:38:33.12-00:00",
    ] {
        assert_eq!(at(text), expected, "{text}");
    }
    assert_eq!(at("2016-12-31T23:59:60Z").to_string(), "2016-12-31T23:59:59.999Z");
    for bad in NO_INSTANTS {
        assert_eq!(
            Timestamp::parse(bad).unwrap_err().kind,
            FaultKind::Format,
            "{bad}"
        );
    }
}

#[test]
fn steps_saturate() {
    let ts = at("2026-11-21T00:00:00Z");
    assert_eq!(
        ts.plus_ms(DAY + HOUR + MINUTE + SECOND).to_string(),
        "2026-11-22T01:01:01.000Z"
    );
    assert_eq!(ts.minus_ms(1).to_string(), "2026-11-20T23:59:59.999Z");
    assert_eq!(ts.plus_ms(i64::MAX), Timestamp::MAX);
    assert_eq!(ts.minus_ms(i64::MAX), Timestamp::MIN);
    assert_eq!(ts.plus_ms(i64::MIN), Timestamp::MIN);
}

#[test]
fn zones_are_compiled_in() {
    assert_eq!(zone("Europe/London").name(), "Europe/London");
    assert_eq!(zone("europe/london").name(), "Europe/London");
    assert_eq!(Zone::utc().name(), "UTC");
    assert_eq!(zone("UTC").name(), "UTC");
    for bad in ["", "Europe/Atlantis", "../etc/passwd", "+01:00"] {
        assert_eq!(Zone::parse(bad).unwrap_err().kind, FaultKind::Invalid, "{bad}");
    }
}

#[test]
fn local_times_become_instants() {
    let london = zone("Europe/London");
    for (local, utc) in [
        ("2010-12-01T08:26:00", "2010-12-01T08:26:00.000Z"),
        ("2011-07-01T08:26:00", "2011-07-01T07:26:00.000Z"),
        ("2011-07-01 08:26:00.5", "2011-07-01T07:26:00.500Z"),
        // Skipped: 01:30 does not exist that night.
        ("2011-03-27T01:30:00", "2011-03-27T01:30:00.000Z"),
        // Shown twice: the first, in summer time.
        ("2011-10-30T01:30:00", "2011-10-30T00:30:00.000Z"),
    ] {
        assert_eq!(london.local_to_utc(local).unwrap().to_string(), utc, "{local}");
    }
    for bad in [
        "2010-12-01",
        "2010-12-01T08:26:00Z",
        "2010-12-01T08:26",
        "2010-02-30T08:26:00",
        "",
        "x",
    ] {
        assert_eq!(
            london.local_to_utc(bad).unwrap_err().kind,
            FaultKind::Format,
            "{bad}"
        );
    }
}

#[test]
fn a_day_has_23_24_or_25_hours() {
    let london = zone("Europe/London");
    for (day, start, hours) in [
        ("2011-01-10", "2011-01-10T00:00:00.000Z", 24),
        ("2011-03-27", "2011-03-27T00:00:00.000Z", 23),
        ("2011-07-01", "2011-06-30T23:00:00.000Z", 24),
        ("2011-10-30", "2011-10-29T23:00:00.000Z", 25),
    ] {
        let (from, to) = london.day_bounds(Day::parse(day).unwrap());
        assert_eq!(from.to_string(), start);
        assert_eq!(to.ms() - from.ms(), hours * HOUR, "{day}");
        assert_eq!(london.day_of(from).to_string(), day);
        assert_eq!(london.day_of(to.minus_ms(1)).to_string(), day);
    }
    // The clocks of Beirut skip midnight itself.
    let (from, _) = zone("Asia/Beirut").day_bounds(Day::parse("2011-03-27").unwrap());
    assert_eq!(from.to_string(), "2011-03-26T22:00:00.000Z");
    let last = Day::parse("9999-12-31").unwrap();
    assert!(zone("Pacific/Honolulu").day_bounds(last).0 <= Timestamp::MAX);
    assert_eq!(
        Zone::utc().day_bounds(Day::parse("0000-01-01").unwrap()).0,
        Timestamp::MIN
    );
    assert_eq!(
        Day::parse("2012-03-01").unwrap().before().to_string(),
        "2012-02-29"
    );
}

#[test]
fn a_moment_is_an_instant_or_a_day() {
    let london = zone("Europe/London");
    let day = Moment::parse("2011-07-01").unwrap();
    assert_eq!(day.start(&london).to_string(), "2011-06-30T23:00:00.000Z");
    assert_eq!(day.end(&london).to_string(), "2011-07-01T22:59:59.999Z");
    let instant = Moment::parse("2011-07-01T12:00:00+01:00").unwrap();
    assert_eq!(instant.start(&london).to_string(), "2011-07-01T11:00:00.000Z");
    assert_eq!(instant.end(&london), instant.start(&london));
    for bad in [
        "",
        "2011-07",
        "2011-07-32",
        "01.07.2011",
        "today",
        "2011-07-01T12:00:00",
    ] {
        assert_eq!(Moment::parse(bad).unwrap_err().kind, FaultKind::Format, "{bad}");
    }
}

#[test]
fn periods_are_those_of_the_zone() {
    let london = zone("Europe/London");
    let names = |text: &str| {
        [Period::Day, Period::Week, Period::Month].map(|period| london.period_of(at(text), period))
    };
    assert_eq!(
        names("2010-12-01T08:26:00Z"),
        ["2010-12-01", "2010-W48", "2010-12"]
    );
    assert_eq!(
        names("2011-06-30T23:30:00Z"),
        ["2011-07-01", "2011-W26", "2011-07"]
    );
    assert_eq!(
        names("2011-01-01T12:00:00Z"),
        ["2011-01-01", "2010-W52", "2011-01"]
    );
    assert_eq!(
        names("2012-12-31T12:00:00Z"),
        ["2012-12-31", "2013-W01", "2012-12"]
    );
    assert_eq!(Period::parse("Week"), Ok(Period::Week));
    assert_eq!(Period::parse("year").unwrap_err().kind, FaultKind::Input);
    let _ = london.period_of(Timestamp::MIN, Period::Week);
    let _ = zone("Pacific/Kiritimati").period_of(Timestamp::MAX, Period::Week);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn an_instant_comes_back(ms in Timestamp::MIN.ms()..=Timestamp::MAX.ms()) {
        let ts = Timestamp::from_ms(ms);
        prop_assert_eq!(Timestamp::parse(&ts.to_string()), Ok(ts));
    }

    #[test]
    fn instants_are_those_of_jiff(ms in Timestamp::MIN.ms()..=Timestamp::MAX.ms()) {
        let written = Timestamp::from_ms(ms).to_string();
        prop_assert_eq!(format!("{:.3}", Timestamp::from_ms(ms).jiff()), written);
    }

    #[test]
    fn a_day_holds_its_instants(ms in Timestamp::MIN.ms() + DAY..Timestamp::MAX.ms() - DAY, at in 0_usize..4) {
        let zone = zone(["Europe/London", "Asia/Kathmandu", "America/New_York", "Pacific/Apia"][at]);
        let ts = Timestamp::from_ms(ms);
        let (from, to) = zone.day_bounds(zone.day_of(ts));
        prop_assert!(from <= ts && ts < to, "{} in {} to {}", ts, from, to);
    }

    #[test]
    fn no_text_panics(text in ".{0,30}|[0-9TZ:.+é-]{8,30}") {
        let _ = (Timestamp::parse(&text), Moment::parse(&text), Zone::parse(&text));
        let _ = Zone::utc().local_to_utc(&text);
    }
}
