//! A hundred thousand orders in memory: what is looked at, in which order, by which index.

use rusqlite::Connection;

use super::ids::Source;
use super::query::Query;
use super::query::Scan;
use super::*;
use crate::domain::id::CustomerId;
use crate::domain::money::Money;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::page::Limit;
use crate::domain::page::Place;
use crate::domain::time::Timestamp;
use crate::store::schema;

/// Orders of 97 customers in the states that a shop's orders are in, with a gap in the ids as a restore leaves it.
fn shop(orders: i64) -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    schema::migrate(&mut db).unwrap();
    db.execute_batch(&format!(
        "PRAGMA foreign_keys = OFF;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {orders})
         INSERT INTO orders (id, status, payment_status, fulfilment_status, channel, customer_id, currency, item_count,
           subtotal, discount, shipping, tax, tax_included, total, placed_at)
         SELECT iif(i > {orders} / 2, i + 1000000, i), iif(i % 50 = 0, 4, 3), iif(i % 40 = 0, 0, 4), 2, 1,
           1 + (i * 31) % 97, 'EUR', 1, i % 1000, 0, 0, 0, 1, i % 1000, i * 1000
         FROM n;
         UPDATE orders SET status = 0, fulfilment_status = 0 WHERE id % 1000 = 7;"
    ))
    .unwrap();
    db
}

fn ids(db: &Connection, filter: &OrderFilter, sort: OrderSort, place: Place) -> Vec<i64> {
    let paging = Paging {
        place,
        ..Paging::first(Limit::MAX, filter.sort_number(sort))
    };
    let page = page(&Snapshot::new(db), filter, sort, &paging).unwrap();
    page.rows.iter().map(|order| order.head.id.0).collect()
}

/// Every id of a list, page by page, and how many pages it took.
fn walk(db: &Connection, filter: &OrderFilter, sort: OrderSort) -> (Vec<i64>, usize) {
    let mut paging = Paging::first(Limit::MAX, filter.sort_number(sort));
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = page(&Snapshot::new(db), filter, sort, &paging).unwrap();
        found.extend(page.rows.iter().map(|order| order.head.id.0));
        pages += 1;
        match page.next {
            Some(next) => paging.place = Place::At(next),
            None => return (found, pages),
        }
    }
}

fn slowly(db: &Connection, condition: &str, order: &str) -> Vec<i64> {
    db.prepare(&format!(
        "SELECT id FROM orders NOT INDEXED WHERE {condition} ORDER BY {order}"
    ))
    .unwrap()
    .query_map([], |row| row.get(0))
    .unwrap()
    .map(std::result::Result::unwrap)
    .collect()
}

/// D4, SCHEMA *Buckets*: the walk loses nothing at the borders of the buckets.
#[test]
fn a_customers_buckets_are_walked_whole_and_in_order() {
    let db = shop(20_000);
    for customer in [1, 42, 97] {
        let filter = OrderFilter {
            customers: Some(vec![CustomerId(customer)]),
            ..OrderFilter::default()
        };
        let condition = format!("customer_id = {customer}");
        assert_eq!(
            walk(&db, &filter, OrderSort::Newest).0,
            slowly(&db, &condition, "id DESC")
        );
        assert_eq!(
            walk(&db, &filter, OrderSort::Oldest).0,
            slowly(&db, &condition, "id")
        );
    }
}

/// D4: a filter without an index looks at 50,000 rows a page, tells what it found and where it goes on.
#[test]
fn a_look_in_vain_is_bounded_and_goes_on() {
    let db = shop(120_000);
    let vain = OrderFilter {
        min_total: Money::new(5000),
        ..OrderFilter::default()
    };
    for sort in [OrderSort::Newest, OrderSort::Oldest] {
        assert_eq!(walk(&db, &vain, sort), (Vec::new(), 4));
        let first = page(&Snapshot::new(&db), &vain, sort, &Paging::first(Limit::MAX, 0)).unwrap();
        assert_eq!(first.total, Some(Total::AtLeast(0)));
    }
    let within = OrderFilter {
        from: Some(Timestamp::from_ms(0)),
        ..vain
    };
    assert_eq!(walk(&db, &within, OrderSort::Newest), (Vec::new(), 3));
}

/// D4: a bounded look misses nothing in the end.
#[test]
fn a_sparse_filter_finds_everything_page_by_page() {
    let db = shop(120_000);
    let canceled = OrderFilter {
        state: Some(OrderState::Canceled),
        ..OrderFilter::default()
    };
    let (found, _) = walk(&db, &canceled, OrderSort::Newest);
    assert_eq!(found, slowly(&db, "status = 4", "id DESC"));
    let owing = OrderFilter {
        payment: Some(PaymentStatus::Unpaid),
        max_total: Money::new(0),
        ..OrderFilter::default()
    };
    let (found, _) = walk(&db, &owing, OrderSort::Oldest);
    let condition = "payment_status = 0 AND status <= 3 AND total = 0";
    assert_eq!(found, slowly(&db, condition, "id"));
    let among = OrderFilter {
        from: Some(Timestamp::from_ms(5_000_000)),
        state: Some(OrderState::Canceled),
        ..OrderFilter::default()
    };
    let (found, _) = walk(&db, &among, OrderSort::Newest);
    assert_eq!(
        found,
        slowly(
            &db,
            "status = 4 AND placed_at >= 5000000",
            "placed_at DESC, id DESC"
        )
    );
}

/// D4: pages by number count on within the look.
#[test]
fn a_numbered_page_is_the_same_rows_further_on() {
    let db = shop(20_000);
    let all = slowly(&db, "status = 3", "id DESC");
    let filter = OrderFilter {
        state: Some(OrderState::Delivered),
        ..OrderFilter::default()
    };
    assert_eq!(
        ids(&db, &filter, OrderSort::Newest, Place::Skip(400)),
        &all[400..600]
    );
}

/// The plan of the statement by which a list is looked for.
fn plan(db: &Connection, filter: &OrderFilter, sort: OrderSort, behind: Option<Keys>) -> String {
    let wanted = Wanted {
        filter,
        column: filter.column(sort),
        descending: matches!(sort, OrderSort::Newest | OrderSort::Dearest),
        behind,
        skip: 0,
        limit: 51,
    };
    let scan = Scan::of(&wanted);
    let mut query = Query::new(filter, scan);
    query.start(&wanted);
    let sql = match (scan, query.rest.is_empty()) {
        _ if wanted.column == Column::Total => scan::whole_sql(&wanted, scan, &query),
        (_, true) => scan::whole_sql(&wanted, scan, &query),
        (Scan::Rows, false) => scan::window_sql(&wanted, &query),
        (_, false) => scan::bounded_sql(&wanted, scan, &query),
    };
    let mut steps = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = steps.raw_query();
    let mut plan = String::new();
    while let Some(row) = rows.next().unwrap() {
        plan += &row.get::<_, String>("detail").unwrap();
        plan += "; ";
    }
    plan
}

/// SCHEMA, *Lists and what serves them*: each list runs along its index, and none but those by total sorts.
#[test]
fn every_list_runs_along_its_index() {
    let db = shop(5000);
    let none = OrderFilter::default();
    let open = OrderFilter {
        state: Some(OrderState::Pending),
        ..none.clone()
    };
    let owing = OrderFilter {
        payment: Some(PaymentStatus::Unpaid),
        ..none.clone()
    };
    let closed = OrderFilter {
        state: Some(OrderState::Delivered),
        ..none.clone()
    };
    let range = OrderFilter {
        from: Some(Timestamp::from_ms(0)),
        ..none.clone()
    };
    let dear = |filter: &OrderFilter| OrderFilter {
        min_total: Money::new(1),
        ..filter.clone()
    };
    for (filter, index) in [
        (none.clone(), "SEARCH o USING INTEGER PRIMARY KEY"),
        (open.clone(), "INDEX orders_open"),
        (owing.clone(), "INDEX orders_owing"),
        (closed, "SEARCH o USING INTEGER PRIMARY KEY"),
        (range.clone(), "INDEX orders_placed"),
        (dear(&none), "SEARCH o USING INTEGER PRIMARY KEY"),
        (dear(&open), "INDEX orders_open"),
        (dear(&owing), "INDEX orders_owing"),
        (dear(&range), "INDEX orders_placed"),
    ] {
        for sort in [OrderSort::Newest, OrderSort::Oldest] {
            for behind in [None, Some((5, 5))] {
                let plan = plan(&db, &filter, sort, behind);
                let is_first = behind.is_none() && filter == none;
                assert!(is_first || plan.contains(index), "{filter:?} {sort:?}: {plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{filter:?} {sort:?}: {plan}");
            }
        }
        let by_total = plan(&db, &filter, OrderSort::Dearest, None);
        assert!(by_total.contains("orders_placed"), "{filter:?}: {by_total}");
    }
}

/// Sets of ids are tried in the order of their use: only the search index cannot be asked about a row.
#[test]
fn the_narrowest_source_is_taken() {
    let customers = OrderFilter {
        customers: Some(vec![CustomerId(1)]),
        tag: Some("gift".to_owned()),
        ..OrderFilter::default()
    };
    assert!(matches!(Source::of(&customers), Some(Source::Customers(_))));
    let found = OrderFilter {
        find: Some(crate::domain::search::Find::new(Some("mug"), None)),
        ..customers
    };
    assert!(matches!(Source::of(&found), Some(Source::Search(_))));
}
