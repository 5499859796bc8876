//! Where each setting comes from: the default, then the file, then a historic name, then `TILL_<SECTION>__<KEY>`, then a
//! flag; the later wins. Whatever does not fit stops here, named by its file and line, its variable or its flag.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Table;
use toml::Value;

use crate::config::Config;
use crate::config::check;
use crate::config::historic;
use crate::config::payments::Secrets;
use crate::config::values::Secret;
use crate::error::Error;
use crate::error::Result;

/// The file that is read if none is named.
const USUAL_FILE: &str = "config.toml";

/// What the command line says of the settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The file to read.
    pub file: Option<PathBuf>,
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// Whether this is a demo.
    pub is_demo: bool,
}

/// The settings, and what is worth telling of them.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// Where those that are no defaults come from, by `section.key`.
    pub sources: BTreeMap<String, String>,
    /// What the operator should hear at a start.
    pub notes: Vec<String>,
}

/// Reads the settings. Refused with `Setup` on whatever is unknown or does not fit.
pub fn load(flags: &Flags, environment: &[(String, String)]) -> Result<Loaded> {
    let mut draft = Draft::new()?;
    match &flags.file {
        Some(file) => draft.read_file(file)?,
        None if Path::new(USUAL_FILE).exists() => draft.read_file(Path::new(USUAL_FILE))?,
        None => {}
    }
    historic::apply(&mut draft, environment)?;
    for (name, text) in environment {
        if let Some(setting) = name.strip_prefix("TILL_") {
            draft.read_variable(name, setting, text)?;
        }
    }
    if let Some(listen) = flags.listen {
        draft.set("server", "listen", listen.to_string().into(), "--listen")?;
    }
    draft.is_demo |= flags.is_demo;
    let mut loaded = draft.finish()?;
    check::rules(&mut loaded)?;
    Ok(loaded)
}

/// Settings as they are gathered.
pub(super) struct Draft {
    table: Table,
    sources: BTreeMap<String, String>,
    notes: Vec<String>,
    secret: Option<Secret>,
    payments: Secrets,
    mail_password: Option<Secret>,
    is_demo: bool,
}

impl Draft {
    fn new() -> Result<Self> {
        Ok(Self {
            table: Table::try_from(Config::default()).map_err(|cause| Error::Internal(cause.into()))?,
            sources: BTreeMap::new(),
            notes: Vec::new(),
            secret: None,
            payments: Secrets::default(),
            mail_password: None,
            is_demo: false,
        })
    }

    /// Sets one value, if it fits.
    pub(super) fn set(&mut self, section: &str, key: &str, value: Value, source: &str) -> Result<()> {
        if let Some(Value::Table(table)) = self.table.get_mut(section) {
            table.insert(key.to_owned(), value);
        }
        Config::deserialize(self.table.clone())
            .map_err(|cause| Error::Setup(format!("{source}: {}", cause.message())))?;
        self.sources.insert(format!("{section}.{key}"), source.to_owned());
        Ok(())
    }

    /// The address to listen on as it stands.
    pub(super) fn listen(&self) -> Option<SocketAddr> {
        self.table.get("server")?.get("listen")?.as_str()?.parse().ok()
    }

    /// Takes the key that signs tokens; a short one can be guessed.
    pub(super) fn set_secret(&mut self, name: &str, text: &str) -> Result<()> {
        if text.len() < 32 {
            return Err(Error::Setup(format!(
                "{name}: {} bytes are too few to sign with: at least 32, such as from `openssl rand -base64 32`",
                text.len()
            )));
        }
        self.secret = Some(Secret::new(text.to_owned()));
        self.sources.insert("auth.jwt_secret".to_owned(), name.to_owned());
        Ok(())
    }

    /// Takes a secret of the payments' providers; whether it is one.
    pub(super) fn set_payments(&mut self, key: &str, name: &str, text: &str) -> bool {
        let Some(place) = self.payments.place(key) else {
            return false;
        };
        *place = Some(Secret::new(text.to_owned()));
        self.sources.insert(format!("payments.{key}"), name.to_owned());
        true
    }

    pub(super) fn set_demo(&mut self) {
        self.is_demo = true;
    }

    /// Something to tell the operator.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn read_file(&mut self, file: &Path) -> Result<()> {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|cause| Error::Setup(format!("{name}: cannot be read: {cause}")))?;
        let read = toml::from_str::<Config>(&text).map_err(|cause| {
            let line = line_of(&text, cause.span().map_or(0, |span| span.start));
            Error::Setup(format!("{name}:{line}: {}", one_line(cause.message())))
        })?;
        self.table = Table::try_from(read).map_err(|cause| Error::Internal(cause.into()))?;
        let spans = toml::de::DeTable::parse(&text)
            .map_err(|cause| Error::Setup(format!("{name}: {}", one_line(cause.message()))))?;
        for (section, inner) in spans.get_ref() {
            for (key, _) in inner.get_ref().as_table().into_iter().flatten() {
                let line = line_of(&text, key.span().start);
                self.sources.insert(
                    format!("{}.{}", section.get_ref(), key.get_ref()),
                    format!("{name}:{line}"),
                );
            }
        }
        Ok(())
    }

    fn read_variable(&mut self, name: &str, setting: &str, text: &str) -> Result<()> {
        if setting == "AUTH__JWT_SECRET" {
            return self.set_secret(name, text);
        }
        if setting == "MAIL__PASSWORD" {
            self.mail_password = Some(Secret::new(text.to_owned()));
            self.sources.insert("mail.password".to_owned(), name.to_owned());
            return Ok(());
        }
        let lower = setting.to_ascii_lowercase();
        let (section, key) = lower.split_once("__").unwrap_or((&lower, ""));
        if section == "payments" && self.set_payments(key, name, text) {
            return Ok(());
        }
        let Some(old) = self.table.get(section).and_then(|section| section.get(key)) else {
            return Err(Error::Setup(format!(
                "{name}: there is no such setting (`till config check` lists them)"
            )));
        };
        let value =
            like(old, text).ok_or_else(|| Error::Setup(format!("{name}: `{text}` is not {}", kind(old))))?;
        self.set(section, key, value, name)
    }

    fn finish(self) -> Result<Loaded> {
        let mut config =
            Config::deserialize(self.table).map_err(|cause| Error::Setup(one_line(cause.message())))?;
        config.auth.jwt_secret = self.secret;
        config.payments.secrets = self.payments;
        config.mail.password = self.mail_password;
        config.mail.read_password()?;
        config.is_demo = self.is_demo;
        Ok(Loaded {
            config,
            sources: self.sources,
            notes: self.notes,
        })
    }
}

/// A text as a value of the same type as the old one; a list is parted by commas.
fn like(old: &Value, text: &str) -> Option<Value> {
    Some(match old {
        Value::Boolean(_) => Value::Boolean(text.parse().ok()?),
        Value::Integer(_) => Value::Integer(text.parse().ok()?),
        Value::Float(_) => Value::Float(text.parse().ok()?),
        Value::Array(_) => list(text),
        _ => Value::String(text.to_owned()),
    })
}

/// A list parted by commas.
pub(super) fn list(text: &str) -> Value {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Boolean(_) => "true or false",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        _ => "a text",
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

fn one_line(message: &str) -> String {
    message.trim_end().replace('\n', "; ")
}
