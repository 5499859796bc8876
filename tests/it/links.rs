//! One-time links, the mails that carry them, and what is sealed: each good once, for one end, in one place.

use serde_json::json;
use till::domain::actor::Actor;
use till::domain::actor::ActorKind;
use till::domain::id::MailId;
use till::domain::id::SessionId;
use till::domain::id::UserId;
use till::domain::link::Purpose;
use till::domain::mail::NewMail;
use till::domain::mail::Template;
use till::domain::permission::Rights;
use till::domain::text::Email;
use till::error::Result;
use till::secret::Use;
use till::shop::Tx;
use till::shop::links;
use till::shop::links::Made;
use till::shop::links::NewLink;
use till::shop::mails;
use till::shop::step_up;

use crate::app::PASSWORD;
use crate::app::TestApp;

const MINUTE: i64 = 60_000;
const ANN: UserId = UserId(1);

fn shop() -> TestApp {
    let app = TestApp::start();
    app.token("ann");
    app.token("bob");
    app
}

fn make(app: &TestApp, new: NewLink) -> Made {
    let keys = app.app().keys().clone();
    let store = app.app().store();
    store
        .write(move |tx| links::make(tx, &Actor::system(), &keys, &new))
        .unwrap()
}

fn take(app: &TestApp, purpose: Purpose, secret: &str) -> bool {
    let keys = app.app().keys().clone();
    let secret = secret.to_owned();
    let taken = app
        .app()
        .store()
        .write(move |tx| links::take(tx, &keys, purpose, &secret).map(|_| ()));
    taken.is_ok()
}

fn address() -> Email {
    Email::parse("new@shop.test").unwrap()
}

/// AUT-07
#[test]
fn a_link_is_good_once_whoever_comes_at_the_same_time() {
    let app = shop();
    for _ in 0..10 {
        let made = make(&app, NewLink::Reset(ANN));
        assert_eq!(made.secret.len(), 43);
        let got: Vec<bool> = std::thread::scope(|scope| {
            let both: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| take(&app, Purpose::Reset, &made.secret)))
                .collect();
            both.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(got.iter().filter(|got| **got).count(), 1, "{got:?}");
    }
}

/// AUT-07: 20 minutes for a new password, and an earlier link ends with the next.
#[test]
fn a_link_ends_with_its_time_and_with_the_next_one() {
    let app = shop();
    for (new, minutes) in [
        (NewLink::Reset(ANN), 20),
        (NewLink::Address(ANN, address()), 24 * 60),
        (NewLink::Setup, 24 * 60),
        (NewLink::Invitation(ANN), 7 * 24 * 60),
    ] {
        let early = make(&app, new.clone());
        app.clock.pass(minutes * MINUTE - 1);
        assert!(take(&app, early.purpose, &early.secret), "{new:?}");
        let late = make(&app, new.clone());
        app.clock.pass(minutes * MINUTE);
        assert!(!take(&app, late.purpose, &late.secret), "{new:?}");
    }
    let first = make(&app, NewLink::Reset(ANN));
    let of_bob = make(&app, NewLink::Reset(UserId(2)));
    let second = make(&app, NewLink::Reset(ANN));
    assert!(!take(&app, Purpose::Reset, &first.secret));
    assert!(take(&app, Purpose::Reset, &second.secret));
    assert!(take(&app, Purpose::Reset, &of_bob.secret));
    let last = make(&app, NewLink::Reset(ANN));
    let act = |tx: &Tx| links::void(tx, ANN);
    app.app().store().write(act).unwrap();
    assert!(!take(&app, Purpose::Reset, &last.secret));
}

/// TOK-03: what is made for one end is nothing at another.
#[test]
fn what_is_made_for_one_end_passes_at_no_other() {
    let app = shop();
    for new in [
        NewLink::Setup,
        NewLink::Invitation(ANN),
        NewLink::Reset(ANN),
        NewLink::Address(ANN, address()),
    ] {
        let made = make(&app, new);
        for purpose in Purpose::ALL {
            if *purpose != made.purpose {
                assert!(!take(&app, *purpose, &made.secret), "{purpose:?} by {made:?}");
            }
        }
        assert!(take(&app, made.purpose, &made.secret));
    }
    let keys = app.app().keys();
    let uses = [
        Use::Form,
        Use::Setup,
        Use::Invitation,
        Use::Reset,
        Use::Address,
        Use::Download,
    ];
    for one in uses {
        let text = till::secret::to_text(&keys.stamp(one, &[b"session", b"7"]));
        for other in uses {
            assert_eq!(
                keys.is_stamp(other, &[b"session", b"7"], &text),
                one == other,
                "{one:?} as {other:?}"
            );
        }
        assert!(!keys.is_stamp(one, &[b"session7", b""], &text), "{one:?}");
        assert!(!keys.is_stamp(one, &[b"session", b"8"], &text), "{one:?}");
        // Nor is it what the access key itself would make.
        assert_ne!(
            keys.stamp(one, &[b"session", b"7"]),
            till::secret::mac(&keys.token, &[b"session", b"7"])
        );
    }
}

/// Queues a mail with a link for a user.
fn post(app: &TestApp, user: UserId) -> (MailId, String) {
    let keys = app.app().keys().clone();
    let queued = app.app().store().write(move |tx| {
        let link = links::make(tx, &Actor::system(), &keys, &NewLink::Reset(user))?;
        let mail = NewMail {
            template: Template::ResetPassword,
            recipient: "ann@shop.test",
            user: Some(user),
            facts: "{}".to_owned(),
        };
        Ok((mails::queue_with_link(tx, &keys, &mail, &link)?, link.secret))
    });
    queued.unwrap()
}

fn reveal(app: &TestApp, by: &Actor, id: MailId) -> Result<Option<(Purpose, String)>> {
    let (keys, by) = (app.app().keys().clone(), by.clone());
    app.app()
        .store()
        .write(move |tx| mails::reveal(tx, &by, &keys, id))
}

/// LOG-01
#[test]
fn the_secret_of_a_mail_is_in_no_file_and_opens_in_its_own_row_alone() {
    let app = shop();
    let (first, secret) = post(&app, ANN);
    let (second, other) = post(&app, UserId(2));
    for name in ["till.db", "till.db-wal"] {
        let file = std::fs::read(app.dir().join(name)).unwrap_or_default();
        for canary in [&secret, &other] {
            let is_there = file.windows(canary.len()).any(|part| part == canary.as_bytes());
            assert!(!is_there, "{name} tells {canary}");
        }
    }
    let system = Actor::system();
    let shown = reveal(&app, &system, first).unwrap();
    assert_eq!(shown, Some((Purpose::Reset, secret.clone())));
    assert_eq!(app.number("SELECT count(*) FROM audit WHERE action = 93"), 1);
    let admin = Actor {
        kind: ActorKind::User,
        user: Some(ANN),
        rights: Rights::ALL,
        ..Actor::system()
    };
    assert!(
        reveal(&app, &admin, first).is_err(),
        "no user reads another's link"
    );
    app.file()
        .execute_batch(
            "CREATE TEMP TABLE former AS SELECT id, sealed FROM mails;
             UPDATE mails SET sealed = (SELECT sealed FROM former WHERE former.id = 3 - mails.id)",
        )
        .unwrap();
    assert!(reveal(&app, &system, first).is_err());
    assert!(reveal(&app, &system, second).is_err());
}

/// AUT-06
#[test]
fn a_proof_is_good_for_five_minutes_in_its_own_session() {
    let app = shop();
    let session = |number: i64| Actor {
        kind: ActorKind::User,
        user: Some(ANN),
        session: Some(SessionId(number)),
        rights: Rights::ALL,
        ..Actor::system()
    };
    let of = |by: &Actor| {
        let by = by.clone();
        app.app().store().write(move |tx| step_up::require(tx, &by))
    };
    assert!(of(&session(1)).is_ok());
    app.clock.pass(5 * MINUTE - 1);
    assert!(of(&session(1)).is_ok());
    app.clock.pass(1);
    let refused = of(&session(1)).unwrap_err();
    assert_eq!(refused.code().facts().1, 1007);
    assert_eq!(refused.details().unwrap()["step_up"], true);
    app.forget_tokens();
    app.token("ann");
    assert!(of(&session(3)).is_ok(), "a sign-in is a proof");
    assert!(of(&session(1)).is_err(), "but not of another session");
    let key = Actor {
        kind: ActorKind::ApiKey,
        ..session(3)
    };
    assert!(of(&key).is_err());
    let refunds = app
        .app()
        .store()
        .write(move |tx| step_up::require_of_people(tx, &key));
    assert!(refunds.is_ok(), "API keys may refund");
    assert!(of(&Actor::system()).is_ok());
}

/// TOK-03: six kinds of tokens at six doors; each opens its own.
#[test]
fn no_token_opens_anothers_door() {
    let app = shop();
    let body = json!({ "username": "ann", "password": PASSWORD });
    let signed_in = app.post("nobody", "/api/v1/auth/login", body).json();
    let text = |name: &str| signed_in[name].as_str().unwrap().to_owned();
    let keys = app.app().keys();
    let stamp = |what: Use| till::secret::to_text(&keys.stamp(what, &[b"thing"]));
    let all = [
        ("access", text("access_token")),
        ("refresh", text("refresh_token")),
        ("form", stamp(Use::Form)),
        ("reset", make(&app, NewLink::Reset(ANN)).secret),
        ("address", make(&app, NewLink::Address(ANN, address())).secret),
        ("download", stamp(Use::Download)),
    ];
    let post =
        |path: &str, body: serde_json::Value| app.post("ann", &format!("/api/v1/auth{path}"), body).status;
    let opens = |door: &str, token: &str| match door {
        "access" => {
            app.client()
                .send("GET", "/api/v1/auth/me", Some(token), &[], None)
                .status
                == 200
        }
        "refresh" => post("/refresh-token", json!({ "refresh_token": token })) == 200,
        "form" => keys.is_stamp(Use::Form, &[b"thing"], token),
        "reset" => post("/password/reset", json!({ "token": token, "password": PASSWORD })) == 204,
        "address" => post("/email/confirm", json!({ "token": token })) == 200,
        _ => keys.is_stamp(Use::Download, &[b"thing"], token),
    };
    for (kind, token) in &all {
        for (door, _) in &all {
            if door != kind {
                assert!(!opens(door, token), "{kind} at {door}");
            }
        }
    }
    // Each is good all the same; the reset comes last, for it ends the others.
    for kind in ["access", "refresh", "form", "download", "address"] {
        let (_, token) = all.iter().find(|(other, _)| *other == kind).unwrap();
        assert!(opens(kind, token), "{kind}");
    }
    let again = make(&app, NewLink::Reset(ANN)).secret;
    assert!(opens("reset", &again));
}
