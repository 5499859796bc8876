//! Too much at once: the real binary under slow sockets, storms of passwords, more orders than it can take, and a million
//! addresses. Nightly: each takes a minute or two, and wants the machine for itself.

use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use till::clock::Stopwatch;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use crate::client::Client;
use crate::kill;
use crate::kill::Heard;
use crate::kill::Server;

const LIST: &str = "/api/v1/products/public";

/// A shop with goods, served with these settings; a token of its owner.
fn serve(name: &str, settings: &[(&str, &str)]) -> (Server, String) {
    let dir = kill::folder(name);
    let token = kill::open_shop(&dir);
    (Server::start_with(&dir, settings, Stdio::null()), token)
}

fn end(server: Server, name: &str) {
    server.stop();
    let _ = std::fs::remove_dir_all(kill::folder(name));
}

/// What the server holds in memory, in MiB.
fn memory(at: SocketAddr) -> f64 {
    let told = Client::new(at).send("GET", "/health", None, &[], None).json();
    told["memoryUsage"]["rss"].as_f64().unwrap()
}

/// How long so many looks took, one after the other, in milliseconds: the middle, and that of the slowest hundredth.
fn look(at: SocketAddr, goes_on: impl FnMut(usize) -> bool) -> (f64, f64) {
    middle_and_slowest(looks(at, goes_on))
}

/// The same of so many who look at the same time.
fn look_together(at: SocketAddr, lookers: usize, goes_on: impl Fn(usize) -> bool + Sync) -> (f64, f64) {
    std::thread::scope(|scope| {
        let goes_on = &goes_on;
        let all: Vec<_> = (0..lookers)
            .map(|_| scope.spawn(move || looks(at, goes_on)))
            .collect();
        middle_and_slowest(all.into_iter().flat_map(|one| one.join().unwrap()).collect())
    })
}

fn looks(at: SocketAddr, mut goes_on: impl FnMut(usize) -> bool) -> Vec<f64> {
    let mut took = Vec::new();
    while goes_on(took.len()) {
        let watch = Stopwatch::start();
        let answer = Client::new(at).send("GET", LIST, None, &[], None);
        assert_eq!(answer.status, 200, "{}", answer.body);
        took.push(watch.seconds() * 1000.0);
    }
    took
}

fn middle_and_slowest(mut took: Vec<f64>) -> (f64, f64) {
    took.sort_by(f64::total_cmp);
    let at = |part: f64| took[((took.len() as f64 * part) as usize).min(took.len() - 1)];
    (at(0.5), at(0.99))
}

/// A slow client of one of three kinds, until it is closed; how long that took, in seconds.
async fn dawdle(mut stream: tokio::net::TcpStream, kind: usize) -> f64 {
    let watch = Stopwatch::start();
    let head = b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx-slow: yes";
    if kind == 1 {
        stream.write_all(head).await.unwrap();
    }
    let mut rest = head.iter().cycle();
    let mut byte = [0];
    loop {
        let heard = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut byte));
        match heard.await {
            Ok(Ok(0) | Err(_)) => return watch.seconds(),
            // Half a head is answered, by 408.
            Ok(Ok(_)) => {}
            Err(_) if kind == 2 => {
                let _ = stream.write_all(&[*rest.next().unwrap()]).await;
            }
            Err(_) => {}
        }
    }
}

/// NET-01, G12: 5,000 sockets that say nothing, half a head, or a byte a second are each closed within 12 seconds, and
/// whoever asks properly meanwhile hardly notices. (With seats for all: this machine is not counted by its address.)
#[test]
#[ignore = "nightly: 5,000 sockets"]
fn five_thousand_slow_sockets_are_closed_in_time() {
    const SOCKETS: usize = 5000;
    let (server, _) = serve("slow", &[("TILL_SERVER__CONNECTIONS", "8192")]);
    let at = server.at;
    let quiet = look(at, |looks| looks < 500);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let left = AtomicBool::new(true);
    let (longest, busy) = std::thread::scope(|scope| {
        let watched = scope.spawn(|| look(at, |looks| looks < 100 || left.load(Ordering::Relaxed)));
        let longest = runtime.block_on(async {
            let mut slow = Vec::new();
            for number in 0..SOCKETS {
                let stream = tokio::net::TcpStream::connect(at).await.unwrap();
                slow.push(tokio::spawn(dawdle(stream, number % 3)));
                // Not more at once than the kernel lets wait, or it forgets some that would say nothing for ever.
                if number % 500 == 499 {
                    let mut proper = tokio::net::TcpStream::connect(at).await.unwrap();
                    let ask = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
                    proper.write_all(ask).await.unwrap();
                    proper.read_u8().await.unwrap();
                }
            }
            let mut longest = 0.0_f64;
            for one in slow {
                longest = longest.max(one.await.unwrap());
            }
            longest
        });
        left.store(false, Ordering::Relaxed);
        (longest, watched.join().unwrap())
    });
    println!(
        "{SOCKETS} slow sockets: the last closed after {longest:.2} s; looks p50, p99 {quiet:.2?} ms before, {busy:.2?} ms meanwhile"
    );
    end(server, "slow");
    assert!(longest <= 12.0, "{longest}");
}

/// A sign-in by a name of its own: five at once would lock one.
fn sign_in(number: usize) -> String {
    let body = json!({ "username": format!("guest{number}"), "password": "not the password" }).to_string();
    format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends a request over each of these, all at once, and takes the statuses. They are open and their requests are built
/// before: what a crowd of clients costs this machine is not what is measured.
fn ask_all(mut streams: Vec<TcpStream>, requests: &[String]) -> Vec<u16> {
    for (stream, request) in streams.iter_mut().zip(requests) {
        stream.write_all(request.as_bytes()).unwrap();
    }
    let status = |mut stream: TcpStream| {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    };
    streams.into_iter().map(status).collect()
}

/// What 200 sign-ins at once did to a server while so many looked at something else all the time: their statuses, and how
/// much more memory it had at most, in MiB.
fn storm(server: &Server, lookers: usize) -> (Vec<u16>, f64) {
    const SIGN_INS: usize = 200;
    let at = server.at;
    let quiet = look_together(at, lookers, |looks| looks < 2000 / lookers);
    server.forget_peak();
    let before = server.memory("VmRSS:");
    let requests: Vec<String> = (0..SIGN_INS).map(sign_in).collect();
    let streams = (0..SIGN_INS).map(|_| TcpStream::connect(at).unwrap()).collect();
    let left = AtomicBool::new(true);
    let watch = Stopwatch::start();
    let (statuses, busy) = std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let statuses = ask_all(streams, &requests);
            left.store(false, Ordering::Relaxed);
            statuses
        });
        let busy = look_together(at, lookers, |looks| looks < 20 || left.load(Ordering::Relaxed));
        (asked.join().unwrap(), busy)
    });
    let grown = (server.memory("VmHWM:") - before) as f64 / 1024.0;
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    println!(
        "{SIGN_INS} sign-ins at once: {} hashed, {} told to come again, in {:.1} s; memory +{grown:.0} MiB; \
         {lookers} looking: p50, p99 {quiet:.2?} ms before, {busy:.2?} ms meanwhile",
        count(401),
        count(503),
        watch.seconds(),
    );
    (statuses, grown)
}

/// AUT-01: of 200 sign-ins at once one or two are hashed at a time and some wait; memory stays bounded, and whoever asks
/// for something else meanwhile hardly notices, on a machine that is idle else and on one that is not.
#[test]
#[ignore = "nightly: 200 sign-ins at once"]
fn two_hundred_sign_ins_at_once_take_little_memory() {
    let (server, _) = serve("storm", &[]);
    for lookers in [1, 8] {
        let (statuses, grown) = storm(&server, lookers);
        let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
        assert_eq!(count(401) + count(503), statuses.len(), "{statuses:?}");
        assert!(count(401) >= 64, "{statuses:?}");
        assert!(grown <= 100.0, "{grown}");
    }
    end(server, "storm");
}

/// So many clients place orders for so many seconds: orders a second, and the slowest hundredth of the refusals in ms.
fn press(at: SocketAddr, token: &str, name: &str, clients: usize, seconds: u64) -> (f64, usize, f64) {
    let watch = Stopwatch::start();
    let limit = Duration::from_secs(seconds);
    let mut heard: Vec<(bool, f64)> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(at).unwrap();
                    let mut heard = Vec::new();
                    while watch.elapsed() < limit {
                        let key = format!("{name}-{client}-{}", heard.len());
                        let one = Stopwatch::start();
                        let answer = kill::ask(&mut stream, token, &key, &kill::body(client as u64));
                        assert!(
                            matches!(answer, Heard::Acknowledged(_) | Heard::Unavailable),
                            "{answer:?}"
                        );
                        heard.push((answer != Heard::Unavailable, one.seconds() * 1000.0));
                    }
                    heard
                })
            })
            .collect();
        let all = clients.into_iter().flat_map(|client| client.join().unwrap());
        all.collect()
    });
    let took = watch.seconds();
    let placed = heard.iter().filter(|(is_placed, _)| *is_placed).count();
    heard.retain(|(is_placed, _)| !is_placed);
    let mut refused: Vec<f64> = heard.into_iter().map(|(_, took)| took).collect();
    refused.sort_by(f64::total_cmp);
    let slowest = refused.get(refused.len() * 99 / 100).copied().unwrap_or(0.0);
    (placed as f64 / took, refused.len(), slowest)
}

/// NET-06, G12: ten times as many clients as it has at its best; what it cannot take is refused at once, and what it takes
/// is four fifths of its best.
#[test]
#[ignore = "nightly: a minute of overload"]
fn ten_times_the_load_keeps_four_fifths_of_the_orders() {
    // The queue of its best, so that what is more than that overflows.
    let (server, token) = serve("overload", &[("TILL_STORE__QUEUE", "64")]);
    press(server.at, &token, "warm", 32, 3);
    let (best, none, _) = press(server.at, &token, "best", 32, 20);
    assert_eq!(none, 0);
    let before = memory(server.at);
    let (under, refused, slowest) = press(server.at, &token, "over", 320, 20);
    let grown = memory(server.at) - before;
    println!(
        "{best:.0} orders/s of 32 clients; of 320 {under:.0} ({:.0} %), {refused} refused, p99 {slowest:.1} ms; memory {grown:+.0} MiB",
        under / best * 100.0
    );
    let alive = Client::new(server.at).send("GET", "/readyz", None, &[], None);
    assert_eq!(alive.status, 200);
    end(server, "overload");
    assert!(refused > 0);
    assert!(under >= 0.8 * best, "{under} of {best}");
}

/// Asks once from each of so many addresses, a thousand at a time over one connection.
fn ask_from(at: SocketAddr, addresses: u32, first: u32) {
    let mut stream = TcpStream::connect(at).unwrap();
    let mut reply = vec![0; 1 << 20];
    for round in 0..addresses / 1000 {
        let mut requests = String::new();
        for number in 0..1000 {
            let ip = std::net::Ipv4Addr::from(0x0b00_0000 + first + round * 1000 + number);
            requests += &format!("GET /nowhere HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: {ip}\r\n\r\n");
        }
        let mut writer = stream.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || writer.write_all(requests.as_bytes()).unwrap());
            let mut heard = 0;
            let mut tail = Vec::new();
            while heard < 1000 {
                let read = stream.read(&mut reply).unwrap();
                assert!(read > 0, "the server hung up");
                tail.extend_from_slice(&reply[..read]);
                let end = b"HTTP/1.1 404";
                heard += tail.windows(end.len()).filter(|window| *window == end).count();
                let kept = tail.len().min(end.len() - 1);
                tail.drain(..tail.len() - kept);
            }
        });
    }
}

/// RL-02: a million addresses take little memory, and whoever is held back stays so while they come.
#[test]
#[ignore = "nightly: a million requests"]
fn a_million_addresses_take_little_memory() {
    const ADDRESSES: u32 = 1_000_000;
    let limits = [("TILL_LIMITS__ENABLED", "true")];
    let dir = kill::folder("addresses");
    let server = Server::start_with(&dir, &limits, Stdio::null());
    // Warm, so that what is measured are the buckets.
    ask_from(server.at, 2000, 0x0100_0000);
    let before = memory(server.at);
    let at = server.at;
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        for part in 0..4 {
            scope.spawn(move || ask_from(at, ADDRESSES / 4, part * (ADDRESSES / 4)));
        }
    });
    let grown = memory(server.at) - before;
    println!(
        "{ADDRESSES} addresses in {:.0} s: memory {grown:+.1} MiB",
        watch.seconds()
    );
    server.stop();
    let _ = std::fs::remove_dir_all(&dir);
    assert!(grown <= 32.0, "{grown}");
}
