//! What stands in a mail: its subject, its text and its HTML, from the templates below `templates/mail` and the facts that
//! were noted when it was queued. The secret of a link is filled in for the sender alone.

use askama::Template;
use serde_json::Value;

use crate::domain::mail;
use crate::domain::mail::Mail;
use crate::domain::mail::Template as Kind;
use crate::error::Error;
use crate::error::Result;

/// What stands in the place of a link that is not shown.
const HIDDEN: &str = "(the link stands here when the mail is sent)";

/// A mail as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// For readers of plain text.
    pub text: String,
    /// The same for everybody else.
    pub html: String,
}

/// A line of an order.
struct Line {
    name: String,
    sku: String,
    quantity: String,
    total: String,
}

/// What the templates fill in.
struct Told<'a> {
    shop: String,
    url: &'a str,
    link: &'a str,
    facts: Value,
    lines: Vec<Line>,
    has_more_lines: bool,
}

impl Told<'_> {
    /// A fact as text; nothing where it is not known.
    fn fact(&self, name: &str) -> String {
        words(&self.facts[name])
    }

    fn knows(&self, name: &str) -> bool {
        !self.fact(name).is_empty()
    }

    fn has_link(&self) -> bool {
        self.link != HIDDEN
    }

    /// The sums that say something.
    fn sums(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("Subtotal", "subtotal"),
            ("Discount", "discount"),
            ("Shipping", "shipping"),
            ("Tax", "tax"),
            ("Total", "total"),
            ("Paid", "paid"),
            ("Refunded", "refunded"),
        ];
        let told = all.into_iter().map(|(name, fact)| (name, self.fact(fact)));
        told.filter(|(name, sum)| {
            matches!(*name, "Subtotal" | "Total") || sum.bytes().any(|byte| (b'1'..=b'9').contains(&byte))
        })
        .collect()
    }
}

/// A value as one line of text.
fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => mail::one_line(text),
        other => other.to_string(),
    }
}

/// Both templates of a kind.
macro_rules! written {
    ($told:expr, $text:tt, $html:tt) => {{
        #[derive(Template)]
        #[template(path = $text, escape = "none")]
        struct Text<'a> {
            told: &'a Told<'a>,
        }
        #[derive(Template)]
        #[template(path = $html)]
        struct Html<'a> {
            told: &'a Told<'a>,
        }
        (Text { told: $told }.render(), Html { told: $told }.render())
    }};
}

impl Letter {
    /// Writes a mail for a shop at a public URL; with its link where it is to be sent.
    pub fn write(mail: &Mail, shop: &str, url: &str, link: Option<&str>) -> Result<Self> {
        let facts: Value =
            serde_json::from_str(&mail.facts).map_err(|cause| Error::Internal(cause.into()))?;
        let items = facts["items"].as_array();
        let told = Told {
            shop: mail::one_line(shop),
            url,
            link: link.unwrap_or(HIDDEN),
            lines: items.into_iter().flatten().map(line).collect(),
            has_more_lines: facts["items_truncated"] == true,
            facts,
        };
        let (text, html) = render(mail.template, &told);
        let broken = |cause: askama::Error| Error::Internal(cause.into());
        let (text, html) = (text.map_err(broken)?, html.map_err(broken)?);
        let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
        Ok(Self {
            subject: mail::one_line(subject),
            text: text.trim_start().to_owned(),
            html,
        })
    }
}

fn line(item: &Value) -> Line {
    Line {
        name: words(&item["name"]),
        sku: words(&item["sku"]),
        quantity: words(&item["quantity"]),
        total: words(&item["total"]),
    }
}

type Rendered = askama::Result<String>;

#[rustfmt::skip] // A line a kind.
fn render(kind: Kind, told: &Told<'_>) -> (Rendered, Rendered) {
    match kind {
        Kind::ResetPassword => written!(told, "mail/reset_password.txt", "mail/reset_password.html"),
        Kind::Invitation => written!(told, "mail/invitation.txt", "mail/invitation.html"),
        Kind::ProveAddress => written!(told, "mail/prove_address.txt", "mail/prove_address.html"),
        Kind::PasswordChanged => written!(told, "mail/password_changed.txt", "mail/password_changed.html"),
        Kind::AddressChanged => written!(told, "mail/address_changed.txt", "mail/address_changed.html"),
        Kind::FactorAdded => written!(told, "mail/totp_added.txt", "mail/totp_added.html"),
        Kind::FactorRemoved => written!(told, "mail/totp_removed.txt", "mail/totp_removed.html"),
        Kind::RecoveryCodesMade => written!(told, "mail/recovery_codes_made.txt", "mail/recovery_codes_made.html"),
        Kind::OrderPlaced => written!(told, "mail/order_placed.txt", "mail/order_placed.html"),
        Kind::OrderPaid => written!(told, "mail/order_paid.txt", "mail/order_paid.html"),
        Kind::OrderShipped => written!(told, "mail/order_shipped.txt", "mail/order_shipped.html"),
        Kind::OrderCanceled => written!(told, "mail/order_canceled.txt", "mail/order_canceled.html"),
        Kind::OrderRefunded => written!(told, "mail/order_refunded.txt", "mail/order_refunded.html"),
        Kind::EndpointOff => written!(told, "mail/webhook_endpoint_off.txt", "mail/webhook_endpoint_off.html"),
        Kind::StockLow => written!(told, "mail/stock_low.txt", "mail/stock_low.html"),
    }
}
