//! Numbers of cards: no field of ours asks for one, and one that is sent all the same comes to rest nowhere.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use till::http;

use crate::client::Client;
use crate::kill;
use crate::kill::Server;

/// Test numbers of the networks, as they are typed and as they are printed.
const CARDS: [&str; 8] = [
    "4242424242424242",
    "4000 0566 5566 5556",
    "5555-5555-5555-4444",
    "2223003122003222",
    "3782 822463 10005",
    "6011111111111117",
    "3530111333300000",
    "4222222222222",
];

/// Whether digits end as those of a card do (Luhn).
fn is_sound(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0');
            match at % 2 {
                0 => digit,
                _ => digit * 2 / 10 + digit * 2 % 10,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether digits begin, and are as many, as those of a network's cards.
fn is_of_network(digits: &[u8]) -> bool {
    let head = |length: usize| -> u32 { std::str::from_utf8(&digits[..length]).unwrap().parse().unwrap() };
    match digits.len() {
        13 | 19 => head(1) == 4,
        15 => [34, 37].contains(&head(2)),
        16 => {
            head(1) == 4
                || (51..=55).contains(&head(2))
                || (2221..=2720).contains(&head(4))
                || [35, 65].contains(&head(2))
                || head(4) == 6011
                || (644..=649).contains(&head(3))
        }
        _ => false,
    }
}

/// Every card's number in some bytes: digits by themselves, or in groups with one sign between.
fn cards_in(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let is_start = bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
        if !is_start {
            at += 1;
            continue;
        }
        let (mut digits, mut end) = (Vec::new(), at);
        while end < bytes.len() && digits.len() <= 19 {
            let is_gap =
                [b' ', b'-'].contains(&bytes[end]) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
            match bytes[end].is_ascii_digit() {
                true => digits.push(bytes[end]),
                false if is_gap => {}
                false => break,
            }
            end += 1;
            let is_end = bytes.get(end).is_none_or(|next| !next.is_ascii_alphanumeric());
            if is_end && is_of_network(&digits) && is_sound(&digits) {
                found.push(String::from_utf8_lossy(&bytes[at..end]).into_owned());
            }
        }
        at += 1;
    }
    found
}

/// The look knows a card's number when it sees one, and nothing else for one.
#[test]
fn a_card_is_known_by_its_digits() {
    for card in CARDS {
        let text = format!("{{\"note\":\"{card}\"}}");
        assert_eq!(cards_in(text.as_bytes()), [card], "{card}");
        let last = card.len() - 1;
        let other = if card.ends_with('1') { '2' } else { '1' };
        let wrong = format!("{}{other}", &card[..last]);
        assert!(cards_in(wrong.as_bytes()).is_empty(), "{wrong}");
        assert!(cards_in(format!("x{}", card.replace([' ', '-'], "")).as_bytes()).is_empty());
    }
    for text in [
        "1772323200000",
        "2026-03-01T00:00:00Z",
        "019cad3a-4242-7242-8242-424242424242",
        "0.4242424242424242e4",
    ] {
        assert!(cards_in(text.as_bytes()).is_empty(), "{text}");
    }
}

/// A card's number in every place of a request in which somebody might send one: names, values, the address, headers.
fn bodies(card: &str) -> [Value; 4] {
    [
        json!({ "card_number": card, "card": { "number": card, "cvc": "123", "exp": "12/29" } }),
        json!({ "order_id": 1, "provider": "stripe", "amount": card, "payment_method": { "number": card } }),
        json!({ "items": [{ "sku": card, "quantity": 1 }], "payment": card, "currency": card }),
        json!({ "username": card, "password": card, "email": card }),
    ]
}

fn send_everywhere(client: Client, token: &str) {
    let mut count = 0;
    for (root, table) in http::faces().into_iter().chain(http::pages()) {
        for row in table
            .rows()
            .iter()
            .filter(|row| row.good.media != Some("text/event-stream"))
        {
            let path = row
                .path
                .replace("{provider}", "stripe")
                .replace("{*file}", "index.css");
            let path: String = path
                .split('/')
                .map(|part| if part.starts_with('{') { "1" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            // Whoever signs out is heard no more.
            if path.ends_with("/logout") || path.contains("/sessions/") {
                continue;
            }
            let card = CARDS[count % CARDS.len()];
            count += 1;
            let is_look = ["GET", "HEAD"].contains(&row.method.as_str());
            let body = (!is_look).then(|| bodies(card)[count % 4].clone());
            let plain = card.replace(' ', "+");
            let url = format!("{root}{path}?card={plain}&q={plain}&token={plain}");
            // A request\'s id is left out: it is told, and noted, as whoever asks has named it.
            let headers = [("x-card", card), ("idempotency-key", card), ("referer", card)];
            for token in [Some(token), None] {
                client.send(row.method.as_str(), &url, token, &headers, body.as_ref());
                let below = format!("{root}{path}/{}", card.replace(' ', "%20"));
                client.send(row.method.as_str(), &below, token, &[], body.as_ref());
            }
        }
    }
    assert!(count > 150, "{count} routes");
}

/// What `till export` writes.
fn exported(dir: &Path, what: &str, format: &str) -> Vec<u8> {
    let out = dir.join(format!("{what}.{format}"));
    kill::till(
        dir,
        &["export", what, "--format", format, "--out", out.to_str().unwrap()],
        "",
    );
    std::fs::read(&out).unwrap()
}

/// LOG-01: no card's number is in the log at its most talkative, in the file, or in what is taken out of it.
#[test]
fn no_card_is_kept() {
    let dir = kill::folder("cards");
    kill::open_shop(&dir);
    let log = dir.with_extension("log");
    let to = Stdio::from(std::fs::File::create(&log).unwrap());
    let server = Server::start_with(&dir, &[("TILL_LOG__LEVEL", "trace")], to);
    let client = Client::new(server.at);
    let body = json!({ "username": "owner", "password": "kill minus nine 9" });
    let signed_in = client
        .send("POST", "/api/v1/auth/login", None, &[], Some(&body))
        .json();
    let token = signed_in["access_token"].as_str().unwrap();
    let order = json!({ "items": [{ "sku": "T1", "quantity": 1 }] });
    let placed = client.send("POST", "/api/v1/orders", Some(token), &[], Some(&order));
    assert_eq!(placed.status, 201, "{}", placed.body);
    let paid = json!({ "order_id": placed.json()["id"], "provider": "sandbox" });
    client.send("POST", "/api/v1/payments/initiate", Some(token), &[], Some(&paid));
    send_everywhere(client, token);
    let told = [
        "/api/v1/orders",
        "/api/v1/audit-logs",
        "/api/v1/events",
        "/api/v1/payments",
    ];
    for path in told {
        let answer = client.send("GET", path, Some(token), &[], None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(cards_in(answer.body.as_bytes()), [""; 0], "{path}");
    }
    server.stop();
    for name in ["till.db", "till.db-wal"] {
        let bytes = std::fs::read(dir.join(name)).unwrap_or_default();
        assert_eq!(cards_in(&bytes), [""; 0], "{name}");
    }
    for what in ["orders", "products", "customers"] {
        for format in ["csv", "jsonl"] {
            assert_eq!(
                cards_in(&exported(&dir, what, format)),
                [""; 0],
                "{what} {format}"
            );
        }
    }
    let text = std::fs::read(&log).unwrap();
    assert!(text.len() > 100_000, "the log was read");
    assert_eq!(cards_in(&text), [""; 0], "the log");
    let _ = std::fs::remove_file(&log);
    let _ = std::fs::remove_dir_all(&dir);
}
