//! What is measured: each line of the table as a load and a number of connections.

use std::path::Path;

use clap::ValueEnum;

use crate::cli::bench::plan::Goods;
use crate::cli::bench::plan::Keys;
use crate::cli::bench::plan::Load;
use crate::cli::bench::plan::Look;
use crate::cli::bench::prepare;
use crate::clock::Clock;
use crate::domain::time;

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Three lines out of 100,000 products, keys in the order of time.
    Orders,
    /// The same with random keys, at 64 connections.
    OrdersRandomKeys,
    /// Three lines out of 10 products, at 64 connections.
    OrdersHot,
    /// An order's detail from memory and from the file, lists, the catalogue, and a route that does nothing.
    Reads,
    /// Ninety details at ten orders placed.
    Mixed,
    /// The sales of --file, each once, in order, as staff with the prices of then.
    Replay,
    /// Messages of a provider of payments, each signed and kept before it is answered.
    Payments,
    /// Orders without endpoints of webhooks, with three, and beside a million deliveries that wait.
    Webhooks,
    /// A hundred listeners of the feed, and a hundred orders a second: how soon each hears of each, once and in order.
    Live,
    /// Carts of three lines with a coupon, a tax and a way of sending, each to an order with a payment begun.
    Checkout,
    /// Customers searched for among 200,000, by a name, the beginning of many, and a word that all have.
    Customers,
    /// What the shop has sold, between two days and of all time.
    Statistics,
    /// A cart of a hundred lines, priced again and again in this process.
    Pricing,
    /// Products from a file in our own layout and in Shopify's.
    Import,
    /// Everything but webhooks, live, checkout, pricing and import; replay only with --file.
    All,
}

/// A line of the table, to be measured in each round.
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// On how many connections.
    pub connections: usize,
    /// What is asked.
    pub load: Load,
}

/// How many connections, where it is not told.
const CONNECTIONS: usize = 64;
/// How many ask for lists, each of 76 kB.
const LISTS: usize = 16;

const ANY: Goods = Goods {
    variants: prepare::PRODUCTS,
    keys: Keys::InTime,
};

impl What {
    /// Whether `part` belongs to what is wanted.
    pub fn wants(self, part: Self) -> bool {
        self == part || self == Self::All
    }

    /// Whether orders are placed, so that the bare file is measured beside them.
    pub fn places_orders(self) -> bool {
        self.wants(Self::Orders) || self.wants(Self::OrdersRandomKeys)
    }
}

/// The lines of the table, in their order.
pub fn cases(what: What, connections: &[usize], orders: i64, file: Option<&Path>) -> Vec<Case> {
    let mut cases = Vec::new();
    // Looks come first: at so many orders as are asked for, and not at those that the others add.
    if what.wants(What::Reads) {
        cases.extend(reads(orders));
    }
    if what.wants(What::Orders) {
        cases.extend(connections.iter().map(|count| Case {
            name: "orders",
            connections: *count,
            load: Load::Orders(ANY),
        }));
    }
    if what.wants(What::OrdersRandomKeys) {
        cases.push(placing(
            "orders-random-keys",
            Goods {
                keys: Keys::Random,
                ..ANY
            },
        ));
    }
    if what.wants(What::OrdersHot) {
        cases.push(placing("orders-hot", Goods { variants: 10, ..ANY }));
    }
    if what.wants(What::Mixed) {
        cases.push(Case {
            name: "mixed 90/10",
            connections: CONNECTIONS,
            load: Load::Mixed(look("/api/v1/orders/#", orders, 1), ANY),
        });
    }
    if what.wants(What::Payments) {
        cases.push(Case {
            name: "webhooks in",
            connections: CONNECTIONS,
            load: Load::Webhooks,
        });
    }
    if what.wants(What::Customers) {
        cases.extend(customers());
    }
    if what.wants(What::Statistics) {
        cases.extend(statistics());
    }
    if let (true, Some(file)) = (what.wants(What::Replay), file) {
        cases.push(Case {
            name: "replay",
            connections: CONNECTIONS,
            load: Load::Replay(file.to_owned()),
        });
    }
    cases
}

fn placing(name: &'static str, goods: Goods) -> Case {
    Case {
        name,
        connections: CONNECTIONS,
        load: Load::Orders(goods),
    }
}

fn reads(orders: i64) -> Vec<Case> {
    let few = (orders / 64).max(1);
    [
        ("nothing", CONNECTIONS, look("/api/v1/nothing", 1, 1)),
        (
            "detail, cached",
            CONNECTIONS,
            look("/api/v1/orders/#", orders, few),
        ),
        (
            "detail, uncached",
            CONNECTIONS,
            look("/api/v1/orders/#", orders, 1),
        ),
        ("list, newest", LISTS, look("/api/v1/orders?limit=50", 1, 1)),
        (
            "list, pending",
            LISTS,
            look("/api/v1/orders?limit=50&status=pending", 1, 1),
        ),
        (
            "list, of a customer",
            LISTS,
            look("/api/v1/orders?limit=50&customer_id=#", prepare::CUSTOMERS, 1),
        ),
        (
            "list, 50,000 in vain",
            LISTS,
            look("/api/v1/orders?limit=50&min_total=9999999.00", 1, 1),
        ),
        (
            "catalogue, 20",
            CONNECTIONS,
            look("/api/v1/products/public?limit=20", 1, 1),
        ),
        (
            "product",
            CONNECTIONS,
            look("/api/v1/products/public/#", prepare::PRODUCTS, 1),
        ),
    ]
    .map(|(name, connections, look)| looking(name, connections, look))
    .into()
}

fn customers() -> Vec<Case> {
    let added = prepare::PEOPLE - prepare::CUSTOMERS;
    [
        (
            "customers, one by name",
            look("/api/v1/customers?q=person#", added, 1),
        ),
        (
            "customers, of a name",
            look("/api/v1/customers?q=family#", prepare::FAMILIES, 1),
        ),
        ("customers, all of them", look("/api/v1/customers?q=person", 1, 1)),
    ]
    .map(|(name, look)| looking(name, 1, look))
    .into()
}

fn statistics() -> Vec<Case> {
    // In the midst of a day that orders were spread over.
    let month = Clock::System.now().minus_ms(300 * time::DAY).to_string();
    let since = format!(
        "/api/v1/orders/statistics?by=week&from={}-1#T11:00:00Z",
        &month[..7]
    );
    [
        ("statistics, since a moment", look(&since, 9, 1)),
        (
            "statistics, of all time",
            look("/api/v1/orders/statistics?by=month", 1, 1),
        ),
    ]
    .map(|(name, look)| looking(name, 1, look))
    .into()
}

fn looking(name: &'static str, connections: usize, look: Look) -> Case {
    Case {
        name,
        connections,
        load: Load::Look(look),
    }
}

fn look(path: &str, most: i64, step: i64) -> Look {
    Look {
        path: path.to_owned(),
        most,
        step,
    }
}
