//! Which drafts a query asks for.

use crate::domain::draft::DraftState;
use crate::domain::page::Paging;
use crate::http::list::Asks;
use crate::http::list::ListQuery;

/// Drafts of one state, or all.
pub struct DraftsPage(pub Option<DraftState>, pub Paging);

impl Asks for DraftsPage {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.one_of("status", DraftState::parse), query.paging(0))
    }
}
