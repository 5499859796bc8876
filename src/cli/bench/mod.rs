//! `till bench`: how many durable orders a second, on a file that holds a million. It drives a server over loopback from a
//! process of its own, counts the rows afterwards, and fails if what was acknowledged is not all there.

mod check;
mod drive;
mod histogram;
mod machine;
mod plan;
mod prepare;
mod report;
mod requests;
mod server;
mod wire;

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::process::ExitCode;
use std::process::Stdio;

use clap::Args;
use clap::ValueEnum;

use crate::cli::Context;
use crate::cli::bench::plan::Caller;
use crate::cli::bench::plan::Keys as KeyKind;
use crate::cli::bench::plan::Load;
use crate::cli::bench::plan::Plan;
use crate::cli::bench::plan::Tally;
use crate::cli::bench::report::Report;
use crate::cli::bench::report::Row;
use crate::cli::bench::server::Server;
use crate::clock::Clock;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Options;
use crate::shop::Store;
use crate::store;

/// Measure orders and reads a second.
///
/// Each figure is the median of three rounds. The folder is made on the first run, which takes some minutes and some
/// gigabytes, and kept.
#[derive(Debug, Args)]
pub struct Bench {
    /// What to measure.
    #[arg(default_value = "all")]
    what: What,
    /// A server that runs already, as 127.0.0.1:8080; its folder is --dir, prepared by an earlier bench.
    #[arg(long)]
    url: Option<std::net::SocketAddr>,
    /// The folder to measure on.
    #[arg(long, default_value = "data-bench")]
    dir: PathBuf,
    /// How many orders the file holds before.
    #[arg(long, default_value_t = 1_000_000)]
    orders: i64,
    /// At how many connections `orders` is measured.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256])]
    connections: Vec<usize>,
    /// How long each round counts.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// How many rounds; the median is told.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Be the load generator: a plan on standard input.
    #[arg(long, hide = true)]
    drive: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Three lines out of 100,000 products, keys in the order of time.
    Orders,
    /// The same with random keys, at 64 connections.
    OrdersRandomKeys,
    /// Three lines out of 10 products, at 64 connections.
    OrdersHot,
    /// Everything.
    All,
}

/// A line of the table, to be measured in each round.
struct Case {
    name: &'static str,
    connections: usize,
    load: Load,
}

/// How many connections, where it is not told.
const CONNECTIONS: usize = 64;
/// Seconds of a round that do not count.
const WARM: f64 = 1.0;

impl Bench {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        if self.drive {
            return drive::run();
        }
        if self.url.is_none() {
            prepare::prepare(&self.dir, self.orders)?;
        }
        let keys = Keys::load(&self.dir, None)?;
        let store = Store::beside(Options::new(&self.dir, Clock::System, keys.audit))?;
        let bytes = prepare::warm(&self.dir)?;
        eprintln!("the file was read once: {} MiB", bytes >> 20);
        let callers = Callers {
            customers: prepare::sign_in_customers(&store, 256)?,
            _staff: prepare::sign_in_staff(&store, 64)?,
        };
        let mut report = Report::default();
        self.measure(&store, &callers, &mut report)?;
        context.print(&report, &report)?;
        Ok(match report.failures.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }

    fn measure(&self, store: &Store, callers: &Callers, report: &mut Report) -> Result<()> {
        let cases = self.cases();
        let mut tallies: Vec<Vec<Tally>> = vec![Vec::new(); cases.len()];
        let mut starts = Vec::new();
        for _ in 0..self.rounds {
            let server = self.server()?;
            starts.extend(server.ready_ms.zip(server.resident()));
            for (case, tallies) in cases.iter().zip(&mut tallies) {
                let (tally, faults) = self.one(store, &server, case, callers)?;
                let failed = faults
                    .into_iter()
                    .map(|fault| format!("{} at {}: {fault}", case.name, case.connections));
                report.failures.extend(failed);
                tallies.push(tally);
            }
            if let Some(bytes) = server.resident() {
                report.memory_after = report.memory_after.max(bytes);
            }
        }
        report.starts(&starts);
        for (case, tallies) in cases.iter().zip(tallies) {
            report
                .rows
                .extend(Row::median(case.name, case.connections, tallies));
        }
        Ok(())
    }

    fn server(&self) -> Result<Server> {
        match self.url {
            Some(at) => Ok(Server::running(at)),
            None => Server::start(&self.dir),
        }
    }

    fn cases(&self) -> Vec<Case> {
        let orders = |name, connections, variants, keys| Case {
            name,
            connections,
            load: Load::Orders { variants, keys },
        };
        let mut cases = Vec::new();
        if self.wants(What::Orders) {
            cases.extend(
                self.connections
                    .iter()
                    .map(|count| orders("orders", *count, prepare::PRODUCTS, KeyKind::InTime)),
            );
        }
        if self.wants(What::OrdersRandomKeys) {
            cases.push(orders(
                "orders-random-keys",
                CONNECTIONS,
                prepare::PRODUCTS,
                KeyKind::Random,
            ));
        }
        if self.wants(What::OrdersHot) {
            cases.push(orders("orders-hot", CONNECTIONS, 10, KeyKind::InTime));
        }
        cases
    }

    fn wants(&self, what: What) -> bool {
        self.what == what || self.what == What::All
    }

    /// One case in one round: marks, load, count.
    fn one(
        &self,
        store: &Store,
        server: &Server,
        case: &Case,
        callers: &Callers,
    ) -> Result<(Tally, Vec<String>)> {
        let plan = Plan {
            at: server.at,
            dir: self.dir.clone(),
            server: server.pid(),
            connections: case.connections,
            warm: WARM,
            seconds: self.seconds,
            load: case.load.clone(),
            callers: callers.customers.clone(),
        };
        let marks = store.read(store::bench::marks)?;
        let tally = drive(&plan)?;
        let found = store.read(|db| store::bench::above(db, &marks))?;
        Ok((tally.clone(), check::faults(&tally, &found)))
    }
}

/// Who is signed in.
struct Callers {
    customers: Vec<Caller>,
    _staff: Vec<Caller>,
}

/// Runs the load generator as a process of its own.
fn drive(plan: &Plan) -> Result<Tally> {
    let trouble = |cause: std::io::Error| Error::internal(format!("the load generator: {cause}"));
    let program = std::env::current_exe().map_err(trouble)?;
    let mut child = Command::new(program)
        .args(["bench", "--drive"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(trouble)?;
    let plan = serde_json::to_vec(plan).map_err(|cause| Error::Internal(cause.into()))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&plan).map_err(trouble)?;
    }
    let done = child.wait_with_output().map_err(trouble)?;
    match done.status.success() {
        true => serde_json::from_slice(&done.stdout).map_err(|cause| Error::Internal(cause.into())),
        false => Err(Error::internal("the load generator failed")),
    }
}
