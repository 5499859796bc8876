//! What a form does, in words: the label of its button and the thing that it is about. For whoever sends it once more
//! after signing in, when the page that it stood on is gone.

use crate::http::admin::form::Fields;
use crate::shop::desk::Thing;

/// What was about to be done. A row a form; `{}` is the thing, and `*` in a path what names it.
const WISHES: &[(&str, &str)] = &[
    ("/address/", "Make the address yours"),
    ("/admin/profile", "Save your name"),
    ("/admin/profile/email", "Send the link to the new address"),
    ("/admin/profile/password", "Change your password"),
    ("/admin/profile/sessions/*", "End session {}"),
    ("/admin/factor", "Begin with an authenticator"),
    ("/admin/factor/confirm", "Confirm the authenticator"),
    ("/admin/factor/codes", "Make new recovery codes"),
    ("/admin/factor/remove", "Take the second factor away"),
    ("/admin/secrets/*", "Forget secret {}"),
    ("/admin/users", "Invite the user"),
    ("/admin/users/*", "Save user {}"),
    ("/admin/users/*/suspend", "Suspend user {}"),
    ("/admin/users/*/unlock", "Let user {} in again"),
    ("/admin/users/*/invitation", "Invite user {} again"),
    ("/admin/users/*/sessions", "End a session of user {}"),
    ("/admin/sessions/*", "End session {}"),
    ("/admin/api-keys", "Make the key"),
    ("/admin/api-keys/*", "Revoke key {}"),
    ("/admin/orders/*/cancel", "Cancel order {}"),
    ("/admin/orders/*/notes", "Add the note to order {}"),
    ("/admin/orders/*/tags", "Set the tags of order {}"),
    ("/admin/orders/*/payments", "Record the money for order {}"),
    ("/admin/orders/*/invoice", "Issue the invoice of order {}"),
    ("/admin/payments/inbox/*", "Retry message {}"),
    ("/admin/payments/*/capture", "Capture payment {}"),
    ("/admin/payments/*/void", "Release payment {}"),
    ("/admin/wallets/*", "Move the money in the wallet of {}"),
    ("/admin/commissions/sellers/*", "Set the rate of {}"),
    ("/admin/commissions/payouts", "Make the payout"),
    ("/admin/products/new", "Make the product"),
    ("/admin/products/*", "Save product {}"),
    ("/admin/products/*/approve", "Approve product {}"),
    ("/admin/products/*/reject", "Reject product {}"),
    ("/admin/products/*/delete", "Delete product {}"),
    ("/admin/stock/*", "Adjust the stock of variant {}"),
    ("/admin/mails/*/resend", "Send mail {} again"),
    ("/admin/webhooks", "Make the endpoint"),
    ("/admin/webhooks/*/edit", "Save endpoint {}"),
    ("/admin/webhooks/*/test", "Send a test to endpoint {}"),
    ("/admin/webhooks/*/pause", "Pause endpoint {}"),
    ("/admin/webhooks/*/resume", "Resume endpoint {}"),
    ("/admin/webhooks/*/on", "Turn endpoint {} on"),
    ("/admin/webhooks/*/rotate", "Rotate the secret of endpoint {}"),
    ("/admin/webhooks/*/replay", "Send events to endpoint {} again"),
    ("/admin/webhooks/*/delete", "Delete endpoint {}"),
    ("/admin/webhooks/deliveries/*/retry", "Send delivery {} again now"),
    ("/admin/audit/verify", "Verify the chain"),
    ("/admin/settings", "Save the settings"),
];

/// A form that was not sent, or whose sender had to prove who they are.
pub struct Wish<'a> {
    words: Words,
    /// What names the thing in the path.
    id: &'a str,
    /// The thing, where people call it otherwise.
    pub thing: Option<Thing>,
}

enum Words {
    /// The button, around the thing.
    Of(&'static str),
    /// The same for many, which are counted.
    Many(&'static str, usize, &'static str),
}

impl<'a> Wish<'a> {
    /// What the form to this path does.
    pub fn of(path: &'a str, fields: &Fields) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        let known = WISHES
            .iter()
            .find_map(|(form, words)| Some((fits(form, &segments)?, *words)));
        let id = known.map_or_else(|| segments.get(3).copied().unwrap_or_default(), |(id, _)| id);
        let words = by_button(path, fields).or(known.map(|(_, words)| Words::Of(words)));
        Self {
            words: words.unwrap_or(Words::Of("Send it")),
            id,
            thing: thing(&segments, id),
        }
    }

    /// The words, with what people call the thing where it is known.
    pub fn words(&self, called: Option<&str>) -> String {
        match (&self.words, called, self.thing) {
            (Words::Of(words), Some(called), _) => words.replace("{}", called),
            (Words::Of(words), None, None) => words.replace("{}", self.id),
            (Words::Of(words), None, Some(_)) => words.replace("{}", &format!("(id {})", self.id)),
            (Words::Many(words, 1, noun), ..) => words.replace("{}", &format!("1 {noun}")),
            (Words::Many(words, many, noun), ..) => words.replace("{}", &format!("{many} {noun}s")),
        }
    }
}

/// What stands in the place of the star, if the path fits.
fn fits<'a>(form: &str, segments: &[&'a str]) -> Option<&'a str> {
    if form.ends_with('/') {
        let start: Vec<&str> = form.trim_end_matches('/').split('/').collect();
        return segments.starts_with(&start).then_some("");
    }
    let mut id = "";
    let mut here = segments.iter();
    for wanted in form.split('/') {
        let segment = *here.next()?;
        match wanted == "*" {
            true => id = segment,
            false if wanted != segment => return None,
            false => {}
        }
    }
    here.next().is_none().then_some(id)
}

/// A form of several buttons tells which was pressed.
fn by_button(path: &str, fields: &Fields) -> Option<Words> {
    let many = |words, noun| {
        Words::Many(
            words,
            fields.pairs().filter(|(name, _)| *name == "id").count(),
            noun,
        )
    };
    let pressed = fields.text("do");
    Some(match path.strip_prefix("/admin/")? {
        "orders/bulk" => match pressed {
            "processing" => many("Mark {} processing", "order"),
            "tag" => many("Add the tag to {}", "order"),
            _ => many("Remove the tag from {}", "order"),
        },
        "products/bulk" => match pressed {
            "approve" => many("Put {} on sale", "product"),
            "archive" => many("Archive {}", "product"),
            "category" => many("Set the category of {}", "product"),
            _ if pressed.starts_with("price") => many("Change the price of {}", "product"),
            _ => many("Change the stock of {}", "product"),
        },
        rest if rest.ends_with("/refund") => Words::Of(match pressed {
            "" => "Refund order {}",
            _ => "Count what goes back of order {}",
        }),
        rest if rest.ends_with("/status") => Words::Of(match fields.text("status") {
            "processing" => "Start work on order {}",
            "shipped" => "Ship order {}",
            "delivered" => "Mark order {} delivered",
            _ => "Move order {} on",
        }),
        _ => return None,
    })
}

fn thing(segments: &[&str], id: &str) -> Option<Thing> {
    match *segments.get(2)? {
        "orders" => id.parse().ok().map(Thing::Order),
        "products" => id.parse().ok().map(Thing::Product),
        "users" | "wallets" | "commissions" => id.parse().ok().map(Thing::User),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;
    use crate::http::admin::table;
    use crate::http::route::Access;

    /// T3: every form that needs a session says what it does.
    #[test]
    fn every_form_has_its_words() {
        let own = ["/login", "/totp", "/step-up", "/logout"];
        for row in table().rows() {
            let is_asked = row.method == Method::POST && row.access != Access::Public;
            if !is_asked || own.contains(&row.path) {
                continue;
            }
            let path = format!("/admin{}", row.path)
                .replace("{id}", "7")
                .replace("{variant}", "7");
            let words = Wish::of(&path, &Fields::default()).words(None);
            assert_ne!(words, "Send it", "{path}");
            assert_eq!(
                words.contains('7'),
                row.path.contains('{'),
                "{path}: {words} names its thing"
            );
        }
    }

    #[test]
    fn a_form_is_told_by_its_button_and_its_thing() {
        let of = |path, fields: &[(&str, &str)], called| {
            let owned = fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Wish::of(path, &Fields(owned.collect())).words(called)
        };
        assert_eq!(
            of("/admin/orders/7/cancel?x=1", &[], Some("#1042")),
            "Cancel order #1042"
        );
        assert_eq!(of("/admin/orders/7/cancel", &[], None), "Cancel order (id 7)");
        let shipped = [("version", "1"), ("status", "shipped")];
        assert_eq!(
            of("/admin/orders/7/status", &shipped, Some("#1042")),
            "Ship order #1042"
        );
        let ticked = [("do", "processing"), ("id", "1"), ("id", "2")];
        assert_eq!(
            of("/admin/orders/bulk", &ticked, None),
            "Mark 2 orders processing"
        );
        assert_eq!(
            of("/admin/orders/bulk", &ticked[..2], None),
            "Mark 1 order processing"
        );
        assert_eq!(of("/admin/webhooks/3/pause", &[], None), "Pause endpoint 3");
        assert_eq!(of("/address/abc", &[], None), "Make the address yours");
    }
}
