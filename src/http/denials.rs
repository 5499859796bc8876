//! Who was turned away goes into the audit (J8), but for repetitions within a minute: a stubborn client writes one row and
//! not thousands, and what is allowed pays nothing for it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use axum::response::Response;

use tracing::Instrument;

use crate::app::App;
use crate::domain::actor::Origin;
use crate::domain::audit::Denial;
use crate::domain::refusal::Refusal;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::http::problem;
use crate::shop::audit;

/// So many are remembered at once; beyond that nothing more is noted until they are a minute old.
const MOST: usize = 10_000;

/// What was noted lately.
#[derive(Default)]
pub struct Denials(Mutex<HashMap<Denial, Timestamp>>);

impl Denials {
    /// Notes a reply that turns somebody away, beside its way out.
    pub fn note(&self, app: &App, origin: Origin, bare: &Response) {
        let Some(error) = problem::of(bare) else {
            return;
        };
        let Some(denial) = denial(error) else { return };
        if !self.is_new(denial, app.clock().now()) {
            return;
        }
        let app = app.clone();
        let work = async move {
            let noted = app.write(move |tx| audit::note_denial(tx, denial, &origin)).await;
            if let Err(error) = noted {
                tracing::warn!(%error, "a denial was not noted");
            }
        };
        tokio::spawn(work.in_current_span());
    }

    fn is_new(&self, denial: Denial, now: Timestamp) -> bool {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_lately = |at: &Timestamp| now < at.plus_ms(time::MINUTE);
        if lately.get(&denial).is_some_and(is_lately) {
            return false;
        }
        if lately.len() >= MOST {
            lately.retain(|_, at| is_lately(at));
        }
        lately.len() < MOST && {
            lately.insert(denial, now);
            true
        }
    }
}

fn denial(error: &Error) -> Option<Denial> {
    match error {
        Error::Refused(Refusal::Forbidden { needs, user }) => Some(Denial::Right(*user, *needs)),
        Error::Refused(Refusal::TokenInvalid) => Some(Denial::Token),
        Error::Refused(Refusal::CrossSite) => Some(Denial::CrossSite),
        _ => None,
    }
}
