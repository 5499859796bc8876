//! What goes out is signed by the Standard Webhooks, and whoever has the secret can tell.

use std::io::Write;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use till::clock::Clock;
use till::secret::Signing;

use crate::app::TestApp;
use crate::judges::python;
use crate::sink::Heard;
use crate::sink::Sink;
use crate::webhooks::DAY;
use crate::webhooks::ENDPOINTS;
use crate::webhooks::SECOND;
use crate::webhooks::endpoint;
use crate::webhooks::order;
use crate::webhooks::pass;
use crate::webhooks::shop;

/// Whether the secret's owner would believe it, by the crate that is the reference.
fn verifies(secret: &Value, heard: &Heard) -> bool {
    let webhook = standardwebhooks::Webhook::new(secret.as_str().unwrap()).unwrap();
    let seconds: i64 = heard.header("webhook-timestamp").parse().unwrap();
    let signed = webhook.sign(heard.header("webhook-id"), seconds, heard.body.as_bytes());
    let signed = signed.unwrap();
    heard
        .header("webhook-signature")
        .split(' ')
        .any(|one| one == signed)
}

fn rotate(app: &TestApp, id: &Value) -> crate::client::Answer {
    app.post("owner", &format!("{ENDPOINTS}/{id}/rotate-secret"), json!({}))
}

/// OWH-02
#[test]
fn both_secrets_sign_for_a_day_after_a_rotation() {
    let (app, sink) = (shop(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    let first = made["secret"].clone();
    order(&app);
    app.deliver();
    assert!(verifies(&first, &sink.take()[0]));
    let rotated = rotate(&app, &made["id"]);
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    let second = rotated.json()["secret"].clone();
    assert_ne!(first, second);
    order(&app);
    app.deliver();
    let heard = sink.take();
    assert!(verifies(&first, &heard[0]) && verifies(&second, &heard[0]));
    pass(&app, DAY - SECOND);
    order(&app);
    app.deliver();
    assert!(verifies(&first, &sink.take()[0]));
    pass(&app, 2 * SECOND);
    order(&app);
    app.deliver();
    let heard = sink.take();
    assert!(!verifies(&first, &heard[0]) && verifies(&second, &heard[0]));
}

/// OWH-02: each attempt is signed for its own moment, under the one id of its message.
#[test]
fn an_attempt_is_signed_for_its_own_moment() {
    let (app, sink) = (shop(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    sink.answer(500);
    order(&app);
    app.deliver();
    pass(&app, 6 * SECOND);
    app.deliver();
    let heard = sink.take();
    assert!(heard.iter().all(|one| verifies(&made["secret"], one)));
    let moment = |at: usize| heard[at].header("webhook-timestamp").parse::<i64>().unwrap();
    assert_eq!(moment(1) - moment(0), 6);
    assert_eq!(heard[0].header("webhook-id"), heard[1].header("webhook-id"));
}

/// AUT-06
#[test]
fn a_rotation_asks_for_a_proof_of_the_last_minutes() {
    let app = shop();
    let made = endpoint(&app, "https://hooks.example/", &["order.*"]);
    app.clock.pass(6 * 60 * SECOND);
    let refused = rotate(&app, &made["id"]);
    assert_eq!((refused.status, refused.code()), (401, 1007), "{}", refused.body);
    assert_eq!(refused.json()["error"]["details"]["step_up"], true);
}

/// LOG-01: the file holds no secret in the open, and one row's opens in no other.
#[test]
fn secrets_stand_sealed_in_their_rows() {
    let (app, sink) = (shop(), Sink::start());
    let made = endpoint(&app, &sink.url(), &["order.*"]);
    endpoint(&app, &sink.url(), &["order.*"]);
    let text = made["secret"]
        .as_str()
        .unwrap()
        .trim_start_matches("whsec_")
        .to_owned();
    order(&app);
    app.deliver();
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(&text).unwrap();
    for end in ["till.db", "till.db-wal"] {
        let file = std::fs::read(app.dir().join(end)).unwrap_or_default();
        assert!(
            !file.windows(text.len()).any(|window| window == text.as_bytes()),
            "{end}"
        );
        assert!(!file.windows(bytes.len()).any(|window| window == bytes), "{end}");
    }
    app.execute("UPDATE webhook_endpoints SET secret = (SELECT secret FROM webhook_endpoints WHERE id = 1)");
    sink.take();
    order(&app);
    app.fan_out();
    let sent = app.app().store().read(|db| {
        let room = till::shop::webhooks::Room {
            left: 9,
            for_each: 9,
            ..Default::default()
        };
        till::shop::webhooks::pick(db, app.app().keys(), app.clock.now(), &room)
    });
    let sent = sent.unwrap();
    assert_eq!(
        (sent.sendings.len(), sent.broken.len()),
        (1, 1),
        "the second endpoint has the first one's secret"
    );
}

const JUDGE: &str = "
import json, sys
from standardwebhooks.webhooks import Webhook
asked = json.load(sys.stdin)
for one in asked['sent']:
    for secret in asked['secrets']:
        assert Webhook(secret).verify(one['body'], one['headers']) == json.loads(one['body'])
    broken = dict(one['headers'])
    broken['webhook-id'] = 'evt_other'
    try:
        Webhook(asked['secrets'][0]).verify(one['body'], broken)
    except Exception:
        continue
    raise SystemExit('it believes everything')
print('verified', len(asked['sent']))
";

const SIGNER: &str = "
import datetime, json, sys
from standardwebhooks.webhooks import Webhook
def sign(one):
    at = datetime.datetime.fromtimestamp(one['at'], tz=datetime.timezone.utc)
    return Webhook(one['secret']).sign(one['id'], at, one['body'])
print(json.dumps([sign(one) for one in json.load(sys.stdin)]))
";

/// OWH-02: what the official package for Python signs is what we would sign, with any secret, id, moment and body.
#[test]
fn what_the_official_package_signs_is_verified() {
    let Some(python) = python("standardwebhooks") else {
        return;
    };
    let long = "x".repeat(20_000);
    let bodies = [
        "{}",
        "",
        "{\"a\":\"é – 😀\"}",
        "line\nline\r\n\t",
        "a.b.c",
        long.as_str(),
    ];
    let secret =
        |at: usize| till::secret::digest_parts(&[&[at as u8], &[7]]).repeat(2)[..24 + at % 41].to_vec();
    let asked: Vec<Value> = (0..60)
        .map(|at| {
            let told = Signing::from_bytes(secret(at)).told();
            let moment = 1_772_366_400 + at as i64 * 86_399;
            json!({ "secret": told, "id": format!("msg_{at}_x"), "at": moment, "body": bodies[at % bodies.len()] })
        })
        .collect();
    let said = judge(&python, SIGNER, &json!(asked));
    let signed: Vec<String> = serde_json::from_str(&said).unwrap();
    for (at, (one, signed)) in asked.iter().zip(&signed).enumerate() {
        let ours = |secret: Vec<u8>, id: &str, moment: i64, body: &str| {
            Signing::from_bytes(secret).sign(id, moment, body).unwrap()
        };
        let (id, body) = (one["id"].as_str().unwrap(), one["body"].as_str().unwrap());
        let moment = one["at"].as_i64().unwrap();
        assert_eq!(&ours(secret(at), id, moment, body), signed, "{one}");
        for other in [
            ours(secret(at + 41), id, moment, body),
            ours(secret(at), "msg_other", moment, body),
            ours(secret(at), id, moment + 1, body),
            ours(secret(at), id, moment, &format!("{body} ")),
        ] {
            assert_ne!(&other, signed);
        }
    }
    assert_eq!(signed.len(), 60);
}

/// What a program in Python answers.
fn judge(python: &str, program: &str, asked: &Value) -> String {
    let mut judge = Command::new(python)
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = judge.stdin.take().unwrap();
    to.write_all(asked.to_string().as_bytes()).unwrap();
    drop(to);
    let said = judge.wait_with_output().unwrap();
    assert!(said.status.success());
    String::from_utf8(said.stdout).unwrap()
}

/// OWH-02: the official package for Python believes every message, with either secret.
#[test]
fn the_official_package_verifies_what_is_sent() {
    let Some(python) = python("standardwebhooks") else {
        return;
    };
    let (app, sink) = (shop(), Sink::start());
    // The package holds moments against the machine's clock.
    pass(&app, Clock::System.now().ms() - app.clock.now().ms());
    let made = endpoint(&app, &sink.url(), &["*"]);
    app.product("CUP", "3.50", 5);
    let rotated = rotate(&app, &made["id"]).json();
    for _ in 0..20 {
        order(&app);
    }
    app.deliver();
    let sent: Vec<Value> = sink
        .take()
        .iter()
        .map(|heard| {
            let headers: serde_json::Map<String, Value> = heard
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect();
            json!({ "body": heard.body, "headers": headers })
        })
        .collect();
    assert!(sent.len() > 20);
    let asked = json!({ "secrets": [made["secret"], rotated["secret"]], "sent": sent });
    let said = judge(&python, JUDGE, &asked);
    assert_eq!(said.trim(), format!("verified {}", sent.len()));
}
