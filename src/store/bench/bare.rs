//! The limit that a bench is held against: the statements of an order on one connection, in batches of 32 and nothing
//! else. No verb, no reply, no HTTP; checkpoints are SQLite's own, inline.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::Columns;
use crate::domain::audit::Target;

use crate::domain::event::EventType;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::money::Money;
use crate::domain::order::Channel;
use crate::domain::order::Contacts;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::Line;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::payment::Provider;
use crate::domain::percent::Percent;
use crate::domain::product::MovementReason;
use crate::domain::product::Offer;
use crate::error::Error;
use crate::error::Result;
use crate::store::Tx;
use crate::store::audit;
use crate::store::customers;
use crate::store::events;
use crate::store::file;
use crate::store::idempotency;
use crate::store::orders;
use crate::store::orders::NewRow;
use crate::store::products;
use crate::store::settings;
use crate::store::stock;
use crate::store::tx::Around;

const BATCH: usize = 32;
/// Pages in the log from which on SQLite moves them, as the store's own setting.
const CHECKPOINT: i64 = 16_000;

/// One order of three lines.
#[derive(Debug, Clone, Copy)]
pub struct Draw {
    /// By whom.
    pub user: UserId,
    /// Of what, and how many.
    pub lines: [(VariantId, i64); 3],
    /// Under which key.
    pub key: [u8; 16],
}

/// One connection with nothing around it.
pub struct Bare {
    db: Connection,
    around: Around,
    /// The JSON of some order's event, so that as many bytes are written.
    event: String,
    _lock: std::fs::File,
}

impl Bare {
    /// Opens the file that no server holds.
    pub fn open(dir: &Path) -> Result<Self> {
        let lock = file::lock(dir)?;
        let db = file::open_writer(dir, file::WRITER_CACHE)?;
        db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
        let event = db.query_row(
            "SELECT data FROM events WHERE type = 1 ORDER BY id DESC LIMIT 1",
            [],
            |row| row.get(0),
        )?;
        Ok(Self {
            db,
            around: Around {
                chain_key: [0; 32],
                on_touch: Arc::new(|_| {}),
            },
            event,
            _lock: lock,
        })
    }

    /// Writes orders for so many seconds; how many.
    pub fn run(&self, seconds: f64, mut draw: impl FnMut() -> Draw) -> Result<u64> {
        let watch = Stopwatch::start();
        let mut orders = 0;
        while watch.seconds() < seconds {
            self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            for _ in 0..BATCH {
                let tx = Tx::new(&self.db, Clock::System.now(), &self.around);
                self.place(&tx, &draw())?;
            }
            self.db.prepare_cached("COMMIT")?.execute([])?;
            orders += BATCH as u64;
        }
        Ok(orders)
    }

    fn place(&self, tx: &Tx, draw: &Draw) -> Result<()> {
        if idempotency::find(tx, &draw.key)?.is_some() {
            return Ok(());
        }
        let customer = customers::of_user(tx, draw.user)?.ok_or(Error::NotFound("customer"))?;
        let terms = settings::terms(tx)?;
        let mut lines = Vec::with_capacity(draw.lines.len());
        for (variant, quantity) in draw.lines {
            let offer = products::offer(tx, variant)?.ok_or(Error::NotFound("product"))?;
            lines.push(line(offer, quantity)?);
        }
        let total = Money::sum(lines.iter().map(|line| line.total)).ok_or(Error::NotFound("total"))?;
        let order = orders::insert(
            tx,
            &NewRow {
                terms: &terms,
                state: OrderState::Pending,
                payment: PaymentStatus::Unpaid,
                fulfilment: FulfilmentStatus::Unfulfilled,
                channel: Channel::Api,
                method: Provider::Manual,
                customer: Some(customer.id),
                user: customer.user,
                placed_by: None,
                item_count: lines.iter().map(|line| line.quantity).sum(),
                subtotal: total,
                discount: Money::ZERO,
                shipping: Money::ZERO,
                tax: Money::ZERO,
                total,
                shipping_method: None,
                coupon: None,
            },
        )?;
        orders::insert_contacts(tx, order, &contacts(customer.email, draw))?;
        for (at, line) in lines.iter_mut().enumerate() {
            line.id = LineId::at(order, at + 1);
            orders::insert_line(tx, order, line)?;
        }
        move_stock(tx, draw, order)?;
        self.tell(tx, draw, order)
    }

    fn tell(&self, tx: &Tx, draw: &Draw, order: OrderId) -> Result<()> {
        let event = events::push(tx, EventType::OrderCreated, order.0, 1, &self.event)?;
        let (last, former) = audit::head(tx)?;
        let row = Columns {
            id: last.0 + 1,
            at: tx.now.ms(),
            actor_kind: ActorKind::User.number(),
            actor: Some(draw.user.0),
            action: Action::OrderCreated.number(),
            target_kind: Target::Order.number(),
            target: Some(order.0),
            event: Some(event.0),
            ip: Some(&[127, 0, 0, 1]),
            request_id: Some(b"00000000-0000-0000-0000-000000000000"),
            content: None,
            told: None,
        };
        audit::push(tx, &row, &former, &former)?;
        idempotency::insert(tx, &draw.key, 0, 1, order.0)
    }
}

fn line(offer: Offer, quantity: i64) -> Result<Line> {
    let price = offer.price.ok_or(Error::NotFound("price"))?;
    Ok(Line {
        id: LineId(0),
        variant: Some(offer.variant),
        product: Some(offer.product),
        quantity,
        unit_price: price,
        list_price: None,
        discount: Money::ZERO,
        tax: Money::ZERO,
        tax_rate: Percent::ZERO,
        has_drifted: false,
        total: price.times(quantity).ok_or(Error::NotFound("total"))?,
        name: offer.full_name(),
        sku: offer.sku,
    })
}

fn contacts(email: Option<String>, draw: &Draw) -> Contacts {
    Contacts {
        token: draw.key,
        email,
        shipping_address: Some(
            "{\"name\":\"Ada Lovelace\",\"line1\":\"12 St James's Square\",\"city\":\"London\",\
             \"postcode\":\"SW1Y 4JH\",\"country\":\"GB\",\"phone\":\"+442071234567\"}"
                .to_owned(),
        ),
        billing_address: None,
        note: Some("Leave it at the door, please.".to_owned()),
        client_token: Some("00000000-0000-0000-0000-000000000000".to_owned()),
    }
}

/// Each variant once, in the order of their ids, as the verb does.
fn move_stock(tx: &Tx, draw: &Draw, order: OrderId) -> Result<()> {
    let mut lines = draw.lines;
    lines.sort_unstable();
    let cause = stock::Cause {
        reason: MovementReason::Sale,
        order: Some(order),
        actor: Some(draw.user),
        note: None,
    };
    for (variant, quantity) in lines {
        stock::shift(tx, variant, -quantity, cause)?;
    }
    Ok(())
}
