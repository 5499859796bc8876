//! `till migrate`: the file's schema.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use crate::cli::Context;
use crate::error::Result;
use crate::shop::Store;

/// Look at the file's schema, or bring it up to date.
#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// List every migration with whether the file has it. Works beside a server.
    Status,
    /// Apply what is missing (`till serve` does so by itself). Refused with 75 while a server runs.
    Up,
}

impl Migrate {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        match self {
            Self::Status => status(context),
            Self::Up => up(context),
        }
    }
}

fn status(context: &Context) -> Result<ExitCode> {
    let all = Store::migrations(&context.data)?;
    let mut text = String::new();
    for migration in &all {
        let state = if migration.applied { "applied" } else { "missing" };
        text += &format!("V{:<3} {:<20} {state}\n", migration.version, migration.name);
    }
    let rows: Vec<_> = all
        .iter()
        .map(|one| json!({ "version": one.version, "name": one.name, "applied": one.applied }))
        .collect();
    context.print(text, &json!({ "migrations": rows }))?;
    Ok(ExitCode::SUCCESS)
}

fn up(context: &Context) -> Result<ExitCode> {
    let done = Store::migrate(&context.data)?;
    let mut text = String::new();
    for migration in &done {
        text += &format!("applied V{} {}\n", migration.version, migration.name);
    }
    if done.is_empty() {
        text += "the file is up to date\n";
    }
    let rows: Vec<_> = done
        .iter()
        .map(|one| json!({ "version": one.version, "name": one.name }))
        .collect();
    context.print(text, &json!({ "applied": rows }))?;
    Ok(ExitCode::SUCCESS)
}
