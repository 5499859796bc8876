//! The lines that an order is to have: those that stay, with their ids and prices, and those that come.

use crate::domain::actor::Actor;
use crate::domain::edit::EditLine;
use crate::domain::fault::Bad;
use crate::domain::history;
use crate::domain::id::LineId;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::new_order::NewLine;
use crate::domain::order::Line;
use crate::domain::order::Order;
use crate::domain::pricing::Ask;
use crate::domain::pricing::Piece;
use crate::domain::refusal::Refusal;
use crate::domain::settings::Terms;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::orders::place;
use crate::shop::orders::place::Good;
use crate::shop::shipments;
use crate::store;

/// Positions that the lines of an order may have.
const MOST_POSITIONS: usize = 4095;

/// A line that is to be.
pub(super) struct Wanted {
    pub(super) id: LineId,
    /// As it is, if it is there.
    pub(super) kept: Option<Line>,
    pub(super) good: Good,
}

/// The lines that are asked for, or those there are where none are; by position.
pub(super) fn wanted(
    db: &Snapshot,
    by: &Actor,
    terms: &Terms,
    order: &Order,
    asked: Option<&[EditLine]>,
) -> Result<Vec<Wanted>> {
    let Some(asked) = asked else {
        let lines = order.lines.iter();
        return lines
            .map(|line| kept(db, line, line.quantity, line.unit_price))
            .collect();
    };
    let mut wanted: Vec<Wanted> = Vec::with_capacity(asked.len());
    let mut new: Vec<(usize, &NewLine)> = Vec::new();
    for (at, asked) in asked.iter().enumerate() {
        match asked {
            EditLine::New(line) => new.push((at, line)),
            EditLine::Kept {
                line,
                quantity,
                price,
            } => {
                let bad =
                    |words: &'static str| Error::from(Bad::invalid(words).at(format!("items[{at}].id")));
                if wanted.iter().any(|other| other.id == *line) {
                    return Err(bad("names a line twice"));
                }
                let found = order.lines.iter().find(|other| other.id == *line);
                let line = found.ok_or_else(|| bad("is not a line of this order"))?;
                let price = typed(terms, at, line, price.as_ref())?;
                wanted.push(kept(db, line, *quantity, price)?);
            }
        }
    }
    require_what_is_gone(db, order, &wanted)?;
    add(db, by, terms, order, new, &mut wanted)?;
    wanted.sort_by_key(|line| line.id);
    Ok(wanted)
}

/// What a piece of a line that stays is to cost.
fn typed(terms: &Terms, at: usize, line: &Line, price: Option<&RawAmount>) -> Result<Money> {
    let Some(raw) = price else {
        return Ok(line.unit_price);
    };
    let read = raw.to_money(terms.currency).and_then(Money::non_negative);
    read.map_err(|bad| bad.at(format!("items[{at}].price")).into())
}

/// A line that stays. Of what is not for sale any more there may be less, and not more.
fn kept(db: &Snapshot, line: &Line, quantity: i64, price: Money) -> Result<Wanted> {
    let variant = line
        .variant
        .ok_or_else(|| Error::internal("a charge on an order that was placed here"))?;
    let offer = store::products::offer_as_sold(db, variant)?;
    let is_more = quantity > line.quantity;
    if is_more && store::products::offer(db, variant)?.is_none_or(|offer| offer.for_sale().is_none()) {
        let words = format!(
            "{} is not for sale any more: there may only be less of it.",
            line.sku
        );
        return Err(Refusal::NotAllowed(words.into()).into());
    }
    let piece = Piece {
        product: line.product,
        class: offer.class,
        weight_g: offer.weight_g.unwrap_or(0),
        quantity,
        list: line.list_price.unwrap_or(line.unit_price),
        ask: Ask::Set(price),
    };
    Ok(Wanted {
        id: line.id,
        kept: Some(line.clone()),
        good: Good {
            offer,
            piece,
            differs: false,
        },
    })
}

/// What has left of a line, and what was given back for, stays on it; so does a line that a refund names.
fn require_what_is_gone(db: &Snapshot, order: &Order, wanted: &[Wanted]) -> Result<()> {
    let pieces = shipments::pieces(db, order)?;
    for (line, pieces) in order.lines.iter().zip(pieces) {
        let stays = wanted.iter().find(|wanted| wanted.id == line.id);
        let quantity = stays.map_or(0, |wanted| wanted.good.piece.quantity);
        let gone = pieces.shipped + pieces.dropped;
        if quantity < gone {
            let words = format!("{gone} of {} have left or were given back for.", line.sku);
            return Err(Refusal::Rule(words.into()).into());
        }
        if stays.is_none() && store::orders::is_refunded(db, line.id)? {
            let words = format!("A refund names {}: its line stays.", line.sku);
            return Err(Refusal::NotAllowed(words.into()).into());
        }
    }
    Ok(())
}

/// Lines that come, at positions that none has had.
fn add(
    db: &Snapshot,
    by: &Actor,
    terms: &Terms,
    order: &Order,
    new: Vec<(usize, &NewLine)>,
    wanted: &mut Vec<Wanted>,
) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let last = history::last_position(order, &store::orders::changes(db, order.head.id)?);
    if last + new.len() > MOST_POSITIONS {
        let words = "This order has had too many lines to take more.";
        return Err(Refusal::NotAllowed(words.into()).into());
    }
    let goods = place::asked(db, by, terms, new)?;
    let lines = goods.into_iter().enumerate().map(|(nth, good)| Wanted {
        id: LineId::at(order.head.id, last + 1 + nth),
        kept: None,
        good,
    });
    wanted.extend(lines);
    Ok(())
}
