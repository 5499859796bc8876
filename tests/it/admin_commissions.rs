//! The pages of commissions: what sellers get, what is due, payouts, and the shop's part.

use serde_json::json;
use till::domain::actor::Actor;
use till::shop::commissions;
use till::shop::commissions::NewPayout;
use till::worker::Outcome;
use till::worker::payouts;

use crate::client::Answer;
use crate::commissions::delivered;
use crate::commissions::order;
use crate::commissions::pay;
use crate::commissions::refund;
use crate::commissions::sell;
use crate::commissions::shop;
use crate::commissions::step;
use crate::commissions::sums;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::marked;
use crate::pages::plain;
use crate::wallets::user;

const LIST: &str = "/admin/commissions";
const PAYOUTS: &str = "/admin/commissions/payouts";
const NEW: &str = "/admin/commissions/payouts/new";
const HOSTILE: &str = "</b><script>alert(1)</script>";

fn rows(page: &Answer) -> usize {
    page.body.matches("data-commission=").count()
}

/// D14: a tab a state, filters as chips, what it comes to on top, the same view as a file; taking it is noted.
#[test]
fn commissions_are_listed_by_state_and_taken_as_a_file() {
    let app = shop();
    sell(&app, "seller2", "BOWL", "20.00");
    let first = delivered(&app, &[("VASE", 2), ("BOWL", 1)]);
    order(&app, &[("VASE", 1), ("MUG", 1)]);
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(LIST);
    assert_eq!(rows(&page), 3, "{}", page.body);
    assert_eq!(marked(&page, "data-pending"), "€7.00");
    assert_eq!(marked(&page, "data-approved"), "€28.00");
    for (state, count) in [("pending", 1), ("approved", 2), ("paid", 0), ("reversed", 0)] {
        let tab = browser.get(&format!("{LIST}?status={state}"));
        assert_eq!(rows(&tab), count, "{state}");
        assert_eq!(
            tab.body.matches(&format!("data-state=\"{state}\"")).count(),
            count
        );
    }
    let seller = user(&app, "seller2");
    let one = browser.get(&format!("{LIST}?seller_id={seller}&order_id={first}"));
    assert_eq!((rows(&one), one.body.matches("class=\"chip\"").count()), (1, 2));
    assert_eq!(marked(&one, "data-approved"), "€14.00");
    assert!(plain(&one.body).contains("Seller: seller2"));
    let next = browser.get(&format!("{LIST}?limit=2"));
    let (_, after) = next.body.split_once("after=").unwrap();
    let next = browser.get(&format!(
        "{LIST}?limit=2&after={}",
        after.split('"').next().unwrap()
    ));
    assert_eq!(rows(&next), 1);
    for wrong in ["status=lost", "seller_id=x", "colour=red"] {
        assert_eq!(browser.get(&format!("{LIST}?{wrong}")).status, 400, "{wrong}");
    }
    let file = browser.get(&format!("/admin/commissions.csv?seller_id={seller}"));
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 2, "{}", file.body);
    assert!(lines[1].contains(",30,14.00,EUR,approved,,,"), "{}", lines[1]);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 173"), 1);
}

/// D14: what is due is paid out by a form, once; the payout tells who gets what, and gives the file for the bank.
#[test]
fn a_payout_is_made_by_a_form_once() {
    let app = shop();
    sell(&app, "seller2", "BOWL", "20.00");
    let browser = Browser::signed_in(&app, "owner");
    let nothing = browser.get(NEW);
    assert!(nothing.body.contains("Nothing is due") && !has_form(&nothing, PAYOUTS));
    delivered(&app, &[("VASE", 2), ("BOWL", 1)]);
    let question = browser.get(NEW);
    assert_eq!(question.body.matches("data-due=").count(), 2);
    assert!(plain(&question.body).contains("Everybody, €28.00"));
    for (field, wrong) in [
        ("seller", "x"),
        ("seller", "987654"),
        ("reference", &"x".repeat(256)),
    ] {
        let refused = browser.submit(&question, PAYOUTS, &[(field, wrong)]);
        assert_eq!(refused.status, 400, "{field} {wrong}: {}", refused.body);
        assert!(refused.body.contains(&format!("{field}-e")), "{field} {wrong}");
    }
    assert_eq!(app.number("SELECT count(*) FROM payouts"), 0);
    let seller = user(&app, "seller2").to_string();
    let typed = [("seller", seller.as_str()), ("reference", HOSTILE)];
    let fields = filled(&question, PAYOUTS, &typed);
    let made = browser.post(PAYOUTS, &fields, &[OURS]);
    let shown = browser.follow(&made);
    assert_eq!(made.header("location"), Some("/admin/commissions/payouts/1"));
    assert!(shown.body.contains("data-done=\"payout.made\""));
    assert_eq!(marked(&shown, "data-amount"), "€14.00");
    assert!(plain(&shown.body).contains(HOSTILE) && !shown.body.contains(HOSTILE));
    assert_eq!(sums(&app, "seller2"), json!(["0.00", "0.00", "14.00", "14.00"]));
    // Sent again it is the same payout, though more is due by now.
    delivered(&app, &[("BOWL", 1)]);
    let again = browser.post(PAYOUTS, &fields, &[OURS]);
    assert_eq!(again.header("location"), made.header("location"));
    assert_eq!(app.number("SELECT count(*) FROM payouts"), 1);
    let rest = browser.follow(&browser.submit(&browser.get(NEW), PAYOUTS, &[]));
    assert_eq!(marked(&rest, "data-amount"), "€28.00");
    let late = browser.submit(&question, PAYOUTS, &[("idempotency_key", "another")]);
    assert_eq!(late.status, 400, "{}", late.body);
    assert!(late.body.contains("Nothing is due"));
    let list = browser.get(PAYOUTS);
    assert_eq!(list.body.matches("data-payout=").count(), 2);
    let mine = browser.get(&format!("{LIST}?payout_id=1"));
    assert_eq!(rows(&mine), 1);
    let file = browser.get(&format!("{PAYOUTS}/2/sellers.csv"));
    assert_eq!(file.body.lines().count(), 3, "{}", file.body);
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 171"), 1);
}

/// D14: who owes the shop is named and not paid.
#[test]
fn who_owes_the_shop_is_not_paid() {
    let app = shop();
    sell(&app, "seller2", "BOWL", "20.00");
    let first = delivered(&app, &[("VASE", 2)]);
    let browser = Browser::signed_in(&app, "owner");
    assert_eq!(browser.submit(&browser.get(NEW), PAYOUTS, &[]).status, 303);
    refund(&app, first, json!({ "reason": "half of it", "amount": "10.00" }));
    delivered(&app, &[("BOWL", 1)]);
    let question = browser.get(NEW);
    let seller = user(&app, "seller");
    assert!(question.body.contains(&format!("data-owes=\"{seller}\"")));
    assert!(plain(&question.body).contains("Everybody, €14.00"));
}

/// D14, MONEY: what was begun and not ended is told, and ended by the worker in rounds; then there is nothing to do.
#[test]
fn the_worker_ends_what_was_begun() {
    let app = shop();
    let id = order(&app, &vec![("VASE", 1); 700]);
    pay(&app, id);
    step(&app, id, "shipped");
    step(&app, id, "delivered");
    let begun = app
        .app()
        .store()
        .write(|tx| commissions::begin_payout(tx, &Actor::system(), None, &NewPayout::default()).map(|_| ()));
    begun.unwrap();
    let browser = Browser::signed_in(&app, "owner");
    assert!(browser.get(NEW).body.contains("data-open=\"1\""));
    assert!(
        browser
            .get(&format!("{PAYOUTS}/1"))
            .body
            .contains("still being made")
    );
    let mut rounds = 0;
    while app.block_on(payouts::step(app.app())).unwrap() == Outcome::Worked {
        rounds += 1;
    }
    assert_eq!(rounds, 2);
    assert_eq!(app.number("SELECT rows FROM payouts WHERE state = 1"), 700);
    assert!(!browser.get(NEW).body.contains("data-open"));
}

/// D14: a seller's own rate is set and let go by a form; what is no percent is told beside the field.
#[test]
fn a_sellers_rate_is_set_by_a_form() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    let path = format!("{LIST}/sellers/{}", user(&app, "seller"));
    let page = browser.get(&path);
    assert_eq!(marked(&page, "data-rate"), "30 %");
    for wrong in ["101", "-1", "thirty", "12.3456", HOSTILE] {
        let refused = browser.submit(&page, &path, &[("rate", wrong)]);
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.body);
        assert!(refused.body.contains("rate-e") && !refused.body.contains("<script>alert"));
        assert!(plain(&refused.body).contains(wrong));
    }
    let set = [("rate", "12.5 %")];
    let told = browser.follow(&browser.submit(&page, &path, &set));
    assert_eq!(marked(&told, "data-rate"), "12.5 %");
    assert!(told.body.contains("data-done=\"commission.rate_set\""));
    let told = browser.follow(&browser.submit(&told, &path, &[("rate", "")]));
    assert_eq!(marked(&told, "data-rate"), "30 %");
    assert_eq!(app.number("SELECT count(*) FROM commission_rates"), 0);
    assert_eq!(browser.get(&format!("{LIST}/sellers/987654")).status, 404);
}

/// AZ-01: without the right there is no page, no link and no file; with the smaller one no form, and the forged post is
/// refused.
#[test]
fn commissions_are_held_to_rights() {
    let app = shop();
    delivered(&app, &[("VASE", 1)]);
    let (owner, staff) = (
        Browser::signed_in(&app, "owner"),
        Browser::signed_in(&app, "staff"),
    );
    let seller = format!("{LIST}/sellers/{}", user(&app, "seller"));
    for closed in [LIST, "/admin/commissions.csv", PAYOUTS, NEW, &seller] {
        assert_eq!(staff.get(closed).status, 403, "{closed}");
    }
    let link = format!("href=\"{LIST}\"");
    assert!(!staff.get("/admin/orders").body.contains(&link));
    assert!(owner.get("/admin/orders").body.contains(&link));
    app.change("INSERT INTO role_permissions VALUES (2, 'commissions:read')");
    let page = staff.get(LIST);
    assert!(page.status == 200 && !page.body.contains(NEW), "{}", page.body);
    assert!(!has_form(&staff.get(&seller), &seller));
    assert_eq!(staff.get(NEW).status, 403);
    let token = filled(&page, "/admin/logout", &[]);
    let token = token.into_iter().find(|(name, _)| name == "form_token").unwrap();
    for (at, to) in [(NEW, PAYOUTS), (&seller, &seller)] {
        let mut forged = filled(&owner.get(at), to, &[]);
        forged.retain(|(name, _)| name != "form_token");
        forged.push(token.clone());
        assert_eq!(staff.post(to, &forged, &[OURS]).status, 403, "{to}");
    }
    assert_eq!(app.number("SELECT count(*) FROM payouts"), 0);
}
