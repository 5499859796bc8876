//! A hundred thousand orders in memory: what is looked at, in which order, by which index.

mod broad;
mod filters;
mod states;

use rusqlite::Connection;

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
use crate::store::orders::list::ids::Source;
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

fn first(filter: &OrderFilter, sort: OrderSort) -> Paging {
    Paging::first(Limit::MAX, filter.sort_number(sort))
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
    let totals = Totals::default();
    loop {
        let page = page(&Snapshot::new(db).knowing(&totals), filter, sort, &paging).unwrap();
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
    // One look more than rows would need: across the gap in the ids 10,000 are looked up one by one.
    assert_eq!(walk(&db, &within, OrderSort::Newest), (Vec::new(), 4));
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
        counts: false,
    };
    let scan = Scan::of(&wanted);
    let mut query = Query::new(filter, scan);
    query.start(&wanted);
    let sql = match (scan, query.rest.is_empty()) {
        _ if wanted.column == Column::Total => scan::whole_sql(&wanted, scan, &query),
        (_, true) => scan::whole_sql(&wanted, scan, &query),
        (Scan::Rows, false) => scan::window_sql(&wanted, scan, &query),
        (_, false) => scan::bounded_sql(&wanted, scan, &query),
    };
    crate::store::plan::of(db, &sql)
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
    let ended = OrderFilter {
        state: Some(OrderState::Refunded),
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
        (ended, "INDEX orders_ended"),
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

/// Every second order is the first customer's, tagged and found by a word: more than a look holds, and not in the order
/// of time.
fn wide_shop() -> Connection {
    let db = shop(102_000);
    db.execute_batch(
        "UPDATE orders SET customer_id = iif(id % 2 = 0, 1, 2), placed_at = placed_at + id % 10 * 20000;
         INSERT INTO tags (id, name) VALUES (1, 'gift');
         INSERT INTO order_tags (tag_id, order_id) SELECT 1, id FROM orders WHERE id % 2 = 0;
         INSERT INTO order_search (rowid, words, skus) SELECT id, 'mug', '' FROM orders WHERE id % 2 = 0;
         UPDATE marks SET upto = (SELECT max(id) FROM orders) WHERE name = 'search.orders';",
    )
    .unwrap();
    db
}

fn wide_filters() -> [OrderFilter; 3] {
    [
        OrderFilter {
            customers: Some(vec![CustomerId(1)]),
            ..OrderFilter::default()
        },
        OrderFilter {
            tag: Some("gift".to_owned()),
            ..OrderFilter::default()
        },
        OrderFilter {
            find: Some(crate::domain::search::Find::new(Some("mug"), None)),
            ..OrderFilter::default()
        },
    ]
}

/// D4: what a customer, a tag or a word has found is not passed over because it is old, in whatever order.
#[test]
fn a_wide_set_is_listed_whole() {
    let db = wide_shop();
    for filter in wide_filters() {
        let old = OrderFilter {
            to: Some(Timestamp::from_ms(500_000)),
            ..filter.clone()
        };
        let condition = "id % 2 = 0 AND placed_at <= 500000";
        for (sort, order) in [
            (OrderSort::Newest, "placed_at DESC, id DESC"),
            (OrderSort::Oldest, "placed_at, id"),
            (OrderSort::Cheapest, "total, id"),
            (OrderSort::Dearest, "total DESC, id DESC"),
        ] {
            assert!(can_sort(&Snapshot::new(&db), &old).unwrap());
            assert_eq!(
                walk(&db, &old, sort).0,
                slowly(&db, condition, order),
                "{old:?} {sort:?}"
            );
        }
        let dear = OrderFilter {
            from: Some(Timestamp::from_ms(0)),
            min_total: Money::new(996),
            ..filter.clone()
        };
        assert_eq!(
            walk(&db, &dear, OrderSort::Newest).0,
            slowly(&db, "id % 2 = 0 AND total >= 996", "placed_at DESC, id DESC")
        );
        let few = OrderFilter {
            min_total: Money::new(996),
            ..filter.clone()
        };
        assert_eq!(
            walk(&db, &few, OrderSort::Newest).0,
            slowly(&db, "id % 2 = 0 AND total >= 996", "id DESC")
        );
        assert!(!can_sort(&Snapshot::new(&db), &filter).unwrap(), "{filter:?}");
        assert!(!can_sort(&Snapshot::new(&db), &dear).unwrap(), "{dear:?}");
    }
}

/// D4: a set that a look holds is sorted by total in a shop of any size.
#[test]
fn a_narrow_set_is_sorted_in_a_large_shop() {
    let db = shop(60_000);
    let filter = OrderFilter {
        customers: Some(vec![CustomerId(42)]),
        ..OrderFilter::default()
    };
    assert!(!can_sort(&Snapshot::new(&db), &OrderFilter::default()).unwrap());
    assert!(can_sort(&Snapshot::new(&db), &filter).unwrap());
    assert_eq!(
        walk(&db, &filter, OrderSort::Dearest).0,
        slowly(&db, "customer_id = 42", "total DESC, id DESC")
    );
}

/// Closes so many of the pending orders, each with its row of the audit or without.
fn close(db: &Connection, orders: i64, audited: bool) {
    db.execute_batch(&format!(
        "UPDATE orders SET status = 4 WHERE id IN (SELECT id FROM orders WHERE status = 0 LIMIT {orders});
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {orders})
         INSERT INTO audit (at, actor_kind, action, target_kind, digest, mac)
         SELECT 0, 0, 2, 0, zeroblob(32), zeroblob(32) FROM n WHERE {audited};"
    ))
    .unwrap();
}

/// D4: a total is told from memory only while it holds.
#[test]
fn a_total_is_known_while_it_holds() {
    let db = shop(30_000);
    db.execute("UPDATE orders SET status = iif(id % 3 > 0, 0, 4)", [])
        .unwrap();
    let pending = OrderFilter {
        state: Some(OrderState::Pending),
        ..OrderFilter::default()
    };
    let totals = Totals::default();
    let total = || {
        let paging = first(&pending, OrderSort::Newest);
        let snapshot = Snapshot::new(&db).knowing(&totals);
        page(&snapshot, &pending, OrderSort::Newest, &paging)
            .unwrap()
            .total
            .unwrap()
    };
    assert_eq!(total(), Total::AtLeast(10_000));
    close(&db, 9_000, true);
    assert_eq!(total(), Total::AtLeast(10_000));
    close(&db, 3_000, true);
    assert_eq!(total(), Total::Exactly(8_000));
    close(&db, 1, false);
    assert_eq!(total(), Total::Exactly(8_000), "it was not counted again");
    close(&db, 1, true);
    assert_eq!(total(), Total::Exactly(7_998));
    db.execute(
        "INSERT INTO orders (status, payment_status, fulfilment_status, channel, currency, item_count, subtotal, discount,
           shipping, tax, tax_included, total, placed_at) VALUES (0, 0, 0, 3, 'EUR', 1, 1, 0, 0, 0, 1, 1, 1)",
        [],
    )
    .unwrap();
    assert_eq!(
        total(),
        Total::Exactly(7_999),
        "an import adds orders without a row of the audit each"
    );
}

/// D4: what an index holds far apart is found, and counted, to the last row; close together it is passed in the order of
/// the table.
#[test]
fn a_look_along_an_index_misses_nothing() {
    let db = shop(120_000);
    // Shipped orders: 600 of them old ones, and one in ten of the newest.
    db.execute_batch(
        "UPDATE orders SET status = 2 WHERE id < 60000 AND id % 100 = 0;
         UPDATE orders SET status = 2 WHERE id > 1060000 AND id % 10 = 0;
         UPDATE orders SET status = 1 WHERE id % 7 = 0;",
    )
    .unwrap();
    for (state, number) in [(OrderState::Shipped, 2), (OrderState::Processing, 1)] {
        let dear = OrderFilter {
            state: Some(state),
            min_total: Money::new(990),
            ..OrderFilter::default()
        };
        let condition = format!("status = {number} AND total >= 990");
        for (sort, order) in [(OrderSort::Newest, "id DESC"), (OrderSort::Oldest, "id")] {
            assert_eq!(
                walk(&db, &dear, sort).0,
                slowly(&db, &condition, order),
                "{state:?} {sort:?}"
            );
        }
        let vain = OrderFilter {
            min_total: Money::new(5000),
            ..dear.clone()
        };
        assert_eq!(walk(&db, &vain, OrderSort::Newest).0, Vec::<i64>::new());
        let within = OrderFilter {
            from: Some(Timestamp::from_ms(1_000_000)),
            ..dear
        };
        let condition = format!("{condition} AND placed_at >= 1000000");
        let order = "placed_at DESC, id DESC";
        assert_eq!(
            walk(&db, &within, OrderSort::Newest).0,
            slowly(&db, &condition, order)
        );
    }
}

/// D4: the few that stand in one state are sorted by time, and counted, without running along the time.
#[test]
fn few_of_a_state_are_not_looked_for_along_the_time() {
    let db = shop(120_000);
    let filter = |max: i64| OrderFilter {
        state: Some(OrderState::Pending),
        from: Some(Timestamp::from_ms(2_000_000)),
        max_total: Money::new(max),
        ..OrderFilter::default()
    };
    let first = |filter: &OrderFilter| {
        page(
            &Snapshot::new(&db),
            filter,
            OrderSort::Newest,
            &Paging::first(Limit::default(), 1),
        )
    };
    let none = first(&filter(-1)).unwrap();
    assert_eq!((none.total, none.next), (Some(Total::Exactly(0)), None));
    let some = first(&filter(1_000)).unwrap();
    let all = slowly(
        &db,
        "status = 0 AND placed_at >= 2000000",
        "placed_at DESC, id DESC",
    );
    assert_eq!(some.total, Some(Total::Exactly(all.len() as i64)));
    assert_eq!(walk(&db, &filter(1_000), OrderSort::Newest).0, all);
}
