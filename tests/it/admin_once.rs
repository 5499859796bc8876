//! Forms that no page of a fresh shop draws: codes, what is told once, other people's sessions, and money and messages on
//! their way. Each is sent ten times at once, and has the effect of once (N3).

use serde_json::json;
use till::domain::inbox::InboxState;

use crate::admin_sign_in::alike;
use crate::admin_sign_in::done;
use crate::admin_sign_in::failures;
use crate::admin_sign_in::press;
use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::factors::code_of;
use crate::factors::enrol;
use crate::pages::Browser;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::marked;
use crate::payments::charge;
use crate::payments::order;
use crate::payments::shop;
use crate::payments::standing;
use crate::sink::Say;
use crate::sink::Sink;

const TIMES: usize = 10;
const STEP: i64 = 30_000;

/// Sends the form of a page ten times at once: each is told the same, namely where it leads.
fn ten_times(browser: &Browser, at: &str, action: &str, typed: &[(&str, &str)]) -> String {
    let form = filled(&browser.get(at), action, typed);
    let (status, to) = alike(&press(browser, action, &form, TIMES));
    assert_eq!(status, 303, "{action}");
    to.unwrap()
}

/// Somebody whose password was right, and whose code is waited for.
fn waiting<'a>(app: &'a TestApp, who: &str) -> Browser<'a> {
    let browser = Browser::new(app);
    let typed = [("email", who), ("password", PASSWORD)];
    let asked = browser.submit(&browser.get("/admin/login"), "/admin/login", &typed);
    assert!(has_form(&asked, "/admin/totp"), "{}", asked.body);
    browser
}

/// AUT-04, AUT-05: a code of the sign-in: wrong it is one failure, right it is one session, and whoever presses again is in.
#[test]
fn a_code_of_the_sign_in() {
    let app = TestApp::start();
    let factor = enrol(&app, "owner");
    let code = "/admin/totp";
    let sessions = || app.number("SELECT count(*) FROM sessions WHERE kind = 1");
    let browser = waiting(&app, "owner");
    let page = browser.get(code);
    let wrong = press(&browser, code, &filled(&page, code, &[("code", "000000")]), TIMES);
    assert_eq!((alike(&wrong).0, failures(&app), sessions()), (401, 1, 0));
    assert!(wrong.iter().all(|answer| has_form(answer, code)));
    let right = filled(&page, code, &[("code", &factor.code(&app))]);
    let (status, to) = alike(&press(&browser, code, &right, TIMES));
    assert_eq!((status, to.as_deref()), (303, Some("/admin/orders")));
    assert_eq!((sessions(), failures(&app)), (1, 0));
    // Once the reply has come, the button pressed again leads on.
    let in_now = browser.post(code, &right, &[crate::pages::OURS]);
    assert_eq!(in_now.status, 303, "{}", in_now.body);
    let again = browser.post(code, &right, &[crate::pages::OURS]);
    assert_eq!(
        (again.status, again.header("location")),
        (303, Some("/admin/orders"))
    );
    assert_eq!((sessions(), browser.get("/admin/orders").status), (1, 200));
}

/// AUT-05: a second factor: set up once, with ten codes; ten others once; and taken away once.
#[test]
fn a_second_factor() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let codes = || app.number("SELECT count(*) FROM recovery_codes");
    let (at, profile) = ("/admin/factor", "/admin/profile");
    ten_times(&owner, at, at, &[]);
    assert_eq!(done(&app, "user.totp_begun"), 1);
    let seed = marked(&owner.get(at), "data-seed").replace(' ', "");
    let typed = [("code", &*code_of(&app, &seed))];
    let told = ten_times(&owner, at, "/admin/factor/confirm", &typed);
    assert!(told.starts_with("/admin/secrets?done="), "{told}");
    assert_eq!((done(&app, "user.totp_added"), codes()), (1, 10));
    ten_times(&owner, profile, "/admin/factor/codes", &[]);
    assert_eq!((done(&app, "user.recovery_codes_made"), codes()), (1, 10));
    app.clock.pass(STEP);
    let typed = [("code", &*code_of(&app, &seed))];
    ten_times(&owner, profile, "/admin/factor/remove", &typed);
    assert_eq!((done(&app, "user.totp_removed"), codes()), (1, 0));
}

/// T14: what is told once is taken once.
#[test]
fn what_is_told_once() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let typed = [("name", "Scales"), ("permission", "orders:read"), ("days", "30")];
    let made = owner.submit(&owner.get("/admin/api-keys/new"), "/admin/api-keys", &typed);
    let page = owner.follow(&made);
    assert!(page.body.contains("The key is made."), "{}", page.body);
    let (_, rest) = page.body.split_once("action=\"/admin/secrets/").unwrap();
    let action = format!("/admin/secrets/{}", rest.split('"').next().unwrap());
    ten_times(&owner, "/admin/secrets", &action, &[]);
    assert_eq!(app.number("SELECT count(*) FROM one_time_secrets"), 0);
}

/// AUT-10: an address that is proved.
#[test]
fn an_address() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    let typed = [("email", "new@shop.test")];
    ten_times(&owner, "/admin/profile", "/admin/profile/email", &typed);
    assert_eq!(done(&app, "user.email_asked"), 1);
    let path = format!("/address/{}", crate::passwords::newest_link(&app).1);
    ten_times(&owner, &path, &path, &[]);
    assert_eq!(done(&app, "user.email_proved"), 1);
}

/// A16: somebody else's session, ended from their page, and one of the list of all.
#[test]
fn anothers_session() {
    let app = TestApp::start();
    let owner = Browser::signed_in(&app, "owner");
    Browser::signed_in(&app, "staff");
    let id = app.number("SELECT id FROM users WHERE username = 'staff'");
    let open = format!("SELECT count(*) FROM sessions WHERE user_id = {id} AND ended_at IS NULL");
    let before = app.number(&open);
    let at = format!("/admin/users/{id}");
    ten_times(&owner, &at, &format!("{at}/sessions"), &[]);
    assert_eq!(
        (done(&app, "auth.session_revoked"), app.number(&open)),
        (1, before - 1)
    );
    let all = owner.get("/admin/sessions");
    let (_, rest) = all.body.split_once("action=\"/admin/sessions/").unwrap();
    let one = format!("/admin/sessions/{}", rest.split('"').next().unwrap());
    ten_times(&owner, "/admin/sessions", &one, &[]);
    assert_eq!(done(&app, "auth.session_revoked"), 2);
}

/// A shop with an order whose money is reserved.
fn reserved() -> TestApp {
    let app = shop();
    app.change("INSERT INTO settings VALUES ('payments.capture', 'on_ship')");
    let id = order(&app);
    assert_eq!(charge(&app, id, "tok_good")["status"], "authorized");
    app
}

/// N3, E5: money that comes by hand, is taken of what was reserved, or is let go.
#[test]
fn money() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 10);
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    let owner = Browser::signed_in(&app, "owner");
    let (order, by_hand) = ("/admin/orders/1", "/admin/orders/1/payments");
    ten_times(&owner, order, by_hand, &[("amount", "4.00")]);
    assert_eq!(
        app.number("SELECT count(*) * 1000 + sum(captured) FROM payments"),
        1_400
    );

    let app = reserved();
    let owner = Browser::signed_in(&app, "owner");
    ten_times(
        &owner,
        order,
        "/admin/payments/1/capture",
        &[("capture-1", "6.00")],
    );
    app.settle();
    assert_eq!(standing(&app, 1)[2], "6.00");
    assert_eq!(app.number("SELECT sum(captured) FROM sandbox_payments"), 600);

    let app = reserved();
    let owner = Browser::signed_in(&app, "owner");
    ten_times(&owner, order, "/admin/payments/1/void", &[]);
    assert_eq!(done(&app, "payment.asked"), 1);
    app.settle();
    assert_eq!(
        app.number("SELECT count(*) FROM sandbox_payments WHERE state = 3"),
        1
    );
}

/// E1: the shopper's decision on the sandbox's page.
#[test]
fn a_decision_of_the_shopper() {
    let app = shop();
    let order = order(&app);
    let body = json!({ "order_id": order, "return_url": "/admin/login" });
    let payment = app.post("ann", "/api/v1/payments/initiate", body).json();
    let path = payment["redirect_url"].as_str().unwrap();
    let to = ten_times(&Browser::new(&app), path, path, &[("outcome", "approve")]);
    assert_eq!(to, "/admin/login");
    app.settle();
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    assert_eq!(app.number("SELECT count(*) FROM payments"), 1);
}

/// E8: an invoice that is issued by hand.
#[test]
fn an_invoice() {
    let app = shop();
    let id = order(&app);
    let owner = Browser::signed_in(&app, "owner");
    let at = format!("/admin/orders/{id}");
    ten_times(&owner, &at, &format!("{at}/invoice"), &[]);
    assert_eq!(app.number("SELECT count(*) FROM invoices"), 1);
    assert_eq!(done(&app, "invoice.issued"), 1);
}

/// E4: a message of a provider that was parked.
#[test]
fn a_parked_message() {
    let app = shop();
    let id = order(&app);
    assert_eq!(charge(&app, id, "tok_good")["status"], "captured");
    app.settle();
    let dead = InboxState::Dead as i64;
    app.execute(&format!(
        "UPDATE inbox SET state = {dead}, processed_at = NULL WHERE id = 1"
    ));
    let owner = Browser::signed_in(&app, "owner");
    let at = "/admin/payments/inbox?status=dead";
    ten_times(&owner, at, "/admin/payments/inbox/1", &[]);
    assert_eq!(done(&app, "inbox.retried"), 1);
}

/// H6: an endpoint that was turned off, and a delivery that has died.
#[test]
fn an_endpoint_and_its_delivery() {
    let (app, sink) = (crate::webhooks::shop(), Sink::start());
    crate::webhooks::endpoint(&app, &sink.url(), &["order.created"]);
    sink.say(|_| Say::Body(410, Vec::new()));
    crate::webhooks::order(&app);
    app.deliver();
    app.deliver();
    sink.answer(204);
    let owner = Browser::signed_in(&app, "owner");
    let at = "/admin/webhooks/1";
    ten_times(&owner, at, &format!("{at}/on"), &[]);
    assert_eq!(done(&app, "webhook.endpoint_changed"), 1);
    let page = owner.get(at);
    let (_, rest) = page.body.split_once("data-shown=\"").unwrap();
    let retry = format!(
        "/admin/webhooks/deliveries/{}/retry",
        rest.split('"').next().unwrap()
    );
    ten_times(&owner, at, &retry, &[]);
    assert_eq!(done(&app, "webhook.delivery_retried"), 1);
    let heard = sink.heard().len();
    app.deliver();
    app.deliver();
    assert_eq!(sink.heard().len(), heard + 1);
}
