//! Somebody else was first: both versions side by side, and one's own offered again on top. Nothing typed is lost.

use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::audit::Action;
use crate::domain::audit::AuditRow;
use crate::domain::audit::Target;
use crate::domain::id::AuditId;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::frame::Frame;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::shop::audit;

/// One field in both versions.
pub struct Both<'a> {
    /// Its label.
    pub label: &'a str,
    /// As it is in the shop.
    pub now: String,
    /// As one wanted it.
    pub mine: String,
}

impl<'a> Both<'a> {
    /// A field in both versions.
    pub fn of(label: &'a str, now: impl Into<String>, mine: impl Into<String>) -> Self {
        Self {
            label,
            now: now.into(),
            mine: mine.into(),
        }
    }
}

/// Who was first, and when.
pub struct First {
    /// By name, or by the kind of caller.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// Whether it was oneself, in another window.
    pub is_me: bool,
}

impl First {
    /// Who made a thing's newest version, `at` that moment, where the thing knows it. The audit may have been swept.
    pub async fn of(
        app: &App,
        frame: &Frame,
        thing: (Target, i64),
        at: Option<Timestamp>,
    ) -> Result<Option<Self>> {
        let by = frame.by.clone();
        let row = app.read(move |db| audit::last_change(db, &by, thing, at)).await?;
        Ok(row.map(|row| Self::told(frame, &row)))
    }

    /// Who was the last to do what is done to one thing alone, such as the settings.
    pub async fn to_do(app: &App, frame: &Frame, action: Action) -> Result<Option<Self>> {
        let by = frame.by.clone();
        let row = app.read(move |db| audit::last_done(db, &by, action)).await?;
        Ok(row.map(|row| Self::told(frame, &row)))
    }

    fn told(frame: &Frame, row: &AuditRow) -> Self {
        Self {
            who: words::doer(row.actor_name.as_deref(), row.actor_kind).to_owned(),
            at: row.at,
            is_me: row.actor.is_some() && row.actor == frame.by.user,
        }
    }
}

/// The page of a conflict.
#[derive(Template)]
#[template(path = "admin/conflict.html")]
pub struct ConflictPage<'a> {
    /// The frame.
    pub frame: &'a Frame,
    /// What was changed: `order #1042`.
    pub thing: String,
    /// Its page.
    pub back: String,
    /// Where one's own is sent again.
    pub action: String,
    /// The version that is in the shop now.
    pub version: i64,
    /// Who made it.
    pub first: Option<First>,
    /// The two versions.
    pub rows: Vec<Both<'a>>,
    /// What one's own holds, without its old version.
    pub kept: Fields,
}

impl ConflictPage<'_> {
    /// Whether somebody else has done just what was wanted.
    fn is_done(&self) -> bool {
        self.rows.iter().all(|row| row.now == row.mine)
    }

    /// Whether it was whoever looks, in another window of theirs.
    fn is_mine(&self) -> bool {
        self.first.as_ref().is_some_and(|first| first.is_me)
    }

    /// The page, with the failure's own status.
    pub fn reply(&self) -> Result<Response> {
        page::page(StatusCode::PRECONDITION_FAILED, self)
    }
}

/// The hidden field that tells what a form was made from.
pub const WAS: &str = "was";

/// What a form is made from, in short: a print of each field, by which it can be told later whether it was touched.
pub fn prints<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let prints = fields
        .into_iter()
        .map(|(name, value)| format!("{name}={:x}", print(value)));
    prints.collect::<Vec<_>>().join(" ")
}

/// Whether a field still holds what the form was made with. One that has no print was touched.
fn is_untouched(typed: &Fields, name: &str, value: &str) -> bool {
    let mut prints = typed
        .text(WAS)
        .split(' ')
        .filter_map(|print| print.rsplit_once('='));
    prints
        .find(|(known, _)| *known == name)
        .is_some_and(|(_, was)| was == format!("{:x}", print(value)))
}

/// What was typed, as it is to be sent again on top of what stands now: a field that was not touched is taken as it
/// stands, so that applying one's own again undoes nothing of theirs.
pub fn on_top(now: &Fields, typed: &Fields) -> Fields {
    let prints = prints(now.pairs());
    let mut kept = again(typed);
    for (name, value) in &mut kept.0 {
        let stands = now.0.iter().find(|(field, _)| field == name);
        match stands {
            Some((_, stands)) if is_untouched(typed, name, value) => value.clone_from(stands),
            _ if name == WAS => value.clone_from(&prints),
            _ => {}
        }
    }
    kept
}

/// A browser sends line breaks in its own way.
fn print(value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.replace("\r\n", "\n").hash(&mut hasher);
    hasher.finish()
}

/// What was typed, to be sent again on another version.
pub fn again(typed: &Fields) -> Fields {
    let kept = typed.to_keep().0.into_iter();
    Fields(kept.filter(|(name, _)| name != "version").collect())
}

/// Leads on after a deed; where somebody else was first, to the page that shows both versions.
pub async fn settle(
    done: Result<AuditId>,
    to: &str,
    clash: impl Future<Output = Result<Response>>,
) -> Result<Response> {
    match done {
        Ok(done) => Ok(page::lead(to, Some(done))),
        Err(Error::Stale(_)) => clash.await,
        Err(error) => Err(error),
    }
}
