//! The list of orders while it is being looked at: what comes in and changes is told, to whoever may still hear it.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::Value;
use serde_json::json;
use till::clock::Stopwatch;
use till::domain::id::EventId;
use till::http::live;
use till::http::live::Listening;
use till::http::live::Message as Told;
use till::http::live::News;
use till::shop::Tx;
use till::shop::orders;

use crate::app::TestApp;
use crate::client::Answer;
use crate::conservation::actor;
use crate::conservation::order;
use crate::pages::Browser;
use crate::pages::attribute;
use crate::streams::take_places;

const MINUTE: i64 = 60_000;

fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1000);
    app
}

fn place(app: &TestApp, who: &str) -> i64 {
    let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
    let placed = app.post(who, "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    placed.json()["id"].as_i64().unwrap()
}

fn step(app: &TestApp, id: i64, status: &str, version: i64) {
    let body = json!({ "status": status, "version": version });
    let moved = app.send(
        "PATCH",
        "owner",
        &format!("/api/v1/orders/{id}/status"),
        &[],
        Some(&body),
    );
    assert_eq!(moved.status, 200, "{}", moved.body);
}

/// Where a page listens.
fn heard_at(page: &Answer) -> String {
    let at = page
        .body
        .find(" data-live=")
        .unwrap_or_else(|| panic!("{}", page.body));
    attribute(&page.body[at..], "data-live").unwrap()
}

/// What has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stream that is being read.
struct Stream {
    socket: TcpStream,
    text: String,
    /// How much of it has been taken.
    taken: usize,
}

/// A message: its place, its kind and its data.
type Message = (i64, String, Value);

impl Stream {
    fn open(browser: &Browser, app: &TestApp, path: &str, headers: &str) -> Self {
        let at = app.client().at();
        let mut socket = TcpStream::connect(at).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {at}\r\ncookie: {}\r\nsec-fetch-site: same-origin\r\n\
             accept-encoding: gzip, br\r\n{headers}\r\n",
            browser.cookie()
        );
        socket.write_all(head.as_bytes()).unwrap();
        let mut stream = Self {
            socket,
            text: String::new(),
            taken: 0,
        };
        stream.until(|text| {
            let is_refused = text.contains("\r\n\r\n") && !text.starts_with("HTTP/1.1 200");
            is_refused || text.contains("retry: 2000\n")
        });
        stream.taken = stream.text.find("retry: ").unwrap_or(0);
        stream
    }

    /// Reads on; nothing more once the stream has ended.
    fn read(&mut self) -> usize {
        let mut bytes = [0; 65_536];
        let read = self.socket.read(&mut bytes).expect("the stream goes on or ends");
        self.text += &String::from_utf8_lossy(&bytes[..read]);
        read
    }

    fn until(&mut self, is_there: impl Fn(&str) -> bool) {
        let watch = Stopwatch::start();
        while !is_there(&self.text[self.taken..]) {
            // Beats keep it alive in which nothing is told.
            assert!(watch.elapsed() < PATIENCE, "nothing comes: {}", self.text);
            assert!(self.read() > 0, "ended: {}", self.text);
        }
    }

    /// Reads to the end of the stream.
    fn ends(&mut self) {
        let watch = Stopwatch::start();
        while !self.text.ends_with("\r\n0\r\n\r\n") && self.read() > 0 {
            assert!(watch.elapsed() < PATIENCE, "it goes on: {}", self.text);
        }
    }

    /// The next message.
    fn next(&mut self) -> Message {
        let whole = |text: &str| {
            let at = text.find("id: ")?;
            text[at..].find("\n\n").map(|end| (at, at + end))
        };
        self.until(|text| whole(text).is_some());
        let text = &self.text[self.taken..];
        let (from, to) = whole(text).unwrap();
        let line = |name: &str| {
            let mut lines = text[from..to].lines();
            lines.find_map(|line| line.strip_prefix(name)).unwrap().to_owned()
        };
        let message = (
            line("id: ").parse().unwrap(),
            line("event: "),
            serde_json::from_str(&line("data: ")).unwrap(),
        );
        self.taken += to;
        message
    }
}

/// T3: a new order appears by itself, drawn as the list draws it, and what changes is drawn anew in its place.
#[test]
fn orders_appear_and_change_by_themselves() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let mut stream = Stream::open(&browser, &app, &heard_at(&browser.get("/admin/orders")), "");
    for header in [
        "content-type: text/event-stream\r\n",
        "cache-control: no-store\r\n",
        "x-accel-buffering: no\r\n",
    ] {
        assert!(stream.text.contains(header), "{}", stream.text);
    }
    assert!(!stream.text.contains("content-encoding"));
    place(&app, "ann");
    let (_, kind, data) = stream.next();
    assert_eq!((kind.as_str(), data["id"].as_str()), ("row", Some("o-1")));
    let row = data["html"].as_str().unwrap().trim().to_owned();
    assert!(browser.get("/admin/orders").body.contains(&row), "{row}");
    place(&app, "bob");
    assert_eq!(stream.next().2["below"], "o-1");
    step(&app, 1, "processing", 1);
    let (_, _, changed) = stream.next();
    assert_eq!((&changed["id"], &changed["below"]), (&json!("o-1"), &Value::Null));
    assert!(changed["html"].as_str().unwrap().contains("Processing"));
}

/// T3: rows come through the filters of the view; what no longer fits goes.
#[test]
fn the_filters_of_the_view_hold() {
    let app = shop();
    place(&app, "ann");
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get("/admin/orders?status=pending&max_total=9.00");
    let mut stream = Stream::open(&browser, &app, &heard_at(&page), "");
    let dear = json!({ "items": [{ "sku": "MUG", "quantity": 3 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", dear).status, 201);
    assert_eq!(stream.next().1, "gone");
    place(&app, "bob");
    assert_eq!(stream.next().2["id"], "o-3");
    step(&app, 1, "processing", 1);
    let (_, kind, data) = stream.next();
    assert_eq!((kind.as_str(), &data["id"]), ("gone", &json!("o-1")));
    // A view that is not of the newest, or not of its first page, stands still.
    for query in ["sort=oldest", "sort=-total", "page=2", "from=never"] {
        let page = browser.get(&format!("/admin/orders?{query}"));
        assert!(!page.body.contains("data-live="), "{query}");
    }
}

/// T3: a search that cannot see all that is new waits for its index, and passes over nothing.
#[test]
fn a_search_hears_of_what_it_finds() {
    let app = TestApp::start();
    app.product("A", "1.00", 10_000);
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get("/admin/orders?q=ann");
    let asked = json!({ "items": [{ "sku": "A", "quantity": 1 }] });
    assert_eq!(app.post("ann", "/api/v1/orders", asked).status, 201);
    // So many hide it from a search until they are in the index.
    let crowd =
        |tx: &Tx| (0..5_000).try_for_each(|_| orders::place(tx, &actor(), None, &order(&[(0, 1)])).map(drop));
    app.app().store().write(crowd).unwrap();
    // A stream begins with what its first look has found.
    let mut stream = Stream::open(&browser, &app, &heard_at(&page), "");
    assert!(!stream.text.contains("event:"), "{}", stream.text);
    app.derive();
    // More has changed than is told one by one.
    assert_eq!(stream.next().1, "again");
    assert!(
        browser
            .get("/admin/orders?q=ann")
            .body
            .contains("data-order=\"1\"")
    );
}

/// T3: before a reader that takes nothing no more than four messages are kept; then it is let go.
#[test]
fn a_reader_that_takes_nothing_is_dropped() {
    let app = TestApp::start_with(|config| config.server.write_seconds = 1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let endless = |after: EventId| async move {
            let id = EventId(after.0 + 1);
            let data = "{}".into();
            Ok(News {
                messages: vec![Told {
                    id,
                    kind: "row",
                    data,
                }],
                upto: id,
                is_end: false,
            })
        };
        let listening = Listening {
            wakes: app.app().commits(),
            pause: Duration::ZERO,
            place: app.app().place(&actor()).unwrap(),
            app: app.app().clone(),
        };
        let mut body = live::stream(listening, EventId(0), endless).into_body();
        let (_others, watch) = (take_places(&app, &actor()), Stopwatch::start());
        while app.app().place(&actor()).is_err() {
            assert!(watch.seconds() < 120.0, "it still has its place");
            tokio::task::yield_now().await;
        }
        let mut kept = String::new();
        while let Some(frame) = body.frame().await {
            kept += std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap();
            assert!(!kept.contains("id: 100\n"), "{kept}");
        }
        assert!(kept.contains("id: 4\n") && !kept.contains("id: 5\n"), "{kept}");
    });
}

/// T3: whoever comes back goes on where the page, or the last message, ended.
#[test]
fn whoever_comes_back_has_missed_nothing() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get("/admin/orders");
    place(&app, "ann");
    place(&app, "ann");
    let at = heard_at(&page);
    let mut stream = Stream::open(&browser, &app, &at, "");
    let (_, _, first) = stream.next();
    let (seen, _, second) = stream.next();
    assert_eq!((&first["id"], &second["id"]), (&json!("o-1"), &json!("o-2")));
    drop(stream);
    place(&app, "ann");
    let again = format!("last-event-id: {seen}\r\n");
    let mut stream = Stream::open(&browser, &app, &at, &again);
    assert_eq!(stream.next().2["id"], "o-3");
}

/// AUT-06: an open page is nobody at work, and its stream ends with the session.
#[test]
fn an_open_page_keeps_no_session_alive() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let at = heard_at(&browser.get("/admin/orders"));
    let seen = app.number("SELECT max(seen_at) FROM sessions WHERE kind = 1");
    app.clock.pass(5 * MINUTE);
    let mut stream = Stream::open(&browser, &app, &at, "");
    assert_eq!(
        app.number("SELECT max(seen_at) FROM sessions WHERE kind = 1"),
        seen
    );
    // A look at a page counts.
    browser.get("/admin/orders");
    assert!(app.number("SELECT max(seen_at) FROM sessions WHERE kind = 1") > seen);
    app.clock.pass(13 * 60 * MINUTE);
    app.forget_tokens();
    place(&app, "ann");
    stream.ends();
    assert!(!stream.text.contains("o-1"), "{}", stream.text);
    assert!(
        Stream::open(&browser, &app, &at, "")
            .text
            .starts_with("HTTP/1.1 401")
    );
}

/// AZ-01: who may not read orders hears of none, from the moment on.
#[test]
fn a_right_that_is_taken_ends_the_stream() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let at = heard_at(&browser.get("/admin/orders"));
    let mut stream = Stream::open(&browser, &app, &at, "");
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'orders:*'");
    place(&app, "ann");
    stream.ends();
    assert!(!stream.text.contains("o-1"));
    let status = |browser: &Browser| Stream::open(browser, &app, &at, "").text[..12].to_owned();
    assert_eq!(status(&browser), "HTTP/1.1 403");
    assert_eq!(status(&Browser::new(&app)), "HTTP/1.1 401");
    assert_eq!(status(&Browser::signed_in(&app, "ann")), "HTTP/1.1 403");
    let owner = Browser::signed_in(&app, "owner");
    for query in ["since=x", "since=-1", "status=lost", "nothing=1"] {
        let refused = owner.get(&format!("/admin/live?{query}"));
        assert_eq!(refused.status, 400, "{query}");
    }
}

/// DUR-07: a stop waits for no stream.
#[test]
fn streams_end_when_the_shop_stops() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let at = heard_at(&browser.get("/admin/orders"));
    let mut streams: Vec<Stream> = (0..3).map(|_| Stream::open(&browser, &app, &at, "")).collect();
    app.app().stop();
    streams.iter_mut().for_each(Stream::ends);
}
