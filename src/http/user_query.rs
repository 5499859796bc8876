//! Which users a query asks for, on either face.

use crate::domain::page::Paging;
use crate::domain::user::UserFilter;
use crate::domain::user::UserStatus;
use crate::http::list::Asks;
use crate::http::list::ListQuery;

/// The filter and the page.
pub struct Page(pub UserFilter, pub Paging);

impl Asks for Page {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let filter = UserFilter {
            role: query.line("role", 50),
            status: query.one_of("status", UserStatus::parse),
            is_staff: query.flag("staff"),
            typed: query.line("q", 254),
        };
        Self(filter, query.paging(0))
    }
}
