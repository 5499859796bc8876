//! `till print`: what the binary carries with it for other programs.

use std::process::ExitCode;

use clap::CommandFactory;
use clap::Subcommand;
use clap_complete::Shell;
use serde_json::Value;
use serde_json::json;

use crate::cli::Command;
use crate::cli::context;
use crate::error::Error;
use crate::error::Result;
use crate::http;
use crate::http::openapi;
use crate::http::route::Access;

/// Write a file for another program to standard output.
#[derive(Debug, Subcommand)]
pub enum Print {
    /// What a shell needs to complete `till`: bash, zsh, fish, elvish, powershell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// The OpenAPI document of the JSON API.
    Openapi,
    /// Every page and form, with who may: what a crawl of the pages is held to.
    Pages,
    /// The manual page (`till print man | man -l -`).
    Man,
}

impl Print {
    pub fn run(self) -> Result<ExitCode> {
        let mut page = Vec::new();
        match self {
            Self::Completions { shell } => {
                clap_complete::generate(shell, &mut Command::command(), "till", &mut page);
            }
            Self::Openapi => {
                let document = openapi::document(&http::faces());
                page = serde_json::to_vec_pretty(&document).map_err(|cause| Error::Internal(cause.into()))?;
            }
            Self::Pages => {
                page = serde_json::to_vec_pretty(&pages()).map_err(|cause| Error::Internal(cause.into()))?
            }
            Self::Man => manual(&mut page).map_err(|cause| Error::Internal(cause.into()))?,
        }
        context::put(&String::from_utf8_lossy(&page))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The rows of the tables of pages.
fn pages() -> Vec<Value> {
    let tables = http::pages();
    let rows = tables
        .iter()
        .flat_map(|(root, table)| table.rows().iter().map(move |row| (root, row)));
    rows.map(|(root, row)| {
        json!({
            "method": row.method.as_str(),
            "path": format!("{root}{}", row.path),
            "access": who(row.access),
        })
    })
    .collect()
}

/// Who may, in one word.
fn who(access: Access) -> &'static str {
    match access {
        Access::Public => "public",
        Access::SignedIn => "signed-in",
        Access::Needs(right) | Access::OwnOr(right) => right.name(),
    }
}

/// One page: the program, then each of its commands.
fn manual(page: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = Command::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(page)?;
    for verb in command.get_subcommands() {
        let man = clap_mangen::Man::new(verb.clone());
        page.extend_from_slice(format!(".SH \"till {}\"\n", verb.get_name()).as_bytes());
        man.render_description_section(page)?;
        man.render_options_section(page)?;
    }
    Ok(())
}
