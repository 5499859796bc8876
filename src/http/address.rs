//! Whose request it is: the address of the client behind the proxies that we trust, and nobody else's word (RL-01).

use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;

use crate::config::Network;

/// The client's address: the peer's, unless the peer is a trusted proxy; then `X-Forwarded-For` from the right, up to the
/// first address that is no trusted proxy. What cannot be read ends the walk: whatever stands left of it may be anybody's.
pub fn client<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[Network],
) -> IpAddr {
    let mut last = peer.to_canonical();
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
    for entry in forwarded.rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(last) {
            break;
        }
        match parse(entry.trim()) {
            Some(ip) => last = ip,
            None => break,
        }
    }
    last
}

/// An address, with or without a port or brackets.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip()))
        .map(|ip| ip.to_canonical())
}

/// The address that counts as one client: IPv6 hands a /64 to each.
pub fn household(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from(u128::from(ip) >> 64 << 64)),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RL-01, defect 12: peer, the X-Forwarded-For lines, whom we take it for. Trusted: loopback and 10.0.0.0/8.
    #[test]
    fn the_client_is_the_first_from_the_right_that_we_do_not_trust() {
        let trusted = ["127.0.0.0/8", "::1", "10.0.0.0/8"].map(|text| text.parse().unwrap());
        let vectors: [(&str, &[&str], &str); 27] = [
            ("8.8.8.8", &[], "8.8.8.8"),
            ("8.8.8.8", &["1.1.1.1"], "8.8.8.8"),
            ("8.8.8.8", &["127.0.0.1"], "8.8.8.8"),
            ("8.8.8.8", &["1.1.1.1, 10.0.0.1"], "8.8.8.8"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["1.1.1.1"], "1.1.1.1"),
            ("127.0.0.1", &["2.2.2.2, 1.1.1.1"], "1.1.1.1"),
            ("127.0.0.1", &["2.2.2.2", "1.1.1.1"], "1.1.1.1"),
            ("127.0.0.1", &["1.1.1.1", "10.0.0.5"], "1.1.1.1"),
            ("127.0.0.1", &["2.2.2.2,1.1.1.1,10.0.0.5"], "1.1.1.1"),
            ("127.0.0.1", &["1.1.1.1, 10.0.0.6, 10.0.0.5"], "1.1.1.1"),
            ("127.0.0.1", &["10.0.0.6, 1.1.1.1"], "1.1.1.1"),
            ("127.0.0.1", &["10.0.0.6, 10.0.0.5"], "10.0.0.6"),
            ("127.0.0.1", &["junk"], "127.0.0.1"),
            ("127.0.0.1", &["1.1.1.1, junk"], "127.0.0.1"),
            ("127.0.0.1", &["junk, 1.1.1.1"], "1.1.1.1"),
            ("127.0.0.1", &["1.1.1.1, junk, 10.0.0.5"], "10.0.0.5"),
            ("127.0.0.1", &[""], "127.0.0.1"),
            ("127.0.0.1", &["1.1.1.1,"], "127.0.0.1"),
            ("127.0.0.1", &["  1.1.1.1  "], "1.1.1.1"),
            ("127.0.0.1", &["1.1.1.1:4711"], "1.1.1.1"),
            ("127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("127.0.0.1", &["::ffff:1.1.1.1"], "1.1.1.1"),
            ("::ffff:127.0.0.1", &["1.1.1.1"], "1.1.1.1"),
            ("::1", &["unknown, 1.1.1.1, ::ffff:10.0.0.5"], "1.1.1.1"),
        ];
        for (peer, lines, wanted) in vectors {
            let found = client(peer.parse().unwrap(), lines.iter().copied(), &trusted);
            assert_eq!(found, wanted.parse::<IpAddr>().unwrap(), "{peer} {lines:?}");
        }
    }

    /// RL-01
    #[test]
    fn a_whole_64_is_one_client() {
        let house = |text: &str| household(text.parse().unwrap());
        assert_eq!(house("2001:db8:1:2:3::4"), house("2001:db8:1:2:ffff::1"));
        assert_ne!(house("2001:db8:1:2::1"), house("2001:db8:1:3::1"));
        assert_ne!(house("1.1.1.1"), house("1.1.1.2"));
        assert_eq!(house("::ffff:1.1.1.1"), house("1.1.1.1"));
    }
}
