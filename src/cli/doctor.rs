//! `till doctor`: whether everything in the file adds up, beside a running server too.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;

use crate::cli::Context;
use crate::domain::actor::Actor;
use crate::domain::check::Report;
use crate::error::Result;
use crate::shop::doctor;

/// Check everything that must hold of the file.
#[derive(Debug, Args)]
pub struct Doctor {}

impl Doctor {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        let key = context.keys()?.audit;
        let store = context.store()?;
        let progress = progress();
        let report = doctor::examine(&store, &Actor::system(), &key, |check| {
            progress.set_message(check);
            progress.tick();
        })?;
        progress.finish_and_clear();
        context.print(text(&report), &report)?;
        Ok(match report.is_clean() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}

/// The name of the check that is being made, on a terminal.
fn progress() -> indicatif::ProgressBar {
    match std::io::stderr().is_terminal() {
        true => indicatif::ProgressBar::new_spinner(),
        false => indicatif::ProgressBar::hidden(),
    }
}

fn text(report: &Report) -> String {
    if report.is_clean() {
        return format!("nothing found: {} checks", report.checks.len());
    }
    let mut text = String::new();
    for checked in report.checks.iter().filter(|checked| checked.findings > 0) {
        text += &format!("{}: {} found\n", checked.check, checked.findings);
        for finding in report
            .findings
            .iter()
            .filter(|finding| finding.check == checked.check)
        {
            text += &format!(
                "  {}: expected {}, found {}\n",
                finding.row, finding.expected, finding.found
            );
        }
    }
    text
}
