//! What was sold in a time beside what was sold before it: by period, by thing, by customer. For the shop's own people.

use std::collections::HashMap;
use std::hash::Hash;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::permission::Permission;
use crate::domain::report::Buyer;
use crate::domain::report::Sold;
use crate::domain::report::SoldProduct;
use crate::domain::report::Span;
use crate::domain::statistics::Sums;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::sums;
use crate::store;

/// What was sold in some periods.
#[derive(Debug, Clone)]
pub struct Sales {
    /// In all of them.
    pub whole: Sums,
    /// In each, by its name, also where it is nothing.
    pub periods: Vec<(String, Sums)>,
}

/// What was sold in each period of a time, and in each of the time before it.
pub fn sales(db: &Snapshot, by: &Actor, span: &Span) -> Result<(Sales, Sales)> {
    by.require(Permission::OrdersRead)?;
    let zone = store::settings::get(db)?.zone;
    Ok((sold_in(db, &zone, span)?, sold_in(db, &zone, &span.before())?))
}

fn sold_in(db: &Snapshot, zone: &Zone, span: &Span) -> Result<Sales> {
    let (from, until) = span.bounds(zone);
    let tally = sums::tally(db, zone, from, until)?;
    let series = tally.series(zone, span.cut).into_iter();
    let mut found: HashMap<String, Sums> = series.map(|stretch| (stretch.period, stretch.sums)).collect();
    let periods = span.names(zone).map(|name| {
        let sums = found.remove(&name).unwrap_or_default();
        (name, sums)
    });
    Ok(Sales {
        periods: periods.collect(),
        whole: tally.whole(),
    })
}

/// What was sold of each thing, the most for the most money first, and how many things that are; so many of them at most.
pub fn products(db: &Snapshot, by: &Actor, span: &Span, most: usize) -> Result<(usize, Vec<SoldProduct>)> {
    by.require(Permission::OrdersRead)?;
    let zone = store::settings::get(db)?.zone;
    let (from, until) = span.bounds(&zone);
    let now = store::reports::things(db, from, until)?;
    let (from, until) = span.before().bounds(&zone);
    let before = store::reports::things(db, from, until)?;
    let count = now.len();
    let rows = most_first(now, most, |thing| thing.sold);
    let rows = rows.into_iter().map(|(sku, thing)| SoldProduct {
        before: before.get(&sku).map(|thing| thing.sold).unwrap_or_default(),
        name: thing.name,
        product: thing.product,
        variant: thing.variant,
        now: thing.sold,
        sku,
    });
    Ok((count, rows.collect()))
}

/// What each customer has bought, whoever has spent the most first, and how many have; so many of them at most.
pub fn customers(db: &Snapshot, by: &Actor, span: &Span, most: usize) -> Result<(usize, Vec<Buyer>)> {
    by.require(Permission::CustomersStatistics)?;
    by.require(Permission::CustomersRead)?;
    let zone = store::settings::get(db)?.zone;
    let (from, until) = span.bounds(&zone);
    let now = store::reports::buyers(db, from, until)?;
    let (from, until) = span.before().bounds(&zone);
    let before = store::reports::buyers(db, from, until)?;
    let count = now.len();
    let rows = most_first(now, most, |sold| *sold);
    let rows = rows.into_iter().map(|(id, now)| {
        let customer = store::customers::get(db, id)?;
        Ok(Buyer {
            id,
            name: customer.name,
            country: customer.country,
            before: before.get(&id).copied().unwrap_or_default(),
            now,
        })
    });
    Ok((count, rows.collect::<Result<_>>()?))
}

fn most_first<K: Ord + Hash + Clone, V>(
    all: HashMap<K, V>,
    most: usize,
    sold: impl Fn(&V) -> Sold,
) -> Vec<(K, V)> {
    let mut rows: Vec<(K, V)> = all.into_iter().collect();
    rows.sort_unstable_by(|(a, one), (b, other)| {
        sold(other).total.cmp(&sold(one).total).then_with(|| a.cmp(b))
    });
    rows.truncate(most);
    rows
}

/// Notes that a report leaves the house, and which was asked for. Customers' need the right to take customers out.
pub fn note_export(tx: &Tx, by: &Actor, report: &str, asked: &str) -> Result<()> {
    by.require(match report {
        "customers" => Permission::CustomersExport,
        _ => Permission::OrdersExport,
    })?;
    let content = serde_json::json!({ "report": report, "query": asked }).to_string();
    let target = (Target::None, None);
    audit::note(tx, by, Action::ReportExported, target, None, Some(&content))
}
