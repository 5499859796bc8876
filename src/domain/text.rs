//! Texts that have a shape: addresses, numbers, names, codes. Each is read once at the
//! edge, and whoever holds one need not look again. Also one CSV cell as it may go out.

use crate::domain::fault::Bad;
use serde::Serialize;
use serde::Serializer;
use std::borrow::Cow;
use std::fmt;

/// A short ASCII text on the stack, filled from its end.
///
/// Figures and times are written through it, so that a list of thousands allocates none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Short<const N: usize> {
    bytes: [u8; N],
    start: usize,
}

impl<const N: usize> Short<N> {
    /// An empty text.
    pub(crate) const fn new() -> Short<N> {
        Short {
            bytes: [0; N],
            start: N,
        }
    }

    /// Puts one ASCII byte before what stands; what does not fit is dropped.
    pub(crate) fn put_front(&mut self, byte: u8) {
        if let Some(at) = self.start.checked_sub(1) {
            self.bytes[at] = byte;
            self.start = at;
        }
    }

    /// Puts so many digits of a number before what stands, with leading zeros.
    pub(crate) fn put_digits(&mut self, mut number: u64, count: usize) {
        for _ in 0..count {
            self.put_front(b'0' + (number % 10) as u8);
            number /= 10;
        }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.start..]).unwrap_or_default()
    }
}

/// Gives a text type its way out; each has only `parse` as its way in.
macro_rules! reads_as_text {
    ($($name:ident),+) => {$(
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, owned.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

reads_as_text!(Email, Sku, Username, Phone);

/// An e-mail address in the case in which it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Reads an address: 3 to 254 bytes, one `@`, a domain with a dot or `localhost`.
    pub fn parse(text: &str) -> Result<Email, Bad> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Bad::missing());
        }
        let shaped = text
            .split_once('@')
            .is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
        if !shaped || !(3..=254).contains(&text.len()) {
            return Err(Bad::invalid("is not an e-mail address"));
        }
        Ok(Email(text.to_owned()))
    }

    /// The address in ASCII lower case: two addresses are one if these are equal.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }
}

fn is_local_part(text: &str) -> bool {
    // Quoted parts and comments are legal and unused; in a header they could name a
    // second recipient.
    let barred = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || is_hidden(letter)
            || "\"(),:;<>@[\\]".contains(letter)
    };
    !text.is_empty() && !text.contains(barred)
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    (text.contains('.') || text.eq_ignore_ascii_case("localhost")) && text.split('.').all(is_label)
}

/// Zero-width and direction marks, by which two addresses could look alike.
fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}'
    )
}

/// A stock keeping unit, unique as written: `85123A` and `85123a` are two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Sku(String);

impl Sku {
    /// Reads 1 to 64 letters, digits and `_ . -`.
    pub fn parse(text: &str) -> Result<Sku, Bad> {
        let message = "must be 1 to 64 letters, digits, '_', '.' or '-'";
        word(text, 1, 64, b"_.-", message).map(Sku)
    }
}

/// The name by which a user logs in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// Reads 3 to 50 letters, digits and `. _ -`.
    pub fn parse(text: &str) -> Result<Username, Bad> {
        let message = "must be 3 to 50 letters, digits, '.', '_' or '-'";
        word(text, 3, 50, b"._-", message).map(Username)
    }

    /// The name in ASCII lower case: two names are one if these are equal.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// Reads one ASCII word of letters, digits and a few marks.
fn word(text: &str, min: usize, max: usize, marks: &[u8], message: &'static str) -> Result<String, Bad> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Bad::missing());
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || marks.contains(&byte);
    if !(min..=max).contains(&text.len()) || !text.bytes().all(allowed) {
        return Err(Bad::invalid(message));
    }
    Ok(text.to_owned())
}

/// A telephone number in the manner of E.164.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// Reads 8 to 15 digits that do not begin with 0, with or without `+` before them.
    pub fn parse(text: &str) -> Result<Phone, Bad> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Bad::missing());
        }
        let digits = text.strip_prefix('+').unwrap_or(text);
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits || digits.starts_with('0') || !(8..=15).contains(&digits.len()) {
            return Err(Bad::invalid("must be 8 to 15 digits, such as +441632960961"));
        }
        Ok(Phone(text.to_owned()))
    }
}

/// Reads a single line of `min` to `max` characters, without blanks around it.
///
/// Control characters and line breaks of any kind are refused.
pub fn line(text: &str, min: usize, max: usize) -> Result<String, Bad> {
    let text = text.trim();
    if text.contains(|letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')) {
        return Err(Bad::invalid("must be one line without control characters"));
    }
    within(text, min, max)?;
    Ok(text.to_owned())
}

/// Reads a text of up to `max` characters that may hold line breaks and tabs.
///
/// Line breaks come out as `\n`, however they were sent.
pub fn paragraph(text: &str, max: usize) -> Result<String, Bad> {
    let text = text.trim().replace("\r\n", "\n").replace('\r', "\n");
    if text.contains(|letter: char| letter.is_control() && letter != '\n' && letter != '\t') {
        return Err(Bad::invalid("must not have control characters"));
    }
    within(&text, 0, max)?;
    Ok(text)
}

/// Checks a length in characters.
fn within(text: &str, min: usize, max: usize) -> Result<(), Bad> {
    let length = text.chars().count();
    if length == 0 && min > 0 {
        return Err(Bad::missing());
    }
    if length < min {
        return Err(Bad::invalid(format!("must have at least {min} characters")));
    }
    if length > max {
        return Err(Bad::invalid(format!("must have at most {max} characters")));
    }
    Ok(())
}

/// A country code of ISO 3166-1 alpha-2, in capitals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads an assigned code in either case.
    pub fn parse(text: &str) -> Result<CountryCode, Bad> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Bad::missing());
        }
        let upper = text.to_ascii_uppercase();
        let (codes, _) = COUNTRY_CODES.as_bytes().as_chunks::<2>();
        match codes.binary_search_by(|code| code.as_slice().cmp(upper.as_bytes())) {
            Ok(at) => Ok(CountryCode(codes[at])),
            Err(_) => Err(Bad::invalid("is not a country code of ISO 3166-1, such as GB")),
        }
    }

    /// All codes, in the order of the alphabet.
    pub fn all() -> impl Iterator<Item = CountryCode> {
        let (codes, _) = COUNTRY_CODES.as_bytes().as_chunks::<2>();
        codes.iter().copied().map(CountryCode)
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for CountryCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The 249 codes that are assigned, sorted, two letters each.
const COUNTRY_CODES: &str = "\
ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCD\
CFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGF\
GGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKN\
KPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNA\
NCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSI\
SJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVI\
VNVUWFWSYEYTZAZMZW";

/// One cell of a CSV file: quoted as RFC 4180 says, and never a formula.
///
/// A spreadsheet would run a cell that begins with `= + - @`, a tab, NUL or CR, so a
/// `'` is put before it. For texts only: a negative amount is not to be changed so.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\0', '\r']);
    let quoted = text.contains(['"', ',', '\n', '\r']);
    if !formula && !quoted {
        return Cow::Borrowed(text);
    }
    let mut cell = String::with_capacity(text.len() + 8);
    if quoted {
        cell.push('"');
    }
    if formula {
        cell.push('\'');
    }
    if quoted {
        cell.push_str(&text.replace('"', "\"\""));
        cell.push('"');
    } else {
        cell.push_str(text);
    }
    Cow::Owned(cell)
}

/// The text of a cell as it was before [`csv_cell`] put a `'` before it.
pub fn plain_cell(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(['=', '+', '-', '@', '\t', '\0', '\r']) => text,
        _ => cell,
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
