//! The demo's two months: who orders what and when, and how far each order has come by today.

use crate::domain::address::Address;
use crate::domain::id::OrderId;
use crate::domain::id::VariantId;
use crate::domain::new_order::Details;
use crate::domain::new_order::ItemRef;
use crate::domain::new_order::NewLine;
use crate::domain::new_order::NewOrder;
use crate::domain::order::Channel;
use crate::domain::order::OrderState;
use crate::domain::payment::Provider;
use crate::domain::time::DAY;
use crate::domain::time::HOUR;
use crate::domain::time::MINUTE;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::commissions;
use crate::shop::commissions::NewPayout;
use crate::shop::demo::Buyer;
use crate::shop::demo::Crew;
use crate::shop::demo::dice::Dice;
use crate::shop::once::Once;
use crate::shop::orders;
use crate::shop::payments;
use crate::shop::payments::ByHand;

/// Orders of the two months.
const ORDERS: usize = 300;

/// How many days after its opening the shop pays its sellers for the first time.
const PAYDAY: i64 = 31;

/// Something that happens to the order that was planned as number `plan`, or to the shop.
struct Happening {
    at: Timestamp,
    plan: usize,
    what: What,
}

enum What {
    Placed {
        buyer: usize,
        lines: Vec<(VariantId, i64)>,
    },
    Paid,
    Moved(OrderState),
    SellersPaid,
}

/// When the money for an order comes.
enum Pays {
    First,
    Last,
    Never,
}

/// Lets the two months pass; how many orders were placed.
pub(super) fn live(
    tx: &Tx,
    opened: Timestamp,
    crew: &Crew,
    buyers: &[Buyer],
    variants: &[VariantId],
) -> Result<usize> {
    let mut happenings = plan(opened, tx.now, buyers.len(), variants);
    happenings.sort_by_key(|happening| happening.at);
    let mut ids: Vec<Option<OrderId>> = vec![None; ORDERS];
    for happening in &happenings {
        tx.dated(happening.at, |tx| match &happening.what {
            What::Placed { buyer, lines } => {
                let buyer = buyers.get(*buyer).ok_or_else(nobody)?;
                let order = orders::place(tx, &buyer.by, None, &order(buyer, lines))?;
                let (Once::First(order) | Once::Again(order)) = order;
                ids[happening.plan] = Some(order.head.id);
                Ok(())
            }
            What::Paid => {
                let id = ids[happening.plan].ok_or_else(nobody)?;
                let all = ByHand {
                    order: id,
                    amount: None,
                    method: Some("transfer".to_owned()),
                    reference: None,
                    version: None,
                };
                payments::record_by_hand(tx, &crew.owner, None, &all).map(|_| ())
            }
            What::Moved(to) => step(tx, crew, ids[happening.plan], *to),
            What::SellersPaid => pay_sellers(tx, crew),
        })?;
    }
    Ok(ids.iter().flatten().count())
}

/// Pays what has come together so far.
fn pay_sellers(tx: &Tx, crew: &Crew) -> Result<()> {
    let first = NewPayout {
        seller: None,
        reference: Some("First month".to_owned()),
    };
    let begun = commissions::begin_payout(tx, &crew.owner, None, &first)?;
    let (Once::First(payout) | Once::Again(payout)) = begun;
    while !commissions::go_on(tx, &crew.owner, payout.id)?.is_done {}
    Ok(())
}

fn nobody() -> Error {
    Error::internal("an order of the demo has nobody behind it")
}

fn step(tx: &Tx, crew: &Crew, id: Option<OrderId>, to: OrderState) -> Result<()> {
    let id = id.ok_or_else(nobody)?;
    let by = match to {
        OrderState::Refunded => &crew.owner,
        _ => &crew.staff,
    };
    let version = orders::show(tx, by, id)?.order.head.version;
    let asked = orders::Move {
        to,
        version: Some(version),
        note: None,
    };
    orders::step(tx, by, id, &asked).map(|_| ())
}

/// What happens, order by order; nothing after now.
fn plan(opened: Timestamp, now: Timestamp, buyers: usize, variants: &[VariantId]) -> Vec<Happening> {
    let mut dice = Dice::new();
    let days = (now.ms() - opened.ms()) / DAY - 1;
    let mut happenings = vec![Happening {
        at: opened.plus_ms(PAYDAY * DAY),
        plan: 0,
        what: What::SellersPaid,
    }];
    for plan in 0..ORDERS {
        let day = dice.between(1, days + 1);
        let placed = opened.plus_ms(day * DAY + dice.between(7 * HOUR, 22 * HOUR));
        let buyer = dice.roll(buyers);
        let lines = (0..=dice.roll(4))
            .map(|_| (variants[dice.roll(variants.len())], 1 + dice.roll(6) as i64 / 4))
            .collect();
        let mut push = |at: Timestamp, what: What| {
            if at < now {
                happenings.push(Happening { at, plan, what });
            }
        };
        push(placed.min(now.minus_ms(MINUTE)), What::Placed { buyer, lines });
        let mut at = placed;
        for (what, least, most) in life(dice.roll(100), dice.roll(100)) {
            at = at.plus_ms(dice.between(least * HOUR, most * HOUR));
            push(at, what);
        }
    }
    happenings
}

/// What an order goes through, and within how many hours after the last. What is canceled was not paid, and what is
/// refunded was.
fn life(chance: usize, money: usize) -> Vec<(What, i64, i64)> {
    let pays = match money {
        0..=77 => Pays::First,
        78..=87 => Pays::Last,
        _ => Pays::Never,
    };
    match chance {
        0..=5 => vec![canceled(1)],
        6..=8 => vec![begun(&Pays::Never), canceled(2)],
        9..=12 => vec![],
        13..=15 => way(&pays, vec![]),
        16..=19 => way(&pays, vec![shipped()]),
        20..=23 => {
            let refunded = (What::Moved(OrderState::Refunded), 24, 240);
            way(&Pays::First, vec![shipped(), delivered(), refunded])
        }
        _ => way(&pays, vec![shipped(), delivered()]),
    }
}

/// Work begins, then comes the rest; the money at one end of it or never.
fn way(pays: &Pays, rest: Vec<(What, i64, i64)>) -> Vec<(What, i64, i64)> {
    let mut way = vec![begun(pays)];
    way.extend(rest);
    if matches!(pays, Pays::Last) {
        way.push((What::Paid, 24, 200));
    }
    way
}

/// Money that comes first is what work begins with.
fn begun(pays: &Pays) -> (What, i64, i64) {
    match pays {
        Pays::First => (What::Paid, 1, 24),
        Pays::Last | Pays::Never => (What::Moved(OrderState::Processing), 1, 24),
    }
}

fn shipped() -> (What, i64, i64) {
    (What::Moved(OrderState::Shipped), 4, 48)
}

fn delivered() -> (What, i64, i64) {
    (What::Moved(OrderState::Delivered), 24, 96)
}

fn canceled(least: i64) -> (What, i64, i64) {
    (What::Moved(OrderState::Canceled), least, 30)
}

fn order(buyer: &Buyer, lines: &[(VariantId, i64)]) -> NewOrder {
    NewOrder {
        lines: lines
            .iter()
            .map(|(variant, quantity)| NewLine {
                item: ItemRef::Variant(*variant),
                quantity: *quantity,
                price: None,
            })
            .collect(),
        customer: None,
        total_price: None,
        details: Details {
            shipping_address: Some(Address {
                name: buyer.name.clone(),
                company: None,
                line1: buyer.line1.clone(),
                line2: None,
                city: buyer.city.clone(),
                postcode: buyer.postcode.clone(),
                region: None,
                country: String::from("GB"),
                phone: None,
            }),
            ..Details::plain(Provider::Manual, Channel::Page)
        },
    }
}
