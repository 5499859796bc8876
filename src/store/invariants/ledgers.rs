//! What no index can answer: whether the stock ledger, the feed of events and the audit agree with the orders and the
//! shelves. Each is walked once by id; of an order 16 bytes are kept, of a variant 8, in blocks of 4,096 ids, so that
//! a million orders take 16 MB.

use std::collections::HashMap;

use rusqlite::named_params;

use crate::domain::check::Finding;
use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::product::MovementReason;
use crate::error::Result;
use crate::store::Snapshot;

/// The claims that the walk holds the file to.
pub const NAMES: &[&str] = &[
    "movement.available",
    "stock.ledger",
    "order.stock",
    "event.seq",
    "order.events",
    "order.audit",
];

/// Small numbers by id, in blocks, so that what lies close costs little.
struct Blocks<T>(HashMap<i64, Vec<T>>);

impl<T: Copy + Default> Blocks<T> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn at(&mut self, id: i64) -> &mut T {
        let block = self.0.entry(id >> 12).or_insert_with(|| vec![T::default(); 4096]);
        &mut block[(id & 4095) as usize]
    }

    fn get(&self, id: i64) -> T {
        match self.0.get(&(id >> 12)) {
            Some(block) => block[(id & 4095) as usize],
            None => T::default(),
        }
    }
}

/// What the ledgers say of one order.
#[derive(Clone, Copy, Default)]
struct Seen {
    taken: u32,
    put_back: u32,
    events: u16,
    created: bool,
    audited: bool,
}

struct Walk<'a> {
    db: &'a Snapshot<'a>,
    shelves: Blocks<i64>,
    orders: Blocks<Seen>,
    see: &'a mut dyn FnMut(Finding),
}

/// Walks the ledgers and shows what does not agree.
pub fn walk(db: &Snapshot, see: &mut dyn FnMut(Finding)) -> Result<()> {
    let mut walk = Walk {
        db,
        shelves: Blocks::new(),
        orders: Blocks::new(),
        see,
    };
    walk.movements()?;
    walk.shelves()?;
    walk.events()?;
    walk.audit()?;
    walk.orders()
}

impl Walk<'_> {
    fn tell(&mut self, check: &'static str, row: String, expected: impl ToString, found: impl ToString) {
        (self.see)(Finding {
            check,
            row,
            expected: expected.to_string(),
            found: found.to_string(),
        });
    }

    fn movements(&mut self) -> Result<()> {
        let mut statement = self.db.db().prepare_cached(
            "SELECT id, variant_id, delta, available, order_id, reason FROM stock_movements ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, variant, delta, available): (i64, i64, i64, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let shelf = self.shelves.at(variant);
            let expected = *shelf + delta;
            *shelf = available;
            if expected != available {
                self.tell(
                    "movement.available",
                    format!("movement {id}"),
                    expected,
                    available,
                );
            }
            if let Some(order) = row.get::<_, Option<i64>>(4)? {
                let seen = self.orders.at(order);
                let pieces = u32::try_from(delta.unsigned_abs()).unwrap_or(u32::MAX);
                let is_sale = row.get::<_, MovementReason>(5)? == MovementReason::Sale;
                match (delta < 0, is_sale) {
                    (true, _) => seen.taken = seen.taken.saturating_add(pieces),
                    // An edit has made the order smaller: so much less was taken.
                    (false, true) => seen.taken = seen.taken.saturating_sub(pieces),
                    (false, false) => seen.put_back = seen.put_back.saturating_add(pieces),
                }
            }
        }
        Ok(())
    }

    fn shelves(&mut self) -> Result<()> {
        let mut statement = self
            .db
            .db()
            .prepare_cached("SELECT variant_id, available FROM stock ORDER BY variant_id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (variant, available): (i64, i64) = (row.get(0)?, row.get(1)?);
            let expected = self.shelves.get(variant);
            if expected != available {
                self.tell("stock.ledger", format!("variant {variant}"), expected, available);
            }
        }
        Ok(())
    }

    /// The events of an order count from 1, the first tells of its creation.
    fn events(&mut self) -> Result<()> {
        let mut statement = self
            .db
            .db()
            .prepare_cached("SELECT id, type, subject, seq FROM events ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, number, subject, seq): (i64, i64, i64, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let Some(kind) = EventType::from_number(number) else {
                self.tell("event.seq", format!("event {id}"), "a known type", number);
                continue;
            };
            if subject == 0 || !matches!(kind.stream(), Stream::Orders | Stream::Payments) {
                continue;
            }
            let seen = self.orders.at(subject);
            let expected = i64::from(seen.events) + 1;
            // The feed may have been swept: the first that is left may be any.
            let is_first_left = seen.events == 0 && kind != EventType::OrderCreated;
            seen.events = u16::try_from(seq).unwrap_or(u16::MAX);
            seen.created |= kind == EventType::OrderCreated && seq == 1;
            if expected != seq && !is_first_left {
                self.tell(
                    "event.seq",
                    format!("event {id} of order {subject}"),
                    expected,
                    seq,
                );
            }
        }
        Ok(())
    }

    fn audit(&mut self) -> Result<()> {
        let mut statement = self
            .db
            .db()
            .prepare_cached("SELECT target_id FROM audit WHERE action = 1 AND target_kind = 1 ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(order) = row.get::<_, Option<i64>>(0)? {
                self.orders.at(order).audited = true;
            }
        }
        Ok(())
    }

    /// Before these moments events and audit rows have been swept. (Of the moment of the oldest some may be gone.)
    fn swept_before(&self) -> Result<(i64, i64)> {
        Ok(self.db.db().query_row(
            "SELECT
               ifnull((SELECT at + 1 FROM events WHERE id > 1 ORDER BY id LIMIT 1), 0)
                 * NOT EXISTS (SELECT 1 FROM events WHERE id = 1),
               ifnull((SELECT at + 1 FROM audit WHERE id > 1 ORDER BY id LIMIT 1), 0)
                 * EXISTS (SELECT 1 FROM audit_anchors)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?)
    }

    fn orders(&mut self) -> Result<()> {
        let (no_events_before, no_audit_before) = self.swept_before()?;
        let mut statement = self.db.db().prepare_cached(
            "SELECT o.id, o.events, o.placed_at, o.imported_at IS NOT NULL,
               o.status = :canceled AND o.shipped_at IS NULL AND o.fulfilment_status = 0,
               (SELECT ifnull(sum(l.quantity), 0) FROM order_lines l
                WHERE l.id > o.id << 12 AND l.id < (o.id + 1) << 12 AND l.variant_id IS NOT NULL)
             FROM orders o
             ORDER BY o.id",
        )?;
        let mut rows = statement.query(named_params! { ":canceled": 4 })?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let (events, placed_at): (i64, i64) = (row.get(1)?, row.get(2)?);
            let (is_imported, is_all_back): (bool, bool) = (row.get(3)?, row.get(4)?);
            let seen = self.orders.get(id);
            self.stock_of(id, row.get(5)?, is_imported, is_all_back);
            if placed_at >= no_events_before && i64::from(seen.events) != events {
                self.tell("order.events", format!("order {id}"), events, seen.events);
            } else if placed_at >= no_events_before && !is_imported && !seen.created {
                self.tell(
                    "order.events",
                    format!("order {id}"),
                    "order.created first",
                    "none",
                );
            }
            if placed_at >= no_audit_before && !is_imported && !seen.audited {
                self.tell(
                    "order.audit",
                    format!("order {id}"),
                    "a row for its creation",
                    "none",
                );
            }
        }
        Ok(())
    }

    /// What an order took is what stands on its lines, and no more of it came back. An imported one may have taken
    /// nothing; of one that was canceled before it left, all came back.
    fn stock_of(&mut self, id: i64, on_lines: i64, is_imported: bool, is_all_back: bool) {
        let seen = self.orders.get(id);
        let (taken, put_back) = (i64::from(seen.taken), i64::from(seen.put_back));
        let row = || format!("order {id}");
        if taken != on_lines && !(is_imported && taken == 0) {
            self.tell(
                "order.stock",
                row(),
                format!("{on_lines} taken"),
                format!("{taken} taken"),
            );
        } else if put_back > taken || (is_all_back && put_back < taken) {
            self.tell(
                "order.stock",
                row(),
                format!("{taken} back"),
                format!("{put_back} back"),
            );
        }
    }
}
