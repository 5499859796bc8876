//! Which addresses are somebody else's in the open internet, and which lie inside: what webhooks must never reach
//! (SSR-02).

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

/// The ranges of IPv4 that are not public.
const INSIDE_V4: [([u8; 4], u32); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// The one range of IPv6 that is public, and what is not public within it.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const INSIDE_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address is one of the open internet. An IPv4 address written as IPv6 is the IPv4 address; everything else
/// that carries an IPv4 address within is refused, whatever that is.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => {
            is_within(ip, GLOBAL_V6) && !INSIDE_V6.into_iter().any(|range| is_within(ip, range))
        }
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    !INSIDE_V4.into_iter().any(|(start, prefix)| {
        let same = ip.to_bits() ^ Ipv4Addr::from(start).to_bits();
        same.leading_zeros() >= prefix
    })
}

fn is_within(ip: Ipv6Addr, (start, prefix): (Ipv6Addr, u32)) -> bool {
    (ip.to_bits() ^ start.to_bits()).leading_zeros() >= prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SSR-02: the first and the last address of each range, and their neighbours outside.
    #[test]
    fn ranges_end_where_they_end() {
        for (ip, public) in [
            ("1.0.0.0", true),
            ("0.255.255.255", false),
            ("9.255.255.255", true),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.127.255.255", false),
            ("100.128.0.0", true),
            ("126.255.255.255", true),
            ("128.0.0.0", true),
            ("169.253.255.255", true),
            ("169.254.169.254", false),
            ("169.255.0.0", true),
            ("172.15.255.255", true),
            ("172.16.0.0", false),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("191.255.255.255", true),
            ("192.0.0.255", false),
            ("192.0.1.0", true),
            ("192.0.3.0", true),
            ("192.88.98.255", true),
            ("192.88.100.0", true),
            ("192.167.255.255", true),
            ("192.169.0.0", true),
            ("198.17.255.255", true),
            ("198.19.255.255", false),
            ("198.20.0.0", true),
            ("203.0.112.255", true),
            ("203.0.114.0", true),
            ("223.255.255.255", true),
            ("224.0.0.0", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("1fff:ffff::", false),
            ("2000::", true),
            ("2001::1", false),
            ("2001:db7::", true),
            ("2001:db8::", false),
            ("2001:db9::", true),
            ("2002:808:808::", false),
            ("2003::", true),
            ("3ffe:ffff::", true),
            ("3fff:fff::", false),
            ("3fff:1000::", true),
            ("4000::", false),
            ("64:ff9b::808:808", false),
            ("64:ff9b:1::", false),
            ("::8.8.8.8", false),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(ip.parse().unwrap()), public, "{ip}");
        }
    }
}
