//! `till webhooks`: who is told of events, what was sent, and sending it again, beside a running server.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use serde_json::json;

use crate::cli::Context;
use crate::clock::Clock;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::domain::time::Moment;
use crate::domain::webhook::DeliveryStatus;
use crate::error::Result;
use crate::shop::webhooks;
use crate::shop::webhooks::Again;
use crate::shop::webhooks::Wanted;

/// Look at the webhooks, and send again.
#[derive(Debug, Subcommand)]
pub enum Webhooks {
    /// List the endpoints; with --endpoint or --status the newest 200 deliveries.
    List {
        /// Those to this endpoint.
        #[arg(long, value_name = "ID")]
        endpoint: Option<i64>,
        /// Those that are pending, failed, waiting, delivered or dead.
        #[arg(long)]
        status: Option<String>,
    },
    /// Send a delivery again now, whatever has become of it.
    Retry {
        /// Its number.
        id: i64,
    },
    /// Send the events of a time to an endpoint again, in their order.
    Replay {
        /// The endpoint's number.
        endpoint: i64,
        #[command(flatten)]
        again: Times,
    },
}

/// Which events: all of a time, or what was not delivered since. Days or moments.
#[derive(Debug, Args)]
pub struct Times {
    /// From when, also what was delivered.
    #[arg(long, requires = "to", required_unless_present = "failed_since")]
    from: Option<String>,
    /// Until when, included.
    #[arg(long, requires = "from")]
    to: Option<String>,
    /// What is dead, or was missed, since then.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    failed_since: Option<String>,
}

impl Times {
    fn read(&self) -> Result<Again> {
        let moment = |text: &Option<String>, name: &str| -> Result<Option<Moment>> {
            let read = text.as_deref().map(Moment::parse).transpose();
            Ok(read.map_err(|bad| bad.at(name))?)
        };
        let found = (
            moment(&self.from, "from")?,
            moment(&self.to, "to")?,
            moment(&self.failed_since, "failed-since")?,
        );
        match found {
            (Some(from), Some(to), _) => Ok(Again::Between(from, to)),
            (_, _, Some(since)) => Ok(Again::FailedSince(since)),
            _ => Err(Bad::missing().at("from").into()),
        }
    }
}

impl Webhooks {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        match self {
            Self::List {
                endpoint: None,
                status: None,
            } => endpoints(context)?,
            Self::List { endpoint, status } => deliveries(context, endpoint, status.as_deref())?,
            Self::Retry { id } => retry(context, DeliveryId(id))?,
            Self::Replay { endpoint, again } => replay(context, EndpointId(endpoint), again.read()?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn endpoints(context: &Context) -> Result<()> {
    let now = Clock::System.now();
    let all = context
        .store()?
        .read(|db| webhooks::list(db, &Actor::system(), now))?;
    let mut text = format!(
        "{:>4}  {:<7} {:<9} {:>10} {:>6}  address",
        "id", "state", "breaker", "unfinished", "dead"
    );
    for one in &all {
        let _ = write!(
            text,
            "\n{:>4}  {:<7} {:<9} {:>10} {:>6}  {}  {}",
            one.id.0,
            one.state.name(),
            one.breaker,
            one.unfinished,
            one.dead,
            one.url,
            one.events.join(" ")
        );
    }
    context.print(text, &json!({ "endpoints": all }))
}

fn deliveries(context: &Context, endpoint: Option<i64>, status: Option<&str>) -> Result<()> {
    let status = match status {
        None => None,
        Some(text) => Some(
            DeliveryStatus::parse(text)
                .ok_or_else(|| Bad::input("is pending, failed, waiting, delivered or dead").at("status"))?,
        ),
    };
    let wanted = Wanted {
        endpoint: endpoint.map(EndpointId),
        status,
        event: None,
    };
    let paging = Paging::first(Limit::MAX, 0);
    let page = context
        .store()?
        .read(|db| webhooks::list_deliveries(db, &Actor::system(), &wanted, &paging))?;
    let mut text = format!(
        "{:>12} {:>8}  {:<9} {:>8}  {:<24} type",
        "id", "endpoint", "status", "attempts", "next"
    );
    for one in &page.rows {
        let next = one.next_attempt_at.map(|at| at.to_string()).unwrap_or_default();
        let kind = one.kind.map_or("", |kind| kind.name());
        let _ = write!(
            text,
            "\n{:>12} {:>8}  {:<9} {:>8}  {next:<24} {kind}",
            one.id.0,
            one.endpoint_id.0,
            one.status.name(),
            one.attempts
        );
    }
    context.print(text, &json!({ "deliveries": page.rows }))
}

fn retry(context: &Context, id: DeliveryId) -> Result<()> {
    let delivery = context
        .store()?
        .write(move |tx| webhooks::retry(tx, &Actor::system(), id))?;
    context.print(
        format!("delivery {} is {}", delivery.id, delivery.status.name()),
        &delivery,
    )
}

fn replay(context: &Context, id: EndpointId, again: Again) -> Result<()> {
    let (after, until) = context
        .store()?
        .write(move |tx| webhooks::replay(tx, &Actor::system(), id, &again))?;
    let text = match until > after {
        true => format!("events {} to {until} go to endpoint {id} again", after.0 + 1),
        false => "there is nothing to send again".to_owned(),
    };
    context.print(
        text,
        &json!({ "endpoint_id": id, "after": after, "until": until }),
    )
}
