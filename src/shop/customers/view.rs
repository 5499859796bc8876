//! How a customer reads as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::address::Address;
use crate::domain::customer::CustomerStatus;
use crate::domain::customer::Facts;
use crate::domain::customer::Whole;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::time::Timestamp;
use crate::secret;

/// A customer as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerView {
    /// The customer's.
    pub id: i64,
    /// The source's, of an imported one.
    number: Option<String>,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    country: Option<String>,
    status: CustomerStatus,
    groups: Vec<i64>,
    tags: Vec<String>,
    #[schema(value_type = Object)]
    custom_fields: Facts,
    #[schema(value_type = Object)]
    metadata: Facts,
    addresses: Vec<Address>,
    user_id: Option<i64>,
    /// Orders that are not canceled.
    orders_count: i64,
    /// What was paid for them, less what went back.
    total_spent: Amount,
    /// Of the orders that were paid for.
    average_spent: Option<Amount>,
    currency: String,
    first_order_at: Option<Timestamp>,
    last_order_at: Option<Timestamp>,
    note: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Since when nothing personal is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    anonymised_at: Option<Timestamp>,
    /// The version, as the tag of the reply has it.
    pub version: i64,
}

impl CustomerView {
    pub(super) fn new(whole: &Whole, currency: Currency) -> Self {
        let Whole {
            customer,
            details,
            groups,
            figures,
        } = whole;
        Self {
            id: customer.id.0,
            number: customer.number.clone(),
            name: customer.name.clone(),
            email: customer.email.clone(),
            phone: customer.phone.clone(),
            country: customer.country.clone(),
            status: customer.status,
            groups: groups.iter().map(|group| group.0).collect(),
            tags: details.tags.clone(),
            custom_fields: details.custom_fields.clone(),
            metadata: details.metadata.clone(),
            addresses: details.addresses.clone(),
            user_id: customer.user.map(|user| user.0),
            orders_count: figures.orders,
            total_spent: figures.spent.write(currency),
            average_spent: figures.average().map(|average| average.write(currency)),
            currency: currency.to_string(),
            first_order_at: figures.first_at,
            last_order_at: figures.last_at,
            note: details.note.clone(),
            created_at: customer.created_at,
            updated_at: customer.updated_at,
            anonymised_at: customer.anonymised_at,
            version: customer.version,
        }
    }

    /// A digest of what shows without raising the version: what the orders come to, and groups by rule.
    pub fn figures_digest(&self) -> String {
        let figures = format!(
            "{} {} {:?} {:?}",
            self.orders_count, self.total_spent, self.last_order_at, self.groups
        );
        let digest = secret::digest(figures.as_bytes());
        digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
