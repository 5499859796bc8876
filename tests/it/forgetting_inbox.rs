//! Forgetting a person: what providers of payments told of them.

use serde_json::json;

use crate::customers::make;
use crate::forgetting::forget;
use crate::forgetting::left;
use crate::forgetting::settle;
use crate::forgetting::shop;

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
