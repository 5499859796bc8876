//! The feed over a WebSocket: who is let in, what may be said, and what is heard.

use serde_json::Value;
use serde_json::json;
use till::clock::Stopwatch;
use till::domain::actor::Actor;
use till::domain::event::EventType;
use till::domain::id::UserId;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::live_streams::feed;
use crate::live_streams::place;
use crate::live_streams::place_some;
use crate::live_streams::shop;
use crate::pages::Browser;
use crate::streams::Heard;
use crate::streams::Socket;
use crate::streams::bearer;
use crate::streams::order_of;
use crate::streams::take_places;

const LIVE: &str = "/api/v1/live";

fn open(app: &TestApp, who: &str) -> Socket {
    Socket::signed_in(app.client().at(), &app.token(who).unwrap())
}

/// H1, B15: what is subscribed to is heard from its place on, as the feed tells it; a new subscription takes the place
/// of the one before.
#[test]
fn what_is_subscribed_to_is_heard() {
    let app = shop();
    place(&app, "ann");
    let mut socket = open(&app, "staff");
    socket.say(r#"{"subscribe":["orders","inventory"],"after":0}"#);
    let before: Vec<Value> = feed(&app, "stream=inventory");
    for event in &before {
        assert_eq!(&socket.event(), event);
    }
    let order = place(&app, "ann");
    assert_eq!(order_of(&socket.event()), order);
    app.token("bob");
    app.product("CUP", "1.00", 1);
    assert_eq!(socket.event()["type"], "product.created");
    let newest = feed(&app, "").len();
    socket.say(&format!(
        r#"{{"subscribe":[],"type":"user.created","after":{newest}}}"#
    ));
    app.token("carl");
    assert_eq!(socket.event()["type"], "user.created");
    place(&app, "carl");
    app.token("dora");
    assert_eq!(socket.event()["type"], "user.created");
}

/// H2: nothing is missed between two sockets, while orders come in.
#[test]
fn a_socket_goes_on_from_its_place() {
    let app = shop();
    let before = feed(&app, "").len() as i64;
    for who in ["ann", "bob", "staff"] {
        app.token(who);
    }
    let mut heard: Vec<Value> = Vec::new();
    std::thread::scope(|scope| {
        for who in ["ann", "bob"] {
            let app = &app;
            scope.spawn(move || place_some(app, who, 20));
        }
        while heard.len() < 40 {
            let seen = heard.last().map_or(before, |event| event["id"].as_i64().unwrap());
            let mut socket = open(&app, "staff");
            socket.say(&format!(r#"{{"subscribe":["orders"],"after":{seen}}}"#));
            heard.extend((0..9.min(40 - heard.len())).map(|_| socket.event()));
        }
    });
    assert_eq!(heard, feed(&app, &format!("stream=orders&after={before}")));
}

/// WEB-02, defect of others: a cookie counts only from our own pages, a token in an address never.
#[test]
fn a_cookie_needs_our_own_origin_and_a_token_is_in_no_address() {
    let app = shop();
    let at = app.client().at();
    let ours = format!("origin: {}\r\n", app.app().config().server.public_url());
    let browser = Browser::signed_in(&app, "staff");
    let cookie = format!("cookie: {}\r\n", browser.cookie());
    let token = app.token("staff").unwrap();
    let here = format!("origin: http://{at}\r\n");
    for (headers, status, code) in [
        (cookie.clone() + &ours, 101, 0),
        (cookie.clone() + &ours + "sec-fetch-site: same-origin\r\n", 101, 0),
        (cookie.clone() + &here + "sec-fetch-site: same-origin\r\n", 101, 0),
        (cookie.clone() + &here, 403, 1008),
        (cookie.clone(), 403, 1008),
        (cookie.clone() + "origin: https://evil.example\r\n", 403, 1008),
        (cookie.clone() + "origin: null\r\n", 403, 1008),
        (
            cookie.clone() + "origin: https://evil.example\r\nsec-fetch-site: same-origin\r\n",
            403,
            1008,
        ),
        (
            cookie.clone() + &ours + "sec-fetch-site: cross-site\r\n",
            403,
            1008,
        ),
        (
            cookie.clone() + &ours + "sec-fetch-site: same-site\r\n",
            403,
            1008,
        ),
        // A token is no cookie: nobody sends it unasked.
        (bearer(&token) + "origin: https://evil.example\r\n", 101, 0),
        (bearer("nonsense") + &cookie + &ours, 401, 1004),
    ] {
        let mut socket = Socket::open(at, LIVE, &headers);
        assert_eq!(socket.status(), status, "{headers}: {}", socket.head);
        if status != 101 {
            assert_eq!(socket.code(), code, "{headers}");
            continue;
        }
        socket.say(r#"{"subscribe":["orders"]}"#);
        socket.say(r#"{"subscribe":["orders"],"after":0}"#);
        let order = place(&app, "ann");
        while order_of(&socket.event()) != order {}
    }
    for name in ["token", "access_token", "authorization"] {
        let mut socket = Socket::open(at, &format!("{LIVE}?{name}={token}"), "");
        assert_eq!((socket.status(), socket.code()), (400, 2002), "{name}");
    }
}

/// TOK-07: whoever cannot send a header says their token first, and nothing is heard before.
#[test]
fn a_token_may_be_the_first_message() {
    let app = shop();
    let at = app.client().at();
    let token = app.token("staff").unwrap();
    let order = place(&app, "ann");
    let said = |words: &[Value]| {
        let mut socket = Socket::open(at, LIVE, "");
        assert_eq!(socket.status(), 101);
        words.iter().for_each(|words| socket.say(&words.to_string()));
        socket
    };
    let subscribe = json!({ "subscribe": ["orders"], "after": 0 });
    let mut two = said(&[json!({ "token": token }), subscribe.clone()]);
    assert_eq!(order_of(&two.event()), order);
    let mut one = said(&[json!({ "token": token, "subscribe": ["orders"], "after": 0 })]);
    assert_eq!(order_of(&one.event()), order);
    for (words, code) in [
        (subscribe.clone(), 1001),
        (json!({}), 1001),
        (json!({ "token": "" }), 1004),
        (json!({ "token": "till_nobodys" }), 1004),
        (json!({ "token": format!("{token}x") }), 1004),
    ] {
        let mut refused = said(&[words.clone(), subscribe.clone()]);
        assert_eq!(refused.next(), Heard::Failure(code), "{words}");
        assert_eq!(refused.next(), Heard::Closed(1008), "{words}");
    }
    // A socket is one person's.
    let mut twice = said(&[json!({ "token": token }), json!({ "token": token })]);
    assert_eq!(
        (twice.next(), twice.next()),
        (Heard::Failure(1004), Heard::Closed(1008))
    );
}

/// NET-03: what cannot be read is answered and ends the socket, and nothing else.
#[test]
fn what_is_no_message_is_refused() {
    let app = shop();
    for (said, code, closed) in [
        ("nonsense", 2004, 1007),
        ("[]", 2001, 1007),
        ("{}", 2003, 1007),
        (r#"{"subscribe":"orders"}"#, 2001, 1007),
        (r#"{"subscribe":["weather"]}"#, 2002, 1007),
        (r#"{"subscribe":["orders"],"after":-1}"#, 2002, 1007),
        (r#"{"subscribe":["orders"],"after":"1"}"#, 2001, 1007),
        (r#"{"subscribe":["orders"],"type":"order.dreamt"}"#, 2002, 1007),
        (r#"{"subscribe":["orders"],"colour":"red"}"#, 2001, 1007),
        (r#"{"subscribe":["orders"],"subscribe":[]}"#, 2001, 1007),
    ] {
        let mut socket = open(&app, "staff");
        socket.say(said);
        assert_eq!(socket.next(), Heard::Failure(code), "{said}");
        assert_eq!(socket.next(), Heard::Closed(closed), "{said}");
    }
    let mut socket = open(&app, "ann");
    socket.say(r#"{"subscribe":["inventory"]}"#);
    assert_eq!(
        (socket.next(), socket.next()),
        (Heard::Failure(1005), Heard::Closed(1008))
    );
}

/// NET-03: bytes that are no frames, or too many of them.
#[test]
fn frames_that_are_none_end_the_socket() {
    let app = shop();
    let mut endless = vec![0x81, 0xff];
    endless.extend_from_slice(&u64::MAX.to_be_bytes());
    endless.extend_from_slice(&[0; 4]);
    let long = [&[0x81, 0xfe, 0xff, 0xff][..], &[0; 4]].concat();
    let cases: [(&str, Vec<u8>, u16); 7] = [
        ("a frame as long as there are bytes", endless, 1009),
        ("a frame of 64 KiB", long, 1009),
        ("no mask", b"\x81\x02{}".to_vec(), 1002),
        ("reserved bits", b"\xf1\x80\0\0\0\0".to_vec(), 1002),
        ("an opcode that is none", b"\x83\x80\0\0\0\0".to_vec(), 1002),
        ("a continuation of nothing", b"\x80\x80\0\0\0\0".to_vec(), 1002),
        ("no UTF-8", b"\x81\x82\0\0\0\0\xff\xfe".to_vec(), 1007),
    ];
    for (name, bytes, closed) in cases {
        let mut socket = open(&app, "staff");
        socket.send(&bytes);
        let heard = [socket.next(), socket.next()];
        // What is no WebSocket any more may not be told why.
        let is_told = heard == [Heard::Failure(2004), Heard::Closed(closed)];
        assert!(is_told || heard[0] == Heard::Gone, "{name}: {heard:?}");
        assert!(closed == 1002 || is_told, "{name}: {heard:?}");
    }
    let mut binary = open(&app, "staff");
    binary.frame(0x82, b"{}");
    assert_eq!(
        (binary.next(), binary.next()),
        (Heard::Failure(2004), Heard::Closed(1003))
    );
    // In pieces, with a ping between them, it is one message.
    let mut pieces = open(&app, "staff");
    let order = place(&app, "ann");
    pieces.frame(0x01, br#"{"subscribe":["ord"#);
    pieces.frame(0x89, b"");
    pieces.frame(0x80, br#"ers"],"after":0}"#);
    let heard = std::iter::from_fn(|| Some(pieces.try_event()))
        .flatten()
        .next()
        .unwrap();
    assert_eq!(order_of(&heard), order);
}

/// TOK-05: what ends a session ends its sockets, and says so.
#[test]
fn a_session_that_ends_closes_its_sockets() {
    let app = shop();
    let mut socket = open(&app, "ann");
    socket.say(r#"{"subscribe":["orders"],"after":0}"#);
    let mine = place(&app, "ann");
    assert_eq!(order_of(&socket.event()), mine);
    place(&app, "bob");
    assert_eq!(
        app.post("ann", "/api/v1/auth/logout", json!({ "all_devices": true }))
            .status,
        200
    );
    assert_eq!(
        (socket.next(), socket.next()),
        (Heard::Failure(1004), Heard::Closed(1008))
    );
}

/// LIF-01: a stop says good-bye.
#[test]
fn sockets_end_when_the_shop_stops() {
    let app = shop();
    let mut subscribed = open(&app, "staff");
    subscribed.say(r#"{"subscribe":[],"after":0}"#);
    subscribed.event();
    let mut silent = open(&app, "staff");
    let mut unknown = Socket::open(app.client().at(), LIVE, "");
    app.app().stop();
    while let Heard::Event(_) = subscribed.next() {}
    assert_eq!(silent.next(), Heard::Closed(1001));
    assert_eq!(unknown.next(), Heard::Closed(1001));
}

/// NET-01: a thousand who connect and say nothing are in nobody's way, and are gone after five seconds.
#[test]
fn silent_sockets_block_nobody() {
    let app = shop();
    let at = app.client().at();
    for who in ["ann", "staff"] {
        app.token(who);
    }
    let mut silent: Vec<Socket> = (0..1000).map(|_| Socket::open(at, LIVE, "")).collect();
    assert!(silent.iter().all(|socket| socket.status() == 101));
    let mut socket = open(&app, "staff");
    socket.say(r#"{"subscribe":["orders"],"after":0}"#);
    let order = place(&app, "ann");
    assert_eq!(order_of(&socket.event()), order);
    let body = json!({ "username": "ann", "password": PASSWORD });
    assert_eq!(app.post("nobody", "/api/v1/auth/login", body).status, 200);
    let last = silent.last_mut().unwrap();
    assert_eq!(
        (last.next(), last.next()),
        (Heard::Failure(1001), Heard::Closed(1008))
    );
}

/// API.md: an address for sockets answers others in words.
#[test]
fn what_is_no_handshake_is_told_so() {
    let app = shop();
    for (who, status, code) in [("nobody", 401, 1001), ("ann", 400, 2002), ("staff", 400, 2002)] {
        let answer = app.get(who, LIVE);
        assert_eq!((answer.status, answer.code()), (status, code), "{who}");
    }
    assert_eq!(app.post("staff", LIVE, json!({})).status, 405);
}

/// NET-01: a socket whose other side takes nothing is let go, and costs the others nothing.
#[test]
fn a_slow_socket_is_dropped_while_the_others_go_on() {
    const LARGE: usize = 1 << 20;
    const MANY: usize = 24;
    let app = TestApp::start_with(|config| config.server.write_seconds = 3);
    app.expect_findings();
    app.product("MUG", "4.50", 10);
    let (mut slow, mut other) = (open(&app, "staff"), open(&app, "staff"));
    for socket in [&mut slow, &mut other] {
        socket.say(r#"{"subscribe":["inventory"],"after":0}"#);
        assert_eq!(socket.event()["type"], "product.created");
    }
    let by = Actor {
        user: Some(UserId(
            app.number("SELECT id FROM users WHERE username = 'staff'"),
        )),
        ..Actor::system()
    };
    let _others = take_places(&app, &by);
    assert!(app.app().place(&by).is_err());
    for _ in 0..MANY {
        // Past the measure that is kept of events.
        let push = |tx: &till::shop::Tx| {
            let data = json!({ "id": 1, "much": "x".repeat(LARGE) }).to_string();
            till::store::events::push(tx, EventType::ProductUpdated, 1, 1, &data).map(drop)
        };
        app.app().store().write(push).unwrap();
        assert_eq!(other.event()["type"], "product.updated");
    }
    let watch = Stopwatch::start();
    while app.app().place(&by).is_err() {
        assert!(watch.seconds() < 120.0, "it still has its place");
        std::thread::yield_now();
    }
    let heard = std::iter::from_fn(|| Some(slow.next())).take_while(|heard| matches!(heard, Heard::Event(_)));
    let heard = heard.count();
    assert!(heard < MANY, "{heard}");
}
