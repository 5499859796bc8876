//! How the process is set up: one struct a section, every default here and nowhere else. `config.toml` at the top of the
//! repository says the same for people, and a test holds the two together. What the shop decides is in its settings.

mod check;
mod historic;
mod load;
mod mail;
mod payments;
mod values;

use std::net::IpAddr;
use std::net::SocketAddr;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::webhook::Scale;

pub use load::Flags;
pub use load::Loaded;
pub use load::load;
pub use mail::Mail;
pub use mail::MailSecurity;
pub use payments::Payments;
pub use payments::Secrets;
pub use values::Environment;
pub use values::LogFormat;
pub use values::LogLevel;
pub use values::Network;
pub use values::Secret;

/// The settings of the process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub server: Server,
    pub limits: Limits,
    pub store: Store,
    pub disk: Disk,
    pub auth: Auth,
    pub log: Log,
    pub metrics: Metrics,
    pub health: Health,
    pub webhooks: Webhooks,
    pub mail: Mail,
    pub payments: Payments,
    pub papers: Papers,
    /// Whether this is a demo: a flag, never a setting.
    #[serde(skip)]
    pub is_demo: bool,
    /// Whether a bench measures this process: a flag, never a setting.
    #[serde(skip)]
    pub is_bench: bool,
}

impl Config {
    /// Whether mails leave. Those of a demo never do: its people are made up, and their addresses may be somebody's.
    pub fn sends_mail(&self) -> bool {
        self.mail.is_on() && !self.is_demo
    }
}

/// Where and how the shop listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    pub listen: SocketAddr,
    /// What `/health` says this is.
    pub environment: Environment,
    /// Where people reach the shop; empty: `http://<listen>`.
    #[serde(deserialize_with = "values::url")]
    pub public_url: String,
    /// Further names that requests may come for.
    #[serde(deserialize_with = "values::hosts")]
    pub hosts: Vec<String>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Pages of which other sites may call the API from a browser.
    #[serde(deserialize_with = "values::origins")]
    pub allowed_origins: Vec<String>,
    /// Whether a public URL may be http elsewhere than on this machine.
    pub insecure_http: bool,
    /// Whether browsers keep to https on every name below the public URL's too.
    pub hsts_subdomains: bool,
    /// Threads for requests; 0: one a processor.
    #[serde(deserialize_with = "values::between::<0, 256, _>")]
    pub workers: u64,
    /// How long a stop waits for requests under way.
    #[serde(deserialize_with = "values::between::<1, 600, _>")]
    pub shutdown_seconds: u64,
    /// How long a request's head may take.
    #[serde(deserialize_with = "values::between::<1, 600, _>")]
    pub header_seconds: u64,
    /// How long a connection may say nothing between two requests.
    #[serde(deserialize_with = "values::between::<1, 3600, _>")]
    pub idle_seconds: u64,
    /// How long a reply's head may take.
    #[serde(deserialize_with = "values::between::<1, 600, _>")]
    pub reply_seconds: u64,
    /// How long a client may take nothing of a reply.
    #[serde(deserialize_with = "values::between::<1, 600, _>")]
    pub write_seconds: u64,
    /// How many connections at once.
    #[serde(deserialize_with = "values::between::<8, 65536, _>")]
    pub connections: u64,
    /// How many of them from one address, this machine and trusted proxies apart.
    #[serde(deserialize_with = "values::between::<1, 65536, _>")]
    pub connections_per_ip: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            environment: Environment::Production,
            public_url: String::new(),
            hosts: Vec::new(),
            trusted_proxies: vec![
                Network::of(IpAddr::from([127, 0, 0, 0]), 8),
                Network::of(IpAddr::from(std::net::Ipv6Addr::LOCALHOST), 128),
            ],
            allowed_origins: Vec::new(),
            insecure_http: false,
            hsts_subdomains: false,
            workers: 0,
            shutdown_seconds: 30,
            header_seconds: 10,
            idle_seconds: 60,
            reply_seconds: 30,
            write_seconds: 30,
            connections: 2048,
            connections_per_ip: 64,
        }
    }
}

impl Server {
    /// Where people reach the shop, without a slash at the end.
    pub fn public_url(&self) -> String {
        match self.public_url.as_str() {
            "" => format!("http://{}", self.listen),
            url => url.trim_end_matches('/').to_owned(),
        }
    }
}

/// How often one may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Off for a benchmark on this machine only.
    pub enabled: bool,
    /// Requests without a token, an address.
    #[serde(deserialize_with = "values::between::<1, 1_000_000, _>")]
    pub anonymous_per_minute: u64,
    /// Requests with a token, a user.
    #[serde(deserialize_with = "values::between::<1, 1_000_000, _>")]
    pub user_per_minute: u64,
    /// Attempts to sign in, an address.
    #[serde(deserialize_with = "values::between::<1, 1_000_000, _>")]
    pub login_per_minute: u64,
    /// New accounts, an address.
    #[serde(deserialize_with = "values::between::<1, 1_000_000, _>")]
    pub signup_per_hour: u64,
    /// New tokens for old ones, a user.
    #[serde(deserialize_with = "values::between::<1, 1_000_000, _>")]
    pub refresh_per_quarter_hour: u64,
    /// Orders placed, a customer.
    #[serde(deserialize_with = "values::between::<1, 1_000_000, _>")]
    pub orders_per_minute: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            anonymous_per_minute: 300,
            user_per_minute: 600,
            login_per_minute: 10,
            signup_per_hour: 5,
            refresh_per_quarter_hour: 10,
            orders_per_minute: 20,
        }
    }
}

/// The database's threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// How many changes may wait for the writer.
    #[serde(deserialize_with = "values::between::<1, 65536, _>")]
    pub queue: u64,
    /// Threads for looks.
    #[serde(deserialize_with = "values::between::<1, 8, _>")]
    pub readers: u64,
    /// Pages of 4 KiB in the write-ahead log from which on it is moved into the file.
    #[serde(deserialize_with = "values::between::<100, 1_000_000, _>")]
    pub checkpoint_pages: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            queue: 512,
            readers: 2,
            checkpoint_pages: 16_000,
        }
    }
}

/// How full the disk may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Disk {
    /// Free room below which the shop is not ready.
    #[serde(deserialize_with = "values::between::<0, 1_048_576, _>")]
    pub floor_mib: u64,
}

impl Default for Disk {
    fn default() -> Self {
        Self { floor_mib: 100 }
    }
}

/// Tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// How long an access token is good for.
    #[serde(deserialize_with = "values::between::<10, 600, _>")]
    pub access_seconds: u64,
    /// Signs tokens instead of the key file; from the environment only.
    #[serde(skip)]
    pub jwt_secret: Option<Secret>,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            access_seconds: 600,
            jwt_secret: None,
        }
    }
}

/// What the log looks like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    pub format: LogFormat,
    pub level: LogLevel,
}

/// Figures for a monitor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Whether others than this machine may read `/metrics`.
    pub public: bool,
}

/// What is sent to others when something happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Networks inside that endpoints may lie in all the same.
    pub allow_networks: Vec<Network>,
    /// Whether an endpoint may be reached by http.
    pub allow_http: bool,
    /// Certificates beside the usual ones that are believed; a PEM file.
    pub ca_file: String,
    /// Who is asked what an endpoint's name stands for; nothing: the machine's own resolver.
    #[serde(with = "values::socket")]
    pub resolver: Option<SocketAddr>,
    /// How long an endpoint may take to answer.
    #[serde(deserialize_with = "values::between::<1, 30, _>")]
    pub timeout_seconds: u64,
    /// How much of each wait before another attempt there is.
    #[serde(with = "values::scale")]
    pub retry_scale: Scale,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            allow_networks: Vec::new(),
            allow_http: false,
            ca_file: String::new(),
            resolver: None,
            timeout_seconds: 15,
            retry_scale: Scale::WHOLE,
        }
    }
}

/// What papers look like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Papers {
    /// The font of PDFs; empty: the built-in one.
    pub font: String,
}

/// The probes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Health {
    /// How long a probe waits for the writer.
    #[serde(deserialize_with = "values::between::<1, 60, _>")]
    pub timeout_seconds: u64,
}

impl Default for Health {
    fn default() -> Self {
        Self { timeout_seconds: 5 }
    }
}
