//! What is said over a socket, and how one ends.

use axum::extract::ws::CloseFrame;
use axum::extract::ws::Message;
use axum::extract::ws::WebSocket;
use axum::extract::ws::close_code;
use serde::Deserialize;
use tokio_tungstenite::tungstenite;

use crate::domain::event::EventType;
use crate::domain::event::Stream;
use crate::domain::event::Streams;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::EventId;
use crate::error::Code;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract;
use crate::shop::events::Wanted;

/// What is said is at most so long, in bytes.
pub const LONGEST: usize = 16 * 1024;

/// A message of a client.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Who they are; only first, and only if they have not said so before.
    pub token: Option<String>,
    subscribe: Option<Vec<String>>,
    after: Option<i64>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Said {
    /// Whether it asks for events.
    pub fn asks(&self) -> bool {
        self.subscribe.is_some() || self.after.is_some() || self.kind.is_some()
    }

    /// What it asks for, and from where on; every fault at once.
    pub fn parse(&self) -> Result<(Wanted, Option<EventId>)> {
        let mut faults: Vec<Fault> = Vec::new();
        let mut streams = Vec::new();
        match &self.subscribe {
            None => faults.push(Bad::missing().at("subscribe")),
            Some(names) => {
                for (at, name) in names.iter().enumerate() {
                    match Stream::parse(name) {
                        Some(stream) => streams.push(stream),
                        None => faults.push(Bad::input("is no stream").at(format!("subscribe[{at}]"))),
                    }
                }
            }
        }
        let kind = self.kind.as_deref().map(EventType::parse);
        if kind == Some(None) {
            faults.push(Bad::input("is no type of events").at("type"));
        }
        if self.after.is_some_and(|after| after < 0) {
            faults.push(Bad::input("must be a whole number from 0").at("after"));
        }
        let wanted = Wanted {
            streams: Streams::of(streams),
            kind: kind.flatten(),
        };
        match faults.is_empty() {
            true => Ok((wanted, self.after.map(EventId))),
            false => Err(faults.into()),
        }
    }
}

/// Why a socket ends.
pub enum End {
    /// The other side has gone, or takes nothing.
    Gone,
    /// The shop stops.
    Stop,
    /// What was said cannot be had.
    Refused(Error),
    /// What came is no message.
    Unreadable(u16, &'static str),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<axum::Error> for End {
    fn from(cause: axum::Error) -> Self {
        match cause.into_inner().downcast_ref::<tungstenite::Error>() {
            Some(tungstenite::Error::Capacity(_)) => {
                Self::Unreadable(close_code::SIZE, "A message holds at most 16 KiB.")
            }
            Some(tungstenite::Error::Utf8(_)) => Self::Unreadable(close_code::INVALID, "This is no text."),
            Some(tungstenite::Error::Protocol(_)) => {
                Self::Unreadable(close_code::PROTOCOL, "This is no WebSocket.")
            }
            _ => Self::Gone,
        }
    }
}

impl End {
    /// What is said last: a failure in words, and a number.
    pub fn last_words(self) -> Option<(Option<Error>, u16)> {
        let failed = |words: &'static str, number| {
            Some((Some(Error::Request(Code::InvalidFormat, words.into())), number))
        };
        match self {
            Self::Gone => None,
            Self::Stop => Some((None, close_code::AWAY)),
            Self::Unreadable(number, words) => failed(words, number),
            Self::Refused(error) => {
                let number = match error.code().facts().0 {
                    401 | 403 | 423 => close_code::POLICY,
                    429 | 503 => close_code::AGAIN,
                    400..500 => close_code::INVALID,
                    _ => close_code::ERROR,
                };
                Some((Some(error), number))
            }
        }
    }
}

/// The message that closes a socket.
pub fn closing(number: u16) -> Message {
    Message::Close(Some(CloseFrame {
        code: number,
        reason: "".into(),
    }))
}

/// The next message. Whatever comes shows that the other side is there.
pub async fn hear(socket: &mut WebSocket, beats: &mut u32) -> std::result::Result<Said, End> {
    loop {
        let message = socket.recv().await.ok_or(End::Gone)?;
        *beats = 0;
        match message? {
            Message::Text(text) => return Ok(extract::parse(text.as_bytes())?),
            Message::Binary(_) => {
                return Err(End::Unreadable(close_code::UNSUPPORTED, "Say it in text."));
            }
            Message::Close(_) => return Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}
