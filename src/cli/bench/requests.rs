//! The bytes of requests: made outside the time of anybody but the load generator, with as little of that as can be.

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

use crate::cli::bench::plan::Goods;
use crate::cli::bench::plan::Keys;
use crate::cli::bench::plan::Load;
use crate::cli::bench::plan::Look;
use crate::cli::bench::sales;
use crate::cli::bench::sales::Sale;
use crate::clock::Clock;
use crate::error::Error;
use crate::error::Result;
use crate::secret;

/// A small generator of numbers that look random (SplitMix64); a run may be repeated with the same ones.
pub struct Dice(u64);

impl Dice {
    /// Dice of their own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// The next number of 1 to `most`.
    pub fn upto(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed % most.max(1).unsigned_abs()) as i64 + 1
    }
}

/// What a request asks for, for the count afterwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// The status of a good reply.
    pub hoped: u16,
    /// Lines of an order; 0 if it is none.
    pub lines: i64,
    /// Pieces on them.
    pub pieces: i64,
    /// Whether it is a message of a provider.
    pub is_message: bool,
}

/// Access tokens of those who are signed in.
#[derive(Default)]
pub struct Bearers {
    /// They place orders.
    pub customers: Vec<String>,
    /// They look at all orders, and decide prices.
    pub staff: Vec<String>,
}

/// What all connections of a run take their requests from.
#[derive(Clone)]
pub struct Source {
    load: Rc<Load>,
    sales: Rc<Vec<Sale>>,
    /// The next sale, or the next cart.
    next: Rc<Cell<usize>>,
}

impl Source {
    /// Reads what the load needs.
    pub fn open(load: &Load) -> Result<Self> {
        Ok(Self {
            load: Rc::new(load.clone()),
            sales: Rc::new(match load {
                Load::Replay(file) => sales::read(file)?,
                _ => Vec::new(),
            }),
            next: Rc::default(),
        })
    }

    /// Whether it ends by itself.
    pub fn is_finite(&self) -> bool {
        matches!(*self.load, Load::Replay(_) | Load::Checkouts(_))
    }
}

/// Makes the requests of one connection.
pub struct Maker {
    source: Source,
    dice: Dice,
    body: Vec<u8>,
}

/// Lines of an order, and of a cart: there of one piece each.
pub const LINES: i64 = 3;
/// The part of a body that says where to.
const WHERE_TO: &[u8] =
    b"\"shipping_address\":{\"name\":\"Ada Lovelace\",\"line1\":\"12 St James's Square\",\
    \"city\":\"London\",\"postcode\":\"SW1Y 4JH\",\"country\":\"GB\",\"phone\":\"+442071234567\"},\
    \"note\":\"Leave it at the door, please.\"";
/// What the messages are signed with; the server that is measured is told it.
pub const WEBHOOK_SECRET: &str = "the secret of a bench, of no shop";

impl Maker {
    /// For connection number `seed` of a run.
    pub fn new(source: Source, seed: u64) -> Self {
        Self {
            source,
            dice: Dice::new(seed),
            body: Vec::with_capacity(1024),
        }
    }

    /// Writes the next request to `request`; nothing when there are no more.
    pub fn next(&mut self, bearers: &Bearers, request: &mut Vec<u8>) -> Result<Option<Asked>> {
        request.clear();
        let load = Rc::clone(&self.source.load);
        let made = match &*load {
            Load::Orders(goods) => self.order(bearers, *goods, request).map(Some),
            Load::Look(look) => self.look(bearers, look, request).map(Some),
            Load::Mixed(look, goods) => match self.dice.upto(10) {
                1 => self.order(bearers, *goods, request).map(Some),
                _ => self.look(bearers, look, request).map(Some),
            },
            Load::Replay(_) => self.sale(bearers, request),
            Load::Webhooks => self.message(request).map(Some),
            Load::Checkouts(method) => self.checkout(bearers, *method, request),
        };
        made.map_err(|cause| Error::Internal(cause.into()))
    }

    fn look(&mut self, bearers: &Bearers, look: &Look, request: &mut Vec<u8>) -> std::io::Result<Asked> {
        let number = (self.dice.upto(look.most / look.step)) * look.step;
        let token = &bearers.staff[self.dice.upto(bearers.staff.len() as i64) as usize - 1];
        let (start, end) = look.path.split_once('#').unwrap_or((&look.path, ""));
        request.extend_from_slice(b"GET ");
        request.extend_from_slice(start.as_bytes());
        if start.len() < look.path.len() {
            write!(request, "{number}{end}")?;
        }
        write!(
            request,
            " HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
        )?;
        Ok(Asked {
            hoped: 200,
            ..Asked::default()
        })
    }

    fn order(&mut self, bearers: &Bearers, goods: Goods, request: &mut Vec<u8>) -> std::io::Result<Asked> {
        let mut pieces = 0;
        self.body.clear();
        self.body.extend_from_slice(b"{\"items\":[");
        for line in 0..LINES {
            let quantity = self.dice.upto(3);
            pieces += quantity;
            let comma = if line > 0 { "," } else { "" };
            let variant = self.dice.upto(goods.variants);
            write!(
                self.body,
                "{comma}{{\"variant_id\":{variant},\"quantity\":{quantity}}}"
            )?;
        }
        self.body.extend_from_slice(b"],");
        self.body.extend_from_slice(WHERE_TO);
        self.body.push(b'}');
        let token = &bearers.customers[self.dice.upto(bearers.customers.len() as i64) as usize - 1];
        self.post("orders", token, goods.keys, request)?;
        Ok(Asked {
            hoped: 201,
            lines: LINES,
            pieces,
            ..Asked::default()
        })
    }

    /// The cart of the next customer, with a payment by the sandbox.
    fn checkout(
        &mut self,
        bearers: &Bearers,
        method: i64,
        request: &mut Vec<u8>,
    ) -> std::io::Result<Option<Asked>> {
        let at = self.source.next.get();
        self.source.next.set(at + 1);
        let Some(token) = bearers.customers.get(at) else {
            return Ok(None);
        };
        self.body.clear();
        self.body.push(b'{');
        self.body.extend_from_slice(WHERE_TO);
        write!(
            self.body,
            ",\"shipping_method\":{method},\"payment_method\":\"sandbox\"}}"
        )?;
        self.post("cart/checkout", token, Keys::InTime, request)?;
        Ok(Some(Asked {
            hoped: 201,
            lines: LINES,
            pieces: LINES,
            ..Asked::default()
        }))
    }

    /// A message of a payment, as long as a real one, signed as its provider would.
    fn message(&mut self, request: &mut Vec<u8>) -> std::io::Result<Asked> {
        let id = uuid::Uuid::now_v7();
        let seconds = Clock::System.now().ms() / 1000;
        self.body.clear();
        write!(
            self.body,
            "{{\"id\":\"evt_{id}\",\"type\":\"bench.told\",\"created\":{seconds},\"data\":{{\"provider_ref\":\"bench_{id}\",\
             \"payment_id\":1482,\"order_id\":1482,\"amount\":\"57.95\",\"currency\":\"EUR\",\"words\":\"{:>600}\"}}}}",
            "as long as they are"
        )?;
        let time = seconds.to_string();
        let mac = secret::mac(WEBHOOK_SECRET.as_bytes(), &[time.as_bytes(), b".", &self.body]);
        let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        write!(
            request,
            "POST /api/v1/payments/webhook HTTP/1.1\r\nhost: localhost\r\ntill-signature: t={time},v1={mac}\r\n\
             content-length: {}\r\n\r\n",
            self.body.len()
        )?;
        request.extend_from_slice(&self.body);
        Ok(Asked {
            hoped: 200,
            is_message: true,
            ..Asked::default()
        })
    }

    /// The next sale of the file, as staff with the prices of then.
    fn sale(&mut self, bearers: &Bearers, request: &mut Vec<u8>) -> std::io::Result<Option<Asked>> {
        let at = self.source.next.get();
        self.source.next.set(at + 1);
        let sales = Rc::clone(&self.source.sales);
        let Some(sale) = sales.get(at) else {
            return Ok(None);
        };
        self.body.clear();
        self.body.extend_from_slice(b"{\"items\":[");
        for (number, sold) in sale.lines.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            let (pounds, pence) = (sold.unit_price_pence / 100, sold.unit_price_pence % 100);
            write!(
                self.body,
                "{comma}{{\"sku\":\"{}\",\"quantity\":{},\"price\":\"{pounds}.{pence:02}\"}}",
                sold.sku, sold.qty
            )?;
        }
        self.body.extend_from_slice(b"]}");
        let token = &bearers.staff[at % bearers.staff.len()];
        self.post("orders", token, Keys::InTime, request)?;
        Ok(Some(Asked {
            hoped: 201,
            lines: sale.lines.len() as i64,
            pieces: sale.lines.iter().map(|sold| sold.qty).sum(),
            ..Asked::default()
        }))
    }

    fn post(&self, path: &str, token: &str, keys: Keys, request: &mut Vec<u8>) -> std::io::Result<()> {
        let key = match keys {
            Keys::InTime => uuid::Uuid::now_v7(),
            Keys::Random => uuid::Uuid::new_v4(),
        };
        write!(
            request,
            "POST /api/v1/{path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nidempotency-key: {key}\r\ncontent-length: {}\r\n\r\n",
            self.body.len()
        )?;
        request.extend_from_slice(&self.body);
        Ok(())
    }
}
