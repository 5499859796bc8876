//! The pages in a browser, where there is one: one journey with scripts and without. `tests/browser/run` walks the rest.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Says loudly what is missing where something is; with `CI=true` that is a failure.
#[test]
fn an_order_is_canceled_in_chromium() {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/run");
    let done = Command::new(run)
        .args(["quick", env!("CARGO_BIN_EXE_till")])
        .output()
        .unwrap();
    // Past the capture of a test that passes: who runs the tests should see what was not tried.
    std::io::stderr().write_all(&done.stderr).unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}
