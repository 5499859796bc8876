//! Deliveries go out: so many at once, so many to each endpoint, and what they come to is noted many at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::Id;
use tokio::task::JoinError;
use tokio::task::JoinHandle;
use tokio::task::JoinSet;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::domain::id::DeliveryId;
use crate::domain::time::Timestamp;
use crate::domain::webhook::FailureKind;
use crate::domain::webhook::Missed;
use crate::domain::webhook::Tried;
use crate::error::Error;
use crate::error::Result;
use crate::gateway::Web;
use crate::gateway::web::Post;
use crate::shop::webhooks;
use crate::shop::webhooks::Loss;
use crate::shop::webhooks::Room;
use crate::shop::webhooks::Sending;
use crate::shop::webhooks::Whose;
use crate::worker::AFTER_FAILURE;
use crate::worker::Outcome;
use crate::worker::PAUSE;

/// At once, in all and to one endpoint (OWH-10).
const MOST: usize = 64;
const FOR_EACH: usize = 4;
/// Answers that wait to be noted, so that what is under way stays little: it may be sent twice if the process dies.
const MOST_UNSETTLED: usize = 256;
/// More events a second than these: orders come in at full speed, and deliveries give way.
const FULL_SPEED: f64 = 300.0;

/// What sends. It alone knows what is under way; whoever starts anew finds that due again.
pub struct Sender {
    app: App,
    /// Made for the first delivery: a shop that tells nobody anything holds no certificates.
    web: Option<Web>,
    tasks: JoinSet<Option<Tried>>,
    sent: HashMap<Id, (Sending, Timestamp)>,
    room: Room,
    answers: Arc<Vec<Tried>>,
    /// Answers that are being noted.
    batch: Arc<Vec<Tried>>,
    settling: Option<JoinHandle<Result<Vec<Loss>>>>,
    next_due: Option<Timestamp>,
    pace: Pace,
}

impl Sender {
    /// One that has nothing under way.
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            web: None,
            tasks: JoinSet::new(),
            sent: HashMap::new(),
            room: Room::default(),
            answers: Arc::default(),
            batch: Arc::default(),
            settling: None,
            next_due: None,
            pace: Pace::new(),
        }
    }

    fn web(&mut self) -> Result<Web> {
        if let Some(web) = &self.web {
            return Ok(web.clone());
        }
        let web = Web::new(self.app.webhook_rules(), &self.app.config().webhooks)?;
        Ok(self.web.insert(web).clone())
    }

    /// Sends what is due and there is room for; how many.
    async fn start(&mut self) -> Result<usize> {
        let now = self.app.clock().now();
        self.room.for_each = FOR_EACH;
        self.room.left =
            (MOST - self.tasks.len()).min(MOST_UNSETTLED.saturating_sub(self.room.under_way.len()));
        let (keys, room) = (self.app.keys().clone(), self.room.clone());
        let picked = self
            .app
            .read(move |db| webhooks::pick(db, &keys, now, &room))
            .await?;
        self.next_due = picked.next_due;
        self.pace.see(picked.newest);
        let started = picked.sendings.len() + picked.broken.len();
        for (delivery, attempts, words) in picked.broken {
            tracing::error!(delivery = delivery.0, "a delivery cannot be sent: {words}");
            self.room.under_way.insert(delivery);
            let tried = broken(delivery, attempts, now);
            count(&tried);
            Arc::make_mut(&mut self.answers).push(tried);
        }
        if picked.sendings.is_empty() {
            return Ok(started);
        }
        let web = self.web()?;
        for sending in picked.sendings {
            self.room.under_way.insert(sending.delivery);
            match &sending.whose {
                Whose::Own => {}
                Whose::Other(due) => _ = self.room.under_way.insert(due.delivery),
                Whose::Nobodys => _ = self.room.knocked.insert(sending.delivery.endpoint(), now),
            }
            *self.room.sending.entry(sending.delivery.endpoint()).or_default() += 1;
            let task = self.tasks.spawn(send(web.clone(), sending.clone(), now));
            self.sent.insert(task.id(), (sending, now));
            // It has begun before the next: of tasks that are spawned together the last would.
            tokio::task::yield_now().await;
        }
        Ok(started)
    }

    /// Waits for an answer.
    async fn gather(&mut self) {
        if let Some(joined) = self.tasks.join_next_with_id().await {
            self.take(joined);
        }
    }

    fn take(&mut self, joined: std::result::Result<(Id, Option<Tried>), JoinError>) {
        let (id, came) = match joined {
            Ok((id, tried)) => (id, Ok(tried)),
            Err(panicked) => (panicked.id(), Err(panicked)),
        };
        let Some((sending, at)) = self.sent.remove(&id) else {
            return;
        };
        if let Some(count) = self.room.sending.get_mut(&sending.delivery.endpoint()) {
            *count -= 1;
        }
        let tried = came.unwrap_or_else(|_| {
            tracing::error!(delivery = sending.delivery.0, "sending panicked");
            Some(broken(sending.delivery, sending.attempts, at))
        });
        // What was tried stays under way until that is noted.
        self.room.under_way.remove(&sending.delivery);
        if let Whose::Other(due) = &sending.whose {
            self.room.under_way.remove(&due.delivery);
        }
        if let Some(tried) = tried {
            count(&tried);
            self.room.under_way.insert(tried.delivery);
            Arc::make_mut(&mut self.answers).push(tried);
        }
    }

    fn take_all(&mut self) {
        while let Some(joined) = self.tasks.try_join_next_with_id() {
            self.take(joined);
        }
    }

    /// Notes what has come, in one job.
    async fn settle(&mut self) -> Result<()> {
        self.take_all();
        if self.answers.is_empty() {
            return Ok(());
        }
        let (answers, scale) = (Arc::clone(&self.answers), self.app.config().webhooks.retry_scale);
        // What could not be noted is kept and noted later, so that nothing is sent twice.
        let noted = self.app.write(move |tx| webhooks::settle(tx, &answers, scale));
        tell(&noted.await?);
        for tried in self.answers.iter() {
            self.room.under_way.remove(&tried.delivery);
        }
        self.answers = Arc::default();
        Ok(())
    }

    /// Sends all that is due, answers and notes; whether that was anything. Tests call this.
    pub async fn step(&mut self) -> Result<Outcome> {
        let mut outcome = Outcome::NothingDue;
        while self.start().await? > 0 || !self.tasks.is_empty() {
            outcome = Outcome::Worked;
            self.gather().await;
            self.settle().await?;
        }
        Ok(outcome)
    }

    /// Sends until it is dropped: woken by a commit, by an answer, and when something is due.
    pub async fn run(mut self) {
        let mut commits = self.app.commits();
        loop {
            if let Err(error) = self.round(&mut commits).await {
                tracing::error!(%error, "the worker could not deliver");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// What has come is noted while more is sent.
    async fn round(&mut self, commits: &mut watch::Receiver<u64>) -> Result<()> {
        commits.borrow_and_update();
        self.start().await?;
        self.begin_settling();
        let (is_idle, wait) = (self.tasks.is_empty() && self.settling.is_none(), self.wait());
        tokio::select! {
            Some(joined) = self.tasks.join_next_with_id() => self.take(joined),
            came = ended(&mut self.settling) => self.end_settling(came)?,
            _ = commits.changed() => {}
            () = tokio::time::sleep(wait), if is_idle => {}
        }
        self.take_all();
        if self.pace.is_full() {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    fn begin_settling(&mut self) {
        if self.settling.is_some() || self.answers.is_empty() {
            return;
        }
        let (app, scale) = (self.app.clone(), self.app.config().webhooks.retry_scale);
        let batch = std::mem::take(&mut self.answers);
        self.batch = Arc::clone(&batch);
        let noted = async move { app.write(move |tx| webhooks::settle(tx, &batch, scale)).await };
        self.settling = Some(tokio::spawn(noted));
    }

    /// What could not be noted is kept and noted later, so that nothing is sent twice.
    fn end_settling(&mut self, came: std::result::Result<Result<Vec<Loss>>, JoinError>) -> Result<()> {
        self.settling = None;
        let batch = std::mem::take(&mut self.batch);
        let came = came.map_err(|cause| Error::Internal(cause.into())).flatten();
        match came {
            Ok(losses) => {
                tell(&losses);
                for tried in batch.iter() {
                    self.room.under_way.remove(&tried.delivery);
                }
                Ok(())
            }
            Err(error) => {
                Arc::make_mut(&mut self.answers).extend(batch.iter().cloned());
                Err(error)
            }
        }
    }

    /// How long until something is due.
    fn wait(&self) -> Duration {
        /// Clocks may be set: nothing waits longer than this for the time that it was told.
        const LONGEST: u64 = 60_000;
        let wait = match self.next_due {
            Some(at) => (at.ms() - self.app.clock().now().ms()).max(1).unsigned_abs(),
            None => LONGEST,
        };
        Duration::from_millis(wait.min(LONGEST))
    }
}

/// The end of what runs; never, if nothing does.
async fn ended<T>(running: &mut Option<JoinHandle<T>>) -> std::result::Result<T, JoinError> {
    match running {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}

/// Signs and posts one; what came of it, if it is an attempt.
async fn send(web: Web, sending: Sending, at: Timestamp) -> Option<Tried> {
    let watch = Stopwatch::start();
    let post = match post_of(&sending, at) {
        Ok(post) => post,
        Err(error) => return Some(unsigned(&sending, at, &error)),
    };
    let answer = web.post(&post).await;
    let duration_ms = i64::try_from(watch.milliseconds()).unwrap_or(i64::MAX);
    let is_unmet = answer.as_ref().is_err_and(|missed| !missed.is_met);
    let (of, post) = match sending.whose {
        Whose::Nobodys if is_unmet => return None,
        Whose::Other(due) if is_unmet => match post_of(&due, at) {
            Ok(post) => (*due, post),
            Err(error) => return Some(unsigned(&due, at, &error)),
        },
        _ => (sending, post),
    };
    Some(Tried {
        delivery: of.delivery,
        attempts: of.attempts,
        at,
        duration_ms,
        request: post.told(),
        answer,
    })
}

fn unsigned(sending: &Sending, at: Timestamp, error: &Error) -> Tried {
    tracing::error!(%error, delivery = sending.delivery.0, "a delivery was not signed");
    broken(sending.delivery, sending.attempts, at)
}

fn post_of(sending: &Sending, at: Timestamp) -> Result<Post> {
    let (seconds, body) = (at.ms().div_euclid(1000), sending.body());
    let signature = sending.signature(seconds, &body)?;
    Ok(Post {
        url: sending.url.to_string(),
        headers: vec![
            ("webhook-id", sending.message.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signature),
        ],
        body,
    })
}

/// What is noted of an attempt that could not be made.
fn broken(delivery: DeliveryId, attempts: i64, at: Timestamp) -> Tried {
    Tried {
        delivery,
        attempts,
        at,
        duration_ms: 0,
        request: "{}".to_owned(),
        answer: Err(Missed::met(FailureKind::Broken)),
    }
}

/// Says what is lost: somebody should look at it.
fn tell(losses: &[Loss]) {
    for loss in losses {
        match *loss {
            Loss::Dead(endpoint, count) => tracing::error!(
                endpoint = endpoint.0,
                count,
                "deliveries were given up: see /admin/webhooks"
            ),
            Loss::Off(endpoint, reason) => tracing::error!(
                endpoint = endpoint.0,
                reason = reason.name(),
                "an endpoint was turned off: see /admin/webhooks"
            ),
        }
    }
}

fn count(tried: &Tried) {
    let outcome = tried.failure().map_or("delivered", |failure| failure.name());
    metrics::counter!("webhook_deliveries_total", "outcome" => outcome).increment(1);
}

/// How fast events come, looked at every quarter of a second.
struct Pace {
    newest: i64,
    watch: Stopwatch,
    a_second: f64,
}

impl Pace {
    fn new() -> Self {
        Self {
            newest: i64::MAX,
            watch: Stopwatch::start(),
            a_second: 0.0,
        }
    }

    fn see(&mut self, newest: i64) {
        let seconds = self.watch.seconds();
        if seconds < PAUSE.as_secs_f64() {
            return;
        }
        self.a_second = newest.saturating_sub(self.newest).max(0) as f64 / seconds;
        self.newest = newest;
        self.watch = Stopwatch::start();
    }

    fn is_full(&self) -> bool {
        self.a_second > FULL_SPEED
    }
}

/// Sends all that is due, with a sender of its own.
pub async fn step(app: &App) -> Result<Outcome> {
    Sender::new(app).step().await
}
