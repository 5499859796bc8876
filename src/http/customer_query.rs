//! Which customers a query asks for, read alike on both faces.

use crate::domain::customer::CustomerFilter;
use crate::domain::customer::CustomerSort;
use crate::domain::customer::CustomerStatus;
use crate::domain::id::GroupId;
use crate::domain::page::Paging;
use crate::domain::search::Find;
use crate::domain::text::CountryCode;
use crate::domain::time::Moment;
use crate::domain::time::Zone;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::customers::Range;

/// The filters, the sort and the page.
pub struct Page(pub CustomerFilter, pub CustomerSort, pub Paging);

impl Asks for Page {
    type By = Zone;

    fn read(query: &mut ListQuery, zone: &Zone) -> Self {
        let typed = query.line("q", 200);
        let filter = CustomerFilter {
            find: typed.map(|typed| Find::new(Some(&typed), None)),
            status: query.one_of("status", CustomerStatus::parse),
            group: query.number("group_id").map(GroupId),
            tag: query.line("tag", 50),
            country: query
                .read("country", CountryCode::parse)
                .map(|code| code.as_str().to_owned()),
            email: query.line("email", 254),
            from: query.read("from", Moment::parse).map(|from| from.start(zone)),
            to: query.read("to", Moment::parse).map(|to| to.end(zone)),
        };
        let sort = query.one_of("sort", CustomerSort::parse);
        let sort = sort.unwrap_or(CustomerSort::Newest);
        Self(filter, sort, query.paging(sort.number() as u8))
    }
}

impl Asks for Range {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self {
            from: query.read("from", Moment::parse),
            to: query.read("to", Moment::parse),
        }
    }
}
