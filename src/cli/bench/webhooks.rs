//! What endpoints cost: orders without and with three of them, how soon they have heard everything, deliveries a second,
//! and orders beside a million deliveries that wait.

use std::time::Duration;

use crate::cli::bench::Bench;
use crate::cli::bench::cases;
use crate::cli::bench::cases::Case;
use crate::cli::bench::cases::What;
use crate::cli::bench::plan::Callers;
use crate::cli::bench::plan::Tally;
use crate::cli::bench::receiver::Receiver;
use crate::cli::bench::report::Report;
use crate::cli::bench::report::Row;
use crate::cli::bench::server::Server;
use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::domain::actor::Actor;
use crate::domain::id::EndpointId;
use crate::domain::webhook::Filter;
use crate::domain::webhook::NewEndpoint;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Store;
use crate::shop::webhooks;
use crate::store;

/// How many endpoints are told of every order.
const ENDPOINTS: usize = 3;
/// How many deliveries wait in the last case.
const BACKLOG: i64 = 1_000_000;
/// Rows a transaction.
const CHUNK: i64 = 5_000;
/// How long the endpoints may take to hear everything.
const PATIENCE: Duration = Duration::from_secs(300);

/// The settings of the server: the receiver is on this machine.
const SETTINGS: [(&str, &str); 2] = [
    ("TILL_WEBHOOKS__ALLOW_HTTP", "true"),
    ("TILL_WEBHOOKS__ALLOW_NETWORKS", "127.0.0.0/8"),
];

#[derive(Default)]
struct Rounds {
    without: Vec<Tally>,
    with: Vec<Tally>,
    beside: Vec<Tally>,
    lags: Vec<f64>,
    rates: Vec<f64>,
}

impl Bench {
    /// Each round on a server that has just started: without endpoints, with three, with a backlog.
    pub fn webhooks(&self, store: &Store, callers: &Callers) -> Result<Report> {
        let receiver = Receiver::start()?;
        let mut report = Report::default();
        let mut rounds = Rounds::default();
        let case = cases::cases(What::Orders, &[64], self.orders, None)
            .pop()
            .ok_or_else(|| Error::internal("there is no such case"))?;
        for _ in 0..self.rounds {
            clear(store)?;
            rounds
                .without
                .push(self.measured(store, &case, callers, &mut report)?);
            let told = self.subscribe(store, &receiver)?;
            self.with_endpoints(store, (&case, callers), &receiver, &mut rounds, &mut report)?;
            fill(store, told)?;
            rounds
                .beside
                .push(self.measured(store, &case, callers, &mut report)?);
        }
        clear(store)?;
        tell(&mut report, rounds);
        Ok(report)
    }

    fn measured(&self, store: &Store, case: &Case, callers: &Callers, report: &mut Report) -> Result<Tally> {
        let server = Server::start_with(&self.dir, &SETTINGS)?;
        self.one(store, &server, case, callers, &mut report.failures)
    }

    /// Orders at full speed, then the time until everything has arrived.
    fn with_endpoints(
        &self,
        store: &Store,
        (case, callers): (&Case, &Callers),
        receiver: &Receiver,
        rounds: &mut Rounds,
        report: &mut Report,
    ) -> Result<()> {
        let server = Server::start_with(&self.dir, &SETTINGS)?;
        let before = receiver.heard();
        let tally = self.one(store, &server, case, callers, &mut report.failures)?;
        let watch = Stopwatch::start();
        let at_once = receiver.heard();
        while !is_quiet(store)? {
            if watch.elapsed() > PATIENCE {
                report
                    .failures
                    .push("the endpoints do not hear everything".to_owned());
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let seconds = watch.seconds();
        let (heard, wanted) = (receiver.heard() - before, tally.orders as u64 * ENDPOINTS as u64);
        if heard != wanted {
            report
                .failures
                .push(format!("{heard} messages instead of {wanted}"));
        }
        rounds.lags.push(seconds);
        rounds.rates.push((receiver.heard() - at_once) as f64 / seconds);
        rounds.with.push(tally);
        Ok(())
    }

    fn subscribe(&self, store: &Store, receiver: &Receiver) -> Result<EndpointId> {
        let keys = Keys::load(&self.dir, None)?;
        let mut last = EndpointId(0);
        for number in 0..ENDPOINTS {
            let new = NewEndpoint {
                url: format!("http://{}/{number}", receiver.at),
                filter: Filter::read("order.*"),
                description: None,
                is_enabled: true,
            };
            let keys = keys.clone();
            let made = store.write(move |tx| webhooks::create(tx, &Actor::system(), &keys, None, &new))?;
            if let crate::shop::once::Once::First(made) = made {
                last = made.id;
            }
        }
        Ok(last)
    }
}

/// A million deliveries to one endpoint that failed once and wait, over the next day.
fn fill(store: &Store, endpoint: EndpointId) -> Result<()> {
    for first in (0..BACKLOG).step_by(CHUNK as usize) {
        store.write(move |tx| store::bench::put_off(tx, endpoint, first, CHUNK))?;
    }
    Ok(())
}

/// No endpoint is there any more, nor anything for one.
fn clear(store: &Store) -> Result<()> {
    while store.write(|tx| store::bench::forget_deliveries(tx, CHUNK))? > 0 {}
    Ok(())
}

fn is_quiet(store: &Store) -> Result<bool> {
    let now = Clock::System.now();
    store.read(|db| {
        let all = webhooks::list(db, &Actor::system(), now)?;
        Ok(!webhooks::is_behind(db)? && all.iter().all(|endpoint| endpoint.unfinished == 0))
    })
}

fn tell(report: &mut Report, rounds: Rounds) {
    let rows = [
        ("orders, no endpoint", rounds.without),
        ("orders, 3 endpoints", rounds.with),
        ("orders, 1 M waiting", rounds.beside),
    ];
    for (name, tallies) in rows {
        report.rows.extend(Row::median(name, 64, tallies));
    }
    // Within a round the machine is the same: what a case costs is the middle of what it costs in each.
    let rates: Vec<Vec<f64>> = report.rows.iter().map(|row| row.rounds.clone()).collect();
    if let [without, with, beside] = &rates[..] {
        report.figure("orders with 3 endpoints / without", share(with, without), "%");
        report.figure(
            "orders beside 1 M waiting / with 3 endpoints",
            share(beside, with),
            "%",
        );
    }
    report.figure(
        "until all was heard, after the last order",
        middle(rounds.lags),
        "s",
    );
    report.figure("deliveries a second meanwhile", middle(rounds.rates), "/s");
}

fn share(of: &[f64], whole: &[f64]) -> f64 {
    let each = of.iter().zip(whole).map(|(of, whole)| 100.0 * of / whole);
    middle(each.collect())
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
