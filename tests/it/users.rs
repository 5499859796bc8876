//! Users: signing up, one's own profile, and the operator's command beside a running server.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use till::clock::Stopwatch;

use crate::app::TestApp;
use crate::client::Answer;
use crate::client::Client;
use crate::kill;
use crate::kill::Server;

const SIGN_UP: &str = "/api/v1/auth/signup";
const ME: &str = "/api/v1/auth/me";

/// A1, AZ-04, defect 6
#[test]
fn a_sign_up_makes_a_customer_and_nothing_else() {
    let app = TestApp::start();
    let body = json!({ "username": "Ann", "email": "Ann@Shop.test", "password": "plum 3 rivers", "name": "Ann Lee" });
    let answer = app.post("nobody", SIGN_UP, body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let user = answer.json()["user"].clone();
    assert_eq!(user["role"], "customer");
    assert_eq!(
        (&user["email_verified"], &user["status"], &user["totp"]),
        (&json!(false), &json!("active"), &json!(false))
    );
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let me = app.client().send("GET", ME, Some(&token), &[], None);
    assert_eq!((me.status, &me.json()["name"]), (200, &json!("Ann Lee")));
    assert_eq!(app.number("SELECT count(*) FROM customers WHERE user_id = 1"), 1);

    for (field, value) in [
        ("role", json!("admin")),
        ("roles", json!(["ADMIN"])),
        ("role_id", json!(1)),
        ("status", json!("active")),
        ("email_verified", json!(true)),
        ("is_admin", json!(true)),
        ("id", json!(7)),
    ] {
        let mut body = json!({ "username": "eve", "email": "eve@shop.test", "password": "plum 3 rivers" });
        body[field] = value;
        let answer = app.post("nobody", SIGN_UP, body);
        assert_eq!((answer.status, answer.code()), (400, 2001), "{field}");
    }
    for (username, email, password, code) in [
        ("ann", "other@shop.test", "plum 3 rivers", 3002),
        ("other", "ANN@shop.test", "plum 3 rivers", 3002),
        ("an", "other@shop.test", "plum 3 rivers", 2001),
        ("an n", "other@shop.test", "plum 3 rivers", 2001),
        ("other", "nowhere", "plum 3 rivers", 2001),
        ("other", "other@shop.test", "short", 2001),
        ("other", "other@shop.test", "password1", 2001),
        ("other77", "other@shop.test", "other77777", 2001),
        ("other", "other@shop.test", "", 2003),
    ] {
        let body = json!({ "username": username, "email": email, "password": password });
        let answer = app.post("nobody", "/api/v1/auth/register", body.clone());
        let status = if code == 3002 { 409 } else { 400 };
        assert_eq!((answer.status, answer.code()), (status, code), "{body}");
    }
    assert_eq!(app.number("SELECT count(*) FROM users"), 1);
}

/// A1
#[test]
fn of_many_sign_ups_at_once_with_one_name_one_wins() {
    let app = TestApp::start();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let app = &app;
        let tries: Vec<_> = (0..8)
            .map(|number| {
                let email = format!("e{number}@shop.test");
                let body = json!({ "username": "ann", "email": email, "password": "plum 3 rivers" });
                scope.spawn(move || app.post("nobody", SIGN_UP, body).status)
            })
            .collect();
        tries.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        7,
        "{statuses:?}"
    );
}

/// A10, AZ-04
#[test]
fn one_changes_ones_own_name_and_phone_and_no_more() {
    let app = TestApp::start();
    app.token("ann");
    let changed = app.patch(
        "ann",
        ME,
        json!({ "name": " Ann Lee ", "phone": "+441632960961" }),
    );
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(
        (&changed.json()["name"], &changed.json()["version"]),
        (&json!("Ann Lee"), &json!(2))
    );
    let changed = app.patch("ann", ME, json!({ "name": null }));
    assert_eq!(
        (&changed.json()["name"], &changed.json()["phone"]),
        (&Value::Null, &json!("+441632960961"))
    );
    for body in [
        json!({ "email": "no address" }),
        json!({ "name": "Eve", "role": "admin" }),
        json!({ "name": "Eve", "user_id": 1 }),
        json!({ "status": "active" }),
        json!({ "password": "plum 3 rivers" }),
        json!({ "token_epoch": 0 }),
        json!({ "name": "E\u{7}ve" }),
        json!({ "name": "x".repeat(101) }),
        json!({ "phone": "call me" }),
    ] {
        let answer = app.patch("ann", ME, body.clone());
        assert_eq!((answer.status, answer.code()), (400, 2001), "{body}");
    }
    assert_eq!(app.get("ann", ME).json()["version"], 3);
    assert_eq!(app.patch("nobody", ME, json!({ "name": "Eve" })).code(), 1001);
}

fn user(dir: &Path, words: &[&str], password: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_till"))
        .arg("user")
        .args(words)
        .arg("--data")
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(password.as_bytes());
    child.wait_with_output().unwrap()
}

fn sign_in(server: &Server, password: &str) -> Answer {
    let body = json!({ "email": "olga@shop.test", "password": password });
    Client::new(server.at).send("POST", "/api/v1/auth/login", None, &[], Some(&body))
}

/// Within a second what another process wrote is seen (TOK-05).
fn until_refused(server: &Server, token: &str) {
    let since = Stopwatch::start();
    while Client::new(server.at)
        .send("GET", ME, Some(token), &[], None)
        .status
        != 401
    {
        assert!(since.elapsed() < Duration::from_secs(20), "the token still works");
        std::thread::yield_now();
    }
}

const OLGA: [&str; 7] = [
    "create",
    "--email",
    "olga@shop.test",
    "--username",
    "olga",
    "--role=admin",
    "--password-stdin",
];

fn token(server: &Server, password: &str) -> String {
    let answer = sign_in(server, password);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// A15, TOK-05, AUT-08
#[test]
fn the_operator_sets_passwords_beside_a_running_server() {
    let dir = kill::folder("passwords");
    let server = Server::start(&dir);
    let weak = user(&dir, &OLGA, "elevenchars\n");
    assert_eq!(weak.status.code(), Some(1));
    let told = String::from_utf8_lossy(&weak.stderr);
    assert!(told.contains("at least 12 characters"), "{told}");
    assert!(user(&dir, &OLGA, "four horses a-running\n").status.success());
    assert_eq!(
        user(&dir, &OLGA, "four horses a-running\n").status.code(),
        Some(1)
    );

    let first = token(&server, "four horses a-running");
    let passwd = ["passwd", "olga@shop.test", "--password-stdin"];
    assert!(user(&dir, &passwd, "five horses a-running\n").status.success());
    until_refused(&server, &first);
    for _ in 0..5 {
        assert_eq!(sign_in(&server, "four horses a-running").status, 401);
    }
    assert_eq!(sign_in(&server, "five horses a-running").status, 423);
    assert!(user(&dir, &passwd, "six horses a-running\n").status.success());
    assert_eq!(sign_in(&server, "six horses a-running").status, 200);
    server.stop();
    let _ = std::fs::remove_dir_all(dir);
}

/// A15, TOK-05, AUT-08
#[test]
fn the_operator_gives_roles_beside_a_running_server() {
    let dir = kill::folder("roles");
    let server = Server::start(&dir);
    assert!(user(&dir, &OLGA, "four horses a-running\n").status.success());
    let first = token(&server, "four horses a-running");
    let last = user(&dir, &["role", "olga@shop.test", "staff"], "");
    let told = String::from_utf8_lossy(&last.stderr);
    assert!(told.contains("last active admin"), "{told}");
    let other = OLGA.map(|word| match word {
        "olga" => "otto",
        "olga@shop.test" => "otto@shop.test",
        word => word,
    });
    assert!(user(&dir, &other, "six horses a-running\n").status.success());
    assert!(
        !user(&dir, &["role", "olga@shop.test", "king"], "")
            .status
            .success()
    );
    assert!(
        user(&dir, &["role", "olga@shop.test", "user"], "")
            .status
            .success()
    );
    until_refused(&server, &first);
    assert_eq!(
        sign_in(&server, "four horses a-running").json()["user"]["role"],
        "customer"
    );

    let listed = user(&dir, &["list", "--json"], "");
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let roles = [&listed["users"][0]["role"], &listed["users"][1]["role"]];
    assert_eq!(roles, ["customer", "admin"]);
    server.stop();
    let _ = std::fs::remove_dir_all(dir);
}
