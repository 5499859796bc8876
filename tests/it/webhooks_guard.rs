//! Webhooks are no way inside: which URLs an endpoint may have, and which addresses are never dialled.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::sink::Sink;
use crate::webhooks::DELIVERIES;
use crate::webhooks::ENDPOINTS;
use crate::webhooks::deliveries;
use crate::webhooks::endpoint;
use crate::webhooks::order;

/// What an attempt to register says: the status and the number.
fn register(app: &TestApp, url: &str) -> (u16, u64) {
    let answer = app.post("owner", ENDPOINTS, json!({ "url": url, "events": ["order.*"] }));
    (
        answer.status,
        answer.json()["error"]["code"].as_u64().unwrap_or(0),
    )
}

/// Addresses of each range of IPv4 that is not public.
pub const INSIDE_V4: [&str; 26] = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.171",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
];

/// The same in every way in which URLs may write them.
fn inside_v4() -> impl Iterator<Item = String> {
    INSIDE_V4.into_iter().flat_map(|text| {
        let ip: Ipv4Addr = text.parse().unwrap();
        let [a, b, c, d] = ip.octets();
        let bits = ip.to_bits();
        [
            text.to_owned(),
            format!("{text}."),
            format!("{bits}"),
            format!("0x{bits:x}"),
            format!("0{bits:o}"),
            format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
            format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
            format!("{a}.{}", bits & 0x00ff_ffff),
            format!("[::ffff:{text}]"),
            format!("[::ffff:{:x}:{:x}]", bits >> 16, bits & 0xffff),
            format!("[64:ff9b::{text}]"),
            format!("[::{text}]"),
        ]
    })
}

pub const INSIDE_V6: [&str; 28] = [
    "::",
    "::1",
    "0:0:0:0:0:0:0:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378::",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:c0a8:1::",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "8000::1",
    "fc00::1",
    "fd12:3456::1",
    "fdff::1",
    "fe80::1",
    "fe80::1%25eth0",
    "febf::1",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff0e::1",
    "::ffff:0:127.0.0.1",
];

/// SSR-02
#[test]
fn no_address_inside_can_be_registered_however_it_is_written() {
    let app = TestApp::start();
    let all: Vec<String> = inside_v4()
        .chain(INSIDE_V6.iter().map(|ip| format!("[{ip}]")))
        .collect();
    assert!(all.len() >= 250, "{}", all.len());
    let allowed: Vec<&String> = all
        .iter()
        .filter(|host| register(&app, &format!("https://{host}/hook")) != (400, 2002))
        .collect();
    assert!(allowed.is_empty(), "{allowed:?}");
    for host in [
        "1.1.1.1",
        "8.8.8.8",
        "[2606:4700::1111]",
        "[::ffff:1.1.1.1]",
        "hooks.example",
    ] {
        assert_eq!(register(&app, &format!("https://{host}/hook")).0, 201, "{host}");
    }
}

const SCHEMES: [&str; 12] = [
    "http",
    "ftp",
    "ftps",
    "file",
    "gopher",
    "ws",
    "wss",
    "data",
    "javascript",
    "ldap",
    "dict",
    "unix",
];

/// What is no URL, or not one of a public host alone.
const ODD: [&str; 24] = [
    "",
    "hooks.example",
    "//hooks.example/",
    "https://",
    "https:///hook",
    "https://user@hooks.example/",
    "https://user:pass@hooks.example/",
    "https://:pass@hooks.example/",
    "https://hooks.example/#x",
    "https://hooks.example\\@127.0.0.1/",
    "https://127.0.0.1\\@hooks.example/",
    "https://[::1/",
    "https://[1.1.1.1]/",
    "https://hooks .example/",
    "https://%31%32%37.0.0.1/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://hooks.example:x/",
    "https://hooks.example:-1/",
    "https://0/",
    "https://0x7f.1/",
    "https://127.1/",
    "https://1.1.1.1.1/",
    "https://256.1.1.1/",
];

/// SSR-03
#[test]
fn only_plain_https_urls_can_be_registered() {
    let app = TestApp::start_with(|config| config.server.listen = "127.0.0.1:8080".parse().unwrap());
    let mut tried = 0;
    let mut holds = |url: &str, status: u16| {
        tried += 1;
        let found = register(&app, url);
        assert_eq!(found.0, status, "{url}: {found:?}");
        assert!(status == 201 || found.1 == 2002, "{url}: {found:?}");
    };
    for scheme in SCHEMES {
        holds(&format!("{scheme}://hooks.example/"), 400);
    }
    for port in [
        "0", "1", "21", "22", "23", "25", "53", "110", "143", "389", "445", "636", "993", "1023", "65536",
        "8080",
    ] {
        holds(&format!("https://hooks.example:{port}/"), 400);
    }
    for port in ["443", "80", "1024", "8443", "9000", "65535"] {
        holds(&format!("https://hooks.example:{port}/"), 201);
    }
    for odd in ODD {
        holds(odd, 400);
    }
    for good in [
        "https://hooks.example",
        "HTTPS://Hooks.Example/A?b=c",
        "https://bücher.example/",
        "  https://hooks.example/ ",
    ] {
        holds(good, 201);
    }
    assert!(tried >= 60, "{tried}");
    let long = format!("https://hooks.example/{}", "x".repeat(2000));
    assert_eq!(register(&app, &long), (400, 2002));
}

/// SSR-01: what stands in the row or behind the name does not matter: the address that would be dialled does.
#[test]
fn nothing_inside_is_dialled_whatever_stands_in_the_row() {
    let sink = Sink::start();
    let app = TestApp::start_with(|config| config.webhooks.allow_http = true);
    app.product("MUG", "4.50", 100);
    let port = sink.at().port();
    let mut urls = vec![format!("http://localhost:{port}/")];
    assert_eq!(
        register(&app, &urls[0]).0,
        201,
        "a name is looked at when it is dialled"
    );
    for host in [
        "127.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
    ] {
        let made = endpoint(&app, "https://hooks.example/", &["order.*"]);
        let url = format!("http://{host}:{port}/");
        app.execute(&format!(
            "UPDATE webhook_endpoints SET url = '{url}' WHERE id = {}",
            made["id"]
        ));
        urls.push(url);
    }
    order(&app);
    app.deliver();
    let all = deliveries(&app, "");
    assert_eq!(all.len(), urls.len());
    for one in &all {
        assert_eq!(one["status"], "failed");
        let tries = app.get("owner", &format!("{DELIVERIES}/{}", one["id"])).json()["tries"].clone();
        assert_eq!(tries[0]["failure"], "unreachable", "{tries}");
    }
    assert_eq!(sink.connections(), 0);
}

/// SSR-03: a redirect is a failure, and is not followed, to where it may be.
#[test]
fn a_redirect_is_never_followed() {
    let (app, sink, other) = (crate::webhooks::shop(), Sink::start(), Sink::start());
    endpoint(&app, &sink.url(), &["order.*"]);
    let to = other.url();
    sink.say(move |_| crate::sink::Say::With(307, "location", to.clone()));
    order(&app);
    app.deliver();
    assert_eq!((sink.heard().len(), other.connections()), (1, 0));
    assert_eq!(deliveries(&app, "")[0]["status"], "failed");
}

/// OWH-05: five states of something inside look the same from outside.
#[test]
fn what_stands_behind_a_failure_is_not_told() {
    let (sink, closed) = (Sink::start(), std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let closed_port = closed.local_addr().unwrap().port();
    drop(closed);
    // No name is asked for outside this machine.
    let resolver = crate::names::start(|name| match name {
        "localhost" => vec![Ipv4Addr::LOCALHOST.into()],
        _ => Vec::new(),
    });
    let app = TestApp::start_with(|config| {
        config.webhooks.allow_http = true;
        config.webhooks.resolver = Some(resolver);
    });
    app.product("MUG", "4.50", 100);
    let open = sink.at().port();
    for url in [
        format!("http://127.0.0.1:{open}/"),
        format!("http://127.0.0.1:{closed_port}/"),
        format!("http://localhost:{open}/"),
        "http://no-such-name.invalid/".to_owned(),
        "http://10.255.255.1/".to_owned(),
    ] {
        let made = endpoint(&app, "https://hooks.example/", &["order.*"]);
        app.execute(&format!(
            "UPDATE webhook_endpoints SET url = '{url}' WHERE id = {}",
            made["id"]
        ));
    }
    order(&app);
    app.deliver();
    let told: BTreeSet<String> = deliveries(&app, "")
        .iter()
        .map(|one| {
            let mut tries = app.get("owner", &format!("{DELIVERIES}/{}", one["id"])).json()["tries"].clone();
            for key in ["request", "duration_ms"] {
                tries[0].as_object_mut().unwrap().remove(key);
            }
            tries.to_string()
        })
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(sink.connections(), 0);
}

/// SSR-04
#[test]
fn no_request_can_widen_what_may_be_reached() {
    let app = TestApp::start();
    for path in [
        "/api/v1/settings",
        "/api/v1/webhooks/settings",
        "/api/v1/config",
        "/api/v1/webhooks/networks",
    ] {
        for body in [
            json!({ "webhooks.allow_networks": ["127.0.0.0/8"] }),
            json!({ "webhooks": { "allow_networks": ["127.0.0.0/8"] } }),
            json!({ "allow_http": true }),
        ] {
            for method in ["POST", "PATCH", "PUT"] {
                let answer = app.send(method, "owner", path, &[], Some(&body));
                // The settings of the shop are changed there; of networks they know nothing.
                let is_unknown = answer.status == 400 && answer.body.contains("There is no such field");
                assert!(
                    [404, 405].contains(&answer.status) || is_unknown,
                    "{method} {path}: {}",
                    answer.body
                );
            }
        }
    }
    let more = json!({ "url": "https://hooks.example/", "events": ["*"], "allow_networks": ["127.0.0.0/8"] });
    assert_eq!(app.post("owner", ENDPOINTS, more).status, 400);
    for url in ["http://127.0.0.1:9000/", "https://127.0.0.1:9000/"] {
        assert_eq!(register(&app, url), (400, 2002));
    }
    assert_eq!(
        app.get("owner", ENDPOINTS).json()["data"],
        Value::Array(Vec::new())
    );
}
