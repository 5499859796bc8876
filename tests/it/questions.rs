//! `till sql`: answers that are larger than memory should be, and readers that leave before the end.

use std::io::BufRead;
use std::io::BufReader;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use serde_json::Value;

use crate::imports::Folder;
use crate::imports::till;

const ROWS: usize = 200_000;

/// So many rows of two hundred characters: 40 MB.
fn question() -> String {
    format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ROWS})
         SELECT n, printf('%0200d', n) AS text FROM n"
    )
}

fn ask(data: &Path, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_till"))
        .arg("--data")
        .arg(data)
        .args(["sql", "--read-only", &question()])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How much memory a process holds that is no file's, in kB: how much of the program itself is mapped is the kernel's
/// affair.
fn held(child: &Child) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// N9: memory stays flat however long the answer is, in each form.
#[test]
fn an_answer_of_any_length_takes_no_memory() {
    let folder = Folder::new("long");
    let data = folder.path("data");
    assert!(till(&data, &["migrate", "up"]).status.success());
    for more in [&["--csv"][..], &[], &["--json"]] {
        let mut child = ask(&data, more);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        // All but the last megabyte: the process is still there, and waits to be rid of the rest.
        let mut seen = Vec::new();
        let all = ROWS * 200;
        std::io::copy(
            &mut std::io::Read::take(&mut out, all as u64 - 1_000_000),
            &mut seen,
        )
        .unwrap();
        let held = held(&child);
        std::io::copy(&mut out, &mut seen).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(held < 20_000, "{more:?}: {held} kB");
        let text = String::from_utf8(seen).unwrap();
        match more {
            ["--json"] => {
                let answer: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(answer["rows"].as_array().unwrap().len(), ROWS);
                assert_eq!(answer["rows"][ROWS - 1][0], ROWS);
            }
            ["--csv"] => assert_eq!(text.lines().count(), ROWS + 1),
            _ => {
                assert_eq!(text.lines().count(), ROWS + 2);
                // As wide as the first thousand rows ask for.
                assert!(text.starts_with("n    text"), "{}", &text[..40]);
            }
        }
    }
}

/// A reader that has seen enough, and an operator who has waited enough: neither makes it panic.
#[test]
fn who_leaves_before_the_end_is_no_failure() {
    let folder = Folder::new("leaves");
    let data = folder.path("data");
    assert!(till(&data, &["migrate", "up"]).status.success());
    for more in [&["--csv"][..], &[], &["--json"]] {
        for is_interrupted in [false, true] {
            let mut child = ask(&data, more);
            let mut out = BufReader::new(child.stdout.take().unwrap());
            let mut line = Vec::new();
            match more {
                ["--json"] => out.read_until(b']', &mut line).unwrap(),
                _ => out.read_until(b'\n', &mut line).unwrap(),
            };
            assert!(!line.is_empty());
            if is_interrupted {
                let pid = child.id().to_string();
                assert!(
                    Command::new("kill")
                        // Not INT: whoever runs the tests in the background has had it ignored.
                        .args(["-TERM", &pid])
                        .status()
                        .unwrap()
                        .success()
                );
            } else {
                drop(out);
            }
            let done = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            assert_eq!(said, "", "{more:?}");
            match is_interrupted {
                true => assert_eq!(done.status.signal(), Some(15)),
                false => assert!(done.status.success(), "{more:?}: {:?}", done.status),
            }
        }
    }
}
