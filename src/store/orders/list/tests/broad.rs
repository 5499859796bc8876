//! Words and beginnings that very many orders have.

use rusqlite::Connection;

use super::*;
use crate::domain::search::Find;

/// Every third order has an address of its own that begins with `mug`, and the first order of all stands in the index with
/// more such words than are put together there.
fn broad_shop() -> Connection {
    let db = shop(1_200);
    let words: Vec<String> = (0..20_001).map(|at| format!("mugs{at}")).collect();
    db.execute_batch(&format!(
        "UPDATE orders SET status = iif(id % 2 = 0, 4, 3);
         INSERT INTO order_contacts (order_id, token, email)
         SELECT id, zeroblob(16), iif(id % 3 = 0, 'mug' || id, iif(id % 40 = 1, 'rare', 'cup')) || '@shop.test' FROM orders;
         INSERT INTO order_search (rowid, words, skus)
         SELECT order_id, replace(replace(email, '@', ' '), '.', ' ') || iif(order_id = 1, ' {}', ''), '' FROM order_contacts;
         UPDATE marks SET upto = (SELECT max(id) FROM orders) WHERE name = 'search.orders';",
        words.join(" ")
    ))
    .unwrap();
    db
}

/// D4: a beginning that very many words have is found in the orders themselves, page by page, alone and with other words
/// or filters; what the index has not seen yet as well.
#[test]
fn a_broad_beginning_is_found_by_reading() {
    let db = broad_shop();
    let find = |typed| OrderFilter {
        find: Some(Find::new(Some(typed), None)),
        ..OrderFilter::default()
    };
    let snapshot = Snapshot::new(&db);
    let first = page(
        &snapshot,
        &find("mug"),
        OrderSort::Newest,
        &Paging::first(Limit::default(), 0),
    )
    .unwrap();
    assert_eq!(first.rows.len(), 50);
    assert!(
        matches!(first.total, Some(Total::AtLeast(50..=250))),
        "{:?}",
        first.total
    );
    assert!(!can_sort(&snapshot, &find("mug")).unwrap() || first.total.is_some());
    let canceled = OrderFilter {
        state: Some(OrderState::Canceled),
        ..find("shop mug")
    };
    for unseen in [0, 300] {
        db.execute(
            "UPDATE marks SET upto = (SELECT max(id) - ?1 FROM orders) WHERE name = 'search.orders'",
            [unseen],
        )
        .unwrap();
        for (sort, order) in [(OrderSort::Newest, "id DESC"), (OrderSort::Oldest, "id")] {
            for (filter, condition) in [
                (find("mug"), "id % 3 = 0"),
                (find("shop mug"), "id % 3 = 0"),
                (canceled.clone(), "id % 3 = 0 AND status = 4"),
            ] {
                assert_eq!(
                    walk(&db, &filter, sort).0,
                    slowly(&db, condition, order),
                    "{filter:?} {sort:?} {unseen}"
                );
            }
        }
        assert_eq!(
            walk(&db, &find("rare mug"), OrderSort::Newest).0,
            Vec::<i64>::new()
        );
        let within = OrderFilter {
            from: Some(Timestamp::from_ms(300_000)),
            ..find("mug")
        };
        assert_eq!(
            walk(&db, &within, OrderSort::Newest).0,
            slowly(
                &db,
                "id % 3 = 0 AND placed_at >= 300000",
                "placed_at DESC, id DESC"
            )
        );
    }
}

/// D4: a word that very many orders have as it stands is no beginning of another.
#[test]
fn a_common_word_is_meant_as_it_stands() {
    let db = shop(10_101);
    db.execute_batch(
        "INSERT INTO order_search (rowid, words, skus)
         SELECT id, iif(id % 100 = 0, 'mugs', 'mug'), '' FROM orders;
         UPDATE marks SET upto = (SELECT max(id) FROM orders) WHERE name = 'search.orders';",
    )
    .unwrap();
    let first_ids = |typed| {
        let filter = OrderFilter {
            find: Some(Find::new(Some(typed), None)),
            ..OrderFilter::default()
        };
        ids(&db, &filter, OrderSort::Newest, Place::Start)
    };
    let all = |condition| slowly(&db, condition, "id DESC")[..200].to_vec();
    assert_eq!(first_ids("mug"), all("1"));
    db.execute(
        "INSERT INTO order_search (rowid, words, skus) VALUES (3000000, 'mug', '')",
        [],
    )
    .unwrap();
    assert_eq!(first_ids("mug"), all("id % 100 > 0")[..199]);
    assert_eq!(first_ids("mu")[..199], all("1")[..199]);
}
