//! The feed as server-sent events: once, in order, from where the reader is, and only what is theirs to hear.

use std::collections::BTreeSet;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

use serde_json::Value;
use serde_json::json;
use till::clock::Stopwatch;
use till::domain::actor::Actor;
use till::domain::event::EventType;
use till::domain::id::UserId;

use crate::app::TestApp;
use crate::binary::Folder;
use crate::binary::make_user;
use crate::client::Client;
use crate::kill::Server;
use crate::streams::Heard;
use crate::streams::Socket;
use crate::streams::Stream;
use crate::streams::bearer;
use crate::streams::order_of;
use crate::streams::take_places;

const STREAM: &str = "/api/v1/events/stream";
const MINUTE: i64 = 60_000;

pub fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100_000);
    app
}

pub fn place(app: &TestApp, who: &str) -> i64 {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    let placed = app.post(who, "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()["id"].as_i64().unwrap()
}

/// So many orders, one after the other.
pub fn place_some(app: &TestApp, who: &str, count: usize) {
    for _ in 0..count {
        place(app, who);
    }
}

fn cancel(app: &TestApp, who: &str, order: i64) {
    let canceled = app.post(who, &format!("/api/v1/orders/{order}/cancel"), json!({}));
    assert_eq!(canceled.status, 200, "{}", canceled.body);
}

fn listen(app: &TestApp, who: &str, query: &str, headers: &str) -> Stream {
    let token = app.token(who).unwrap();
    let path = format!("{STREAM}?{query}");
    Stream::open(app.client().at(), &path, &(bearer(&token) + headers))
}

/// What the feed holds, as it is asked for page by page.
pub fn feed(app: &TestApp, query: &str) -> Vec<Value> {
    let page = app.get("owner", &format!("/api/v1/events?limit=200&{query}"));
    page.json()["data"].as_array().unwrap().clone()
}

fn revoke_sessions(app: &TestApp, who: &str) {
    let body = json!({ "all_devices": true });
    let out = app.post(who, "/api/v1/auth/logout", body);
    assert!(out.status < 300, "{}", out.body);
}

/// H1, D17, B15: what happens is told as the feed tells it, to each who listens, and what was before is not.
#[test]
fn what_happens_is_told_as_it_happens() {
    let app = shop();
    place(&app, "ann");
    let mut all = listen(&app, "staff", "", "accept-encoding: gzip, br\r\n");
    for header in [
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-accel-buffering: no\r\n",
    ] {
        assert!(all.text.contains(header), "{}", all.text);
    }
    assert!(!all.text.contains("content-encoding"));
    let mut stock = listen(&app, "staff", "stream=inventory", "");
    let mut canceled = listen(&app, "owner", "type=order.canceled", "");
    let newest = feed(&app, "").len() as i64;
    let order = place(&app, "ann");
    app.product("CUP", "1.00", 1);
    cancel(&app, "ann", order);
    let told = feed(&app, &format!("after={newest}"));
    assert_eq!(told.len(), 3);
    for event in &told {
        assert_eq!(&all.next(), event);
        assert_eq!(&stock.next(), event);
    }
    assert_eq!(canceled.next(), told[2]);
}

/// H2: whoever comes back with the last id that they have seen misses nothing and hears nothing twice, while orders come
/// in from all sides.
#[test]
fn whoever_comes_back_hears_each_event_once() {
    let app = shop();
    let people = ["ann", "bob", "carl", "dora"];
    for who in people {
        app.token(who);
    }
    app.token("staff");
    let before = feed(&app, "").len();
    let mut heard: Vec<Value> = Vec::new();
    std::thread::scope(|scope| {
        for who in people {
            let app = &app;
            scope.spawn(move || place_some(app, who, 25));
        }
        while heard.len() < 100 {
            let seen = heard
                .last()
                .map_or(before as i64, |event| event["id"].as_i64().unwrap());
            // What the header says counts more than what the address says.
            let mut stream = listen(&app, "staff", "after=1", &format!("last-event-id: {seen}\r\n"));
            heard.extend((0..7.min(100 - heard.len())).map(|_| stream.next()));
        }
    });
    assert_eq!(heard, feed(&app, &format!("after={before}")));
    let orders: BTreeSet<i64> = heard.iter().map(order_of).collect();
    assert_eq!(orders.len(), 100);
    // From the beginning, out of the file, page by page.
    let mut whole = listen(&app, "staff", "after=0", "");
    let told: Vec<Value> = (0..before + 100).map(|_| whole.next()).collect();
    assert_eq!(told, feed(&app, ""));
}

/// H2, DUR-02: a server that was killed is no gap.
#[test]
fn a_reader_goes_on_after_a_kill() {
    let dir = Folder::new();
    let mut server = Server::start(&dir.0);
    assert!(make_user(&dir.0, "owner").status.success());
    let sign_in = |at| {
        let body = json!({ "username": "owner", "password": "walrus tusk 9 of ten" });
        let told = Client::new(at).send("POST", "/api/v1/auth/login", None, &[], Some(&body));
        told.json()["access_token"].as_str().unwrap().to_owned()
    };
    let mut token = sign_in(server.at);
    let send = |at, token: &str, path: &str, body: Value| {
        let made = Client::new(at).send("POST", path, Some(token), &[], Some(&body));
        assert_eq!(made.status, 201, "{}", made.body);
    };
    let mug = json!({ "name": "Mug", "sku": "MUG", "price": "4.50", "quantity": 1000 });
    send(server.at, &token, "/api/v1/products", mug);
    let order = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    let mut heard: Vec<Value> = Vec::new();
    for _ in 0..3 {
        let seen = heard.last().map_or(0, |event| event["id"].as_i64().unwrap());
        let headers = format!("{}last-event-id: {seen}\r\n", bearer(&token));
        let mut stream = Stream::open(server.at, &format!("{STREAM}?type=order.created"), &headers);
        for _ in 0..5 {
            send(server.at, &token, "/api/v1/orders", order.clone());
        }
        // Two are not heard before the end.
        heard.extend((0..3).map(|_| stream.next()));
        server.kill();
        server = Server::start(&dir.0);
        token = sign_in(server.at);
    }
    let headers = format!("{}last-event-id: {}\r\n", bearer(&token), heard[8]["id"]);
    let mut stream = Stream::open(server.at, &format!("{STREAM}?type=order.created"), &headers);
    heard.extend((0..6).map(|_| stream.next()));
    let orders: Vec<i64> = heard.iter().map(order_of).collect();
    assert_eq!(orders, (1..=15).collect::<Vec<i64>>());
    server.stop();
    assert_eq!(stream.rest(), Vec::<Value>::new());
}

/// AZ-02: a customer hears what becomes of their own orders and nothing else, out of memory and out of the file.
#[test]
fn a_customer_hears_of_their_own_orders_alone() {
    let app = shop();
    app.token("bob");
    let mut live = listen(&app, "ann", "", "");
    let mut orders = listen(&app, "ann", "stream=orders", "");
    for _ in 0..3 {
        place(&app, "bob");
        place(&app, "seller");
    }
    // Their ids are those of orders, and their stream is another.
    app.product("CUP", "1.00", 1);
    let mine = place(&app, "ann");
    place(&app, "bob");
    cancel(&app, "owner", mine);
    let mut missed = listen(&app, "ann", "after=0", "");
    for stream in [&mut live, &mut orders, &mut missed] {
        let told = [stream.next(), stream.next()];
        assert_eq!(told.each_ref().map(order_of), [mine, mine]);
        assert_eq!(
            told.each_ref().map(|event| event["type"].clone()),
            ["order.created", "order.canceled"]
        );
    }
    app.app().stop();
    for mut stream in [live, orders, missed] {
        assert_eq!(stream.rest(), Vec::<Value>::new());
    }
}

/// Every event of an order, as staff read it.
fn of_order(app: &TestApp, order: i64) -> Vec<Value> {
    let mut told = feed(app, "");
    told.retain(|event| {
        let is_order = event["type"].as_str().unwrap().starts_with("order.");
        let named = if is_order { "id" } else { "order_id" };
        event["stream"] != "inventory" && event["data"][named] == order
    });
    told
}

/// D17, AZ-02: a customer hears of the payments, the refunds and the papers of their own orders too, and of nobody else's,
/// in both streams that have them, over both wires, as it happens and afterwards.
#[test]
fn a_customer_hears_of_their_own_payments_refunds_and_papers() {
    let app = crate::payments::shop();
    app.token("bob");
    let mut all = listen(&app, "ann", "", "");
    let mut money = listen(&app, "ann", "stream=payments", "");
    let mut socket = Socket::signed_in(app.client().at(), &app.token("ann").unwrap());
    socket.say(r#"{"subscribe":["orders","payments"],"after":0}"#);
    let others = crate::payments::order_by(&app, "bob");
    let mine = crate::payments::order(&app);
    for order in [others, mine] {
        let who = if order == mine { "ann" } else { "bob" };
        let body = json!({ "order_id": order, "provider": "sandbox", "payment_method": "tok_good" });
        assert_eq!(app.post(who, "/api/v1/payments/initiate", body).status, 201);
        app.settle();
        let body = json!({ "amount": "4.00", "reason": "a chip" });
        let back = app.post("owner", &format!("/api/v1/orders/{order}/refunds"), body);
        assert_eq!(back.status, 201, "{}", back.body);
        app.settle();
    }
    let told = of_order(&app, mine);
    let mut kinds: Vec<&str> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "invoice.issued",
            "order.created",
            "order.paid",
            "order.refunded",
            "payment.succeeded",
            "refund.created",
            "refund.succeeded"
        ]
    );
    let mut missed = listen(&app, "ann", "after=0", "");
    for event in &told {
        assert_eq!(&all.next(), event);
        assert_eq!(&missed.next(), event);
        assert_eq!(&socket.event(), event);
        if event["stream"] == "payments" {
            assert_eq!(&money.next(), event);
        }
    }
    app.app().stop();
    for mut stream in [all, money, missed] {
        assert_eq!(stream.rest(), Vec::<Value>::new());
    }
    assert_eq!(socket.next(), Heard::Closed(1001));
}

/// B15, AZ-02: a seller hears what becomes of their own products and of the stock of those, and of nobody else's.
#[test]
fn a_seller_hears_of_their_own_products() {
    let app = TestApp::start();
    app.token("seller2");
    let mut live = listen(&app, "seller", "stream=inventory", "");
    let mut all = listen(&app, "seller", "", "");
    app.product("MUG", "4.50", 10);
    crate::commissions::sell(&app, "seller2", "JAR", "3.00");
    crate::commissions::sell(&app, "seller", "VASE", "10.00");
    for sku in ["MUG", "JAR", "VASE"] {
        let more = json!({ "sku": sku, "delta": 5, "reason": "restock" });
        assert_eq!(app.post("owner", "/api/v1/stock/adjustments", more).status, 201);
        // What others buy is theirs.
        let body = json!({ "items": [{ "sku": sku, "quantity": 1 }] });
        assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    }
    let mut missed = listen(&app, "seller", "stream=inventory&after=0", "");
    let mut told = feed(&app, "stream=inventory");
    told.retain(|event| event["data"].to_string().contains("VASE") && event["type"] != "order.created");
    let kinds: Vec<&Value> = told.iter().map(|event| &event["type"]).collect();
    assert_eq!(
        kinds,
        ["product.created", "product.approved", "inventory.changed"]
    );
    for event in &told {
        for stream in [&mut live, &mut all, &mut missed] {
            assert_eq!(&stream.next(), event);
        }
    }
    // Who may no longer sell hears no more of it.
    app.change("DELETE FROM role_permissions WHERE permission = 'products:own'");
    let more = json!({ "sku": "VASE", "delta": 5, "reason": "restock" });
    assert_eq!(app.post("owner", "/api/v1/stock/adjustments", more).status, 201);
    assert_eq!(live.rest(), Vec::<Value>::new());
    app.app().stop();
    assert_eq!(all.rest(), Vec::<Value>::new());
}

/// AZ-01, TOK-07: who may, and what may be asked.
#[test]
fn a_stream_is_for_those_who_may_and_its_questions_are_checked() {
    let app = shop();
    let at = app.client().at();
    let token = app.token("staff").unwrap();
    for (who, query, status, code) in [
        ("nobody", "", 401, 1001),
        ("ann", "stream=inventory", 403, 1005),
        ("ann", "stream=customers", 403, 1005),
        ("seller", "stream=customers", 403, 1005),
        ("staff", "stream=weather", 400, 2002),
        ("staff", "type=order.dreamt", 400, 2002),
        ("staff", "after=-1", 400, 2002),
        ("staff", "after=x", 400, 2002),
        ("staff", "limit=5", 400, 2002),
    ] {
        let answer = app.get(who, &format!("{STREAM}?{query}"));
        assert_eq!((answer.status, answer.code()), (status, code), "{who} {query}");
    }
    for (path, headers, status, code) in [
        (format!("{STREAM}?token={token}"), String::new(), 401, 1001),
        (format!("{STREAM}?token={token}"), bearer(&token), 400, 2002),
        (format!("{STREAM}?access_token={token}"), String::new(), 401, 1001),
        (STREAM.to_owned(), bearer("till_nobodys"), 401, 1004),
        (
            STREAM.to_owned(),
            bearer(&token) + "last-event-id: x\r\n",
            400,
            2002,
        ),
        (
            STREAM.to_owned(),
            bearer(&token) + "last-event-id: -1\r\n",
            400,
            2002,
        ),
    ] {
        let answer = Stream::open(at, &path, &headers);
        assert_eq!(answer.status(), status, "{}", answer.text);
        assert!(
            answer.text.contains(&format!("\"code\":{code},")),
            "{}",
            answer.text
        );
    }
}

/// TOK-05, AZ-01: whoever may no longer hear hears nothing more, without waiting for the next event.
#[test]
fn what_ends_a_session_ends_its_streams() {
    let app = shop();
    let mut signed_out = listen(&app, "ann", "", "");
    let mut stays = listen(&app, "bob", "", "");
    revoke_sessions(&app, "ann");
    assert_eq!(signed_out.rest(), Vec::<Value>::new());
    let mine = place(&app, "bob");
    assert_eq!(order_of(&stays.next()), mine);
    // A right that is taken.
    let mut staff = listen(&app, "staff", "stream=inventory", "");
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'events:read'");
    place(&app, "bob");
    assert_eq!(staff.rest(), Vec::<Value>::new());
    // A user who is kept out.
    stays.next();
    let bob = app.number("SELECT id FROM users WHERE username = 'bob'");
    assert_eq!(
        app.post("owner", &format!("/api/v1/users/{bob}/suspend"), json!({}))
            .status,
        200
    );
    assert_eq!(stays.rest(), Vec::<Value>::new());
}

/// TOK-02: a stream is heard for as long as a new one by the same token would be.
#[test]
fn a_stream_ends_with_the_token_that_it_came_by() {
    let app = shop();
    app.token("ann");
    let mut stream = listen(&app, "staff", "", "");
    app.clock.pass(9 * MINUTE);
    place(&app, "ann");
    stream.next();
    app.clock.pass(2 * MINUTE);
    app.forget_tokens();
    place(&app, "ann");
    assert_eq!(stream.rest(), Vec::<Value>::new());
}

/// NET-01: a reader that takes nothing is let go, and costs the others nothing.
#[test]
fn a_slow_reader_is_dropped_while_the_others_go_on() {
    const LARGE: usize = 1 << 20;
    const MANY: usize = 24;
    let app = TestApp::start_with(|config| config.server.write_seconds = 3);
    app.expect_findings();
    let token = app.token("staff").unwrap();
    let at = app.client().at();
    let mut slow = TcpStream::connect(at).unwrap();
    let head = format!("GET {STREAM} HTTP/1.1\r\nhost: {at}\r\n{}\r\n", bearer(&token));
    slow.write_all(head.as_bytes()).unwrap();
    let mut taken = vec![0; 12];
    slow.read_exact(&mut taken).unwrap();
    let mut other = listen(&app, "staff", "", "");
    let by = Actor {
        user: Some(UserId(
            app.number("SELECT id FROM users WHERE username = 'staff'"),
        )),
        ..Actor::system()
    };
    let _others = take_places(&app, &by);
    for _ in 0..MANY {
        let emit = |tx: &till::shop::Tx| {
            // Past the measure that is kept of events.
            let data = json!({ "id": 1, "much": "x".repeat(LARGE) }).to_string();
            till::store::events::push(tx, EventType::ProductUpdated, 1, 1, &data).map(drop)
        };
        app.app().store().write(emit).unwrap();
        assert_eq!(other.next()["type"], "product.updated");
    }
    let watch = Stopwatch::start();
    while app.app().place(&by).is_err() {
        assert!(watch.seconds() < 120.0, "it still has its place");
        std::thread::yield_now();
    }
    let _ = slow.read_to_end(&mut taken);
    assert!(taken.len() < MANY * LARGE, "{}", taken.len());
    assert!(taken.starts_with(b"HTTP/1.1 200"));
}

/// LIF-01: a stop waits for no stream.
#[test]
fn streams_end_when_the_shop_stops() {
    let app = shop();
    let mut streams: Vec<Stream> = (0..3).map(|_| listen(&app, "staff", "", "")).collect();
    app.app().stop();
    for stream in &mut streams {
        assert_eq!(stream.rest(), Vec::<Value>::new());
        assert!(stream.text.ends_with("\r\n0\r\n\r\n"), "{}", stream.text);
    }
}
