//! What is searched for, and the one folding of texts that the index, the direct look and the query share: so what the
//! index would find later, the look finds now.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::domain::text::Sku;

/// More words than this are not looked for.
const MOST_WORDS: usize = 16;

/// Adds the words of a text to `folded`: lower case, without accents, a blank behind each.
pub fn fold_into(folded: &mut String, text: &str) {
    let mut in_word = false;
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)) {
        if letter.is_alphanumeric() {
            folded.extend(letter.to_lowercase().filter(|small| small.is_alphanumeric()));
            in_word = true;
        } else if in_word {
            folded.push(' ');
            in_word = false;
        }
    }
    if in_word {
        folded.push(' ');
    }
}

/// A SKU as one word of the index, as written: two SKUs that differ in case or in a dash are two words.
pub fn sku_word(sku: &str) -> String {
    let mut word = String::with_capacity(1 + 2 * sku.len());
    word.push('k');
    for byte in sku.bytes() {
        for digit in [byte >> 4, byte & 15] {
            word.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    word
}

/// What is searched for: all of it must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Find {
    words: Vec<String>,
    sku: Option<Sku>,
    /// Whether the last word too is meant as it stands.
    is_whole: bool,
    /// The words that begin as the last one does, where they are known.
    spelled: Vec<String>,
}

impl Find {
    /// What a person typed (the last word may be a beginning), and an exact SKU.
    pub fn new(typed: Option<&str>, sku: Option<Sku>) -> Self {
        let mut folded = String::new();
        fold_into(&mut folded, typed.unwrap_or_default());
        let words = folded
            .split_ascii_whitespace()
            .take(MOST_WORDS)
            .map(str::to_owned)
            .collect();
        Self {
            words,
            sku,
            ..Self::default()
        }
    }

    /// Whether nothing can be found: what was typed has no word in it.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.sku.is_none()
    }

    /// The exact SKU, if one is asked for.
    pub fn sku(&self) -> Option<&Sku> {
        self.sku.as_ref()
    }

    /// The query in the index's own language. Words hold letters and digits only, so nothing in them is syntax.
    pub fn expression(&self) -> String {
        let mut expression = String::new();
        if let Some(sku) = &self.sku {
            expression += &format!("skus : \"{}\"", sku_word(sku.as_str()));
        }
        for (at, word) in self.words.iter().enumerate() {
            if !expression.is_empty() {
                expression += " AND ";
            }
            expression += &match (self.is_beginning(at), self.spelled.is_empty()) {
                (false, _) => format!("words : \"{word}\""),
                (true, true) => format!("words : \"{word}\" *"),
                (true, false) => self.any_spelled(),
            };
        }
        expression
    }

    fn any_spelled(&self) -> String {
        let words: Vec<String> = self
            .spelled
            .iter()
            .map(|word| format!("words : \"{word}\""))
            .collect();
        format!("({})", words.join(" OR "))
    }

    /// The last word may be the beginning of one, from two letters on.
    fn is_beginning(&self, at: usize) -> bool {
        !self.is_whole && at + 1 == self.words.len() && self.words[at].chars().nth(1).is_some()
    }

    /// The last word, if it may be the beginning of one.
    pub fn beginning(&self) -> Option<&str> {
        let last = self.words.len().checked_sub(1)?;
        self.is_beginning(last).then(|| self.words[last].as_str())
    }

    /// The same with the last word meant as it stands.
    pub fn as_it_stands(&self) -> Self {
        Self {
            is_whole: true,
            ..self.clone()
        }
    }

    /// Of the same the last word alone, as it stands.
    pub fn last_word(&self) -> Self {
        Self {
            words: self.words.last().cloned().into_iter().collect(),
            is_whole: true,
            ..Self::default()
        }
    }

    /// The same, asked for by all words that begin as the last one does: it finds the same things.
    pub fn spelled(&self, words: Vec<String>) -> Self {
        Self {
            spelled: words,
            ..self.clone()
        }
    }

    /// The same without its last word.
    pub fn but_last_word(&self) -> Self {
        let mut rest = self.as_it_stands();
        rest.words.pop();
        rest
    }

    /// Whether a folded text holds every word.
    pub fn fits(&self, folded: &str) -> bool {
        self.words.iter().enumerate().all(|(at, wanted)| {
            folded
                .split_ascii_whitespace()
                .any(|word| match self.is_beginning(at) {
                    true => word.starts_with(wanted.as_str()),
                    false => word == wanted,
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut folded = String::new();
        fold_into(&mut folded, text);
        folded
    }

    #[test]
    fn texts_are_folded_to_plain_words() {
        assert_eq!(folded("  Café-Crème, 2 ×"), "cafe creme 2 ");
        assert_eq!(folded("ann@shop.test"), "ann shop test ");
        assert_eq!(folded("STRASSE Ｆｕｌｌ"), "strasse full ");
        assert_eq!(folded("\u{0}\"*()"), "");
    }

    #[test]
    fn no_typed_text_is_syntax() {
        let find = |typed| Find::new(Some(typed), None).expression();
        assert_eq!(find("red mug"), "words : \"red\" AND words : \"mug\" *");
        assert_eq!(
            find("NEAR(\"a\" b*) OR -c"),
            "words : \"near\" AND words : \"a\" AND words : \"b\" AND words : \"or\" AND words : \"c\""
        );
        assert!(Find::new(Some("\"\" * ^ :"), None).is_empty());
    }

    #[test]
    fn every_word_must_fit_and_the_last_may_be_a_beginning() {
        let text = folded("Blue Mug 12 oz, NORDSEE-1");
        for (typed, fits) in [
            ("mug", true),
            ("mu", true),
            ("m", false),
            ("mu blue", false),
            ("blue mu", true),
            ("nordsee 1", true),
            ("red mug", false),
        ] {
            assert_eq!(Find::new(Some(typed), None).fits(&text), fits, "{typed}");
        }
    }

    #[test]
    fn a_beginning_can_be_spelled_out() {
        let find = Find::new(Some("blue mu"), None);
        let spelled = find.spelled(vec!["mug".to_owned(), "mugs".to_owned()]);
        assert_eq!(
            spelled.expression(),
            "words : \"blue\" AND (words : \"mug\" OR words : \"mugs\")"
        );
        assert!(
            spelled.fits("blue mule "),
            "what the index has not seen is still held to the beginning"
        );
        assert_eq!(
            spelled.as_it_stands().expression(),
            find.as_it_stands().expression()
        );
    }

    #[test]
    fn what_may_be_a_beginning_can_be_meant_as_it_stands() {
        let find = Find::new(Some("blue mu"), None);
        assert_eq!(find.beginning(), Some("mu"));
        assert_eq!(find.as_it_stands().beginning(), None);
        assert_eq!(
            find.as_it_stands().expression(),
            "words : \"blue\" AND words : \"mu\""
        );
        assert_eq!(find.last_word().expression(), "words : \"mu\"");
        assert_eq!(find.but_last_word().expression(), "words : \"blue\"");
        assert!(find.fits("blue mug ") && !find.as_it_stands().fits("blue mug "));
        assert_eq!(Find::new(Some("blue m"), None).beginning(), None);
        assert_eq!(Find::new(None, Sku::parse("A-1").ok()).beginning(), None);
    }

    #[test]
    fn a_sku_is_one_exact_word() {
        assert_ne!(sku_word("85123A"), sku_word("85123a"));
        let sku = Sku::parse("A-1").unwrap();
        let find = Find::new(Some("ann"), Some(sku));
        assert_eq!(find.expression(), "skus : \"k412d31\" AND words : \"ann\" *");
    }
}
