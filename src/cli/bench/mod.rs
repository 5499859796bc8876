//! `till bench`: how many durable orders a second, on a file that holds a million. It drives a server over loopback from a
//! process of its own, counts the rows afterwards, and fails if what was acknowledged is not all there.

mod cases;
mod check;
mod checkout;
mod drive;
mod histogram;
mod imports;
mod limit;
mod live;
mod machine;
mod plan;
mod prepare;
mod pricing;
mod receiver;
mod report;
mod requests;
mod sales;
mod server;
mod webhooks;
mod wire;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::process::ExitCode;
use std::process::Stdio;

use clap::Args;

use crate::cli::Context;
use crate::cli::bench::cases::Case;
use crate::cli::bench::cases::What;
use crate::cli::bench::plan::Callers;
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
#[derive(Debug, Args)]
pub struct Bench {
    /// What to measure.
    #[arg(default_value = "all")]
    what: What,
    /// A server that runs already, as 127.0.0.1:8080; its folder is --dir, prepared by an earlier bench.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    url: Option<SocketAddr>,
    /// The folder to measure on.
    #[arg(long, default_value = "data-bench")]
    dir: PathBuf,
    /// The sales to replay: JSON lines, plain or .gz.
    #[arg(long)]
    file: Option<PathBuf>,
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

/// Seconds of a round that do not count.
const WARM: f64 = 1.0;

fn address(text: &str) -> std::result::Result<SocketAddr, std::net::AddrParseError> {
    text.trim_start_matches("http://").trim_end_matches('/').parse()
}

impl Bench {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        if self.drive {
            return drive::run();
        }
        if self.what == What::Replay && self.file.is_none() {
            return Err(Error::internal(
                "say which sales to replay: --file orders.jsonl.gz",
            ));
        }
        match self.what {
            What::Pricing => return finish(context, &pricing::measure(self.seconds)?),
            What::Import => return finish(context, &self.imports()?),
            _ => {}
        }
        if self.url.is_none() {
            prepare::prepare(&self.dir, self.orders)?;
        }
        let keys = Keys::load(&self.dir, None)?;
        let store = Store::beside(Options::new(&self.dir, Clock::System, keys.audit))?;
        let bytes = prepare::warm(&self.dir)?;
        eprintln!("the file was read once: {} MiB", bytes >> 20);
        if let (true, Some(file)) = (self.what.wants(What::Replay), &self.file) {
            prepare::shelves(&store, file)?;
        }
        if self.what.wants(What::Customers) {
            prepare::people(&store)?;
        }
        let callers = Callers {
            customers: prepare::sign_in_customers(&store, 256)?,
            staff: prepare::sign_in_staff(&store, 64)?,
        };
        let report = match self.what {
            What::Webhooks => self.webhooks(&store, &callers)?,
            What::Live => self.live(&store, &callers)?,
            What::Checkout => self.checkout(&store, callers.staff)?,
            _ => self.measure(&store, &callers)?,
        };
        finish(context, &report)
    }

    /// In each round the bare file first, then every case on a server that has just started.
    fn measure(&self, store: &Store, callers: &Callers) -> Result<Report> {
        let cases = cases::cases(self.what, &self.connections, self.orders, self.file.as_deref());
        let mut report = Report::default();
        let mut tallies: Vec<Vec<Tally>> = vec![Vec::new(); cases.len()];
        let mut bare: [Vec<Tally>; 2] = Default::default();
        let mut starts = Vec::new();
        for round in 0..self.rounds {
            if self.url.is_none() && self.what.places_orders() {
                bare[0].push(self.bare(store, KeyKind::InTime, round)?);
                bare[1].push(self.bare(store, KeyKind::Random, round)?);
            }
            let server = self.server()?;
            starts.extend(server.ready_ms.zip(server.resident()));
            for (case, tallies) in cases.iter().zip(&mut tallies) {
                tallies.push(self.one(store, &server, case, callers, &mut report.failures)?);
            }
            report.memory_after = report.memory_after.max(server.resident().unwrap_or(0));
        }
        let [in_time, random] = bare;
        report.rows.extend(Row::median("bare SQLite", 1, in_time));
        report
            .rows
            .extend(Row::median("bare SQLite, random keys", 1, random));
        for (case, tallies) in cases.iter().zip(tallies) {
            report
                .rows
                .extend(Row::median(case.name, case.connections, tallies));
        }
        report.starts(&starts);
        report.shares();
        Ok(report)
    }

    fn bare(&self, store: &Store, keys: KeyKind, round: usize) -> Result<Tally> {
        let users = store.read(store::bench::buyers)?;
        limit::bare(&self.dir, self.seconds, keys, &users, round as u64)
    }

    fn server(&self) -> Result<Server> {
        match self.url {
            Some(at) => Ok(Server::running(at)),
            None => Server::start(&self.dir),
        }
    }

    /// One case in one round: marks, load, count. The worker has caught up before, so that it starts as in peace.
    fn one(
        &self,
        store: &Store,
        server: &Server,
        case: &Case,
        callers: &Callers,
        failures: &mut Vec<String>,
    ) -> Result<Tally> {
        prepare::settle(store)?;
        let plan = Plan {
            at: server.at,
            dir: self.dir.clone(),
            server: server.pid(),
            connections: case.connections,
            warm: WARM,
            seconds: self.seconds,
            load: case.load.clone(),
            callers: callers.clone(),
        };
        let marks = store.read(store::bench::marks)?;
        let kept = store.read(store::bench::messages)?;
        let tally = drive(&plan)?;
        let found = store.read(|db| store::bench::above(db, &marks))?;
        let mut faults = check::faults(&tally, &found);
        let kept = store.read(store::bench::messages)? - kept;
        // A checkout is told of by the sandbox itself, when it comes to it.
        if kept != tally.messages && !matches!(case.load, Load::Checkouts(_)) {
            faults.push(format!(
                "{kept} messages in the file instead of {}",
                tally.messages
            ));
        }
        failures.extend(
            faults
                .into_iter()
                .map(|fault| format!("{} at {}: {fault}", case.name, case.connections)),
        );
        Ok(tally)
    }
}

/// Prints what came of it; whatever was found wrong fails.
fn finish(context: &Context, report: &Report) -> Result<ExitCode> {
    context.print(report, report)?;
    Ok(match report.failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
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
