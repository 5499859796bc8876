//! `till print`: what the binary carries with it for other programs.

use std::process::ExitCode;

use clap::CommandFactory;
use clap::Subcommand;
use clap_complete::Shell;

use crate::cli::Command;
use crate::cli::context;
use crate::error::Error;
use crate::error::Result;
use crate::http;
use crate::http::openapi;

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
            Self::Man => manual(&mut page).map_err(|cause| Error::Internal(cause.into()))?,
        }
        context::put(&String::from_utf8_lossy(&page))?;
        Ok(ExitCode::SUCCESS)
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
