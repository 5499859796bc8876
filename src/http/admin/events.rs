//! The feed of events, newest first, and one event with what every reader of it gets.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::domain::event::Event;
use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::event::Streams;
use crate::domain::id::EventId;
use crate::error::Result;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::View;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::events;
use crate::shop::events::Wanted;

const PATH: &str = "/admin/events";

/// What is asked of the page.
pub struct Feed {
    wanted: Wanted,
    below: Option<EventId>,
    limit: usize,
}

impl Asks for Feed {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self {
            wanted: Wanted {
                streams: Streams::of(query.one_of("stream", Stream::parse)),
                kind: query.one_of("type", EventType::parse),
            },
            below: query.number("before").map(EventId),
            limit: query.limit().rows(),
        }
    }
}

/// An event, ready to be drawn.
struct Row {
    event: Event,
    name: Option<String>,
}

/// What an event calls the thing that it tells of.
#[derive(Default, Deserialize)]
struct Named {
    number: Option<String>,
    sku: Option<String>,
    name: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/events/list.html")]
struct FeedPage<'a> {
    frame: &'a Frame,
    view: &'a View,
    streams: &'static [Stream],
    kinds: &'static [EventType],
    rows: Vec<Row>,
    newest: Option<String>,
    older: Option<String>,
}

pub async fn list(
    State(app): State<App>,
    Staff(frame): Staff,
    asked_at: Uri,
    asked: Asked<OnPage<Feed>>,
) -> Result<Response> {
    let OnPage(feed) = asked.read(&())?;
    let by = frame.by.clone();
    let found = app
        .read(move |db| events::latest(db, &by, feed.wanted, feed.below, feed.limit))
        .await?;
    let view = View::new(PATH, asked_at.query());
    let shown = FeedPage {
        frame: &frame,
        streams: Stream::ALL,
        kinds: EventType::ALL,
        newest: (!view.asked("before").is_empty()).then(|| view.with(&[])),
        older: found.next.map(|next| view.with(&[("before", &next.to_string())])),
        rows: found.events.into_iter().map(Row::of).collect(),
        view: &view,
    };
    page::page(StatusCode::OK, &shown)
}

#[derive(Template)]
#[template(path = "admin/events/show.html")]
struct EventPage<'a> {
    frame: &'a Frame,
    payload: String,
    told: Row,
}

pub async fn show(State(app): State<App>, Staff(frame): Staff, Path(id): Path<EventId>) -> Result<Response> {
    let by = frame.by.clone();
    let event = app.read(move |db| events::show(db, &by, id)).await?;
    let shown = EventPage {
        frame: &frame,
        payload: indented(&event.data),
        told: Row::of(event),
    };
    page::page(StatusCode::OK, &shown)
}

impl FeedPage<'_> {
    fn is_asked(&self, name: &str, value: &str) -> bool {
        self.view.asked(name) == value
    }
}

impl Row {
    fn of(event: Event) -> Self {
        let told: Named = serde_json::from_str(&event.data).unwrap_or_default();
        Self {
            name: told.number.or(told.sku).or(told.name),
            event,
        }
    }

    /// What it tells of.
    fn thing(&self) -> String {
        let noun = self.event.kind.noun();
        match (noun, &self.name) {
            ("order", Some(number)) => format!("Order #{number}"),
            (_, Some(name)) => name.clone(),
            (_, None) => format!("{} {}", words::capital(noun), self.event.subject),
        }
    }

    fn page(&self) -> Option<String> {
        let subject = self.event.subject;
        match self.event.kind.noun() {
            "order" if subject > 0 => Some(format!("/admin/orders/{subject}")),
            "product" if subject > 0 => Some(format!("/admin/products/{subject}")),
            _ => None,
        }
    }
}

/// The same JSON with a line for each member, in the order in which they stand.
pub(super) fn indented(json: &str) -> String {
    let mut told = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    let line = |told: &mut String, depth: usize| {
        told.push('\n');
        told.extend(std::iter::repeat_n("  ", depth));
    };
    let mut letters = json.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            _ if in_text => {
                in_text = is_escaped || letter != '"';
                is_escaped = !is_escaped && letter == '\\';
                told.push(letter);
            }
            '{' | '[' if letters.peek().is_some_and(|next| matches!(next, '}' | ']')) => told.push(letter),
            '{' | '[' => {
                depth += 1;
                told.push(letter);
                line(&mut told, depth);
            }
            '}' | ']' => {
                if !told.ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    line(&mut told, depth);
                }
                told.push(letter);
            }
            ',' => {
                told.push(letter);
                line(&mut told, depth);
            }
            ':' => told.push_str(": "),
            letter => {
                in_text = letter == '"';
                told.push(letter);
            }
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_told_as_it_stands() {
        let json = r#"{"b":"a{,:\"x\\","a":[1,{"c":null}],"e":[],"o":{}}"#;
        let told = indented(json);
        assert_eq!(
            told,
            "{\n  \"b\": \"a{,:\\\"x\\\\\",\n  \"a\": [\n    1,\n    {\n      \"c\": null\n    }\n  ],\n  \"e\": [],\n  \"o\": {}\n}"
        );
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&told), read(json));
    }
}
