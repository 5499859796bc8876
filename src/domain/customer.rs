//! Customers: who buys. A user who signs up has one; staff and imports make others.

use crate::domain::id::CustomerId;
use crate::domain::id::UserId;
use crate::domain::named::named;
use crate::domain::time::Timestamp;

named! {
    /// Whether a customer may buy.
    CustomerStatus {
        Active = 0 "active",
        Inactive = 1 "inactive",
        Pending = 2 "pending",
        Blocked = 3 "blocked",
    }
}

/// A customer to be.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct NewCustomer {
    pub user: Option<UserId>,
    pub number: Option<String>,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub country: Option<String>,
    /// Active, if not told.
    pub status: Option<CustomerStatus>,
    /// Now, if not told.
    pub created_at: Option<Timestamp>,
}

/// A customer.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Customer {
    pub id: CustomerId,
    pub status: CustomerStatus,
    pub user: Option<UserId>,
    pub number: Option<String>,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub country: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}
