//! Taking words out of the index for good. What is taken out of it is only marked as gone, and stays in its pages until they
//! are merged: once in a while by itself, and here when somebody is forgotten.

use rusqlite::params;

use crate::domain::id::CustomerId;
use crate::domain::id::OrderId;
use crate::error::Result;
use crate::store::Tx;
use crate::store::marks;
use crate::store::search::CUSTOMERS;
use crate::store::search::Noun;
use crate::store::search::ORDERS;
use crate::store::search::derive;

/// Where writing an index anew stands. Only its beginning takes in all there is: what is written meanwhile holds nothing
/// that has to go, and would make it begin again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// It begins.
    Begin,
    /// It goes on.
    GoOn,
}

/// Indexes an order as it is now, if it has been.
pub fn put_order(tx: &Tx, id: OrderId) -> Result<()> {
    put(tx, &ORDERS, id.0)
}

/// Indexes a customer as it is now, if it has been.
pub fn put_customer(tx: &Tx, id: CustomerId) -> Result<()> {
    put(tx, &CUSTOMERS, id.0)
}

fn put(tx: &Tx, noun: &Noun, id: i64) -> Result<()> {
    match id <= marks::get(tx, noun.mark)? {
        true => derive::put(tx, noun, id, &mut 0),
        false => Ok(()),
    }
}

/// Writes so many pages of the orders' index anew; whether there is more.
pub fn compact_orders(tx: &Tx, pass: Pass, pages: i64) -> Result<bool> {
    compact(tx, &ORDERS, pass, pages)
}

/// The same of the customers'.
pub fn compact_customers(tx: &Tx, pass: Pass, pages: i64) -> Result<bool> {
    compact(tx, &CUSTOMERS, pass, pages)
}

/// A change of fewer than two rows says that nothing was left to do (<https://www.sqlite.org/fts5.html#the_merge_command>).
fn compact(tx: &Tx, noun: &Noun, pass: Pass, pages: i64) -> Result<bool> {
    let pages = match pass {
        Pass::Begin => -pages,
        Pass::GoOn => pages,
    };
    let before = tx.db().total_changes();
    tx.db().prepare_cached(noun.merge)?.execute(params![pages])?;
    Ok(tx.db().total_changes() - before > 1)
}
