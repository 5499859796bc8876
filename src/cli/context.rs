//! What each command is given: the folder, the settings, and the one way to print a result.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Options;
use crate::shop::Store;
use crate::shop::address;

/// What goes with every command.
#[derive(Debug, Clone)]
pub struct Context {
    /// The folder of the shop's files.
    pub data: PathBuf,
    /// How the process is set up.
    pub config: Config,
    /// Where the settings that are no defaults come from, by `section.key`.
    pub sources: BTreeMap<String, String>,
    /// What the settings give the operator to hear.
    pub notes: Vec<String>,
    /// Whether results are printed for programs.
    pub json: bool,
}

impl Context {
    /// The keys below the folder.
    pub fn keys(&self) -> Result<Keys> {
        let secret = self.config.auth.jwt_secret.as_ref();
        Keys::load(&self.data, secret.map(|secret| secret.reveal()))
    }

    /// The file, opened beside a server that may be running.
    pub fn store(&self) -> Result<Store> {
        Store::beside(Options::new(&self.data, Clock::System, self.keys()?.audit))
    }

    /// Where people reach the shop: as the settings say, else where a server listens beside this command.
    pub fn place(&self) -> String {
        let server = &self.config.server;
        match server.public_url.is_empty() {
            true => address(&self.data).unwrap_or_else(|| server.public_url()),
            false => server.public_url(),
        }
    }

    /// Prints a command's result on standard output: one JSON object with `--json`, else the text. Whatever is not the
    /// result (a progress, a warning) goes to standard error.
    pub fn print(&self, text: impl Display, json: &impl Serialize) -> Result<()> {
        match self.json {
            true => put(&serde_json::to_string(json).map_err(|cause| Error::Internal(cause.into()))?),
            false => put(&text.to_string()),
        }
    }
}

/// A reader that has seen enough (`till … | head`) is no failure.
pub fn put(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let done = writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush());
    match done {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::Internal(cause.into())),
        _ => Ok(()),
    }
}
