//! The door for the operator; the only place that wires.

mod audit;
mod bench;
mod config;
mod context;
mod doctor;
mod events;
mod export;
mod help;
mod import;
mod mails;
mod migrate;
mod print;
mod seed;
mod serve;
mod sql;
mod user;
mod webhooks;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;
use tracing::Level;

use crate::config::Flags;
use crate::config::Log;
use crate::config::LogFormat;
use crate::config::LogLevel;
use crate::config::load;
use crate::error::Error;
use crate::error::Result;
use crate::telemetry;

pub use context::Context;

/// The back office of a small shop in one binary.
#[derive(Debug, Parser)]
#[command(name = "till", version, after_help = help::TILL)]
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
    #[command(after_help = help::SERVE)]
    Serve(serve::Serve),
    /// Look at the file's schema, or bring it up to date.
    #[command(subcommand, after_help = help::MIGRATE)]
    Migrate(migrate::Migrate),
    /// Bring in products, customers or orders from a file.
    #[command(after_long_help = help::IMPORT)]
    Import(import::Import),
    /// Take orders, products or customers out as a file.
    #[command(after_long_help = help::EXPORT)]
    Export(export::Export),
    /// Fill an empty file with a shop of examples.
    #[command(after_help = help::SEED)]
    Seed(seed::Seed),
    /// Make and change users.
    #[command(subcommand, after_help = help::USER)]
    User(user::User),
    /// Measure orders and reads a second.
    #[command(after_help = help::BENCH)]
    Bench(bench::Bench),
    /// Check everything that must hold of the file.
    #[command(after_help = help::DOCTOR)]
    Doctor(doctor::Doctor),
    /// Look at the feed of events, and along it.
    #[command(subcommand, after_help = help::EVENTS)]
    Events(events::Events),
    /// Look at the mails that wait, and at the links in them.
    #[command(subcommand, after_help = help::MAILS)]
    Mails(mails::Mails),
    /// Look at the webhooks, and send again.
    #[command(subcommand, after_help = help::WEBHOOKS)]
    Webhooks(webhooks::Webhooks),
    /// Look into the audit.
    #[command(subcommand, after_help = help::AUDIT)]
    Audit(audit::Audit),
    /// Ask the file a question.
    #[command(after_help = help::SQL)]
    Sql(sql::Sql),
    /// Look at the settings.
    #[command(subcommand, after_help = help::CONFIG)]
    Config(config::Config),
    /// Write a file for another program to standard output.
    #[command(subcommand, after_help = help::PRINT)]
    Print(print::Print),
}

/// Runs a command.
pub fn run(command: Command) -> Result<ExitCode> {
    if let Verb::Print(print) = command.verb {
        return print.run();
    }
    let context = context(&command)?;
    start_log(&context.config.log);
    match command.verb {
        Verb::Print(print) => print.run(),
        Verb::Migrate(migrate) => migrate.run(&context),
        Verb::Sql(sql) => sql.run(&context),
        Verb::Config(config) => config.run(&context),
        Verb::Serve(serve) => serve.run(&context),
        Verb::Import(import) => import.run(&context),
        Verb::Export(export) => export.run(&context),
        Verb::User(user) => user.run(&context),
        Verb::Seed(seed) => seed.run(&context),
        Verb::Bench(bench) => bench.run(&context),
        Verb::Doctor(doctor) => doctor.run(&context),
        Verb::Events(events) => events.run(&context),
        Verb::Mails(mails) => mails.run(&context),
        Verb::Webhooks(webhooks) => webhooks.run(&context),
        Verb::Audit(audit) => audit.run(&context),
    }
}

fn context(command: &Command) -> Result<Context> {
    let mut flags = Flags {
        file: command.config.clone(),
        ..Flags::default()
    };
    if let Verb::Serve(serve) = &command.verb {
        serve.tell(&mut flags);
    }
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
        .collect();
    let loaded = load(&flags, &environment)?;
    let usual = match loaded.config.is_demo {
        true => "data-demo",
        false => "data",
    };
    Ok(Context {
        data: command.data.clone().unwrap_or_else(|| usual.into()),
        config: loaded.config,
        sources: loaded.sources,
        notes: loaded.notes,
        json: command.json,
    })
}

/// Text on a terminal, else JSON, unless the settings say.
fn start_log(log: &Log) {
    let lines = match log.format {
        LogFormat::Text => telemetry::Lines::Text,
        LogFormat::Json => telemetry::Lines::Json,
        LogFormat::Auto if std::io::stderr().is_terminal() => telemetry::Lines::Text,
        LogFormat::Auto => telemetry::Lines::Json,
    };
    let level = match log.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    telemetry::start(lines, level);
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
