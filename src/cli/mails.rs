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
use crate::domain::mail::MailState;
use crate::domain::mail::Wanted;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::error::Result;
use crate::gateway::Letter;
use crate::shop::mails;
use crate::shop::settings;

/// So many are listed.
const MOST: i64 = 100;

/// Look at the mails, and send again.
#[derive(Debug, Subcommand)]
pub enum Mails {
    /// List the newest.
    List {
        /// Only those that have failed.
        #[arg(long)]
        failed: bool,
    },
    /// Show one, with its link: whoever opens that acts as its user.
    Show {
        /// Its number.
        id: i64,
    },
    /// Send again: what has failed is due now, what was sent is sent once more.
    Retry {
        /// Their numbers.
        #[arg(required_unless_present = "failed")]
        ids: Vec<i64>,
        /// The newest hundred that have failed.
        #[arg(long, conflicts_with = "ids")]
        failed: bool,
    },
}

impl Mails {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        match self {
            Self::List { failed } => list(context, failed)?,
            Self::Show { id } => show(context, MailId(id))?,
            Self::Retry { ids, failed } => return retry(context, ids, failed),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn newest(context: &Context, failed: bool) -> Result<Vec<Mail>> {
    let wanted = Wanted {
        state: failed.then_some(MailState::Failed),
        order: None,
    };
    let paging = Paging::first(Limit::new(MOST).map_err(|bad| bad.at("limit"))?, 0);
    let page = context
        .store()?
        .read(|db| mails::list(db, &Actor::system(), wanted, &paging))?;
    Ok(page.rows)
}

fn list(context: &Context, failed: bool) -> Result<()> {
    let mails = newest(context, failed)?;
    let mut text = format!("{:>6}  {:<8} {:<20} recipient", "id", "state", "template");
    for mail in &mails {
        let (state, template) = (mail.state.name(), mail.template.name());
        let _ = write!(
            text,
            "\n{:>6}  {state:<8} {template:<20} {}",
            mail.id.0, mail.recipient
        );
        if let Some(failure) = &mail.failure {
            let _ = write!(text, "\n{:>6}  {failure}", "");
        }
    }
    if !context.config.mail.is_on() {
        text += "\nNo mail server is set up (mail.host): mails wait, and `till mails show` tells what stands in them.";
    }
    let all: Vec<Value> = mails.iter().map(view).collect();
    context.print(text, &json!({ "mails": all }))
}

fn show(context: &Context, id: MailId) -> Result<()> {
    let (store, keys) = (context.store()?, context.keys()?);
    let (mail, shop) =
        store.read(|db| Ok((mails::show(db, &Actor::system(), id)?, settings::show(db)?.name)))?;
    let link = store.write(move |tx| mails::reveal(tx, &Actor::system(), &keys, id))?;
    let place = context.place();
    let url = link.map(|(purpose, secret)| purpose.url(&place, &secret));
    let letter = Letter::write(&mail, &shop, &place, url.as_deref())?;
    let mut text = format!(
        "mail {} {} to {}, {}",
        mail.id,
        mail.template.name(),
        mail.recipient,
        mail.state.name()
    );
    let _ = write!(
        text,
        "\n\nSubject: {}\n\n{}",
        letter.subject,
        letter.text.trim_end()
    );
    if let Some(url) = &url {
        let _ = write!(text, "\n\nIts link, good once:\n{url}");
    }
    let mut shown = view(&mail);
    shown["link"] = json!(url);
    shown["subject"] = json!(letter.subject);
    shown["text"] = json!(letter.text);
    shown["html"] = json!(letter.html);
    context.print(text, &shown)
}

/// One by one, so that one that cannot be sent again keeps none of the others back.
fn retry(context: &Context, ids: Vec<i64>, failed: bool) -> Result<ExitCode> {
    let ids: Vec<MailId> = match failed {
        true => newest(context, true)?.iter().map(|mail| mail.id).collect(),
        false => ids.into_iter().map(MailId).collect(),
    };
    let (store, keys) = (context.store()?, context.keys()?);
    let (mut text, mut all, mut is_whole) = (String::new(), Vec::new(), true);
    for id in ids {
        let keys = keys.clone();
        match store.write(move |tx| mails::resend(tx, &Actor::system(), &keys, id)) {
            Ok(mail) => {
                let _ = writeln!(text, "mail {id} is queued as {}", mail.id);
                all.push(json!({ "id": id, "as": mail.id }));
            }
            Err(error) => {
                is_whole = false;
                let _ = writeln!(text, "mail {id}: {}", error.sentence());
                all.push(json!({ "id": id, "refused": error.sentence() }));
            }
        }
    }
    context.print(text.trim_end(), &json!({ "mails": all }))?;
    Ok(match is_whole {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn view(mail: &Mail) -> Value {
    json!({
        "id": mail.id, "template": mail.template, "recipient": mail.recipient, "user_id": mail.user,
        "order_id": mail.order, "state": mail.state, "created_at": mail.created_at, "attempts": mail.attempts,
        "sent_at": mail.sent_at, "failure": mail.failure,
    })
}
