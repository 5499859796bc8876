//! What the pages are drawn with: names made of content, kept for a year; and what a page weighs with all of it.

use std::collections::BTreeSet;
use std::io::Read;
use std::io::Write;

use axum::http::Method;

use crate::admin_frame::routes;
use crate::admin_frame::shop;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;

/// The whole reply as it goes over the wire.
fn wire(app: &TestApp, path: &str, cookie: &str, encoding: &str) -> (u16, usize, String) {
    let at = app.client().at();
    let mut stream = std::net::TcpStream::connect(at).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\naccept-encoding: {encoding}\r\ncookie: {cookie}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let text = String::from_utf8_lossy(&reply).into_owned();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (
        status,
        reply.len(),
        text.split("\r\n\r\n").next().unwrap().to_owned(),
    )
}

fn assets(page: &Answer) -> BTreeSet<String> {
    let rest = page.body.split("\"/assets/").skip(1);
    rest.map(|rest| format!("/assets/{}", rest.split(['"', '#']).next().unwrap()))
        .collect()
}

/// WEB-05: assets stand under names made of their content, for a year, and under no other.
#[test]
fn assets_have_names_of_their_content() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "owner");
    let found = assets(&browser.get("/admin/orders"));
    assert_eq!(found.len(), 4, "{found:?}");
    for path in &found {
        let answer = browser.get(path);
        assert_eq!(answer.status, 200, "{path}");
        let kept = "public, max-age=31536000, immutable";
        assert_eq!(answer.header("cache-control"), Some(kept), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let (stem, rest) = path.split_once('.').unwrap();
        let (digest, ending) = rest.split_once('.').unwrap();
        assert!(digest.len() >= 8, "{path}");
        for other in [
            format!("{stem}.{ending}"),
            format!("{stem}.AAAAAAAA.{ending}"),
            format!("{path}.map"),
            path.to_uppercase(),
            format!("/assets/../{}", path.trim_start_matches('/')),
            format!("/assets/%2e%2e%2f{}", &path[8..]),
        ] {
            assert_eq!(browser.get(&other).status, 404, "{other}");
        }
    }
}

/// Ways to write one step up, to whoever decodes once, twice, not at all, or as another system does.
const UP: [&str; 16] = [
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    ".%2e/",
    "%2e./",
    "..\\",
    "..%5c",
    "%252e%252e%252f",
    "..%252f",
    "..%c0%af",
    "..%e0%80%af",
    "..;/",
    "..%00/",
    "....//",
    "/../",
];

/// WEB-05: no path leads out of what lies inside the binary to what lies beside it, however it is written.
#[test]
fn no_path_leads_to_a_file() {
    let app = TestApp::start();
    let canary = "canary beside the shop";
    std::fs::write(app.dir().join("canary.txt"), canary).unwrap();
    let inside = app.dir().join("canary.txt");
    let absolute = inside.to_str().unwrap();
    let targets = [
        "canary.txt",
        "till.db",
        "keys/seal",
        "etc/passwd",
        "proc/self/environ",
        "Cargo.toml",
    ];
    let client = app.client();
    let mut paths = Vec::new();
    for root in ["/assets/", "/api/docs/"] {
        for up in UP {
            for depth in [1, 2, 12] {
                paths.extend(targets.map(|target| format!("{root}{}{target}", up.repeat(depth))));
            }
        }
        for prefix in [
            "",
            "/",
            "%2f",
            "file:",
            "file://",
            "file:%2f%2f",
            "\\\\.\\",
            "c:%5c",
            "%00",
            "~",
        ] {
            paths.push(format!("{root}{prefix}{absolute}"));
            paths.push(format!("{root}till.css{prefix}{absolute}"));
        }
    }
    assert!(paths.len() > 500, "{}", paths.len());
    for path in paths {
        let at = client.at();
        let asked = format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n");
        let answer = client.raw(asked.as_bytes());
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        for told in [canary, "SQLite format", "root:", "[package]"] {
            assert!(!answer.body.contains(told), "{path} tells {told}");
        }
    }
}

/// PAGES, *Page weight*: a page and all that it needs, packed.
#[test]
fn no_page_is_heavier_than_it_may_be() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    let cookie = browser.cookie();
    for encoding in ["gzip", "br"] {
        for path in routes(&Method::GET) {
            let page = browser.get(&path);
            if path.ends_with(".csv") {
                continue;
            }
            let (status, warm, head) = wire(&app, &path, &cookie, encoding);
            assert_eq!(status, page.status, "{path}");
            assert!(
                page.body.len() < 1024 || head.contains(&format!("content-encoding: {encoding}")),
                "{path}"
            );
            let parts = assets(&page);
            let cold: usize = parts.iter().map(|asset| wire(&app, asset, "", encoding).1).sum();
            println!("{path} {encoding}: warm {warm}, cold {}", warm + cold);
            assert!(warm <= 20_000, "{path} {encoding}: {warm}");
            assert!(warm + cold <= 100_000, "{path} {encoding}: {}", warm + cold);
        }
    }
}

/// The stylesheet and the script are read as often as the rest.
#[test]
fn no_line_of_the_assets_is_too_long() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "owner");
    for path in assets(&browser.get("/admin/orders")) {
        let text = browser.get(&path).body;
        let is_code = path.ends_with(".css") || path.ends_with(".js");
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(!is_code || longest <= 120, "{path}: {longest}");
    }
}
