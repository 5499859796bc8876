//! Streams over the feed: what is new is looked for after each COMMIT and told with its place in the feed, so that
//! whoever comes back goes on from there. Here as server-sent events (SSE); sockets are in [`crate::http::api::live`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body::Frame;
use tokio::sync::mpsc;
use tokio::sync::watch;

use crate::app::App;
use crate::app::Place;
use crate::domain::fault::FaultKind;
use crate::domain::id::EventId;
use crate::error::Error;
use crate::error::Result;

/// The media type of streams.
pub const MEDIA: &str = "text/event-stream";
/// Where streams are. An open page is no person at work: to ask for one does not put off the end of a session.
pub const PATHS: [&str; 3] = ["/admin/live", "/api/v1/events/stream", SOCKETS];
/// Where sockets are.
const SOCKETS: &str = "/api/v1/live";
/// Without news a line says so often that the stream stands, and whether it still may is looked at again.
pub const BEAT: Duration = Duration::from_secs(15);
/// So many looks are on their way to a reader; the next look waits until it takes them. Nobody else does.
const MOST_AHEAD: usize = 4;
/// A browser whose stream has ended comes back after so many milliseconds.
const GREETING: &str = "retry: 2000\n\n";

/// One thing that is told.
pub struct Message {
    /// Its place: whoever has seen it goes on from there.
    pub id: EventId,
    /// Its kind.
    pub kind: &'static str,
    /// Its data, as JSON.
    pub data: Arc<str>,
}

/// What one look has found.
pub struct News {
    /// What is to be told.
    pub messages: Vec<Message>,
    /// Where the next look begins.
    pub upto: EventId,
    /// Whether the look came to the end of the feed.
    pub is_end: bool,
}

/// What a stream needs beside its looks.
pub struct Listening {
    /// The shop.
    pub app: App,
    /// Changes when there may be news.
    pub wakes: watch::Receiver<u64>,
    /// Looks come so far apart at least.
    pub pause: Duration,
    /// The listener's place.
    pub place: Place,
}

/// Whether a request would open a socket.
pub fn is_socket(parts: &Parts) -> bool {
    parts.uri.path() == SOCKETS
}

/// The last message that a reader has seen, by its own account. Refused with `Fields` if that cannot be read.
pub fn seen(headers: &HeaderMap) -> Result<Option<EventId>> {
    const NAME: &str = "last-event-id";
    let text = headers.get(NAME).map(|id| id.to_str().unwrap_or("?").trim());
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(id) if id >= 0 => Ok(Some(EventId(id))),
        _ => Err(Error::fault(
            "Last-Event-ID",
            FaultKind::Input,
            "must be a whole number from 0",
        )),
    }
}

/// A stream of what `look` finds behind a place in the feed. It ends when a look fails, when its reader takes nothing for
/// too long or is gone, and when the shop stops.
pub fn stream<W>(by: Listening, after: EventId, look: impl Fn(EventId) -> W + Send + 'static) -> Response
where
    W: Future<Output = Result<News>> + Send + 'static,
{
    let (send, receive) = mpsc::channel(MOST_AHEAD);
    tokio::spawn(tell(by, after, look, send));
    let headers = [
        (header::CONTENT_TYPE, MEDIA),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies are asked to pass each message on as it comes.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::new(Messages(receive))).into_response()
}

async fn tell<W>(
    mut by: Listening,
    mut after: EventId,
    look: impl Fn(EventId) -> W,
    send: mpsc::Sender<Bytes>,
) where
    W: Future<Output = Result<News>>,
{
    let mut stopping = by.app.stopping();
    let patience = Duration::from_secs(by.app.config().server.write_seconds);
    let mut text = GREETING.to_owned();
    loop {
        by.wakes.borrow_and_update();
        let Ok(news) = look(after).await else { return };
        after = news.upto;
        for Message { id, kind, data } in &news.messages {
            text += &format!("id: {id}\nevent: {kind}\ndata: {data}\n\n");
        }
        if !text.is_empty() {
            tokio::select! {
                room = tokio::time::timeout(patience, send.reserve()) => match room {
                    Ok(Ok(room)) => room.send(std::mem::take(&mut text).into()),
                    _ => return,
                },
                _ = stopping.wait_for(|stops| *stops) => return,
            }
        }
        if !news.is_end {
            continue;
        }
        let next = async {
            tokio::time::sleep(by.pause).await;
            tokio::time::timeout(BEAT, by.wakes.changed()).await
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
