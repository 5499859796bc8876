//! Payments through a Stripe that we did not write (localstripe), and signatures made by Stripe's own package. Both are
//! Python's: `JUDGES_PYTHON` names one that has them; elsewhere than in CI their absence is said and passed over.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use till::config::Secret;

use crate::app::TestApp;
use crate::client::Client;
use crate::judges::python;
use crate::payments::standing;

const KEY: &str = "sk_test_12345";
const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

/// It would keep its state in one file for all of them, whose else it may be.
const SERVE: &str = "
import socket, sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda store: None
sock = socket.socket()
sock.bind(('127.0.0.1', 0))
print(sock.getsockname()[1], flush=True)
web.run_app(server.app, sock=sock, print=None)
";

const SIGN: &str = "
import sys, stripe
body, secret, at = sys.stdin.read(), sys.argv[1], sys.argv[2]
print('t=%s,v1=%s' % (at, stripe.WebhookSignature._compute_signature('%s.%s' % (at, body), secret)))
";

/// A running Stripe; dropping it stops it.
pub struct Stripe {
    child: Child,
    client: Client,
}

impl Stripe {
    pub fn start(python: &str) -> Self {
        let mut child = Command::new(python)
            .args(["-c", SERVE])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut port).unwrap();
        let at = SocketAddr::from(([127, 0, 0, 1], port.trim().parse().unwrap()));
        let stripe = Self {
            child,
            client: Client::new(at),
        };
        while std::net::TcpStream::connect(at).is_err() {
            std::thread::yield_now();
        }
        stripe
    }

    /// Asks it as its own clients do.
    pub fn ask(&self, method: &str, path: &str, form: &str) -> Value {
        let key = format!("Bearer {KEY}");
        let headers = [
            ("authorization", key.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = self.client.send_bytes(method, path, &headers, form.as_bytes());
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.json()
    }

    /// A card.
    pub fn card(&self, number: &str) -> String {
        let form =
            format!("type=card&card[number]={number}&card[exp_month]=12&card[exp_year]=2099&card[cvc]=123");
        self.ask("POST", "/v1/payment_methods", &form)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub fn shop(&self) -> TestApp {
        let url = format!("http://{}", self.client.at());
        let app = TestApp::start_with(|config| {
            config.payments.stripe_url = url;
            config.payments.secrets.stripe_key = Some(Secret::new(KEY.to_owned()));
            config.payments.secrets.stripe_webhook = Some(Secret::new(SECRET.to_owned()));
        });
        app.product("MUG", "4.50", 1000);
        app
    }
}

impl Drop for Stripe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn order(app: &TestApp) -> i64 {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }], "payment_method": "stripe" });
    app.post("ann", "/api/v1/orders", body).json()["id"]
        .as_i64()
        .unwrap()
}

pub fn charge(app: &TestApp, order: i64, card: &str) -> Value {
    let body = json!({ "order_id": order, "payment_method": card });
    let begun = app.post("ann", "/api/v1/payments/initiate", body);
    assert_eq!(begun.status, 201, "{}", begun.body);
    begun.json()
}

/// T7: pay, refund half, refund the rest, try to refund more; a card that is declined; and Stripe's own books.
#[test]
fn pay_refund_half_then_the_rest_and_no_more() {
    let Some(python) = python("localstripe, stripe") else {
        return;
    };
    let stripe = Stripe::start(&python);
    let app = stripe.shop();
    let declined = order(&app);
    assert_eq!(
        charge(&app, declined, &stripe.card("4000000000000341"))["status"],
        "failed"
    );
    assert_eq!(standing(&app, declined)[1], "failed");
    let paid = order(&app);
    let payment = charge(&app, paid, &stripe.card("4242424242424242"));
    assert_eq!(payment["status"], "captured", "{payment}");
    assert_eq!(
        standing(&app, paid),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    let path = format!("/api/v1/orders/{paid}/refunds");
    let refund = |amount: &str| app.post("owner", &path, json!({ "amount": amount, "reason": "a chip" }));
    assert_eq!(refund("4.50").json()["status"], "succeeded");
    assert_eq!(refund("4.50").json()["status"], "succeeded");
    let refused = refund("0.01");
    assert_eq!((refused.status, refused.code()), (422, 6001), "{}", refused.body);
    assert_eq!(
        standing(&app, paid),
        json!(["processing", "refunded", "9.00", "9.00", "0.00"])
    );
    let intent = payment["provider_ref"].as_str().unwrap();
    let made = stripe.ask("GET", &format!("/v1/refunds?payment_intent={intent}"), "");
    let sum: i64 = made["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(sum, 900);
}

/// MONEY, payments: reserved, then taken in part, or given up.
#[test]
fn what_is_reserved_is_taken_in_part_or_given_up() {
    let Some(python) = python("localstripe, stripe") else {
        return;
    };
    let stripe = Stripe::start(&python);
    let app = stripe.shop();
    app.change("INSERT INTO settings VALUES ('payments.capture', 'on_ship')");
    let good = stripe.card("4242424242424242");
    let first = order(&app);
    let payment = charge(&app, first, &good);
    assert_eq!(payment["status"], "authorized", "{payment}");
    let path = format!("/api/v1/payments/{}/capture", payment["id"]);
    let taken = app.post("owner", &path, json!({ "amount": "4.00" }));
    assert_eq!(
        json!([taken.json()["status"], taken.json()["captured"]]),
        json!(["captured", "4.00"])
    );
    let second = order(&app);
    let payment = charge(&app, second, &good);
    let path = format!("/api/v1/payments/{}/void", payment["id"]);
    let given_up = app.send("POST", "owner", &path, &[], None);
    assert_eq!(given_up.json()["status"], "voided", "{}", given_up.body);
    let intent = payment["provider_ref"].as_str().unwrap();
    assert_eq!(
        stripe.ask("GET", &format!("/v1/payment_intents/{intent}"), "")["status"],
        "canceled"
    );
}

/// PWH-01: it tells of a payment by its own signed webhook, and what Stripe's package signs is good here.
#[test]
fn its_webhooks_and_its_packages_signatures_are_good() {
    let Some(python) = python("localstripe, stripe") else {
        return;
    };
    let stripe = Stripe::start(&python);
    let app = stripe.shop();
    // It signs by the real time.
    app.clock
        .pass(till::clock::Clock::System.now().ms() - app.clock.now().ms());
    app.forget_tokens();
    let at = app.client().at();
    let form = format!(
        "url=http://{at}/api/v1/payments/webhook/stripe&secret={SECRET}&events[]=payment_intent.succeeded"
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let set = stripe
        .client
        .send_bytes("POST", "/_config/webhooks/till", &headers, form.as_bytes());
    assert_eq!(set.status, 200, "{}", set.body);
    let paid = order(&app);
    charge(&app, paid, &stripe.card("4242424242424242"));
    let watch = till::clock::Stopwatch::start();
    while app.number("SELECT count(*) FROM inbox") == 0 {
        assert!(watch.seconds() < 120.0, "no webhook came");
        std::thread::yield_now();
    }
    app.settle();
    let told = app.get("owner", "/api/v1/payments/webhook-events").json()["data"][0].clone();
    assert_eq!(
        json!([told["type"], told["status"]]),
        json!(["payment_intent.succeeded", "processed"])
    );
    assert_eq!(
        standing(&app, paid),
        json!(["processing", "paid", "9.00", "0.00", "0.00"])
    );
    let body = r#"{"id":"evt_by_the_package","type":"ping"}"#;
    let seconds = (app.clock.now().ms() / 1000).to_string();
    let mut signer = Command::new(&python)
        .args(["-c", SIGN, SECRET, &seconds])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    signer.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let header = String::from_utf8(signer.wait_with_output().unwrap().stdout).unwrap();
    let headers = [("stripe-signature", header.trim())];
    let door = "/api/v1/payments/webhook/stripe";
    let answer = app.client().send_bytes("POST", door, &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
}
