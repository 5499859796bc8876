//! Which commissions a query asks for, on either face.

use crate::domain::commission::CommissionFilter;
use crate::domain::commission::CommissionState;
use crate::domain::id::OrderId;
use crate::domain::id::PayoutId;
use crate::domain::id::UserId;
use crate::domain::page::Paging;
use crate::http::list::Asks;
use crate::http::list::ListQuery;

/// Which commissions are asked for.
pub struct CommissionsPage(pub CommissionFilter, pub Paging);

impl Asks for CommissionsPage {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let filter = CommissionFilter {
            seller: query.number("seller_id").map(UserId),
            state: query.one_of("status", CommissionState::parse),
            order: query.number("order_id").map(OrderId),
            payout: query.number("payout_id").map(PayoutId),
        };
        Self(filter, query.paging(0))
    }
}
