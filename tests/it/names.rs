//! A resolver of names on loopback, which answers what the test says.

use std::collections::HashMap;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::net::UdpSocket;

const A: [u8; 2] = [0, 1];
const AAAA: [u8; 2] = [0, 28];

/// Starts a resolver. It is asked for a name's addresses once for each lookup, and ends with the process.
pub fn start(mut answers: impl FnMut(&str) -> Vec<IpAddr> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut known = HashMap::new();
        let mut bytes = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut bytes) {
            let question = &bytes[..length];
            let (name, kind) = read(question);
            // The addresses of the other kind are asked for after those of the first.
            if kind == A {
                known.insert(name.clone(), answers(&name));
            }
            let found: Vec<&IpAddr> = known[&name]
                .iter()
                .filter(|ip| (kind == A && ip.is_ipv4()) || (kind == AAAA && ip.is_ipv6()))
                .collect();
            let _ = socket.send_to(&reply(question, &found), from);
        }
    });
    at
}

fn read(question: &[u8]) -> (String, [u8; 2]) {
    let mut labels = Vec::new();
    let mut rest = &question[12..];
    while rest[0] > 0 {
        let (label, more) = rest[1..].split_at(rest[0].into());
        labels.push(String::from_utf8_lossy(label).into_owned());
        rest = more;
    }
    (labels.join("."), [rest[1], rest[2]])
}

/// Behind the question, a name that this one stands for, and then the addresses.
fn reply(question: &[u8], found: &[&IpAddr]) -> Vec<u8> {
    let mut reply = question.to_vec();
    reply[2..4].copy_from_slice(&[0x81, 0x80]);
    reply[7] = u8::try_from(found.len() + 1).unwrap();
    let mut push = |kind: [u8; 2], data: &[u8]| {
        reply.extend([0xc0, 12, kind[0], kind[1], 0, 1, 0, 0, 0, 0, 0]);
        reply.push(u8::try_from(data.len()).unwrap());
        reply.extend(data);
    };
    push([0, 5], b"\x05other\x04test\x00");
    for ip in found {
        match ip {
            IpAddr::V4(ip) => push(A, &ip.octets()),
            IpAddr::V6(ip) => push(AAAA, &ip.octets()),
        }
    }
    reply
}
