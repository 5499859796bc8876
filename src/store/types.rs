//! Domain types as columns.

use rusqlite::types::FromSql;
use rusqlite::types::FromSqlError;
use rusqlite::types::FromSqlResult;
use rusqlite::types::ToSql;
use rusqlite::types::ToSqlOutput;
use rusqlite::types::ValueRef;

use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::commission;
use crate::domain::event::EventType;
use crate::domain::id;
use crate::domain::inbox;
use crate::domain::invoice;
use crate::domain::link;
use crate::domain::mail;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::one_time;
use crate::domain::order;
use crate::domain::payment;
use crate::domain::percent::Percent;
use crate::domain::product;
use crate::domain::reconciliation;
use crate::domain::refund;
use crate::domain::sandbox;
use crate::domain::time::Timestamp;
use crate::domain::user;
use crate::domain::wallet;
use crate::domain::webhook;

macro_rules! integers {
    ($($kind:ty: |$from:ident| $number:expr, |$to:ident| $value:expr;)+) => {$(
        impl ToSql for $kind {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let $from = self;
                Ok(ToSqlOutput::from($number))
            }
        }
        impl FromSql for $kind {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let $to = value.as_i64()?;
                $value.ok_or(FromSqlError::OutOfRange($to))
            }
        }
    )+};
}

macro_rules! ids {
    ($($kind:ty),+ $(,)?) => { integers! { $($kind: |id| id.0, |id| Some(Self(id));)+ } };
}

macro_rules! named {
    ($($kind:ty),+ $(,)?) => { integers! { $($kind: |it| it.number(), |number| Self::from_number(number);)+ } };
}

ids! {
    id::UserId, id::RoleId, id::SessionId, id::CustomerId, id::GroupId, id::ProductId, id::VariantId, id::OrderId,
    id::LineId, id::CreditNoteId, id::EventId, id::AuditId, id::MovementId,
    id::LinkId, id::MailId, id::FactorId, id::ApiKeyId, id::EndpointId, id::ConsumerId, id::DeliveryId,
    id::PaymentId, id::RefundId, id::ShipmentId, id::ReturnId, id::TaskId, id::InboxId, id::AccountId, id::TransferId,
    id::CommissionId, id::PayoutId, id::InvoiceId, id::DifferenceId,
    id::SecretId, id::ImageId, id::ForgettingId, id::CartId, id::DraftId, id::CouponId, id::ShippingMethodId, id::TaxRateId,
    id::TaxClass,
}

named! {
    order::OrderState, order::PaymentStatus, order::FulfilmentStatus, order::ReturnStatus, order::Channel,
    order::Change, crate::domain::customer::CustomerStatus, product::ProductStatus, product::MovementReason, user::UserStatus, user::SessionKind,
    EventType, crate::domain::event::Stream, Action, Target, link::Purpose, mail::Template, mail::MailState,
    webhook::EndpointState, webhook::OffReason, webhook::DeliveryStatus, webhook::FailureKind,
    payment::Provider, payment::PaymentState, payment::Op, refund::RefundState, refund::RefundSource,
    inbox::InboxState, sandbox::ChargeState, wallet::TransferKind,
    commission::CommissionState, invoice::Series, reconciliation::DifferenceKind,
    crate::domain::draft::DraftChannel, crate::domain::coupon::CouponKind, one_time::SecretKind,
    crate::domain::image::ImageForm, crate::domain::returns::ReturnState, crate::domain::forgetting::Stage,
}

integers! {
    Timestamp: |at| at.ms(), |ms| Some(Self::from_ms(ms));
    ActorKind: |it| it.number(), |number| Some(Self::from_number(number));
    Percent: |it| it.thousandths(), |thousandths| Self::new(thousandths);
    commission::Rate: |it| it.thousandths(), |rate| Self::new(rate);
    Money: |it| it.minor(), |minor| Self::new(minor);
}

impl ToSql for Currency {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_str()))
    }
}

impl FromSql for Currency {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).map_err(|_| FromSqlError::InvalidType)
    }
}
