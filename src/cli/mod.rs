//! The door for the operator; the only place that wires.

mod audit;
mod bench;
mod context;
mod serve;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

use crate::config::Config;
use crate::error::Error;
use crate::error::Result;

pub use context::Context;

/// The back office of a small shop in one binary.
#[derive(Debug, Parser)]
#[command(name = "till", version)]
pub struct Command {
    /// The folder that holds the shop's files [default: data; of a demo: data-demo].
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The file with the settings [default: config.toml, if it is there].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the result as one JSON object.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the shop.
    Serve(serve::Serve),
    /// Make and change users.
    #[command(subcommand)]
    User(user::User),
    /// Measure orders and reads a second.
    Bench(bench::Bench),
    /// Look into the audit.
    #[command(subcommand)]
    Audit(audit::Audit),
}

/// Runs a command.
pub fn run(command: Command) -> Result<ExitCode> {
    let context = context(&command)?;
    match command.verb {
        Verb::Serve(serve) => serve.run(&context),
        Verb::User(user) => user.run(&context),
        Verb::Bench(bench) => bench.run(&context),
        Verb::Audit(audit) => audit.run(&context),
    }
}

fn context(command: &Command) -> Result<Context> {
    let mut config = Config::default();
    if let Verb::Serve(serve) = &command.verb {
        serve.apply(&mut config);
    }
    let usual = if config.is_demo { "data-demo" } else { "data" };
    Ok(Context {
        data: command.data.clone().unwrap_or_else(|| usual.into()),
        config,
        json: command.json,
    })
}

/// 75 if another process holds the file, 78 if the settings do not fit, else 1.
pub fn exit_code(error: &Error) -> ExitCode {
    match error {
        Error::Held(_) => ExitCode::from(75),
        Error::Setup(_) => ExitCode::from(78),
        _ => ExitCode::FAILURE,
    }
}

/// A failure in one line for the operator, who is shown the cause.
pub fn explain(error: &Error) -> String {
    match (error, error.cause()) {
        (Error::Held(words) | Error::Setup(words), _) => words.clone(),
        (_, Some(cause)) => cause.to_string(),
        _ => error.to_string(),
    }
}
