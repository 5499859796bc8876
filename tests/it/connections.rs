//! Below the routes: heads that cannot be read, peers that take nothing, a process without files left, and HTTP/2.

use std::fs::File;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use crate::app::TestApp;
use crate::binary::Folder;
use crate::kill::Server;

fn connect(at: std::net::SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// NET-04, I1: hyper refuses it, but what arrives is a failure like any other.
#[test]
fn a_head_that_cannot_be_read_is_answered_like_any_failure() {
    let app = TestApp::start();
    let many: String = (0..65).map(|number| format!("x-{number}: y\r\n")).collect();
    let long = "y".repeat(17 * 1024);
    for (head, status, code) in [
        ("nonsense\r\n\r\n".to_owned(), 400, 2004),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400, 2004),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), 400, 2004),
        ("GET / HTTP/1.1\r\nhost: a\0b\r\n\r\n".to_owned(), 400, 2004),
        (
            "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\nx".to_owned(),
            400,
            2004,
        ),
        (
            format!("GET / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"),
            431,
            2007,
        ),
        (
            format!("GET / HTTP/1.1\r\nhost: localhost\r\nx-long: {long}\r\n\r\n"),
            431,
            2007,
        ),
    ] {
        let answer = app.client().raw(head.as_bytes());
        assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
        assert_eq!(answer.json()["error"]["status"], status);
        assert_eq!(
            answer.json()["error"]["request_id"],
            answer.header("x-request-id").unwrap()
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let figures = app.get("nobody", "/metrics").body;
    let counted = r#"http_requests_total{method="other",route="unmatched",status="431"}"#;
    assert!(figures.contains(counted), "{figures}");
}

/// NET-04: also behind a good one.
#[test]
fn a_kept_connection_ends_with_the_head_that_cannot_be_read() {
    let app = TestApp::start();
    let mut stream = connect(app.client().at());
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let mut body = Vec::new();
    while !body.ends_with(br#"{"status":"live"}"#) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        body.push(byte[0]);
    }
    stream.write_all(b"nonsense\r\n\r\n").unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 400"), "{rest}");
    assert!(rest.contains("\"code\":2004"), "{rest}");
}

/// NET-04: also behind one in the same packet.
#[test]
fn a_head_that_cannot_be_read_is_answered_behind_a_good_one() {
    let app = TestApp::start();
    let good = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for many in 1..4 {
        let mut stream = connect(app.client().at());
        let packet = format!("{}nonsense\r\n\r\n", good.repeat(many));
        stream.write_all(packet.as_bytes()).unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        assert_eq!(all.matches("HTTP/1.1 200").count(), many, "{all}");
        let (_, last) = all.split_once("HTTP/1.1 400").unwrap();
        assert!(
            last.contains("\"code\":2004") && last.contains("x-request-id"),
            "{all}"
        );
    }
}

/// NET-01: whoever asks and takes nothing is cut off, and the seat is somebody else's.
#[test]
fn a_peer_that_takes_no_reply_loses_its_seat() {
    const ASKED: usize = 200;
    let app = TestApp::start_with(|config| {
        config.server.write_seconds = 1;
        config.server.connections = 1;
    });
    let long = app.get("nobody", "/api/openapi.json").body.len();
    let mut lazy = connect(app.client().at());
    let ask = "GET /api/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(ASKED);
    lazy.write_all(ask.as_bytes()).unwrap();
    let mut begun = [0; 12];
    lazy.read_exact(&mut begun).unwrap();
    assert_eq!(app.get("nobody", "/livez").status, 200, "a seat came free");
    let mut taken = Vec::new();
    let _ = lazy.read_to_end(&mut taken);
    assert!(
        taken.len() < ASKED * long,
        "{} bytes came all the same",
        taken.len()
    );
}

/// NET-01: slow heads and kept connections that say nothing hold their seats only while nobody waits for one.
#[test]
fn whoever_is_slow_gives_their_seat_to_whoever_waits() {
    const SEATS: usize = 8;
    let app = TestApp::start_with(|config| {
        config.server.connections = SEATS as u64;
        config.server.header_seconds = 600;
        config.server.idle_seconds = 600;
    });
    let at = app.client().at();
    let mut slow: Vec<TcpStream> = (0..SEATS).map(|_| connect(at)).collect();
    for stream in slow.iter_mut().step_by(2) {
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: local").unwrap();
    }
    let mut proper = connect(at);
    proper
        .write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut reply = [0; 12];
    proper.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"HTTP/1.1 200");
}

/// NET-01: no file left to open is over when somebody leaves; until then the others wait.
#[test]
fn a_process_without_files_left_goes_on_accepting() {
    let dir = Folder::new();
    std::fs::create_dir_all(&dir.0).unwrap();
    let log = dir.0.join("log");
    let mut limited = Command::new("sh");
    limited.args([
        "-c",
        "ulimit -n 64; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_till"),
    ]);
    let server = Server::run(
        &mut limited,
        &dir.0.join("shop"),
        &[],
        File::create(&log).unwrap().into(),
    );
    let crowd: Vec<TcpStream> = (0..80).map(|_| connect(server.at)).collect();
    let mut late = connect(server.at);
    late.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    late.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut reply = [0; 12];
    assert!(
        late.read_exact(&mut reply).is_err(),
        "there is no file for it yet"
    );
    drop(crowd);
    late.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    late.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"HTTP/1.1 200");
    server.stop();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("a connection could not be taken"), "{log}");
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// RFC 9113, 7: the stream was not looked at.
const REFUSED: [u8; 4] = [0, 0, 0, 7];

/// HTTP/2 by hand: frames as RFC 9113 has them, headers as RFC 7541 has them.
struct Http2(TcpStream);

struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Http2 {
    fn connect(app: &TestApp) -> Self {
        let mut own = Self(connect(app.client().at()));
        own.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        own.send(SETTINGS, 0, 0, &[]);
        own
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        self.0.write_all(&frame).unwrap();
    }

    fn read(&mut self) -> Frame {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).unwrap();
        Frame {
            kind: head[3],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        }
    }

    fn next(&mut self, kind: u8, stream: u32) -> Vec<u8> {
        loop {
            let frame = self.read();
            if (frame.kind, frame.stream) == (kind, stream) {
                return frame.payload;
            }
        }
    }

    /// Begins a request; `method` is its place in the static table.
    fn ask(&mut self, stream: u32, method: u8, path: &str, more: &[(&str, &str)], flags: u8) {
        let mut block = vec![method, 0x86];
        block.push(0x04);
        text(&mut block, path);
        block.push(0x01);
        text(&mut block, "localhost");
        for (name, value) in more {
            block.push(0x00);
            text(&mut block, name);
            text(&mut block, value);
        }
        self.send(HEADERS, flags | END_HEADERS, stream, &block);
    }
}

const GET: u8 = 0x82;
const POST: u8 = 0x83;

fn text(block: &mut Vec<u8>, text: &str) {
    let length = text.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        let mut rest = length - 127;
        while rest >= 128 {
            block.push((rest % 128) as u8 | 128);
            rest /= 128;
        }
        block.push(rest as u8);
    }
    block.extend_from_slice(text.as_bytes());
}

/// `:status` 200, and 431 in Huffman's code.
const OK: &[u8] = &[0x88];
const TOO_LARGE: &[u8] = &[0x48, 0x83, 0x69, 0x90, 0xff];

/// NET-04: prior knowledge, at most 100 streams, and heads no longer than in HTTP/1.
#[test]
fn http2_is_spoken_within_limits() {
    let app = TestApp::start();
    let mut peer = Http2::connect(&app);
    let settings = peer.next(SETTINGS, 0);
    let set = |name: u8| {
        let own = settings.chunks(6).find(|six| six[..2] == [0, name]).unwrap();
        u32::from_be_bytes([own[2], own[3], own[4], own[5]])
    };
    assert_eq!((set(3), set(6)), (100, 16 * 1024));
    peer.ask(1, GET, "/livez", &[], END_STREAM);
    assert!(peer.next(HEADERS, 1).starts_with(OK));
    assert_eq!(peer.next(DATA, 1), br#"{"status":"live"}"#);
    let long = "y".repeat(16_250);
    peer.ask(3, GET, "/livez", &[("x-long", &long)], END_STREAM);
    assert!(peer.next(HEADERS, 3).starts_with(TOO_LARGE));
    peer.ask(5, GET, "/livez", &[("x-many", "y"); 65], END_STREAM);
    let told = String::from_utf8(peer.next(DATA, 5)).unwrap();
    assert!(told.contains("\"code\":2007"), "{told}");
    peer.ask(7, GET, "/livez", &[], END_STREAM);
    assert_eq!(peer.next(DATA, 7), br#"{"status":"live"}"#);
}

/// NET-04
#[test]
fn the_stream_beyond_a_hundred_is_refused() {
    let app = TestApp::start();
    let mut peer = Http2::connect(&app);
    let json = [("content-type", "application/json")];
    let streams: Vec<u32> = (0..101).map(|number| number * 2 + 1).collect();
    for stream in &streams {
        peer.ask(*stream, POST, "/api/v1/auth/login", &json, 0);
    }
    assert_eq!(peer.next(RESET, streams[100]), REFUSED);
    peer.send(DATA, END_STREAM, streams[0], b"{}");
    assert!(!peer.next(HEADERS, streams[0]).is_empty(), "the others are heard");
}
