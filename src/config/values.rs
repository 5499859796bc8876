//! The forms a setting's value may have. Each is refused while it is read, so that the refusal knows the line.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;
use utoipa::ToSchema;

/// A part of 1, or 1 itself.
pub(super) mod scale {
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;
    use serde::de::Error;

    use crate::domain::webhook::Scale;

    pub fn serialize<S: Serializer>(scale: &Scale, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(f64::from(scale.0) / 1e6)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Scale, D::Error> {
        let part = f64::deserialize(from)?;
        match (0.000_001..=1.0).contains(&part) {
            true => Ok(Scale((part * 1e6).round() as u32)),
            false => Err(D::Error::custom(format!("{part} is not above 0 and at most 1"))),
        }
    }
}

/// An address with a port, or nothing.
pub(super) mod socket {
    use std::net::SocketAddr;

    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serializer;
    use serde::de::Error;

    pub fn serialize<S: Serializer>(socket: &Option<SocketAddr>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&socket.map_or_else(String::new, |socket| socket.to_string()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(from)?;
        match text.as_str() {
            "" => Ok(None),
            some => some.parse().map(Some).map_err(|_| {
                D::Error::custom(format!(
                    "`{some}` is not an address with a port such as 127.0.0.1:53"
                ))
            }),
        }
    }
}

/// A whole number from `LOW` to `HIGH`.
pub(super) fn between<'de, const LOW: u64, const HIGH: u64, D>(from: D) -> Result<u64, D::Error>
where
    D: Deserializer<'de>,
{
    let number = i64::deserialize(from)?;
    match u64::try_from(number) {
        Ok(number) if (LOW..=HIGH).contains(&number) => Ok(number),
        _ => Err(D::Error::custom(format!(
            "{number} is not between {LOW} and {HIGH}"
        ))),
    }
}

/// An http or https URL of a whole site, or nothing.
pub(super) fn url<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    match text.is_empty() || is_site(text.strip_suffix('/').unwrap_or(&text)) {
        true => Ok(text),
        false => Err(D::Error::custom(format!(
            "`{text}` is not a URL such as https://shop.example"
        ))),
    }
}

/// An e-mail address, or nothing.
pub(super) fn email<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    match text.is_empty() || crate::domain::text::Email::parse(&text).is_ok() {
        true => Ok(text),
        false => Err(D::Error::custom(format!("`{text}` is not an e-mail address"))),
    }
}

/// Origins, such as `https://shop.example`.
pub(super) fn origins<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let all = Vec::<String>::deserialize(from)?;
    match all.iter().find(|text| !is_site(text)) {
        None => Ok(all),
        Some(text) => Err(D::Error::custom(format!(
            "`{text}` is not an origin such as https://shop.example"
        ))),
    }
}

/// Names of hosts, with or without a port.
pub(super) fn hosts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let all = Vec::<String>::deserialize(from)?;
    match all.iter().find(|text| !is_host(text)) {
        None => Ok(all),
        Some(text) => Err(D::Error::custom(format!(
            "`{text}` is not a host's name such as shop.example"
        ))),
    }
}

fn is_site(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(is_host)
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (text, None),
    };
    let is_name = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    let is_address = |name: &str| {
        name.strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .is_some_and(|name| name.parse::<std::net::Ipv6Addr>().is_ok())
    };
    !name.is_empty()
        && (is_name(name) || is_address(name))
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// An address with the length of its prefix, such as `10.0.0.0/8`; an address alone is one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network of an address; a prefix longer than the address is the address itself.
    pub const fn of(address: IpAddr, prefix: u8) -> Self {
        Self { address, prefix }
    }

    /// Whether an address lies in it. An IPv4 address written as IPv6 is the IPv4 address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32 - u32::from(self.prefix.min(32));
                let same = u32::from(ours) ^ u32::from(theirs);
                same.checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let shift = 128 - u32::from(self.prefix.min(128));
                let same = u128::from(ours) ^ u128::from(theirs);
                same.checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a network such as 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(prefix) => prefix.parse().map_err(|_| bad())?,
        };
        match prefix <= longest {
            true => Ok(Self { address, prefix }),
            false => Err(bad()),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// What kind of place this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Production,
    Development,
    Test,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    #[default]
    Auto,
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The least that is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// A secret from the environment: its text is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one who signs with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
