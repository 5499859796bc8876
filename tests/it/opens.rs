//! Who opens the file: every call of the real binary that names `till.db` or a file beside it is recorded with its
//! stack, and only SQLite may be in it. A `close` of the file by anybody else would drop the locks that SQLite holds.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use crate::client::Client;
use crate::faults::has_strace;
use crate::faults::signal_traced;
use crate::faults::start_traced;
use crate::kill::body;
use crate::kill::folder;
use crate::kill::open_shop;
use crate::kill::place;

/// What opens a file or does to it what only SQLite may.
const TOUCHING: &str = "open,openat,openat2,creat,truncate,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat";
const FORKING: &str = "fork,vfork,clone,clone3,execve";

/// Records those calls with their stacks, each thread's in a file of its own.
fn options() -> [String; 5] {
    let calls = format!("trace={TOUCHING},{FORKING}");
    ["-ff", "--seccomp-bpf", "-k", "-e", &calls].map(str::to_owned)
}

/// A call and the functions it was made from.
struct Call {
    text: String,
    stack: String,
}

/// Reads what strace wrote, of all threads.
fn read_trace(dir: &Path, name: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().unwrap() != name || path.extension().is_none() {
            continue;
        }
        let bytes = std::fs::read(path).unwrap();
        for line in String::from_utf8_lossy(&bytes).lines() {
            match line.strip_prefix(" > ") {
                Some(frame) => calls.last_mut().unwrap().stack += frame,
                None => calls.push(Call {
                    text: line.to_owned(),
                    stack: String::new(),
                }),
            }
        }
    }
    calls
}

impl Call {
    fn is_one_of(&self, names: &str) -> bool {
        let name = self.text.split('(').next().unwrap();
        names.split(',').any(|one| one == name)
    }

    fn touches_the_file(&self) -> bool {
        self.is_one_of(TOUCHING) && self.text.contains("/till.db")
    }

    fn is_of_sqlite(&self) -> bool {
        self.stack.contains("(sqlite3")
    }

    /// A file that this very call has made, or failed to make, holds nobody's locks.
    fn only_makes(&self) -> bool {
        self.text.contains("O_CREAT|O_EXCL")
    }

    /// The process ended within the call, so that nobody could ask for its stack.
    fn was_cut_off(&self) -> bool {
        self.stack.is_empty() && self.text.ends_with("= ?")
    }

    /// A child that is no thread would inherit the file.
    fn forks(&self) -> bool {
        self.is_one_of("fork,vfork")
            || (self.is_one_of("clone,clone3") && !self.text.contains("CLONE_THREAD"))
    }
}

/// How often SQLite touched the file; what else did, and what forked.
fn audit(dir: &Path, name: &str) -> (usize, Vec<String>) {
    let calls = read_trace(dir, name);
    let (own, foreign): (Vec<&Call>, Vec<&Call>) = calls
        .iter()
        .filter(|call| call.touches_the_file())
        .partition(|call| call.is_of_sqlite());
    let foreign = foreign
        .into_iter()
        .filter(|call| !call.only_makes() && !call.was_cut_off());
    let forks = calls.iter().filter(|call| call.forks());
    let found = foreign.chain(forks).map(|call| call.text.clone()).collect();
    (own.len(), found)
}

/// Runs a program to its end under strace.
fn record(dir: &Path, name: &str, program: &[&str], input: &str) {
    let mut child = Command::new("strace")
        .args(["-qq", "-o"])
        .arg(dir.join(name))
        .args(options())
        .args(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    assert!(child.wait().unwrap().success(), "{program:?}");
}

/// What staff and the machine around it ask of a server.
fn use_it(at: std::net::SocketAddr, token: &str) {
    let mut stream = TcpStream::connect(at).unwrap();
    for number in 0..40 {
        place(&mut stream, token, &format!("order-{number}"), &body(number)).expect("an order");
    }
    for path in [
        "/api/v1/orders",
        "/api/v1/orders/export.csv",
        "/api/v1/products",
        "/readyz",
        "/metrics",
    ] {
        let answer = Client::new(at).send("GET", path, Some(token), &[], None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}

/// The commands of an operator beside the server.
const BESIDE: [&[&str]; 7] = [
    &[
        "user",
        "create",
        "--email",
        "b@shop.test",
        "--username",
        "bob",
        "--role",
        "staff",
        "--password-stdin",
    ],
    &["sql", "--read-only", "select count(*) from orders"],
    &["export", "orders"],
    &["migrate", "status"],
    &["audit", "verify"],
    &["doctor"],
    &["config", "check"],
];

/// DUR-10: a server and the commands beside it leave the file to SQLite, and start no process.
#[test]
fn only_sqlite_opens_the_file() {
    if !has_strace() {
        return;
    }
    if !cfg!(debug_assertions) {
        eprintln!("SKIPPED: a stripped binary does not say which function opens a file");
        return;
    }
    let dir = folder("opens");
    let token = open_shop(&dir);
    let options = options();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let (mut server, at) = start_traced(&dir, &options, &[("TILL_STORE__CHECKPOINT_PAGES", "100")]);
    let at = at.expect("the server comes up");
    use_it(at, &token);
    for (number, words) in BESIDE.iter().enumerate() {
        let name = format!("beside-{number}");
        let program = [
            &[env!("CARGO_BIN_EXE_till"), "--data", dir.to_str().unwrap()],
            *words,
        ]
        .concat();
        record(&dir, &name, &program, "walrus tusk 9 of ten\n");
        let (own, found) = audit(&dir, &name);
        assert!(found.is_empty(), "till {words:?}: {found:#?}");
        assert!(own > 0 || words[0] == "config", "till {words:?} was not recorded");
    }
    signal_traced(&mut server, "-TERM");
    let (own, found) = audit(&dir, "trace");
    assert!(found.is_empty(), "{found:#?}");
    assert!(own >= 6, "SQLite touched the file {own} times");

    // The control: what a copy by hand does is seen, and so is the process that does it.
    let path = dir.join("till.db");
    let copy = ["sh", "-c", "head -c 1 \"$0\"; true", path.to_str().unwrap()];
    record(&dir, "control", &copy, "");
    let (_, found) = audit(&dir, "control");
    assert!(
        found.len() == 2 && found.iter().any(|call| call.contains("/till.db\", O_RDONLY")),
        "{found:#?}"
    );
    let _ = std::fs::remove_dir_all(&dir);
}
