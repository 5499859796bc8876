//! What happened to an order before it came, as its file tells it.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::domain::actor::ActorKind;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::history::Former;
use crate::domain::order::Change;
use crate::domain::text;
use crate::domain::time::Timestamp;

/// Changes an order may have had: as many as it has versions for, but the first.
const MOST_CHANGES: usize = 4094;

/// An entry of an order's history in a file; its place in the list is its version.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields")]
pub struct ChangeForm<'a> {
    #[serde(borrow)]
    pub at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub action: Option<Cow<'a, str>>,
    /// What kind of caller: who it was is known only where it happened.
    #[serde(borrow)]
    pub by: Option<Cow<'a, str>>,
    #[serde(default)]
    pub public: bool,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub note: Option<Cow<'a, str>>,
    /// What it altered, as it was, in the numbers in which it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<Value>,
}

/// A change that an order has had before it came.
#[derive(Debug, Clone, Hash)]
#[allow(missing_docs, reason = "the columns")]
pub struct PastChange {
    pub at: Timestamp,
    pub change: Change,
    pub by: ActorKind,
    pub is_public: bool,
    pub note: Option<String>,
    /// JSON that [`Former::from_json`] reads.
    pub former: Option<String>,
}

/// Reads a history, oldest first, which begins with the placing; nothing in it is older than what stands before it.
pub(super) fn changes(
    told: &[ChangeForm<'_>],
    placed_at: Timestamp,
    faults: &mut Vec<Fault>,
) -> Vec<PastChange> {
    if told.len() > MOST_CHANGES {
        faults.push(Bad::invalid(format!("must be at most {MOST_CHANGES}")).at("history"));
        return Vec::new();
    }
    let mut last = placed_at;
    let mut changes = Vec::with_capacity(told.len());
    for (number, form) in told.iter().enumerate() {
        match form.read(last) {
            Ok(change) => {
                last = change.at;
                changes.push(change);
            }
            Err((field, bad)) => faults.push(bad.at(format!("history[{number}].{field}"))),
        }
    }
    changes
}

impl ChangeForm<'_> {
    fn read(&self, last: Timestamp) -> Result<PastChange, (&'static str, Bad)> {
        let at = self.at.as_deref().ok_or_else(Bad::missing);
        let at = at.and_then(Timestamp::parse).and_then(|at| match at >= last {
            true => Ok(at),
            false => Err(Bad::invalid("must not be before what came before it")),
        });
        let change = self.action.as_deref().ok_or_else(Bad::missing);
        let change = change.and_then(|name| match Change::parse(name) {
            None | Some(Change::Placed) => Err(Bad::invalid("is nothing that is done to an order")),
            Some(change) => Ok(change),
        });
        let by = self
            .by
            .as_deref()
            .map_or(Some(ActorKind::System), ActorKind::parse);
        let note = self.note.as_deref().map(|note| text::paragraph(note, 2000));
        let former = self.former.as_ref().map(Former::checked).transpose();
        Ok(PastChange {
            at: at.map_err(|bad| ("at", bad))?,
            change: change.map_err(|bad| ("action", bad))?,
            by: by.ok_or_else(|| ("by", Bad::invalid("must be user, api_key, system or guest")))?,
            is_public: self.public,
            note: note.transpose().map_err(|bad| ("note", bad))?,
            former: former
                .map_err(|bad| ("former", bad))?
                .and_then(|former| former.to_json()),
        })
    }
}
