//! Which index serves which list of products.

use rusqlite::Connection;

use super::*;
use crate::domain::id::UserId;
use crate::domain::page::Cursor;
use crate::domain::page::Limit;
use crate::domain::page::Place;
use crate::store::schema;

fn plan(db: &Connection, sql: &str) -> String {
    let mut steps = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let mut rows = steps.raw_query();
    let mut plan = String::new();
    while let Some(row) = rows.next().unwrap() {
        plan += &row.get::<_, String>("detail").unwrap();
        plan += "; ";
    }
    plan
}

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

/// SCHEMA, *Lists and what serves them*: each list of products runs along the index of its sort and sorts nothing.
#[test]
fn every_list_of_products_runs_along_its_index() {
    let mut db = Connection::open_in_memory().unwrap();
    schema::migrate(&mut db).unwrap();
    let all = filters();
    let first = Paging::first(Limit::default(), 0);
    let behind = |backwards| Paging {
        place: Place::At(Cursor {
            backwards,
            ..first.cursor((1, 1))
        }),
        ..first
    };
    for (filter, sort, index) in [
        (
            &all.public,
            ProductSort::Newest,
            "SEARCH p USING INDEX products_status (status=? AND deleted_at=?",
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
            ProductSort::Newest,
            "SEARCH p USING INDEX products_category (category_id=? AND status=?",
        ),
        (
            &all.priced,
            ProductSort::Price,
            "SEARCH p USING INDEX products_price (status=?",
        ),
        (
            &all.own,
            ProductSort::Newest,
            "SEARCH p USING INDEX products_seller (seller_id=?",
        ),
        (&ProductFilter::default(), ProductSort::Newest, " p"),
    ] {
        for paging in [first, behind(false), behind(true)] {
            let (sql, _) = statement(filter, sort, &paging);
            let plan = plan(&db, &sql);
            assert!(plan.contains(index), "{sort:?} {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{sort:?} {plan}");
        }
    }
}

#[test]
fn counting_a_list_of_products_reads_an_index_alone() {
    let mut db = Connection::open_in_memory().unwrap();
    schema::migrate(&mut db).unwrap();
    let count = "SELECT count(*) FROM (SELECT 1 FROM products p WHERE p.deleted_at IS NULL AND p.status = :s LIMIT 9)";
    for count in [count, COUNT_IN] {
        let plan = plan(&db, count);
        assert!(plan.contains("USING COVERING INDEX"), "{plan}");
    }
}
