//! What the shop decides, as rows of the file.

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::parse_money;
use crate::domain::percent::Percent;
use crate::domain::text;
use crate::domain::text::CountryCode;
use crate::domain::text::Email;
use crate::domain::time::Zone;

/// What placing an order needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The shop's one currency.
    pub currency: Currency,
    /// Whether prices contain the tax.
    pub tax_included: bool,
    /// An order's number is this much above its id.
    pub number_base: i64,
    /// Whether numbers are stored with the orders, since an import brought its own.
    pub numbers_stored: bool,
    /// Stock at or below this is low, where a variant has no mark of its own.
    pub low_at: i64,
    /// Whether any way of sending is offered.
    pub has_methods: bool,
    /// Whether anything is taxed.
    pub has_taxes: bool,
    /// Whether the members of any group pay less.
    pub has_groups: bool,
}

/// The shop's settings that show.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What placing needs.
    pub terms: Terms,
    /// What the shop is called.
    pub name: String,
    /// The shop's time zone.
    pub zone: Zone,
    /// Whether the file is a demo.
    pub is_demo: bool,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Flag,
    /// A line of at most so many characters.
    Line(usize),
    /// An address of e-mail.
    Email,
    /// The code of a country.
    Country,
    /// The code of a currency.
    Currency,
    /// The name of a time zone.
    Zone,
    /// A whole number between two.
    Whole(i64, i64),
    /// An amount in the shop's currency, not below zero.
    Money,
    /// A part in percent.
    Percent,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// Something that the shop decides.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// What it is called, a dot below what it belongs to.
    pub name: &'static str,
    /// The row that holds it.
    pub row: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What the row would say where nothing is decided; none: it may be left open.
    pub usual: Option<&'static str>,
}

const fn decided(name: &'static str, row: &'static str, kind: Kind, usual: &'static str) -> Setting {
    Setting {
        name,
        row,
        kind,
        usual: Some(usual),
    }
}

const fn open(name: &'static str, row: &'static str, kind: Kind) -> Setting {
    Setting {
        name,
        row,
        kind,
        usual: None,
    }
}

const FLAG: Kind = Kind::Flag;
const TELLERS: Kind = Kind::Choice(&["staff", "open", "off"]);
const DAYS: Kind = Kind::Whole(1, MOST_DAYS);
/// Nothing is kept for longer than so many days.
const MOST_DAYS: i64 = 36_500;
/// A month of minutes.
const MOST_MINUTES: i64 = 43_200;

/// What the shop is called.
pub static NAME: Setting = decided("shop.name", "shop.name", Kind::Line(100), "Till");
/// Its one currency.
pub static CURRENCY: Setting = decided("currency", "currency", Kind::Currency, "EUR");
/// By whose clock its days begin.
pub static ZONE: Setting = decided("time_zone", "time_zone", Kind::Zone, "UTC");
/// Whether prices contain the tax.
pub static TAX_INCLUSIVE: Setting = decided("tax.inclusive", "tax_included", FLAG, "1");
/// Whether what sellers offer waits for approval.
pub static MODERATION: Setting = decided("products.moderation", "products.moderation", FLAG, "1");
/// Stock at or below this is low.
pub static LOW_AT: Setting = decided("stock.low_at", "stock.low_at", Kind::Whole(0, 1_000_000), "5");
/// How long an order may wait for a provider.
#[rustfmt::skip]
pub static UNPAID_MINUTES: Setting =
    decided("orders.unpaid_minutes", "orders.unpaid_minutes", Kind::Whole(1, MOST_MINUTES), "60");
/// How long an order may wait for a transfer.
#[rustfmt::skip]
pub static TRANSFER_DAYS: Setting =
    open("orders.transfer_days", "orders.transfer_days", Kind::Whole(1, 365));
/// When money that was promised is taken.
#[rustfmt::skip]
pub static CAPTURE: Setting =
    decided("payments.capture", "payments.capture", Kind::Choice(&["at_once", "on_ship"]), "at_once");
/// A refund above this needs a step-up.
#[rustfmt::skip]
pub static STEP_UP_ABOVE: Setting =
    decided("refunds.step_up_above", "refunds.step_up_above", Kind::Money, "50000");
/// The shop's part of what a seller sells.
pub static RATE: Setting = decided("commissions.rate", "commissions.rate", Kind::Percent, "30");
/// Who may pay in.
pub static DEPOSITS: Setting = decided("wallet.deposits", "wallet.deposits", TELLERS, "staff");
/// Who may pay out.
pub static WITHDRAWALS: Setting = decided("wallet.withdrawals", "wallet.withdrawals", TELLERS, "staff");
/// What may be paid in a day.
#[rustfmt::skip]
pub static DAILY_DEPOSITS: Setting =
    decided("wallet.daily_deposits", "wallet.daily_deposits", Kind::Money, "1000000");
/// What may be paid out a day.
#[rustfmt::skip]
pub static DAILY_WITHDRAWALS: Setting =
    decided("wallet.daily_withdrawals", "wallet.daily_withdrawals", Kind::Money, "500000");
/// The address that mails come from, in the place of the configuration's.
pub static MAIL_FROM: Setting = open("mail.from", "mail.from", Kind::Email);
/// Where replies to mails go, in the place of the configuration's.
pub static MAIL_REPLY_TO: Setting = open("mail.reply_to", "mail.reply_to", Kind::Email);
/// Whether staff must have a second factor.
pub static SECOND_FACTOR: Setting = decided("staff.second_factor", "staff.second_factor", FLAG, "1");
/// How long what was sent to webhooks is kept.
pub static KEEP_DELIVERIES: Setting = decided("keep_days.deliveries", "deliveries.keep_days", DAYS, "30");
/// How long mails are kept.
pub static KEEP_MAILS: Setting = decided("keep_days.mails", "mails.keep_days", DAYS, "180");
/// How long the audit is kept.
pub static KEEP_AUDIT: Setting = decided("keep_days.audit", "audit.keep_days", DAYS, "365");
/// How long events are kept.
pub static KEEP_EVENTS: Setting = decided("keep_days.events", "events.keep_days", DAYS, "400");

/// The parts of the shop's address, in the order in which they are written.
pub static ADDRESS: [Setting; 6] = [
    open("shop.address.line1", "shop.address.line1", Kind::Line(200)),
    open("shop.address.line2", "shop.address.line2", Kind::Line(200)),
    open("shop.address.city", "shop.address.city", Kind::Line(100)),
    open("shop.address.postcode", "shop.address.postcode", Kind::Line(20)),
    open("shop.address.region", "shop.address.region", Kind::Line(100)),
    open("shop.address.country", "shop.address.country", Kind::Country),
];

/// Everything that the shop decides. What whoever runs the server decides is not among it: of the network, for one.
#[rustfmt::skip]
pub fn all() -> impl Iterator<Item = &'static Setting> {
    let rest = [
        &CURRENCY, &ZONE, &TAX_INCLUSIVE, &MODERATION, &LOW_AT, &UNPAID_MINUTES, &TRANSFER_DAYS, &CAPTURE,
        &STEP_UP_ABOVE, &RATE, &DEPOSITS, &WITHDRAWALS, &DAILY_DEPOSITS, &DAILY_WITHDRAWALS, &MAIL_FROM,
        &MAIL_REPLY_TO, &SECOND_FACTOR, &KEEP_DELIVERIES, &KEEP_MAILS, &KEEP_AUDIT, &KEEP_EVENTS,
    ];
    std::iter::once(&NAME).chain(&ADDRESS).chain(rest)
}

impl Kind {
    /// What the row is to say for what was typed.
    pub fn read(self, typed: &str, currency: Currency) -> Result<String, Bad> {
        match self {
            Self::Flag => match typed {
                "true" => Ok("1".to_owned()),
                "false" => Ok("0".to_owned()),
                _ => Err(Bad::invalid("must be true or false")),
            },
            Self::Line(most) => text::line(typed, 1, most),
            Self::Email => Email::parse(typed).map(Email::into_string),
            Self::Country => CountryCode::parse(typed).map(|code| code.to_string()),
            Self::Currency => Currency::parse(typed).map(|code| code.as_str().to_owned()),
            Self::Zone => Zone::parse(typed).map(|zone| zone.name().to_owned()),
            Self::Whole(least, most) => match typed.parse::<i64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(number.to_string()),
                _ => Err(Bad::invalid(format!(
                    "must be a whole number from {least} to {most}"
                ))),
            },
            Self::Money => parse_money(typed, currency)
                .and_then(Money::non_negative)
                .map(|amount| amount.minor().to_string()),
            Self::Percent => Percent::parse(typed).map(|percent| percent.to_string()),
            Self::Choice(words) => {
                let known = words.iter().find(|word| word.eq_ignore_ascii_case(typed.trim()));
                let known = known.map(|word| (*word).to_owned());
                known.ok_or_else(|| Bad::invalid(format!("must be one of: {}", words.join(", "))))
            }
        }
    }

    /// Whether a row says something of this kind.
    pub fn holds(self, row: &str) -> bool {
        match self {
            Self::Flag => matches!(row, "0" | "1"),
            Self::Money => amount(row).is_some(),
            // In which currency is the same: no other kind is written in one.
            _ => self.read(row, Currency::default()).is_ok(),
        }
    }

    /// What a row says, as people and programs read it; nothing if it says nothing of this kind.
    pub fn show(self, row: &str, currency: Currency) -> Option<String> {
        match self {
            Self::Flag => self.holds(row).then(|| (row == "1").to_string()),
            Self::Money => Some(amount(row)?.write(currency).to_string()),
            _ => self.read(row, currency).ok(),
        }
    }
}

/// Minor units, as a row has them.
fn amount(row: &str) -> Option<Money> {
    Money::new(row.parse().ok()?)?.non_negative().ok()
}

/// What is asked for: settings with what was typed; nothing leaves one open again.
#[derive(Debug, Clone, Default)]
pub struct SettingsFields(pub Vec<(&'static Setting, Option<String>)>);

/// Settings with what their rows are to say.
pub type Rows = Vec<(&'static Setting, Option<String>)>;

impl SettingsFields {
    /// What the rows are to say, or every fault. Amounts are in the currency that is asked for, or in the shop's.
    pub fn rows(&self, currency: Currency) -> Result<Rows, Vec<Fault>> {
        let asked = self.0.iter().find(|(setting, _)| **setting == CURRENCY);
        let asked = asked.and_then(|(_, typed)| Currency::parse(typed.as_deref()?).ok());
        let currency = asked.unwrap_or(currency);
        let mut faults = Vec::new();
        let mut rows = Rows::new();
        for (setting, typed) in &self.0 {
            let read = match typed {
                Some(typed) => setting.kind.read(typed, currency).map(Some),
                None if setting.usual.is_none() => Ok(None),
                None => Err(Bad::missing()),
            };
            match read {
                Ok(row) => rows.push((setting, row)),
                Err(bad) => faults.push(bad.at(setting.name)),
            }
        }
        if faults.is_empty() { Ok(rows) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B13, T1: every setting has a name and a row of its own, and what is usual can be read.
    #[test]
    fn what_is_usual_is_well_formed() {
        let euro = Currency::parse("EUR").unwrap();
        let mut names: Vec<&str> = all().map(|setting| setting.name).collect();
        let mut rows: Vec<&str> = all().map(|setting| setting.row).collect();
        for list in [&mut names, &mut rows] {
            let many = list.len();
            list.sort_unstable();
            list.dedup();
            assert_eq!(list.len(), many);
        }
        for setting in all() {
            let Some(usual) = setting.usual else { continue };
            let shown = setting.kind.show(usual, euro);
            let shown = shown.unwrap_or_else(|| panic!("{}", setting.name));
            assert_eq!(
                setting.kind.read(&shown, euro).as_deref(),
                Ok(usual),
                "{}",
                setting.name
            );
        }
    }

    /// MON-01: amounts are read in the currency that is asked for with them.
    #[test]
    fn amounts_are_in_the_currency_that_is_asked_for() {
        let euro = Currency::parse("EUR").unwrap();
        let asked = |code: Option<&str>| {
            let mut fields = vec![(&DAILY_DEPOSITS, Some("12.5".to_owned()))];
            fields.extend(code.map(|code| (&CURRENCY, Some(code.to_owned()))));
            SettingsFields(fields).rows(euro).map(|rows| rows[0].1.clone())
        };
        assert_eq!(asked(None), Ok(Some("1250".to_owned())));
        assert_eq!(asked(Some("KWD")), Ok(Some("12500".to_owned())));
        assert!(asked(Some("JPY")).is_err());
    }
}
