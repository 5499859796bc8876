//! Which index serves which list of products.

use super::*;
use crate::domain::id::UserId;
use crate::domain::page::Cursor;
use crate::domain::page::Limit;
use crate::domain::page::Place;
use crate::store::plan;

/// The filters that are tried.
struct Filters {
    public: ProductFilter,
    in_category: ProductFilter,
    priced: ProductFilter,
    own: ProductFilter,
}

fn filters() -> Filters {
    let public = ProductFilter {
        status: Some(ProductStatus::Approved),
        ..ProductFilter::default()
    };
    let in_category = ProductFilter {
        category: Some("Mugs".into()),
        ..public.clone()
    };
    let priced = ProductFilter {
        min_price: Money::new(5),
        in_stock: Some(true),
        ..public.clone()
    };
    let own = ProductFilter {
        seller: Some(UserId(1)),
        ..ProductFilter::default()
    };
    Filters {
        public,
        in_category,
        priced,
        own,
    }
}

fn pagings() -> [Paging; 3] {
    let first = Paging::first(Limit::default(), 0);
    let behind = |backwards| Paging {
        place: Place::At(Cursor {
            backwards,
            ..first.cursor((1, 1))
        }),
        ..first
    };
    [first, behind(false), behind(true)]
}

/// SCHEMA, *Lists and what serves them*: each long list of products runs along the index of its sort and sorts nothing.
#[test]
fn every_long_list_of_products_runs_along_its_index() {
    let db = plan::empty();
    let all = filters();
    let any = ProductFilter::default();
    for (filter, sort, index) in [
        (
            &all.public,
            ProductSort::Newest,
            "INDEX products_status (status=? AND deleted_at=?",
        ),
        (
            &all.public,
            ProductSort::Price,
            "SEARCH p USING INDEX products_price (status=?",
        ),
        (
            &all.public,
            ProductSort::PriceDown,
            "SEARCH p USING INDEX products_price (status=?",
        ),
        (
            &all.public,
            ProductSort::Name,
            "SEARCH p USING INDEX products_name (status=?",
        ),
        (
            &all.in_category,
            ProductSort::Price,
            "SEARCH p USING INDEX products_price (status=?",
        ),
        (
            &all.priced,
            ProductSort::Price,
            "SEARCH p USING INDEX products_price (status=? AND <expr>>?",
        ),
        (&any, ProductSort::Newest, " p"),
        (&any, ProductSort::Price, " p USING INDEX products_any_price"),
        (&any, ProductSort::PriceDown, " p USING INDEX products_any_price"),
        (&any, ProductSort::Name, " p USING INDEX products_any_name"),
    ] {
        for paging in pagings() {
            let (sql, _) = statement(filter, sort, &paging, MOST_COUNTED + 1);
            let plan = plan::of(&db, &sql);
            assert!(plan.contains(index), "{sort:?} {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{sort:?} {plan}");
        }
    }
}

/// The page of a short list is found along the index of what narrows it.
#[test]
fn every_short_list_of_products_comes_from_its_filter() {
    let db = plan::empty();
    let all = filters();
    let out = ProductFilter {
        in_stock: Some(false),
        ..ProductFilter::default()
    };
    for (filter, index) in [
        (
            &all.in_category,
            "SEARCH p USING INDEX products_category (category_id=? AND status=?",
        ),
        (&all.own, "SEARCH p USING INDEX products_seller (seller_id=?"),
        (
            &all.priced,
            "SEARCH p USING INDEX products_price (status=? AND <expr>>?",
        ),
        (&out, "INDEX products_stocked (is_out=?"),
    ] {
        for paging in pagings() {
            let (sql, _) = statement(filter, ProductSort::Newest, &paging, MOST_COUNTED);
            let plan = plan::of(&db, &sql);
            assert!(plan.contains(index), "{plan}");
        }
    }
}

#[test]
fn counting_a_list_of_products_reads_an_index_alone() {
    let db = plan::empty();
    let filter = |in_stock, status| ProductFilter {
        in_stock,
        status,
        ..ProductFilter::default()
    };
    let approved = Some(ProductStatus::Approved);
    let counts = [
        filter(None, None),
        filter(None, approved),
        filter(Some(true), approved),
        filter(Some(false), None),
    ];
    for count in counts.map(|filter| count_statement(&filter).0) {
        let plan = plan::of(&db, &count);
        assert!(plan.contains("USING COVERING INDEX"), "{plan}");
    }
    assert!(plan::of(&db, COUNT_IN).contains("USING COVERING INDEX"));
}

/// Whichever way a page is found, it is the same page.
#[test]
fn both_ways_find_the_same_pages() {
    let db = plan::empty();
    db.execute_batch(
        "INSERT INTO categories VALUES (1, 'Mugs'), (2, 'Pots');
         PRAGMA foreign_keys = OFF;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
         INSERT INTO products (status, seller_id, category_id, name, price_from, created_at, updated_at, deleted_at, is_out)
         SELECT i % 5, nullif(i % 3, 0), nullif(i % 4, 3), iif(i % 2, 'Name ', 'NAME ') || (i * 7 % 40),
           nullif(i * 11 % 30, 0), 0, 0, iif(i % 17 = 0, 1, NULL), i % 7 < 3
         FROM n;",
    )
    .unwrap();
    let ids = |sql: &str, wanted: &Wanted<'_>| -> Vec<i64> {
        let mut statement = db.prepare(sql).unwrap();
        let found = statement
            .query_map(wanted.with().as_slice(), |row| row.get(0))
            .unwrap();
        found.map(|id| id.unwrap()).collect()
    };
    let all = filters();
    let any = ProductFilter::default();
    let range = ProductFilter {
        min_price: Money::new(0),
        max_price: Money::new(9),
        ..ProductFilter::default()
    };
    let out = ProductFilter {
        in_stock: Some(false),
        not_seller: Some(UserId(2)),
        ..ProductFilter::default()
    };
    for filter in [
        &all.public,
        &all.in_category,
        &all.priced,
        &all.own,
        &any,
        &range,
        &out,
    ] {
        for sort in ProductSort::ALL {
            for mut paging in pagings() {
                if let Place::At(cursor) = &mut paging.place {
                    cursor.keys = (5, 101);
                }
                let found = [0, MOST_COUNTED + 1].map(|counted| {
                    let (sql, wanted) = statement(filter, *sort, &paging, counted);
                    ids(&sql, &wanted)
                });
                assert_eq!(found[0], found[1], "{sort:?} {filter:?} {paging:?}");
                assert!(paging.keys().is_some() || !found[0].is_empty(), "{filter:?}");
            }
        }
    }
}
