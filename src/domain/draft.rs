//! Orders that staff prepare, on the phone or at the counter: changed until they are placed, once.

use crate::domain::address::Address;
use crate::domain::fault::Fault;
use crate::domain::fault::keep;
use crate::domain::id::DraftId;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::named::named;
use crate::domain::new_order::AskedLine;
use crate::domain::new_order::AskedOrder;
use crate::domain::new_order::NewOrder;
use crate::domain::order::Channel;
use crate::domain::payment::Provider;
use crate::domain::text;
use crate::domain::time::Timestamp;

/// The longest reason.
const MOST_WORDS: usize = 255;

named! {
    /// How somebody has asked for it.
    DraftChannel {
        Phone = 0 "phone",
        Counter = 1 "counter",
        Mail = 2 "mail",
    }
}

named! {
    /// Whether it has become an order.
    DraftState {
        Open = 0 "open",
        Placed = 1 "placed",
    }
}

/// An order that is prepared.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns")]
pub struct Draft {
    pub id: DraftId,
    pub channel: DraftChannel,
    /// Who is to take the money.
    pub method: Provider,
    pub asked: AskedOrder,
    /// Why at these prices, among staff.
    pub reason: Option<String>,
    /// What it has become.
    pub order: Option<OrderId>,
    pub placed_at: Option<Timestamp>,
    pub created_by: Option<UserId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

impl Draft {
    /// One that is still to be filled in.
    pub fn blank(channel: DraftChannel, now: Timestamp) -> Self {
        Self {
            id: DraftId(0),
            channel,
            method: Provider::Manual,
            asked: AskedOrder::default(),
            reason: None,
            order: None,
            placed_at: None,
            created_by: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The order that it asks for, or every fault in it.
    pub fn order(&self) -> Result<NewOrder, Vec<Fault>> {
        let mut faults = Vec::new();
        let new = self.asked.read(self.method, Channel::Staff, &mut faults);
        match faults.is_empty() {
            true => Ok(new),
            false => Err(faults),
        }
    }

    /// Whether it has become an order.
    pub const fn state(&self) -> DraftState {
        match self.order {
            Some(_) => DraftState::Placed,
            None => DraftState::Open,
        }
    }
}

/// What is asked for of a draft: what is not said stays, what is said to be nothing goes.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of the draft")]
pub struct DraftFields {
    pub channel: Option<DraftChannel>,
    pub method: Option<Provider>,
    pub items: Option<Vec<AskedLine>>,
    pub customer: Option<Option<i64>>,
    pub email: Option<Option<String>>,
    pub shipping_address: Option<Option<Address>>,
    pub billing_address: Option<Option<Address>>,
    pub shipping_method: Option<Option<i64>>,
    pub coupon: Option<Option<String>>,
    pub note: Option<Option<String>>,
    pub reason: Option<Option<String>>,
}

impl DraftFields {
    /// The draft with these fields, or every fault in it.
    pub fn onto(self, mut draft: Draft) -> Result<Draft, Vec<Fault>> {
        let mut faults = Vec::new();
        let asked = &mut draft.asked;
        set(&mut asked.items, self.items);
        set(&mut asked.customer_id, self.customer);
        set(&mut asked.email, self.email);
        set(&mut asked.shipping_address, self.shipping_address);
        set(&mut asked.billing_address, self.billing_address);
        set(&mut asked.shipping_method, self.shipping_method);
        set(&mut asked.coupon, self.coupon);
        set(&mut asked.note, self.note);
        set(&mut draft.channel, self.channel);
        set(&mut draft.method, self.method);
        if let Some(reason) = self.reason {
            draft.reason =
                reason.and_then(|words| keep(text::line(&words, 1, MOST_WORDS), "reason", &mut faults));
        }
        faults.extend(draft.order().err().into_iter().flatten());
        match faults.is_empty() {
            true => Ok(draft),
            false => Err(faults),
        }
    }
}

fn set<T>(place: &mut T, asked: Option<T>) {
    if let Some(asked) = asked {
        *place = asked;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mug(quantity: i64) -> AskedLine {
        AskedLine {
            product_id: None,
            variant_id: None,
            sku: Some("MUG".to_owned()),
            quantity,
            price: None,
        }
    }

    /// T5: what is not said stays, what is said to be nothing goes, and every fault is told at once.
    #[test]
    fn what_is_not_said_of_a_draft_stays() {
        let at = Timestamp::from_ms(0);
        let first = DraftFields {
            items: Some(vec![mug(2)]),
            email: Some(Some("a@b.test".to_owned())),
            note: Some(Some("soon".to_owned())),
            ..DraftFields::default()
        };
        let draft = first.onto(Draft::blank(DraftChannel::Phone, at)).unwrap();
        let second = DraftFields {
            note: Some(None),
            channel: Some(DraftChannel::Counter),
            ..DraftFields::default()
        };
        let draft = second.onto(draft).unwrap();
        assert_eq!(draft.asked.items, [mug(2)]);
        assert_eq!(
            (
                draft.asked.email.as_deref(),
                draft.asked.note.as_deref(),
                draft.channel
            ),
            (Some("a@b.test"), None, DraftChannel::Counter)
        );
        let bad = DraftFields {
            items: Some(vec![mug(0)]),
            email: Some(Some("nobody".to_owned())),
            reason: Some(Some(String::new())),
            ..DraftFields::default()
        };
        let faults = bad.onto(draft).unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["reason", "items[0].quantity", "email"]);
    }
}
