//! How mails leave. The password comes from the environment, or from a file that nobody else may read.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::Deserialize;
use serde::Serialize;

use crate::config::values;
use crate::config::values::Secret;
use crate::domain::text::Email;
use crate::error::Error;
use crate::error::Result;

/// The server that takes our mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// Its name; empty: mails wait.
    pub host: String,
    #[serde(deserialize_with = "values::between::<1, 65535, _>")]
    pub port: u64,
    pub security: MailSecurity,
    /// Who signs in there; empty: nobody does.
    pub user: String,
    /// A file with the password.
    pub password_file: String,
    /// The address that mails come from.
    #[serde(deserialize_with = "values::email")]
    pub from: String,
    /// Where replies go; empty: to `from`.
    #[serde(deserialize_with = "values::email")]
    pub reply_to: String,
    /// Certificates beside the usual ones that are believed; a PEM file.
    pub ca_file: String,
    /// How long the server may take for each answer.
    #[serde(deserialize_with = "values::between::<1, 60, _>")]
    pub timeout_seconds: u64,
    /// From the environment or the file only.
    #[serde(skip)]
    pub password: Option<Secret>,
}

/// How the way to the server is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// It begins in the open, and goes on by TLS or not at all.
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// In the open.
    None,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 587,
            security: MailSecurity::Starttls,
            user: String::new(),
            password_file: String::new(),
            from: String::new(),
            reply_to: String::new(),
            ca_file: String::new(),
            timeout_seconds: 30,
            password: None,
        }
    }
}

impl Mail {
    /// Whether mails are sent at all.
    pub fn is_on(&self) -> bool {
        !self.host.is_empty()
    }

    /// Whether the server is this machine.
    fn is_here(&self) -> bool {
        let ip = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
    }

    /// The setting that does not fit the others, and why; or what the operator should hear.
    pub(super) fn rule(&self) -> std::result::Result<Option<String>, (&'static str, &'static str)> {
        if !self.is_on() {
            return Ok(None);
        }
        if self.from.is_empty() {
            return Err(("mail.from", "is missing: mails need an address to come from"));
        }
        if self.user.is_empty() != self.password.is_none() {
            return Err((
                "mail.user",
                "and the password go together: there is only one of them",
            ));
        }
        match (self.security, self.is_here(), self.user.is_empty()) {
            (MailSecurity::None, false, false) => Err((
                "mail.security",
                "is none, so the password would travel in the open: use starttls or tls",
            )),
            (MailSecurity::None, false, true) => Ok(Some(
                "mails, and the links in them, travel in the open (mail.security = none)".to_owned(),
            )),
            _ => Ok(None),
        }
    }

    /// Takes the password from its file, unless the environment has said it.
    pub(super) fn read_password(&mut self) -> Result<()> {
        if self.password_file.is_empty() || self.password.is_some() {
            return Ok(());
        }
        let path = Path::new(&self.password_file);
        let trouble = |words: String| Error::Setup(format!("mail.password_file {}: {words}", path.display()));
        let mode = std::fs::metadata(path)
            .map_err(|cause| trouble(cause.to_string()))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            let words = format!("can be read by others (mode {:o}): chmod 600", mode & 0o777);
            return Err(trouble(words));
        }
        let text = std::fs::read_to_string(path).map_err(|cause| trouble(cause.to_string()))?;
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err(trouble("is empty".to_owned())),
            password => {
                self.password = Some(Secret::new(password.to_owned()));
                Ok(())
            }
        }
    }

    /// Where mails come from.
    pub fn from(&self) -> Option<Email> {
        Email::parse(&self.from).ok()
    }
}
