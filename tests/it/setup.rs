//! The first run: one link makes one owner and is dead; a demo's link has one button.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::process::Stdio;

use till::domain::actor::Actor;
use till::shop::setup;

use crate::app::TestApp;
use crate::app::temporary_dir;
use crate::client::Client;
use crate::kill::Server;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;

pub const FORM: [(&str, &str); 11] = [
    ("name", "Priya Nair"),
    ("email", "priya@shop.test"),
    ("username", "priya"),
    ("password", "nine plain walrus tusks"),
    ("shop", "Fennel & Foolscap"),
    ("line1", "27 Saddler's Row"),
    ("city", "Ludlow"),
    ("country", "United Kingdom"),
    ("currency", "GBP"),
    ("tax", "exclusive"),
    ("zone", "Europe/London"),
];

/// The path of a link that was just made.
pub fn link(app: &TestApp) -> String {
    let keys = app.app().keys().clone();
    let made = app
        .app()
        .store()
        .write(move |tx| setup::offer(tx, &Actor::system(), &keys));
    format!("/admin/setup/{}", made.unwrap().unwrap().secret)
}

fn admins(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM users WHERE role_id = 1")
}

fn setting(app: &TestApp, name: &str) -> String {
    let sql = "SELECT value FROM settings WHERE name = ?1";
    app.db().query_row(sql, [name], |row| row.get(0)).unwrap()
}

/// T1, AUT-09
#[test]
fn a_link_makes_the_owner_and_settles_the_shop_once() {
    let app = TestApp::start();
    let path = link(&app);
    let browser = Browser::new(&app);
    let page = browser.get(&path);
    assert_eq!((page.status, admins(&app)), (200, 0));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let europe = page.body.split("<optgroup label=\"Europe\">").nth(1).unwrap();
    let europe = europe.split("</optgroup>").next().unwrap();
    assert!(
        europe.contains("<option value=\"Europe/London\">London</option>"),
        "{europe}"
    );
    assert!(!europe.contains("Asia/") && page.body.contains("value=\"UTC\""));
    let is_told = |path: &str| Browser::new(&app).get(path).body.contains("data-new-shop");
    assert!(is_told("/admin/login") && is_told("/") && is_told("/admin/orders"));
    let made = browser.submit(&page, &path, &FORM);
    assert_eq!(made.status, 303, "{}", made.body);
    assert!(!is_told("/admin/login") && !is_told("/"));
    assert_eq!(browser.get("/admin/users").status, 200);
    for (name, value) in [
        ("shop.name", "Fennel & Foolscap"),
        ("currency", "GBP"),
        ("time_zone", "Europe/London"),
        ("tax_included", "0"),
        ("shop.address.line1", "27 Saddler's Row"),
        ("shop.address.country", "GB"),
    ] {
        assert_eq!(setting(&app, name), value);
    }
    let other = Browser::new(&app);
    assert_eq!(other.get(&path).status, 404);
    assert_eq!(other.get("/admin/setup/none").status, 404);
    assert_eq!(
        browser.submit(&page, &path, &FORM).status,
        403,
        "another session's form"
    );
    assert_eq!(admins(&app), 1);
    let keys = app.app().keys().clone();
    let none = app
        .app()
        .store()
        .write(move |tx| setup::offer(tx, &Actor::system(), &keys));
    assert!(none.unwrap().is_none(), "nobody needs another");
}

/// AUT-09
#[test]
fn of_fifty_setups_at_once_one_makes_an_owner() {
    let app = TestApp::start();
    let path = link(&app);
    let ready: Vec<(Browser, Vec<(String, String)>)> = (0..50)
        .map(|number| {
            let browser = Browser::new(&app);
            let page = browser.get(&path);
            let (name, email) = (format!("owner{number}"), format!("o{number}@shop.test"));
            let mut typed = FORM.to_vec();
            typed.extend([("username", name.as_str()), ("email", email.as_str())]);
            typed.retain(|(field, value)| {
                !matches!(*field, "username" | "email") || value.contains(&number.to_string())
            });
            let fields = filled(&page, &path, &typed);
            (browser, fields)
        })
        .collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let path = &path;
        let all: Vec<_> = ready
            .iter()
            .map(|(browser, fields)| {
                let (cookie, fields) = (browser.cookie(), fields.clone());
                let app = &app;
                scope.spawn(move || Browser::holding(app, &cookie).post(path, &fields, &[OURS]).status)
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let made = statuses.iter().filter(|status| **status == 303).count();
    assert_eq!((made, admins(&app)), (1, 1), "{statuses:?}");
    assert_eq!(app.number("SELECT count(*) FROM users"), 1);
}

/// AUT-09: a day is its time, another link ends it, and bad fields use nothing up.
#[test]
fn a_link_ends_and_bad_fields_do_not_end_it() {
    let app = TestApp::start();
    let path = link(&app);
    let browser = Browser::new(&app);
    let page = browser.get(&path);
    for (field, value) in [
        ("name", ""),
        ("email", "nowhere"),
        ("username", "p"),
        ("password", "short"),
        ("password", "Fennel & Foolscap1"),
        ("shop", ""),
        ("country", "Atlantis"),
        ("currency", "DOUBLOON"),
        ("zone", "Mars/Olympus"),
    ] {
        let mut typed = FORM.to_vec();
        typed.retain(|(name, _)| *name != field);
        typed.push((field, value));
        let answer = browser.submit(&page, &path, &typed);
        assert_eq!(answer.status, 400, "{field} {value}: {}", answer.body);
        assert!(answer.body.contains("aria-invalid"), "{field}");
        assert!(
            !answer.body.contains("nine plain walrus"),
            "the password is not shown again"
        );
    }
    assert_eq!(admins(&app), 0);
    let second = link(&app);
    assert_eq!(browser.get(&path).status, 410);
    assert_eq!(browser.get(&second).status, 200);
    app.clock.pass(24 * 3_600_000);
    assert_eq!(browser.get(&second).status, 410);
    let late = browser.submit(&page, &path, &FORM);
    assert_eq!((late.status, admins(&app)), (410, 0));
}

/// T1: in a demo the link has one button, which a GET does not press.
#[test]
fn a_demo_is_entered_by_one_button() {
    let app = TestApp::start();
    app.token("owner");
    app.change("UPDATE settings SET value = '1' WHERE name = 'demo'");
    let path = link(&app);
    let browser = Browser::new(&app);
    let page = browser.get(&path);
    assert!(page.status == 200 && has_form(&page, &path), "{}", page.body);
    assert_eq!(browser.get("/admin/orders").status, 401);
    let inside = browser.submit(&page, &path, &[]);
    assert_eq!(inside.status, 303, "{}", inside.body);
    assert_eq!(browser.get("/admin/orders").status, 200);
    assert_eq!(Browser::new(&app).get(&path).status, 410, "it is used up");
}

fn till(dir: &std::path::Path, words: &[&str]) -> std::process::Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_till"))
        .args(words)
        .arg("--data")
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, b"nine plain walrus tusks\n").unwrap();
    drop(input);
    child.wait_with_output().unwrap()
}

/// T1, AUT-09: the server of an empty file prints the link, keeps it for its owner alone, and prints the same again until
/// there is an admin.
#[test]
fn the_server_prints_the_link_until_there_is_an_admin() {
    let dir = temporary_dir();
    std::fs::create_dir_all(&dir).unwrap();
    let log = dir.join("log");
    let printed = || {
        let file = std::fs::File::create(&log).unwrap();
        let server = Server::start_with(&dir, &[], Stdio::from(file));
        let at = server.at;
        // The line stands on its way to us before the port is answered on.
        let alive = Client::new(at).send("GET", "/livez", None, &[], None).status;
        server.stop();
        let text = std::fs::read_to_string(&log).unwrap();
        let link = text
            .split_once("/admin/setup/")
            .map(|(_, rest)| rest[..43].to_owned());
        (alive, link)
    };
    let (alive, first) = printed();
    let first = first.expect("the link is printed");
    assert_eq!(alive, 200);
    let token = dir.join("setup-token");
    let mode = std::fs::metadata(&token).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&token).unwrap().trim(), first);
    assert_eq!(printed().1.as_ref(), Some(&first), "the same as before");
    let made = till(
        &dir,
        &[
            "user",
            "create",
            "--email",
            "o@shop.test",
            "--username",
            "owner",
            "--role",
            "admin",
            "--password-stdin",
        ],
    );
    assert!(made.status.success());
    assert_eq!(printed().1, None);
    assert!(!token.exists());
    let _ = std::fs::remove_dir_all(&dir);
}
