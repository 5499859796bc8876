//! Sign-ins by a form, by the form's hidden key: one press of the button is one sign-in, however often it is sent, and
//! what it came to is told again for a moment. Kept in memory: there is a session's secret in it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::OnceCell;

use crate::app::App;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::user::REFRESH_GRACE;
use crate::shop::login::Entered;
use crate::shop::once::Key;

/// So many are kept; of more the oldest is forgotten.
const MOST_KEPT: usize = 256;

/// What a sign-in comes to, once it has come to it.
pub type Press = Arc<OnceCell<std::result::Result<Entered, Refusal>>>;

/// The sign-ins of the last moment.
#[derive(Default)]
pub struct Presses(Mutex<HashMap<Key, (Timestamp, Press)>>);

impl App {
    /// The sign-in that this form asks for, begun or not.
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
