//! Tests of prices: what a few carts cost.

use super::random_carts::check;
use super::*;
use crate::domain::id::CouponId;
use crate::domain::id::ShippingMethodId;
use crate::domain::id::TaxRateId;
use crate::domain::shipping::Band;
use crate::domain::shipping::Tariff;
use crate::domain::tax::TaxRate;
use crate::domain::text::CountryCode;

pub(super) fn money(minor: i64) -> Money {
    Money::new(minor).unwrap()
}

pub(super) const NOW: Timestamp = Timestamp::from_ms(1_000_000_000);

fn piece(product: i64, quantity: i64, list: i64) -> Piece {
    Piece {
        product: Some(ProductId(product)),
        class: TaxClass::STANDARD,
        weight_g: 100,
        quantity,
        list: money(list),
        ask: Ask::List,
    }
}

pub(super) fn coupon(worth: Worth) -> Coupon {
    Coupon {
        id: CouponId(1),
        code: "SPRING".into(),
        worth,
        limit: None,
        per_customer: None,
        min_subtotal: None,
        starts_at: None,
        ends_at: None,
        products: Vec::new(),
        groups: Vec::new(),
        is_enabled: true,
        used: 0,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

pub(super) fn method(tariff: Tariff) -> ShippingMethod {
    ShippingMethod {
        id: ShippingMethodId(1),
        name: "Post".into(),
        countries: Vec::new(),
        tariff,
        class: None,
        category: None,
        is_enabled: true,
        version: 1,
    }
}

pub(super) fn rate(class: i64, thousandths: i64) -> TaxRate {
    TaxRate {
        id: TaxRateId(class + 1),
        name: "VAT".into(),
        country: CountryCode::parse("DE").unwrap(),
        class: TaxClass(class),
        category: None,
        percent: Percent::new(thousandths).unwrap(),
        version: 1,
    }
}

pub(super) fn basket<'a>(pieces: &'a [Piece], taxes: &'a Taxes) -> Basket<'a> {
    Basket {
        now: NOW,
        pieces,
        groups: &[],
        member_of: &[],
        coupon: None,
        method: None,
        taxes,
    }
}

/// What the whole road is shown with: a price that was seen, two rates, a group, a coupon, a parcel.
fn whole_road(pieces: &[Piece; 2], taxes: &Taxes) -> Priced {
    let tenth = coupon(Worth::Percentage(Percent::parse("10").unwrap()));
    let groups = [GroupDiscount {
        name: "Members".into(),
        percent: Percent::parse("5").unwrap(),
    }];
    let post = method(Tariff::Flat(money(490)));
    let basket = Basket {
        groups: &groups,
        coupon: Some((&tenth, 0)),
        method: Some(&post),
        ..basket(pieces, taxes)
    };
    price(&basket).unwrap()
}

fn seen_a_day_ago() -> ([Piece; 2], Taxes) {
    let seen = Ask::Seen {
        price: money(1000),
        at: NOW.minus_ms(HELD),
    };
    let dear = Piece {
        ask: seen,
        ..piece(1, 2, 1200)
    };
    let reduced = Piece {
        class: TaxClass(1),
        ..piece(2, 1, 333)
    };
    let taxes = Taxes {
        included: true,
        rates: vec![rate(0, 19_000), rate(1, 7_000)],
        untaxed: None,
    };
    ([dear, reduced], taxes)
}

/// MONEY, prices: the whole road once.
#[test]
fn a_cart_is_priced_step_by_step() {
    let (pieces, taxes) = seen_a_day_ago();
    let priced = whole_road(&pieces, &taxes);
    let figures =
        |line: &PricedLine| [line.unit, line.amount, line.discount, line.total, line.tax].map(Money::minor);
    // 12.00 was 10.00 a day ago: that, less 5 %; 22.16 less 10 % is 2.22 off, 1.90 and 0.32 of it.
    assert_eq!(figures(&priced.lines[0]), [950, 1900, 190, 1710, 273]);
    assert_eq!(figures(&priced.lines[1]), [316, 316, 32, 284, 19]);
    // 19 % in 17.10 and 4.90 is 3.51, 7 % in 2.84 is 0.19.
    let whole = [
        priced.subtotal,
        priced.discount,
        priced.shipping,
        priced.tax,
        priced.total,
    ];
    assert_eq!(whole.map(Money::minor), [2216, 222, 490, 370, 2484]);
    check(&pieces, &priced, &taxes);
}

/// Each figure tells what it is made of, and that a price has moved much.
#[test]
fn a_price_explains_itself() {
    let (pieces, taxes) = seen_a_day_ago();
    let priced = whole_road(&pieces, &taxes);
    let reasons = priced.lines[0].reasons.iter();
    let why: Vec<_> = reasons
        .map(|reason| (reason.why, reason.amount.minor()))
        .collect();
    let seen = Why::Seen {
        at: NOW.minus_ms(HELD),
    };
    let group = Why::Group(Percent::parse("5").unwrap());
    let told = [
        (Why::List, 1200),
        (seen, -200),
        (group, -50),
        (Why::Coupon, 190),
        (Why::Tax(0), 273),
    ];
    assert_eq!(why, told);
    let drift = Drift {
        seen: money(1000),
        current: money(1200),
    };
    assert_eq!(
        (priced.lines[0].drift, priced.lines[1].drift),
        (Some(drift), None)
    );
}

/// D13: the lower of what was seen and what it costs now; more than a tenth is flagged; after a day only now counts.
#[test]
fn a_price_that_moved_is_the_lower_one() {
    let ago = |ms, seen: i64| Ask::Seen {
        price: money(seen),
        at: NOW.minus_ms(ms),
    };
    for (ask, unit, is_flagged) in [
        (ago(0, 1000), 1000, false),
        (ago(0, 950), 950, false),
        (ago(0, 909), 909, true),
        (ago(0, 910), 910, false),
        (ago(0, 1111), 1000, false),
        (ago(0, 1112), 1000, true),
        (ago(0, 0), 0, true),
        (ago(HELD, 500), 500, true),
        (ago(HELD + 1, 500), 1000, false),
        (Ask::Set(money(1)), 1, false),
        (Ask::Set(money(9000)), 9000, false),
    ] {
        let pieces = [Piece {
            ask,
            ..piece(1, 1, 1000)
        }];
        let priced = price(&basket(&pieces, &Taxes::default())).unwrap();
        let line = &priced.lines[0];
        assert_eq!(
            (line.unit.minor(), line.drift.is_some()),
            (unit, is_flagged),
            "{ask:?}"
        );
    }
}

#[test]
fn a_coupon_that_does_not_hold_takes_nothing_off() {
    let pieces = [piece(1, 1, 1000)];
    let spring = Coupon {
        min_subtotal: Money::new(1001),
        ..coupon(Worth::Fixed(money(300)))
    };
    let priced = price(&Basket {
        coupon: Some((&spring, 0)),
        ..basket(&pieces, &Taxes::default())
    })
    .unwrap();
    assert_eq!(
        (priced.unfit, priced.discount, priced.total),
        (Some(Unfit::Below), Money::ZERO, money(1000))
    );
}

/// G6: a coupon of groups is for their members.
#[test]
fn a_coupon_may_be_for_some_groups_alone() {
    let pieces = [piece(1, 1, 1000)];
    let members = Coupon {
        groups: vec![GroupId(3), GroupId(4)],
        ..coupon(Worth::Fixed(money(300)))
    };
    let taxes = Taxes::default();
    let with = |member_of: &[GroupId]| {
        let basket = Basket {
            coupon: Some((&members, 0)),
            member_of,
            ..basket(&pieces, &taxes)
        };
        let priced = price(&basket).unwrap();
        (priced.unfit, priced.discount)
    };
    assert_eq!(with(&[]), (Some(Unfit::Stranger), Money::ZERO));
    assert_eq!(with(&[GroupId(5)]), (Some(Unfit::Stranger), Money::ZERO));
    assert_eq!(with(&[GroupId(1), GroupId(4)]), (None, money(300)));
}

/// Free shipping takes off what sending costs, and nothing else.
#[test]
fn sending_may_be_free() {
    let pieces = [piece(1, 30, 100)];
    let post = method(Tariff::ByWeight(vec![Band {
        edge: 3000,
        price: money(700),
    }]));
    let free = coupon(Worth::FreeShipping);
    let taxes = Taxes::default();
    let with = Basket {
        coupon: Some((&free, 0)),
        method: Some(&post),
        ..basket(&pieces, &taxes)
    };
    let priced = price(&with).unwrap();
    assert_eq!(
        (priced.shipping, priced.discount, priced.total),
        (Money::ZERO, Money::ZERO, money(3000))
    );
    let told: Vec<_> = priced
        .reasons
        .iter()
        .map(|reason| reason.amount.minor())
        .collect();
    assert_eq!(told, [700, -700]);
    let heavy = [piece(1, 31, 100)];
    let refused = price(&Basket {
        pieces: &heavy,
        ..with
    })
    .unwrap_err();
    assert!(matches!(refused, Refusal::Rule(_)));
}

#[test]
fn more_than_can_be_counted_is_refused() {
    let pieces = [piece(1, 100_000, 100_000_000)];
    assert!(price(&basket(&pieces, &Taxes::default())).is_err());
}
