//! Which passwords are taken: long enough, not among the common ones, and not a word
//! that stands beside the account with figures around it. Nothing else is asked: no
//! kinds of characters, no change by the calendar, and nothing is cut off. AUT-02

use crate::domain::fault::Bad;

/// Who is to log in with the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Someone who buys: at least 8 characters.
    Customer,
    /// Someone who works here: at least 12 characters.
    Staff,
}

impl Audience {
    /// So many characters at least.
    pub const fn least(self) -> usize {
        match self {
            Self::Customer => 8,
            Self::Staff => 12,
        }
    }
}

/// The most bytes a password may have, so that hashing one costs no more than another.
pub const MAX_BYTES: usize = 1024;

/// The most common passwords, from leaks, in lower case; comments begin with `#`.
const COMMON: &str = include_str!("passwords.txt");

/// Words that are around in every shop that Till runs.
const SHOP_WORDS: [&str; 6] = ["till", "shop", "store", "admin", "backoffice", "password"];

/// Refuses a password that is short, common or made of the words around the account.
///
/// `context` holds such words: the username, the e-mail address, the shop's name.
pub fn check(password: &str, who: Audience, context: &[&str]) -> Result<(), Bad> {
    if password.is_empty() {
        return Err(Bad::missing());
    }
    if password.len() > MAX_BYTES {
        return Err(Bad::invalid("must have at most 1024 bytes"));
    }
    if password.chars().count() < who.least() {
        return Err(Bad::invalid(match who {
            Audience::Customer => "must have at least 8 characters",
            Audience::Staff => "must have at least 12 characters",
        }));
    }
    let folded = password.to_lowercase();
    if is_common(&folded) {
        return Err(Bad::invalid("is among the most common passwords"));
    }
    if is_made_of(&folded, context) {
        return Err(Bad::invalid(
            "is too close to your name, your address or the shop's",
        ));
    }
    Ok(())
}

fn is_common(folded: &str) -> bool {
    is_run(folded) || COMMON.lines().any(|common| common == folded)
}

/// Whether each character is the same as the one before, or each the next, or each the
/// previous: the list cannot have these in every length.
fn is_run(folded: &str) -> bool {
    let mut steps = folded.chars().zip(folded.chars().skip(1)).map(|pair| match pair {
        ('9', '0') => 1,
        ('0', '9') => -1,
        (before, after) => i64::from(u32::from(after)) - i64::from(u32::from(before)),
    });
    let first = steps.next().unwrap_or(0);
    (-1..=1).contains(&first) && steps.all(|step| step == first)
}

/// Whether nothing but figures and marks is left when the context words are taken out.
fn is_made_of(folded: &str, context: &[&str]) -> bool {
    let mut words: Vec<String> = Vec::new();
    for text in context.iter().chain(&SHOP_WORDS) {
        let text = text.trim().to_lowercase();
        if text == folded {
            return true;
        }
        let local_part = text.split_once('@').map(|(local, _)| bare(local).to_owned());
        words.extend(local_part);
        words.push(bare(&text).to_owned());
    }
    words.retain(|word| !word.is_empty());
    // The longest first: "till" must not break up "tillmann".
    words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let mut left = folded.to_owned();
    for word in &words {
        left = left.replace(word.as_str(), "");
    }
    left.len() < folded.len() && !left.chars().any(char::is_alphabetic)
}

/// A word without the figures and marks around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|letter: char| !letter.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::FaultKind;
    use proptest::prelude::*;

    const CONTEXT: [&str; 3] = ["jdoe_77", "Jane.Doe@shop.example", "Käthes Laden"];

    /// Each with whether a customer and whether staff may have it.
    const VECTORS: [(&str, bool, bool); 40] = [
        // Length, in characters, not bytes; each kind of person has their own.
        ("", false, false),
        ("a", false, false),
        ("xk7#Qp2", false, false),
        ("xk7#Qp2!", true, false),
        ("xk7#Qp2!v9a", true, false),
        ("xk7#Qp2!v9aL", true, true),
        ("éèüöäßñç", true, false),
        ("éèüöäßñ", false, false),
        ("日本語の密码で", false, false),
        ("😀🐙🦀🐍🐢🦖🐬🦉", true, false),
        // No rules of composition: blanks, one kind only, any sign.
        ("mvhqzkwtbsyd", true, true),
        ("MVHQZKWTBSYD", true, true),
        ("830174926571", true, true),
        ("       x       ", true, true),
        ("wind over harbour", true, true),
        ("\"'<>;--%00\\", true, false),
        // Common ones, in any case.
        ("password", false, false),
        ("Password1", false, false),
        ("12345678", false, false),
        ("QWERTYUIOP", false, false),
        ("iloveyou", false, false),
        ("baseball", false, false),
        ("trustno1", false, false),
        ("1q2w3e4r5t", false, false),
        ("123456789012", false, false),
        ("aaaaaaaaaaaaaa", false, false),
        ("1111111111111", false, false),
        // Words around the account, with figures around them.
        ("jdoe_77", false, false),
        ("JDoe_77_2024", false, false),
        ("jane.doe", false, false),
        ("2024jane.doe!", false, false),
        ("jane.doe@shop.example", false, false),
        ("tilltill", false, false),
        ("Till-Shop-2024", false, false),
        ("administrator-x", true, true),
        ("käthes laden 1", false, false),
        ("till the cows come home", true, true),
        ("mercede1", false, false),
        ("starwars", false, false),
        ("Käthes1Laden", true, true),
    ];

    /// AUT-02
    #[test]
    fn forty_vectors() {
        for (password, customer, staff) in VECTORS {
            let taken = |who| check(password, who, &CONTEXT).is_ok();
            assert_eq!(taken(Audience::Customer), customer, "customer {password}");
            assert_eq!(taken(Audience::Staff), staff, "staff {password}");
        }
    }

    /// AUT-02
    #[test]
    fn long_ones_are_taken_whole() {
        let words = "correct horse battery staple ".repeat(3);
        let kilobyte = "ab".repeat(512);
        for long in [&words, &kilobyte] {
            assert!(check(long, Audience::Staff, &CONTEXT).is_ok());
        }
        assert!(check(&format!("{kilobyte}x"), Audience::Staff, &CONTEXT).is_err());
    }

    #[test]
    fn the_reason_is_said() {
        let bad = |password| check(password, Audience::Staff, &[]).unwrap_err();
        assert_eq!(bad("").kind, FaultKind::Missing);
        assert_eq!(bad("short").message, "must have at least 12 characters");
        assert_eq!(bad("123456789012").message, "is among the most common passwords");
        assert_eq!(bad("till12345678").kind, FaultKind::Invalid);
    }

    #[test]
    fn runs_are_common_in_every_length() {
        for run in [
            "zzzzzzzzz",
            "abcdefghijklm",
            "98765432",
            "0987654321098",
            "67890123456",
        ] {
            assert!(check(run, Audience::Customer, &[]).is_err(), "{run}");
        }
        assert!(check("abcdefghijkm", Audience::Customer, &[]).is_ok());
    }

    /// AUT-02
    #[test]
    fn the_list_is_long_and_within_reach() {
        let list: Vec<_> = COMMON.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(list.len() > 3000, "{}", list.len());
        // Not each of them: a look-up reads the whole list.
        for common in list.into_iter().step_by(41) {
            assert!(common.len() >= 8 && common == common.to_lowercase(), "{common}");
            assert!(check(common, Audience::Customer, &[]).is_err(), "{common}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(password in ".{0,40}", word in ".{0,10}") {
            let _ = check(&password, Audience::Customer, &[&word]);
        }

        /// AUT-02
        #[test]
        fn a_username_with_figures_is_refused(name in "[A-Za-z]{3,20}", before in "[0-9]{0,4}", after in "[0-9]{5,8}") {
            let password = format!("{before}{name}{after}");
            prop_assert!(check(&password, Audience::Customer, &[&name]).is_err());
        }
    }
}
