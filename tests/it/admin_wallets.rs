//! The pages of wallets: who has what, what has moved, and money that is moved by hand.

use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::marked;
use crate::pages::plain;
use crate::wallets::balance;
use crate::wallets::deposit;
use crate::wallets::set;
use crate::wallets::shop;
use crate::wallets::user;
use crate::wallets_held::held;

const LIST: &str = "/admin/wallets";
const HOSTILE: &str = "</td><script>alert(1)</script>";

fn path(app: &TestApp, who: &str) -> String {
    format!("{LIST}/{}", user(app, who))
}

fn deed(page: &Answer) -> &str {
    let rest = page.body.split_once("data-done=\"");
    rest.map_or("", |(_, rest)| rest.split('"').next().unwrap())
}

fn audited(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM audit WHERE action IN (160, 161, 162)")
}

/// F1: those in which something has moved, newest first and page by page; by a search those of all users.
#[test]
fn wallets_are_listed_found_and_turned() {
    let app = shop();
    for (who, amount) in [("ann", "20.00"), ("seller", "1.50"), ("staff", "3.00")] {
        deposit(&app, who, amount);
    }
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(LIST);
    assert_eq!(marked(&page, "data-owed"), "€24.50");
    assert_eq!(page.body.matches("data-wallet=").count(), 3);
    assert!(!page.body.contains("data-wallet=\"owner\""));
    let mut next = format!("{LIST}?limit=1");
    let mut seen = Vec::new();
    while let Some((_, rest)) = browser.get(&next).body.split_once("data-wallet=\"") {
        seen.push(rest.split('"').next().unwrap().to_owned());
        match rest.split_once("after=") {
            Some((_, after)) => next = format!("{LIST}?limit=1&after={}", after.split('"').next().unwrap()),
            None => break,
        }
    }
    assert_eq!(seen, ["staff", "seller", "ann"]);
    let found = browser.get(&format!("{LIST}?q=own"));
    assert!(found.body.contains("data-wallet=\"owner\"") && found.body.contains("never"));
    assert!(!found.body.contains("data-wallet=\"ann\""));
    let none = browser.get(&format!("{LIST}?q=%3Cscript%3E"));
    assert!(!none.body.contains("data-wallet=") && !none.body.contains("<script>\""));
    assert!(
        !browser
            .get(&format!("{LIST}?held=1"))
            .body
            .contains("data-wallet=")
    );
    assert_eq!(browser.get(&format!("{LIST}?held=perhaps")).status, 400);
    assert_eq!(
        browser.get(&format!("{LIST}/999")).status,
        404,
        "a user that there is not"
    );
}

/// MON-08: what waits for another provider is told, with its order.
#[test]
fn what_is_held_is_told_with_its_order() {
    let (app, order, _) = held();
    let browser = Browser::signed_in(&app, "owner");
    let list = browser.get(&format!("{LIST}?held=1"));
    assert!(list.body.contains("data-wallet=\"ann\""), "{}", list.body);
    let page = browser.get(&path(&app, "ann"));
    assert_eq!(marked(&page, "data-balance"), "€20.00");
    assert_eq!(marked(&page, "data-held"), "€4.00");
    assert_eq!(marked(&page, "data-available"), "€16.00");
    assert!(page.body.contains(&format!("data-hold=\"{order}\"")));
    let over = [("how", "take"), ("amount", "16.01"), ("reason", "too much")];
    let refused = browser.submit(&page, &path(&app, "ann"), &over);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(plain(&refused.body).contains("is more than is available: €16.00"));
}

/// F5: what is wrong is told beside its field, what was typed stays, and nothing moves.
#[test]
fn what_is_wrong_is_told_beside_its_field() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    let path = path(&app, "ann");
    let page = browser.get(&path);
    assert_eq!(marked(&page, "data-balance"), "€0.00");
    for (how, amount, reason, field) in [
        ("in", "", "", "amount"),
        ("in", "0", "", "amount"),
        ("in", "-3", "", "amount"),
        ("in", "1.005", "", "amount"),
        ("in", HOSTILE, "", "amount"),
        ("out", "0.01", "", "amount"),
        ("add", "5", " ", "reason"),
        ("give", "5", "why", "how"),
    ] {
        let typed = [("how", how), ("amount", amount), ("reason", reason)];
        let refused = browser.submit(&page, &path, &typed);
        assert_eq!(refused.status, 400, "{how} {amount}: {}", refused.body);
        assert!(refused.body.contains(&format!("{field}-e")), "{how} {amount}");
        assert!(plain(&refused.body).contains(amount) && !refused.body.contains("<script>alert"));
    }
    assert_eq!(
        (audited(&app), balance(&app, "ann")[0].clone()),
        (0, json!("0.00"))
    );
}

/// F5, MON-07: paid in, paid out and put right, once a form.
#[test]
fn money_is_moved_by_hand_once() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    let path = path(&app, "ann");
    let steps = [
        ("in", "£1,020.00", "", "wallet.deposited", "€1,020.00"),
        ("out", "20", HOSTILE, "wallet.withdrawn", "€1,000.00"),
        ("add", ".50", "a gift", "wallet.adjusted", "€1,000.50"),
        ("take", "1000.50", "by mistake", "wallet.adjusted", "€0.00"),
    ];
    for (at, (how, amount, reason, told, left)) in steps.into_iter().enumerate() {
        let amount = amount.replace('£', "€");
        let page = browser.get(&path);
        let typed = filled(
            &page,
            &path,
            &[("how", how), ("amount", &amount), ("reason", reason)],
        );
        let done = browser.post(&path, &typed, &[OURS]);
        let after = browser.follow(&done);
        assert_eq!(
            (deed(&after), marked(&after, "data-balance").as_str()),
            (told, left)
        );
        // Sent again it is the same deed, and with another amount none.
        let again = browser.post(&path, &typed, &[OURS]);
        assert_eq!(again.header("location"), done.header("location"));
        let mut other = typed.clone();
        other
            .iter_mut()
            .filter(|(name, _)| name == "amount")
            .for_each(|(_, value)| *value = "7".to_owned());
        assert_eq!(browser.post(&path, &other, &[OURS]).status, 422, "{how}");
        assert_eq!(audited(&app), at as i64 + 1);
    }
    // The form's own key is swept after a while; the transfer remembers it for ever.
    let page = browser.get(&path);
    let typed = filled(&page, &path, &[("how", "in"), ("amount", "3"), ("reason", "")]);
    assert_eq!(browser.post(&path, &typed, &[OURS]).status, 303);
    app.change("DELETE FROM idempotency");
    assert_eq!(browser.post(&path, &typed, &[OURS]).status, 303);
    assert_eq!(balance(&app, "ann")[0], "3.00");
    let page = browser.get(&path);
    assert!(plain(&page.body).contains(HOSTILE) && !page.body.contains(HOSTILE));
}

/// F5: what a day allows is told and held to; what the shop has shut off is not offered.
#[test]
fn the_days_limits_are_told_and_held_to() {
    let app = shop();
    set(&app, "wallet.daily_deposits", "5000");
    let browser = Browser::signed_in(&app, "owner");
    let path = path(&app, "ann");
    let page = browser.get(&path);
    let typed = [("how", "in"), ("amount", "30")];
    let told = browser.follow(&browser.submit(&page, &path, &typed));
    assert!(plain(&told.body).contains("€20.00 left today"), "{}", told.body);
    let refused = browser.submit(&told, &path, &typed);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(plain(&refused.body).contains("20.00 is left today"));
    // Putting right is no paying in.
    let right = [("how", "add"), ("amount", "30"), ("reason", "promised")];
    assert_eq!(browser.submit(&told, &path, &right).status, 303);
    set(&app, "wallet.withdrawals", "off");
    let page = browser.get(&path);
    assert!(!page.body.contains("value=\"out\"") && page.body.contains("value=\"in\""));
    let shut = browser.submit(&page, &path, &[("how", "out"), ("amount", "1")]);
    assert_eq!(shut.status, 403, "{}", shut.body);
}

/// F4: what has moved, by kind and by day, on the page and as a file that is safe to open; taking it is noted.
#[test]
fn what_has_moved_is_filtered_and_taken_as_a_file() {
    let app = shop();
    deposit(&app, "ann", "20.00");
    let browser = Browser::signed_in(&app, "owner");
    let path = path(&app, "ann");
    let reason = "=HYPERLINK(\"http://x\")";
    let typed = [("how", "take"), ("amount", "1.50"), ("reason", reason)];
    assert_eq!(browser.submit(&browser.get(&path), &path, &typed).status, 303);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "payment_method": "wallet" });
    assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    let all = browser.get(&path);
    assert_eq!(all.body.matches("data-transfer=").count(), 3);
    assert!(plain(&all.body).contains("−€4.50") && all.body.contains("href=\"/admin/orders/1\""));
    let some = browser.get(&format!("{path}?type=system_adjustment"));
    assert_eq!(some.body.matches("data-transfer=").count(), 1);
    let none = browser.get(&format!("{path}?from=2099-01-01"));
    assert!(none.body.contains("class=\"chip\"") && !none.body.contains("data-transfer="));
    assert_eq!(browser.get(&format!("{path}?type=gift")).status, 400);
    let file = browser.get(&format!("{path}/transfers.csv?type=system_adjustment"));
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 2, "{}", file.body);
    assert!(lines[1].contains(",system_adjustment,-1.50,18.50,EUR,,"));
    assert!(
        lines[1].ends_with("\"'=HYPERLINK(\"\"http://x\"\")\""),
        "{}",
        lines[1]
    );
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 163"), 1);
}

/// AZ-01: without the right there is no page, no link and no file; with the smaller one no form, and the forged post is
/// refused.
#[test]
fn wallets_are_held_to_rights() {
    let app = shop();
    let (owner, staff) = (
        Browser::signed_in(&app, "owner"),
        Browser::signed_in(&app, "staff"),
    );
    let path = path(&app, "ann");
    let file = format!("{path}/transfers.csv");
    for closed in [LIST, &path, &file] {
        assert_eq!(staff.get(closed).status, 403, "{closed}");
    }
    assert!(
        !staff
            .get("/admin/orders")
            .body
            .contains("href=\"/admin/wallets\"")
    );
    assert!(
        owner
            .get("/admin/orders")
            .body
            .contains("href=\"/admin/wallets\"")
    );
    app.change("INSERT INTO role_permissions VALUES (2, 'wallet:read')");
    let page = staff.get(&path);
    assert_eq!(page.status, 200);
    assert!(!has_form(&page, &path));
    let typed = [("how", "in"), ("amount", "3"), ("reason", "")];
    let mut forged = filled(&owner.get(&path), &path, &typed);
    let token = filled(&page, "/admin/logout", &[]);
    let token = token.into_iter().find(|(name, _)| name == "form_token").unwrap();
    forged.retain(|(name, _)| name != "form_token");
    forged.push(token);
    assert_eq!(staff.post(&path, &forged, &[OURS]).status, 403);
    assert_eq!(balance(&app, "ann")[0], "0.00");
}
