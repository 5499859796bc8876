//! The body of a request, which must come at 1 kB a second or faster, so that nobody holds a connection open by the
//! drop (NET-01).

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;

use axum::body::Bytes;
use http_body::Body;
use http_body::Frame;
use http_body::SizeHint;
use hyper::body::Incoming;
use tokio::time::Sleep;

use crate::clock::Stopwatch;

/// Bytes a second.
const PACE: u64 = 1000;

/// Came too slowly.
#[derive(Debug)]
pub struct TooSlow;

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body came too slowly")
    }
}

impl std::error::Error for TooSlow {}

/// A body with the time that it may still make us wait.
pub struct Paced {
    body: Incoming,
    most: Duration,
    credit: Duration,
    waits: Option<(Stopwatch, Pin<Box<Sleep>>)>,
}

impl Paced {
    /// A body that may make us wait for `most` at once, and in the long run for a second a kilobyte.
    pub fn new(body: Incoming, most: Duration) -> Self {
        Self {
            body,
            most,
            credit: most,
            waits: None,
        }
    }

    fn earn(&mut self, bytes: usize) {
        if let Some((watch, _)) = self.waits.take() {
            self.credit = self.credit.saturating_sub(watch.elapsed());
        }
        let earned = Duration::from_millis(bytes as u64 * 1000 / PACE);
        self.credit = (self.credit + earned).min(self.most);
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let bytes = match &frame {
                Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
                _ => 0,
            };
            self.earn(bytes);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let credit = self.credit;
        let (_, sleep) = self
            .waits
            .get_or_insert_with(|| (Stopwatch::start(), Box::pin(tokio::time::sleep(credit))));
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
