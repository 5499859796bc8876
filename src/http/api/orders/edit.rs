//! Changing an order over JSON.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::address::Address;
use crate::domain::edit::Edit;
use crate::domain::edit::EditLine;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::fault::keep;
use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::money::RawAmount;
use crate::domain::new_order::AskedLine;
use crate::domain::new_order::MOST_NOTED;
use crate::domain::order::check_lines;
use crate::domain::text;
use crate::domain::text::Email;
use crate::error::Result;
use crate::http::api::orders::Explain;
use crate::http::api::orders::told;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::extract::Path;
use crate::http::extract::nullable;
use crate::http::list::Asked;
use crate::http::version::IfMatch;
use crate::shop::orders;
use crate::shop::orders::OrderView;

/// The longest reason.
const MOST_WORDS: usize = 1000;

/// What is not said stays; null takes away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditOrder {
    /// All lines, in the place of those there are; one that stays is named by its id and keeps its price.
    #[schema(min_items = 1, max_items = 1000)]
    items: Option<Vec<EditItem>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 254)]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Address>)]
    shipping_address: Option<Option<Address>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Address>)]
    billing_address: Option<Option<Address>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<Option<String>>,
    /// Why, among staff.
    #[schema(max_length = 1000)]
    reason: Option<String>,
    version: Option<i64>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditItem {
    /// Of a line that stays.
    id: Option<i64>,
    product_id: Option<i64>,
    variant_id: Option<i64>,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    sku: Option<String>,
    #[schema(minimum = 1, maximum = 100_000)]
    quantity: i64,
    price: Option<RawAmount>,
}

impl EditItem {
    fn read(self, at: usize, faults: &mut Vec<Fault>) -> Option<EditLine> {
        let names_goods = self.product_id.is_some() || self.variant_id.is_some() || self.sku.is_some();
        match self.id {
            Some(_) if names_goods => {
                let bad = Bad::invalid("Name a line by its id, or goods by product_id, variant_id or sku.");
                faults.push(bad.at(format!("items[{at}]")));
                None
            }
            Some(id) => Some(EditLine::Kept {
                line: LineId(id),
                quantity: self.quantity,
                price: self.price,
            }),
            None => {
                let asked = AskedLine {
                    product_id: self.product_id,
                    variant_id: self.variant_id,
                    sku: self.sku,
                    quantity: self.quantity,
                    price: self.price,
                };
                asked.read(at, faults).map(EditLine::New)
            }
        }
    }
}

impl EditOrder {
    fn parse(self, seen: IfMatch) -> Result<Edit> {
        let mut faults = Vec::new();
        if let Some(items) = &self.items {
            let quantities = items.iter().map(|item| item.quantity);
            check_lines(("items", "quantity"), 1, quantities, &mut faults);
        }
        let lines = self.items.map(|items| {
            let items = items.into_iter().enumerate();
            items
                .filter_map(|(at, item)| item.read(at, &mut faults))
                .collect()
        });
        let email = self.email.map(|email| {
            let email = email?;
            keep(Email::parse(&email), "email", &mut faults)
        });
        let note = self.note.map(|note| {
            let note = note?;
            keep(text::paragraph(&note, MOST_NOTED), "note", &mut faults)
        });
        let reason = self
            .reason
            .and_then(|words| keep(text::paragraph(&words, MOST_WORDS), "reason", &mut faults));
        let mut address = |asked: Option<Option<Address>>, field: &str| {
            asked.map(|asked| asked.map(|address| address.checked(field, &mut faults)))
        };
        let shipping_address = address(self.shipping_address, "shipping_address");
        let billing_address = address(self.billing_address, "billing_address");
        match faults.is_empty() {
            false => Err(faults.into()),
            true => Ok(Edit {
                lines,
                email,
                shipping_address,
                billing_address,
                note,
                reason,
                version: seen.or_body(self.version)?,
            }),
        }
    }
}

pub async fn edit(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    asked: Asked<Explain>,
    seen: IfMatch,
    Json(body): Json<EditOrder>,
) -> Result<Response> {
    let Explain(explains) = asked.read(&())?;
    let asked = body.parse(seen)?;
    let done = app.write(move |tx| orders::edit(tx, &by, id, &asked)).await?;
    let view = OrderView::whole(&done.order).explained(done.explained.as_ref().filter(|_| explains));
    told(StatusCode::OK, done.order.head.version, &view)
}
