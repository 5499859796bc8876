//! Holds every file to the map: who imports whom, what a layer never names, how long a file may be.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Who may import whom. A layer not listed may import nothing of ours.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &["domain"]),
    ("error", &["domain"]),
    ("clock", &["domain", "error"]),
    ("secret", &["secret", "domain", "error"]),
    ("config", &["config", "domain", "error"]),
    ("telemetry", &["domain", "error"]),
    ("store", &["store", "domain", "error", "clock"]),
    ("shop", &["shop", "store", "domain", "error", "clock", "secret"]),
    (
        "app",
        &[
            "app",
            "shop",
            "domain",
            "error",
            "clock",
            "config",
            "telemetry",
            "secret",
        ],
    ),
    (
        "gateway",
        &[
            "gateway",
            "app",
            "shop",
            "domain",
            "error",
            "clock",
            "config",
            "secret",
            "telemetry",
        ],
    ),
    (
        "http",
        &[
            "http",
            "app",
            "shop",
            "gateway",
            "domain",
            "error",
            "clock",
            "config",
            "secret",
            "telemetry",
        ],
    ),
    (
        "worker",
        &[
            "worker",
            "app",
            "shop",
            "gateway",
            "domain",
            "error",
            "clock",
            "config",
            "secret",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "cli",
            "worker",
            "http",
            "app",
            "shop",
            "gateway",
            "store",
            "domain",
            "error",
            "clock",
            "config",
            "secret",
            "telemetry",
        ],
    ),
];

/// What a layer must never name.
const NEVER: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "rusqlite",
            "axum",
            "tokio",
            "tracing",
            "SystemTime",
            "std::fs",
            "rand::",
        ],
    ),
    ("error", &["rusqlite", "axum"]),
    ("store", &["axum", "tokio", "askama"]),
    (
        "shop",
        &["rusqlite", "axum", "tokio", "askama", "reqwest", ".db()"],
    ),
    ("app", &["rusqlite", "axum", "crate::store"]),
    ("gateway", &["rusqlite", "axum", "crate::store"]),
    ("http", &["rusqlite", "refinery", "crate::store"]),
    ("worker", &["rusqlite", "axum", "crate::store"]),
    ("cli", &["rusqlite", "SELECT ", "INSERT ", "prepare_cached"]),
];

/// The faces of a layer: none imports another. What two of them share is a file beside them, a verb or a type.
const FACES: &[(&str, &[&str])] = &[("http", &["api", "admin"])];

const MAX_LINES: usize = 500;

fn files(dir: &Path, kind: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, kind, found);
        } else if path.extension().is_some_and(|end| end == kind) {
            found.push(path);
        }
    }
}

fn layer(path: &Path) -> String {
    let first = path
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Where a file of one face imports another face.
fn imports_another_face(name: &Path, layer: &str, text: &str) -> Vec<String> {
    let faces = FACES.iter().find(|(of, _)| *of == layer);
    let faces = faces.map_or(&[][..], |(_, faces)| faces);
    let mut parts = name.components().skip(1);
    let own = parts
        .next()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    let Some(own) = own.filter(|own| faces.contains(&own.as_str())) else {
        return Vec::new();
    };
    let others = faces.iter().filter(|face| **face != own);
    let lines = text.lines().filter(|line| !line.trim().starts_with("//"));
    let named = others.flat_map(|other| {
        let path = format!("crate::{layer}::{other}");
        lines.clone().filter(move |line| line.contains(&path))
    });
    named
        .map(|line| {
            format!(
                "{}: {own} may not use another face: {}",
                name.display(),
                line.trim()
            )
        })
        .collect()
}

/// Verbs on a thing by its id that do not ask who calls, and what they are for instead.
const ASK_NOBODY: &[(&str, &str)] = &[
    (
        "shop/api_keys.rs: touch",
        "notes that a key has come in, which has just been looked up",
    ),
    (
        "shop/catalogue/mod.rs: show_public",
        "what is for sale is everybody's",
    ),
    (
        "shop/customers/mod.rs: own",
        "the customer of a user who is at hand",
    ),
    (
        "shop/forms.rs: target",
        "what a form of the caller's own has done",
    ),
    ("shop/links.rs: void", "a part of verbs that have asked"),
    ("shop/live.rs: fresh", "what each listener is then held against"),
    (
        "shop/orders/mod.rs: owner_of",
        "whose it is, by which callers are then judged",
    ),
    ("shop/payments/hear.rs: give_up", "what nobody can read"),
    (
        "shop/payments/mod.rs: begun",
        "the shop's own, between two steps at a provider",
    ),
    (
        "shop/payments/mod.rs: refund_as_it_is",
        "the shop's own, between two steps at a provider",
    ),
    ("shop/payments/settle.rs: settle", "what a provider has signed"),
    (
        "shop/payments/tasks.rs: put_off",
        "the shop's own, between two steps at a provider",
    ),
    (
        "shop/payments/tasks.rs: start",
        "the shop's own, between two steps at a provider",
    ),
];

/// The signature and the body of each function that a file shows to the doors.
fn verbs(text: &str) -> Vec<(&str, &str)> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let parts = code.split("\npub fn ").skip(1);
    let shown = parts.filter_map(|part| part.split("\n}\n").next()?.split_once(" {\n"));
    shown.collect()
}

/// AZ-02: a verb that takes the id of a thing looks at who calls before it reads the thing; what belongs to somebody is
/// then `NotFound` for all others.
#[test]
fn a_verb_asks_who_calls_before_it_reads_what_an_id_names() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&src.join("shop"), "rs", &mut found);
    let names_caller = |text: &str| {
        let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.any(|word| word == "by")
    };
    let (mut asking, mut silent) = (0, Vec::new());
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(&src).unwrap().display();
        for (signature, body) in verbs(&text) {
            let takes = |kind: &str| signature.contains(kind);
            let mut kinds = signature
                .split([',', ')'])
                .filter_map(|input| input.rsplit_once(": "));
            let names_a_thing =
                kinds.any(|(_, kind)| kind.ends_with("Id") && kind.chars().all(char::is_alphanumeric));
            if !(takes("tx: &Tx") || takes("db: &Snapshot")) || !names_a_thing {
                continue;
            }
            let mut lines = body.split(';');
            let first = lines.find(|line| names_caller(line) || line.contains("store::"));
            match takes("by: &Actor") && first.is_none_or(names_caller) {
                true => asking += 1,
                false => silent.push(format!("{name}: {}", signature.split('(').next().unwrap())),
            }
        }
    }
    silent.sort();
    let known: Vec<&str> = ASK_NOBODY.iter().map(|(verb, _)| *verb).collect();
    assert_eq!(silent, known);
    assert!(asking > 50, "{asking}");
}

/// WEB-04: nothing gets past the escaping of the pages but what one type holds, which is made of what the shop itself draws.
#[test]
fn no_page_passes_over_escaping() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut sources, mut pages) = (Vec::new(), Vec::new());
    files(&root.join("src"), "rs", &mut sources);
    files(&root.join("templates"), "html", &mut pages);
    assert!(sources.len() > 200 && pages.len() > 50);
    let mut faults = Vec::new();
    for path in sources.iter().chain(&pages) {
        let name = path.strip_prefix(root).unwrap().display().to_string();
        let text = fs::read_to_string(path).unwrap();
        let bare: String = text.split_whitespace().collect();
        // The part of a mail that is plain text has nothing to escape.
        let bare = bare.replace("path=$text,escape=\"none\"", "");
        let never: &[&str] = match name.ends_with(".html") {
            true => &["|safe", "|e(", "|escape(", "{%autoescape", "{%raw"],
            false => &["escape=\"", "filters::Safe", "filters::safe", "HtmlSafe"],
        };
        let is_drawing = name == "src/http/admin/drawn.rs";
        let found = never.iter().filter(|word| bare.contains(**word) && !is_drawing);
        faults.extend(found.map(|word| format!("{name}: {word}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The tests are read as often as what they test.
#[test]
fn no_file_of_tests_is_too_long() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut found = Vec::new();
    files(&tests, "rs", &mut found);
    let faults: Vec<String> = found
        .iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let name = path.strip_prefix(&tests).unwrap().display();
            match (text.lines().count(), text.starts_with("//!")) {
                (lines, _) if lines > MAX_LINES => Some(format!("{name}: over {MAX_LINES} lines")),
                (_, false) => Some(format!("{name}: no //! on top")),
                _ => None,
            }
        })
        .collect();
    assert!(found.len() > 40 && faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_keeps_to_the_map() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&src, "rs", &mut found);
    let mut faults = Vec::new();
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(&src).unwrap();
        let layer = layer(name);
        if text.lines().count() > MAX_LINES {
            faults.push(format!("{}: over {MAX_LINES} lines", name.display()));
        }
        if !text.starts_with("//!") {
            faults.push(format!("{}: no //! on top", name.display()));
        }
        if text.contains("use crate::{") {
            faults.push(format!("{}: one module a line, not crate::{{…}}", name.display()));
        }
        if ["lib", "main"].contains(&layer.as_str()) {
            continue;
        }
        let may = MAY_IMPORT
            .iter()
            .find(|(from, _)| *from == layer)
            .map_or(&[][..], |(_, to)| to);
        for line in text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("use crate::"))
        {
            let to = line.split([':', ';']).next().unwrap();
            if !may.contains(&to) {
                faults.push(format!("{}: {layer} may not use {to}", name.display()));
            }
        }
        faults.extend(imports_another_face(name, &layer, &text));
        let never = NEVER
            .iter()
            .find(|(of, _)| *of == layer)
            .map_or(&[][..], |(_, names)| names);
        for (at, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().starts_with("//"))
        {
            for word in never.iter().filter(|word| line.contains(**word)) {
                faults.push(format!(
                    "{}:{}: {layer} never names {word}",
                    name.display(),
                    at + 1
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
