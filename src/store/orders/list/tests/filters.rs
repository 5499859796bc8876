//! Several filters at once: within the index of the first, and to the last row.

use super::*;
use crate::domain::order::FulfilmentStatus;

/// SCHEMA, *Lists and what serves them*: what a list of one state, or of what owes, is filtered by besides is told by the
/// index alone, in the first look and in the window behind it.
#[test]
fn a_list_by_state_is_filtered_within_its_index() {
    let db = shop(5000);
    let more = OrderFilter {
        fulfilment: Some(FulfilmentStatus::Fulfilled),
        min_total: Money::new(5),
        max_total: Money::new(50),
        ..OrderFilter::default()
    };
    let of = |state: Option<OrderState>, payment| OrderFilter {
        state,
        payment: Some(payment),
        ..more.clone()
    };
    for (filter, index) in [
        (
            of(Some(OrderState::Pending), PaymentStatus::Unpaid),
            "orders_open",
        ),
        (of(Some(OrderState::Shipped), PaymentStatus::Paid), "orders_open"),
        (
            of(Some(OrderState::Refunded), PaymentStatus::Paid),
            "orders_ended",
        ),
        (of(None, PaymentStatus::Unpaid), "orders_owing"),
    ] {
        let paging = Paging::first(Limit::default(), 0);
        let wanted = Wanted::of(&filter, OrderSort::Newest, &paging);
        let scan = Scan::of(&wanted);
        let query = Query::new(&filter, scan);
        for sql in [
            scan::bounded_sql(&wanted, scan, &query),
            scan::window_sql(&wanted, scan, &query),
        ] {
            let plan = crate::store::plan::of(&db, &sql);
            let covering = format!("COVERING INDEX {index}");
            assert!(plan.contains(&covering), "{filter:?}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{filter:?}: {plan}");
        }
    }
}

/// D4: three filters in vain are told to be so to the last row, and what fits them is found.
#[test]
fn three_filters_find_all_and_nothing_else() {
    let db = shop(120_000);
    db.execute_batch(
        "UPDATE orders SET status = 5, payment_status = iif(id % 3 = 0, 6, 4) WHERE id % 40 = 11;
         UPDATE orders SET status = 0 WHERE id % 5 = 1 AND status <= 3;",
    )
    .unwrap();
    let of = |state, payment, max_total| OrderFilter {
        state,
        payment: Some(payment),
        fulfilment: Some(FulfilmentStatus::Fulfilled),
        max_total: Money::new(max_total),
        ..OrderFilter::default()
    };
    let open = (
        Some(OrderState::Pending),
        PaymentStatus::Paid,
        "status = 0 AND payment_status = 4",
    );
    let ended = (
        Some(OrderState::Refunded),
        PaymentStatus::Refunded,
        "status = 5 AND payment_status = 6",
    );
    let owing = (None, PaymentStatus::Unpaid, "status <= 3 AND payment_status = 0");
    for (state, payment, condition) in [open, ended, owing] {
        for (max_total, sort, order) in [
            (41, OrderSort::Newest, "id DESC"),
            (41, OrderSort::Oldest, "id"),
            (-1, OrderSort::Newest, "id DESC"),
        ] {
            let filter = of(state, payment, max_total);
            let condition = format!("{condition} AND fulfilment_status = 2 AND total <= {max_total}");
            assert_eq!(
                walk(&db, &filter, sort).0,
                slowly(&db, &condition, order),
                "{filter:?} {sort:?}"
            );
        }
    }
}
