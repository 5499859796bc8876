//! Listeners of the feed: a stream of server-sent events, and a WebSocket whose every byte is under the test's hand.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use till::clock::Stopwatch;
use till::domain::actor::Actor;

use crate::app::TestApp;

/// What has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes all places that are left to a user: there is one again when one of those who listen has gone.
pub fn take_places(app: &TestApp, by: &Actor) -> Vec<impl Sized + use<>> {
    std::iter::from_fn(|| app.app().place(by).ok()).collect()
}

/// A line of a request's head that shows a token.
pub fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

fn connect(at: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(at).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// A stream that is being read.
pub struct Stream {
    socket: TcpStream,
    pub text: String,
    taken: usize,
}

impl Stream {
    /// Asks for one, and reads until it has begun, or its reply.
    pub fn open(at: SocketAddr, path: &str, headers: &str) -> Self {
        let mut socket = connect(at);
        let head = format!("GET {path} HTTP/1.1\r\nhost: {at}\r\n{headers}\r\n");
        socket.write_all(head.as_bytes()).unwrap();
        let mut stream = Self {
            socket,
            text: String::new(),
            taken: 0,
        };
        while !stream.text.contains("retry: 2000\n\n") && !stream.text.contains("{\"error\"") {
            assert!(stream.read() > 0, "{}", stream.text);
        }
        stream.taken = stream.text.find("retry: ").unwrap_or(0);
        stream
    }

    /// The status that it began with.
    pub fn status(&self) -> u16 {
        self.text[9..12].parse().unwrap()
    }

    fn read(&mut self) -> usize {
        let mut bytes = [0; 65_536];
        let read = self.socket.read(&mut bytes).expect("the stream goes on or ends");
        self.text += &String::from_utf8_lossy(&bytes[..read]);
        read
    }

    /// The next event, which stands under its own id and type.
    pub fn next(&mut self) -> Value {
        self.try_next().unwrap_or_else(|| panic!("ended: {}", self.text))
    }

    /// The same, or nothing if the stream ends.
    pub fn try_next(&mut self) -> Option<Value> {
        let watch = Stopwatch::start();
        loop {
            // Beats keep it alive in which nothing is told.
            assert!(watch.elapsed() < PATIENCE, "nothing comes: {}", self.text);
            let text = &self.text[self.taken..];
            let whole = text
                .find("id: ")
                .and_then(|at| Some((at, at + text[at..].find("\n\n")?)));
            if let Some((from, to)) = whole {
                let event = message(&text[from..to]);
                self.taken += to;
                return Some(event);
            }
            if self.text.ends_with("\r\n0\r\n\r\n") || self.socket_is_closed() {
                return None;
            }
        }
    }

    fn socket_is_closed(&mut self) -> bool {
        self.read() == 0
    }

    /// Reads to its end; what it told until then.
    pub fn rest(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.try_next()).collect()
    }
}

/// A message, held to what stands above it. A reply in chunks may have its marks between the lines, never within one.
fn message(text: &str) -> Value {
    let line = |name: &str| {
        let mut lines = text.lines();
        lines
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_else(|| panic!("{text}"))
            .to_owned()
    };
    let event: Value = serde_json::from_str(&line("data: ")).unwrap_or_else(|_| panic!("{text}"));
    assert_eq!(event["id"].to_string(), line("id: "));
    assert_eq!(event["type"], line("event: "));
    event
}

/// The order that an event tells of.
pub fn order_of(event: &Value) -> i64 {
    event["data"]["id"].as_i64().unwrap_or_else(|| panic!("{event}"))
}

/// A WebSocket.
pub struct Socket {
    stream: TcpStream,
    read: Vec<u8>,
    /// The reply to its handshake.
    pub head: String,
}

/// What came over a socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Event(Value),
    Failure(u64),
    Closed(u16),
    Pong,
    Gone,
}

impl Socket {
    /// Shakes hands at a path with further lines of a head.
    pub fn open(at: SocketAddr, path: &str, headers: &str) -> Self {
        let mut stream = connect(at);
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut read = Vec::new();
        let end = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            let mut bytes = [0; 4096];
            let more = stream.read(&mut bytes).unwrap();
            assert!(more > 0, "{}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&bytes[..more]);
        };
        let rest = read.split_off(end);
        let head = String::from_utf8(read).unwrap();
        Self {
            stream,
            read: rest,
            head,
        }
    }

    /// One that is let in, as whoever holds the token.
    pub fn signed_in(at: SocketAddr, token: &str) -> Self {
        let socket = Self::open(at, "/api/v1/live", &bearer(token));
        assert_eq!(socket.status(), 101, "{}", socket.head);
        assert!(
            socket.head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "{}",
            socket.head
        );
        socket
    }

    pub fn status(&self) -> u16 {
        self.head[9..12].parse().unwrap()
    }

    /// The number of the failure that the handshake was answered with.
    pub fn code(&mut self) -> u64 {
        loop {
            let body = String::from_utf8_lossy(&self.read).into_owned();
            if let Some(number) = body.split("\"code\":").nth(1) {
                return number.split(',').next().unwrap().parse().unwrap();
            }
            assert!(self.more() > 0, "{body}");
        }
    }

    fn more(&mut self) -> usize {
        let mut bytes = [0; 65_536];
        let read = self.stream.read(&mut bytes).unwrap_or(0);
        self.read.extend_from_slice(&bytes[..read]);
        read
    }

    /// Sends bytes as they are; the other side may have gone.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Says something as a client says it, under a mask (of nothing).
    pub fn say(&mut self, text: &str) {
        self.frame(0x81, text.as_bytes());
    }

    pub fn frame(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match payload.len() {
            short @ 0..126 => frame.push(0x80 | short as u8),
            long @ 126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&(long as u16).to_be_bytes());
            }
            huge => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&(huge as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.send(&frame);
    }

    /// The next thing but pings.
    pub fn next(&mut self) -> Heard {
        let watch = Stopwatch::start();
        loop {
            assert!(watch.elapsed() < PATIENCE, "nothing comes");
            let (kind, payload) = match self.take() {
                Some(frame) => frame,
                None if self.more() > 0 => continue,
                None => return Heard::Gone,
            };
            match kind & 15 {
                1 => {
                    let said: Value = serde_json::from_slice(&payload).unwrap();
                    return match said["error"]["code"].as_u64() {
                        Some(code) => Heard::Failure(code),
                        None => Heard::Event(said),
                    };
                }
                8 => return Heard::Closed(u16::from_be_bytes([payload[0], payload[1]])),
                9 => {}
                10 => return Heard::Pong,
                other => panic!("opcode {other}"),
            }
        }
    }

    /// The next event, past the answers to pings.
    pub fn try_event(&mut self) -> Option<Value> {
        match self.next() {
            Heard::Event(event) => Some(event),
            Heard::Pong => None,
            other => panic!("{other:?}"),
        }
    }

    /// The next event.
    pub fn event(&mut self) -> Value {
        match self.next() {
            Heard::Event(event) => event,
            other => panic!("{other:?}"),
        }
    }

    /// A whole frame, if there is one.
    fn take(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.read.first()?, *self.read.get(1)?);
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (from, length) = match second {
            126 => (4, number(self.read.get(2..4)?)),
            127 => (10, number(self.read.get(2..10)?)),
            short => (2, usize::from(short)),
        };
        let payload = self.read.get(from..from + length)?.to_vec();
        self.read.drain(..from + length);
        Some((first, payload))
    }
}
