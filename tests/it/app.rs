//! The harness: the real app over a temporary folder, on a port of its own, with a clock that the test moves.

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use serde_json::Value;
use serde_json::json;
use till::app::App;
use till::clock::Clock;
use till::config::Config;
use till::domain::actor::Actor;
use till::domain::check::Finding;
use till::domain::text::Email;
use till::domain::text::Username;
use till::domain::time::Timestamp;
use till::domain::user::NewUser;
use till::secret;
use till::secret::Keys;
use till::shop::doctor;
use till::shop::identity;

use crate::client::Answer;
use crate::client::Client;

/// The password of every user that the harness makes.
pub const PASSWORD: &str = "walrus tusk 9 of ten";

/// A running shop. Dropping it stops it and removes its files.
pub struct TestApp {
    app: App,
    pub clock: Clock,
    client: Client,
    tokens: Mutex<HashMap<String, String>>,
    made: Mutex<HashSet<String>>,
    dir: PathBuf,
    expects_findings: AtomicBool,
    _runtime: tokio::runtime::Runtime,
}

impl TestApp {
    /// A shop with nobody in it, on 1 March 2026 at noon.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// The same, set up otherwise.
    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = temporary_dir();
        till::shop::make_dir(&dir).unwrap();
        Self::start_in(dir, Timestamp::parse("2026-03-01T12:00:00Z").unwrap(), change)
    }

    /// A shop that goes on with a copy of these files, at this moment.
    pub fn start_on(files: &Path, now: Timestamp, change: impl FnOnce(&mut Config)) -> Self {
        let dir = temporary_dir();
        till::shop::make_dir(&dir).unwrap();
        crate::faults::copy(files, &dir);
        Self::start_in(dir, now, change)
    }

    fn start_in(dir: PathBuf, now: Timestamp, change: impl FnOnce(&mut Config)) -> Self {
        let clock = Clock::set_at(now);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let mut config = Config::default();
        config.limits.enabled = false;
        change(&mut config);
        let keys = Keys::load(&dir, None).unwrap();
        let app = App::open(&dir, config, clock.clone(), keys, || {}).unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let at = listener.local_addr().unwrap();
        // Staff sign in by password alone, but in the tests that are about the second factor.
        let file = rusqlite::Connection::open(dir.join("till.db")).unwrap();
        let off = "UPDATE settings SET value = '0' WHERE name = 'staff.second_factor'";
        file.execute(off, []).unwrap();
        runtime.spawn(till::http::serve(listener, app.clone(), std::future::pending()));
        Self {
            app,
            clock,
            client: Client::new(at),
            tokens: Mutex::default(),
            made: Mutex::default(),
            dir,
            expects_findings: AtomicBool::new(false),
            _runtime: runtime,
        }
    }

    /// The folder of its files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The test damages the file itself: the doctor is not asked at the end.
    pub fn expect_findings(&self) {
        self.expects_findings.store(true, Ordering::Relaxed);
    }

    /// What the doctor says at the end of a test that has not failed and has not damaged the file.
    fn findings(&self) -> Vec<Finding> {
        if std::thread::panicking() || self.expects_findings.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let key = self.app.keys().audit;
        doctor::examine(self.app.store(), &Actor::system(), &key, |_| {})
            .unwrap()
            .findings
    }

    /// The app itself, for verbs.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The plain client, for requests that no user makes.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A token of the user `who`, made and signed in when first named. "nobody" has none; "owner" is an admin, "staff"
    /// and "seller" have that role (so have "staff2", "seller2" …), everybody else is a customer.
    pub fn token(&self, who: &str) -> Option<String> {
        if who == "nobody" {
            return None;
        }
        if let Some(token) = self.tokens.lock().unwrap().get(who) {
            return Some(token.clone());
        }
        if self.made.lock().unwrap().insert(who.to_owned()) {
            self.make_user(who);
        }
        let token = self.sign_in(who);
        self.tokens.lock().unwrap().insert(who.to_owned(), token.clone());
        Some(token)
    }

    /// Makes the user `who`, who has not signed in yet.
    pub fn make_user(&self, who: &str) {
        let role = match who.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "owner" => "admin",
            "staff" => "staff",
            "seller" => "seller",
            _ => "customer",
        };
        let new = NewUser {
            username: Username::parse(who).unwrap(),
            email: Email::parse(&format!("{who}@shop.test")).unwrap(),
            name: None,
            password: test_hash(),
        };
        if self.number(&format!("SELECT count(*) FROM users WHERE username = '{who}'")) > 0 {
            return;
        }
        let made = self.app.store().write(move |tx| match role {
            "customer" => identity::sign_up(tx, &Actor::system(), &new),
            _ => identity::create(tx, &Actor::system(), &new, role),
        });
        made.unwrap();
    }

    fn sign_in(&self, who: &str) -> String {
        let body = json!({ "username": who, "password": PASSWORD });
        let answer = self
            .client
            .send("POST", "/api/v1/auth/login", None, &[], Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Forgets the tokens, so that the next request signs in again (the clock was moved).
    pub fn forget_tokens(&self) {
        self.tokens.lock().unwrap().clear();
    }

    pub fn get(&self, who: &str, path: &str) -> Answer {
        self.send("GET", who, path, &[], None)
    }

    pub fn post(&self, who: &str, path: &str, body: Value) -> Answer {
        self.send("POST", who, path, &[], Some(&body))
    }

    pub fn patch(&self, who: &str, path: &str, body: Value) -> Answer {
        self.send("PATCH", who, path, &[], Some(&body))
    }

    /// A request of a user with headers of its own.
    pub fn send(
        &self,
        method: &str,
        who: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let token = self.token(who);
        self.client.send(method, path, token.as_deref(), headers, body)
    }

    /// A connection of the test's own on the file.
    pub fn file(&self) -> rusqlite::Connection {
        let file = rusqlite::Connection::open(self.dir.join("till.db")).unwrap();
        file.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
        file
    }

    /// Runs a statement on the file, past every rule: the doctor is not asked at the end.
    pub fn execute(&self, sql: &str) {
        self.expect_findings();
        self.file().execute_batch(sql).unwrap();
    }

    /// Waits for what is asynchronous.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self._runtime.block_on(future)
    }

    /// Lets the worker derive until nothing is due.
    pub fn derive(&self) {
        while self.derive_once() == till::worker::Outcome::Worked {}
    }

    /// Lets the worker make one step.
    pub fn derive_once(&self) -> till::worker::Outcome {
        let step = till::worker::derive::step(&self.app);
        self._runtime.block_on(step).unwrap()
    }

    /// Lets the worker make deliveries of every event, and send all that is due.
    pub fn deliver(&self) -> till::worker::Outcome {
        self.fan_out();
        self.send_due()
    }

    /// Lets the worker make deliveries of every event.
    pub fn fan_out(&self) {
        let step = || self._runtime.block_on(till::worker::outbox::step(&self.app));
        while step().unwrap() == till::worker::Outcome::Worked {}
    }

    /// Lets the worker send all that is due.
    pub fn send_due(&self) -> till::worker::Outcome {
        self._runtime
            .block_on(till::worker::deliver::step(&self.app))
            .unwrap()
    }

    /// Lets the worker queue the mails that tell of what has happened.
    pub fn queue_mails(&self) {
        let step = || self._runtime.block_on(till::worker::mail::derive(&self.app));
        while step().unwrap() == till::worker::Outcome::Worked {}
    }

    /// Lets the worker send the mails that are due; how many times it found some.
    pub fn send_mails(&self) -> usize {
        let step = || self._runtime.block_on(till::worker::mail::step(&self.app));
        let mut worked = 0;
        while step().unwrap() == till::worker::Outcome::Worked {
            worked += 1;
        }
        worked
    }

    /// Lets the worker sweep until nothing is due.
    pub fn sweep(&self) {
        while self
            ._runtime
            .block_on(till::worker::sweep::step(&self.app))
            .unwrap()
            == till::worker::Outcome::Worked
        {}
    }

    /// Lets the worker do what is due about payments, until nothing is.
    pub fn settle(&self) {
        while self.settle_once() {}
    }

    /// Lets the worker compare the books of payments, if it is time.
    pub fn reconcile(&self) -> till::worker::Outcome {
        self._runtime
            .block_on(till::worker::reconcile::step(&self.app))
            .unwrap()
    }

    /// Lets each step of the worker about payments run once; whether any found something to do.
    pub fn settle_once(&self) -> bool {
        let app = &self.app;
        let steps = async {
            [
                till::worker::sandbox::step(app).await.unwrap(),
                till::worker::inbox::step(app).await.unwrap(),
                till::worker::complete::step(app).await.unwrap(),
                till::worker::expire::step(app).await.unwrap(),
            ]
        };
        let did = self._runtime.block_on(steps);
        did.contains(&till::worker::Outcome::Worked)
    }

    /// The file itself, beside the running shop: to count what is in it, and to change what no verb can.
    pub fn db(&self) -> rusqlite::Connection {
        self.file()
    }

    /// One number that a query gives.
    pub fn number(&self, sql: &str) -> i64 {
        self.db().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Changes rows beside the shop, and waits until it has noticed.
    pub fn change(&self, sql: &str) {
        self.db().execute(sql, []).unwrap();
        self.app.caches().clear();
    }

    /// A product for sale with one variant, made by the owner; its id.
    pub fn product(&self, sku: &str, price: &str, quantity: i64) -> i64 {
        let body = json!({ "name": sku, "sku": sku, "price": price, "quantity": quantity });
        let answer = self.post("owner", "/api/v1/products", body);
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["id"].as_i64().unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let findings = self.findings();
        let _ = self.app.close();
        let _ = std::fs::remove_dir_all(&self.dir);
        assert!(findings.is_empty(), "the doctor found {findings:#?}");
    }
}

/// Hashing costs 12 ms; everybody has the same password.
fn test_hash() -> String {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HASH.get_or_init(|| secret::hash_password(PASSWORD).unwrap())
        .clone()
}

/// A folder's name that nothing has had before; whoever makes the folder removes it.
pub fn temporary_dir() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("till-it-{}-{number}", std::process::id()))
}
