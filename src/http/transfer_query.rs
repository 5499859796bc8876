//! Which of a wallet's transfers a query asks for, on either face.

use crate::domain::page::Paging;
use crate::domain::time::Moment;
use crate::domain::wallet::TransferKind;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::wallets::Wanted;

/// Which transfers are asked for.
pub struct TransfersPage(pub Wanted, pub Paging);

impl Asks for TransfersPage {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let wanted = Wanted {
            kind: query.one_of("type", TransferKind::parse),
            from: query.read("from", Moment::parse),
            to: query.read("to", Moment::parse),
        };
        Self(wanted, query.paging(0))
    }
}
