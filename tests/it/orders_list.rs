//! Orders: lists with every filter, in every sort, page by page.

use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;

/// What the lists are compared with: every order as it is shown alone.
struct Known {
    app: TestApp,
    orders: Vec<Value>,
}

const CUSTOMERS: [&str; 3] = ["ann", "ben", "cleo"];

/// Forty orders of three customers over ten days, in every state, tagged here and there.
fn known() -> Known {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1000);
    app.product("POT", "30.00", 1000);
    for number in 0..40_i64 {
        let who = CUSTOMERS[(number % 3) as usize];
        let sku = if number % 4 == 0 { "POT" } else { "MUG" };
        let body = json!({ "items": [{ "sku": sku, "quantity": 1 + number % 5 }], "note": format!("word{}", number % 6) });
        let placed = app.post(who, "/api/v1/orders", body);
        assert_eq!(placed.status, 201, "{}", placed.body);
        let path = format!("/api/v1/orders/{}", placed.json()["id"]);
        if number % 7 == 0 {
            let tags = json!({ "tags": ["Gift"] });
            assert_eq!(
                app.send("PUT", "staff", &format!("{path}/tags"), &[], Some(&tags))
                    .status,
                200
            );
        }
        let road: &[&str] = match number % 5 {
            0 => &[],
            1 => &["processing"],
            2 => &["canceled"],
            3 => &["processing", "shipped"],
            _ => &["processing", "shipped", "delivered"],
        };
        for to in road {
            let version = app.get("staff", &path).json()["version"].clone();
            let body = json!({ "status": to, "version": version });
            assert_eq!(app.patch("staff", &format!("{path}/status"), body).status, 200);
        }
        if number % 8 == 0 && road != ["canceled"] {
            let paid = app.post(
                "owner",
                "/api/v1/payments/manual",
                json!({ "order_id": number + 1 }),
            );
            assert_eq!(paid.status, 201, "{}", paid.body);
        }
    }
    spread(&app);
    let orders = (1..=40)
        .map(|id| app.get("staff", &format!("/api/v1/orders/{id}")).json())
        .collect();
    Known { app, orders }
}

/// Times as an import would bring them: out of the order of the ids. The writer notices another's commit by itself.
fn spread(app: &TestApp) {
    let file = rusqlite::Connection::open(app.dir().join("till.db")).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    let sql = "UPDATE orders SET placed_at = placed_at - ((id * 7) % 10) * 86400000";
    assert_eq!(file.execute(sql, []).unwrap(), 40);
}

impl Known {
    /// The ids of a whole list, read in pages of seven, and what it says its length is.
    fn walk(&self, who: &str, query: &str) -> (Vec<i64>, Value) {
        let mut ids = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/v1/orders?limit=7&{query}{after}");
            let answer = self.app.get(who, &path);
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            let page = answer.json();
            for order in page["data"].as_array().unwrap() {
                let id = order["id"].as_i64().unwrap();
                assert_eq!(order, &self.orders[id as usize - 1], "{path}");
                ids.push(id);
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return (ids, page["total"].clone()),
            }
        }
    }

    /// The ids that fit, found the slow way, in the order of the list.
    fn expected(&self, fits: impl Fn(&Value) -> bool, sort: &str, by_time: bool) -> Vec<i64> {
        let mut found: Vec<&Value> = self.orders.iter().filter(|order| fits(order)).collect();
        found.sort_by_key(|order| {
            let id = order["id"].as_i64().unwrap();
            match (sort, by_time) {
                ("total" | "-total", _) => (
                    cents(&order["total"]).to_string().len(),
                    cents(&order["total"]).to_string(),
                    id,
                ),
                (_, true) => (0, order["placed_at"].as_str().unwrap().to_owned(), id),
                (_, false) => (0, String::new(), id),
            }
        });
        if matches!(sort, "newest" | "-total") {
            found.reverse();
        }
        found.iter().map(|order| order["id"].as_i64().unwrap()).collect()
    }
}

fn cents(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

type Fits = fn(&Value) -> bool;

/// Every filter with what it means.
const FILTERS: [(&str, Fits); 11] = [
    ("status=processing", |order| order["status"] == "processing"),
    ("status=Canceled", |order| order["status"] == "canceled"),
    ("payment_status=unpaid", |order| {
        order["payment_status"] == "unpaid" && order["status"] != "canceled"
    }),
    ("payment_status=paid", |order| order["payment_status"] == "paid"),
    ("fulfilment_status=fulfilled", |order| {
        order["fulfilment_status"] == "fulfilled"
    }),
    ("from=2026-02-22&to=2026-02-26", |order| {
        let day = &order["placed_at"].as_str().unwrap()[..10];
        ("2026-02-22".."2026-02-27").contains(&day)
    }),
    ("customer_id=2", |order| order["customer_id"] == 2),
    ("sku=POT", |order| order["items"][0]["sku"] == "POT"),
    ("tag=gift", |order| order["tags"] == json!(["Gift"])),
    ("min_total=9.00&max_total=60", |order| {
        (900..=6000).contains(&cents(&order["total"]))
    }),
    ("q=word3", |order| order["note"] == "word3"),
];

/// D4: every pair of filters in every sort tells exactly what fits, in order, in pages, with its length.
#[test]
fn every_filter_goes_with_every_other() {
    let known = known();
    for (at, (one, fits_one)) in FILTERS.iter().enumerate() {
        for (two, fits_two) in &FILTERS[at..] {
            let name = |filter: &str| filter.split('=').next().unwrap().to_owned();
            if one != two && name(one) == name(two) {
                continue;
            }
            let both = if one == two {
                (*one).to_owned()
            } else {
                format!("{one}&{two}")
            };
            let owing_in_state = both.contains("status=")
                && both.contains("payment_status=unpaid")
                && both.starts_with("status");
            for sort in ["newest", "oldest", "total", "-total"] {
                let expected = known.expected(
                    |order| match owing_in_state {
                        true => fits_one(order) && order["payment_status"] == "unpaid",
                        false => fits_one(order) && fits_two(order),
                    },
                    sort,
                    both.contains("from="),
                );
                let query = format!("sort={sort}&{both}");
                let (ids, total) = known.walk("staff", &query);
                assert_eq!(ids, expected, "{query}");
                assert_eq!(total, json!(expected.len()), "{query}");
            }
        }
    }
}

/// D4, AZ-03: customers see their own orders, whatever they ask for.
#[test]
fn a_customer_lists_only_what_is_theirs() {
    let known = known();
    for (number, who) in CUSTOMERS.iter().enumerate() {
        let theirs = |order: &Value| (order["id"].as_i64().unwrap() - 1) % 3 == number as i64;
        for (filter, fits) in FILTERS.iter().chain([&("", (|_| true) as Fits)]) {
            for sort in ["newest", "oldest"] {
                let expected = known.expected(
                    |order| theirs(order) && fits(order),
                    sort,
                    filter.contains("from="),
                );
                let (ids, total) = known.walk(who, &format!("sort={sort}&{filter}"));
                assert_eq!(
                    (ids, total),
                    (expected.clone(), json!(expected.len())),
                    "{who} {filter}"
                );
            }
        }
    }
    let (ids, _) = known.walk("dora", "");
    assert_eq!(ids, [0; 0]);
    assert_eq!(known.app.get("nobody", "/api/v1/orders").status, 401);
}

/// D4: pages by number and backwards hold what pages by cursor hold.
#[test]
fn a_list_is_paged_in_three_ways() {
    let known = known();
    let ids = |path: &str| -> Vec<i64> {
        let answer = known.app.get("staff", path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let page = answer.json();
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["id"].as_i64().unwrap())
            .collect()
    };
    for filter in [
        "",
        "&status=processing",
        "&status=delivered",
        "&from=2026-01-01",
        "&customer_id=1",
        "&q=word1",
        "&sort=oldest",
    ] {
        let all = ids(&format!("/api/v1/orders?limit=200{filter}"));
        let second = ids(&format!("/api/v1/orders?limit=3&page=2{filter}"));
        assert_eq!(second, &all[3..all.len().min(6)], "{filter}");
        let first = known
            .app
            .get("staff", &format!("/api/v1/orders?limit=5{filter}"))
            .json();
        let next = first["next"].as_str().unwrap();
        assert_eq!(
            ids(&format!("/api/v1/orders?limit=2&before={next}{filter}")),
            &all[2..4],
            "{filter}"
        );
    }
}

/// D4: what a list does not know is 400/2002.
#[test]
fn a_list_refuses_what_it_does_not_know() {
    let app = TestApp::start();
    let other = till::domain::page::Cursor {
        sort: 9,
        keys: (1, 1),
        backwards: false,
    }
    .encode();
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "page=0",
        "page=201",
        "page=-1",
        "sort=price",
        "status=open",
        "status=COMPLETED",
        "payment_status=1",
        "fulfilment_status=all",
        "from=yesterday",
        "to=2026-02-30",
        "customer_id=0",
        "customer_id=x",
        "customer_id=99999999999999999999",
        "min_total=abc",
        "max_total=-1",
        "min_total=1e3",
        "min_total=1.234",
        "sku=%20a%20b%00",
        "after=zzz",
        "color=red",
        "limit=5&limit=6",
        &format!("after={other}"),
        &format!("q={}", "x".repeat(300)),
    ] {
        let answer = app.get("staff", &format!("/api/v1/orders?{query}"));
        assert_eq!(
            (answer.status, answer.code()),
            (400, 2002),
            "{query}: {}",
            answer.body
        );
    }
    let empty = app.get("staff", "/api/v1/orders").json();
    assert_eq!(empty, json!({ "data": [], "next": null, "total": 0 }));
}
