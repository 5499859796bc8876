//! What holds of any cart, by sums that share nothing with what they check.

use super::tests::NOW;
use super::tests::basket;
use super::tests::coupon;
use super::tests::method;
use super::tests::money;
use super::tests::rate;
use super::*;
use crate::domain::shipping::Band;
use crate::domain::shipping::Tariff;

/// What a cart of a seed is made of: splitmix64, so that a number names it for ever.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        i64::try_from(mixed % most.unsigned_abs()).unwrap()
    }

    fn one_in(&mut self, sides: i64) -> bool {
        self.below(sides) == 0
    }

    fn amount(&mut self) -> i64 {
        let most = [10, 1000, 20_000, 5_000_000][self.below(4) as usize];
        self.below(most)
    }

    fn percent(&mut self) -> Percent {
        let thousandths = match self.below(4) {
            0 => [0, 7_000, 19_000, 20_000, 25_000, 100_000][self.below(6) as usize],
            _ => self.below(100_001),
        };
        Percent::new(thousandths).unwrap()
    }

    fn piece(&mut self) -> Piece {
        let list = self.amount();
        let most = if self.one_in(10) { 5000 } else { 5 };
        let ask = match self.below(4) {
            0 => Ask::Seen {
                price: money(self.amount()),
                at: NOW.minus_ms(self.below(2 * HELD)),
            },
            1 => Ask::Set(money(self.amount())),
            _ => Ask::List,
        };
        Piece {
            product: (!self.one_in(20)).then(|| ProductId(self.below(6))),
            class: TaxClass(self.below(4)),
            weight_g: self.below(2000),
            quantity: 1 + self.below(most),
            list: money(list),
            ask,
        }
    }

    fn coupon(&mut self) -> Coupon {
        let worth = match self.below(5) {
            0 | 1 => Worth::Percentage(self.percent()),
            2 | 3 => Worth::Fixed(money(self.amount())),
            _ => Worth::FreeShipping,
        };
        let products = (0..self.below(4)).map(|_| ProductId(self.below(6))).collect();
        Coupon {
            products,
            min_subtotal: self.one_in(4).then(|| money(self.amount())),
            limit: self.one_in(8).then_some(0),
            ..coupon(worth)
        }
    }

    fn method(&mut self) -> ShippingMethod {
        let price = money(self.amount());
        let bands = |edge| {
            vec![
                Band { edge: 0, price },
                Band {
                    edge,
                    price: money(490),
                },
            ]
        };
        ShippingMethod {
            class: self.one_in(3).then(|| TaxClass(self.below(4))),
            ..method(match self.below(3) {
                0 => Tariff::Flat(price),
                1 => Tariff::ByTotal(bands(5000)),
                _ => Tariff::ByWeight(bands(i64::MAX)),
            })
        }
    }

    fn taxes(&mut self) -> Taxes {
        let rates = (0..4).filter(|_| !self.one_in(3)).collect::<Vec<_>>();
        Taxes {
            included: self.one_in(2),
            rates: rates
                .into_iter()
                .map(|class| rate(class, self.percent().thousandths()))
                .collect(),
            untaxed: self.one_in(2).then_some(TaxClass(3)),
        }
    }
}

/// Prices the cart of a seed and holds it to everything that must be true of it.
fn try_cart(seed: u64) {
    let mut dice = Dice(seed);
    let lines = if dice.one_in(50) { 100 } else { 1 + dice.below(6) };
    let pieces: Vec<Piece> = (0..lines).map(|_| dice.piece()).collect();
    let taxes = dice.taxes();
    let group = GroupDiscount {
        name: "Members".into(),
        percent: dice.percent(),
    };
    let groups = if dice.one_in(3) { vec![group] } else { Vec::new() };
    let (coupon, method) = (dice.coupon(), dice.method());
    let basket = Basket {
        groups: &groups,
        coupon: (!dice.one_in(3)).then_some((&coupon, 0)),
        method: (!dice.one_in(3)).then_some(&method),
        ..basket(&pieces, &taxes)
    };
    let priced = price(&basket).unwrap();
    check(&pieces, &priced, &taxes);
    check_discount(&basket, &priced);
    check_shipping(&basket, &priced);
}

/// `a * b / c`, half away from zero, of what is not below it.
fn rounded(a: i64, b: i64, c: i64) -> i64 {
    let (a, b, c) = (i128::from(a), i128::from(b), i128::from(c));
    i64::try_from((2 * a * b + c) / (2 * c)).unwrap()
}

/// Totals add up to the minor unit, nothing is below zero, every reason counts, taxes are by EN 16931.
pub(super) fn check(pieces: &[Piece], priced: &Priced, taxes: &Taxes) {
    let sum =
        |figure: fn(&PricedLine) -> Money| priced.lines.iter().map(|line| figure(line).minor()).sum::<i64>();
    assert_eq!(sum(|line| line.amount), priced.subtotal.minor());
    assert_eq!(sum(|line| line.discount), priced.discount.minor());
    assert_eq!(
        sum(|line| line.total),
        priced.subtotal.minor() - priced.discount.minor()
    );
    let on_top = if taxes.included { 0 } else { priced.tax.minor() };
    let total = priced.subtotal.minor() - priced.discount.minor() + priced.shipping.minor() + on_top;
    assert_eq!(total, priced.total.minor());
    for (piece, line) in pieces.iter().zip(&priced.lines) {
        assert_eq!(line.unit.minor() * piece.quantity, line.amount.minor());
        assert_eq!(line.amount.minor() - line.discount.minor(), line.total.minor());
        let least = [line.unit, line.discount, line.total, line.tax].into_iter().min();
        assert!(least >= Some(Money::ZERO), "{line:?}");
        assert!(line.tax <= line.total, "{line:?}");
        match piece.ask {
            Ask::Set(price) => assert_eq!(line.unit, price),
            Ask::List | Ask::Seen { .. } => assert!(line.unit <= piece.list),
        }
        check_reasons(
            &line.reasons,
            &[
                (Figure::UnitPrice, line.unit),
                (Figure::Discount, line.discount),
                (Figure::Tax, line.tax),
            ],
        );
    }
    check_reasons(
        &priced.reasons,
        &[
            (Figure::Discount, priced.discount),
            (Figure::Shipping, priced.shipping),
            (Figure::Tax, priced.tax),
        ],
    );
    check_taxes(pieces, priced, taxes);
}

/// The parts of each figure add up to it.
fn check_reasons(reasons: &[Reason], figures: &[(Figure, Money)]) {
    for (figure, amount) in figures {
        let parts = reasons.iter().filter(|reason| reason.of == *figure);
        let told: i64 = parts.map(|reason| reason.amount.minor()).sum();
        assert_eq!(told, amount.minor(), "{figure:?}");
    }
}

/// BR-CO-14: the tax is the sum over the rates. BR-S-08: each net is the sum of its lines, less its tax where it is in
/// them. BR-CO-17: each tax is its net times its rate, within one minor unit.
fn check_taxes(pieces: &[Piece], priced: &Priced, taxes: &Taxes) {
    assert_eq!(
        priced.taxes.iter().map(|sum| sum.tax.minor()).sum::<i64>(),
        priced.tax.minor()
    );
    let mut taxed = 0;
    for (at, sum) in priced.taxes.iter().enumerate() {
        let thousandths = sum.percent.thousandths();
        let by_rate = rounded(sum.net.minor(), thousandths, 100_000);
        assert!((by_rate - sum.tax.minor()).abs() <= 1, "{sum:?}");
        let lines = priced.lines.iter().zip(pieces);
        let lines = lines.filter(|(line, _)| line.reasons.iter().any(|reason| reason.why == Why::Tax(at)));
        let (mut of_lines, mut tax_of_lines) = (0, 0);
        for (line, piece) in lines {
            let own = taxes.rates.iter().find(|rate| rate.class == piece.class);
            assert_eq!(own.map_or(TaxClass::STANDARD, |rate| rate.class), sum.class);
            of_lines += line.total.minor();
            tax_of_lines += line.tax.minor();
        }
        let whole = sum.net.minor() + if taxes.included { sum.tax.minor() } else { 0 };
        let of_shipping = whole - of_lines;
        assert!(
            of_shipping == 0 || of_shipping == priced.shipping.minor(),
            "{sum:?}"
        );
        let exact = match taxes.included {
            true => rounded(whole, thousandths, 100_000 + thousandths),
            false => rounded(whole, thousandths, 100_000),
        };
        assert_eq!(exact, sum.tax.minor(), "{sum:?}");
        let rest = sum.tax.minor() - tax_of_lines;
        assert!(
            (0..=of_shipping.max(0)).contains(&rest) || (of_shipping == 0 && rest == 0),
            "{sum:?}"
        );
        for line in &priced.lines {
            if line.reasons.iter().any(|reason| reason.why == Why::Tax(at)) {
                // Within one of its exact share.
                let off = i128::from(line.tax.minor()) * i128::from(whole)
                    - i128::from(sum.tax.minor()) * i128::from(line.total.minor());
                assert!(off.abs() < i128::from(whole.max(1)), "{line:?}");
            }
        }
        taxed += whole;
    }
    assert!(taxed <= priced.subtotal.minor() - priced.discount.minor() + priced.shipping.minor());
}

/// The discount is what the coupon says, on what it covers alone, each line within one of its exact share.
fn check_discount(basket: &Basket<'_>, priced: &Priced) {
    let Some((coupon, _)) = basket.coupon.filter(|_| priced.unfit.is_none()) else {
        assert_eq!(priced.discount, Money::ZERO);
        return;
    };
    let is_good = |piece: &Piece| {
        coupon.products.is_empty() || piece.product.is_some_and(|it| coupon.products.contains(&it))
    };
    let lines: Vec<_> = basket.pieces.iter().zip(&priced.lines).collect();
    let good = lines.iter().filter(|(piece, _)| is_good(piece));
    let eligible: i64 = good.map(|(_, line)| line.amount.minor()).sum();
    let wanted = match coupon.worth {
        Worth::Percentage(percent) => rounded(eligible, percent.thousandths(), 100_000),
        Worth::Fixed(amount) => amount.minor().min(eligible),
        Worth::FreeShipping => 0,
    };
    assert_eq!(priced.discount.minor(), wanted);
    for (piece, line) in lines {
        let share = if is_good(piece) { line.amount.minor() } else { 0 };
        let off =
            i128::from(line.discount.minor()) * i128::from(eligible) - i128::from(wanted) * i128::from(share);
        assert!(off.abs() < i128::from(eligible.max(1)), "{line:?}");
        assert!(is_good(piece) || line.discount == Money::ZERO);
    }
}

/// Sending costs what the tariff says for the discounted goods, or nothing.
fn check_shipping(basket: &Basket<'_>, priced: &Priced) {
    let is_free = priced.unfit.is_none()
        && basket
            .coupon
            .is_some_and(|(coupon, _)| coupon.worth == Worth::FreeShipping);
    let wanted = match basket.method.filter(|_| !is_free) {
        None => 0,
        Some(method) => {
            let goods = priced.subtotal.minor() - priced.discount.minor();
            let weight: i64 = basket
                .pieces
                .iter()
                .map(|piece| piece.weight_g * piece.quantity)
                .sum();
            match &method.tariff {
                Tariff::Flat(price) => price.minor(),
                Tariff::ByTotal(bands) => bands[usize::from(goods >= bands[1].edge)].price.minor(),
                Tariff::ByWeight(bands) => bands[usize::from(weight > 0)].price.minor(),
            }
        }
    };
    assert_eq!(priced.shipping.minor(), wanted);
}

/// MON-03, MON-04: the carts of every run.
#[test]
fn fifty_thousand_carts_add_up() {
    (0..50_000).for_each(try_cart);
}

/// MON-03, MON-04: `cargo test --release -- --ignored ten_million`
#[test]
#[ignore = "minutes"]
fn ten_million_carts_add_up() {
    (50_000..10_000_000).for_each(try_cart);
}
