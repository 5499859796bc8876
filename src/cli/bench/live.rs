//! How soon those who listen to the feed hear of an order: a hundred streams, a hundred orders a second, and each stream is
//! held to have told each order once and in order.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::cli::bench::Bench;
use crate::cli::bench::WARM;
use crate::cli::bench::check;
use crate::cli::bench::drive::Signer;
use crate::cli::bench::histogram::Histogram;
use crate::cli::bench::machine::Reading;
use crate::cli::bench::plan::Callers;
use crate::cli::bench::plan::Goods;
use crate::cli::bench::plan::Keys;
use crate::cli::bench::plan::Load;
use crate::cli::bench::plan::Tally;
use crate::cli::bench::prepare;
use crate::cli::bench::report::Report;
use crate::cli::bench::report::Row;
use crate::cli::bench::requests::Bearers;
use crate::cli::bench::requests::Maker;
use crate::cli::bench::requests::Source;
use crate::cli::bench::server::Server;
use crate::cli::bench::wire::Wire;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Store;
use crate::store;

/// How many listen.
const LISTENERS: usize = 100;
/// Orders a second, over so many connections in turn.
const RATE: f64 = 100.0;
const CONNECTIONS: usize = 8;
/// How long the last order may take to be heard everywhere.
const PATIENCE: Duration = Duration::from_secs(10);
const NAME: &str = "live, order sent to heard";

/// What a listener has heard: the event, its order, and when, in microseconds of the round.
type Heard = (i64, i64, u64);

/// What came of a round.
struct Round {
    tally: Tally,
    /// The order of each acknowledgement, and when it was sent.
    sent: HashMap<i64, u64>,
    heard: Vec<Vec<Heard>>,
}

impl Bench {
    /// Each round on a server that has just started.
    pub fn live(&self, store: &Store, callers: &Callers) -> Result<Report> {
        let mut report = Report::default();
        let mut tallies = Vec::new();
        for _ in 0..self.rounds {
            prepare::settle(store)?;
            let server = self.server()?;
            let bearers = Rc::new(Signer::new(&self.dir)?.sign(callers)?);
            let marks = store.read(store::bench::marks)?;
            let round = self.listen(store, &server, bearers)?;
            let found = store.read(|db| store::bench::above(db, &marks))?;
            report.failures.extend(check::faults(&round.tally, &found));
            report.failures.extend(faults(&round.sent, &round.heard));
            tallies.push(round.tally);
        }
        let orders = tallies.iter().map(|tally| tally.orders as f64).sum::<f64>();
        report.rows.extend(Row::median(NAME, LISTENERS, tallies));
        report.figure("orders, each to be heard by every listener", orders, "");
        if let Some(p99) = report.rows.first().map(|row| row.p99_ms) {
            report.figure("order sent to heard, p99", p99, "ms");
        }
        Ok(report)
    }

    fn listen(&self, store: &Store, server: &Server, bearers: Rc<Bearers>) -> Result<Round> {
        let newest = store.read(store::events::newest)?.0;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::Internal(cause.into()))?;
        LocalSet::new().block_on(&runtime, round(server, bearers, newest, self.seconds))
    }
}

/// What all of a round share; they run on one thread.
struct Desk {
    since: Stopwatch,
    sent: HashMap<i64, u64>,
    tally: Tally,
    heard: Vec<Vec<Heard>>,
}

impl Desk {
    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

type Shared = Rc<RefCell<Desk>>;

async fn round(server: &Server, bearers: Rc<Bearers>, newest: i64, seconds: f64) -> Result<Round> {
    let desk = Rc::new(RefCell::new(Desk {
        since: Stopwatch::start(),
        sent: HashMap::new(),
        tally: Tally::default(),
        heard: vec![Vec::new(); LISTENERS],
    }));
    let mut listeners = Vec::new();
    for number in 0..LISTENERS {
        let bearer = &bearers.staff[number % bearers.staff.len()];
        let stream = open(server.at, bearer, newest).await?;
        listeners.push(tokio::task::spawn_local(hear(stream, number, Rc::clone(&desk))));
    }
    let from = desk.borrow().now();
    let counted = from + (WARM * 1e6) as u64;
    let until = counted + (seconds * 1e6) as u64;
    let mut posters = Vec::new();
    for number in 0..CONNECTIONS {
        let work = post(server.at, number, Rc::clone(&bearers), until, Rc::clone(&desk));
        posters.push(tokio::task::spawn_local(work));
    }
    tokio::time::sleep(Duration::from_secs_f64(WARM)).await;
    let before = Reading::take(server.pid());
    for poster in posters {
        poster.await.map_err(|cause| Error::Internal(cause.into()))??;
    }
    let (used, took) = (
        Reading::take(server.pid()).since(before),
        desk.borrow().now() - counted,
    );
    let is_whole = || {
        desk.borrow()
            .heard
            .iter()
            .all(|heard| heard.len() >= desk.borrow().sent.len())
    };
    let watch = Stopwatch::start();
    while !is_whole() && watch.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    listeners.iter().for_each(tokio::task::JoinHandle::abort);
    let mut desk = desk.borrow_mut();
    let mut tally = std::mem::take(&mut desk.tally);
    (tally.used, tally.seconds) = (used, took as f64 / 1e6);
    Ok(summed(tally, &mut desk, counted))
}

/// With how long it took until each was heard, of the orders that count.
fn summed(mut tally: Tally, desk: &mut Desk, counted: u64) -> Round {
    let mut latencies = Histogram::default();
    for (_, order, at) in desk.heard.iter().flatten() {
        if let Some(sent) = desk.sent.get(order).filter(|sent| **sent >= counted) {
            latencies.record(at.saturating_sub(*sent));
            tally.replies += 1;
        }
    }
    tally.p50 = latencies.per_mille(500);
    tally.p99 = latencies.per_mille(990);
    Round {
        tally,
        sent: std::mem::take(&mut desk.sent),
        heard: std::mem::take(&mut desk.heard),
    }
}

/// Places orders, each at its time, however long the one before has taken.
async fn post(at: SocketAddr, number: usize, bearers: Rc<Bearers>, until: u64, desk: Shared) -> Result<()> {
    let goods = Goods {
        variants: prepare::PRODUCTS,
        keys: Keys::InTime,
    };
    let source = Source::open(&Load::Orders(goods))?;
    let mut maker = Maker::new(source, number as u64 + 1);
    let mut wire = Wire::open(at).await?;
    let mut request = Vec::with_capacity(4096);
    let apart = CONNECTIONS as f64 / RATE;
    tokio::time::sleep(Duration::from_secs_f64(number as f64 / RATE)).await;
    let mut beat = tokio::time::interval(Duration::from_secs_f64(apart));
    loop {
        beat.tick().await;
        let now = desk.borrow().now();
        let Some(asked) = maker.next(&bearers, &mut request)?.filter(|_| now < until) else {
            return Ok(());
        };
        let status = wire.ask(&request).await?;
        let mut desk = desk.borrow_mut();
        match number_after(wire.body(), b"{\"id\":").filter(|_| status == asked.hoped) {
            None => *desk.tally.refused.entry(status).or_default() += 1,
            Some(order) => {
                desk.sent.insert(order, now);
                desk.tally.orders += 1;
                desk.tally.lines += asked.lines;
                desk.tally.pieces += asked.pieces;
            }
        }
    }
}

/// Asks for the stream, and waits until it has begun.
async fn open(at: SocketAddr, bearer: &str, newest: i64) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(at).await.map_err(broken)?;
    stream.set_nodelay(true).map_err(broken)?;
    let request = format!(
        "GET /api/v1/events/stream?type=order.created&after={newest} HTTP/1.1\r\nhost: localhost\r\n\
         authorization: Bearer {bearer}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.map_err(broken)?;
    let mut read = Vec::new();
    while !read.ends_with(b"retry: 2000\n\n\r\n") {
        if stream.read_buf(&mut read).await.map_err(broken)? == 0 {
            return Err(Error::internal("the server gives no stream"));
        }
    }
    Ok(stream)
}

/// Notes what is told, until the stream ends.
async fn hear(mut stream: TcpStream, number: usize, desk: Shared) {
    let mut read = Vec::with_capacity(64 * 1024);
    while let Ok(1..) = stream.read_buf(&mut read).await {
        let mut desk = desk.borrow_mut();
        let now = desk.now();
        let mut taken = 0;
        while let Some(end) = read[taken..].windows(2).position(|two| two == b"\n\n") {
            let message = &read[taken..taken + end];
            taken += end + 2;
            let event = number_after(message, b"id: ");
            let order = number_after(message, b"\"data\":{\"id\":");
            if let (Some(event), Some(order)) = (event, order) {
                desk.heard[number].push((event, order, now));
            }
        }
        read.drain(..taken);
    }
}

/// The number that stands behind some words.
fn number_after(text: &[u8], words: &[u8]) -> Option<i64> {
    let at = text.windows(words.len()).position(|found| found == words)? + words.len();
    let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let number: Vec<u8> = digits.copied().collect();
    std::str::from_utf8(&number).ok()?.parse().ok()
}

fn broken(cause: std::io::Error) -> Error {
    Error::internal(format!("a listener: {cause}"))
}

/// What is wrong with a round, in sentences; nothing if each listener has heard of each order once, in the feed's order.
fn faults(sent: &HashMap<i64, u64>, heard: &[Vec<Heard>]) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, heard) in heard.iter().enumerate() {
        let orders: HashSet<i64> = heard.iter().map(|(_, order, _)| *order).collect();
        let missed = sent.keys().filter(|order| !orders.contains(order)).count();
        if missed > 0 {
            faults.push(format!("listener {number} has missed {missed} orders"));
        }
        if heard.len() > orders.len() {
            let more = heard.len() - orders.len();
            faults.push(format!("listener {number} has heard of {more} orders twice"));
        }
        if heard.windows(2).any(|two| two[0].0 >= two[1].0) {
            faults.push(format!("listener {number} has heard events out of order"));
        }
        let strange = orders.iter().filter(|order| !sent.contains_key(order)).count();
        if strange > 0 {
            faults.push(format!(
                "listener {number} has heard of {strange} orders that nobody placed"
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    /// H1: each planted fault is found, and named.
    #[test]
    fn a_listener_that_hears_wrong_is_found() {
        let sent: HashMap<i64, u64> = [(1, 0), (2, 0), (3, 0)].into();
        let whole = vec![(11, 1, 5), (12, 2, 5), (14, 3, 6)];
        assert_eq!(
            faults(&sent, &[whole.clone(), whole.clone()]),
            Vec::<String>::new()
        );
        for (named, heard) in [
            ("missed 1", vec![whole[0], whole[2]]),
            ("twice", vec![whole[0], whole[1], whole[1], whole[2]]),
            ("out of order", vec![whole[1], whole[0], whole[2]]),
            ("nobody placed", [&whole[..], &[(15, 9, 7)]].concat()),
        ] {
            let said = faults(&sent, &[whole.clone(), heard]).join("; ");
            assert!(said.contains("listener 1 has") && said.contains(named), "{said}");
            assert!(!said.contains("listener 0"), "{said}");
        }
    }

    #[test]
    fn a_number_stands_behind_its_words() {
        let message = br#"id: 42
data: {"id":42,"data":{"id":7,"x":1}}"#;
        assert_eq!(number_after(message, b"id: "), Some(42));
        assert_eq!(number_after(message, b"\"data\":{\"id\":"), Some(7));
        assert_eq!(number_after(message, b"nothing"), None);
    }
}
