//! Which orders a list is asked for, and in which order.

use crate::domain::id::CustomerId;
use crate::domain::money::Money;
use crate::domain::named::named;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::search::Find;
use crate::domain::time::Timestamp;

/// A sort by total, and a filter that no index serves, look at so many rows at most.
pub const MOST_LOOKED_AT: i64 = 50_000;

named! {
    /// In which order.
    OrderSort {
        Newest = 0 "newest",
        Oldest = 1 "oldest",
        Cheapest = 2 "total",
        Dearest = 3 "-total",
    }
}

/// Which orders: what is not said does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct OrderFilter {
    /// Of any of these customers; of none if the list is empty.
    pub customers: Option<Vec<CustomerId>>,
    /// Where they stand.
    pub state: Option<OrderState>,
    /// How far they are paid; who still owes is not canceled unless `state` says so.
    pub payment: Option<PaymentStatus>,
    /// How much has left.
    pub fulfilment: Option<FulfilmentStatus>,
    /// Placed then or later.
    pub from: Option<Timestamp>,
    /// Placed then or earlier.
    pub to: Option<Timestamp>,
    /// With this tag.
    pub tag: Option<String>,
    /// Costing so much or more.
    pub min_total: Option<Money>,
    /// Costing so much or less.
    pub max_total: Option<Money>,
    /// With these words and this SKU.
    pub find: Option<Find>,
}

/// By which column a list is sorted; the id settles what is equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The id alone.
    Id,
    /// When it was placed.
    Placed,
    /// What it costs.
    Total,
}

impl OrderFilter {
    /// Whether the list lies between two moments.
    pub fn has_range(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// By which column: lists are by id, within two moments by time, which imported orders do not share.
    pub fn column(&self, sort: OrderSort) -> Column {
        match (sort, self.has_range()) {
            (OrderSort::Cheapest | OrderSort::Dearest, _) => Column::Total,
            (_, true) => Column::Placed,
            (_, false) => Column::Id,
        }
    }

    /// The number that cursors of this list carry: one of another list does not fit.
    pub fn sort_number(&self, sort: OrderSort) -> u8 {
        let by_time = u8::from(self.column(sort) == Column::Placed);
        sort as u8 * 2 + by_time
    }

    /// Whether only orders that are not canceled are meant.
    pub fn is_owing(&self) -> bool {
        self.state.is_none()
            && self
                .payment
                .is_some_and(|payment| payment <= PaymentStatus::PartiallyPaid)
    }
}
