//! `till config`: what the settings come to.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use crate::cli::Context;
use crate::error::Error;
use crate::error::Result;

/// Look at the settings.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print every setting with where it comes from. Exits 78 if one does not fit. Secrets are hidden.
    Check,
}

impl Config {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        let broken = |cause: toml::ser::Error| Error::Internal(cause.into());
        let settings = toml::Table::try_from(&context.config).map_err(broken)?;
        let mut text = String::new();
        for (section, inner) in &settings {
            text += &format!("[{section}]\n");
            for (key, value) in inner.as_table().into_iter().flatten() {
                let source = context.sources.get(&format!("{section}.{key}"));
                let source = source.map_or("default", |source| source.as_str());
                text += &format!("{:<48} # {source}\n", format!("{key} = {value}"));
            }
            for (of, key) in [("auth", "jwt_secret"), ("mail", "password")] {
                let source = context.sources.get(&format!("{of}.{key}"));
                if let (true, Some(source)) = (section == of, source) {
                    text += &format!("{:<48} # {source}\n", format!("{key} = (hidden)"));
                }
            }
            text += "\n";
        }
        for note in &context.notes {
            text += &format!("# note: {note}\n");
        }
        let json = json!({
            "data": context.data,
            "demo": context.config.is_demo,
            "settings": context.config,
            "sources": context.sources,
            "notes": context.notes,
        });
        context.print(text, &json)?;
        Ok(ExitCode::SUCCESS)
    }
}
