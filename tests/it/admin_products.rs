//! Products on the pages: finding, making, changing, deciding, deleting, as the shop's people do it.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::marked;
use crate::pages::plain;

/// What people paste into fields, wanted or not.
pub const ODD: [&str; 6] = [
    "<script>alert(1)</script>",
    "it's \"quoted\" & more",
    "🧉🎁👩‍👩‍👧",
    "\u{202e}مرحبا שלום",
    "' OR 1=1 --",
    "{{ name }} {% raw %}",
];

pub fn page(id: i64) -> String {
    format!("/admin/products/{id}")
}

pub fn product(app: &TestApp, id: i64) -> Value {
    app.get("owner", &format!("/api/v1/products/{id}")).json()
}

/// A product of two variants.
pub fn pens(app: &TestApp) -> i64 {
    let body = json!({ "name": "Pen", "description": "Writes.", "category": "Desk", "variants": [
        { "sku": "PEN-F", "title": "Fine", "price": "66", "quantity": 3 },
        { "sku": "PEN-M", "title": "Medium", "price": "72", "quantity": 0 },
    ] });
    let made = app.post("owner", "/api/v1/products", body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["id"].as_i64().unwrap()
}

pub fn rows(answer: &Answer) -> Vec<String> {
    let rows = answer.body.split(" data-product=\"").skip(1);
    let names = rows.filter_map(|row| row.split_once("<bdi>")?.1.split_once("</bdi>"));
    names.map(|(name, _)| plain(name)).collect()
}

/// Some fields of each variant.
pub fn of_variants(product: &Value, fields: &[&str]) -> Vec<Value> {
    let variants = product["variants"].as_array().unwrap().iter();
    variants
        .map(|variant| fields.iter().map(|field| variant[field].clone()).collect())
        .collect()
}

/// What stands beside a field as its fault.
pub fn fault(answer: &Answer, field: &str) -> Option<String> {
    let (_, rest) = answer.body.split_once(&format!("id=\"{field}-e\""))?;
    let (_, rest) = rest.split_once("<span>")?;
    Some(plain(rest.split_once("</span>")?.0))
}

/// What stands in a field.
pub fn value(answer: &Answer, action: &str, field: &str) -> String {
    let fields = filled(answer, action, &[]);
    let found = fields.into_iter().find(|(name, _)| name == field);
    found.unwrap_or_else(|| panic!("no {field} in {}", answer.body)).1
}

/// T9
#[test]
fn the_list_is_found_by_status_words_category_and_stock() {
    let app = TestApp::start();
    pens(&app);
    app.product("MUG", "4.50", 0);
    let draft = json!({ "name": "Idea", "sku": "IDEA" });
    assert_eq!(app.post("owner", "/api/v1/products", draft).status, 201);
    let bowl = json!({ "name": "Bowl", "sku": "BOWL", "price": "9", "quantity": 50 });
    assert_eq!(app.post("seller", "/api/v1/products", bowl).status, 201);
    let browser = Browser::signed_in(&app, "staff");
    for (query, found) in [
        ("", &["Bowl", "Idea", "MUG", "Pen"][..]),
        ("?status=pending", &["Bowl"]),
        ("?status=approved", &["MUG", "Pen"]),
        ("?status=draft", &["Idea"]),
        ("?status=archived", &[]),
        ("?q=pen-m", &["Pen"]),
        ("?q=nothing+like+it", &[]),
        ("?category=Desk", &["Pen"]),
        ("?category=Nowhere", &[]),
        ("?in_stock=false", &["MUG"]),
        ("?min_price=5&max_price=10", &["Bowl"]),
        ("?status=approved&q=mug&in_stock=false", &["MUG"]),
    ] {
        let answer = browser.get(&format!("/admin/products{query}"));
        assert_eq!(
            (answer.status, rows(&answer)),
            (200, found.iter().map(|name| (*name).to_owned()).collect()),
            "{query}"
        );
    }
    let list = browser.get("/admin/products").body;
    for (state, count) in [("On sale", 2), ("To approve", 1), ("Draft", 1), ("Rejected", 0)] {
        assert!(
            list.contains(&format!("{state} <span class=\"n\">{count}</span>")),
            "{state}"
        );
    }
    assert!(list.contains("2 of 2 low"), "{list}");
    assert!(list.contains("from €66.00"));
    assert!(list.contains(">seller<"));
    let chip = browser
        .get("/admin/products?category=Desk&in_stock=true&q=pen")
        .body;
    for words in ["Category: Desk", "In stock", "Search: pen"] {
        assert!(chip.contains(&format!("Remove the filter {words}\"")), "{words}");
    }
    for bad in [
        "?status=sold",
        "?min_price=cheap",
        "?limit=0",
        "?after=x",
        "?what=1",
        "?seller=x",
    ] {
        let answer = browser.get(&format!("/admin/products{bad}"));
        assert_eq!(
            (answer.status, marked(&answer, "data-code=\"2002\"").as_str()),
            (400, ""),
            "{bad}"
        );
    }
}

/// API, *Lists*
#[test]
fn the_list_goes_on_by_cursor() {
    let app = TestApp::start();
    for number in 0..5 {
        app.product(&format!("P{number}"), "1", 1);
    }
    let browser = Browser::signed_in(&app, "owner");
    let mut path = "/admin/products?limit=2&status=approved".to_owned();
    let mut seen = Vec::new();
    for pages in 1.. {
        let answer = browser.get(&path);
        seen.extend(rows(&answer));
        assert_eq!(answer.body.contains(">First</a>"), pages > 1);
        let pager = answer.body.split("class=\"pages\"").nth(1).unwrap();
        match pager.split("<a ").find(|link| link.contains(">Next<")) {
            Some(next) => path = plain(next.split('"').nth(3).unwrap()),
            None => break,
        }
    }
    assert_eq!(seen, ["P4", "P3", "P2", "P1", "P0"]);
}

/// B1, B5, N3: typed as people type, sent ten times at once, there once.
#[test]
fn a_product_is_made_once() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "staff");
    let form = browser.get("/admin/products/new");
    let typed = [
        ("name", "Fountain pen"),
        ("category", "Desk"),
        ("description", "Two\r\nlines"),
        ("variants[0].title", "Fine"),
        ("variants[0].sku", "PEN-F"),
        ("variants[0].price", "€1,066.50"),
        ("variants[0].quantity", "1,200"),
    ];
    let more = browser.submit(
        &form,
        "/admin/products/new",
        &[&typed[..], &[("more", "1")]].concat(),
    );
    assert_eq!(more.status, 200);
    assert_eq!(
        value(&more, "/admin/products/new", "variants[0].price"),
        "€1,066.50"
    );
    let second = [
        ("variants[1].title", "Medium"),
        ("variants[1].price", " .50 "),
        ("variants[1].weight_g", "24"),
    ];
    let fields = filled(&more, "/admin/products/new", &second);
    let answers = ten_at_once(&app, &browser, "/admin/products/new", &fields);
    let to = answers[0].header("location").unwrap().to_owned();
    for answer in &answers {
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(to.as_str())),
            "{}",
            answer.body
        );
    }
    assert_eq!(app.number("SELECT count(*) FROM products"), 1);
    let shown = browser.get(&to);
    assert!(
        shown.body.contains("data-done=\"product.created\""),
        "{}",
        shown.body
    );
    let made = product(&app, 1);
    let variants = of_variants(&made, &["title", "price", "quantity", "weight_g"]);
    assert_eq!(
        variants,
        [
            json!(["Fine", "1066.50", 1200, null]),
            json!(["Medium", "0.50", 0, 24])
        ]
    );
    assert_eq!(
        (&made["name"], &made["description"], &made["status"]),
        (&json!("Fountain pen"), &json!("Two\nlines"), &json!("approved"))
    );
}

/// What ten presses of a button send at once.
pub fn ten_at_once(app: &TestApp, browser: &Browser, path: &str, fields: &[(String, String)]) -> Vec<Answer> {
    let cookie = browser.cookie();
    std::thread::scope(|scope| {
        let send = || Browser::holding(app, &cookie).post(path, fields, &[OURS]);
        let sent: Vec<_> = (0..10).map(|_| scope.spawn(send)).collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// B2, B5, N3, FEATURES T9
#[test]
fn a_product_is_changed_once_with_its_variants() {
    let app = TestApp::start();
    let id = pens(&app);
    let browser = Browser::signed_in(&app, "staff");
    let form = browser.get(&page(id));
    let typed = [
        ("variants[0].price", "70.5"),
        ("variants[0].low_at", "4"),
        ("variants[1].remove", "1"),
        ("variants[2].sku", "PEN-B"),
        ("variants[2].price", "80"),
        ("category", ""),
    ];
    let fields = filled(&form, &page(id), &typed);
    let answers = ten_at_once(&app, &browser, &page(id), &fields);
    for answer in &answers {
        assert_eq!(answer.status, 303, "{}", answer.body);
    }
    let shown = browser.follow(&answers[0]);
    assert!(shown.body.contains("data-done=\"product.updated\""));
    let now = product(&app, id);
    let variants = of_variants(&now, &["sku", "price", "quantity"]);
    assert_eq!(
        variants,
        [json!(["PEN-F", "70.50", 3]), json!(["PEN-B", "80.00", 0])]
    );
    assert_eq!(
        (&now["version"], &now["category"], &now["name"]),
        (&json!(2), &Value::Null, &json!("Pen"))
    );
    assert_eq!(app.number("SELECT low_at FROM variants WHERE sku = 'PEN-F'"), 4);
    assert_eq!(
        app.number(
            "SELECT count(*) FROM audit WHERE action = (SELECT action FROM audit ORDER BY id DESC LIMIT 1)"
        ),
        1
    );
}

/// B13: a queue, a decision, a reason.
#[test]
fn a_sellers_product_is_approved_or_rejected_with_a_reason() {
    let app = TestApp::start();
    let bowl = json!({ "name": "Bowl", "sku": "BOWL", "price": "9" });
    let id = app.post("seller", "/api/v1/products", bowl).json()["id"]
        .as_i64()
        .unwrap();
    let browser = Browser::signed_in(&app, "staff");
    let ask = browser.get(&format!("{}/reject", page(id)));
    let reject = format!("{}/reject", page(id));
    let late = browser.get(&reject);
    for (reason, words) in [
        ("", "is required"),
        ("  ", "is required"),
        (&"y".repeat(1001), "must have at most 1000 characters"),
    ] {
        let answer = browser.submit(&ask, &reject, &[("reason", reason)]);
        assert_eq!(
            (answer.status, fault(&answer, "reason").as_deref()),
            (400, Some(words))
        );
    }
    let done = browser.submit(&ask, &reject, &[("reason", "It's <blurred>")]);
    let shown = browser.follow(&done);
    assert!(
        shown.body.contains("data-done=\"product.rejected\""),
        "{}",
        shown.body
    );
    assert_eq!(product(&app, id)["status"], "rejected");
    let events = app.get("owner", "/api/v1/events?stream=inventory").json();
    let told = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["type"] == "product.rejected")
        .unwrap();
    assert_eq!(told["data"]["reason"], "It's <blurred>");
    assert!(!has_form(&shown, &reject));
    let approve = format!("{}/approve", page(id));
    let done = browser.submit(&shown, &approve, &[]);
    let shown = browser.follow(&done);
    assert!(shown.body.contains("data-done=\"product.approved\""));
    assert!(!has_form(&shown, &approve));
    assert_eq!(
        app.get("nobody", &format!("/api/v1/products/public/{id}")).status,
        200
    );
    let stale = browser.submit(&late, &reject, &[("reason", "late")]);
    assert_eq!(stale.status, 412, "{}", stale.body);
}

/// T9, DUR
#[test]
fn a_product_is_deleted_after_a_question() {
    let app = TestApp::start();
    let id = pens(&app);
    let browser = Browser::signed_in(&app, "staff");
    let delete = format!("{}/delete", page(id));
    let ask = browser.get(&delete);
    assert_eq!(ask.status, 200);
    let done = browser.submit(&ask, &delete, &[]);
    let list = browser.follow(&done);
    assert!(
        list.body.contains("data-done=\"product.deleted\""),
        "{}",
        list.body
    );
    assert_eq!(rows(&list), [""; 0]);
    let again = browser.submit(&ask, &delete, &[]);
    assert_eq!(
        again.header("location"),
        done.header("location"),
        "the same form sent again says the same"
    );
    for path in [
        page(id),
        delete,
        format!("{}/reject", page(id)),
        "/admin/stock/1".to_owned(),
    ] {
        assert_eq!(browser.get(&path).status, 410, "{path}");
    }
}

/// T9: the list goes by name and by price, page by page; what has no price yet stands below everything.
#[test]
fn products_are_sorted() {
    let app = TestApp::start();
    for (name, price) in [("Quill", "3"), ("ink", "9"), ("Blotter", "5")] {
        app.post(
            "owner",
            "/api/v1/products",
            json!({ "name": name, "sku": name, "price": price }),
        );
    }
    for name in ["Sealing wax", "Wafer"] {
        let made = app.post(
            "owner",
            "/api/v1/products",
            json!({ "name": name, "sku": &name[..3] }),
        );
        assert_eq!(made.status, 201, "{}", made.body);
    }
    let browser = Browser::signed_in(&app, "owner");
    for (sort, order) in [
        ("newest", ["Wafer", "Sealing wax", "Blotter", "ink", "Quill"]),
        ("name", ["Blotter", "ink", "Quill", "Sealing wax", "Wafer"]),
        ("price", ["Sealing wax", "Wafer", "Quill", "Blotter", "ink"]),
        ("-price", ["ink", "Blotter", "Quill", "Wafer", "Sealing wax"]),
    ] {
        let mut seen = Vec::new();
        let mut next = format!("/admin/products?sort={sort}&limit=1");
        loop {
            let page = browser.get(&next);
            assert_eq!(page.status, 200, "{next}: {}", page.body);
            assert!(page.body.contains(&format!("<option value=\"{sort}\" selected>")));
            seen.extend(rows(&page));
            let links = page.body.split("<a class=\"btn low\" href=\"").skip(1);
            let mut links = links.map(|link| plain(link.split('"').next().unwrap()));
            let Some(link) = links.find(|link| link.contains("after=")) else {
                break;
            };
            next = link;
        }
        assert_eq!(seen, order, "{sort}");
    }
    assert_eq!(browser.get("/admin/products?sort=luck").status, 400);
}
