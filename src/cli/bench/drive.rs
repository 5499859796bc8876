//! The load generator: reads a plan, asks on every connection as fast as replies come, writes what came of it.

use std::cell::RefCell;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use crate::cli::bench::histogram::Histogram;
use crate::cli::bench::machine::Reading;
use crate::cli::bench::machine::Used;
use crate::cli::bench::plan::Caller;
use crate::cli::bench::plan::Callers;
use crate::cli::bench::plan::Plan;
use crate::cli::bench::plan::Tally;
use crate::cli::bench::requests::Asked;
use crate::cli::bench::requests::Bearers;
use crate::cli::bench::requests::Maker;
use crate::cli::bench::requests::Source;
use crate::cli::bench::wire::Wire;
use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::error::Error;
use crate::error::Result;
use crate::http::token::Tokens;
use crate::secret::Keys;

/// Access tokens live 600 seconds; new ones are signed in time.
const RENEW_AFTER: u64 = 300;

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Warming,
    Counting,
    Over,
}

/// What all connections share; they run on one thread.
struct Desk {
    phase: Phase,
    bearers: Rc<Bearers>,
    latencies: Histogram,
    tally: Tally,
}

type Shared = Rc<RefCell<Desk>>;

/// Reads the plan from standard input and writes the tally to standard output.
pub fn run() -> Result<ExitCode> {
    let plan: Plan =
        serde_json::from_reader(std::io::stdin().lock()).map_err(|cause| Error::Internal(cause.into()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::Internal(cause.into()))?;
    let tally = tokio::task::LocalSet::new().block_on(&runtime, drive(plan))?;
    serde_json::to_writer(std::io::stdout().lock(), &tally).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(ExitCode::SUCCESS)
}

async fn drive(plan: Plan) -> Result<Tally> {
    let plan = Rc::new(plan);
    let signer = Signer::new(&plan.dir)?;
    let desk = Rc::new(RefCell::new(Desk {
        phase: Phase::Warming,
        bearers: Rc::new(signer.sign(&plan.callers)?),
        latencies: Histogram::default(),
        tally: Tally::default(),
    }));
    let source = Source::open(&plan.load)?;
    let renewing = tokio::task::spawn_local(renew(signer, Rc::clone(&plan), Rc::clone(&desk)));
    let mut connections = Vec::with_capacity(plan.connections);
    for number in 0..plan.connections {
        let wire = Wire::open(plan.at).await?;
        let maker = Maker::new(source.clone(), number as u64 + 1);
        connections.push(tokio::task::spawn_local(ask_on(wire, maker, Rc::clone(&desk))));
    }
    let all = async {
        for connection in connections {
            connection
                .await
                .map_err(|cause| Error::Internal(cause.into()))??;
        }
        Ok::<_, Error>(())
    };
    let (used, seconds) = match source.is_finite() {
        true => to_the_end(&plan, &desk, all).await?,
        false => for_a_time(&plan, &desk, all).await?,
    };
    renewing.abort();
    let mut desk = desk.borrow_mut();
    desk.tally.used = used;
    desk.tally.seconds = seconds;
    desk.tally.p50 = desk.latencies.per_mille(500);
    desk.tally.p99 = desk.latencies.per_mille(990);
    Ok(std::mem::take(&mut desk.tally))
}

/// Counts between two moments. What was asked is waited for, so that every order that was placed is known.
async fn for_a_time(
    plan: &Plan,
    desk: &Shared,
    all: impl Future<Output = Result<()>>,
) -> Result<(Used, f64)> {
    tokio::time::sleep(Duration::from_secs_f64(plan.warm)).await;
    let before = Reading::take(plan.server);
    let watch = Stopwatch::start();
    desk.borrow_mut().phase = Phase::Counting;
    tokio::time::sleep(Duration::from_secs_f64(plan.seconds)).await;
    desk.borrow_mut().phase = Phase::Over;
    let told = (Reading::take(plan.server).since(before), watch.seconds());
    all.await?;
    Ok(told)
}

/// Counts everything.
async fn to_the_end(
    plan: &Plan,
    desk: &Shared,
    all: impl Future<Output = Result<()>>,
) -> Result<(Used, f64)> {
    let before = Reading::take(plan.server);
    let watch = Stopwatch::start();
    desk.borrow_mut().phase = Phase::Counting;
    all.await?;
    Ok((Reading::take(plan.server).since(before), watch.seconds()))
}

async fn ask_on(mut wire: Wire, mut maker: Maker, desk: Shared) -> Result<()> {
    let mut request = Vec::with_capacity(4096);
    while desk.borrow().phase != Phase::Over {
        let bearers = Rc::clone(&desk.borrow().bearers);
        let Some(asked) = maker.next(&bearers, &mut request)? else {
            break;
        };
        let watch = Stopwatch::start();
        let status = wire.ask(&request).await?;
        let latency = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
        desk.borrow_mut().note(asked, status, latency);
    }
    Ok(())
}

impl Desk {
    fn note(&mut self, asked: Asked, status: u16, latency: u64) {
        if status != asked.hoped {
            *self.tally.refused.entry(status).or_default() += 1;
            return;
        }
        if asked.lines > 0 {
            self.tally.orders += 1;
            self.tally.lines += asked.lines;
            self.tally.pieces += asked.pieces;
        }
        self.tally.messages += i64::from(asked.is_message);
        if self.phase == Phase::Counting {
            self.tally.replies += 1;
            self.latencies.record(latency);
        }
    }
}

/// Signs access tokens as the server does, with its key.
pub struct Signer(Tokens);

impl Signer {
    /// With the key of the server on this folder.
    pub fn new(dir: &Path) -> Result<Self> {
        Ok(Self(Tokens::new(&Keys::load(dir, None)?.token)))
    }

    /// A token for each who is signed in.
    pub fn sign(&self, callers: &Callers) -> Result<Bearers> {
        Ok(Bearers {
            customers: self.all(&callers.customers)?,
            staff: self.all(&callers.staff)?,
        })
    }

    fn all(&self, callers: &[Caller]) -> Result<Vec<String>> {
        let now = Clock::System.now();
        callers
            .iter()
            .map(|caller| {
                self.0.sign(
                    UserId(caller.user),
                    SessionId(caller.session),
                    &caller.role,
                    caller.epoch,
                    now,
                )
            })
            .collect()
    }
}

async fn renew(signer: Signer, plan: Rc<Plan>, desk: Shared) {
    loop {
        tokio::time::sleep(Duration::from_secs(RENEW_AFTER)).await;
        if let Ok(bearers) = signer.sign(&plan.callers) {
            desk.borrow_mut().bearers = Rc::new(bearers);
        }
    }
}
