//! What a dry run of orders takes as there.

use std::hash::BuildHasher;
use std::hash::RandomState;

use crate::error::Result;
use crate::store::seen::Seen;

/// What will be there when the orders come: by hashes, for there may be any number.
pub struct Before {
    skus: Seen,
    /// Customers that earlier invoices would have made.
    customers: Seen,
    hasher: RandomState,
}

impl Before {
    /// Nothing is announced.
    pub fn new() -> Result<Self> {
        Ok(Self {
            skus: Seen::new()?,
            customers: Seen::new()?,
            hasher: RandomState::new(),
        })
    }

    /// A product is imported first.
    pub fn announce(&self, sku: &str) -> Result<()> {
        self.skus.put(self.hasher.hash_one(sku), 0, 0)
    }

    pub(super) fn announces(&self, sku: &str) -> Result<bool> {
        Ok(self.skus.find(self.hasher.hash_one(sku))?.is_some())
    }

    /// Whether a customer is named for the first time.
    pub(super) fn names(&self, customer: &str) -> Result<bool> {
        let name = self.hasher.hash_one(customer);
        let is_new = self.customers.find(name)?.is_none();
        if is_new {
            self.customers.put(name, 0, 0)?;
        }
        Ok(is_new)
    }
}
