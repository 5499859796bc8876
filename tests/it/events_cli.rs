//! `till events`: the feed from the command line, beside a running server and without one.

use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use serde_json::Value;

use crate::binary::Folder;
use crate::binary::make_user;
use crate::kill::Server;

fn events(dir: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_till"));
    command.arg("events").args(words).arg("--data").arg(dir);
    command.output().unwrap()
}

fn json(dir: &Path, words: &[&str]) -> Value {
    let done = events(dir, &[words, &["--json"]].concat());
    assert!(done.status.success(), "{done:?}");
    serde_json::from_slice(&done.stdout).unwrap()
}

fn ids(told: &Value) -> Vec<i64> {
    let all = told["events"].as_array().unwrap().iter();
    all.map(|event| event["id"].as_i64().unwrap()).collect()
}

/// H9: tail, range and info tell the same events as every reader gets, beside a server; --follow tells what comes.
#[test]
fn the_feed_is_looked_at_beside_a_server() {
    let dir = Folder::new();
    let server = Server::start(&dir.0);
    assert_eq!(json(&dir.0, &["info"])["events"], 0);
    assert_eq!(ids(&json(&dir.0, &["tail"])), Vec::<i64>::new());
    for number in 1..=4 {
        assert!(make_user(&dir.0, &format!("user{number}")).status.success());
    }
    assert_eq!(ids(&json(&dir.0, &["tail"])), [1, 2, 3, 4]);
    assert_eq!(ids(&json(&dir.0, &["tail", "-n", "2"])), [3, 4]);
    assert_eq!(
        ids(&json(&dir.0, &["tail", "--stream", "orders"])),
        Vec::<i64>::new()
    );
    assert_eq!(
        ids(&json(&dir.0, &["tail", "--type", "user.created", "-n1"])),
        [4]
    );
    assert_eq!(ids(&json(&dir.0, &["range"])), [1, 2, 3, 4]);
    assert_eq!(
        ids(&json(&dir.0, &["range", "-", "+", "--limit", "3"])),
        [1, 2, 3]
    );
    assert_eq!(ids(&json(&dir.0, &["range", "2", "3"])), [2, 3]);
    assert_eq!(ids(&json(&dir.0, &["range", "5"])), Vec::<i64>::new());
    let info = json(&dir.0, &["info"]);
    assert_eq!(
        (&info["events"], &info["first"]["id"], &info["last"]["id"]),
        (&4.into(), &1.into(), &4.into())
    );
    let text = String::from_utf8(events(&dir.0, &["tail", "-n", "1"]).stdout).unwrap();
    assert!(
        text.contains("user.created") && text.lines().count() == 1,
        "{text}"
    );
    for bad in [
        &["tail", "--stream", "weather"][..],
        &["range", "x"],
        &["range", "0"],
        &["range", "1", "-"],
    ] {
        assert!(!events(&dir.0, bad).status.success(), "{bad:?}");
    }
    let mut following = Command::new(env!("CARGO_BIN_EXE_till"))
        .args(["events", "tail", "-n", "1", "--follow", "--json", "--data"])
        .arg(&dir.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()["id"].clone();
    assert_eq!(next(), 4);
    assert!(make_user(&dir.0, "user5").status.success());
    assert_eq!(next(), 5);
    following.kill().unwrap();
    following.wait().unwrap();
    server.stop();
    assert_eq!(ids(&json(&dir.0, &["range", "4"])), [4, 5]);
}
