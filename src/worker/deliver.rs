//! Deliveries go out: so many at once, so many to each endpoint, and what they come to is noted many at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::Id;
use tokio::task::JoinSet;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::domain::time::Timestamp;
use crate::domain::webhook::FailureKind;
use crate::domain::webhook::Tried;
use crate::error::Result;
use crate::gateway::Web;
use crate::gateway::web::Post;
use crate::shop::webhooks;
use crate::shop::webhooks::Room;
use crate::shop::webhooks::Sending;
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
    web: Web,
    tasks: JoinSet<Tried>,
    sent: HashMap<Id, (Sending, Timestamp)>,
    room: Room,
    answers: Arc<Vec<Tried>>,
    next_due: Option<Timestamp>,
    pace: Pace,
}

impl Sender {
    /// One that has nothing under way.
    pub fn new(app: &App) -> Result<Self> {
        let webhooks = &app.config().webhooks;
        let patience = Duration::from_secs(webhooks.timeout_seconds);
        Ok(Self {
            app: app.clone(),
            web: Web::new(app.webhook_rules(), patience, &webhooks.ca_file)?,
            tasks: JoinSet::new(),
            sent: HashMap::new(),
            room: Room::default(),
            answers: Arc::default(),
            next_due: None,
            pace: Pace::new(),
        })
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
        let count = picked.sendings.len();
        for sending in picked.sendings {
            self.room.under_way.insert(sending.delivery);
            *self.room.sending.entry(sending.delivery.endpoint()).or_default() += 1;
            let task = self.tasks.spawn(send(self.web.clone(), sending.clone(), now));
            self.sent.insert(task.id(), (sending, now));
        }
        Ok(count)
    }

    /// Waits for an answer.
    async fn gather(&mut self) {
        if let Some(joined) = self.tasks.join_next_with_id().await {
            self.take(joined);
        }
    }

    fn take(&mut self, joined: std::result::Result<(Id, Tried), tokio::task::JoinError>) {
        let (id, tried) = match joined {
            Ok((id, tried)) => (id, Some(tried)),
            Err(panicked) => (panicked.id(), None),
        };
        let Some((sending, at)) = self.sent.remove(&id) else {
            return;
        };
        if let Some(count) = self.room.sending.get_mut(&sending.delivery.endpoint()) {
            *count -= 1;
        }
        let tried = tried.unwrap_or_else(|| {
            tracing::error!(delivery = sending.delivery.0, "sending panicked");
            broken(&sending, at)
        });
        count(&tried);
        Arc::make_mut(&mut self.answers).push(tried);
    }

    /// Notes what has come, in one job.
    async fn settle(&mut self) -> Result<()> {
        while let Some(joined) = self.tasks.try_join_next_with_id() {
            self.take(joined);
        }
        if self.answers.is_empty() {
            return Ok(());
        }
        let (answers, scale) = (Arc::clone(&self.answers), self.app.config().webhooks.retry_scale);
        // What could not be noted is kept and noted later, so that nothing is sent twice.
        self.app
            .write(move |tx| webhooks::settle(tx, &answers, scale))
            .await?;
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

    async fn round(&mut self, commits: &mut watch::Receiver<u64>) -> Result<()> {
        commits.borrow_and_update();
        let started = self.start().await?;
        match started == 0 && self.tasks.is_empty() {
            true => tokio::select! {
                _ = commits.changed() => {}
                () = self.until_due() => {}
            },
            false => tokio::select! {
                () = self.gather() => {}
                _ = commits.changed() => {}
            },
        }
        if self.pace.is_full() {
            tokio::time::sleep(PAUSE).await;
        }
        self.settle().await
    }

    async fn until_due(&self) {
        /// Clocks may be set: nothing waits longer than this for the time that it was told.
        const LONGEST: u64 = 60_000;
        let wait = match self.next_due {
            Some(at) => (at.ms() - self.app.clock().now().ms()).max(1).unsigned_abs(),
            None => LONGEST,
        };
        tokio::time::sleep(Duration::from_millis(wait.min(LONGEST))).await;
    }
}

/// Signs and posts one.
async fn send(web: Web, sending: Sending, at: Timestamp) -> Tried {
    let watch = Stopwatch::start();
    let (request, answer) = match post_of(&sending, at) {
        Ok(post) => (post.told(), web.post(&post).await),
        Err(error) => {
            tracing::error!(%error, delivery = sending.delivery.0, "a delivery was not signed");
            (refused(&sending), Err(FailureKind::Broken))
        }
    };
    Tried {
        delivery: sending.delivery,
        attempts: sending.attempts,
        at,
        duration_ms: i64::try_from(watch.milliseconds()).unwrap_or(i64::MAX),
        request,
        answer,
    }
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

fn refused(sending: &Sending) -> String {
    serde_json::json!({ "method": "POST", "url": *sending.url, "headers": {} }).to_string()
}

/// What is noted of an attempt that panicked.
fn broken(sending: &Sending, at: Timestamp) -> Tried {
    Tried {
        delivery: sending.delivery,
        attempts: sending.attempts,
        at,
        duration_ms: 0,
        request: refused(sending),
        answer: Err(FailureKind::Broken),
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
    Sender::new(app)?.step().await
}
