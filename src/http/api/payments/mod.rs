//! Payments over JSON: beginning one, hearing how it stands, taking what is reserved, giving it up.

mod differences;
mod inbox;
mod refunds;

pub use differences::DifferenceView;
pub use differences::differences;
pub use inbox::MessageView;
pub use inbox::Received;
pub use inbox::WholeView;
pub use inbox::hear;
pub use inbox::hear_of;
pub use inbox::message;
pub use inbox::messages;
pub use inbox::retry;
pub use refunds::refund;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::money::RawAmount;
use crate::domain::page::Paging;
use crate::domain::payment::Op;
use crate::domain::payment::Payment;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::payment::Return;
use crate::domain::text;
use crate::error::Code;
use crate::error::Error;
use crate::error::Result;
use crate::gateway;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::holder::Carries;
use crate::http::holder::Held;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::once::Once;
use crate::shop::payments;
use crate::shop::payments::Begin;
use crate::shop::payments::ByHand;
use crate::shop::payments::PaymentView;
use crate::shop::payments::StatusView;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Initiate {
    order_id: i64,
    #[schema(value_type = Option<Provider>)]
    provider: Option<String>,
    /// Where the browser comes back to: a path of this shop, or a page of an allowed origin.
    #[schema(max_length = 2000)]
    return_url: Option<String>,
    /// What the provider is to charge, if the caller has it.
    #[schema(min_length = 1, max_length = 255)]
    payment_method: Option<String>,
    /// A part, where a wallet pays: it is held until the rest has come.
    amount: Option<RawAmount>,
    /// The secret of the private link, of a guest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    order_token: Option<String>,
}

impl Carries for Initiate {
    fn order_token(&mut self) -> &mut Option<String> {
        &mut self.order_token
    }
}

impl Initiate {
    fn parse(self, app: &App) -> Result<(OrderId, Begin)> {
        let provider = self
            .provider
            .map(|name| {
                gateway::payments::named(app, &name)
                    .ok_or_else(|| Bad::input("is not a provider of payments here").at("provider"))
            })
            .transpose()?;
        let return_url = self
            .return_url
            .map(|url| match is_ours(app, &url) {
                true => Ok(url),
                false => Err(Bad::invalid("must be a path, or a page of an allowed origin").at("return_url")),
            })
            .transpose()?;
        let token = self
            .payment_method
            .map(|token| text::line(&token, 1, 255).map_err(|bad| bad.at("payment_method")))
            .transpose()?;
        let begin = Begin {
            provider,
            return_url,
            token,
            amount: self.amount,
        };
        Ok((OrderId(self.order_id), begin))
    }
}

/// Whether a browser may be sent there: nobody is led elsewhere from a provider's page.
fn is_ours(app: &App, url: &str) -> bool {
    let server = &app.config().server;
    let is_plain = url.len() <= 2000 && url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_path = url.starts_with('/') && !url.starts_with("//");
    let below = |root: &str| {
        url.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    };
    let is_known = below(&server.public_url()) || server.allowed_origins.iter().any(|origin| below(origin));
    is_plain && (is_path || is_known)
}

pub async fn initiate(
    State(app): State<App>,
    key: IdempotencyKey,
    Held(by, body): Held<Initiate>,
) -> Result<Response> {
    let key = key.of(&by, "POST /payments/initiate", None, &body)?;
    let (order, begin) = body.parse(&app)?;
    let who = by.clone();
    let wanted = begin.provider;
    let method = app
        .read(move |db| payments::method(db, &who, order, wanted))
        .await?;
    gateway::payments::require(&app, method)?;
    gateway::payments::hear_first(&app, &by, order, &begin).await?;
    let who = by.clone();
    let begun = app
        .write(move |tx| payments::begin(tx, &who, key.as_ref(), order, &begin))
        .await?;
    let (Once::First(payment) | Once::Again(payment)) = &begun;
    gateway::payments::drive(&app, payment.id).await?;
    let view = view(&app, by, payment.id).await?;
    if view.status == PaymentState::Created && view.provider != Provider::Manual {
        let words = "The provider of the payment does not answer. It will be asked again.";
        return Err(Error::Request(Code::ExternalApi, words.into()));
    }
    Ok(made_once(begun, |_| &view))
}

/// A payment as its payer sees it.
async fn view(app: &App, by: Actor, id: PaymentId) -> Result<PaymentView> {
    let keys = app.keys().clone();
    app.read(move |db| {
        let payment = payments::show(db, &by, id)?;
        let secret = payments::client_secret(db, &keys, &payment)?;
        let waiting = payments::waiting(db, &by, std::slice::from_ref(&payment))?;
        Ok(PaymentView::whole(&payment, secret).that_waits(&waiting))
    })
    .await
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<PaymentId>,
) -> Result<Reply<PaymentView>> {
    view(&app, by, id).await.map(Reply)
}

pub async fn status(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
) -> Result<Reply<StatusView>> {
    let view = app.read(move |db| {
        let (order, payments, refunds) = payments::of_order(db, &by, id)?;
        let waiting = payments::waiting(db, &by, &payments)?;
        Ok(StatusView::of(&order.head, &payments, &refunds, &waiting))
    });
    view.await.map(Reply)
}

/// Payments of one state, or all.
pub struct PaymentsPage(Option<PaymentState>, Paging);

impl Asks for PaymentsPage {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.one_of("status", PaymentState::parse), query.paging(0))
    }
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<PaymentsPage>,
) -> Result<Response> {
    let PaymentsPage(state, paging) = asked.read(&())?;
    let (page, waiting) = app
        .read(move |db| {
            let page = payments::list(db, &by, state, &paging)?;
            let waiting = payments::waiting(db, &by, &page.rows)?;
            Ok((page, waiting))
        })
        .await?;
    list::reply(&page, |payment| {
        PaymentView::for_event(payment).that_waits(&waiting)
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordPayment {
    order_id: i64,
    amount: Option<RawAmount>,
    #[schema(min_length = 1, max_length = 50)]
    method: Option<String>,
    #[schema(min_length = 1, max_length = 255)]
    reference: Option<String>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

pub async fn record(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<RecordPayment>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /payments/manual", token, &body)?;
    let line = |text: Option<String>, most: usize, field: &str| {
        text.map(|text| text::line(&text, 1, most).map_err(|bad| Error::from(bad.at(field))))
            .transpose()
    };
    let new = ByHand {
        order: OrderId(body.order_id),
        amount: body.amount,
        method: line(body.method, 50, "method")?,
        reference: line(body.reference, 255, "reference")?,
        version: None,
    };
    let made = app
        .write(move |tx| payments::record_by_hand(tx, &by, key.as_ref(), &new))
        .await?;
    Ok(made_once(made, |payment: &Payment| {
        PaymentView::for_event(payment)
    }))
}

/// 201 with what was made, and whether it had been made before.
fn made_once<T, V: Serialize>(made: Once<T>, view: impl Fn(&T) -> V) -> Response {
    let (thing, is_again) = match made {
        Once::First(thing) => (thing, false),
        Once::Again(thing) => (thing, true),
    };
    let mut reply = (StatusCode::CREATED, Reply(view(&thing))).into_response();
    if is_again {
        let headers = reply.headers_mut();
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    reply
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// Ours; without it the name by which the provider knows the payment.
    payment_id: Option<i64>,
    /// Stripe's intent …
    #[schema(max_length = 255)]
    payment_intent: Option<String>,
    /// … or its Checkout Session.
    #[schema(max_length = 255)]
    session_id: Option<String>,
    #[schema(max_length = 255)]
    razorpay_order_id: Option<String>,
    #[schema(max_length = 255)]
    razorpay_payment_link_id: Option<String>,
    #[schema(max_length = 255)]
    razorpay_payment_id: Option<String>,
    /// Of the page of a link.
    #[schema(max_length = 255)]
    razorpay_payment_link_reference_id: Option<String>,
    #[schema(max_length = 255)]
    razorpay_payment_link_status: Option<String>,
    #[schema(max_length = 255)]
    razorpay_signature: Option<String>,
    /// The secret of the private link, of a guest.
    #[schema(max_length = 64)]
    order_token: Option<String>,
}

impl Carries for Verify {
    fn order_token(&mut self) -> &mut Option<String> {
        &mut self.order_token
    }
}

impl Verify {
    fn back(self) -> Result<Return> {
        let line = |text: Option<String>, field: &str| {
            text.map(|text| text::line(&text, 1, 255).map_err(|bad| Error::from(bad.at(field))))
                .transpose()
        };
        let named = |provider: Provider, text: Option<String>, field: &str| {
            line(text, field).map(|name| name.map(|name| (provider, name)))
        };
        let names = [
            named(Provider::Stripe, self.session_id, "session_id")?,
            named(Provider::Stripe, self.payment_intent, "payment_intent")?,
            named(
                Provider::Razorpay,
                self.razorpay_payment_link_id,
                "razorpay_payment_link_id",
            )?,
            named(Provider::Razorpay, self.razorpay_order_id, "razorpay_order_id")?,
        ];
        Ok(Return {
            name: names.into_iter().flatten().next(),
            charge: line(self.razorpay_payment_id, "razorpay_payment_id")?,
            reference: line(
                self.razorpay_payment_link_reference_id,
                "razorpay_payment_link_reference_id",
            )?,
            status: line(self.razorpay_payment_link_status, "razorpay_payment_link_status")?,
            signature: line(self.razorpay_signature, "razorpay_signature")?,
        })
    }
}

pub async fn verify(State(app): State<App>, Held(by, body): Held<Verify>) -> Result<Reply<PaymentView>> {
    let id = body.payment_id.map(PaymentId);
    let back = body.back()?;
    let (who, name) = (by.clone(), back.name.clone());
    let payment = app
        .read(move |db| match (id, name) {
            (Some(id), _) => payments::show(db, &who, id),
            (None, Some((provider, name))) => payments::by_ref(db, &who, provider, &name),
            (None, None) => Err(Bad::missing().at("payment_id").into()),
        })
        .await?;
    gateway::payments::check_return(&app, &payment, &back)?;
    gateway::payments::look(&app, &payment).await?;
    view(&app, by, payment.id).await.map(Reply)
}

#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Capture {
    amount: Option<RawAmount>,
}

pub async fn capture(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    MaybeJson(body): MaybeJson<Capture>,
) -> Result<Response> {
    let key = key.of(&by, &format!("POST /payments/{id}/capture"), None, &body)?;
    let who = by.clone();
    let asked = app
        .write(move |tx| payments::ask_capture(tx, &who, key.as_ref(), id, None, body.amount.as_ref()))
        .await?;
    driven(&app, by, asked, Op::Capture).await
}

pub async fn void(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    _: NoBody,
) -> Result<Response> {
    let key = key.of(&by, &format!("POST /payments/{id}/void"), None, &())?;
    let who = by.clone();
    let asked = app
        .write(move |tx| payments::ask_void(tx, &who, key.as_ref(), id))
        .await?;
    driven(&app, by, asked, Op::Void).await
}

/// The payment once its provider has been asked. Refused with `NotAllowed` where the provider has refused: then it was not
/// done.
async fn driven(app: &App, by: Actor, asked: Once<Payment>, op: Op) -> Result<Response> {
    let (Once::First(payment) | Once::Again(payment)) = &asked;
    let id = payment.id;
    gateway::payments::drive(app, id).await?;
    let who = by.clone();
    app.read(move |db| payments::require_done(db, &who, id, op))
        .await?;
    let view = view(app, by, id).await?;
    once(asked, |_| Ok(Reply(view).into_response()))
}
