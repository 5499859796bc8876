//! Where browsers find the shop: its origin, its cookies, and whether a request comes from its own pages (WEB-02).

use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::header;

use crate::config::Config;
use crate::domain::time;

/// The shop's place, by its public URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    origin: String,
    is_secure: bool,
}

/// The cookies we set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// Carries the session.
    Session,
    /// Says that the device has signed in before.
    Device,
    /// Before there is a session: what the tokens of forms are bound to.
    Form,
    /// Carries a sign-in that waits for its code.
    Waiting,
    /// Carries a guest's cart.
    Cart,
}

/// Where a request says it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Our own pages, or a person's own hand.
    Ours,
    /// Somebody else's page.
    Elsewhere,
    /// It does not say: no browser of our days.
    Unsaid,
}

impl Site {
    /// By the public URL.
    pub fn of(config: &Config) -> Self {
        Self::at(&config.server.public_url())
    }

    fn at(url: &str) -> Self {
        let url = url.trim().to_ascii_lowercase();
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", &url));
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let port = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(port).unwrap_or(host);
        Self {
            origin: format!("{scheme}://{host}"),
            is_secure: scheme == "https",
        }
    }

    /// The name of a cookie: where there is TLS, one that no neighbouring host can set.
    pub const fn name(&self, cookie: Cookie) -> &'static str {
        match (cookie, self.is_secure) {
            (Cookie::Session, true) => "__Host-till",
            (Cookie::Session, false) => "till",
            (Cookie::Device, true) => "__Host-till-device",
            (Cookie::Device, false) => "till-device",
            (Cookie::Form, true) => "__Host-till-form",
            (Cookie::Form, false) => "till-form",
            (Cookie::Waiting, true) => "__Host-till-waiting",
            (Cookie::Waiting, false) => "till-waiting",
            (Cookie::Cart, true) => "__Host-till-cart",
            (Cookie::Cart, false) => "till-cart",
        }
    }

    /// The line that sets a cookie for so many milliseconds.
    pub fn set(&self, cookie: Cookie, value: &str, life: i64) -> String {
        let name = self.name(cookie);
        let seconds = life / time::SECOND;
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    /// The line that takes a cookie away.
    pub fn unset(&self, cookie: Cookie) -> String {
        self.set(cookie, "", 0)
    }

    /// A cookie's value, if the request brings it.
    pub fn read<'a>(&self, cookie: Cookie, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.name(cookie);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// Whether a socket is opened by one of our own pages: browsers say so with each, and send their cookies with those
    /// of other pages, too. Behind a proxy that was not told of, our origin is that of the host that was asked.
    pub fn is_own_socket(&self, headers: &HeaderMap) -> bool {
        let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let Some(origin) = said("origin") else {
            return false;
        };
        match said("sec-fetch-site") {
            None | Some("none") => origin.eq_ignore_ascii_case(&self.origin),
            Some("same-origin") => {
                let host = origin.split_once("://").map(|(_, host)| host);
                origin.eq_ignore_ascii_case(&self.origin) || host.is_some() && host == said("host")
            }
            Some(_) => false,
        }
    }

    /// Where a request comes from, by what no page of others can forge.
    pub fn source(&self, headers: &HeaderMap) -> Source {
        let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        match (said("sec-fetch-site"), said("origin")) {
            (Some("same-origin" | "none"), _) => Source::Ours,
            (Some(_), _) => Source::Elsewhere,
            (None, Some(origin)) if origin.eq_ignore_ascii_case(&self.origin) => Source::Ours,
            (None, Some(_)) => Source::Elsewhere,
            (None, None) => Source::Unsaid,
        }
    }
}

/// Whether a method may change something.
pub fn is_unsafe(method: &Method) -> bool {
    !matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_unusual_port() {
        for (url, origin) in [
            ("https://Shop.example/till/", "https://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:80/", "http://localhost"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(Site::at(url).origin, origin);
        }
    }
}
