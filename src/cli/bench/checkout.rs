//! Carts to orders: what is in the carts, the coupon, the tax and the way of sending are there before, only the checkout is
//! measured, and each has begun a payment at the sandbox.

use crate::cli::bench::Bench;
use crate::cli::bench::cases::Case;
use crate::cli::bench::plan::Caller;
use crate::cli::bench::plan::Callers;
use crate::cli::bench::plan::Load;
use crate::cli::bench::plan::Tally;
use crate::cli::bench::prepare;
use crate::cli::bench::report::Report;
use crate::cli::bench::report::Row;
use crate::cli::bench::requests::Dice;
use crate::cli::bench::requests::LINES;
use crate::cli::bench::server::Server;
use crate::domain::actor::Actor;
use crate::domain::cart::Holder;
use crate::domain::cart::Shown;
use crate::domain::coupon::CouponFields;
use crate::domain::coupon::CouponKind;
use crate::domain::id::CouponId;
use crate::domain::id::TaxRateId;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::money::RawAmount;
use crate::domain::shipping::MethodFields;
use crate::domain::tax::RateFields;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Store;
use crate::shop::Tx;
use crate::shop::coupons;
use crate::shop::shipping;
use crate::shop::taxes;
use crate::store;
use crate::store::bench::Sold;

const COUPON: &str = "BENCH";
const NAME: &str = "checkout";
const CONNECTIONS: usize = 64;
/// Carts filled in one transaction.
const CHUNK: usize = 500;

/// The sandbox is there only where the operator says so.
const SETTINGS: [(&str, &str); 1] = [("TILL_PAYMENTS__SANDBOX", "true")];

impl Bench {
    /// Each round on a server that has just started, with a full cart for every customer.
    pub fn checkout(&self, store: &Store, staff: Vec<Caller>) -> Result<Report> {
        let callers = Callers {
            customers: prepare::sign_in_customers(store, prepare::CUSTOMERS as usize)?,
            staff,
        };
        let method = furnish(store)?;
        let mut report = Report::default();
        let mut tallies = Vec::new();
        for round in 0..self.rounds {
            fill(store, &callers.customers, round)?;
            tallies.push(self.check_out(store, &callers, method, &mut report)?);
        }
        strip(store)?;
        report.rows.extend(Row::median(NAME, CONNECTIONS, tallies));
        report.figure("carts a round", callers.customers.len() as f64, "");
        Ok(report)
    }

    fn check_out(&self, store: &Store, callers: &Callers, method: i64, report: &mut Report) -> Result<Tally> {
        let case = Case {
            name: NAME,
            connections: CONNECTIONS,
            load: Load::Checkouts(method),
        };
        let marks = store.read(store::bench::marks)?;
        let before = store.read(|db| store::bench::sold(db, &marks))?;
        let server = match self.url {
            Some(at) => Server::running(at),
            None => Server::start_with(&self.dir, &SETTINGS)?,
        };
        let tally = self.one(store, &server, &case, callers, &mut report.failures)?;
        let after = store.read(|db| store::bench::sold(db, &marks))?;
        report.memory_after = report.memory_after.max(server.resident().unwrap_or(0));
        report.failures.extend(faults(&tally, before, after));
        Ok(tally)
    }
}

/// What is wrong with a round beside what is wrong with its orders, in sentences.
fn faults(told: &Tally, before: Sold, after: Sold) -> Vec<String> {
    let mut faults = Vec::new();
    for (what, found, wanted) in [
        ("orders with a discount", after.discounted, told.orders),
        ("orders that are sent", after.sent, told.orders),
        ("orders with a tax", after.taxed, told.orders),
        ("payments begun", after.payments, told.orders),
        ("charges at the sandbox", after.charges, told.orders),
        ("uses of the coupon", after.uses - before.uses, told.orders),
        (
            "things taken out of carts",
            before.in_carts - after.in_carts,
            told.lines,
        ),
    ] {
        if found != wanted {
            faults.push(format!("{NAME}: {found} {what} in the file instead of {wanted}"));
        }
    }
    faults
}

/// The coupon, the tax and the way of sending, whose number it is. Nothing but checkouts is measured beside them.
fn furnish(store: &Store) -> Result<i64> {
    store.write(|tx| {
        let by = Actor::system();
        let coupon = CouponFields {
            code: Some(COUPON.to_owned()),
            kind: Some(CouponKind::Percentage),
            value: Some(RawAmount::new("10")),
            limit: Some(Some(1_000_000_000)),
            ..CouponFields::default()
        };
        coupons::create(tx, &by, None, &coupon)?;
        let tax = RateFields {
            name: Some("VAT".to_owned()),
            country: Some("GB".to_owned()),
            percent: Some("20".to_owned()),
            ..RateFields::default()
        };
        taxes::create(tx, &by, None, &tax)?;
        let post = MethodFields {
            name: Some("Post".to_owned()),
            price: Some(RawAmount::new("4.90")),
            ..MethodFields::default()
        };
        shipping::create(tx, &by, None, &post)?;
        let made = store::shipping::all(tx)?.pop();
        made.map(|method| method.id.0)
            .ok_or_else(|| Error::internal("there is no way of sending"))
    })
}

/// Takes coupon, taxes and ways of sending away, also those of a run that did not come to its end.
pub fn strip(store: &Store) -> Result<()> {
    store.write(|tx| {
        let by = Actor::system();
        for rate in store::taxes::all(tx)? {
            taxes::delete(tx, &by, TaxRateId(rate.id.0), None)?;
        }
        for method in store::shipping::all(tx)? {
            shipping::delete(tx, &by, method.id, None)?;
        }
        match store::coupons::by_code(tx, COUPON)? {
            None => Ok(()),
            Some(coupon) => coupons::delete(tx, &by, coupon.id, None),
        }
    })
}

fn fill(store: &Store, callers: &[Caller], round: usize) -> Result<()> {
    for (chunk, callers) in callers.chunks(CHUNK).enumerate() {
        let users: Vec<UserId> = callers.iter().map(|caller| UserId(caller.user)).collect();
        store.write(move |tx| {
            let mut dice = Dice::new((round * prepare::CUSTOMERS as usize + chunk) as u64);
            let coupon = store::coupons::by_code(tx, COUPON)?.map(|coupon| coupon.id);
            users
                .iter()
                .try_for_each(|user| fill_one(tx, *user, coupon, &mut dice))
        })?;
    }
    Ok(())
}

/// Three different things, a piece of each, and the coupon.
fn fill_one(tx: &Tx, user: UserId, coupon: Option<CouponId>, dice: &mut Dice) -> Result<()> {
    let cart = store::carts::open(tx, &Holder::User(user))?;
    store::carts::clear(tx, cart)?;
    let first = dice.upto(prepare::PRODUCTS);
    for number in 0..LINES {
        // Apart by a third of all there are.
        let variant = (first + number * (prepare::PRODUCTS / LINES)) % prepare::PRODUCTS + 1;
        let offer = store::products::offer(tx, VariantId(variant))?;
        let shown = Shown {
            price: offer
                .and_then(|offer| offer.price)
                .ok_or(Error::NotFound("product"))?,
            at: tx.now,
        };
        store::carts::put(tx, cart, VariantId(variant), 1, shown, None)?;
    }
    store::carts::set_coupon(tx, cart, coupon)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FEATURES N13: each planted fault is found, and named; a whole round has none.
    #[test]
    fn a_checkout_that_lacks_something_is_found() {
        let told = Tally {
            orders: 2,
            lines: 6,
            ..Tally::default()
        };
        let before = Sold {
            uses: 5,
            in_carts: 9,
            ..Sold::default()
        };
        let whole = Sold {
            discounted: 2,
            sent: 2,
            taxed: 2,
            payments: 2,
            charges: 2,
            uses: 7,
            in_carts: 3,
        };
        assert_eq!(faults(&told, before, whole), Vec::<String>::new());
        for (named, short) in [
            (
                "1 orders with a discount",
                Sold {
                    discounted: 1,
                    ..whole
                },
            ),
            ("0 orders that are sent", Sold { sent: 0, ..whole }),
            ("1 orders with a tax", Sold { taxed: 1, ..whole }),
            ("1 payments", Sold { payments: 1, ..whole }),
            ("3 charges", Sold { charges: 3, ..whole }),
            ("1 uses", Sold { uses: 6, ..whole }),
            ("5 things", Sold { in_carts: 4, ..whole }),
        ] {
            let said = faults(&told, before, short);
            assert!(said.len() == 1 && said[0].contains(named), "{named}: {said:?}");
        }
    }
}
