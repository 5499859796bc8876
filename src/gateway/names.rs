//! What a host's name stands for: as the machine's own resolver says, or the one that the settings name, asked by DNS over
//! UDP. Nothing is kept: who dials asks each time, and holds to the rules what it is told (SSR-01).

use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;

use crate::secret;

/// How long an answer is waited for before the question is sent once more; the connector's patience ends it all.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest answer without extensions, and some room.
const MOST_ANSWER: usize = 1232;
const HEAD: usize = 12;
/// Asks for recursion.
const ASKED: [u8; 2] = [1, 0];
const A: u16 = 1;
const AAAA: u16 = 28;

/// Every address of a host, which may itself be one.
pub async fn addresses(host: &str, resolver: Option<SocketAddr>) -> io::Result<Vec<IpAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse() {
        return Ok(vec![ip]);
    }
    match resolver {
        None => Ok(tokio::net::lookup_host((bare, 0))
            .await?
            .map(|found| found.ip())
            .collect()),
        Some(resolver) => {
            let mut found = ask(resolver, bare, A).await?;
            found.extend(ask(resolver, bare, AAAA).await?);
            Ok(found)
        }
    }
}

/// The addresses of one kind.
async fn ask(resolver: SocketAddr, name: &str, kind: u16) -> io::Result<Vec<IpAddr>> {
    let unspecified: IpAddr = match resolver.is_ipv4() {
        true => Ipv4Addr::UNSPECIFIED.into(),
        false => Ipv6Addr::UNSPECIFIED.into(),
    };
    // Connected: what comes from elsewhere is not heard.
    let socket = UdpSocket::bind((unspecified, 0)).await?;
    socket.connect(resolver).await?;
    let number: [u8; 2] = secret::random().map_err(io::Error::other)?;
    let question = question(number, name, kind).ok_or(io::ErrorKind::InvalidInput)?;
    let mut answer = [0; MOST_ANSWER];
    loop {
        socket.send(&question).await?;
        let Ok(length) = tokio::time::timeout(PATIENCE, socket.recv(&mut answer)).await else {
            continue;
        };
        if let Some(found) = read(&question, &answer[..length?], kind) {
            return Ok(found);
        }
    }
}

/// Nothing for what can be no name.
fn question(number: [u8; 2], name: &str, kind: u16) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(HEAD + name.len() + 6);
    bytes.extend(number);
    bytes.extend(ASKED);
    bytes.extend([0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        bytes.push(
            u8::try_from(label.len())
                .ok()
                .filter(|length| (1..64).contains(length))?,
        );
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1]);
    Some(bytes)
}

/// The addresses in an answer; nothing if it answers another question, or cannot be read.
fn read(question: &[u8], answer: &[u8], kind: u16) -> Option<Vec<IpAddr>> {
    let is_answer = answer.get(2)? & 0x80 != 0;
    let is_ours =
        answer.get(..2)? == &question[..2] && answer.get(HEAD..question.len())? == &question[HEAD..];
    if !is_answer || !is_ours {
        return None;
    }
    let mut rest = answer.get(question.len()..)?;
    let mut found = Vec::new();
    for _ in 0..number(answer, 6)? {
        rest = after_name(rest)?;
        let length = usize::from(number(rest, 8)?);
        let data = rest.get(10..10 + length)?;
        if number(rest, 0)? == kind {
            found.push(address(data)?);
        }
        rest = &rest[10 + length..];
    }
    Some(found)
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn address(data: &[u8]) -> Option<IpAddr> {
    match data.len() {
        4 => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
        _ => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
    }
}

/// What follows a name: labels up to an empty one, or to a pointer back.
fn after_name(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let length = usize::from(*bytes.first()?);
        match length {
            0 => return bytes.get(1..),
            0xc0.. => return bytes.get(2..),
            _ => bytes = bytes.get(1 + length..)?,
        }
    }
}
