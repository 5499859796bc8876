//! Which products a query asks for, on either face.

use crate::domain::id::UserId;
use crate::domain::money::RawAmount;
use crate::domain::page::Paging;
use crate::domain::product::ProductSort;
use crate::domain::product::ProductStatus;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::catalogue::Wanted;

/// What customers ask for.
pub struct Shelf(pub Wanted, pub ProductSort, pub Paging);

impl Asks for Shelf {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let wanted = wanted(query);
        let sort = sort(query);
        Self(wanted, sort, query.paging(sort.number() as u8))
    }
}

/// What sellers and staff ask for.
pub struct Stored(pub Wanted, pub ProductSort, pub Paging);

impl Asks for Stored {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let wanted = Wanted {
            status: query.one_of("status", ProductStatus::parse),
            ..wanted(query)
        };
        let sort = sort(query);
        Self(wanted, sort, query.paging(sort.number() as u8))
    }
}

/// The filters that every list of products knows.
fn wanted(query: &mut ListQuery) -> Wanted {
    Wanted {
        typed: query.text("q"),
        category: query.text("category"),
        min_price: query.text("min_price").map(|text| RawAmount::new(&text)),
        max_price: query.text("max_price").map(|text| RawAmount::new(&text)),
        in_stock: query.flag("in_stock"),
        seller: query.number("seller").map(UserId),
        status: None,
    }
}

fn sort(query: &mut ListQuery) -> ProductSort {
    query
        .one_of("sort", ProductSort::parse)
        .unwrap_or(ProductSort::Newest)
}
