//! Which mails a query asks for, on either face.

use crate::domain::id::OrderId;
use crate::domain::mail::MailState;
use crate::domain::mail::Wanted;
use crate::domain::page::Paging;
use crate::http::list::Asks;
use crate::http::list::ListQuery;

/// The list has one sort, by id.
const BY_ID: u8 = 0;

/// Which mails are asked for.
pub struct MailsPage(pub Wanted, pub Paging);

impl Asks for MailsPage {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let wanted = Wanted {
            state: query.one_of("status", MailState::parse),
            order: query.number("order_id").map(OrderId),
        };
        Self(wanted, query.paging(BY_ID))
    }
}
