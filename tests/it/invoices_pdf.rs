//! Papers as PDF, read out and checked by programs that we did not write: poppler's `pdftotext` and `qpdf`. Elsewhere than
//! in CI their absence is said and passed over.

use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::app::TestApp;
use crate::app::temporary_dir;

/// Whether the two programs are there; in CI they must be.
fn judges() -> bool {
    let is_there = |name: &str| Command::new(name).arg("--version").output().is_ok();
    let are_there = is_there("qpdf") && Command::new("pdftotext").arg("-v").output().is_ok();
    if !are_there {
        assert!(std::env::var_os("CI").is_none(), "no pdftotext and qpdf");
        eprintln!("SKIPPED: no pdftotext (poppler-utils) and qpdf");
    }
    are_there
}

/// The bytes of a reply, which are no text.
fn download(app: &TestApp, who: &str, path: &str) -> Vec<u8> {
    let mut stream = std::net::TcpStream::connect(app.client().at()).unwrap();
    let token = app.token(who).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n",
        app.client().at()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).unwrap();
    let end = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&whole[..end]).to_lowercase();
    assert!(
        head.starts_with("http/1.1 200") && head.contains("content-type: application/pdf"),
        "{head}"
    );
    whole.split_off(end + 4)
}

/// What stands on the pages, page by page, once the file has been found to be in order.
fn pages(bytes: &[u8]) -> Vec<String> {
    let dir = temporary_dir();
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("paper.pdf");
    std::fs::write(&file, bytes).unwrap();
    let checked = Command::new("qpdf").arg("--check").arg(&file).output().unwrap();
    let words =
        String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && !words.contains("WARNING"), "{words}");
    let read = Command::new("pdftotext")
        .arg("-layout")
        .arg(&file)
        .arg("-")
        .output()
        .unwrap();
    assert!(
        read.status.success() && read.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
    let _ = std::fs::remove_dir_all(&dir);
    let text = String::from_utf8(read.stdout).unwrap();
    text.trim_end_matches('\u{c}')
        .split('\u{c}')
        .map(str::to_owned)
        .collect()
}

fn paid(app: &TestApp, lines: serde_json::Value, name: &str) -> i64 {
    let address = json!({ "name": name, "line1": "Overtoom 1", "city": "Amsterdam", "postcode": "1054 HN", "country": "NL" });
    let body = json!({ "items": lines, "shipping_address": address });
    let placed = app.post("ann", "/api/v1/orders", body);
    assert_eq!(placed.status, 201, "{}", placed.body);
    let order = placed.json()["id"].as_i64().unwrap();
    assert_eq!(
        app.post("owner", "/api/v1/payments/manual", json!({ "order_id": order }))
            .status,
        201
    );
    order
}

fn path(order: i64) -> String {
    format!("/api/v1/orders/{order}/invoice.pdf")
}

/// T8: number, people, lines and totals can be read out; in Latin, Greek and Cyrillic.
#[test]
fn a_pdf_says_what_the_invoice_says() {
    if !judges() {
        return;
    }
    let app = TestApp::start();
    app.product("MUG", "1234.50", 10);
    app.product("CUP", "3.00", 10);
    app.change("UPDATE products SET name = 'Κούπα «Łódź» чашка, größer und mit einem Namen, der länger ist als eine Zeile' WHERE id = 2");
    let order = paid(
        &app,
        json!([{ "sku": "MUG", "quantity": 2 }, { "sku": "CUP", "quantity": 1 }]),
        "Ångström Őri Žižek",
    );
    let bytes = download(&app, "ann", &path(order));
    assert!(
        bytes.len() < 60_000,
        "{} bytes: the font is cut down",
        bytes.len()
    );
    let pages = pages(&bytes);
    assert_eq!(pages.len(), 1);
    let text = pages[0].split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "Invoice INV-2026-00001",
        "Ångström Őri Žižek",
        "Amsterdam 1054 HN",
        "Netherlands",
        "Κούπα «Łódź» чашка, größer",
        "MUG 2 €1,234.50 €2,469.00",
        "Total €2,472.00",
        "Paid −€2,472.00",
        "Due €0.00",
        "1 March 2026",
        "page 1 of 1",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(
        bytes,
        download(&app, "ann", &path(order)),
        "the same bytes each time"
    );
    let answer = app.get("ann", &path(order));
    assert_eq!(
        answer.header("content-disposition"),
        Some("inline; filename=\"INV-2026-00001.pdf\"")
    );
    for (who, status) in [("ben", 404), ("nobody", 401), ("staff", 200)] {
        assert_eq!(app.get(who, &path(order)).status, status, "{who}");
    }
}

/// T8: a thousand lines go on page after page, each with its head and its number; none is lost.
#[test]
fn a_thousand_lines_go_on_as_many_pages_as_they_take() {
    if !judges() {
        return;
    }
    let app = TestApp::start();
    for sku in 0..50 {
        app.product(&format!("S{sku:04}"), "0.10", 1000);
    }
    let lines: Vec<_> = (0..1000)
        .map(|at| json!({ "sku": format!("S{:04}", at % 50), "quantity": 1 + at / 50 }))
        .collect();
    let order = paid(&app, json!(lines), "Ann");
    let pages = pages(&download(&app, "ann", &path(order)));
    assert!(pages.len() > 20, "{}", pages.len());
    let mut rows = 0;
    for (at, page) in pages.iter().enumerate() {
        let count = page
            .lines()
            .filter(|line| line.trim_start().starts_with("S0") && line.contains('€'))
            .count();
        assert!(count > 0 || at + 1 == pages.len(), "page {}: {page}", at + 1);
        assert!(
            page.contains(&format!("INV-2026-00001 · page {} of {}", at + 1, pages.len())),
            "{page}"
        );
        assert!(page.contains("Description") || count == 0, "{page}");
        rows += count;
    }
    assert_eq!(rows, 1000);
    assert!(
        pages.last().unwrap().contains("€1,050.00"),
        "{}",
        pages.last().unwrap()
    );
}

/// T8: a credit note, and another font for other scripts; one that is none is told at the start.
#[test]
fn the_operator_may_name_another_font() {
    let there = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/papers/Roboto-Bold.ttf");
    let with = |font: &Path| {
        let mut config = till::config::Config::default();
        config.papers.font = font.to_str().unwrap().to_owned();
        till::http::check(&config)
    };
    with(&there).unwrap();
    for bad in ["config.toml", "Cargo.lock", "nowhere.ttf"] {
        let refused = with(&Path::new(env!("CARGO_MANIFEST_DIR")).join(bad))
            .unwrap_err()
            .to_string();
        assert!(refused.contains("papers.font"), "{refused}");
    }
    if !judges() {
        return;
    }
    let app = TestApp::start_with(|config| config.papers.font = there.to_str().unwrap().to_owned());
    app.product("MUG", "4.50", 10);
    let order = paid(&app, json!([{ "sku": "MUG", "quantity": 2 }]), "Ann 東京");
    let refund = json!({ "amount": "2.00", "reason": "a chip" });
    assert_eq!(
        app.post("owner", &format!("/api/v1/orders/{order}/refunds"), refund)
            .status,
        201
    );
    let pages = pages(&download(
        &app,
        "ann",
        &format!("{}?number=CN-2026-00001", path(order)),
    ));
    for words in [
        "Credit note CN-2026-00001",
        "Takes back from invoice INV-2026-00001. a chip",
        "€2.00",
    ] {
        assert!(pages[0].contains(words), "{words}: {}", pages[0]);
    }
}
