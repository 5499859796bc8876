//! The running shop: the store, the clock, the keys and the copies kept in memory; and the only crossing between async
//! doors and synchronous verbs.

mod cache;
mod feed;
mod figures;
mod hashing;
mod inside;
mod pictures;
mod places;
mod presses;
mod probe;
mod setup_token;
mod turns;
mod walks;

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;

use tokio::sync::oneshot;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::config::Config;
use crate::domain::actor::Actor;
use crate::domain::webhook::Gate;
use crate::domain::webhook::Rules;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Options;
use crate::shop::Reply;
use crate::shop::Snapshot;
use crate::shop::Store;
use crate::shop::Tx;
use crate::shop::payments;
use crate::shop::stock;
use crate::shop::system;
use crate::shop::webhooks;

pub use cache::CachedOrder;
pub use cache::Caches;
pub use cache::OrderCopy;
pub use feed::Piece;
pub use feed::Told;
pub use figures::Memory;
pub use inside::Inside;
pub use places::Place;
pub use presses::Came;
pub use presses::Press;
pub use probe::Checks;
pub use turns::Turn;
pub use walks::End;
pub use walks::Walk;

/// A handle on the running shop; clone it freely.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    keys: Keys,
    config: Config,
    caches: Arc<Caches>,
    commits: watch::Receiver<u64>,
    stops: watch::Sender<bool>,
    started: Stopwatch,
    dir: PathBuf,
    probe: probe::Probe,
    reads: metrics::Histogram,
    writes: metrics::Histogram,
    hashing: hashing::Hashing,
    long_look: Arc<tokio::sync::Semaphore>,
    pictures: pictures::Pictures,
    turns: Arc<turns::Turns>,
    presses: presses::Presses,
    walks: walks::Walks,
    feed: Arc<feed::Feed>,
    places: Arc<places::Places>,
    listens: OnceLock<SocketAddr>,
}

impl App {
    /// Opens the shop below a folder as its one server. `on_failure` is called when the file has failed under a write.
    pub fn open(
        dir: &Path,
        config: Config,
        clock: Clock,
        keys: Keys,
        on_failure: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self> {
        figures::install();
        let caches = Arc::new(Caches::default());
        let forget = Arc::clone(&caches);
        let drops = Arc::clone(&caches);
        let (wake, commits) = watch::channel(0);
        let wake = Arc::new(wake);
        let wake_too = Arc::clone(&wake);
        let store = Store::serve(Options {
            on_failure: Arc::new(on_failure),
            on_change_elsewhere: Arc::new(move || {
                forget.clear();
                wake_too.send_modify(|commits| *commits += 1);
            }),
            on_touch: Arc::new(move |touched| drops.touch(touched)),
            on_commit: Arc::new(move || {
                wake.send_modify(|commits| *commits += 1);
            }),
            queue: config.store.queue as usize,
            readers: config.store.readers as usize,
            checkpoint_pages: i32::try_from(config.store.checkpoint_pages).unwrap_or(i32::MAX),
            ..Options::new(dir, clock.clone(), keys.audit)
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                clock,
                keys,
                config,
                caches,
                commits,
                stops: watch::Sender::new(false),
                started: Stopwatch::start(),
                dir: dir.to_owned(),
                probe: probe::Probe::default(),
                reads: metrics::histogram!("db_read_duration_seconds"),
                writes: metrics::histogram!("db_write_duration_seconds"),
                hashing: hashing::Hashing::start()?,
                long_look: Arc::new(tokio::sync::Semaphore::new(1)),
                pictures: pictures::Pictures::default(),
                turns: Arc::default(),
                presses: presses::Presses::default(),
                walks: walks::Walks::default(),
                feed: Arc::default(),
                places: Arc::default(),
                listens: OnceLock::new(),
            }),
        })
    }

    /// What time it is.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// The process's keys.
    pub fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    /// How the process was set up.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Which endpoints webhooks may have, and which addresses they may reach. A demo may reach this machine.
    pub fn webhook_rules(&self) -> Arc<Rules> {
        let config = self.config();
        let (networks, is_demo) = (config.webhooks.allow_networks.clone(), config.is_demo);
        Arc::new(Rules {
            allow_http: config.webhooks.allow_http || is_demo,
            own_port: config.server.listen.port(),
            allowed: Box::new(move |ip| {
                (is_demo && ip.to_canonical().is_loopback())
                    || networks.iter().any(|network| network.contains(ip))
            }),
        })
    }

    /// The copies in memory.
    pub fn caches(&self) -> &Arc<Caches> {
        &self.inner.caches
    }

    /// Changes with every COMMIT, another process's too: what the worker and long polls wait for.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.inner.commits.clone()
    }

    /// Says that the shop is about to stop: streams end, and probes are told.
    pub fn stop(&self) {
        self.inner.stops.send_replace(true);
    }

    /// Becomes true when the shop is about to stop.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.inner.stops.subscribe()
    }

    /// Says where the shop listens.
    pub fn set_listens(&self, at: SocketAddr) {
        let _ = self.inner.listens.set(at);
    }

    /// Where the shop can be reached from this machine, once it listens.
    pub fn listens(&self) -> Option<SocketAddr> {
        let mut at = *self.inner.listens.get()?;
        if at.ip().is_unspecified() {
            at.set_ip(match at.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        Some(at)
    }

    /// For how long the shop has run.
    pub fn uptime(&self) -> std::time::Duration {
        self.inner.started.elapsed()
    }

    /// The folder of the shop's files.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Whether the file can be written and the disk has room, at most a second old.
    pub async fn checks(&self) -> Checks {
        self.inner.probe.ask(self).await
    }

    /// All figures, as Prometheus reads them.
    pub async fn figures(&self) -> String {
        let now = self.clock().now();
        let counts = move |db: &Snapshot| {
            Ok((
                stock::count_low(db, &Actor::system(), i64::MAX)?,
                webhooks::pending(db, now)?,
                system::given_up(db, &Actor::system())?,
                payments::gates(db, now)?,
            ))
        };
        match self.read(counts).await {
            Ok((low, pending, given_up, gates)) => {
                for (provider, gate) in gates {
                    let is_open = f64::from(u8::from(gate != Gate::Closed));
                    metrics::gauge!("payment_provider_breaker_open", "provider" => provider.name())
                        .set(is_open);
                }
                metrics::gauge!("stock_low_variants").set(low as f64);
                metrics::gauge!("outbox_pending").set(pending.count as f64);
                metrics::gauge!("outbox_oldest_seconds").set(pending.oldest_ms as f64 / 1000.0);
                figures::set_given_up(&given_up);
            }
            Err(error) => tracing::warn!(%error, "what waits and what runs low was not counted"),
        }
        figures::text()
    }

    /// Sums up the times recorded since the last call.
    pub fn sum_up_figures(&self) {
        figures::upkeep();
    }

    /// What the kernel says of the process's memory.
    pub fn memory(&self) -> Memory {
        figures::memory()
    }

    /// The store, for those who need no runtime.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Runs a verb that only looks.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Snapshot) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let watch = Stopwatch::start();
        let (reply, answer) = oneshot::channel();
        self.inner.store.look(Box::new(move |snapshot| {
            if !reply.is_closed() {
                let _ = reply.send(snapshot.and_then(look));
            }
        }))?;
        let answer = answer
            .await
            .unwrap_or_else(|_| Err(Error::internal("a look panicked")));
        self.inner.reads.record(watch.seconds());
        answer
    }

    /// Runs a verb that looks for long (an export, a statistic), beside the others.
    pub async fn read_long<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Snapshot) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.inner.store.clone();
        tokio::task::spawn_blocking(move || store.read(look))
            .await
            .unwrap_or_else(|cause| Err(Error::Internal(cause.into())))
    }

    /// Runs a verb that looks for as long as the file is long (the audit's chain), one at a time. It is told on its way
    /// whether anybody still waits for it; its turn lasts until it is over, also when nobody does.
    pub async fn read_alone<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Snapshot, &dyn Fn() -> bool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.inner.long_look).acquire_owned().await;
        let turn = turn.map_err(|_| Error::Unavailable)?;
        let (reply, answer) = oneshot::channel();
        self.read_long(move |db| {
            let _turn = turn;
            let found = look(db, &|| !reply.is_closed());
            let _ = reply.send(found);
            Ok(())
        })
        .await?;
        answer
            .await
            .unwrap_or_else(|_| Err(Error::internal("a look panicked")))
    }

    /// Runs a verb that changes things; returns once the change is durable.
    pub async fn write<T: Send + 'static>(
        &self,
        act: impl Fn(&Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let watch = Stopwatch::start();
        let (reply, answer) = oneshot::channel();
        self.inner.store.submit(act, Waiter(reply));
        let answer = answer.await.unwrap_or(Err(Error::Unavailable));
        self.inner.writes.record(watch.seconds());
        answer
    }

    /// Runs what costs processor time, such as a password hash; at most two at once. Refused with `Busy` when too many
    /// wait for their turn.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.inner.hashing.submit(Box::new(move || {
            // Done also when the caller has gone: a guess that was counted is looked at.
            let _ = reply.send(work());
        }))?;
        answer
            .await
            .unwrap_or_else(|_| Err(Error::internal("a computation panicked")))
    }

    /// Finishes what waits and closes the file; an error if it has failed.
    pub fn close(&self) -> Result<()> {
        self.inner.store.close()
    }
}

struct Waiter<T>(oneshot::Sender<Result<T>>);

impl<T: Send + 'static> Reply<T> for Waiter<T> {
    fn is_wanted(&self) -> bool {
        !self.0.is_closed()
    }

    fn send(self, answer: Result<T>) {
        // The caller may have gone; the change stands all the same.
        let _ = self.0.send(answer);
    }
}
