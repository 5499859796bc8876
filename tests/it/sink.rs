//! A receiver of webhooks on loopback: it keeps what it hears, and answers what the test says.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Heard {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Heard {
    /// A header's value, by its lower-case name.
    pub fn header(&self, name: &str) -> &str {
        let mut all = self.headers.iter();
        let found = all.find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What it tells of.
    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Say {
    /// A status, and an empty body.
    Status(u16),
    /// A status with a header.
    With(u16, &'static str, String),
    /// A status with a body.
    Body(u16, Vec<u8>),
    /// These bytes, and then a byte every so often until the other side has had enough.
    Drip(Vec<u8>, Duration),
    /// A status, after a while.
    Late(Duration, u16),
    /// Nothing, ever.
    Nothing,
    /// The end of the connection.
    Close,
}

type Answers = Arc<dyn Fn(&Heard) -> Say + Send + Sync>;

struct Inner {
    heard: Mutex<Vec<Heard>>,
    answers: Mutex<Answers>,
    connections: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    is_over: AtomicBool,
}

/// A receiver. Dropping it ends it.
pub struct Sink {
    at: SocketAddr,
    inner: Arc<Inner>,
}

impl Sink {
    /// One that answers 204.
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    /// The same at an address of its own.
    pub fn start_at(address: &str) -> Self {
        Self::try_start_at(address).unwrap()
    }

    /// The same, if nobody is there.
    pub fn try_start_at(address: &str) -> Option<Self> {
        let listener = TcpListener::bind(address).ok()?;
        let at = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            heard: Mutex::default(),
            answers: Mutex::new(Arc::new(|_: &Heard| Say::Status(204))),
            connections: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
        });
        let shared = Arc::clone(&inner);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.is_over.load(Ordering::SeqCst) {
                    return;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (shared, stream) = (Arc::clone(&shared), stream.unwrap());
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        Some(Self { at, inner })
    }

    pub fn at(&self) -> SocketAddr {
        self.at
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.at)
    }

    /// From now on it answers this status.
    pub fn answer(&self, status: u16) {
        self.say(move |_| Say::Status(status));
    }

    /// From now on it answers so.
    pub fn say(&self, answers: impl Fn(&Heard) -> Say + Send + Sync + 'static) {
        *self.inner.answers.lock().unwrap() = Arc::new(answers);
    }

    /// All that it has heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.inner.heard.lock().unwrap().clone()
    }

    /// All that it has heard since it was asked last.
    pub fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.inner.heard.lock().unwrap())
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.inner.connections.load(Ordering::SeqCst)
    }

    /// How many requests were under way at once, at their most.
    pub fn most_under_way(&self) -> usize {
        self.inner.most_under_way.load(Ordering::SeqCst)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.inner.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.at);
    }
}

fn serve(stream: &TcpStream, inner: &Inner) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(heard) = read(&mut reader) {
        let now = inner.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        inner.most_under_way.fetch_max(now, Ordering::SeqCst);
        let answers = Arc::clone(&inner.answers.lock().unwrap());
        let say = answers(&heard);
        inner.heard.lock().unwrap().push(heard);
        inner.under_way.fetch_sub(1, Ordering::SeqCst);
        if !speak(stream, &say) || inner.is_over.load(Ordering::SeqCst) {
            return;
        }
    }
}

/// Whether the connection goes on.
fn speak(mut stream: &TcpStream, say: &Say) -> bool {
    let head = |status: u16, more: &str, length: usize| {
        let length = if status == 204 {
            String::new()
        } else {
            format!("content-length: {length}\r\n")
        };
        format!("HTTP/1.1 {status} So\r\n{length}{more}\r\n").into_bytes()
    };
    match say {
        Say::Status(status) => stream.write_all(&head(*status, "", 0)).is_ok(),
        Say::With(status, name, value) => stream
            .write_all(&head(*status, &format!("{name}: {value}\r\n"), 0))
            .is_ok(),
        Say::Body(status, body) => {
            let mut whole = head(*status, "", body.len());
            whole.extend_from_slice(body);
            stream.write_all(&whole).is_ok()
        }
        Say::Drip(start, pause) => {
            let mut goes_on = stream.write_all(start).is_ok();
            while goes_on {
                std::thread::sleep(*pause);
                goes_on = stream.write_all(b"x").is_ok();
            }
            false
        }
        Say::Late(pause, status) => {
            std::thread::sleep(*pause);
            stream.write_all(&head(*status, "", 0)).is_ok()
        }
        Say::Nothing => {
            let _ = stream.read(&mut [0]);
            false
        }
        Say::Close => false,
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Heard> {
    let mut first = String::new();
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None => break,
        }
    }
    let mut heard = Heard {
        path: first.split(' ').nth(1)?.to_owned(),
        headers,
        body: String::new(),
    };
    let mut body = vec![0; heard.header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    heard.body = String::from_utf8(body).unwrap();
    Some(heard)
}
