//! Where the figures of an order come from, told with the reply that has priced it where the caller wants to know.

use crate::http::list::Asks;
use crate::http::list::ListQuery;

/// Whether the reply tells it. What is shown later does not: it is not kept with the order.
pub struct Explain(pub bool);

impl Asks for Explain {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.flag("explain").unwrap_or(false))
    }
}
