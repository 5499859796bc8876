//! `till mails`: what waits to be sent, and the links in it, for the operator.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::cli::Context;
use crate::domain::actor::Actor;
use crate::domain::id::MailId;
use crate::domain::mail::Mail;
use crate::error::Result;
use crate::shop::mails;

/// So many are listed.
const MOST: i64 = 100;

/// Look at the mails.
#[derive(Debug, Subcommand)]
pub enum Mails {
    /// List the newest.
    List,
    /// Show one, with its link: whoever opens that acts as its user.
    Show {
        /// Its number.
        id: i64,
    },
}

impl Mails {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        match self {
            Self::List => list(context)?,
            Self::Show { id } => show(context, MailId(id))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(context: &Context) -> Result<()> {
    let mails = context
        .store()?
        .read(|db| mails::list(db, &Actor::system(), None, MOST))?;
    let mut text = format!("{:>6}  {:<8} {:<20} recipient", "id", "state", "template");
    for mail in &mails {
        let (state, template) = (mail.state.name(), mail.template.name());
        let _ = write!(
            text,
            "\n{:>6}  {state:<8} {template:<20} {}",
            mail.id.0, mail.recipient
        );
    }
    let all: Vec<Value> = mails.iter().map(view).collect();
    context.print(text, &json!({ "mails": all }))
}

fn show(context: &Context, id: MailId) -> Result<()> {
    let (store, keys) = (context.store()?, context.keys()?);
    let mail = store.read(|db| mails::show(db, &Actor::system(), id))?;
    let link = store.write(move |tx| mails::reveal(tx, &Actor::system(), &keys, id))?;
    let url = link.map(|(purpose, secret)| purpose.url(&context.config.server.public_url(), &secret));
    let mut text = format!(
        "mail {} {} to {}, {}",
        mail.id,
        mail.template.name(),
        mail.recipient,
        mail.state.name()
    );
    if let Some(url) = &url {
        let _ = write!(text, "\n{url}");
    }
    let mut shown = view(&mail);
    shown["link"] = json!(url);
    context.print(text, &shown)
}

fn view(mail: &Mail) -> Value {
    json!({
        "id": mail.id, "template": mail.template, "recipient": mail.recipient, "user_id": mail.user,
        "state": mail.state, "created_at": mail.created_at, "attempts": mail.attempts, "sent_at": mail.sent_at,
        "failure": mail.failure,
    })
}
