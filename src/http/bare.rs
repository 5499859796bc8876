//! What hyper says by itself of a head that it cannot read is a status and nothing else. On its way to the socket it is
//! taken for what it is, and the shell's reply goes in its place: with our body, an id and the headers of every reply.
//! HTTP/2 keeps its own: h2 resets the stream or answers 431.

use std::io::Result;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;
use std::task::ready;

use axum::body::Body;
use axum::response::Response;
use tokio::io::AsyncWrite;

use crate::error::Code;
use crate::error::Error;
use crate::http::shell::Shell;
use crate::http::shell::TOO_MUCH_HEAD;

/// The only headers that hyper writes beside a status of its own.
const HYPERS: [&str; 3] = ["connection", "content-length", "date"];

/// Puts the shell's reply in the place of hyper's.
pub struct Bare {
    shell: Arc<Shell>,
    /// What goes out instead, and how much of it has gone.
    instead: Option<(Vec<u8>, usize)>,
}

impl Bare {
    /// For one connection.
    pub fn new(shell: Arc<Shell>) -> Self {
        Self { shell, instead: None }
    }

    /// Writes the reply that goes in the place of these bytes; nothing if they may go as they are.
    pub fn write<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
        said: &[u8],
        is_late: bool,
    ) -> Option<Poll<Result<usize>>> {
        if self.instead.is_none() {
            let mut error = refusal(said)?;
            if is_late {
                error = Error::Request(Code::HeadTimeout, "The head came too slowly.".into());
            }
            let reply = self.shell.refuse(error);
            self.instead = Some((in_bytes(reply), 0));
        }
        Some(self.go_on(stream, cx, said.len()))
    }

    fn go_on<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
        said: usize,
    ) -> Poll<Result<usize>> {
        while let Some((bytes, gone)) = &mut self.instead {
            match ready!(Pin::new(&mut *stream).poll_write(cx, &bytes[*gone..]))? {
                0 => return Poll::Ready(Ok(0)),
                more => *gone += more,
            }
            if *gone == bytes.len() {
                self.instead = None;
            }
        }
        Poll::Ready(Ok(said))
    }
}

/// Why hyper has refused a head, if these bytes are such a refusal and nothing else.
fn refusal(said: &[u8]) -> Option<Error> {
    let head = std::str::from_utf8(said).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?;
    let is_hypers = |line: &str| {
        let (name, _) = line.split_once(':').unwrap_or_default();
        HYPERS.iter().any(|own| name.eq_ignore_ascii_case(own))
    };
    if !lines.all(is_hypers) {
        return None;
    }
    match status {
        "400" => Some(Error::Request(
            Code::InvalidFormat,
            "This is no request of HTTP.".into(),
        )),
        "431" => Some(Error::Request(Code::HeadTooLarge, TOO_MUCH_HEAD.into())),
        _ => None,
    }
}

/// A reply as it stands on the wire. Its body is there whole: it is a failure's.
fn in_bytes(reply: Response) -> Vec<u8> {
    let (parts, body) = reply.into_parts();
    let body = whole(body);
    let mut bytes = format!("HTTP/1.1 {}\r\ncontent-length: {}\r\n", parts.status, body.len()).into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes
}

fn whole(body: Body) -> Vec<u8> {
    let mut cx = Context::from_waker(Waker::noop());
    match http_body::Body::poll_frame(pin!(body), &mut cx) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().map(Vec::from).unwrap_or_default(),
        _ => Vec::new(),
    }
}
