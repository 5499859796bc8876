//! Power cuts: every write and fsync of the real binary is recorded, then files are made as a cut at any moment could
//! leave them (unsynced writes dropped, kept out of order, torn), and every order that was acknowledged before the cut
//! must be in them. The harness proves itself by a control: without the log's fsyncs, orders must be lost.

use std::collections::HashMap;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;

use rusqlite::Connection;

use crate::faults::has_strace;
use crate::faults::kill_traced;
use crate::faults::start_traced;
use crate::kill::body;
use crate::kill::folder;
use crate::kill::open_shop;
use crate::kill::place;

/// What the process did, in the order in which it did it.
enum Act {
    Write { file: usize, at: usize, bytes: Vec<u8> },
    Truncate { file: usize, length: usize },
    Synced { file: usize },
    Acknowledged(String),
}

const FILES: [&str; 2] = ["till.db", "till.db-wal"];

fn file_of(line: &str) -> Option<usize> {
    // strace writes the path in hex as well.
    let path = unhex(line.split_once('<')?.1.split_once('>')?.0);
    let path = String::from_utf8_lossy(&path);
    FILES.iter().position(|name| path.ends_with(&format!("/{name}")))
}

/// `"\x41\x42"` as bytes.
fn unhex(quoted: &str) -> Vec<u8> {
    quoted
        .split("\\x")
        .skip(1)
        .filter_map(|two| u8::from_str_radix(two.get(..2)?, 16).ok())
        .collect()
}

/// The keys of the orders that a reply acknowledges.
fn acknowledged(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.split("\"client_token\":\"")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}

/// Reads what strace wrote. Writes count from their beginning, an fsync from its end.
fn read_trace(path: &Path) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut syncing: HashMap<String, usize> = HashMap::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let Some((pid, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if call.starts_with("pwrite64(") {
            let Some(file) = file_of(call) else { continue };
            let (_, rest) = call.split_once('"').unwrap();
            let (quoted, rest) = rest.split_once('"').unwrap();
            let at = rest.split(", ").nth(2).unwrap();
            let at = at
                .trim_end_matches(" <unfinished ...>")
                .split(')')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            acts.push(Act::Write {
                file,
                at,
                bytes: unhex(quoted),
            });
        } else if call.starts_with("ftruncate(") {
            let Some(file) = file_of(call) else { continue };
            let length = call
                .split(", ")
                .nth(1)
                .unwrap()
                .split([')', ' '])
                .next()
                .unwrap()
                .parse()
                .unwrap();
            acts.push(Act::Truncate { file, length });
        } else if call.starts_with("fsync(") || call.starts_with("fdatasync(") {
            let Some(file) = file_of(call) else { continue };
            match call.contains("<unfinished") {
                true => drop(syncing.insert(pid.to_owned(), file)),
                false => acts.push(Act::Synced { file }),
            }
        } else if call.contains("sync resumed>") {
            acts.extend(syncing.remove(pid).map(|file| Act::Synced { file }));
        } else if call.contains('"') {
            let sent: Vec<u8> = call.split('"').skip(1).step_by(2).flat_map(unhex).collect();
            acts.extend(acknowledged(&sent).into_iter().map(Act::Acknowledged));
        }
    }
    acts
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn apply(file: &mut Vec<u8>, act: &Act, most: usize) {
    match act {
        Act::Write { at, bytes, .. } => {
            let bytes = &bytes[..bytes.len().min(most)];
            file.resize(file.len().max(at + bytes.len()), 0);
            file[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        Act::Truncate { length, .. } => file.resize(*length, 0),
        Act::Synced { .. } | Act::Acknowledged(_) => {}
    }
}

/// What is on the disk for sure, and what may or may not be, as the record is played on.
struct Disk {
    durable: [Vec<u8>; 2],
    pending: [Vec<usize>; 2],
    acknowledged: Vec<String>,
}

impl Disk {
    fn play(&mut self, acts: &[Act], number: usize, is_log_synced: bool) {
        match &acts[number] {
            Act::Write { file, .. } | Act::Truncate { file, .. } => self.pending[*file].push(number),
            Act::Synced { file } if *file == 0 || is_log_synced => {
                for pending in std::mem::take(&mut self.pending[*file]) {
                    apply(&mut self.durable[*file], &acts[pending], usize::MAX);
                }
            }
            Act::Synced { .. } => {}
            Act::Acknowledged(key) => self.acknowledged.push(key.clone()),
        }
    }

    /// The files as a cut now could leave them.
    fn cut(&self, acts: &[Act], dice: &mut Dice, dir: &Path) {
        // Once nothing unsynced is kept, once a prefix in order, else any of it, some of it torn at a sector.
        let way = dice.roll(4);
        for (file, name) in FILES.iter().enumerate() {
            let mut bytes = self.durable[file].clone();
            let prefix = dice.roll(self.pending[file].len() as u64 + 1) as usize;
            for (at, number) in self.pending[file].iter().enumerate() {
                let is_kept = match way {
                    0 => false,
                    1 => at < prefix,
                    _ => dice.roll(2) == 0,
                };
                let is_torn = way == 3 && dice.roll(4) == 0;
                if is_kept {
                    let most = if is_torn {
                        512 * dice.roll(8) as usize
                    } else {
                        usize::MAX
                    };
                    apply(&mut bytes, &acts[*number], most);
                }
            }
            std::fs::write(dir.join(name), bytes).unwrap();
        }
    }
}

/// What a cut has done to the files: damage, rows without their sisters, or acknowledged orders that are gone.
fn harm(dir: &Path, disk: &Disk) -> Option<String> {
    let _ = std::fs::remove_file(dir.join("till.db-shm"));
    let db = Connection::open(dir.join("till.db")).unwrap();
    let whole = db.query_row("PRAGMA quick_check", [], |row| row.get::<_, String>(0));
    if whole.as_deref() != Ok("ok") {
        return Some(format!("damage: {whole:?}"));
    }
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let orders = count("SELECT count(*) FROM orders");
    for rows in [
        "SELECT count(*) FROM events WHERE type = 1",
        "SELECT count(*) FROM audit WHERE action = 1",
        "SELECT count(*) FROM idempotency WHERE kind = 1",
    ] {
        if count(rows) != orders {
            return Some(format!("{orders} orders, but {rows} differs"));
        }
    }
    let mut find = db.prepare("SELECT client_token FROM order_contacts").unwrap();
    let found: Vec<String> = find
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let lost = disk.acknowledged.iter().find(|key| !found.contains(key));
    lost.map(|key| format!("{key} was acknowledged and is lost"))
}

/// Cuts the power `images` times at random moments; what harm was done.
fn cut_again_and_again(prepared: &Path, acts: &[Act], images: u64, is_log_synced: bool) -> Vec<String> {
    let dir = PathBuf::from("/dev/shm").join(format!("till-power-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let mut disk = Disk {
        durable: [std::fs::read(prepared.join("till.db")).unwrap(), Vec::new()],
        pending: [Vec::new(), Vec::new()],
        acknowledged: Vec::new(),
    };
    let mut dice = Dice(1);
    let mut harms = Vec::new();
    let mut made = 0;
    for number in 0..acts.len() {
        disk.play(acts, number, is_log_synced);
        // As many images here as bring the whole to `images` at the end.
        let due = images * (number as u64 + 1) / acts.len() as u64;
        while made < due {
            made += 1;
            disk.cut(acts, &mut dice, &dir);
            harms.extend(harm(&dir, &disk));
        }
    }
    let _ = std::fs::remove_dir_all(&dir);
    harms
}

/// Runs a shop under strace with small checkpoints and lets clients place orders one after the other.
fn record(prepared: &Path, orders: u64) -> Vec<Act> {
    let token = open_shop(prepared);
    let dir = folder("power-run");
    crate::faults::copy(prepared, &dir);
    let (mut child, at): (Child, _) = start_traced(
        &dir,
        &[
            "-y",
            "-xx",
            "-s",
            "70000",
            "-e",
            "trace=pwrite64,fsync,fdatasync,ftruncate,write,writev,sendto",
        ],
        &[("TILL_STORE__CHECKPOINT_PAGES", "100")],
    );
    let at = at.expect("the server comes up");
    std::thread::scope(|scope| {
        for client in 0..4 {
            let token = &token;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(at).unwrap();
                for number in (client..orders).step_by(4) {
                    place(&mut stream, token, &format!("order-{number}"), &body(number)).expect("an order");
                }
            });
        }
    });
    kill_traced(&mut child);
    let acts = read_trace(&dir.join("trace"));
    let _ = std::fs::remove_dir_all(&dir);
    acts
}

fn power_cuts(orders: u64, images: u64) {
    if !has_strace() {
        return;
    }
    let prepared = folder("power");
    let acts = record(&prepared, orders);
    let told = acts
        .iter()
        .filter(|act| matches!(act, Act::Acknowledged(_)))
        .count() as u64;
    assert!(told >= orders, "the record has {told} acknowledgements");
    assert!(
        acts.iter().any(|act| matches!(act, Act::Synced { file: 0 })),
        "a checkpoint was recorded"
    );
    let harms = cut_again_and_again(&prepared, &acts, images, true);
    assert!(
        harms.is_empty(),
        "{} of {images} cuts did harm: {}",
        harms.len(),
        harms[0]
    );
    let controls = (images / 4).min(500);
    let control = cut_again_and_again(&prepared, &acts, controls, false).len();
    assert!(
        control > 0,
        "the control, which does not wait for the log's fsync, lost nothing"
    );
    println!(
        "{images} power cuts over {orders} orders: 0 lost; without the log's fsync {control} of {controls} did harm"
    );
    let _ = std::fs::remove_dir_all(&prepared);
}

/// DUR-02
#[test]
fn a_power_cut_loses_no_acknowledged_order() {
    power_cuts(200, 300);
}

/// DUR-02, G2: the size of the nightly run.
#[test]
#[ignore = "nightly: 20,000 power cuts"]
fn twenty_thousand_power_cuts_lose_no_acknowledged_order() {
    power_cuts(400, 20_000);
}
