//! The rules between settings that no single value can break.

use crate::config::Config;
use crate::config::load::Loaded;
use crate::domain::webhook::Scale;
use crate::error::Error;
use crate::error::Result;

/// Refuses settings that do not go together, and notes what the operator should know.
pub(super) fn rules(loaded: &mut Loaded) -> Result<()> {
    let server = &loaded.config.server;
    let is_here = server.listen.ip().to_canonical().is_loopback();
    if loaded.config.is_demo && !is_here {
        return refuse(
            loaded,
            "server.listen",
            "is not on this machine, and a demo listens nowhere else: everybody knows its passwords",
        );
    }
    if !loaded.config.limits.enabled && !is_here {
        return refuse(
            loaded,
            "limits.enabled",
            "is false only where the listener is on loopback",
        );
    }
    if loaded.config.webhooks.retry_scale != Scale::WHOLE && !is_here {
        return refuse(
            loaded,
            "webhooks.retry_scale",
            "is below 1 only where the listener is on loopback: endpoints count on the published schedule",
        );
    }
    if is_plain_elsewhere(&loaded.config) && !server.insecure_http {
        return refuse(
            loaded,
            "server.public_url",
            "is http and not on this machine, so passwords would travel in the open: give an https URL, or set \
             server.insecure_http = true",
        );
    }
    match loaded.config.mail.rule() {
        Ok(note) => loaded.notes.extend(note),
        Err((setting, reason)) => return refuse(loaded, setting, reason),
    }
    if loaded.config.is_demo && loaded.config.mail.is_on() {
        loaded
            .notes
            .push("a demo sends no mails: mail.host is passed over".to_owned());
    }
    if !loaded.config.limits.enabled {
        loaded
            .notes
            .push("rate limits are OFF (limits.enabled = false)".to_owned());
    }
    Ok(())
}

/// Whether people reach the shop over http from another machine. An address of ours that nobody has named a URL for is
/// not such a case as long as it is on loopback.
fn is_plain_elsewhere(config: &Config) -> bool {
    let url = config.server.public_url();
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let host = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => rest.split(':').next().unwrap_or(rest),
    };
    let is_loopback = host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|ip| ip.to_canonical().is_loopback());
    !is_loopback && host != "localhost"
}

fn refuse(loaded: &Loaded, setting: &str, reason: &str) -> Result<()> {
    // A URL that is not set follows from where the shop listens; mails need what they need because there is a server.
    let reason_of_all = match setting.starts_with("mail.") {
        true => "mail.host",
        false => "server.listen",
    };
    let source = [setting, reason_of_all]
        .iter()
        .find_map(|setting| loaded.sources.get(*setting))
        .map_or("default", |source| source.as_str());
    Err(Error::Setup(format!("{source}: {setting} {reason}")))
}
