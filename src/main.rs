//! The executable: everything it does is in the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match till::cli::run(till::cli::Command::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("till: {}", till::cli::explain(&error));
            till::cli::exit_code(&error)
        }
    }
}
