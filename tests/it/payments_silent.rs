//! A provider that does not answer is left alone, and asked by one at a time whether it is well again; what was to be asked
//! of it waits and is asked in the end.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::pages::Browser;
use crate::payments_again::intent;
use crate::payments_again::said;
use crate::payments_again::shop;
use crate::payments_stripe::order;
use crate::sink::Heard;
use crate::sink::Say;
use crate::sink::Sink;

fn figure(app: &TestApp) -> Option<String> {
    let figures = app.client().send("GET", "/metrics", None, &[], None).body;
    let mut lines = figures.lines();
    lines
        .find_map(|line| line.strip_prefix("payment_provider_breaker_open{provider=\"stripe\"} "))
        .map(str::to_owned)
}

fn initiate(app: &TestApp, order: i64) -> u16 {
    let body = json!({ "order_id": order, "payment_method": "pm_1" });
    app.post("ann", "/api/v1/payments/initiate", body).status
}

/// A Stripe that is well: each intent has the name of its payment.
fn well(heard: &Heard) -> Say {
    let name = |id: &str| {
        let mut made = intent("requires_confirmation", 0);
        made["id"] = json!(format!("pi_{id}"));
        made
    };
    let form: Vec<(&str, &str)> = heard
        .body
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let told = form
        .iter()
        .find(|(field, _)| *field == "metadata%5Btill_payment%5D");
    match (told, heard.path.split('/').nth(3)) {
        (Some((_, id)), _) => said(200, &name(id)),
        (None, Some(id)) => {
            let mut done = intent("succeeded", 900);
            done["id"] = json!(id);
            said(200, &done)
        }
        (None, None) => Say::Close,
    }
}

/// IDM-08: what has failed in one moment is not asked again in one moment.
#[test]
fn tries_are_spread() {
    let stripe = Sink::start();
    stripe.say(|_| Say::Close);
    let app = shop(&stripe);
    for _ in 0..8 {
        assert_eq!(initiate(&app, order(&app)), 502);
    }
    let now = app.clock.now().ms();
    let due = |what: &str| app.number(&format!("SELECT {what} FROM payment_tasks WHERE state = 1"));
    assert!(due("count(DISTINCT due_at)") > 2);
    assert!(due("min(due_at)") - now >= 4_000);
    assert!(due("max(due_at)") - now <= 6_000);
}

/// PAGES, payments: staff see what a payment waits for and why; its payer does not.
#[test]
fn staff_see_why_a_payment_hangs() {
    let stripe = Sink::start();
    stripe.say(|_| said(503, &json!({ "error": { "message": "Out for <b>lunch</b>." } })));
    let app = shop(&stripe);
    let order = order(&app);
    assert_eq!(initiate(&app, order), 502);
    let paths = [
        ("/api/v1/payments/1".to_owned(), "/waiting"),
        (format!("/api/v1/payments/status/{order}"), "/payments/0/waiting"),
    ];
    for (path, at) in &paths {
        let shown = app.get("staff", path).json();
        let waiting = shown.pointer(at).unwrap();
        assert_eq!(
            json!([waiting["op"], waiting["attempts"], waiting["failure"]]),
            json!(["create", 1, "503: Out for <b>lunch</b>."])
        );
        assert_eq!(app.get("ann", path).json().pointer(at), None);
    }
    let listed = app.get("staff", "/api/v1/payments").json()["data"][0].clone();
    assert_eq!(listed["waiting"]["op"], "create");
    let browser = Browser::signed_in(&app, "staff");
    for page in [format!("/admin/orders/{order}"), "/admin/payments".to_owned()] {
        let page = browser.get(&page).body;
        assert!(page.contains("data-waiting=\"create\""), "{page}");
        assert!(page.contains("503: Out for &#60;b&#62;lunch"), "{page}");
    }
    stripe.say(well);
    app.clock.pass(60_000);
    app.settle();
    assert_eq!(app.get("staff", &paths[0].0).json().pointer("/waiting"), None);
}

/// I9, IDM-08
#[test]
fn a_silent_provider_is_left_alone_until_it_answers() {
    let stripe = Sink::start();
    stripe.say(well);
    let app = shop(&stripe);
    assert_eq!(initiate(&app, order(&app)), 201);
    assert_eq!(figure(&app).as_deref(), Some("0"));
    stripe.say(|_| Say::Close);
    stripe.take();
    let orders: Vec<i64> = (0..14).map(|_| order(&app)).collect();
    for order in &orders {
        assert_eq!(initiate(&app, *order), 502);
    }
    // Seven of ten, with the two that it answered before.
    let asked = stripe.take().len();
    assert!((7..=10).contains(&asked), "{asked} were asked");
    assert_eq!(figure(&app).as_deref(), Some("1"));
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get("/admin/payments").body;
    assert!(page.contains("data-silent=\"stripe\""), "{page}");
    app.settle();
    app.clock.pass(29_000);
    app.settle();
    assert_eq!(stripe.take().len(), 0, "it is left alone");
    // A shopper who comes back is not made to wait for it.
    let body = json!({ "payment_id": 1 });
    let paid = app.post("ann", "/api/v1/payments/verify", body.clone());
    assert_eq!((paid.status, paid.code()), (502, 5002), "{}", paid.body);
    for _ in 0..3 {
        app.clock.pass(31_000);
        app.settle();
        assert_eq!(stripe.take().len(), 1, "one looks whether it is well again");
    }
    stripe.say(well);
    app.clock.pass(31_000);
    app.forget_tokens();
    app.settle();
    assert_eq!(figure(&app).as_deref(), Some("0"));
    assert_eq!(app.post("ann", "/api/v1/payments/verify", body).status, 200);
    let page: Value = app
        .get("owner", "/api/v1/payments?status=captured&limit=100")
        .json();
    assert_eq!(page["data"].as_array().unwrap().len(), 15, "nothing is lost");
    assert_eq!(
        app.number("SELECT count(*) FROM payment_tasks WHERE state < 2"),
        0
    );
    assert_eq!(app.number("SELECT count(*) FROM orders WHERE paid <> total"), 0);
}
