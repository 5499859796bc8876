//! The store itself: one COMMIT for many, a failure that touches no neighbour, answers only after the COMMIT, and a
//! file that refuses what must never be.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::Connection;
use rustix::fs::FlockOperation;
use till::clock::Clock;
use till::domain::refusal::Refusal;
use till::domain::time::Timestamp;
use till::error::Error;
use till::shop::Options;
use till::shop::Store;
use till::store::settings;

struct Shelf {
    dir: PathBuf,
    store: Store,
    clock: Clock,
    /// How often another process's commit was noticed.
    noticed: Arc<AtomicU32>,
    /// How many commits there were.
    commits: Arc<AtomicU32>,
}

impl Shelf {
    fn open() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("till-store-{}-{number}", std::process::id()));
        let clock = Clock::set_at(Timestamp::parse("2026-03-01T12:00:00Z").unwrap());
        let noticed = Arc::new(AtomicU32::new(0));
        let commits = Arc::new(AtomicU32::new(0));
        let (notice, commit) = (Arc::clone(&noticed), Arc::clone(&commits));
        let store = Store::serve(Options {
            queue: 32,
            on_change_elsewhere: Arc::new(move || {
                notice.fetch_add(1, Ordering::SeqCst);
            }),
            on_commit: Arc::new(move || {
                commit.fetch_add(1, Ordering::SeqCst);
            }),
            ..Options::new(&dir, clock.clone(), [7; 32])
        })
        .unwrap();
        Self {
            dir,
            store,
            clock,
            noticed,
            commits,
        }
    }

    /// What is committed, as another process sees it.
    fn value(&self, name: &str) -> Option<String> {
        self.db()
            .query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| {
                row.get(0)
            })
            .ok()
    }

    fn db(&self) -> Connection {
        Connection::open(self.dir.join("till.db")).unwrap()
    }

    /// Holds the writer between two batches until the guard is dropped.
    fn hold(&self) -> File {
        let turn = File::options()
            .write(true)
            .open(self.dir.join("till.turn"))
            .unwrap();
        rustix::fs::flock(&turn, FlockOperation::LockExclusive).unwrap();
        turn
    }

    /// Submits a job that answers into a channel.
    fn submit(
        &self,
        act: impl Fn(&till::shop::Tx) -> till::error::Result<()> + Send + 'static,
    ) -> mpsc::Receiver<till::error::Result<()>> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.store.submit(act, reply);
        answer
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        let _ = self.store.close();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn refused() -> Error {
    Refusal::NotAllowed("no".into()).into()
}

/// DUR-03: whatever waits shares one COMMIT; a job that fails after it has written, and one that panics, leave nothing
/// and touch no neighbour.
#[test]
fn a_failure_inside_a_batch_touches_no_neighbour() {
    let shelf = Shelf::open();
    let held = shelf.hold();
    // The first job is taken alone and waits for its turn; the others pile up behind it.
    let first = shelf.submit(|tx| settings::set(tx, "first", "1"));
    let mut answers = Vec::new();
    for number in 0..20 {
        answers.push(shelf.submit(move |tx| {
            settings::set(tx, &format!("job{number}"), "1")?;
            match number {
                7 => Err(refused()),
                13 => panic!("a job that panics"),
                _ => Ok(()),
            }
        }));
    }
    drop(held);
    assert!(first.recv().unwrap().is_ok());
    for (number, answer) in answers.into_iter().enumerate() {
        let answer = answer.recv().unwrap();
        let stands = !matches!(number, 7 | 13);
        assert_eq!(answer.is_ok(), stands, "job {number}: {answer:?}");
        assert_eq!(
            shelf.value(&format!("job{number}")).is_some(),
            stands,
            "job {number}"
        );
    }
    assert!(
        shelf.commits.load(Ordering::SeqCst) <= 3,
        "twenty jobs shared a COMMIT"
    );
}

/// DUR-03: the answer leaves only after the COMMIT, and what follows a commit runs before it.
#[test]
fn an_answer_means_that_it_is_on_disk() {
    let shelf = Shelf::open();
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..50 {
        let seen = Arc::clone(&order);
        let path = shelf.dir.join("till.db");
        shelf
            .store
            .write(move |tx| {
                settings::set(tx, "count", &number.to_string())?;
                let (seen, path) = (Arc::clone(&seen), path.clone());
                tx.after_commit(move || {
                    let db = Connection::open(path).unwrap();
                    let found: String = db
                        .query_row("SELECT value FROM settings WHERE name = 'count'", [], |row| {
                            row.get(0)
                        })
                        .unwrap();
                    seen.lock().unwrap().push(found);
                });
                Ok(())
            })
            .unwrap();
        assert_eq!(order.lock().unwrap().last(), Some(&number.to_string()));
        assert_eq!(shelf.value("count"), Some(number.to_string()));
    }
}

/// LOG-03: what must outlive a refusal does, in the same COMMIT, and what was refused does not.
#[test]
fn what_must_outlive_a_refusal_does() {
    let shelf = Shelf::open();
    for wrote in [false, true] {
        let refusal = shelf.store.write(move |tx| {
            tx.when_refused(move |tx| settings::set(tx, &format!("kept{wrote}"), "1"));
            if wrote {
                settings::set(tx, "gone", "1")?;
            }
            Err::<(), _>(refused())
        });
        assert!(matches!(refusal, Err(Error::Refused(_))));
        assert_eq!(shelf.value(&format!("kept{wrote}")), Some("1".into()));
    }
    assert_eq!(shelf.value("gone"), None);
}

/// NET-06: a full queue says so at once.
#[test]
fn a_full_queue_is_refused_at_once() {
    let shelf = Shelf::open();
    let held = shelf.hold();
    let answers: Vec<_> = (0..200)
        .map(|number| shelf.submit(move |tx| settings::set(tx, &format!("q{number}"), "1")))
        .collect();
    // 32 wait, at most one batch is in the writer's hands; the rest is told now, while nothing moves.
    let busy = answers
        .iter()
        .filter(|answer| matches!(answer.try_recv(), Ok(Err(Error::Busy))))
        .count();
    assert!(busy >= 100, "{busy} were refused");
    drop(held);
    let done = answers
        .iter()
        .filter(|answer| matches!(answer.recv(), Ok(Ok(()))))
        .count();
    assert_eq!(done + busy, 200);
}

/// A caller that has gone before its job started gets nothing done.
#[test]
fn a_job_whose_caller_has_gone_is_not_run() {
    struct Gone;
    impl till::shop::Reply<()> for Gone {
        fn is_wanted(&self) -> bool {
            false
        }
        fn send(self, _: till::error::Result<()>) {}
    }
    let shelf = Shelf::open();
    shelf.store.submit(|tx| settings::set(tx, "ghost", "1"), Gone);
    shelf.store.write(|tx| settings::set(tx, "after", "1")).unwrap();
    assert_eq!(
        (shelf.value("ghost"), shelf.value("after")),
        (None, Some("1".into()))
    );
}

/// LIF-06: later commits never carry earlier times.
#[test]
fn time_never_goes_back_inside_the_store() {
    let shelf = Shelf::open();
    let first = shelf.store.write(|tx| Ok(tx.now)).unwrap();
    shelf.clock.pass(-3_600_000);
    let second = shelf.store.write(|tx| Ok(tx.now)).unwrap();
    assert_eq!(first, second);
    shelf.clock.pass(3_600_001);
    assert!(shelf.store.write(|tx| Ok(tx.now)).unwrap() > second);
}

/// DUR-10: another process takes turns with the writer, loses nothing and is noticed.
#[test]
fn a_command_beside_the_server_takes_turns_with_it() {
    let shelf = Shelf::open();
    let beside = Store::beside(Options::new(&shelf.dir, shelf.clock.clone(), [7; 32])).unwrap();
    let other = std::thread::spawn(move || {
        for number in 0..50 {
            beside
                .write(move |tx| settings::set(tx, &format!("beside{number}"), "1"))
                .unwrap();
        }
    });
    for number in 0..500 {
        shelf
            .store
            .write(move |tx| settings::set(tx, &format!("server{number}"), "1"))
            .unwrap();
    }
    other.join().unwrap();
    let count: i64 = shelf
        .db()
        .query_row(
            "SELECT count(*) FROM settings WHERE name GLOB 'beside*' OR name GLOB 'server*'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(count, 550);
    shelf.store.write(|tx| settings::set(tx, "last", "1")).unwrap();
    assert!(shelf.noticed.load(Ordering::SeqCst) > 0);
}

/// DUR-10: one server a file.
#[test]
fn a_second_server_is_refused() {
    let shelf = Shelf::open();
    let second = Store::serve(Options::new(&shelf.dir, shelf.clock.clone(), [7; 32]));
    assert!(matches!(second, Err(Error::Held(_))));
    assert!(matches!(Store::migrate(&shelf.dir), Err(Error::Held(_))));
}

/// LIF-01: after the end nothing is accepted, everybody is told, and the log is empty.
#[test]
fn a_stopped_store_refuses_and_answers_everybody() {
    let shelf = Shelf::open();
    shelf.store.close().unwrap();
    assert!(matches!(
        shelf.store.write(|tx| settings::set(tx, "late", "1")),
        Err(Error::Unavailable)
    ));
    assert!(matches!(
        shelf.store.look(Box::new(|_| {})),
        Err(Error::Unavailable)
    ));
    let wal = std::fs::metadata(shelf.dir.join("till.db-wal")).map_or(0, |file| file.len());
    assert_eq!(wal, 0, "the log was moved into the file");
}

/// DUR-01: SQLite is new enough, and there is one of it.
#[test]
fn there_is_one_sqlite_and_it_is_new_enough() {
    assert!(rusqlite::version_number() >= 3_051_003);
    let lock = include_str!("../../Cargo.lock");
    assert_eq!(lock.matches("name = \"libsqlite3-sys\"").count(), 1);
    assert_eq!(lock.matches("name = \"openssl-sys\"").count(), 0);
    let readme = include_str!("../../README.md");
    assert!(!readme.contains("$ sqlite3") && !readme.contains("\nsqlite3 "));
}

/// DUR-11: what must never be is refused by the file itself, even if the code forgets.
#[test]
fn the_schema_refuses_what_must_never_be() {
    let shelf = Shelf::open();
    let db = shelf.db();
    db.execute_batch("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON")
        .unwrap();
    db.execute_batch(include_str!("fixtures/one_of_each.sql"))
        .unwrap();
    let illegal = include_str!("fixtures/illegal.sql");
    let mut tried = 0;
    for statement in illegal
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
    {
        tried += 1;
        let outcome = db.execute_batch(&format!("SAVEPOINT s; {statement}"));
        assert!(outcome.is_err(), "accepted: {statement}");
        let _ = db.execute_batch("ROLLBACK TO s; RELEASE s");
    }
    assert!(tried >= 60, "{tried} statements");
    // The control: what is legal goes in.
    db.execute_batch("UPDATE stock SET available = 9 WHERE variant_id = 1")
        .unwrap();
}

/// DUR-04: one writer and readers that never wait: no look is ever told that the file is busy.
#[test]
fn looks_never_run_into_the_writer() {
    let shelf = Shelf::open();
    let (done, finished) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (store, done) = (shelf.store.clone(), done.clone());
            scope.spawn(move || {
                for _ in 0..1000 {
                    store.read(|db| settings::value(db, "count")).unwrap();
                }
                done.send(()).unwrap();
            });
        }
        let store = shelf.store.clone();
        scope.spawn(move || {
            for number in 0..1000 {
                store
                    .write(move |tx| settings::set(tx, "count", &number.to_string()))
                    .unwrap();
            }
        });
        for _ in 0..3 {
            finished.recv_timeout(Duration::from_secs(60)).unwrap();
        }
    });
}

/// How many looks and changes of `operations` failed; one in five is a change.
fn mixed(shelf: &Shelf, operations: u64) -> u64 {
    let failed = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for worker in 0..8_u64 {
            let (store, failed) = (shelf.store.clone(), &failed);
            scope.spawn(move || {
                for number in 0..operations / 8 {
                    let done = match (worker + number) % 5 {
                        0 => store.write(move |tx| {
                            let before = settings::value(tx, &format!("w{worker}"))?.unwrap_or_default();
                            settings::set(
                                tx,
                                &format!("w{worker}"),
                                &format!("{}", before.len() as u64 + number),
                            )
                        }),
                        _ => store.read(move |db| settings::value(db, &format!("w{worker}")).map(|_| ())),
                    };
                    if done.is_err() {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    u64::from(failed.load(Ordering::Relaxed))
}

/// DUR-04: nobody is told that the file is busy.
#[test]
fn nobody_hears_that_the_file_is_busy() {
    assert_eq!(mixed(&Shelf::open(), 8_000), 0);
}

/// DUR-04: the size of the nightly run.
#[test]
#[ignore = "nightly: a million operations"]
fn a_million_operations_are_never_told_busy() {
    assert_eq!(mixed(&Shelf::open(), 1_000_000), 0);
}

/// DUR-04, the control: what the one writer with BEGIN IMMEDIATE avoids does happen to a deferred transaction that
/// reads and then writes, at once and whatever the busy timeout.
#[test]
fn a_deferred_transaction_would_be_told_busy() {
    let shelf = Shelf::open();
    let (one, other) = (shelf.db(), shelf.db());
    one.busy_timeout(Duration::from_secs(5)).unwrap();
    one.execute_batch("BEGIN").unwrap();
    let _: i64 = one
        .query_row("SELECT count(*) FROM settings", [], |row| row.get(0))
        .unwrap();
    other
        .execute("INSERT INTO settings (name, value) VALUES ('other', '1')", [])
        .unwrap();
    let refused = one
        .execute("INSERT INTO settings (name, value) VALUES ('one', '1')", [])
        .unwrap_err();
    assert_eq!(
        refused.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy)
    );
}
