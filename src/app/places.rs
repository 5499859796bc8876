//! Places for listeners: so many streams at once, and so many of them for one user, so that nobody keeps the others out.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::id::UserId;
use crate::domain::refusal::Refusal;
use crate::error::Error;
use crate::error::Result;

/// So many streams are open at once: half of the connections that there are.
const MOST: usize = 1024;
/// So many of one user, over all sessions and keys.
const MOST_OF_ONE: u32 = 256;
/// When whoever has too many may try again, in seconds.
const LATER: u64 = 5;

/// Who listens.
#[derive(Default)]
pub struct Places(Mutex<HashMap<Option<UserId>, u32>>);

/// A listener's place; it is free again when this is dropped.
pub struct Place {
    places: Arc<Places>,
    user: Option<UserId>,
}

impl App {
    /// A place for another stream of the caller's. Refused with `Busy` when all are taken, with `TooMany` when the
    /// caller has too many.
    pub fn place(&self, by: &Actor) -> Result<Place> {
        Places::take(&self.inner.places, by.user)
    }
}

impl Places {
    fn all(&self) -> MutexGuard<'_, HashMap<Option<UserId>, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(places: &Arc<Self>, user: Option<UserId>) -> Result<Place> {
        let mut all = places.all();
        if all.values().sum::<u32>() as usize >= MOST {
            return Err(Error::Busy);
        }
        let count = all.entry(user).or_default();
        if *count >= MOST_OF_ONE {
            return Err(Refusal::TooMany {
                retry_after: LATER,
                limit: MOST_OF_ONE,
                reset: LATER,
            }
            .into());
        }
        *count += 1;
        drop(all);
        Ok(Place {
            places: Arc::clone(places),
            user,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.places.all();
        if let Some(count) = all.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NET-01
    #[test]
    fn one_user_has_a_quarter_of_the_places_and_each_comes_back() {
        let places = Arc::new(Places::default());
        let mut taken = Vec::new();
        for user in 1..=4 {
            for _ in 0..MOST_OF_ONE {
                taken.push(Places::take(&places, Some(UserId(user))).unwrap());
            }
        }
        assert!(matches!(Places::take(&places, Some(UserId(5))), Err(Error::Busy)));
        taken.pop();
        let mine = Places::take(&places, Some(UserId(1))).map(drop);
        assert!(matches!(
            mine,
            Err(Error::Refused(Refusal::TooMany { limit: 256, .. }))
        ));
        assert!(Places::take(&places, Some(UserId(5))).is_ok());
        drop(taken);
        assert!(places.all().is_empty());
    }
}
