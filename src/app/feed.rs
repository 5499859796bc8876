//! The newest events, read once after each COMMIT for all who listen, and kept in memory for as long as somebody does.
//! Whoever is further behind reads the file.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::watch;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::event::EventType;
use crate::domain::id::EventId;
use crate::domain::id::UserId;
use crate::error::Error;
use crate::error::Result;
use crate::shop::events::Found;
use crate::shop::events::Wanted;
use crate::shop::live;
use crate::shop::live::Fresh;

/// Listeners are woken so far apart at least, however many COMMITs there are.
const PAUSE: Duration = Duration::from_millis(10);
/// Without a COMMIT it is looked so often whether anybody still listens.
const BEAT: Duration = Duration::from_secs(15);
/// After a look that failed.
const REST: Duration = Duration::from_secs(1);
/// So many events are read at once.
const PAGE: usize = 256;
const MOST_KEPT: usize = 4096;
const MOST_BYTES: usize = 16 << 20;

/// An event as it is told.
#[derive(Debug)]
pub struct Told {
    /// Its place.
    pub id: EventId,
    /// What happened.
    pub kind: EventType,
    /// The user whose it is: of an order who has bought, of a product who sells it.
    pub owner: Option<UserId>,
    /// What every stream tells of it.
    pub json: Arc<str>,
}

/// What was found behind a place.
#[derive(Debug)]
pub struct Piece {
    /// The events, oldest first.
    pub told: Vec<Arc<Told>>,
    /// Where the next look begins.
    pub upto: EventId,
    /// Whether the look came to the end of the feed.
    pub is_end: bool,
}

/// The end of the feed.
pub struct Feed {
    kept: Mutex<Kept>,
    wakes: watch::Sender<u64>,
    /// Whoever hears only a part of the feed reads far back in turn: it costs the readers more than it tells.
    turn: Semaphore,
}

/// Every event behind `from`, up to `upto`.
struct Kept {
    is_reading: bool,
    from: EventId,
    upto: Option<EventId>,
    events: VecDeque<Arc<Told>>,
    bytes: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            is_reading: false,
            from: EventId(0),
            upto: None,
            events: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            wakes: watch::Sender::new(0),
            turn: Semaphore::new(1),
        }
    }
}

impl App {
    /// Changes after each COMMIT, once its events can be had at once. What was dropped wakes nobody.
    pub fn wakes(&self) -> watch::Receiver<u64> {
        let wakes = self.inner.feed.wakes.subscribe();
        let mut kept = self.inner.feed.kept();
        if !kept.is_reading {
            kept.is_reading = true;
            tokio::spawn(read_along(self.clone()));
        }
        wakes
    }

    /// What the feed holds behind `after` of what `takes` wants: out of memory, if it reaches back so far.
    pub fn kept_since(&self, after: EventId, most: usize, takes: impl Fn(&Told) -> bool) -> Option<Piece> {
        self.inner.feed.kept().since(after, most, takes)
    }

    /// The same out of the file, where only a part may be heard in turn.
    pub async fn missed(&self, wanted: Wanted, by: &Actor, after: EventId, most: usize) -> Result<Found> {
        let _turn = match live::reach(by, wanted)? {
            live::Reach::All => None,
            live::Reach::Buyer(_) | live::Reach::Seller(_) => {
                let turn = self.inner.feed.turn.acquire().await;
                Some(turn.map_err(|_| Error::Unavailable)?)
            }
        };
        let by = by.clone();
        self.read(move |db| live::missed(db, &by, wanted, after, most))
            .await
    }
}

impl Feed {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody listens any more; then nothing is kept.
    fn is_left(&self) -> bool {
        let mut kept = self.kept();
        let is_left = self.wakes.receiver_count() == 0;
        if is_left {
            *kept = Kept::default();
        }
        is_left
    }

    /// Reads what is new.
    async fn catch_up(&self, app: &App) -> Result<()> {
        loop {
            let upto = self.kept().upto;
            let found = app
                .read(move |db| match upto {
                    None => live::newest(db).map(Fresh::at_end),
                    Some(upto) => live::fresh(db, upto, PAGE),
                })
                .await?;
            let mut kept = self.kept();
            if kept.upto.is_none() {
                kept.from = found.upto;
            }
            for (event, owner) in found.events {
                kept.push(Told {
                    id: event.id,
                    kind: event.kind,
                    owner,
                    json: event.told().into(),
                });
            }
            // Also behind what nobody is told of: however much of it there is, reading goes on.
            kept.upto = Some(found.upto);
            if found.is_end {
                return Ok(());
            }
        }
    }
}

impl Kept {
    fn push(&mut self, told: Told) {
        self.upto = Some(told.id);
        self.bytes += told.json.len();
        self.events.push_back(Arc::new(told));
        while self.events.len() > MOST_KEPT || self.bytes > MOST_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                return;
            };
            self.bytes -= oldest.json.len();
            self.from = oldest.id;
        }
    }

    fn since(&self, after: EventId, most: usize, takes: impl Fn(&Told) -> bool) -> Option<Piece> {
        let end = self.upto.filter(|_| after >= self.from)?;
        let mut piece = Piece {
            told: Vec::new(),
            upto: after.max(end),
            is_end: true,
        };
        let first = self.events.partition_point(|told| told.id <= after);
        for told in self.events.range(first..) {
            if takes(told) {
                piece.told.push(Arc::clone(told));
            }
            if piece.told.len() == most {
                piece.upto = told.id;
                piece.is_end = told.id == end;
                break;
            }
        }
        Some(piece)
    }
}

/// Reads along for as long as somebody listens and the shop is open.
async fn read_along(app: App) {
    let feed = Arc::clone(&app.inner.feed);
    let (mut commits, mut stopping) = (app.commits(), app.stopping());
    while !feed.is_left() {
        commits.borrow_and_update();
        if let Err(error) = feed.catch_up(&app).await {
            tracing::warn!(%error, "the feed was not read");
            tokio::time::sleep(REST).await;
        }
        feed.wakes.send_modify(|wakes| *wakes += 1);
        tokio::time::sleep(PAUSE).await;
        tokio::select! {
            woken = tokio::time::timeout(BEAT, commits.changed()) => {
                if matches!(woken, Ok(Err(_))) {
                    return;
                }
            }
            _ = stopping.wait_for(|stops| *stops) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(id: i64, bytes: usize) -> Told {
        Told {
            id: EventId(id),
            kind: EventType::OrderCreated,
            owner: None,
            json: "x".repeat(bytes).into(),
        }
    }

    fn ids(kept: &Kept, after: i64, most: usize) -> Option<(Vec<i64>, i64, bool)> {
        let piece = kept.since(EventId(after), most, |told| told.id.0 % 2 == 0)?;
        let ids = piece.told.iter().map(|told| told.id.0).collect();
        Some((ids, piece.upto.0, piece.is_end))
    }

    /// H2: what is kept has no gap: whoever is further behind is sent to the file.
    #[test]
    fn what_is_kept_reaches_back_to_where_it_says() {
        let mut kept = Kept {
            from: EventId(10),
            upto: Some(EventId(10)),
            ..Kept::default()
        };
        assert_eq!(ids(&kept, 10, 5), Some((vec![], 10, true)));
        for id in 11..=16 {
            kept.push(told(id, 1));
        }
        assert_eq!(ids(&kept, 9, 5), None);
        assert_eq!(ids(&kept, 10, 5), Some((vec![12, 14, 16], 16, true)));
        assert_eq!(ids(&kept, 12, 1), Some((vec![14], 14, false)));
        assert_eq!(ids(&kept, 15, 1), Some((vec![16], 16, true)));
        assert_eq!(ids(&kept, 20, 1), Some((vec![], 20, true)));
        kept.push(told(17, MOST_BYTES));
        assert_eq!((kept.from.0, kept.events.len()), (16, 1));
        assert_eq!(ids(&kept, 15, 5), None);
        assert_eq!(ids(&kept, 16, 5), Some((vec![], 17, true)));
        assert_eq!(ids(&Kept::default(), 0, 5), None);
    }
}
