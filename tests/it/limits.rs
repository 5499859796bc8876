//! How often one may ask, and who counts as one.

use serde_json::json;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;

fn limited() -> TestApp {
    TestApp::start_with(|config| config.limits.enabled = true)
}

fn try_login(app: &TestApp, from: &str, name: &str) -> Answer {
    let body = json!({ "username": name, "password": "wrong wrong wrong" });
    let headers = [("x-forwarded-for", from)];
    app.client()
        .send("POST", "/api/v1/auth/login", None, &headers, Some(&body))
}

/// What a reply says of its limit: how many, how many are left, and when it is whole again.
fn told(answer: &Answer) -> [&str; 3] {
    ["limit", "remaining", "reset"].map(|name| {
        let header = answer.header(&format!("x-ratelimit-{name}"));
        header.unwrap_or("nothing")
    })
}

/// RL-02, RL-01: ten a minute from an address; what the body says makes no difference.
#[test]
fn the_eleventh_login_of_a_minute_waits() {
    let app = limited();
    for number in 0..10 {
        let answer = try_login(&app, "203.0.113.5", &format!("nobody{number}"));
        assert_eq!(answer.status, 401, "{number}: {}", answer.body);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("10"));
        let left = (9 - number).to_string();
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(left.as_str()));
    }
    let refused = try_login(&app, "203.0.113.5", "somebody-else");
    assert_eq!((refused.status, refused.code()), (429, 5004), "{}", refused.body);
    assert_eq!(refused.header("retry-after"), Some("6"));
    assert_eq!(told(&refused), ["10", "0", "60"]);
    assert_eq!(try_login(&app, "203.0.113.6", "nobody").status, 401);
    app.clock.pass(6_000);
    assert_eq!(try_login(&app, "203.0.113.5", "nobody").status, 401);
    assert_eq!(try_login(&app, "203.0.113.5", "nobody").status, 429);
}

/// RL-01, defect 12: what stands left of the proxy's own entry is the client's invention.
#[test]
fn a_made_up_forwarded_address_opens_no_new_bucket() {
    let app = limited();
    for number in 0..10 {
        let from = format!("198.51.100.{number}, 203.0.113.5");
        assert_eq!(try_login(&app, &from, &format!("nobody{number}")).status, 401);
    }
    assert_eq!(
        try_login(&app, "198.51.100.99, 203.0.113.5", "nobody").status,
        429
    );
    for number in 0..10 {
        let from = format!("2001:db8:7:7::{number}");
        assert_eq!(try_login(&app, &from, &format!("none{number}")).status, 401);
    }
    assert_eq!(try_login(&app, "2001:db8:7:7:ffff::1", "nobody").status, 429);
    assert_eq!(try_login(&app, "2001:db8:7:8::1", "none").status, 401);
}

/// RL-02
#[test]
fn without_a_token_the_address_counts_and_with_one_the_user() {
    let app = TestApp::start_with(|config| {
        config.limits.enabled = true;
        config.limits.anonymous_per_minute = 5;
        config.limits.user_per_minute = 8;
        config.limits.login_per_minute = 1000;
    });
    let ann = app.token("ann");
    let bob = app.token("bob");
    app.clock.pass(60_000);
    let look = |token: Option<&str>| {
        app.client()
            .send("GET", "/api/v1/products/public", token, &[], None)
            .status
    };
    let statuses: Vec<u16> = (0..6).map(|_| look(None)).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
    assert_eq!(look(Some("made-up")), 429, "a token that is none is none");
    let statuses: Vec<u16> = (0..9).map(|_| look(ann.as_deref())).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 200, 429]);
    assert_eq!(look(bob.as_deref()), 200);
}

/// RL-02: twenty orders a minute for a customer, none for staff.
#[test]
fn a_customer_places_twenty_orders_a_minute() {
    let app = TestApp::start_with(|config| {
        config.limits.enabled = true;
        config.limits.orders_per_minute = 2;
    });
    app.product("MUG", "4.50", 100);
    let order = || json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
    let statuses = |who: &str| -> Vec<u16> {
        (0..3)
            .map(|_| app.post(who, "/api/v1/orders", order()).status)
            .collect()
    };
    assert_eq!(statuses("ann"), [201, 201, 429]);
    assert_eq!(statuses("bob"), [201, 201, 429]);
    assert_eq!(statuses("staff"), [201, 201, 201]);
    assert_eq!(app.get("ann", "/api/v1/orders/1").status, 200);
}

/// RL-02: ten exchanges in a quarter of an hour, whoever's tokens they are; a refused one costs no token.
#[test]
fn a_user_renews_ten_times_in_a_quarter_of_an_hour() {
    let app = limited();
    let token = |who: &str| {
        app.token(who);
        let body = json!({ "username": who, "password": crate::app::PASSWORD });
        let answer = app.post("nobody", "/api/v1/auth/login", body);
        answer.json()["refresh_token"].as_str().unwrap().to_owned()
    };
    let renew = |token: &str| {
        app.post(
            "nobody",
            "/api/v1/auth/refresh-token",
            json!({ "refresh_token": token }),
        )
    };
    let mut mine = token("ann");
    for number in 0..10 {
        let answer = renew(&mine);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let (left, reset) = ((9 - number).to_string(), (90 * (number + 1)).to_string());
        assert_eq!(told(&answer), ["10", &left, &reset], "the limit is the user's");
        mine = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    }
    let refused = renew(&mine);
    assert_eq!(refused.status, 429);
    assert_eq!(told(&refused), ["10", "0", "900"]);
    assert_eq!(renew(&token("bob")).status, 200);
    app.clock.pass(90_000);
    assert_eq!(renew(&mine).status, 200);
}

/// RL-02: a family that mistypes its passwords is not locked out of making its accounts.
#[test]
fn only_what_could_be_an_account_counts_as_one() {
    let app = TestApp::start_with(|config| {
        config.limits.enabled = true;
        config.limits.signup_per_hour = 2;
    });
    let sign_up = |name: &str, password: &str| {
        let body = json!({ "username": name, "email": format!("{name}@shop.test"), "password": password });
        app.post("nobody", "/api/v1/auth/signup", body)
    };
    for _ in 0..4 {
        let refused = sign_up("ann", "short");
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(told(&refused), ["2", "2", "0"]);
    }
    let made = sign_up("ann", PASSWORD);
    assert_eq!(
        (made.status, told(&made)),
        (201, ["2", "1", "1800"]),
        "{}",
        made.body
    );
    let taken = sign_up("ann", PASSWORD);
    assert_eq!((taken.status, told(&taken)), (409, ["2", "0", "3600"]));
    let refused = sign_up("bob", PASSWORD);
    assert_eq!((refused.status, told(&refused)), (429, ["2", "0", "3600"]));
}

/// RL-02
#[test]
fn probes_are_never_held_back() {
    let app = TestApp::start_with(|config| {
        config.limits.enabled = true;
        config.limits.anonymous_per_minute = 1;
    });
    for path in ["/livez", "/readyz", "/health", "/livez"] {
        assert_eq!(app.get("nobody", path).status, 200, "{path}");
    }
}

/// RL-02
#[test]
fn switched_off_there_are_no_limits_and_no_headers() {
    let app = TestApp::start();
    let answer = app.get("nobody", "/api/v1/products/public");
    assert_eq!(answer.header("x-ratelimit-limit"), None);
}
