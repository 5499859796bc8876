//! Payments and refunds as they are told: to who asks, and in events.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::PaymentId;
use crate::domain::money::Amount;
use crate::domain::order::OrderHead;
use crate::domain::order::PaymentStatus;
use crate::domain::payment::Op;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::payment::Waiting;
use crate::domain::refund::Refund;
use crate::domain::refund::RefundSource;
use crate::domain::refund::RefundState;
use crate::domain::time::Timestamp;

/// A payment.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Payment)]
#[allow(missing_docs, reason = "the fields of API.md's payment")]
pub struct PaymentView {
    pub id: i64,
    pub order_id: i64,
    pub provider: Provider,
    pub status: PaymentState,
    pub amount: Amount,
    pub captured: Amount,
    pub refunded: Amount,
    pub currency: String,
    pub provider_ref: Option<String>,
    pub method: Option<String>,
    pub reference: Option<String>,
    pub failure: Option<String>,
    pub disputed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// For staff: what its provider is to be asked, or was asked, and has not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<WaitingView>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a payment waits for at its provider, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WaitingPayment)]
#[allow(missing_docs, reason = "what staff need to know of it")]
pub struct WaitingView {
    pub op: Op,
    pub attempts: i64,
    pub since: Timestamp,
    pub next_at: Timestamp,
    pub failure: Option<String>,
}

impl From<&Waiting> for WaitingView {
    fn from(waiting: &Waiting) -> Self {
        Self {
            op: waiting.op,
            attempts: waiting.attempts,
            since: waiting.since,
            next_at: waiting.due_at,
            failure: waiting.failure.clone(),
        }
    }
}

impl PaymentView {
    /// The same with what it waits for.
    pub fn that_waits(self, all: &HashMap<PaymentId, Waiting>) -> Self {
        Self {
            waiting: all.get(&PaymentId(self.id)).map(WaitingView::from),
            ..self
        }
    }

    /// For whoever may pay it: with the provider's page while there is something to do there.
    pub fn whole(payment: &Payment, client_secret: Option<String>) -> Self {
        Self {
            redirect_url: payment.redirect_url.clone().filter(|_| payment.is_open()),
            client_secret: client_secret.filter(|_| payment.is_open()),
            ..Self::for_event(payment)
        }
    }

    /// As the world is told of it.
    pub fn for_event(payment: &Payment) -> Self {
        Self {
            id: payment.id.0,
            order_id: payment.order.0,
            provider: payment.provider,
            status: payment.state,
            amount: payment.amount.write(payment.currency),
            captured: payment.captured.write(payment.currency),
            refunded: payment.refunded.write(payment.currency),
            currency: payment.currency.as_str().to_owned(),
            provider_ref: payment.provider_ref.clone(),
            method: payment.method.clone(),
            reference: payment.reference.clone(),
            failure: payment.failure.clone(),
            disputed: payment.disputed,
            redirect_url: None,
            client_secret: None,
            waiting: None,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

/// A refund.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Refund)]
#[allow(missing_docs, reason = "the fields of API.md's refund")]
pub struct RefundView {
    pub id: i64,
    pub order_id: i64,
    pub payment_id: Option<i64>,
    pub amount: Amount,
    pub shipping: Amount,
    pub currency: String,
    pub lines: Vec<RefundLineView>,
    pub reason: String,
    pub reference: Option<String>,
    /// The return that it answers.
    pub return_id: Option<i64>,
    pub status: RefundState,
    pub source: RefundSource,
    pub failure: Option<String>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// What a refund gives back of one line.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RefundLine)]
#[allow(missing_docs, reason = "the fields of API.md's refund")]
pub struct RefundLineView {
    pub item_id: i64,
    pub quantity: i64,
    pub amount: Amount,
    pub restocked: bool,
}

impl From<&Refund> for RefundView {
    fn from(refund: &Refund) -> Self {
        let money = |amount: crate::domain::money::Money| amount.write(refund.currency);
        Self {
            id: refund.id.0,
            order_id: refund.order.0,
            payment_id: refund.payment.map(|payment| payment.0),
            amount: money(refund.amount),
            shipping: money(refund.shipping),
            currency: refund.currency.as_str().to_owned(),
            lines: refund
                .lines
                .iter()
                .map(|line| RefundLineView {
                    item_id: line.line.0,
                    quantity: line.quantity,
                    amount: money(line.amount),
                    restocked: line.restocked,
                })
                .collect(),
            reason: refund.reason.clone(),
            reference: refund.reference.clone(),
            return_id: refund.of_return.map(|id| id.0),
            status: refund.state,
            source: refund.source,
            failure: refund.failure.clone(),
            created_at: refund.created_at,
            ended_at: refund.ended_at,
        }
    }
}

/// How far an order is paid, and by what.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PaymentsOfOrder)]
#[allow(missing_docs, reason = "the fields of API.md's payment status")]
pub struct StatusView {
    pub order_id: i64,
    pub payment_status: PaymentStatus,
    pub total: Amount,
    pub paid: Amount,
    pub refunded: Amount,
    pub due: Amount,
    pub currency: String,
    pub payments: Vec<PaymentView>,
    pub refunds: Vec<RefundView>,
}

impl StatusView {
    /// Of an order and what belongs to it.
    pub fn of(
        head: &OrderHead,
        payments: &[Payment],
        refunds: &[Refund],
        waiting: &HashMap<PaymentId, Waiting>,
    ) -> Self {
        let money = |amount: crate::domain::money::Money| amount.write(head.currency);
        Self {
            order_id: head.id.0,
            payment_status: head.payment,
            total: money(head.total),
            paid: money(head.paid),
            refunded: money(head.refunded),
            due: money(head.due()),
            currency: head.currency_text().to_owned(),
            payments: payments
                .iter()
                .map(|payment| PaymentView::whole(payment, None).that_waits(waiting))
                .collect(),
            refunds: refunds.iter().map(RefundView::from).collect(),
        }
    }
}
