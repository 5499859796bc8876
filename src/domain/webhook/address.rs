//! Which addresses an endpoint may have (SSR-03). What a name stands for is looked at again at each attempt, by whoever
//! connects.

use std::net::IpAddr;

use url::Host;
use url::Url;

use crate::domain::fault::Bad;
use crate::domain::inside;

/// The longest address.
const LONGEST: usize = 2_000;

/// What the operator allows, and where the shop itself listens.
pub struct Rules {
    /// Whether http will do.
    pub allow_http: bool,
    /// Where the shop listens: it does not tell itself.
    pub own_port: u16,
    /// Addresses inside that may be reached all the same.
    pub allowed: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
}

impl Rules {
    /// An address in its one form. Refused with what is wrong with it.
    pub fn check(&self, text: &str) -> Result<String, Bad> {
        let bad = |words: &'static str| Err(Bad::input(words));
        if text.len() > LONGEST {
            return bad("must have at most 2,000 characters");
        }
        // Readers of URLs differ in what they make of these.
        if text.contains(['\\', '\t', '\n', '\r']) || text.contains(":///") {
            return bad("is not a URL such as https://example.com/hook");
        }
        let Ok(url) = Url::parse(text.trim()) else {
            return bad("is not a URL such as https://example.com/hook");
        };
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            _ => return bad("must be https"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return bad("must hold no name and no password");
        }
        if url.fragment().is_some() {
            return bad("must hold no #");
        }
        match url.port_or_known_default() {
            Some(port) if !is_usual(port) => return bad("must have the port 443, 80, or one from 1024"),
            Some(port) if port == self.own_port && port >= 1024 => return bad("is the shop's own port"),
            _ => {}
        }
        match url.host().and_then(literal) {
            Some(ip) if !self.may_reach(ip) => bad("lies inside a network, not in the internet"),
            _ => Ok(url.into()),
        }
    }

    /// Whether an address may be reached.
    pub fn may_reach(&self, ip: IpAddr) -> bool {
        inside::is_public(ip) || (self.allowed)(ip)
    }

    /// Whether an address may be connected to at a port. Inside, the shop's own is never.
    pub fn may_dial(&self, ip: IpAddr, port: u16) -> bool {
        is_usual(port) && (inside::is_public(ip) || ((self.allowed)(ip) && port != self.own_port))
    }
}

const fn is_usual(port: u16) -> bool {
    matches!(port, 80 | 443 | 1024..)
}

fn literal(host: Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.into()),
        Host::Domain(_) => None,
    }
}
