//! Which differences of the books a query asks for, on either face.

use crate::domain::page::Paging;
use crate::domain::reconciliation::DifferenceState;
use crate::http::list::Asks;
use crate::http::list::ListQuery;

/// Differences of one state, or all.
pub struct DifferencesPage(pub Option<DifferenceState>, pub Paging);

impl Asks for DifferencesPage {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.one_of("status", DifferenceState::parse), query.paging(0))
    }
}
