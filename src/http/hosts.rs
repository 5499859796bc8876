//! The names that requests may come for. A page of another site that has pointed its own name at this machine is told
//! 421 (NET-04).

use std::net::IpAddr;
use std::net::SocketAddr;

use axum::http::HeaderMap;
use axum::http::Uri;
use axum::http::Version;
use axum::http::header;

use crate::config::Server;
use crate::error::Code;
use crate::error::Error;
use crate::error::Result;

/// The names we answer to.
#[derive(Debug)]
pub struct Hosts {
    names: Vec<String>,
    /// Listening everywhere, any address of the machine may be ours.
    is_any_address: bool,
}

impl Hosts {
    /// The public URL's, those of the settings, the address we listen on, and loopback's.
    pub fn new(server: &Server, listens: Option<SocketAddr>) -> Self {
        let url = server.public_url();
        let public = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let mut names: Vec<String> = [public, "localhost", "127.0.0.1", "[::1]"]
            .into_iter()
            .chain(server.hosts.iter().map(String::as_str))
            .map(|name| bare(name).to_ascii_lowercase())
            .collect();
        for at in [Some(server.listen), listens].into_iter().flatten() {
            names.push(bare(&at.to_string()).to_owned());
        }
        Self {
            names,
            is_any_address: server.listen.ip().is_unspecified(),
        }
    }

    /// Refused with `UnknownHost` for another name, and with `InvalidFormat` without any in HTTP/1.1.
    pub fn check(&self, version: Version, uri: &Uri, headers: &HeaderMap) -> Result<()> {
        let mut all = headers.get_all(header::HOST).iter();
        let asked = match (uri.authority(), all.next()) {
            (Some(authority), _) => Some(authority.as_str()),
            (None, Some(host)) => host.to_str().ok(),
            (None, None) if version < Version::HTTP_11 => return Ok(()),
            (None, None) => None,
        };
        match (asked, all.next()) {
            (Some(name), None) if self.knows(bare(name)) => Ok(()),
            (Some(_), None) => Err(Error::Request(
                Code::UnknownHost,
                "This host is not served here.".into(),
            )),
            _ => Err(Error::Request(Code::InvalidFormat, "Name one host.".into())),
        }
    }

    fn knows(&self, name: &str) -> bool {
        let is_known = self.names.iter().any(|known| known.eq_ignore_ascii_case(name));
        is_known
            || self.is_any_address
                && name
                    .trim_start_matches('[')
                    .trim_end_matches(']')
                    .parse::<IpAddr>()
                    .is_ok()
    }
}

/// The name without its port.
fn bare(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NET-04
    #[test]
    fn only_our_own_names_are_known() {
        let server = Server {
            public_url: "https://Shop.example/".into(),
            hosts: vec!["till.lan:8080".into()],
            ..Server::default()
        };
        let hosts = Hosts::new(&server, None);
        for name in [
            "shop.example",
            "SHOP.example:443",
            "till.lan",
            "localhost:1",
            "[::1]:8080",
            "127.0.0.1",
        ] {
            assert!(hosts.knows(bare(name)), "{name}");
        }
        for name in [
            "",
            "example",
            "shop.example.evil.test",
            "shop.example@evil",
            "10.0.0.1",
            "shop.example:x",
        ] {
            assert!(!hosts.knows(bare(name)), "{name}");
        }
        let everywhere = Server {
            listen: ([0, 0, 0, 0], 80).into(),
            ..Server::default()
        };
        let hosts = Hosts::new(&everywhere, None);
        assert!(hosts.knows(bare("192.168.1.5:80")) && hosts.knows(bare("[2001:db8::1]:80")));
        assert!(!hosts.knows("rebound.example"));
    }
}
