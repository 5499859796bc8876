//! Mails: derived from what has happened, and sent. What is due is taken, attempted outside of any transaction, and settled
//! in one job; a server that cannot be reached is left alone for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::App;
use crate::domain::id::MailId;
use crate::domain::mail::Ending;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::gateway::Letter;
use crate::gateway::Smtp;
use crate::gateway::mail::Came;
use crate::gateway::mail::Envelope;
use crate::shop::mails;
use crate::shop::mails::Failed;
use crate::shop::mails::Sending;
use crate::worker::AFTER_FAILURE;
use crate::worker::GATHER;
use crate::worker::Outcome;

/// So many are taken at once. All of them fit into the time for which they are taken, however slow the server.
const MOST: usize = 8;
/// A server that cannot be reached is left alone for so long, and twice as long each time, in milliseconds …
const REST: i64 = 5_000;
/// … up to this.
const LONGEST_REST: i64 = 300_000;

/// Queues some of the mails that tell of what has happened, in one short job. Tests call this.
pub async fn derive(app: &App) -> Result<Outcome> {
    if !app.read(mails::is_behind).await? {
        return Ok(Outcome::NothingDue);
    }
    for untold in app.write(mails::catch_up).await? {
        let (event, cause) = (untold.event.0, untold.words);
        tracing::error!(event, cause, "an event could not be told of by mail");
    }
    Ok(Outcome::Worked)
}

/// What sends, and knows whether the server was there of late.
pub struct Postman {
    app: App,
    smtp: Option<Smtp>,
    rest: i64,
    rest_until: Option<Timestamp>,
    next_due: Option<Timestamp>,
    ended: Arc<Vec<(MailId, i64, Ending)>>,
}

impl Postman {
    /// One that has not tried yet.
    pub fn new(app: &App) -> Result<Self> {
        Ok(Self {
            app: app.clone(),
            smtp: match app.config().sends_mail() {
                true => Smtp::new(&app.config().mail)?,
                false => None,
            },
            rest: 0,
            rest_until: None,
            next_due: None,
            ended: Arc::default(),
        })
    }

    /// Sends some of what is due; whether anything was. Tests call this.
    pub async fn step(&mut self) -> Result<Outcome> {
        let now = self.app.clock().now();
        let Some(smtp) = self.smtp.clone() else {
            return Ok(Outcome::NothingDue);
        };
        self.settle().await?;
        let due = self.app.read(mails::next_due).await?;
        self.next_due = due.max(due.and(self.rest_until));
        if self.next_due.is_none_or(|due| due > now) {
            return Ok(Outcome::NothingDue);
        }
        let keys = self.app.keys().clone();
        let (taken, failed) = self.app.write(move |tx| mails::claim(tx, &keys, MOST)).await?;
        tell(failed);
        self.ended = Arc::new(self.send(&smtp, &taken, now).await);
        self.settle().await?;
        Ok(Outcome::Worked)
    }

    /// Notes what came of the attempts, in one job. What could not be noted is kept and noted later, so that nothing is
    /// sent twice.
    async fn settle(&mut self) -> Result<()> {
        if self.ended.is_empty() {
            return Ok(());
        }
        let ended = Arc::clone(&self.ended);
        tell(self.app.write(move |tx| mails::settle(tx, &ended)).await?);
        self.ended = Arc::default();
        Ok(())
    }

    /// Attempts one after the other, until the server is not there.
    async fn send(&mut self, smtp: &Smtp, taken: &[Sending], now: Timestamp) -> Vec<(MailId, i64, Ending)> {
        let mut ended = Vec::with_capacity(taken.len());
        let mut is_down = false;
        for sending in taken {
            let came = match is_down {
                true => Came {
                    ending: Ending::Untried,
                    is_down,
                },
                false => self.attempt(smtp, sending, now).await,
            };
            is_down |= came.is_down;
            if came.ending != Ending::Untried {
                metrics::counter!("mail_total", "outcome" => came.ending.name()).increment(1);
            }
            ended.push((sending.mail.id, sending.attempt, came.ending));
        }
        self.rest = match is_down {
            true => (self.rest * 2).clamp(REST, LONGEST_REST),
            false => 0,
        };
        self.rest_until = is_down.then(|| now.plus_ms(self.rest));
        ended
    }

    async fn attempt(&self, smtp: &Smtp, sending: &Sending, now: Timestamp) -> Came {
        let url = self.app.config().server.public_url();
        let link = sending
            .link
            .as_ref()
            .map(|(purpose, secret)| purpose.url(&url, secret));
        let letter = match Letter::write(&sending.mail, &sending.shop, &url, link.as_deref()) {
            Ok(letter) => letter,
            Err(error) => {
                tracing::error!(%error, mail = sending.mail.id.0, "a mail could not be written");
                return Came {
                    ending: Ending::Refused("it could not be written".to_owned()),
                    is_down: false,
                };
            }
        };
        let envelope = Envelope {
            shop: &sending.shop,
            from: sending.from.as_deref(),
            reply_to: sending.reply_to.as_deref(),
            to: &sending.mail.recipient,
            message: &sending.message,
            at: now,
        };
        let came = smtp.send(&letter, envelope).await;
        if came.is_down {
            tracing::warn!(mail = sending.mail.id.0, "the mail server could not be used");
        }
        came
    }

    /// Sends until it is dropped: woken by a commit, and when something is due.
    pub async fn run(mut self) {
        let mut commits = self.app.commits();
        loop {
            commits.borrow_and_update();
            match self.step().await {
                Ok(Outcome::Worked) => {}
                Ok(Outcome::NothingDue) => self.pause(&mut commits).await,
                Err(error) => {
                    tracing::error!(%error, "the worker could not send mails");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    async fn pause(&self, commits: &mut watch::Receiver<u64>) {
        /// Clocks may be set: nothing waits longer than this for the time that it was told.
        const LONGEST: u64 = 60_000;
        let wait = match self.next_due {
            Some(at) => (at.ms() - self.app.clock().now().ms()).max(1).unsigned_abs(),
            None => LONGEST,
        };
        tokio::select! {
            changed = commits.changed() => {
                let wait = if changed.is_ok() { GATHER } else { AFTER_FAILURE };
                tokio::time::sleep(wait).await;
            }
            () = tokio::time::sleep(Duration::from_millis(wait.min(LONGEST))) => {}
        }
    }
}

/// Says which mails have failed for good: somebody should look at them.
fn tell(failed: Vec<Failed>) {
    for mail in failed {
        let (id, cause) = (mail.id.0, mail.words);
        tracing::error!(id, cause, "a mail was given up: see /admin/mails?status=failed");
    }
}

/// Sends some of what is due, with a postman of its own.
pub async fn step(app: &App) -> Result<Outcome> {
    Postman::new(app)?.step().await
}
