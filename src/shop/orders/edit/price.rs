//! What an order comes to with the lines it is to have: the coupon is reckoned again without another use, the way of
//! sending stays, and the taxes are those of where it goes.

use crate::domain::actor::Actor;
use crate::domain::edit::EditLine;
use crate::domain::id::ShippingMethodId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::order::OrderHead;
use crate::domain::pricing;
use crate::domain::pricing::Basket;
use crate::domain::pricing::Piece;
use crate::domain::pricing::Priced;
use crate::domain::pricing::PricedLine;
use crate::domain::refusal::Refusal;
use crate::domain::settings::Terms;
use crate::domain::shipping::ShippingMethod;
use crate::domain::shipping::Tariff;
use crate::domain::text::CountryCode;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::commissions::Sold;
use crate::shop::groups;
use crate::shop::orders::edit::lines;
use crate::shop::orders::edit::lines::Wanted;
use crate::shop::orders::place;
use crate::shop::reasons::Explained;
use crate::shop::taxes;
use crate::store;

/// The lines that an order is to have, with their prices.
pub(super) struct Plan {
    pub(super) lines: Vec<Line>,
    /// What new ones bring their sellers.
    pub(super) sold: Vec<Sold>,
    pub(super) priced: Priced,
}

impl Plan {
    /// Where its figures come from.
    pub(super) fn explained(&self, currency: Currency) -> Explained {
        Explained::new(self.lines.iter().map(|line| line.id), &self.priced, currency)
    }
}

/// Plans an order with the lines that are asked for, sent to a country.
pub(super) fn plan(
    tx: &Tx,
    by: &Actor,
    order: &Order,
    asked: Option<&[EditLine]>,
    country: Option<&str>,
) -> Result<Plan> {
    let head = &order.head;
    // Whether prices contain the tax was said when it was placed.
    let terms = Terms {
        tax_included: head.tax_included,
        ..store::settings::terms(tx)?
    };
    let wanted = lines::wanted(tx, by, &terms, order, asked)?;
    let pieces: Vec<Piece> = wanted.iter().map(|line| line.good.piece.clone()).collect();
    let coupon = head.coupon.map(|id| store::coupons::in_use(tx, id)).transpose()?;
    let coupon = coupon.map(|coupon| coupon.used_already());
    let method = method(tx, head)?;
    require_reach(method.as_ref(), country)?;
    let priced = pricing::price(&Basket {
        now: tx.now,
        pieces: &pieces,
        groups: &groups::of_buyer(tx, &terms, None, head.customer)?.discounts,
        member_of: &[],
        coupon: coupon.as_ref().map(|coupon| (coupon, 0)),
        method: method.as_ref(),
        taxes: &taxes::of(tx, &terms, country)?,
    })?;
    Ok(Plan {
        lines: wanted
            .iter()
            .zip(&priced.lines)
            .map(|(wanted, priced)| line(wanted, priced))
            .collect(),
        sold: sold(&wanted, &priced),
        priced,
    })
}

/// The way of sending stays, whatever became of it; where it cannot be found, what it cost does.
fn method(db: &Snapshot, head: &OrderHead) -> Result<Option<ShippingMethod>> {
    let found = match head.shipping_method {
        Some(id) => store::shipping::in_use(db, id)?,
        None => None,
    };
    let as_it_cost = (head.shipping > Money::ZERO).then(|| ShippingMethod {
        id: ShippingMethodId(0),
        tariff: Tariff::Flat(head.shipping),
        ..ShippingMethod::blank()
    });
    Ok(found.or(as_it_cost))
}

fn require_reach(method: Option<&ShippingMethod>, country: Option<&str>) -> std::result::Result<(), Refusal> {
    let country = country.and_then(|code| CountryCode::parse(code).ok());
    match (method, country) {
        (Some(method), Some(country)) if !method.serves(country) => Err(Refusal::Rule(
            "The order's shipping method does not go there.".into(),
        )),
        _ => Ok(()),
    }
}

fn line(wanted: &Wanted, priced: &PricedLine) -> Line {
    let list = wanted.good.piece.list;
    match &wanted.kept {
        None => place::line(wanted.id, &wanted.good, priced),
        Some(kept) => Line {
            quantity: wanted.good.piece.quantity,
            unit_price: priced.unit,
            list_price: (priced.unit != list).then_some(list),
            discount: priced.discount,
            tax: priced.tax,
            tax_rate: priced.rate,
            total: priced.total,
            ..kept.clone()
        },
    }
}

fn sold(wanted: &[Wanted], priced: &Priced) -> Vec<Sold> {
    let new = wanted
        .iter()
        .zip(&priced.lines)
        .filter(|(wanted, _)| wanted.kept.is_none());
    new.filter_map(|(wanted, priced)| {
        Some(Sold {
            seller: wanted.good.offer.seller?,
            line: wanted.id,
            total: priced.total,
        })
    })
    .collect()
}
