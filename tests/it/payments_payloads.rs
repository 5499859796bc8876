//! Every payload that Stripe and Razorpay have been recorded to send, each to a shop that waits for it: none is set aside,
//! none is left over, and each has the end that it tells of.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;
use till::domain::payment::Provider;

use crate::app::TestApp;
use crate::payments::standing;
use crate::payments_inbox::next_permutation;
use crate::payments_recorded::razorpay;
use crate::payments_recorded::recorded;
use crate::payments_recorded::shop;
use crate::payments_recorded::stripe;

/// A payload and the payment that it tells of.
struct Told {
    provider: Provider,
    kind: String,
    body: Vec<u8>,
    /// What comes first, so that there is money to give back.
    before: Option<Vec<u8>>,
    name: String,
    charge: Option<String>,
    amount: i64,
    currency: String,
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn of_razorpay(event: &Value, body: Vec<u8>) -> Told {
    let entity = |noun: &str| &event["payload"][noun]["entity"];
    let (charge, link) = (entity("payment"), entity("payment_link"));
    let main = if charge.is_object() { charge } else { link };
    let kind = event["event"].as_str().unwrap().to_owned();
    let before = (kind.starts_with("refund.")).then(|| {
        let captured = json!({ "event": "payment.captured", "payload": { "payment": { "entity": charge } } });
        captured.to_string().into_bytes()
    });
    let is_told_by_charge = before.is_some() || kind.starts_with("payment.dispute.");
    Told {
        provider: Provider::Razorpay,
        before,
        body,
        name: text(&link["id"])
            .or(text(&charge["order_id"]))
            .unwrap_or("order_unnamed".to_owned()),
        charge: text(&charge["id"]).filter(|_| is_told_by_charge),
        amount: main["amount"].as_i64().unwrap(),
        currency: "INR".to_owned(),
        kind,
    }
}

fn of_stripe(event: &Value, body: Vec<u8>) -> Told {
    let object = &event["data"]["object"];
    let kind = event["type"].as_str().unwrap().to_owned();
    let id = text(&object["id"]);
    let charge = match object["object"].as_str() {
        Some("charge") => id.clone(),
        _ => text(&object["charge"]),
    };
    let is_named = ["payment_intent.", "checkout."]
        .iter()
        .any(|noun| kind.starts_with(noun));
    let name = id.filter(|_| is_named).unwrap_or("pi_another".to_owned());
    let amount = [&object["amount_total"], &object["amount"]];
    let amount = amount.iter().find_map(|amount| amount.as_i64()).unwrap_or(100);
    let before = kind.contains("refund").then(|| {
        let mut paid: Value =
            serde_json::from_slice(&recorded("stripe/payment_intent.succeeded.json")).unwrap();
        paid["id"] = json!("evt_before");
        for (field, value) in [
            ("id", json!(name)),
            ("amount", json!(amount)),
            ("amount_received", json!(amount)),
        ] {
            paid["data"]["object"][field] = value;
        }
        paid.to_string().into_bytes()
    });
    Told {
        provider: Provider::Stripe,
        kind,
        body,
        before,
        name,
        charge,
        amount,
        currency: "USD".to_owned(),
    }
}

/// How far the order is paid when it has been told, whether the payment is flagged, and whether it was given up.
fn end_of(kind: &str) -> (&'static str, bool, bool) {
    match kind {
        "payment.captured" | "order.paid" | "payment_link.paid" => ("paid", false, false),
        "payment_intent.succeeded" | "checkout.session.completed" => ("paid", false, false),
        "payment.authorized" => ("authorized", false, false),
        "payment.failed" | "payment_intent.payment_failed" => ("failed", false, false),
        "payment_link.cancelled" | "payment_link.expired" | "payment_intent.canceled" => {
            ("unpaid", false, true)
        }
        "refund.created" | "refund.processed" => ("partially_refunded", false, false),
        // It changes how fast the money goes back, and gives none itself.
        "refund.failed" | "refund.speed_changed" => ("paid", false, false),
        "charge.refund.updated" | "charge.refunded" => ("refunded", false, false),
        kind if kind.contains(".dispute.") => ("unpaid", true, false),
        _ => ("unpaid", false, false),
    }
}

fn tell(app: &TestApp, told: &Told, id: &str, body: &[u8]) {
    let answer = match told.provider {
        Provider::Stripe => stripe(app, body),
        _ => razorpay(app, id, body),
    };
    assert_eq!(
        answer.json(),
        json!({ "received": true, "duplicate": false }),
        "{}",
        told.kind
    );
}

fn goes_through(path: &Path, told: &Told) {
    let charge = told.charge.as_deref();
    let app = shop(told.provider, &told.currency, told.amount, &told.name, charge);
    if let Some(before) = &told.before {
        tell(&app, told, "before", before);
    }
    tell(&app, told, "it", &told.body);
    let aside = "SELECT count(*) FROM inbox WHERE state <> 1";
    let shown = app.get("owner", "/api/v1/payments/webhook-events").json()["data"][0].clone();
    assert_eq!(app.number(aside), 0, "{}: {}", path.display(), shown["failure"]);
    let payment = app.get("owner", "/api/v1/payments/1").json();
    let end = json!([
        standing(&app, 1)[1],
        payment["disputed"],
        payment["status"] == "voided"
    ]);
    let (status, is_disputed, is_voided) = end_of(&told.kind);
    assert_eq!(
        end,
        json!([status, is_disputed, is_voided]),
        "{}: {}",
        path.display(),
        told.kind
    );
}

/// Every event below a folder; how many of each provider.
fn all_below(root: &Path) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for provider in [Provider::Stripe, Provider::Razorpay] {
        let mut files: Vec<PathBuf> = std::fs::read_dir(root.join(provider.name()))
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect();
        files.sort();
        for path in files {
            let body = std::fs::read(&path).unwrap();
            let event: Value = serde_json::from_slice(&body).unwrap();
            let told = match provider {
                Provider::Stripe if event["type"].is_string() => of_stripe(&event, body),
                Provider::Razorpay if event["event"].is_string() => of_razorpay(&event, body),
                // Not an event: a signature, objects by themselves.
                _ => continue,
            };
            goes_through(&path, &told);
            *counts.entry(provider.name()).or_default() += 1;
        }
    }
    counts
}

/// E2, PWH-07: what Razorpay tells of payments by bank, UPI and wallet has an empty currency, and is theirs all the same.
#[test]
fn recorded_payloads_go_through_the_inbox() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures");
    let counts = all_below(&root);
    assert_eq!(counts, [("razorpay", 18), ("stripe", 8)].into());
}

/// The same with all that was recorded, where it lies beside this folder or where `WEBHOOK_DATA` says.
#[test]
#[ignore = "by hand: needs the whole set of recorded payloads"]
fn all_recorded_payloads_go_through_the_inbox() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/webhooks");
    let set = std::env::var_os("WEBHOOK_DATA").map_or(beside, PathBuf::from);
    let counts = all_below(&set);
    println!("{counts:?} payloads from {}", set.display());
    assert_eq!(counts, [("razorpay", 32), ("stripe", 17)].into());
}

/// PWH-07: an empty currency is none; another one, or none at all, is set aside, and so is another amount.
#[test]
fn an_empty_currency_says_nothing_of_another_amount() {
    let name = "order_DESlLckIVRkHWj";
    let app = shop(Provider::Razorpay, "INR", 100, name, None);
    let captured = "razorpay/payment.captured.netbanking.json";
    let of_payment = |field: &str, value: Value| {
        let mut body: Value = serde_json::from_slice(&recorded(captured)).unwrap();
        body["payload"]["payment"]["entity"][field] = value;
        body
    };
    let mut of_order = of_payment("currency", json!(""));
    of_order["event"] = json!("order.paid");
    of_order["payload"]["order"] = json!({ "entity": { "id": name, "amount": 100, "currency": "USD" } });
    let mut twice = of_order.clone();
    twice["payload"]["payment"]["entity"]["currency"] = json!("INR");
    for (what, body) in [
        ("amount", of_payment("amount", json!(101))),
        ("currency", of_payment("currency", json!("USD"))),
        ("nothing", of_payment("currency", Value::Null)),
        ("order", of_order.clone()),
        ("twice", twice),
    ] {
        razorpay(&app, what, body.to_string().as_bytes());
        let shown = app.get("owner", "/api/v1/payments/webhook-events").json()["data"][0].clone();
        assert_eq!(
            json!([shown["event_id"], shown["status"]]),
            json!([what, "quarantined"])
        );
        assert_eq!(standing(&app, 1)[1], "unpaid", "{what}");
    }
    of_order["payload"]["order"]["entity"]["currency"] = json!("INR");
    razorpay(&app, "good", of_order.to_string().as_bytes());
    assert_eq!(standing(&app, 1)[1], "paid");
}

/// In each of the orders in which five messages may come: their payment's end, and what its order says.
fn ends(
    provider: Provider,
    (currency, total): (&str, i64),
    messages: impl Fn(usize) -> (String, [Value; 5]),
) -> BTreeSet<(String, i64)> {
    let app = shop(provider, currency, total, "of_the_first", None);
    let more = json!({ "sku": "MUG", "delta": 120, "reason": "restock" });
    assert_eq!(app.post("owner", "/api/v1/stock/adjustments", more).status, 201);
    let mut order_of = vec![0, 1, 2, 3, 4];
    let mut ends = BTreeSet::new();
    for round in 0..120 {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }], "payment_method": provider.name() });
        let order = app.post("ann", "/api/v1/orders", body).json()["id"]
            .as_i64()
            .unwrap();
        let begun = app.post("ann", "/api/v1/payments/initiate", json!({ "order_id": order }));
        assert_eq!(begun.status, 502, "nobody listens there: {}", begun.body);
        let (name, messages) = messages(round);
        app.change(&format!(
            "UPDATE payments SET state = 1, provider_ref = '{name}' WHERE order_id = {order}"
        ));
        app.change("UPDATE payment_tasks SET state = 2");
        for which in &order_of {
            let id = format!("evt_{round}_{which}");
            let mut body = messages[*which].clone();
            body["id"] = json!(id);
            let body = body.to_string().into_bytes();
            let answer = match provider {
                Provider::Stripe => stripe(&app, &body),
                _ => razorpay(&app, &id, &body),
            };
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        // What came too early is tried again, and once more what waited for that.
        for _ in 0..2 {
            app.clock.pass(30_000);
            app.settle();
        }
        let sums =
            "SELECT state * 1000000 + captured * 1000 + refunded FROM payments ORDER BY id DESC LIMIT 1";
        ends.insert((standing(&app, order).to_string(), app.number(sums)));
        next_permutation(&mut order_of);
        if round % 8 == 7 {
            app.forget_tokens();
        }
    }
    assert_eq!(app.number("SELECT count(*) FROM inbox WHERE state <> 1"), 0);
    ends
}

/// A recorded payload with other names in it.
fn renamed(path: &str, names: &[(&str, &str)]) -> Value {
    let text = String::from_utf8(recorded(path)).unwrap();
    let text = names.iter().fold(text, |text, (from, to)| text.replace(from, to));
    serde_json::from_str(&text).unwrap()
}

/// PWH-05
#[test]
fn any_order_of_what_stripe_tells_gives_the_same_end() {
    let ends = ends(Provider::Stripe, ("USD", 2000), |round| {
        let intent = format!("pi_{round}");
        let of = |kind: &str| {
            let path = format!("stripe/payment_intent.{kind}.json");
            renamed(&path, &[("pi_000000000000000000000000", intent.as_str())])
        };
        let mut refund = renamed("stripe/charge.refund.updated.json", &[]);
        refund["data"]["object"]["payment_intent"] = json!(intent);
        refund["data"]["object"]["id"] = json!(format!("re_{round}"));
        let told = [
            of("requires_action"),
            of("payment_failed"),
            of("succeeded"),
            of("canceled"),
            refund,
        ];
        (intent, told)
    });
    let end = json!(["processing", "partially_refunded", "20.00", "1.00", "0.00"]);
    assert_eq!(ends, [(end.to_string(), 7_000_100)].into());
}

/// PWH-05
#[test]
fn any_order_of_what_razorpay_tells_gives_the_same_end() {
    let ends = ends(Provider::Razorpay, ("INR", 100), |round| {
        let (order, charge) = (format!("order_{round}"), format!("pay_{round}"));
        let of = |path: &str| {
            let names = [
                ("order_DESlLckIVRkHWj", order.as_str()),
                ("pay_DESlfW9H8K9uqM", charge.as_str()),
                ("order_DESoU0U4ikYA19", order.as_str()),
                ("pay_DESp9bgForNoUd", charge.as_str()),
            ];
            renamed(&format!("razorpay/{path}.json"), &names)
        };
        let mut refund = of("refund.processed");
        let entity = &mut refund["payload"]["refund"]["entity"];
        entity["payment_id"] = json!(charge);
        entity["amount"] = json!(40);
        entity["id"] = json!(format!("rfnd_{round}"));
        let told = [
            of("payment.failed.card"),
            of("payment.authorized.netbanking"),
            of("payment.captured.netbanking"),
            of("order.paid.card"),
            refund,
        ];
        (order, told)
    });
    let end = json!(["processing", "partially_refunded", "1.00", "0.40", "0.00"]);
    assert_eq!(ends, [(end.to_string(), 5_100_040)].into());
}
