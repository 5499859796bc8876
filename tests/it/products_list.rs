//! Lists of products: what is found in them, in which order, and page by page.

use serde_json::json;

use crate::app::TestApp;
use crate::client::Answer;
use crate::products::make;

pub fn names(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let page = answer.json();
    let rows = page["data"].as_array().unwrap();
    rows.iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

fn eight(app: &TestApp) {
    for (name, category, price, quantity) in [
        ("Blue mug", "Mugs", "4.50", 3),
        ("Red mug", "mugs", "5.00", 0),
        ("Teapot", "Pots", "30", 2),
        ("café cup", "Cups", "5.00", 9),
        ("Saucer", "Cups", "2.25", 1),
        ("Lid", "Pots", "2.25", 0),
        ("Jug", "Pots", "12", 4),
        ("Bowl", "Bowls", "7.75", 5),
    ] {
        let body = json!({ "name": name, "category": category, "price": price, "quantity": quantity,
            "sku": name.to_uppercase().replace(' ', "-").replace('É', "E"), "description": "Made of stoneware" });
        make(app, "owner", body);
    }
}

/// B2, B7
#[test]
fn the_public_catalogue_is_searched_filtered_and_sorted() {
    let app = TestApp::start();
    eight(&app);
    for round in ["before the index knows", "after"] {
        for (query, wanted) in [
            ("", "Bowl, Jug, Lid, Saucer, café cup, Teapot, Red mug, Blue mug"),
            (
                "sort=price",
                "Saucer, Lid, Blue mug, Red mug, café cup, Bowl, Jug, Teapot",
            ),
            (
                "sort=-price",
                "Teapot, Jug, Bowl, café cup, Red mug, Blue mug, Lid, Saucer",
            ),
            (
                "sort=name",
                "Blue mug, Bowl, café cup, Jug, Lid, Red mug, Saucer, Teapot",
            ),
            ("category=MUGS", "Red mug, Blue mug"),
            ("category=Hats", ""),
            ("min_price=5&max_price=12.00", "Bowl, Jug, café cup, Red mug"),
            ("in_stock=false", "Lid, Red mug"),
            ("in_stock=true&category=Pots", "Jug, Teapot"),
            ("q=mug", "Red mug, Blue mug"),
            ("q=CAFE", "café cup"),
            ("q=stone&sort=price&max_price=2.25", "Saucer, Lid"),
            ("q=mugs+red", "Red mug"),
            ("q=TEAPOT", "Teapot"),
            ("q=%22%2A", ""),
            ("seller=99", ""),
        ] {
            let found = app.get("nobody", &format!("/api/v1/products/public?{query}"));
            let mut got = names(&found);
            let mut want: Vec<&str> = wanted.split(", ").filter(|name| !name.is_empty()).collect();
            if query.starts_with("min_price") {
                got.sort();
                want.sort_unstable();
            }
            assert_eq!(got, want, "{query} {round}");
            assert_eq!(found.json()["total"], want.len(), "{query}");
        }
        app.derive();
    }
}

/// Each sort is walked in pages of three, forwards, and each page can be reached from the next.
#[test]
fn every_sort_is_paged_without_a_gap() {
    let app = TestApp::start();
    eight(&app);
    for sort in ["newest", "price", "-price", "name"] {
        let get = |rest: &str| app.get("nobody", &format!("/api/v1/products/public?sort={sort}{rest}"));
        let whole = names(&get(""));
        let mut walked = Vec::new();
        let mut after = String::new();
        loop {
            let page = get(&format!("&limit=3{after}"));
            walked.extend(names(&page));
            let json = page.json();
            let Some(next) = json["next"].as_str() else {
                break;
            };
            let back = get(&format!("&limit=2&before={next}"));
            assert_eq!(names(&back), whole[walked.len() - 3..walked.len() - 1], "{sort}");
            after = format!("&after={next}");
        }
        assert_eq!(walked, whole, "{sort}");
        assert_eq!(names(&get("&limit=3&page=3")), whole[6..], "{sort}");
        let mut after = String::new();
        for name in &whole {
            let page = get(&format!("&limit=1{after}"));
            assert_eq!(
                names(&page),
                [name.as_str()],
                "{sort}: equal keys at the border of two pages"
            );
            after = format!("&after={}", page.json()["next"].as_str().unwrap_or_default());
        }
    }
    let price = app
        .get("nobody", "/api/v1/products/public?sort=price&limit=1")
        .json();
    let next = price["next"].as_str().unwrap();
    for bad in [
        format!("sort=name&after={next}"),
        format!("sort=price&after={next}&page=2"),
        String::from("sort=color"),
        String::from("limit=0"),
        String::from("limit=201"),
        String::from("page=51&limit=200"),
        String::from("min_price=cheap"),
        String::from("min_price=1.234"),
        String::from("in_stock=maybe"),
        String::from("seller=x"),
        String::from("status=draft"),
        String::from("after=AAAA"),
    ] {
        let answer = app.get("nobody", &format!("/api/v1/products/public?{bad}"));
        assert_eq!(
            (answer.status, answer.code()),
            (400, 2002),
            "{bad} {}",
            answer.body
        );
    }
}

/// Filters, with what of the ten products of a test fits.
const FITTING: [(&str, &[&str]); 10] = [
    (
        "&category=pots",
        &["Teapot", "Lid", "Jug", "Draft", "Vase of stoneware"],
    ),
    ("&in_stock=false", &["Red mug", "Lid", "Draft"]),
    (
        "&in_stock=true&category=Pots",
        &["Teapot", "Jug", "Vase of stoneware"],
    ),
    ("&min_price=0&max_price=4.5", &["Blue mug", "Saucer", "Lid"]),
    ("&min_price=5&in_stock=false", &["Red mug"]),
    ("&status=draft", &["Draft"]),
    ("&status=approved&in_stock=false", &["Red mug", "Lid"]),
    (
        "&q=stoneware&category=pots",
        &["Teapot", "Lid", "Jug", "Vase of stoneware"],
    ),
    ("&q=mug", &["Blue mug", "Red mug"]),
    (
        "&q=stone&min_price=5",
        &[
            "Red mug",
            "Teapot",
            "café cup",
            "Jug",
            "Bowl",
            "Vase of stoneware",
        ],
    ),
];

/// A list with filters is the whole list without what does not fit, in each sort, and is paged both ways without a gap.
#[test]
fn every_filter_is_paged_as_its_part_of_the_whole() {
    let app = TestApp::start();
    eight(&app);
    let draft = json!({ "name": "Draft", "category": "Pots", "sku": "DRAFT", "quantity": 0 });
    make(&app, "seller", draft);
    app.derive();
    let late = json!({ "name": "Vase of stoneware", "category": "Pots", "sku": "VASE", "price": "5", "quantity": 1 });
    make(&app, "seller", late);
    for sort in ["newest", "price", "-price", "name"] {
        let get = |rest: &str| app.get("staff", &format!("/api/v1/products?sort={sort}{rest}"));
        let whole = names(&get(""));
        assert_eq!(whole.len(), 10);
        for (filter, fitting) in FITTING {
            let wanted: Vec<&String> = whole
                .iter()
                .filter(|name| fitting.contains(&name.as_str()))
                .collect();
            let (mut walked, mut after) = (Vec::new(), String::new());
            loop {
                let page = get(&format!("{filter}&limit=2{after}"));
                assert_eq!(page.json()["total"], wanted.len(), "{sort} {filter}");
                walked.extend(names(&page));
                let json = page.json();
                let Some(next) = json["next"].as_str() else {
                    break;
                };
                let back = names(&get(&format!("{filter}&limit=1&before={next}")));
                assert_eq!(
                    back,
                    walked[walked.len() - 2..walked.len() - 1],
                    "{sort} {filter}"
                );
                after = format!("&after={next}");
            }
            assert_eq!(walked.iter().collect::<Vec<_>>(), wanted, "{sort} {filter}");
        }
    }
}

/// B2: whether anything of a product is there follows every way in which its stock moves.
#[test]
fn in_stock_follows_every_move() {
    let app = TestApp::start();
    let pens = json!({ "name": "Pen", "variants": [
        { "sku": "PEN-F", "title": "Fine", "price": "6", "quantity": 1 },
        { "sku": "PEN-M", "title": "Medium", "price": "7", "quantity": 0 },
    ] });
    let id = make(&app, "owner", pens)["id"].as_i64().unwrap();
    let stands = |is_in: bool, why: &str| {
        for (query, fits) in [("true", is_in), ("false", !is_in)] {
            let found = names(&app.get("staff", &format!("/api/v1/products?in_stock={query}")));
            assert_eq!(found.len(), usize::from(fits), "{why}: in_stock={query}");
        }
    };
    let moved = |sku: &str, delta: i64| {
        let body = json!({ "sku": sku, "delta": delta, "reason": "adjust" });
        let answer = app.post("staff", "/api/v1/stock/adjustments", body);
        assert_eq!(answer.status, 201, "{}", answer.body);
    };
    stands(true, "one variant is there");
    let order = app.post(
        "bob",
        "/api/v1/orders",
        json!({ "items": [{ "sku": "PEN-F", "quantity": 1 }] }),
    );
    assert_eq!(order.status, 201, "{}", order.body);
    stands(false, "the last piece is ordered");
    let order = order.json()["id"].as_i64().unwrap();
    let canceled = app.post("bob", &format!("/api/v1/orders/{order}/cancel"), json!({}));
    assert_eq!(canceled.status, 200, "{}", canceled.body);
    stands(true, "the order is canceled");
    moved("PEN-M", 2);
    moved("PEN-F", -1);
    stands(true, "the other variant is there");
    let product = app.get("owner", &format!("/api/v1/products/{id}")).json();
    let fine = json!({ "version": product["version"], "variants": [{ "id": product["variants"][0]["id"] }] });
    let changed = app.patch("owner", &format!("/api/v1/products/{id}"), fine);
    assert_eq!(changed.status, 200, "{}", changed.body);
    stands(false, "the variant that was there is gone");
    moved("PEN-F", 5);
    stands(true, "a delivery has come");
    assert_eq!(app.number("SELECT count(*) FROM products WHERE is_out = 1"), 0);
}

/// Defect 11: what stands beside `{id}` is reached.
#[test]
fn static_paths_beside_ids_are_reached() {
    let app = TestApp::start();
    app.product("123", "1", 1);
    assert_eq!(app.get("nobody", "/api/v1/products/public").status, 200);
    assert_eq!(app.get("ann", "/api/v1/products/my-home").status, 200);
    assert_eq!(app.get("nobody", "/api/v1/products/my-home").status, 401);
    let by_sku = app.get("nobody", "/api/v1/products/public/sku/123");
    assert_eq!(by_sku.json()["id"], 1);
    assert_eq!(app.get("nobody", "/api/v1/products/public/123").status, 404);
    assert_eq!(
        app.get("nobody", "/api/v1/products/public/sku/12%203").status,
        404
    );
    assert_eq!(app.get("ann", "/api/v1/products/x").status, 404);
    assert_eq!(app.get("nobody", "/api/v1/categories").status, 200);
}
