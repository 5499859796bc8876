//! The door for the operator; the only place that wires.

mod serve;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::Subcommand;

use crate::error::Error;
use crate::error::Result;

/// The back office of a small shop in one binary.
#[derive(Debug, Parser)]
#[command(name = "till", version)]
pub struct Command {
    /// The folder that holds the shop's files.
    #[arg(long, global = true, default_value = "data")]
    data: PathBuf,
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
}

/// Runs a command.
pub fn run(command: Command) -> Result<ExitCode> {
    match command.verb {
        Verb::Serve(serve) => serve.run(&command.data),
        Verb::User(user) => user.run(&command.data),
    }
}

/// 75 if another process holds the file, else 1.
pub fn exit_code(error: &Error) -> ExitCode {
    match error {
        Error::Held(_) => ExitCode::from(75),
        _ => ExitCode::FAILURE,
    }
}
