//! How people read money and moments: with the currency's sign, by the shop's calendar.

use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::mail;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;
use crate::domain::user::Login;
use crate::domain::user::SessionKind;

/// Money with the currency's sign and groups of three: `£1,234.50`, `−£2.90`.
pub fn money(amount: Money, currency: Currency) -> String {
    let written = amount.write(currency).to_string();
    let (minus, digits) = match written.strip_prefix('-') {
        Some(rest) => ("−", rest),
        None => ("", written.as_str()),
    };
    let (whole, cents) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    format!("{minus}{}{}{cents}", sign(currency), in_groups(whole))
}

/// Who did something: by name, or by the kind of caller.
pub const fn doer(name: Option<&str>, kind: ActorKind) -> &str {
    match (name, kind) {
        (Some(name), _) => name,
        (None, ActorKind::User) => "A user",
        (None, ActorKind::ApiKey) => "An API key",
        (None, ActorKind::System) => "The shop",
        (None, ActorKind::Guest) => "Guest",
    }
}

/// How long to wait, in minutes begun.
pub fn minutes(seconds: u64) -> String {
    match seconds.div_ceil(60) {
        0 | 1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

/// A count, in groups of three digits.
pub fn grouped(count: i64) -> String {
    in_groups(&count.to_string())
}

fn in_groups(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The currency's sign, or its code and a space where it has none of its own.
pub fn sign(currency: Currency) -> String {
    let code = currency.as_str();
    let sign = iso_currency::Currency::from_code(code).map(|known| known.symbol().symbol);
    match sign {
        Some(sign) if sign != code && sign != "¤" => sign,
        _ => format!("{code}\u{a0}"),
    }
}

/// What people call a field of a form, by its name.
pub fn label(field: &str) -> &str {
    match field {
        "name" => "Name",
        "description" => "Description",
        "category" => "Category",
        "tax_category" => "Tax",
        "status" => "Status",
        "title" => "Variant",
        "sku" => "SKU",
        "price" => "Price",
        "low_at" => "Low at",
        "weight_g" => "Grams",
        "quantity" => "Pieces",
        "variants" => "Variants",
        "reason" => "Reason",
        "amount" => "Amount",
        "shipping" => "Shipping",
        "payment_id" => "Payment",
        "method" => "Way",
        "reference" => "Reference",
        "url" => "Address",
        "events" => "Events",
        "failed_since" => "Failed since",
        "from" => "From",
        "to" => "Until",
        field if field.starts_with("qty-") => "Pieces",
        field if field.starts_with("capture-") => "Capture",
        "email" => "E-mail",
        "username" => "User name",
        "password" => "Password",
        "role" => "Role",
        "code" => "Code",
        "note" => "Note",
        "tags" => "Tags",
        "days" => "Good for",
        "permissions" => "Rights",
        other => other,
    }
}

/// A moment in a list: `Today 11:32`, `Yesterday 21:15`, `19 Nov 20:45`, with the year where it is another.
pub fn when(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let (then, today) = (zone.wall(at), zone.wall(now).day);
    let clock = format!("{:02}:{:02}", then.hour, then.minute);
    if then.day == today {
        return format!("Today {clock}");
    }
    if then.day == today.before() {
        return format!("Yesterday {clock}");
    }
    format!("{} {clock}", short_day(then.day, today.year()))
}

/// The same to the second: `Today 11:32:07`.
pub fn exactly(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let seconds = at.ms().div_euclid(1000).rem_euclid(60);
    format!("{}:{seconds:02}", when(at, now, zone))
}

/// The same within a sentence, where only a month begins with a capital.
pub fn within(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let mut words = when(at, now, zone);
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    words
}

/// `19 Nov`, with the year where it is another than this.
pub fn short_day(day: crate::domain::time::Day, this_year: i16) -> String {
    let words = day.words();
    let (number, month) = words.split_once(' ').unwrap_or((&words, ""));
    let month = month.get(..3).unwrap_or(month);
    match day.year() == this_year {
        true => format!("{number} {month}"),
        false => format!("{number} {month} {}", day.year()),
    }
}

/// What has been done, for whoever has just done it. Without a mail server nothing is said to be on its way.
pub fn deed(row: &AuditRow, sends_mail: bool) -> String {
    match row.action {
        Action::LinkMade if !sends_mail => {
            "A link is made, and waits: no mail server is set up. Its mail stands in Mails; whoever runs the server takes the link from there, by `till mails show` and the mail’s number."
        }
        Action::UserInvited if !sends_mail => {
            "The user is invited, and the invitation waits: no mail server is set up. Its mail stands in Mails; whoever runs the server takes the link from there, by `till mails show` and the mail’s number."
        }
        Action::MailResent => "The mail is queued again.",
        Action::OrderMoved => "The order is in its next state.",
        Action::OrderCanceled => "The order is canceled.",
        Action::OrderRefunded => "The order is refunded.",
        Action::OrderPaid => "The money is recorded.",
        Action::InvoiceIssued if row.content.is_some() => "The invoice is issued.",
        Action::InvoiceIssued => "The money is recorded, and the invoice is issued.",
        Action::CreditNoteIssued if row.content.is_some() => {
            "The order is canceled, and a credit note takes its invoice back."
        }
        Action::CreditNoteIssued => "The refund is made, and its credit note is issued.",
        Action::RefundMade | Action::RefundEnded => "The refund is on its way.",
        Action::PaymentAsked => "The provider has been asked.",
        Action::InboxRetried => "The message is applied again in a moment.",
        Action::OrderNoted => "The note is added.",
        Action::OrderTagged => "The tags are set.",
        Action::OrdersChanged => "The orders are changed.",
        Action::StockAdjusted => "The stock is adjusted.",
        Action::ProductCreated => "The product is made.",
        Action::ProductUpdated => "The product is saved.",
        Action::ProductDeleted => "The product is deleted.",
        Action::ProductApproved => "The product is on sale.",
        Action::ProductRejected => "The product is rejected.",
        Action::ProductsChanged => "The products are changed.",
        Action::UserUpdated if row.target == row.actor.map(|user| user.0) => "Your account is saved.",
        Action::LinkMade => "A link goes out by mail. Nothing changes until it is opened.",
        Action::AddressProved => "The address is yours now.",
        Action::PasswordChanged => "The password is changed. Every other session of yours has ended.",
        Action::FactorAdded => "The second factor is set up. The codes below stand in for a lost device.",
        Action::RecoveryCodesMade => "New recovery codes are made; the former ones are good no more.",
        Action::FactorRemoved => "The second factor is taken away.",
        Action::SessionRevoked => "The session has ended.",
        Action::UserInvited => "The invitation goes out by mail.",
        Action::UserUpdated => "The user is saved.",
        Action::RoleChanged => "The role is changed, and every session of the user has ended.",
        Action::UserSuspended => "The user is suspended, and signed out everywhere.",
        Action::UserUnlocked => "The user may come in again.",
        Action::ApiKeyCreated => "The key is made.",
        Action::ApiKeyRevoked => "The key is revoked.",
        Action::WalletDeposited => "The money is in the wallet.",
        Action::WalletWithdrawn => "The money is paid out of the wallet.",
        Action::WalletAdjusted => "The wallet is put right.",
        Action::SettingsChanged => "The settings are saved, and hold from now on.",
        Action::PayoutMade => "The payout is made.",
        Action::CommissionRateSet => "The rate holds from the next order on.",
        other => deed_at_an_endpoint(other),
    }
    .to_owned()
}

fn deed_at_an_endpoint(action: Action) -> &'static str {
    match action {
        Action::EndpointCreated => "The endpoint is made.",
        Action::EndpointSecretRotated => "The endpoint has a new secret.",
        Action::EndpointPaused => "The endpoint waits. What happens is gathered for it.",
        Action::EndpointResumed => "The endpoint goes on where it was.",
        Action::EndpointChanged => "The endpoint is changed.",
        Action::EndpointDeleted => "The endpoint is deleted.",
        Action::EndpointTested => "A test is on its way.",
        Action::EndpointReplayed => "The events are sent again, in their order.",
        Action::DeliveryRetried => "It is sent again now.",
        _ => "Done.",
    }
}

/// A word with a capital in front.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// What somebody is signed in by.
pub fn by_what(login: &Login) -> String {
    match (login.kind, login.user_agent.as_deref()) {
        (SessionKind::Token, None) => "A program".to_owned(),
        (_, agent) => device(agent),
    }
}

/// What a browser says of itself, as people call it: `Firefox on Linux`.
fn device(agent: Option<&str>) -> String {
    let Some(agent) = agent else {
        return "Unknown".to_owned();
    };
    let first = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        // A program: its own name, short.
        (None, _) => agent.chars().take(40).collect(),
    }
}

/// A moment in full: `Friday 20 November 2026, 12:46`.
pub fn in_full(at: Timestamp, zone: &Zone) -> String {
    let wall = zone.wall(at);
    let (day, year) = (wall.day, wall.day.year());
    format!(
        "{} {} {year}, {:02}:{:02}",
        day.weekday(),
        day.words(),
        wall.hour,
        wall.minute
    )
}

/// What a mail is about, for people.
pub const fn mail(kind: mail::Template) -> &'static str {
    match kind {
        mail::Template::ResetPassword => "New password",
        mail::Template::Invitation => "Invitation",
        mail::Template::ProveAddress => "Proof of an address",
        mail::Template::PasswordChanged => "Password changed",
        mail::Template::AddressChanged => "Address changed",
        mail::Template::FactorAdded => "Second factor set up",
        mail::Template::FactorRemoved => "Second factor taken away",
        mail::Template::RecoveryCodesMade => "Recovery codes made",
        mail::Template::OrderPlaced => "Order placed",
        mail::Template::OrderPaid => "Order paid",
        mail::Template::OrderShipped => "Order shipped",
        mail::Template::OrderCanceled => "Order canceled",
        mail::Template::OrderRefunded => "Order refunded",
        mail::Template::EndpointOff => "Webhook endpoint off",
        mail::Template::StockLow => "Stock low",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_with_its_sign_and_in_groups() {
        for (minor, code, read) in [
            (0, "GBP", "£0.00"),
            (123_456_789, "GBP", "£1,234,567.89"),
            (-290, "EUR", "−€2.90"),
            (100_000, "JPY", "¥100,000"),
            (99_999, "USD", "$999.99"),
        ] {
            let currency = Currency::parse(code).unwrap();
            assert_eq!(money(Money::new(minor).unwrap(), currency), read);
        }
    }

    #[test]
    fn a_minute_begun_is_a_minute() {
        for (seconds, read) in [
            (0, "1 minute"),
            (60, "1 minute"),
            (61, "2 minutes"),
            (900, "15 minutes"),
        ] {
            assert_eq!(minutes(seconds), read);
        }
    }

    #[test]
    fn a_moment_is_read_by_the_shops_calendar() {
        let zone = Zone::parse("Europe/London").unwrap();
        let now = Timestamp::parse("2026-07-02T09:00:00Z").unwrap();
        for (at, read, within_a_sentence) in [
            ("2026-07-01T23:10:00Z", "Today 00:10", "today 00:10"),
            ("2026-07-01T22:59:00Z", "Yesterday 23:59", "yesterday 23:59"),
            ("2026-06-30T11:00:00Z", "30 Jun 12:00", "30 Jun 12:00"),
            ("2025-12-31T23:59:00Z", "31 Dec 2025 23:59", "31 Dec 2025 23:59"),
        ] {
            let at = Timestamp::parse(at).unwrap();
            assert_eq!(when(at, now, &zone), read);
            assert_eq!(within(at, now, &zone), within_a_sentence);
        }
        assert_eq!(in_full(now, &zone), "Thursday 2 July 2026, 10:00");
    }
}
