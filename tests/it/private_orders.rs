//! Orders of guests: seen by whoever has the private link, and by nobody who guesses.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;

const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");
const DAY: i64 = 86_400_000;

fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 100);
    app
}

/// The cookie of a guest's cart with some pieces in it.
pub fn guest(app: &TestApp, sku: &str, quantity: i64) -> String {
    let body = json!({ "sku": sku, "quantity": quantity });
    let added = app
        .client()
        .send("POST", "/api/v1/cart/items", None, &[OURS], Some(&body));
    assert_eq!(added.status, 201, "{}", added.body);
    let line = added.header("set-cookie").unwrap();
    line.split(';').next().unwrap().to_owned()
}

/// The order of a guest with that address.
pub fn check_out(app: &TestApp, cookie: &str, email: &str) -> Value {
    let address =
        json!({ "name": "Gus Guest", "line1": "1 Road", "city": "Rye", "postcode": "TN31", "country": "GB" });
    let body = json!({ "email": email, "shipping_address": address, "client_token": "press" });
    let headers = [("cookie", cookie), OURS];
    let done = app
        .client()
        .send("POST", "/api/v1/cart/checkout", None, &headers, Some(&body));
    assert_eq!(done.status, 201, "{}", done.body);
    done.json()
}

fn look(app: &TestApp, token: &str) -> Answer {
    app.get("nobody", &format!("/api/v1/orders/private/{token}"))
}

/// AZ-06: the link shows the order as it is now, without what is personal; of its secret the file holds nothing.
#[test]
fn a_guest_sees_the_order_by_its_link() {
    let app = shop();
    let cookie = guest(&app, "MUG", 2);
    let order = check_out(&app, &cookie, "gus@shop.test");
    let token = order["order_token"].as_str().unwrap().to_owned();
    assert!(
        order["private_url"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/orders/{token}"))
    );
    let seen = look(&app, &token);
    assert_eq!(
        (seen.status, seen.header("cache-control")),
        (200, Some("no-store")),
        "{}",
        seen.body
    );
    let told = seen.json();
    assert_eq!(
        [
            &told["id"],
            &told["total"],
            &told["status"],
            &told["items"][0]["quantity"]
        ],
        [&order["id"], &json!("9.00"), &json!("pending"), &json!(2)]
    );
    for personal in ["gus@shop.test", "Gus Guest", "TN31", "press"] {
        assert!(!seen.body.contains(personal), "{personal}: {}", seen.body);
    }
    let status = json!({ "status": "processing", "version": 1 });
    app.patch("staff", &format!("/api/v1/orders/{}/status", order["id"]), status);
    assert_eq!(look(&app, &token).json()["status"], "processing");
    let again = check_out(&app, &cookie, "gus@shop.test");
    assert_eq!(again["order_token"], token, "told again");
    let (_, secret) = token.split_once('-').unwrap();
    assert_eq!(secret.len(), 22);
    let held: Vec<u8> = app
        .db()
        .query_row("SELECT token FROM order_contacts", [], |row| row.get(0))
        .unwrap();
    assert_ne!(till::secret::to_text(&held), secret);
}

/// AZ-06: a guess, another order's secret, the order of an account and a link of long ago are nothing, all alike.
#[test]
fn what_is_no_link_is_nothing() {
    let app = shop();
    let one = check_out(&app, &guest(&app, "MUG", 1), "gus@shop.test");
    let other = check_out(&app, &guest(&app, "MUG", 1), "eve@shop.test");
    let own = app
        .post(
            "ann",
            "/api/v1/orders",
            json!({ "items": [{ "sku": "MUG", "quantity": 1 }] }),
        )
        .json();
    assert_eq!((own.get("order_token"), own.get("private_url")), (None, None));
    let token = one["order_token"].as_str().unwrap();
    let (id, secret) = token.split_once('-').unwrap();
    let held: Vec<u8> = app
        .db()
        .query_row(
            "SELECT token FROM order_contacts WHERE order_id = ?1",
            [id],
            |row| row.get(0),
        )
        .unwrap();
    let last = if secret.ends_with('A') { "Q" } else { "A" };
    for guess in [
        format!("{}-{secret}", other["id"]),
        format!("{}-{secret}", own["id"]),
        format!("987654-{secret}"),
        format!("{id}-{}{last}", &secret[..21]),
        format!("{id}-{}", &secret[..21]),
        format!("{id}-{secret}{secret}"),
        format!("{id}-{}", till::secret::to_text(&held)),
        format!("0{id}-{secret}"),
        format!("{id}-"),
        id.to_owned(),
        "x".to_owned(),
        "%20".to_owned(),
    ] {
        let refused = look(&app, &guess);
        assert_eq!((refused.status, refused.code()), (404, 3001), "{guess}");
    }
    app.clock.pass(180 * DAY - 1);
    assert_eq!(look(&app, token).status, 200);
    app.clock.pass(1);
    assert_eq!(look(&app, token).status, 404);
}

/// RL-02: whoever tries many links is told to wait.
#[test]
fn links_are_tried_slowly() {
    let app = TestApp::start_with(|config| config.limits.enabled = true);
    let statuses: Vec<u16> = (0..25)
        .map(|at| look(&app, &format!("{at}-{}", "A".repeat(22))).status)
        .collect();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!(
        (refused, statuses[0], statuses[24]),
        (5, 404, 429),
        "{statuses:?}"
    );
}
