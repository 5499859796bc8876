//! `till events`: the feed as every reader gets it, looked at beside a running server.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use clap::Subcommand;
use serde_json::json;

use crate::cli::Context;
use crate::domain::actor::Actor;
use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::event::Streams;
use crate::domain::fault::Bad;
use crate::domain::id::EventId;
use crate::error::Result;
use crate::http::api::consumers::ConsumerView;
use crate::http::api::events::EventView;
use crate::shop::Store;
use crate::shop::consumers;
use crate::shop::events;
use crate::shop::events::Wanted;

/// So many events are read at once.
const PAGE: usize = 200;
/// How often it is looked for more, where more is waited for.
const PAUSE: Duration = Duration::from_millis(200);

/// Look at the feed of events, and along it.
#[derive(Debug, Subcommand)]
pub enum Events {
    /// The newest events, and with --follow whatever comes.
    Tail {
        /// How many.
        #[arg(short = 'n', long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=10_000))]
        lines: u16,
        /// Wait for more, until interrupted. With --json: one object a line.
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        which: Which,
    },
    /// The events from one place to another, both included, oldest first.
    Range {
        /// The first; - is the beginning.
        #[arg(default_value = "-", allow_hyphen_values = true)]
        from: String,
        /// The last; + is the end.
        #[arg(default_value = "+")]
        to: String,
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        limit: u32,
        #[command(flatten)]
        which: Which,
    },
    /// How far the feed reaches, and how far each consumer has come.
    Info,
}

/// Which events.
#[derive(Debug, Args)]
pub struct Which {
    /// Those of one stream: orders, inventory, payments or customers.
    #[arg(long)]
    stream: Option<String>,
    /// Those of one type, such as order.created.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
}

impl Which {
    fn read(&self) -> Result<Wanted> {
        let stream = self.stream.as_deref().map(|text| {
            Stream::parse(text)
                .ok_or_else(|| Bad::input("is orders, inventory, payments or customers").at("stream"))
        });
        let kind = self
            .kind
            .as_deref()
            .map(|text| EventType::parse(text).ok_or_else(|| Bad::input("is no type of events").at("type")));
        Ok(Wanted {
            streams: Streams::of(stream.transpose()?),
            kind: kind.transpose()?,
        })
    }
}

impl Events {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        match self {
            Self::Tail { lines, follow, which } => tail(context, usize::from(lines), follow, which.read()?)?,
            Self::Range {
                from,
                to,
                limit,
                which,
            } => {
                let range = (place(&from, "-", 1)?, place(&to, "+", i64::MAX)?);
                show(
                    context,
                    between(&context.store()?, range, limit as usize, which.read()?)?,
                )?;
            }
            Self::Info => info(context)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A place of the feed, or the sign for an end of it.
fn place(text: &str, sign: &str, end: i64) -> Result<i64> {
    match (text == sign, text.parse()) {
        (true, _) => Ok(end),
        (false, Ok(id)) if id >= 1 => Ok(id),
        _ => Err(Bad::input(format!("is an event's number, or {sign}"))
            .at("range")
            .into()),
    }
}

fn between(store: &Store, (from, to): (i64, i64), limit: usize, wanted: Wanted) -> Result<Vec<Event>> {
    let mut all: Vec<Event> = Vec::new();
    let mut after = EventId(from - 1);
    loop {
        let left = (limit - all.len()).min(PAGE);
        let found = store.read(|db| events::list(db, &Actor::system(), wanted, after, left))?;
        after = found.upto;
        all.extend(found.events.into_iter().filter(|event| event.id.0 <= to));
        if all.len() == limit || found.is_end || after.0 >= to {
            return Ok(all);
        }
    }
}

fn tail(context: &Context, lines: usize, follow: bool, wanted: Wanted) -> Result<()> {
    let store = context.store()?;
    let (mut newest, mut after) = store.read(|db| {
        let by = Actor::system();
        let end = events::ends(db, &by)?.map_or(EventId(0), |(_, last)| last.id);
        let latest = match lines {
            0 => Vec::new(),
            lines => events::latest(db, &by, wanted, None, lines)?.events,
        };
        Ok((latest, end))
    })?;
    newest.reverse();
    if !follow {
        return show(context, newest);
    }
    while tell(context, &newest) {
        let found = store.read(|db| events::list(db, &Actor::system(), wanted, after, PAGE))?;
        (newest, after) = (found.events, found.upto);
        if found.is_end && newest.is_empty() {
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// Prints events as they come; whether anybody still reads them.
fn tell(context: &Context, events: &[Event]) -> bool {
    let mut out = std::io::stdout().lock();
    let mut put = |event: &Event| match context.json {
        true => writeln!(out, "{}", event.told()),
        false => writeln!(out, "{}", line(event)),
    };
    events
        .iter()
        .try_for_each(&mut put)
        .and_then(|()| out.flush())
        .is_ok()
}

fn line(event: &Event) -> String {
    format!(
        "{:>10}  {}  {:<22} {}",
        event.id.0,
        event.at,
        event.kind.name(),
        event.data
    )
}

fn show(context: &Context, events: Vec<Event>) -> Result<()> {
    let text = events.iter().map(line).collect::<Vec<String>>().join("\n");
    let views = events
        .into_iter()
        .map(EventView::new)
        .collect::<Result<Vec<_>>>()?;
    match (context.json, text.is_empty()) {
        (false, true) => Ok(()),
        _ => context.print(text, &json!({ "events": views })),
    }
}

fn info(context: &Context) -> Result<()> {
    let (ends, consumers) = context.store()?.read(|db| {
        let by = Actor::system();
        Ok((events::ends(db, &by)?, consumers::list(db, &by)?))
    })?;
    let newest = ends.as_ref().map_or(0, |(_, last)| last.id.0);
    let mut text = match &ends {
        None => "no events".to_owned(),
        Some((first, last)) => format!(
            "{} events\nfirst {:>10}  {}\nlast  {:>10}  {}",
            last.id.0 - first.id.0 + 1,
            first.id.0,
            first.at,
            last.id.0,
            last.at
        ),
    };
    for one in &consumers {
        let _ = write!(
            text,
            "\nconsumer {:<20} at {:>10}, {} behind, {} leases",
            one.name,
            one.cursor.0,
            newest - one.cursor.0,
            one.leases
        );
    }
    let end = |event: &Event| json!({ "id": event.id, "created_at": event.at });
    let views: Vec<ConsumerView> = consumers.iter().map(ConsumerView::from).collect();
    context.print(
        text,
        &json!({
            "events": ends.as_ref().map_or(0, |(first, last)| last.id.0 - first.id.0 + 1),
            "first": ends.as_ref().map(|(first, _)| end(first)),
            "last": ends.as_ref().map(|(_, last)| end(last)),
            "consumers": views,
        }),
    )
}
