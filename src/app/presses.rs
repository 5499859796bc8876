//! Proofs by a form (a sign-in, a password, a link), by the form's hidden key: one press of the button is one proof,
//! however often it is sent, and what it came to is told again for a moment. Kept in memory: there is a session's secret
//! in it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::OnceCell;

use crate::app::App;
use crate::domain::id::AuditId;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::user::REFRESH_GRACE;
use crate::error::Error;
use crate::error::Result;
use crate::shop::login::Entered;
use crate::shop::once::Key;
use crate::shop::sessions::Opened;
use crate::shop::sessions::Renewed;

/// So many are kept; of more the oldest is forgotten.
const MOST_KEPT: usize = 256;

/// What a proof is good for.
#[derive(Debug, Clone)]
pub enum Came {
    /// In, or as far as the second factor.
    Entered(Entered),
    /// A session that has proved itself again.
    Renewed(Renewed),
    /// What was asked for; the row of the audit that tells of it, for whoever is signed in.
    Done(Option<AuditId>),
}

impl Came {
    /// The session that was opened.
    pub fn opened(self) -> Result<Opened> {
        match self {
            Self::Entered(Entered::Opened(opened)) => Ok(*opened),
            _ => Err(Error::internal("a form that opens a session opened none")),
        }
    }
}

/// What a press comes to, once it has come to it.
pub type Press = Arc<OnceCell<std::result::Result<Came, Refusal>>>;

/// The presses of the last moment.
#[derive(Default)]
pub struct Presses(Mutex<HashMap<Key, (Timestamp, Press)>>);

impl App {
    /// What a form that was pressed a moment ago has come to, if it has.
    pub fn pressed(&self, form: Key) -> Option<std::result::Result<Came, Refusal>> {
        let kept = self
            .inner
            .presses
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (at, press) = kept.get(&form)?;
        let is_fresh = self.clock().now() <= at.plus_ms(REFRESH_GRACE);
        press.get().filter(|_| is_fresh).cloned()
    }

    /// What this form asks for, begun or not.
    pub fn press(&self, form: Key) -> Press {
        let now = self.clock().now();
        let mut kept = self
            .inner
            .presses
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (at, _)| now <= at.plus_ms(REFRESH_GRACE));
        if kept.len() >= MOST_KEPT && !kept.contains_key(&form) {
            let oldest = kept.iter().min_by_key(|(_, (at, _))| *at).map(|(form, _)| *form);
            oldest.map(|oldest| kept.remove(&oldest));
        }
        let (_, press) = kept.entry(form).or_insert_with(|| (now, Press::default()));
        Arc::clone(press)
    }
}
