//! What providers tell: who may tell, what is kept, and what becomes of it.

use serde_json::Value;
use serde_json::json;
use till::secret;

use crate::app::TestApp;
use crate::client::Answer;
use crate::payments::begin;
use crate::payments::order;
use crate::payments::shop_with;
use crate::payments::standing;

const SECRET: &str = "a secret of thirty-two bytes: 012";
const FORMER: &str = "another of thirty-two bytes: 0123";
const DOOR: &str = "/api/v1/payments/webhook";

/// A shop that knows the secrets of whoever tells. The sandbox sends nothing of its own.
pub fn shop() -> TestApp {
    shop_with(|payments| {
        let key = |text: &str| Some(till::config::Secret::new(text.to_owned()));
        payments.secrets.webhook = key(SECRET);
        payments.secrets.webhook_former = key(FORMER);
        payments.sandbox_drop_percent = 100;
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn signature(secret: &str, seconds: i64, body: &[u8]) -> String {
    hex(&secret::mac(
        secret.as_bytes(),
        &[seconds.to_string().as_bytes(), b".", body],
    ))
}

fn seconds(app: &TestApp) -> i64 {
    app.clock.now().ms() / 1000
}

fn send(app: &TestApp, header: &str, body: &[u8]) -> Answer {
    let headers = [("till-signature", header), ("content-type", "application/json")];
    app.client().send_bytes("POST", DOOR, &headers, body)
}

/// Tells what happened, well signed.
pub fn tell(app: &TestApp, body: &Value) -> Answer {
    let body = body.to_string().into_bytes();
    let at = seconds(app);
    send(app, &format!("t={at},v1={}", signature(SECRET, at, &body)), &body)
}

pub fn news(id: &str, kind: &str, payment: &Value) -> Value {
    json!({ "id": id, "type": kind, "created": 1_772_366_400, "data": {
        "payment_id": payment["id"], "order_id": payment["order_id"], "provider_ref": payment["provider_ref"],
        "amount": "9.00", "currency": "EUR",
    } })
}

fn is_refused(answer: &Answer, why: &str) {
    assert_eq!(
        (answer.status, answer.code()),
        (400, 1004),
        "{why}: {}",
        answer.body
    );
}

/// PWH-01, PWH-03: the bytes as they came, every bit of them and of their signature; either secret is good.
#[test]
fn only_the_bytes_that_were_signed_pass() {
    let app = shop();
    let body = br#"{"id":"evt_1","type":"ping","data":{}}"#.to_vec();
    let at = seconds(&app);
    let good = signature(SECRET, at, &body);
    for bit in (0..body.len() * 8).step_by(5) {
        let mut flipped = body.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        is_refused(
            &send(&app, &format!("t={at},v1={good}"), &flipped),
            "a bit of the body",
        );
    }
    for nibble in 0..64 {
        let mut flipped = good.clone().into_bytes();
        flipped[nibble] = if flipped[nibble] == b'0' { b'1' } else { b'0' };
        let flipped = String::from_utf8(flipped).unwrap();
        is_refused(
            &send(&app, &format!("t={at},v1={flipped}"), &body),
            "a nibble of the signature",
        );
    }
    for length in (0..32).chain([33]) {
        let mut part = hex(&[0; 33]);
        part.replace_range(..64, &good);
        is_refused(
            &send(&app, &format!("t={at},v1={}", &part[..length * 2]), &body),
            "another length",
        );
    }
    let others = vec![format!("v1={}", hex(&[7; 32])); 16].join(",");
    for header in [
        String::new(),
        format!("v1={good}"),
        format!("t={at}"),
        format!("t={at},v0={good}"),
        format!("t={at},t={at},v1={good}"),
        format!("t={},v1={good}", at + 1),
        format!("t= {at},v1={good}x"),
        format!("t={at},{others},v1={good}"),
        "t=9223372036854775807,v1=00".to_owned(),
    ] {
        is_refused(&send(&app, &header, &body), &header);
    }
    let none = app.client().send_bytes("POST", DOOR, &[], &body);
    is_refused(&none, "no signature");
    assert_eq!(app.number("SELECT count(*) FROM inbox"), 0);
    let former = signature(FORMER, at, &body);
    for header in [
        format!("t={at},v1={},v1={former}", hex(&[7; 32])),
        format!("t={at}, v1={good}, v2=more"),
    ] {
        assert_eq!(send(&app, &header, &body).status, 200, "{header}");
    }
}

/// PWH-01: what was signed is neither cut off nor written otherwise.
#[test]
fn only_the_words_that_were_signed_pass() {
    let app = shop();
    let text = r#"{"id":"evt_1","type":"ping","data":{}}"#;
    let at = seconds(&app);
    let good = signature(SECRET, at, text.as_bytes());
    for (why, other) in [
        ("cut off", text[..text.len() - 1].to_owned()),
        ("nothing", String::new()),
        ("a line more", format!("{text}\n")),
        ("a mark before it", format!("\u{feff}{text}")),
        ("spaces", text.replace(':', ": ")),
        (
            "another order",
            r#"{"type":"ping","id":"evt_1","data":{}}"#.to_owned(),
        ),
        ("escaped", text.replace("ping", "\\u0070ing")),
        (
            "a field twice",
            text.replace("\"data\"", "\"id\":\"evt_2\",\"data\""),
        ),
    ] {
        is_refused(&send(&app, &format!("t={at},v1={good}"), other.as_bytes()), why);
    }
    assert_eq!(app.number("SELECT count(*) FROM inbox"), 0);
    let taken = send(&app, &format!("t={at},v1={good}"), text.as_bytes());
    assert_eq!(taken.status, 200, "{}", taken.body);
}

/// I14, NET-02: a message of 1 MiB is taken and none that is longer, as it was signed and not encoded.
#[test]
fn a_message_is_a_mebibyte_at_most_and_never_encoded() {
    const MOST: usize = 1 << 20;
    let app = shop();
    let of = |length: usize| {
        let frame = r#"{"id":"evt_1","type":"ping","data":""}"#;
        let filler = "x".repeat(length - frame.len());
        frame.replace("\"\"}", &format!("\"{filler}\"}}")).into_bytes()
    };
    let signed = |body: &[u8]| {
        let at = seconds(&app);
        format!("t={at},v1={}", signature(SECRET, at, body))
    };
    let long = of(MOST + 1);
    let refused = send(&app, &signed(&long), &long);
    assert_eq!((refused.status, refused.code()), (413, 2007), "{}", refused.body);
    let short = of(64);
    for encoding in ["gzip", "identity", "br, gzip", ""] {
        let header = signed(&short);
        let headers = [
            ("till-signature", header.as_str()),
            ("content-encoding", encoding),
        ];
        for door in [
            DOOR,
            "/api/v1/payments/webhook/stripe",
            "/api/v1/payments/webhook/razorpay",
        ] {
            let refused = app.client().send_bytes("POST", door, &headers, &short);
            assert_eq!((refused.status, refused.code()), (415, 2006), "{door} {encoding}");
        }
    }
    assert_eq!(app.number("SELECT count(*) FROM inbox"), 0);
    let body = of(MOST);
    assert_eq!(send(&app, &signed(&body), &body).status, 200);
    assert_eq!(app.number("SELECT length(body) FROM inbox"), MOST as i64);
    app.settle();
    assert_eq!(app.number("SELECT state FROM inbox"), 1);
}

/// PWH-02
#[test]
fn a_message_is_good_for_five_minutes_both_ways() {
    let app = shop();
    for (apart, is_good) in [(-301, false), (-299, true), (0, true), (299, true), (301, false)] {
        let body = format!("{{\"id\":\"evt_{apart}\",\"type\":\"ping\"}}").into_bytes();
        let at = seconds(&app) + apart;
        let answer = send(
            &app,
            &format!("t={at},v1={}", signature(SECRET, at, &body)),
            &body,
        );
        assert_eq!(answer.status == 200, is_good, "{apart}: {}", answer.body);
    }
}

/// E2: without a secret of 32 bytes there is no such door.
#[test]
fn without_a_secret_there_is_no_door() {
    for short in [None, Some("31 bytes are too short to sign.")] {
        let app = TestApp::start_with(|config| {
            config.payments.secrets.webhook = short.map(|text| till::config::Secret::new(text.to_owned()));
        });
        let answer = tell(&app, &json!({ "id": "evt_1", "type": "ping" }));
        assert_eq!((answer.status, answer.code()), (404, 3001), "{}", answer.body);
    }
}

/// PWH-04: what is told ten times at once is kept once and takes effect once.
#[test]
fn what_is_told_twice_happens_once() {
    let app = shop();
    let order = order(&app);
    let payment = begin(&app, order);
    let body = news("evt_1", "payment.succeeded", &payment);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let tells: Vec<_> = (0..10).map(|_| scope.spawn(|| tell(&app, &body))).collect();
        tells.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let fresh = answers
        .iter()
        .filter(|answer| answer.json() == json!({ "received": true, "duplicate": false }));
    assert_eq!(fresh.count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 200));
    app.settle();
    assert_eq!(tell(&app, &body).json()["duplicate"], true);
    app.settle();
    assert_eq!(
        standing(&app, order),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    assert_eq!(app.number("SELECT count(*) FROM events WHERE type = 8"), 1);
}

/// PWH-07: amount, currency and ids are those of the payment, or nothing moves and staff see why.
#[test]
fn what_does_not_agree_is_set_aside() {
    let app = shop();
    let order = order(&app);
    let payment = begin(&app, order);
    for (at, (field, value)) in [
        ("amount", json!("9.01")),
        ("amount", json!("0.09")),
        ("amount", json!("900")),
        ("currency", json!("USD")),
        ("currency", json!("JPY")),
        ("payment_id", json!(99)),
        ("order_id", json!(99)),
        ("captured", json!("9.01")),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = news(&format!("evt_{at}"), "payment.succeeded", &payment);
        body["data"][field] = value;
        if field == "currency" && body["data"]["currency"] == "JPY" {
            body["data"]["amount"] = json!("900");
        }
        assert_eq!(tell(&app, &body).status, 200);
    }
    app.settle();
    let aside = app
        .get("staff", "/api/v1/payments/webhook-events?status=quarantined")
        .json();
    assert_eq!(aside["data"].as_array().unwrap().len(), 8, "{aside}");
    assert_eq!(
        aside["data"][0]["failure"],
        "The amount is not what was asked for."
    );
    assert_eq!(
        standing(&app, order),
        json!(["pending", "unpaid", "0.00", "0.00", "9.00"])
    );
    let noted = app
        .get("owner", "/api/v1/audit-logs?action=payment.quarantined")
        .json();
    assert_eq!(noted["data"].as_array().unwrap().len(), 8);
}

/// E3: what is not known yet is tried again, ever more slowly, until it is dead; staff make it due again.
#[test]
fn what_is_unknown_is_tried_until_it_is_dead() {
    let app = shop();
    let ghost = json!({ "id": 9, "order_id": 9, "provider_ref": "sbx_ghost" });
    assert_eq!(
        tell(&app, &news("evt_1", "payment.succeeded", &ghost)).status,
        200
    );
    app.settle();
    let first = app.get("owner", "/api/v1/payments/webhook-events").json()["data"][0].clone();
    assert_eq!(
        json!([first["status"], first["attempts"]]),
        json!(["received", 1])
    );
    for _ in 0..40 {
        app.clock.pass(15 * 3_600_000);
        app.settle();
    }
    app.forget_tokens();
    let dead = app
        .get("owner", "/api/v1/payments/webhook-events?status=dead")
        .json()["data"][0]
        .clone();
    assert_eq!(json!([dead["status"], dead["attempts"]]), json!(["dead", 30]));
    assert_eq!(dead["failure"], "There is no such payment yet.");
    // Now it is there.
    let order = order(&app);
    let payment = begin(&app, order);
    app.change("UPDATE payments SET provider_ref = 'sbx_ghost'");
    app.change("UPDATE sandbox_payments SET ref = 'sbx_ghost'");
    let path = format!("/api/v1/payments/webhook-events/{}/retry", dead["id"]);
    assert_eq!(
        app.send("POST", "owner", &path, &[], None).json()["status"],
        "received"
    );
    app.settle();
    let aside = app.get("owner", "/api/v1/payments/webhook-events").json()["data"][0].clone();
    assert_eq!(
        aside["status"], "quarantined",
        "it names another payment than {}",
        payment["id"]
    );
    let again = tell(&app, &json!({ "id": "evt_2", "type": "ping" }));
    assert_eq!(again.status, 200);
    app.settle();
    let done = app.get("owner", "/api/v1/payments/webhook-events").json()["data"][0].clone();
    let path = format!("/api/v1/payments/webhook-events/{}/retry", done["id"]);
    let refused = app.send("POST", "owner", &path, &[], None);
    assert_eq!((refused.status, refused.code()), (409, 6003), "{}", refused.body);
}

/// E3: what failed together is not tried again together: each wait is a fifth longer or shorter at most.
#[test]
fn what_waits_comes_again_at_its_own_moment() {
    let app = shop();
    let body = json!({ "id": "evt", "type": "payment.failed", "data": "nothing" }).to_string();
    let receive = move |tx: &till::shop::Tx| {
        for number in 0..300 {
            let name = format!("evt_{number}");
            let provider = till::domain::payment::Provider::Sandbox;
            till::shop::payments::receive(tx, provider, &name, "payment.failed", body.as_bytes())?;
        }
        Ok(())
    };
    app.app().store().write(receive).unwrap();
    for doublings in 0..6 {
        app.settle();
        let ms =
            |which: &str| app.number(&format!("SELECT {which}(due_at) FROM inbox")) - app.clock.now().ms();
        let (least, most, published) = (ms("min"), ms("max"), 1000 << doublings);
        assert!(
            least * 5 >= published * 4 && most * 5 <= published * 6,
            "{least} {most}"
        );
        assert!(
            (most - least) * 10 > published * 3,
            "{least} {most}: they come together"
        );
        app.clock.pass(most);
    }
}

/// PWH-04, K12: what was told is kept for 90 days, and the newest for ever.
#[test]
fn what_was_told_is_kept_for_ninety_days() {
    let app = shop();
    for id in ["evt_1", "evt_2"] {
        assert_eq!(tell(&app, &json!({ "id": id, "type": "ping" })).status, 200);
    }
    app.settle();
    app.clock.pass(89 * 86_400_000);
    app.sweep();
    assert_eq!(app.number("SELECT count(*) FROM inbox"), 2);
    app.clock.pass(2 * 86_400_000);
    app.sweep();
    assert_eq!(app.number("SELECT id FROM inbox"), 2);
}

/// PWH-05: in whatever order five messages come, and with some of them twice, the end is the same.
#[test]
fn any_order_of_messages_gives_the_same_end() {
    let app = shop();
    let mut order_of = vec![0, 1, 2, 3, 4];
    let mut ends = std::collections::BTreeSet::new();
    for round in 0..120 {
        let order = order(&app);
        let payment = begin(&app, order);
        let refund = |kind: &str, name: &str, amount: &str| {
            let mut body = news("", kind, &payment);
            body["data"]["refund_ref"] = json!(format!("{name}_{round}"));
            body["data"]["amount"] = json!(amount);
            body
        };
        let all = [
            news("", "payment.authorized", &payment),
            news("", "payment.failed", &payment),
            news("", "payment.succeeded", &payment),
            refund("refund.succeeded", "re_1", "4.00"),
            refund("refund.failed", "re_2", "2.00"),
        ];
        for (at, which) in order_of.iter().enumerate() {
            let mut body = all[*which].clone();
            body["id"] = json!(format!("evt_{round}_{which}"));
            assert_eq!(tell(&app, &body).status, 200);
            if at % 2 == round % 2 {
                app.settle();
            }
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
    let end = json!(["processing", "partially_refunded", "9.00", "4.00", "0.00"]).to_string();
    assert_eq!(ends, [(end, 5_900_400)].into());
    assert_eq!(app.number("SELECT count(*) FROM inbox WHERE state <> 1"), 0);
}

/// The next in lexical order; the first again after the last.
pub fn next_permutation(of: &mut [usize]) {
    let Some(at) = (1..of.len()).rev().find(|at| of[at - 1] < of[*at]) else {
        of.sort_unstable();
        return;
    };
    let with = (at..of.len()).rev().find(|with| of[*with] > of[at - 1]).unwrap();
    of.swap(at - 1, with);
    of[at..].reverse();
}
