//! The page of a failure: status, code, what happened and what to do, and the number of the request. Within the layout
//! for the shop's people, outside of it for everybody else, and without a look at the file for what the shell refuses.

use std::borrow::Cow;

use askama::Template;
use axum::http::Method;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::domain::fault::Fault;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::http::admin::form::Fields;
use crate::http::admin::frame::Frame;
use crate::http::admin::page;
use crate::http::assets;
use crate::http::site;

/// What the page tells.
struct Told<'a> {
    status: u16,
    code: u16,
    name: &'static str,
    heading: String,
    /// What happened and what to do, a sentence or two each.
    words: Vec<String>,
    /// The right that is wanting.
    needs: Option<&'static str>,
    faults: &'a [Fault],
    /// The way back, where there is one.
    back: Option<&'a str>,
}

/// Where a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum While {
    /// Something was looked at.
    Looking,
    /// A form was sent into which something was typed.
    Sending,
    /// A button was pressed.
    Pressing,
}

impl While {
    /// The same, once it is known what the form held.
    pub fn with(self, typed: Option<&Fields>) -> Self {
        match (self, typed) {
            (Self::Sending, Some(typed)) if typed.to_keep().typed().next().is_none() => Self::Pressing,
            _ => self,
        }
    }

    /// What a request of this method does.
    pub fn of(method: &Method) -> Self {
        match site::is_unsafe(method) {
            true => Self::Sending,
            false => Self::Looking,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/problem.html")]
struct Within<'a> {
    frame: &'a Frame,
    told: Told<'a>,
}

#[derive(Template)]
#[template(path = "admin/problem_outside.html")]
struct Outside<'a> {
    frame: &'a Frame,
    told: Told<'a>,
}

/// A customer who has signed in where the shop's people do: there is nothing wrong with them, only nothing for them.
#[derive(Template)]
#[template(path = "admin/elsewhere.html")]
struct Elsewhere<'a> {
    frame: &'a Frame,
    told: Told<'a>,
}

#[derive(Template)]
#[template(path = "admin/problem_outside.html")]
struct Refused<'a> {
    frame: Bare<'a>,
    told: Told<'a>,
}

/// What a page has of its frame when nothing was looked up.
struct Bare<'a> {
    theme: &'static str,
    has_keys: bool,
    request_id: &'a str,
}

impl Bare<'_> {
    fn shop(&self) -> &'static str {
        "Till"
    }

    fn strip(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn asset(&self, name: &str) -> &'static str {
        assets::path(name)
    }

    fn name(&self) -> &'static str {
        ""
    }

    fn role(&self) -> &'static str {
        ""
    }

    fn may(&self, _: &str) -> bool {
        false
    }
}

/// The page of a failure, inside the fence.
pub fn page(frame: &Frame, error: &Error, did: While, back: Option<&str>) -> Response {
    let told = Told::of(error, did, back);
    let reply = match error {
        Error::Refused(Refusal::StaffOnly) if frame.user.is_some() => {
            page::failed(error, &Elsewhere { frame, told })
        }
        _ if frame.user.is_some() && frame.by.is_staff => page::failed(error, &Within { frame, told }),
        _ => page::failed(error, &Outside { frame, told }),
    };
    reply.unwrap_or_else(IntoResponse::into_response)
}

/// The page of what was refused before anybody knew who asks, or when nothing could be read.
pub fn refused(request_id: &str, theme: &'static str, error: &Error, did: While) -> Response {
    let told = Told::of(error, did, None);
    let frame = Bare {
        theme,
        has_keys: true,
        request_id,
    };
    let reply = page::failed(error, &Refused { frame, told });
    reply.unwrap_or_else(|_| page::status(error).into_response())
}

impl<'a> Told<'a> {
    fn of(error: &'a Error, did: While, back: Option<&'a str>) -> Self {
        let (status, code, name, title) = error.code().facts();
        // What is not there is named in the heading itself; else the heading is the code's, the sentence below it.
        let (heading, rest) = match error {
            Error::NotFound(_) | Error::NotFoundAt(..) | Error::Deleted(_) => {
                (error.sentence(), Cow::Borrowed(""))
            }
            _ if error.sentence() != title => (Cow::Borrowed(title), error.sentence()),
            _ => match title.split_once(". ") {
                Some((heading, rest)) => (Cow::Borrowed(heading), Cow::Borrowed(rest)),
                None => (Cow::Borrowed(title), Cow::Borrowed("")),
            },
        };
        let mut words = Vec::new();
        if !rest.is_empty() {
            words.push(rest.into_owned());
        }
        words.extend(advice(error, status).map(str::to_owned));
        if did == While::Sending && status != 403 && status != 404 {
            words.push(
                "What you typed still stands in the page before: go back with your browser.".to_owned(),
            );
        }
        Self {
            status,
            code,
            name,
            heading: heading.trim_end_matches('.').to_owned(),
            words,
            needs: match error {
                Error::Refused(Refusal::Forbidden { needs, .. }) => Some(needs.name()),
                _ => None,
            },
            faults: error.faults(),
            back,
        }
    }
}

/// What became of it, and what to do now.
fn advice(error: &Error, status: u16) -> Option<&'static str> {
    match error {
        Error::Refused(Refusal::CrossSite) => {
            Some("Open the page again and send it from there. Nothing was changed.")
        }
        Error::Refused(Refusal::TooMany { .. }) => Some("Wait a moment; nothing was looked at or changed."),
        Error::Timeout => Some("It may have been done all the same: look before you send it again."),
        _ if status == 500 => {
            Some("Nothing is half done. The fault is written down under the request number below.")
        }
        _ if status == 503 => Some("Nothing was changed. Try again in a moment."),
        _ => None,
    }
}
