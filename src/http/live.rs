//! Server-sent events (SSE) over the feed: what is new is looked for after each COMMIT and told with its place in the
//! feed, so that whoever comes back goes on from there.

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body::Frame;
use tokio::sync::mpsc;

use crate::app::App;
use crate::domain::id::EventId;
use crate::error::Error;
use crate::error::Result;

/// The media type of streams.
pub const MEDIA: &str = "text/event-stream";
/// The pages' own stream. An open page is no person at work: to ask for it does not put off the end of a session.
pub const PATH: &str = "/admin/live";
/// Looks come so far apart at least, however many COMMITs there are.
const PAUSE: Duration = Duration::from_millis(100);
/// Without news a line says so often that the stream stands, and whether it still may is looked at again.
const BEAT: Duration = Duration::from_secs(15);
/// A reader that is so many messages behind is dropped; it comes back and goes on from its place.
const MOST_BEHIND: usize = 8;
/// A browser whose stream has ended comes back after so many milliseconds.
const GREETING: &str = "retry: 2000\n\n";

/// What one look has found.
pub struct News {
    /// The kind of each message, and its data as JSON.
    pub messages: Vec<(&'static str, String)>,
    /// Where the next look begins.
    pub upto: EventId,
    /// Whether the look came to the end of the feed.
    pub is_end: bool,
}

/// Where a reader goes on: behind the last message it has seen, or else where its page ended.
pub fn place(headers: &HeaderMap, since: EventId) -> EventId {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    seen.and_then(|id| id.parse().ok()).map_or(since, EventId)
}

/// A stream of what `look` finds behind a place in the feed. It ends when a look fails, when its reader is too slow or
/// gone, and when the shop stops.
pub fn stream<W>(app: App, after: EventId, look: impl Fn(EventId) -> W + Send + 'static) -> Response
where
    W: Future<Output = Result<News>> + Send + 'static,
{
    let (send, receive) = mpsc::channel(MOST_BEHIND);
    tokio::spawn(tell(app, after, look, send));
    let headers = [
        (header::CONTENT_TYPE, MEDIA),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies are asked to pass each message on as it comes.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::new(Messages(receive))).into_response()
}

async fn tell<W>(app: App, mut after: EventId, look: impl Fn(EventId) -> W, send: mpsc::Sender<Bytes>)
where
    W: Future<Output = Result<News>>,
{
    let (mut commits, mut stopping) = (app.commits(), app.stopping());
    let mut text = GREETING.to_owned();
    loop {
        commits.borrow_and_update();
        let Ok(news) = look(after).await else { return };
        after = news.upto;
        for (kind, data) in &news.messages {
            text += &format!("id: {after}\nevent: {kind}\ndata: {data}\n\n");
        }
        if !text.is_empty() && send.try_send(std::mem::take(&mut text).into()).is_err() {
            return;
        }
        if !news.is_end {
            continue;
        }
        let next = async {
            tokio::time::sleep(PAUSE).await;
            tokio::time::timeout(BEAT, commits.changed()).await
        };
        tokio::select! {
            woken = next => match woken {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => text += ":\n\n",
            },
            _ = stopping.wait_for(|stops| *stops) => return,
            () = send.closed() => return,
        }
    }
}

/// What is on its way to the reader.
struct Messages(mpsc::Receiver<Bytes>);

impl http_body::Body for Messages {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        let next = self.0.poll_recv(task);
        next.map(|message| message.map(|message| Ok(Frame::data(message))))
    }
}
