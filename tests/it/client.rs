//! A tiny HTTP client: one request a connection, every byte under the test's hand.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Sends requests to one server.
#[derive(Debug, Clone, Copy)]
pub struct Client(SocketAddr);

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// A header's value, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The number of the failure; 0 if it is none.
    pub fn code(&self) -> u64 {
        self.json()["error"]["code"].as_u64().unwrap_or(0)
    }
}

impl Client {
    pub fn new(at: SocketAddr) -> Self {
        Self(at)
    }

    pub fn at(&self) -> SocketAddr {
        self.0
    }

    /// Sends a JSON request.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        self.try_send(method, path, token, headers, body)
            .expect("the server answers")
    }

    /// The same to a server that may be gone.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Option<Answer> {
        let body = body.map(Value::to_string);
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            self.0
        );
        if let Some(token) = token {
            text += &format!("authorization: Bearer {token}\r\n");
        }
        let has_type = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if body.is_some() && !has_type {
            text += "content-type: application/json\r\n";
        }
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = &body {
            text += &format!("content-length: {}\r\n", body.len());
        }
        text += "\r\n";
        text += body.as_deref().unwrap_or_default();
        self.try_raw(text.as_bytes())
    }

    /// Sends a body byte for byte.
    pub fn send_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
            self.0,
            body.len()
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        self.raw(&[head.as_bytes(), b"\r\n", body].concat())
    }

    /// Sends bytes as they are and reads until the server closes.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        self.try_raw(bytes).expect("the server answers")
    }

    fn try_raw(&self, bytes: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.0).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A server that has refused the head may close before it has read the body.
        let _ = stream.write_all(bytes);
        let mut reply = Vec::new();
        let mut bytes = [0; 16 * 1024];
        // Of a stream that does not end only its head is wanted.
        while !is_stream(&reply)
            && let Ok(read @ 1..) = stream.read(&mut bytes)
        {
            reply.extend_from_slice(&bytes[..read]);
        }
        (!reply.is_empty()).then(|| read(&reply))
    }
}

/// Whether this is the beginning of a reply that has no end.
fn is_stream(reply: &[u8]) -> bool {
    let end = reply.windows(4).position(|four| four == b"\r\n\r\n");
    let head = String::from_utf8_lossy(&reply[..end.unwrap_or(0)]);
    head.contains("content-type: text/event-stream")
}

fn read(reply: &[u8]) -> Answer {
    let end = reply
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(reply)));
    let head = String::from_utf8_lossy(&reply[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let is_chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let rest = &reply[end + 4..];
    let body = match is_chunked {
        true => unchunk(rest),
        false => rest.to_vec(),
    };
    Answer {
        status,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).unwrap();
        if size == 0 || rest.len() < end + 4 + size {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    body
}
