//! The executable itself: how it starts and ends, what stops it, and its commands beside a server.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use clap::CommandFactory;
use serde_json::Value;
use serde_json::json;
use till::clock::Stopwatch;

use crate::client::Client;
use crate::kill::Server;

/// A folder's name, and its removal at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        Self(crate::app::temporary_dir())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn till(dir: &Path, args: &[&str]) -> Output {
    till_with(dir, args, "")
}

fn till_with(dir: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_till"))
        .args(args)
        .arg("--data")
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have ended before this arrives.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
    child.wait_with_output().unwrap()
}

/// The exit code and what was said, in one line.
fn refusal(done: &Output) -> (i32, String) {
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("till: ")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    (done.status.code().unwrap(), lines[0].to_owned())
}

fn serve(dir: &Path) -> (i32, String) {
    refusal(&till(dir, &["serve", "--listen", "127.0.0.1:0"]))
}

fn printed(done: &Output) -> String {
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout.clone()).unwrap()
}

pub fn make_user(dir: &Path, name: &str) -> Output {
    let email = format!("{name}@shop.test");
    let args = [
        "user",
        "create",
        "--email",
        &email,
        "--username",
        name,
        "--role",
        "admin",
    ];
    till_with(
        dir,
        &[&args[..], &["--password-stdin"]].concat(),
        "walrus tusk 9 of ten\n",
    )
}

fn sign_in(server: &Server, name: &str) -> u16 {
    let body = json!({ "username": name, "password": "walrus tusk 9 of ten" });
    Client::new(server.at)
        .send("POST", "/api/v1/auth/login", None, &[], Some(&body))
        .status
}

/// LIF-01
#[test]
fn a_server_says_where_it_listens_and_leaves_no_log_behind() {
    let dir = Folder::new();
    let server = Server::start(&dir.0);
    assert!(make_user(&dir.0, "owner").status.success());
    assert_eq!(sign_in(&server, "owner"), 200);
    server.stop();
    let log = std::fs::metadata(dir.0.join("till.db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "the write-ahead log was not moved into the file");
}

/// DUR-10
#[test]
fn a_second_server_on_the_same_file_leaves_at_once() {
    let dir = Folder::new();
    let server = Server::start(&dir.0);
    let watch = Stopwatch::start();
    let (code, said) = serve(&dir.0);
    // Sooner than SQLite gives up a lock, which it was not to wait for.
    assert!(watch.elapsed() < Duration::from_secs(4));
    assert_eq!(code, 75, "{said}");
    assert!(said.contains("held by another till"), "{said}");
    let (code, said) = refusal(&till(&dir.0, &["migrate", "up"]));
    assert_eq!(code, 75, "{said}");
    server.stop();
}

/// DUR-10: a command of the operator's is seen by the server at once, while others write.
#[test]
fn a_user_made_beside_a_busy_server_can_sign_in_at_once() {
    let dir = Folder::new();
    let server = Server::start(&dir.0);
    assert!(make_user(&dir.0, "first").status.success());
    let client = Client::new(server.at);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut count = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let body = json!({
                    "username": format!("guest{count}"), "email": format!("guest{count}@shop.test"),
                    "password": "walrus tusk 9 of ten",
                });
                let made = client.send("POST", "/api/v1/auth/signup", None, &[], Some(&body));
                assert_eq!(made.status, 201, "{}", made.body);
                count += 1;
            }
            count
        });
        for name in ["second", "third", "fourth"] {
            let made = make_user(&dir.0, name);
            assert!(made.status.success(), "{made:?}");
            assert_eq!(sign_in(&server, name), 200, "{name}: the first try");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(busy.join().unwrap() > 0);
    });
    server.stop();
}

/// H2: who waits for news hears of what a command beside the server has done.
#[test]
fn a_long_poll_hears_of_another_process() {
    let dir = Folder::new();
    let server = Server::start(&dir.0);
    assert!(make_user(&dir.0, "owner").status.success());
    let client = Client::new(server.at);
    let body = json!({ "username": "owner", "password": "walrus tusk 9 of ten" });
    let told = client.send("POST", "/api/v1/auth/login", None, &[], Some(&body));
    let token = told.json()["access_token"].as_str().unwrap().to_owned();
    let feed = |query: &str| {
        let path = format!("/api/v1/events?type=user.created&{query}");
        client.send("GET", &path, Some(&token), &[], None).json()
    };
    let seen = feed("")["next"].as_i64().unwrap();
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| feed(&format!("after={seen}&wait=30")));
        assert!(make_user(&dir.0, "second").status.success());
        let page = waiting.join().unwrap();
        assert_eq!(page["data"].as_array().unwrap().len(), 1, "{page}");
    });
    assert!(watch.elapsed() < Duration::from_secs(20));
    server.stop();
}

/// J2: a process has one set of figures, so how many run low is asked of one that is alone.
#[test]
fn the_figures_say_how_many_variants_run_low() {
    let dir = Folder::new();
    let server = Server::start(&dir.0);
    assert!(make_user(&dir.0, "owner").status.success());
    let client = Client::new(server.at);
    let body = json!({ "username": "owner", "password": "walrus tusk 9 of ten" });
    let told = client.send("POST", "/api/v1/auth/login", None, &[], Some(&body));
    let token = told.json()["access_token"].as_str().unwrap().to_owned();
    for (sku, quantity) in [("MUG", 0), ("POT", 5), ("PAN", 6)] {
        let body = json!({ "name": sku, "sku": sku, "price": "1.00", "quantity": quantity });
        let made = client.send("POST", "/api/v1/products", Some(&token), &[], Some(&body));
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let figures = client.send("GET", "/metrics", None, &[], None).body;
    assert!(figures.contains("\nstock_low_variants 2\n"), "{figures}");
    assert!(figures.contains("\noutbox_pending 0\n"), "{figures}");
    assert!(figures.contains("\noutbox_oldest_seconds 0\n"), "{figures}");
    server.stop();
}

/// Bad input and faults: a clear line and a code that is not 0.
#[test]
fn what_keeps_a_server_from_starting_is_said_in_one_line() {
    let dir = Folder::new();
    std::fs::create_dir_all(&dir.0).unwrap();
    let file = dir.0.join("file");
    std::fs::write(&file, "").unwrap();
    let (code, said) = serve(&file.join("below"));
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("cannot use") && said.contains("Not a directory"),
        "{said}"
    );

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let shop = dir.0.join("shop");
    let (code, said) = refusal(&till(&shop, &["serve", "--listen", &at]));
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains(&format!("cannot listen on {at}: Address already in use")),
        "{said}"
    );

    std::fs::write(
        shop.join("till.db"),
        "this is no database, whatever its name says\n".repeat(500),
    )
    .unwrap();
    let (code, said) = serve(&shop);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("till.db is damaged or no database"), "{said}");
}

/// LIF-05: an older binary leaves a newer file alone.
#[test]
fn a_file_of_a_newer_till_is_refused() {
    let dir = Folder::new();
    printed(&till(&dir.0, &["migrate", "up"]));
    let db = rusqlite::Connection::open(dir.0.join("till.db")).unwrap();
    db.execute(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
         VALUES (999, 'tomorrow', '2030-01-01T00:00:00Z', '0')",
        [],
    )
    .unwrap();
    drop(db);
    for args in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["migrate", "up"],
        &["migrate", "status"],
    ] {
        let (code, said) = refusal(&till(&dir.0, args));
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("the file has schema 999"), "{said}");
    }
    let (code, said) = refusal(&make_user(&dir.0, "owner"));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the file has schema 999"), "{said}");
}

/// LIF-07: a key that others may read is no secret.
#[test]
fn a_key_that_others_may_read_stops_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Folder::new();
    Server::start(&dir.0).stop();
    let key = dir.0.join("keys/token");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, said) = serve(&dir.0);
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("keys/token can be read by others"), "{said}");
}

/// A demo's passwords are known to everybody, so its file is never taken for a shop's, nor the other way round.
#[test]
fn a_demo_and_a_shop_are_not_taken_for_one_another() {
    let dir = Folder::new();
    Server::start(&dir.0).stop();
    assert!(make_user(&dir.0, "owner").status.success());
    let (code, said) = refusal(&till(&dir.0, &["serve", "--demo", "--listen", "127.0.0.1:0"]));
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("no demo"), "{said}");
    let db = rusqlite::Connection::open(dir.0.join("till.db")).unwrap();
    db.execute("UPDATE settings SET value = '1' WHERE name = 'demo'", [])
        .unwrap();
    drop(db);
    let (code, said) = serve(&dir.0);
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("holds a demo"), "{said}");
}

/// DUR-01: the operator's questions go through the SQLite that serves, and change nothing.
#[test]
fn a_question_beside_the_server_is_answered_and_changes_nothing() {
    let dir = Folder::new();
    let server = Server::start(&dir.0);
    let ask = |statement: &str, more: &[&str]| {
        till(&dir.0, &[&["sql", "--read-only", statement][..], more].concat())
    };
    let currency = "SELECT name, value FROM settings WHERE name = 'currency'";
    assert_eq!(
        printed(&ask(currency, &[])),
        "name      value\n--------  -----\ncurrency  EUR\n"
    );
    assert_eq!(printed(&ask(currency, &["--csv"])), "name,value\ncurrency,EUR\n");
    let json: Value = serde_json::from_str(&printed(&ask(currency, &["--json"]))).unwrap();
    assert_eq!(
        json,
        json!({ "columns": ["name", "value"], "rows": [["currency", "EUR"]] })
    );
    let piped = till_with(&dir.0, &["sql", "--read-only"], "SELECT 1 AS one");
    assert_eq!(printed(&piped), "one\n---\n1\n");
    for statement in [
        "UPDATE settings SET value = 'USD' WHERE name = 'currency'",
        "DELETE FROM settings",
        "INSERT INTO settings VALUES ('a', 'b') RETURNING name",
        "CREATE TABLE mine (id INTEGER)",
        "DROP TABLE settings",
        "ATTACH 'other.db' AS other",
        "VACUUM INTO 'copy.db'",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA query_only = OFF",
        "BEGIN IMMEDIATE",
        "SELECT 1; DELETE FROM settings",
        "SELECT load_extension('x')",
        "",
    ] {
        let done = ask(statement, &[]);
        let (code, said) = refusal(&done);
        assert_eq!((code, done.stdout.len()), (1, 0), "{statement}: {said}");
    }
    assert!(printed(&ask(currency, &[])).contains("EUR"));
    assert_eq!(till(&dir.0, &["sql", "SELECT 1"]).status.code(), Some(2));
    server.stop();
}

/// K2
#[test]
fn the_schema_is_told_and_brought_up_to_date() {
    let dir = Folder::new();
    let (code, said) = refusal(&till(&dir.0, &["migrate", "status"]));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("there is no shop at"), "{said}");
    assert!(printed(&till(&dir.0, &["migrate", "up"])).starts_with("applied V1 settings\n"));
    assert_eq!(
        printed(&till(&dir.0, &["migrate", "up"])),
        "the file is up to date\n"
    );
    let status: Value =
        serde_json::from_str(&printed(&till(&dir.0, &["migrate", "status", "--json"]))).unwrap();
    let all = status["migrations"].as_array().unwrap();
    assert!(
        all.len() > 5 && all.iter().all(|one| one["applied"] == true),
        "{status}"
    );
}

/// K1
#[test]
fn the_settings_are_printed_with_where_they_come_from() {
    let dir = Folder::new();
    let secret = "0123456789abcdef0123456789abcdef";
    let done = Command::new(env!("CARGO_BIN_EXE_till"))
        .args(["config", "check"])
        .env("PORT", "9000")
        .env("JWT_SECRET", secret)
        .env("TILL_STORE__READERS", "3")
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap();
    let text = printed(&done);
    let has = |setting: &str, source: &str| {
        text.lines()
            .any(|line| line.starts_with(setting) && line.ends_with(&format!("# {source}")))
    };
    assert!(has("listen = \"127.0.0.1:9000\"", "PORT"), "{text}");
    assert!(has("readers = 3", "TILL_STORE__READERS"), "{text}");
    assert!(has("queue = 512", "default"), "{text}");
    assert!(has("jwt_secret = (hidden)", "JWT_SECRET"), "{text}");
    assert!(!text.contains(secret));
    assert!(!dir.0.exists());
}

/// The commands: each tells how it is asked for and how it ends, in lines that a narrow terminal holds.
#[test]
fn every_command_has_help_worth_reading() {
    let mut till = till::cli::Command::command();
    till.build();
    let mut seen = 0;
    for verb in till.get_subcommands().filter(|verb| verb.get_name() != "help") {
        let below = verb.get_after_long_help().or(verb.get_after_help());
        let below = below.map(ToString::to_string).unwrap_or_default();
        let name = verb.get_name();
        assert!(below.contains("\nExamples:\n  till "), "{name}: {below}");
        assert!(
            below.contains(&format!(" {name} ")) || below.contains(&format!(" {name}\n")),
            "{below}"
        );
        assert!(below.contains("\nExit codes:\n  0   "), "{name}: {below}");
        for line in below.lines().filter(|line| line.starts_with(' ')) {
            assert!(line.chars().count() <= 79, "{name}: {line}");
        }
        let parts = verb.get_subcommands().chain([verb]);
        for command in parts.filter(|part| part.get_name() != "help") {
            let help = command.clone().term_width(80).render_long_help().to_string();
            for line in help.lines() {
                assert!(
                    line.chars().count() <= 80,
                    "{name} {}: {line}",
                    command.get_name()
                );
            }
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

/// The commands: help is worth reading, and the pages for shell and manual can be printed anywhere.
#[test]
fn help_and_pages_are_printed_without_a_shop() {
    let dir = Folder::new();
    let help = printed(&till(&dir.0, &["--help"]));
    assert!(
        help.contains("till serve --demo") && help.contains("Exit codes"),
        "{help}"
    );
    for shell in ["bash", "zsh", "fish"] {
        assert!(printed(&till(&dir.0, &["print", "completions", shell])).contains("migrate"));
    }
    let openapi: Value = serde_json::from_str(&printed(&till(&dir.0, &["print", "openapi"]))).unwrap();
    assert!(openapi["paths"]["/api/v1/orders"]["post"].is_object());
    let pages: Value = serde_json::from_str(&printed(&till(&dir.0, &["print", "pages"]))).unwrap();
    let orders = json!({ "method": "GET", "path": "/admin/orders", "access": "orders:read" });
    assert!(pages.as_array().unwrap().contains(&orders), "{pages}");
    let manual = printed(&till(&dir.0, &["print", "man"]));
    assert!(
        manual.contains(".TH till 1") && manual.contains("till sql"),
        "{manual}"
    );
    assert!(!dir.0.exists(), "a command that needs no shop made one");
}
