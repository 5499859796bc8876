//! The environment's names of the programs that Till takes the place of. They count less than Till's own.

use toml::Value;

use crate::config::load::Draft;
use crate::config::load::list;
use crate::error::Error;
use crate::error::Result;

/// Beginnings of names of services that Till does without.
const NOT_NEEDED: [&str; 4] = ["MONGODB_", "REDIS_", "RABBITMQ_", "JWT_REFRESH_SECRET"];
/// No access token lives longer, in seconds.
const LONGEST_ACCESS: u64 = 600;
/// Every refresh token lives this long, in seconds.
const REFRESH: u64 = 7 * 86_400;

/// Takes what the environment says under historic names.
pub(super) fn apply(draft: &mut Draft, environment: &[(String, String)]) -> Result<()> {
    for (name, text) in environment {
        one(draft, name, text)?;
    }
    let found = |wanted: &str| environment.iter().find(|(name, _)| name == wanted);
    if let Some((name, text)) = found("APP_ENV").or_else(|| found("NODE_ENV")) {
        draft.set("server", "environment", text.as_str().into(), name)?;
    }
    rate(
        draft,
        found("RATE_LIMIT_WINDOW"),
        found("RATE_LIMIT_MAX_REQUESTS"),
    )?;
    let idle: Vec<&str> = environment
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| NOT_NEEDED.iter().any(|start| name.starts_with(start)))
        .collect();
    if !idle.is_empty() {
        draft.note(format!("not needed, and not read: {}", idle.join(", ")));
    }
    Ok(())
}

fn one(draft: &mut Draft, name: &str, text: &str) -> Result<()> {
    match name {
        "PORT" => port(draft, name, text),
        "JWT_SECRET" => draft.set_secret(name, text),
        "RAZORPAY_KEY_ID" => draft.set("payments", "razorpay_key_id", text.into(), name),
        "RAZORPAY_KEY_SECRET" | "RAZORPAY_WEBHOOK_SECRET" => {
            draft.set_payments(&name.to_ascii_lowercase(), name, text);
            Ok(())
        }
        "SHUTDOWN_TIMEOUT" => draft.set("server", "shutdown_seconds", seconds(name, text)?, name),
        "HEALTH_CHECK_INTERVAL" => {
            number(name, text)?;
            draft.note(format!("{name}: the shop answers probes whenever they come"));
            Ok(())
        }
        "HEALTH_CHECK_TIMEOUT" => draft.set("health", "timeout_seconds", seconds(name, text)?, name),
        "MAX_WORKERS" => draft.set("server", "workers", whole(number(name, text)?), name),
        "ALLOWED_ORIGINS" => draft.set("server", "allowed_origins", list(text), name),
        "JWT_EXPIRES_IN" => access(draft, name, text),
        "JWT_REFRESH_EXPIRES_IN" => {
            if duration(name, text)? != REFRESH {
                draft.note(format!("{name}={text}: refresh tokens live 7d, and so do these"));
            }
            Ok(())
        }
        "API_VERSION" if text != "v1" => bad(name, text, "v1, the only one there is"),
        "DEMO_MODE" => match text {
            "1" | "true" => {
                draft.set_demo();
                Ok(())
            }
            "" | "0" | "false" => Ok(()),
            _ => bad(name, text, "1 or 0"),
        },
        _ => Ok(()),
    }
}

/// Changes the port and leaves the address.
fn port(draft: &mut Draft, name: &str, text: &str) -> Result<()> {
    let (Some(mut listen), Ok(port)) = (draft.listen(), text.parse()) else {
        return bad(name, text, "a port from 0 to 65535");
    };
    listen.set_port(port);
    draft.set("server", "listen", listen.to_string().into(), name)
}

fn access(draft: &mut Draft, name: &str, text: &str) -> Result<()> {
    let asked = duration(name, text)?;
    if asked > LONGEST_ACCESS {
        draft.note(format!(
            "{name}={text}: access tokens live 10m at most, and so do these"
        ));
    }
    draft.set("auth", "access_seconds", whole(asked.min(LONGEST_ACCESS)), name)
}

type Variable = (String, String);

/// So many requests in a window of so many milliseconds, as so many a minute.
fn rate(draft: &mut Draft, window: Option<&Variable>, most: Option<&Variable>) -> Result<()> {
    let (source, most, window) = match (window, most) {
        (None, None) => return Ok(()),
        (Some((name, text)), None) => (name, 100, number(name, text)?),
        (None, Some((name, text))) => (name, number(name, text)?, 900_000),
        (Some((one, window)), Some((other, most))) => (other, number(other, most)?, number(one, window)?),
    };
    if window == 0 || most == 0 {
        return bad(source, "0", "a number above 0");
    }
    let a_minute = most.saturating_mul(60_000).div_ceil(window);
    draft.note(format!(
        "{source}: {a_minute} requests a minute, an address or a user"
    ));
    draft.set("limits", "anonymous_per_minute", whole(a_minute), source)?;
    draft.set("limits", "user_per_minute", whole(a_minute), source)
}

/// Milliseconds, as the historic names have them, in whole seconds.
fn seconds(name: &str, text: &str) -> Result<Value> {
    Ok(whole(number(name, text)?.div_ceil(1000)))
}

fn number(name: &str, text: &str) -> Result<u64> {
    match text.parse() {
        Ok(number) => Ok(number),
        Err(_) => bad(name, text, "a whole number"),
    }
}

/// `15m`, `12h`, `7d` or `90s`, in seconds.
fn duration(name: &str, text: &str) -> Result<u64> {
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return bad(name, text, "a duration with its unit, such as 10m"),
    };
    match text[..text.len() - 1].parse::<u64>() {
        Ok(number) => Ok(number.saturating_mul(unit)),
        Err(_) => bad(name, text, "a duration with its unit, such as 10m"),
    }
}

fn whole(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn bad<T>(name: &str, text: &str, wanted: &str) -> Result<T> {
    Err(Error::Setup(format!("{name}: `{text}` is not {wanted}")))
}
