//! A connection as the accept loop sees it: when bytes last came, whether a write is stuck, how many requests are under
//! way; and from that, when it has stayed too long (NET-01).

use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use http_body::Frame;
use http_body::SizeHint;
use std::sync::Arc;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;

use crate::clock::Stopwatch;
use crate::http::bare::Bare;
use crate::http::head::HeadGuard;
use crate::http::shell::Shell;

const NOT: u64 = u64::MAX;
/// What ends a head that has taken too long: no parser accepts it, so hyper refuses the head and closes.
const SPOILT: &[u8] = b"\0\r\n\r\n";
/// How often a busy connection is looked at.
const ROUND: Duration = Duration::from_secs(1);
/// How long a head may take, or a kept connection say nothing, while every seat is taken.
const HURRY: Duration = Duration::from_secs(2);

/// How long a connection may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a request.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// For the other side to take some bytes.
    pub write: Duration,
}

impl Patience {
    /// While others wait for a seat: whoever says nothing, or says it slowly, gives theirs up.
    fn with_others_waiting(&self) -> Self {
        Self {
            head: self.head.min(HURRY),
            idle: self.idle.min(HURRY),
            ..*self
        }
    }
}

/// What a connection is doing.
#[derive(Debug)]
pub struct Pulse {
    since: Stopwatch,
    /// Requests whose reply is not wholly sent.
    busy: AtomicU32,
    /// When the wait for a head began.
    mark: AtomicU64,
    /// Whether the wait is for a head, and no longer for somebody who may say something or not.
    is_in_head: AtomicBool,
    /// Whether some of a head has come that is not whole yet.
    has_begun: AtomicBool,
    /// Whether the head has taken too long: hyper reads [`SPOILT`] next.
    is_late: AtomicBool,
    is_http2: AtomicBool,
    /// When a write first found no room.
    stuck: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            since: Stopwatch::start(),
            busy: AtomicU32::new(0),
            mark: AtomicU64::new(0),
            // Who connects is to say something.
            is_in_head: AtomicBool::new(true),
            has_begun: AtomicBool::new(false),
            is_late: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            stuck: AtomicU64::new(NOT),
        }
    }
}

impl Pulse {
    fn now(&self) -> u64 {
        u64::try_from(self.since.milliseconds()).unwrap_or(NOT)
    }

    fn heard(&self) {
        if self.busy.load(Relaxed) > 0 {
            return;
        }
        self.has_begun.store(true, Relaxed);
        if !self.is_in_head.load(Relaxed) {
            self.mark.store(self.now(), Relaxed);
            self.is_in_head.store(true, Relaxed);
        }
    }

    /// The head has taken too long. Whether there is anything to answer: some of it has come, by HTTP/1.
    pub fn is_late_now(&self) -> bool {
        let is_late = self.is_quiet() && self.is_in_head.load(Relaxed) && self.has_begun.load(Relaxed);
        self.is_late.store(is_late, Relaxed);
        is_late
    }

    fn wrote(&self, is_stuck: bool) {
        match (is_stuck, self.stuck.load(Relaxed) == NOT) {
            (true, true) => self.stuck.store(self.now(), Relaxed),
            (false, false) => self.stuck.store(NOT, Relaxed),
            _ => {}
        }
    }

    /// A request has come; it is under way until what this gives is dropped.
    pub fn begin(self: &Arc<Self>, is_http2: bool) -> UnderWay {
        if is_http2 {
            self.is_http2.store(true, Relaxed);
        }
        self.busy.fetch_add(1, Relaxed);
        self.has_begun.store(false, Relaxed);
        UnderWay(Arc::clone(self))
    }

    /// Whether no request is under way, and none of HTTP/2 was.
    fn is_quiet(&self) -> bool {
        self.busy.load(Relaxed) == 0 && !self.is_http2.load(Relaxed)
    }

    /// How long it may go on as it is.
    fn left(&self, patience: &Patience) -> Duration {
        let now = self.now();
        let left = |from: u64, limit: Duration| {
            limit.saturating_sub(Duration::from_millis(now.saturating_sub(from)))
        };
        let stuck = self.stuck.load(Relaxed);
        let write = match stuck {
            NOT => ROUND,
            from => left(from, patience.write),
        };
        let is_in_head = self.is_in_head.load(Relaxed) && !self.is_http2.load(Relaxed);
        let read = match (self.busy.load(Relaxed), is_in_head) {
            (0, true) => left(self.mark.load(Relaxed), patience.head),
            (0, false) => left(self.mark.load(Relaxed), patience.idle),
            _ => ROUND,
        };
        write.min(read)
    }

    /// Is done when the connection has stayed too long; sooner while every seat is taken.
    pub async fn overstays(&self, patience: &Patience, is_full: impl Fn() -> bool) {
        loop {
            let left = match is_full() {
                true => self.left(&patience.with_others_waiting()),
                false => self.left(patience),
            };
            match left {
                Duration::ZERO => return,
                left => tokio::time::sleep(left.min(ROUND)).await,
            }
        }
    }
}

/// A request under way.
#[derive(Debug)]
pub struct UnderWay(Arc<Pulse>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.0.busy.fetch_sub(1, Relaxed) == 1 {
            self.0.is_in_head.store(false, Relaxed);
            self.0.mark.store(self.0.now(), Relaxed);
        }
    }
}

/// A reply's body; its request is under way until it is sent.
#[derive(Debug)]
pub struct Sent {
    body: Body,
    _under_way: UnderWay,
}

impl Sent {
    /// Ties a body to its request.
    pub fn new(body: Body, under_way: UnderWay) -> Self {
        Self {
            body,
            _under_way: under_way,
        }
    }
}

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The socket with its pulse; `S` is what is given back when the socket closes.
pub struct Wire<S> {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    guard: HeadGuard,
    bare: Bare,
    /// Whether a head that is late has been ended.
    is_spoilt: bool,
    _seat: S,
}

impl<S> Wire<S> {
    /// Wraps a socket.
    pub fn new(stream: TcpStream, pulse: Arc<Pulse>, shell: Arc<Shell>, seat: S) -> Self {
        Self {
            stream,
            pulse,
            guard: HeadGuard::default(),
            bare: Bare::new(shell),
            is_spoilt: false,
            _seat: seat,
        }
    }

    /// Writes what the shell says instead of hyper, where hyper speaks for itself.
    fn speak(&mut self, cx: &mut Context<'_>, said: &[u8]) -> Option<Poll<std::io::Result<usize>>> {
        let is_late = self.pulse.is_late.load(Relaxed);
        match self.pulse.is_quiet() {
            true => self.bare.write(&mut self.stream, cx, said, is_late),
            false => None,
        }
    }
}

impl<S: Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.pulse.is_late.load(Relaxed) && !self.is_spoilt && buffer.remaining() >= SPOILT.len() {
            self.is_spoilt = true;
            buffer.put_slice(SPOILT);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let bytes = &mut buffer.filled_mut()[before..];
        if !bytes.is_empty() {
            self.pulse.heard();
            self.guard.look(bytes);
        }
        read
    }
}

impl<S: Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = match self.speak(cx, bytes) {
            Some(written) => written,
            None => Pin::new(&mut self.stream).poll_write(cx, bytes),
        };
        self.pulse.wrote(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let spoken = match slices {
            [only] => self.speak(cx, only),
            _ => None,
        };
        let written = match spoken {
            Some(written) => written,
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, slices),
        };
        self.pulse.wrote(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
