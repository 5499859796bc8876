//! The page of the settings: one form, faults beside their fields, and both versions where somebody else was first.

use serde_json::json;

use crate::app::TestApp;
use crate::pages::Browser;
use crate::pages::filled;
use crate::pages::marked;
use crate::pages::plain;
use crate::settings::SETTINGS;
use crate::settings::set;

const PAGE: &str = "/admin/settings";
/// What the lists hold to choose from, which a browser sends with the rest.
const CHOSEN: [(&str, &str); 3] = [("currency", "EUR"), ("time_zone", "UTC"), ("country", "GB")];

fn typed<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all: Vec<(&str, &str)> = CHOSEN.to_vec();
    all.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    all.extend(more);
    all
}

/// T1, N3: the form shows what stands, changes it once however often it is sent, and says so.
#[test]
fn the_form_changes_the_settings_once() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(PAGE);
    assert_eq!(page.status, 200);
    for offered in [
        "<option value=\"GB\">United Kingdom",
        "<optgroup label=\"Europe\">",
        "value=\"10000.00\"",
    ] {
        assert!(page.body.contains(offered), "{offered}");
    }
    let change = typed(&[
        ("name", "Fennel & Foolscap"),
        ("postcode", "TN31 7HE"),
        ("wallet.daily_deposits", "€1,250.5"),
        ("products.moderation", "false"),
        ("orders.transfer_days", "1,4"),
    ]);
    let refused = browser.submit(&page, PAGE, &change);
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("id=\"orders.transfer_days-e\""));
    assert!(
        plain(&refused.body).contains("value=\"Fennel & Foolscap\""),
        "what was typed is lost"
    );
    let mut change = change;
    change.retain(|(name, _)| *name != "orders.transfer_days");
    let sent = browser.submit(&page, PAGE, &change);
    let shown = browser.follow(&sent);
    assert!(plain(&shown.body).contains("Fennel & Foolscap"));
    let again = browser.submit(&page, PAGE, &change);
    assert_eq!(again.header("location"), sent.header("location"));
    let stands = app.get("owner", SETTINGS).json();
    assert_eq!(
        [
            &stands["shop"]["name"],
            &stands["shop"]["address"],
            &stands["wallet"]["daily_deposits"],
            &stands["products"]["moderation"],
            &stands["version"],
        ],
        [
            &json!("Fennel & Foolscap"),
            &json!({ "line1": null, "line2": null, "city": null, "postcode": "TN31 7HE", "region": null, "country": "GB" }),
            &json!("1250.50"),
            &json!(false),
            &json!(2),
        ]
    );
}

/// T1: every field that can be wrong says so, by the label that it has.
#[test]
fn faults_stand_beside_their_fields() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(PAGE);
    let long = "x".repeat(201);
    let bad = [
        ("name", ""),
        ("line1", long.as_str()),
        ("postcode", &long),
        ("country", "QQ"),
        ("currency", "DOG"),
        ("time_zone", "Mars/Olympus"),
        ("stock.low_at", "-1"),
        ("orders.unpaid_minutes", "many"),
        ("refunds.step_up_above", "much"),
        ("commissions.rate", "200"),
        ("mail.from", "nobody"),
        ("keep_days.mails", "0"),
    ];
    let refused = browser.submit(&page, PAGE, &bad);
    assert_eq!(refused.status, 400);
    for (field, _) in bad {
        let told = format!("<a href=\"#{field}\">");
        assert!(refused.body.contains(&told), "{field}");
        assert!(refused.body.contains(&format!("id=\"{field}-e\"")), "{field}");
        assert!(
            refused.body.contains(&format!("<label for=\"{field}\">")),
            "{field}"
        );
    }
    assert_eq!(app.get("owner", SETTINGS).json()["version"], 1);
}

/// D7: somebody else was first: both are shown, and one's own goes on top without undoing theirs.
#[test]
fn somebody_elses_change_is_shown_beside_ones_own() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(PAGE);
    assert_eq!(
        set(
            &app,
            json!({ "shop": { "name": "Theirs" }, "stock": { "low_at": 9 } })
        )
        .status,
        200
    );
    let clash = browser.submit(&page, PAGE, &typed(&[("name", "Mine")]));
    assert_eq!(clash.status, 412);
    assert!(clash.body.contains("Theirs") && clash.body.contains("data-conflict"));
    assert_eq!(marked(&clash, "data-first"), "owner");
    assert!(
        clash.body.contains("You changed the settings in another window"),
        "{}",
        clash.body
    );
    let kept = filled(&clash, PAGE, &[]);
    let sent = browser.post(PAGE, &kept, &[crate::pages::OURS]);
    assert_eq!(sent.status, 303, "{}", sent.body);
    let stands = app.get("owner", SETTINGS).json();
    assert_eq!(
        (&stands["shop"]["name"], &stands["stock"]["low_at"]),
        (&json!("Mine"), &json!(9))
    );
}

/// T2: whoever may not change them is not offered to, and refused.
#[test]
fn the_page_is_for_those_who_may() {
    let app = TestApp::start();
    assert_eq!(Browser::signed_in(&app, "staff").get(PAGE).status, 403);
    app.change("INSERT INTO role_permissions VALUES (2, 'settings:read')");
    let staff = Browser::signed_in(&app, "staff");
    let page = staff.get(PAGE);
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("Save settings"));
    assert_eq!(staff.submit(&page, PAGE, &typed(&[("name", "Mine")])).status, 403);
}
