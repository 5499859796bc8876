//! What the shop gives up or sets aside is told: a line in the log, a figure, and the page that shows how the shop is.

use serde_json::json;
use till::domain::actor::Actor;
use till::shop::system;
use till::shop::system::GivenUp;

use crate::app::TestApp;
use crate::pages::Browser;
use crate::payments::begin;
use crate::payments_inbox;
use crate::payments_inbox::news;
use crate::payments_inbox::tell;
use crate::sink::Sink;
use crate::telemetry::Written;
use crate::webhooks;
use crate::webhooks::endpoint;

/// What is logged as an error meanwhile.
fn errors(act: impl FnOnce()) -> Vec<String> {
    let written = Written::default();
    let to = written.clone();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::ERROR)
        .with_ansi(false)
        .with_writer(move || to.clone())
        .finish();
    tracing::subscriber::with_default(log, act);
    written.text().lines().map(str::to_owned).collect()
}

fn given_up(app: &TestApp) -> GivenUp {
    let look = |db: &till::shop::Snapshot| system::given_up(db, &Actor::system());
    app.app().store().read(look).unwrap()
}

/// What the page shows: deliveries, mails, messages parked, messages dead.
fn shown(app: &TestApp) -> Vec<String> {
    let page = Browser::signed_in(app, "owner").get("/admin/system");
    let marks = page.body.split("data-given-up=\"").skip(1);
    marks
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// PWH-07: a message that does not agree, and one that was tried for too long.
#[test]
fn a_message_that_is_parked_or_dead_is_told() {
    let app = payments_inbox::shop();
    let payment = begin(&app, crate::payments::order(&app));
    let mut other = news("evt_1", "payment.succeeded", &payment);
    other["data"]["amount"] = json!("9.01");
    assert_eq!(tell(&app, &other).status, 200);
    let ghost = json!({ "id": 9, "order_id": 9, "provider_ref": "sbx_ghost" });
    assert_eq!(
        tell(&app, &news("evt_2", "payment.succeeded", &ghost)).status,
        200
    );
    assert_eq!(
        tell(&app, &news("evt_3", "payment.authorized", &payment)).status,
        200
    );
    app.change("UPDATE inbox SET attempts = 29 WHERE event_id = 'evt_2'");
    let told = errors(|| app.settle());
    assert_eq!(told.len(), 2, "{told:#?}");
    for state in ["quarantined", "dead"] {
        let is_told = |line: &String| line.contains("waits for somebody") && line.contains(state);
        assert!(told.iter().any(is_told), "{told:#?}");
    }
    let wanted = GivenUp {
        parked: 1,
        messages: 1,
        ..GivenUp::default()
    };
    assert_eq!(given_up(&app), wanted);
    assert_eq!(shown(&app), ["0", "0", "1", "1"]);
    let figures = app.get("nobody", "/metrics").body;
    for what in ["deliveries", "mails", "parked_messages", "messages"] {
        assert!(
            figures.contains(&format!("dead_letters{{what=\"{what}\"}} ")),
            "{figures}"
        );
    }
}

/// OWH-07, OWH-08: deliveries that were tried for the last time, and an endpoint that says it is gone.
#[test]
fn a_delivery_that_is_dead_is_told() {
    let (app, sink, gone) = (webhooks::shop(), Sink::start(), Sink::start());
    endpoint(&app, &sink.url(), &["order.*"]);
    sink.answer(500);
    webhooks::order(&app);
    assert_eq!(
        errors(|| {
            app.deliver();
        }),
        [""; 0],
        "it is tried again"
    );
    webhooks::order(&app);
    app.fan_out();
    app.change("UPDATE deliveries SET attempts = 9, status = 1, due_at = 0");
    let told = errors(|| {
        app.send_due();
    });
    assert!(told.len() <= 2 && told[0].contains("given up"), "{told:#?}");
    assert_eq!(given_up(&app).deliveries, 2);
    assert_eq!(shown(&app), ["2", "0", "0", "0"]);
    let made = endpoint(&app, &gone.url(), &["order.*"]);
    gone.answer(410);
    webhooks::order(&app);
    let told = errors(|| {
        app.deliver();
    });
    assert!(
        told.iter()
            .any(|line| line.contains("turned off") && line.contains("gone")),
        "{told:#?}"
    );
    app.fan_out();
    assert_eq!(given_up(&app).deliveries, 3);
    let path = format!("{}/{}", webhooks::ENDPOINTS, made["id"]);
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    assert_eq!(given_up(&app).deliveries, 2, "nobody waits for those");
    app.expect_findings();
}

/// T12: a mail that nobody will send.
#[test]
fn a_mail_that_has_failed_is_told() {
    let app = TestApp::start_with(|config| {
        config.mail.host = "127.0.0.1".to_owned();
        config.mail.port = 9;
        config.mail.security = till::config::MailSecurity::None;
        config.mail.from = "shop@shop.test".to_owned();
    });
    app.product("MUG", "4.50", 1000);
    crate::mails::order(&app, "ann@shop.test");
    app.queue_mails();
    app.change("UPDATE mails SET attempts = 9");
    let told = errors(|| {
        app.send_mails();
    });
    assert!(
        told.len() == 1 && told[0].contains("a mail was given up"),
        "{told:#?}"
    );
    assert_eq!(
        given_up(&app),
        GivenUp {
            mails: 1,
            ..GivenUp::default()
        }
    );
    // One that cannot be told of is among them.
    crate::mails::order(&app, "bob@shop.test");
    app.execute("UPDATE events SET data = '{' WHERE type = 1 AND subject = 2");
    let told = errors(|| app.queue_mails());
    assert!(
        told.len() == 1 && told[0].contains("could not be told of"),
        "{told:#?}"
    );
    assert_eq!(given_up(&app).mails, 2);
    assert_eq!(shown(&app), ["0", "2", "0", "0"]);
}
