//! Forgetting a person: what stands beside their records, told by providers of payments, in old events, in freed pages.

use serde_json::json;

use crate::customers::make;
use crate::forgetting::forget;
use crate::forgetting::left;
use crate::forgetting::settle;
use crate::forgetting::shop;
use crate::imports::Folder;
use crate::imports::import;

/// G2: what a provider told of them is blanked, whether it was applied or not; what it told of others stays.
#[test]
fn what_a_provider_told_of_a_person_is_blanked() {
    let app = shop();
    let person = make(&app, json!({ "name": "Zyx", "email": "zyxquill@mail.test" }));
    app.change(
        "INSERT INTO inbox (provider, event_id, kind, body, state, received_at, due_at, processed_at) VALUES
           (2, 'evt_1', 'told', CAST('{\"receipt_email\":\"ZyxQuill@mail.test\"}' AS BLOB), 0, 1, 1, NULL),
           (2, 'evt_2', 'told', CAST('{\"receipt_email\":\"zyxquill@mail.test\"}' AS BLOB), 1, 1, 1, 1),
           (2, 'evt_3', 'told', CAST('{\"receipt_email\":\"other@mail.test\"}' AS BLOB), 0, 1, 1, NULL)",
    );
    assert_eq!(forget(&app, &person["id"], json!({})).status, 202);
    settle(&app);
    let stands = |sql: &str| app.number(&format!("SELECT count(*) FROM inbox WHERE {sql}"));
    assert_eq!(stands("body = CAST('{}' AS BLOB)"), 2);
    assert_eq!(
        (stands("state = 4"), stands("state = 1"), stands("state = 0")),
        (1, 1, 1)
    );
    assert_eq!(left(&app, &["zyxquill", "ZyxQuill"]), [""; 0]);
}

/// G2: what other systems call a person goes out of events, too, which no row of the audit holds.
#[test]
fn an_old_event_is_told_without_the_person() {
    let app = shop();
    let folder = Folder::new("forgetting-events");
    let file = folder.file("c.csv", "number,name\nvexhollow,Zyx\nkindlewort,Other\n");
    assert_eq!(import(app.dir(), "customers", &file, &[]).0, 0);
    let told = |number: &str| {
        app.number(&format!(
            "SELECT count(*) FROM events WHERE data LIKE '%{number}%'"
        ))
    };
    assert_eq!((told("vexhollow"), told("kindlewort")), (1, 1));
    let id = app.number("SELECT id FROM customers WHERE number = 'vexhollow'");
    assert_eq!(forget(&app, &json!(id), json!({})).status, 202);
    settle(&app);
    assert_eq!((told("vexhollow"), told("kindlewort")), (0, 1));
    assert_eq!(left(&app, &["vexhollow", "kindlewort"]), ["kindlewort"]);
}

/// G2: pages that were freed before, of whatever stood on them, hold nothing of the person any more.
#[test]
fn what_was_freed_before_is_overwritten() {
    let app = shop();
    let person = make(&app, json!({ "name": "Zyx" }));
    let file = app.file();
    file.execute_batch(
        "CREATE TABLE gone (text TEXT);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
           INSERT INTO gone SELECT 'dramquill ' || i || hex(zeroblob(1000)) FROM n;",
    )
    .unwrap();
    assert_eq!(left(&app, &["dramquill"]), ["dramquill"]);
    file.execute_batch("DROP TABLE gone").unwrap();
    assert_eq!(
        left(&app, &["dramquill"]),
        ["dramquill"],
        "freed, and still there"
    );
    assert_eq!(forget(&app, &person["id"], json!({})).status, 202);
    settle(&app);
    assert_eq!(left(&app, &["dramquill"]), [""; 0]);
}
