//! Programs that others wrote, and that say whether the shop is right.

use std::process::Command;
use std::process::Stdio;

/// A Python that has these packages: `JUDGES_PYTHON`, that of the last run of all checks, or the machine's own. None, and
/// said so, where there is none; CI must have one.
pub fn python(packages: &str) -> Option<String> {
    let cache = std::env::var("XDG_CACHE_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cache")))
        .unwrap_or_default();
    let tools = format!("{cache}/till-tools/python/bin/python");
    let named = std::env::var("JUDGES_PYTHON").ok();
    let mut candidates = named.into_iter().chain([tools, "python3".to_owned()]);
    let found = candidates.find(|python| {
        let asked = Command::new(python)
            .args(["-c", &format!("import {packages}")])
            .stderr(Stdio::null())
            .status();
        asked.is_ok_and(|status| status.success())
    });
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "no Python here has {packages}");
        eprintln!("SKIPPED: no Python here has {packages} (JUDGES_PYTHON)");
    }
    found
}
