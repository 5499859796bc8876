//! What a change touches that may be kept in memory elsewhere.

use crate::domain::id::OrderId;

/// A thing whose copies are stale once the change is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched {
    /// An order that existed before.
    Order(OrderId),
    /// A session, a user's standing or a role's rights.
    Sessions,
}
