//! The counts of the tabs, beside those of the lists that the tabs lead to.

use super::*;

/// T3: what a tab says is true of its list: exactly where all were looked at, and never too much where not.
#[test]
fn a_list_divides_as_its_states_are_listed() {
    let db = shop(120_000);
    let totals = Totals::default();
    let of = |text| Some(Timestamp::from_ms(text));
    let none = OrderFilter::default();
    let owing = OrderFilter {
        payment: Some(PaymentStatus::Unpaid),
        ..none.clone()
    };
    let filters = [
        none.clone(),
        OrderFilter {
            from: of(1_000_000),
            to: of(1_300_000),
            ..none.clone()
        },
        OrderFilter {
            from: of(1_000_000),
            min_total: Money::new(400),
            ..none.clone()
        },
        OrderFilter {
            customers: Some(vec![CustomerId(5)]),
            to: of(9_000_000),
            ..none.clone()
        },
        OrderFilter {
            customers: Some(vec![CustomerId(5), CustomerId(6)]),
            max_total: Money::new(10),
            ..none.clone()
        },
        owing.clone(),
    ];
    let mut exact = 0;
    for filter in filters {
        let divided = by_state(&Snapshot::new(&db).knowing(&totals), &filter).unwrap();
        let states = divided.states.iter().map(|(state, total)| (Some(*state), *total));
        for (state, total) in states.chain([(None, divided.all)]) {
            let list = OrderFilter {
                state,
                ..filter.clone()
            };
            let (listed, _) = walk(&db, &list, OrderSort::Newest);
            let listed = listed.len() as i64;
            match total {
                Total::Exactly(rows) => assert_eq!(rows, listed, "{list:?}"),
                Total::AtLeast(rows) => assert!(rows <= listed, "{list:?}: {rows} of {listed}"),
            }
            exact += i32::from(matches!(total, Total::Exactly(_)));
        }
        let is_told = |state| divided.states.iter().any(|(told, _)| *told == state);
        assert_eq!(is_told(OrderState::Canceled), filter != owing, "{filter:?}");
    }
    assert!(exact >= 12, "{exact} were counted to the end");
    let all = by_state(&Snapshot::new(&db).knowing(&totals), &none).unwrap();
    let pending = Total::Exactly(slowly(&db, "status = 0", "id").len() as i64);
    assert_eq!((all.all, all.states[0].1), (Total::AtLeast(10_000), pending));
    assert_eq!(all.states[3].1, Total::AtLeast(10_000));
}

/// D4: a long list stays long for many changes: it is not counted again after each.
#[test]
fn a_long_count_holds_for_many_changes() {
    let db = shop(120_000);
    let totals = Totals::default();
    let delivered = OrderFilter {
        state: Some(OrderState::Delivered),
        ..OrderFilter::default()
    };
    by_state(&Snapshot::new(&db).knowing(&totals), &OrderFilter::default()).unwrap();
    let add = "INSERT INTO orders (id, status, payment_status, fulfilment_status, channel, currency, item_count, subtotal,
        discount, shipping, tax, tax_included, total, placed_at)
      SELECT max(id) + 1, 0, 0, 0, 1, 'EUR', 1, 5, 0, 0, 0, 1, 5, 1 FROM orders";
    for _ in 0..100 {
        db.execute_batch(add).unwrap();
    }
    let known = totals::known(&Snapshot::new(&db).knowing(&totals), &delivered).unwrap();
    assert_eq!(known, Some(Total::AtLeast(10_000)));
}
