//! How people type money and numbers: with a sign of the currency, groups of three, a plus, a long minus.

use crate::domain::fault::Bad;
use crate::domain::money::Currency;
use crate::domain::money::RawAmount;

/// An amount as people type it: `4.50`, `£4.50`, `1,234.50`, `.50`. What is none is kept as it was typed, and refused
/// when it is read.
pub fn amount(typed: &str, currency: Currency) -> RawAmount {
    let code = currency.as_str();
    let known = iso_currency::Currency::from_code(code);
    let sign = known.map_or_else(String::new, |known| known.symbol().symbol);
    let (minus, rest) = signed(typed.trim());
    let rest = [code, sign.as_str()].into_iter().fold(rest, |rest, mark| {
        let rest = rest.strip_prefix(mark).unwrap_or(rest);
        rest.strip_suffix(mark).unwrap_or(rest).trim()
    });
    let Some(mut digits) = ungrouped(rest) else {
        return RawAmount::new(typed.trim());
    };
    if digits.starts_with('.') {
        digits.insert(0, '0');
    }
    RawAmount::new(&format!("{minus}{digits}"))
}

/// A whole number as people type it: `12`, `+12`, `−3`, `1,200`. Blank is none.
pub fn whole(typed: &str) -> Result<Option<i64>, Bad> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let (minus, rest) = match typed.strip_prefix('+') {
        Some(rest) => ("", rest),
        None => signed(typed),
    };
    let digits = ungrouped(rest).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.map(|digits| format!("{minus}{digits}").parse()) {
        Some(Ok(number)) => Ok(Some(number)),
        _ => Err(Bad::invalid("must be a whole number, such as 12")),
    }
}

/// The minus in front, long or short, and what follows it.
fn signed(text: &str) -> (&'static str, &str) {
    match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest.trim_start()),
        None => ("", text),
    }
}

/// Without the commas or blanks between groups of three; nothing if they part other groups.
fn ungrouped(text: &str) -> Option<String> {
    let (whole, decimals) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut groups = whole.split([',', ' ', '\u{a0}', '\u{202f}']);
    let mut digits = groups.next()?.to_owned();
    for group in groups {
        if group.len() != 3 || digits.is_empty() {
            return None;
        }
        digits += group;
    }
    Some(digits + decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_people_type_it() {
        let pounds = Currency::parse("GBP").unwrap();
        for (typed, minor) in [
            ("4.50", 450),
            (" 4.5 ", 450),
            ("£4.50", 450),
            ("4.50 GBP", 450),
            ("1,234.50", 123_450),
            ("£ 1 234", 123_400),
            (".50", 50),
            ("−2", -200),
            ("-£2", -200),
        ] {
            let money = amount(typed, pounds).to_money(pounds).unwrap();
            assert_eq!(money.minor(), minor, "{typed}");
        }
        for bad in [
            "4,50",
            "1,23,456",
            "four",
            "4.505",
            "1e3",
            "£",
            ",123",
            "$4",
            "99999999999999999999",
        ] {
            assert!(amount(bad, pounds).to_money(pounds).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_whole_number_is_read_as_people_type_it() {
        for (typed, number) in [
            ("", None),
            ("12", Some(12)),
            ("+12", Some(12)),
            ("−3", Some(-3)),
            ("1,200", Some(1200)),
            ("007", Some(7)),
        ] {
            assert_eq!(whole(typed).unwrap(), number, "{typed}");
        }
        for bad in [
            "1.5",
            "1,20",
            "+",
            "--1",
            "+-1",
            "twelve",
            "99999999999999999999",
            "１２",
        ] {
            assert!(whole(bad).is_err(), "{bad}");
        }
    }
}
