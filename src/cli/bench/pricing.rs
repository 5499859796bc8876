//! How long it takes to price a cart of a hundred lines, by the function that prices every cart and order.

use crate::cli::bench::report::Report;
use crate::cli::bench::requests::Dice;
use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::domain::coupon::Coupon;
use crate::domain::coupon::Worth;
use crate::domain::id::ProductId;
use crate::domain::id::TaxClass;
use crate::domain::id::TaxRateId;
use crate::domain::money::Money;
use crate::domain::percent::Percent;
use crate::domain::pricing;
use crate::domain::pricing::Ask;
use crate::domain::pricing::Basket;
use crate::domain::pricing::GroupDiscount;
use crate::domain::pricing::Piece;
use crate::domain::shipping::Band;
use crate::domain::shipping::ShippingMethod;
use crate::domain::shipping::Tariff;
use crate::domain::tax::TaxRate;
use crate::domain::tax::Taxes;
use crate::domain::text::CountryCode;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;

const LINES: i64 = 100;

/// Prices one cart again and again: half of its lines seen at another price, a group, a coupon, two rates of tax, and
/// sending by weight.
pub fn measure(seconds: f64) -> Result<Report> {
    let now = Clock::System.now();
    let mut dice = Dice::new(1);
    let pieces: Vec<Piece> = (0..LINES).map(|number| piece(&mut dice, number, now)).collect();
    let group = GroupDiscount {
        name: "Members".to_owned(),
        percent: percent("5")?,
    };
    let coupon = Coupon {
        worth: Worth::Percentage(percent("12.5")?),
        ..Coupon::blank(now)
    };
    let (method, taxes) = (method(), taxes()?);
    let basket = Basket {
        now,
        pieces: &pieces,
        groups: &[group],
        member_of: &[],
        coupon: Some((&coupon, 0)),
        method: Some(&method),
        taxes: &taxes,
    };
    let mut took = Vec::new();
    let whole = Stopwatch::start();
    while whole.seconds() < seconds {
        let watch = Stopwatch::start();
        std::hint::black_box(pricing::price(std::hint::black_box(&basket))?);
        took.push(watch.elapsed().as_nanos() as f64 / 1000.0);
    }
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took.get((took.len() as f64 * share) as usize).copied();
    let mut report = Report::default();
    report.figure("times priced", took.len() as f64, "");
    report.figure("a cart of 100 lines, p50", at(0.5).unwrap_or_default(), "µs");
    report.figure("a cart of 100 lines, p99", at(0.99).unwrap_or_default(), "µs");
    Ok(report)
}

fn piece(dice: &mut Dice, number: i64, now: Timestamp) -> Piece {
    let list = Money::new(dice.upto(10_000)).unwrap_or(Money::ZERO);
    Piece {
        product: Some(ProductId(number)),
        class: TaxClass(number % 2),
        weight_g: dice.upto(2000),
        quantity: dice.upto(5),
        list,
        ask: match Money::new(dice.upto(10_000)) {
            Some(price) if number % 2 == 0 => Ask::Seen { price, at: now },
            _ => Ask::List,
        },
    }
}

fn percent(text: &str) -> Result<Percent> {
    Ok(Percent::parse(text).map_err(|bad| bad.at("percent"))?)
}

fn method() -> ShippingMethod {
    let band = |edge| Band {
        edge,
        price: Money::new(490).unwrap_or(Money::ZERO),
    };
    ShippingMethod {
        tariff: Tariff::ByWeight(vec![band(0), band(5000), band(i64::MAX)]),
        ..ShippingMethod::blank()
    }
}

fn taxes() -> Result<Taxes> {
    let country = CountryCode::parse("GB").map_err(|bad| bad.at("country"))?;
    let rate = |class, text| {
        Ok::<_, Error>(TaxRate {
            id: TaxRateId(class + 1),
            name: "VAT".to_owned(),
            country,
            class: TaxClass(class),
            category: None,
            percent: percent(text)?,
            version: 1,
        })
    };
    Ok(Taxes {
        included: true,
        rates: vec![rate(0, "20")?, rate(1, "7")?],
        untaxed: None,
    })
}
