//! How a draft reads as JSON: what is asked for, and what it would come to at this moment, each figure with its reasons.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::address::Address;
use crate::domain::draft::Draft;
use crate::domain::draft::DraftChannel;
use crate::domain::draft::DraftState;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::new_order::AskedLine;
use crate::domain::new_order::NewOrder;
use crate::domain::payment::Provider;
use crate::domain::refusal::ShortItem;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::orders;
use crate::shop::orders::Good;
use crate::shop::orders::Weighed;
use crate::shop::reasons;
use crate::shop::reasons::FiguresView;
use crate::shop::reasons::ReasonView;
use crate::store;

/// A draft as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Draft)]
pub struct DraftView {
    /// Its id.
    pub id: i64,
    status: DraftState,
    channel: DraftChannel,
    /// What it has become.
    order_id: Option<i64>,
    customer_id: Option<i64>,
    email: Option<String>,
    items: Vec<AskedLine>,
    shipping_address: Option<Address>,
    billing_address: Option<Address>,
    shipping_method: Option<i64>,
    coupon: Option<String>,
    payment_method: Provider,
    note: Option<String>,
    /// Why at these prices, among staff.
    reason: Option<String>,
    currency: String,
    /// What an open one would come to now; left out of lists, and where it cannot be placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    quote: Option<QuoteView>,
    /// Why it cannot be placed as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemView>,
    created_by: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
    placed_at: Option<Timestamp>,
    /// The version, as the tag of the reply has it.
    pub version: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DraftQuote)]
struct QuoteView {
    items: Vec<QuoteItem>,
    #[serde(flatten)]
    figures: FiguresView,
    /// What there is not enough of.
    short: Vec<ShortView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DraftQuoteItem)]
struct QuoteItem {
    product_id: i64,
    variant_id: i64,
    sku: String,
    name: String,
    quantity: i64,
    available: i64,
    list_price: Amount,
    unit_price: Amount,
    discount: Amount,
    tax: Amount,
    total: Amount,
    reasons: Vec<ReasonView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ShortItem)]
struct ShortView {
    sku: String,
    requested: i64,
    available: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DraftProblem)]
struct ProblemView {
    code: u16,
    name: &'static str,
    message: String,
    fields: Vec<FieldView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DraftProblemField)]
struct FieldView {
    field: String,
    message: String,
}

impl DraftView {
    /// As it was asked for.
    pub(super) fn plain(draft: Draft, currency: Currency) -> Self {
        Self {
            id: draft.id.0,
            status: draft.state(),
            channel: draft.channel,
            order_id: draft.order.map(|order| order.0),
            customer_id: draft.asked.customer_id,
            email: draft.asked.email,
            items: draft.asked.items,
            shipping_address: draft.asked.shipping_address,
            billing_address: draft.asked.billing_address,
            shipping_method: draft.asked.shipping_method,
            coupon: draft.asked.coupon,
            payment_method: draft.method,
            note: draft.asked.note,
            reason: draft.reason,
            currency: currency.to_string(),
            quote: None,
            problem: None,
            created_by: draft.created_by.map(|user| user.0),
            created_at: draft.created_at,
            updated_at: draft.updated_at,
            placed_at: draft.placed_at,
            version: draft.version,
        }
    }

    /// With what an open one would come to, or why it cannot be placed.
    pub(super) fn weighed(db: &Snapshot, by: &Actor, draft: Draft, now: Timestamp) -> Result<Self> {
        let currency = store::settings::terms(db)?.currency;
        if draft.state() == DraftState::Placed {
            return Ok(Self::plain(draft, currency));
        }
        let weighed = weigh(db, by, &draft, now);
        let (quote, problem) = match weighed {
            Ok(weighed) => (Some(QuoteView::of(&weighed)), None),
            Err(
                error @ (Error::Refused(_) | Error::NotFound(_) | Error::NotFoundAt(..) | Error::Deleted(_)),
            ) => (None, Some(ProblemView::of(&error))),
            Err(error) => return Err(error),
        };
        Ok(Self {
            quote,
            problem,
            ..Self::plain(draft, currency)
        })
    }
}

/// What a draft would come to, for its customer, or for the record of a guest's address if there is one.
fn weigh(db: &Snapshot, by: &Actor, draft: &Draft, now: Timestamp) -> Result<Weighed> {
    let new: NewOrder = draft.order()?;
    let customer = match (new.customer, &new.details.email) {
        (Some(id), _) => Some(store::customers::get(db, id)?),
        (None, Some(email)) => store::customers::of_address(db, email.as_str())?,
        (None, None) => None,
    };
    orders::weigh(db, by, now, customer, &new)
}

impl QuoteView {
    fn of(weighed: &Weighed) -> Self {
        let Weighed { terms, priced, .. } = weighed;
        let lines = weighed.goods.iter().zip(&priced.lines);
        let items = lines.map(|(good, line)| {
            let Good { offer, piece, .. } = good;
            QuoteItem {
                product_id: offer.product.0,
                variant_id: offer.variant.0,
                sku: offer.sku.clone(),
                name: offer.full_name(),
                quantity: piece.quantity,
                available: offer.available,
                list_price: piece.list.write(terms.currency),
                unit_price: line.unit.write(terms.currency),
                discount: line.discount.write(terms.currency),
                tax: line.tax.write(terms.currency),
                total: line.total.write(terms.currency),
                reasons: reasons::view(&line.reasons, &priced.taxes, terms.currency),
            }
        });
        Self {
            items: items.collect(),
            figures: FiguresView::new(priced, terms),
            short: weighed.short.iter().map(ShortView::of).collect(),
        }
    }
}

impl ShortView {
    fn of(item: &ShortItem) -> Self {
        Self {
            sku: item.sku.clone(),
            requested: item.requested,
            available: item.available,
        }
    }
}

impl ProblemView {
    fn of(error: &Error) -> Self {
        let (_, code, name, _) = error.code().facts();
        Self {
            code,
            name,
            message: error.sentence().into_owned(),
            fields: error
                .faults()
                .iter()
                .map(|fault| FieldView {
                    field: fault.field.clone(),
                    message: fault.message.clone(),
                })
                .collect(),
        }
    }
}
