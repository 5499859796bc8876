//! From a cart to an order over JSON.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::address::Address;
use crate::domain::fault::keep;
use crate::domain::money::RawAmount;
use crate::domain::new_order::Details;
use crate::domain::order::Channel;
use crate::domain::payment::PaymentState;
use crate::domain::payment::Provider;
use crate::domain::text;
use crate::domain::text::Email;
use crate::error::Error;
use crate::error::Result;
use crate::gateway;
use crate::http::api::orders::Explain;
use crate::http::api::orders::method;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::once;
use crate::http::list::Asked;
use crate::http::shopper::Shopper;
use crate::shop::once::Key;
use crate::shop::once::Once;
use crate::shop::orders;
use crate::shop::orders::CheckedOut;
use crate::shop::orders::Checkout;
use crate::shop::orders::OrderView;
use crate::shop::payments;
use crate::shop::payments::PaymentView;

/// Where to, how it is sent and how it is paid; a guest also says to which address one may write.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckOut {
    #[schema(min_length = 3, max_length = 254)]
    email: Option<String>,
    shipping_address: Address,
    billing_address: Option<Address>,
    shipping_method: Option<i64>,
    #[schema(pattern = "^(manual|wallet|sandbox|stripe|razorpay)$")]
    payment_method: Option<String>,
    #[schema(max_length = 1000)]
    note: Option<String>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
    /// What the customer saw that it costs.
    total_price: Option<RawAmount>,
}

impl CheckOut {
    /// Well formed, or every fault at once.
    fn parse(self, app: &App, explains: bool) -> Result<Checkout> {
        let mut faults = Vec::new();
        let details = Details {
            email: self
                .email
                .and_then(|email| keep(Email::parse(&email), "email", &mut faults)),
            shipping_address: Some(self.shipping_address.checked("shipping_address", &mut faults)),
            billing_address: self
                .billing_address
                .map(|address| address.checked("billing_address", &mut faults)),
            shipping_method: self.shipping_method,
            note: self
                .note
                .and_then(|note| keep(text::paragraph(&note, 1000), "note", &mut faults)),
            ..Details::plain(
                method(app, self.payment_method.as_deref(), &mut faults),
                Channel::Api,
            )
        };
        match faults.is_empty() {
            false => Err(faults.into()),
            true => Ok(Checkout {
                total_price: self.total_price,
                details,
                explains,
            }),
        }
    }
}

/// The order that was made of a cart.
#[derive(Serialize, ToSchema)]
pub struct CheckedOutView<'a> {
    #[serde(flatten)]
    order: OrderView<'a>,
    /// What is to be paid at a provider, or was by a wallet.
    payment: Option<PaymentView>,
    /// Where a guest finds the order again; whoever has it, sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_url: Option<String>,
    /// The secret part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_token: Option<String>,
}

pub async fn check_out(
    State(app): State<App>,
    shopper: Shopper,
    asked: Asked<Explain>,
    key: IdempotencyKey,
    Json(mut body): Json<CheckOut>,
) -> Result<Response> {
    let Explain(explains) = asked.read(&())?;
    let token = key.or_token(body.client_token.take())?;
    let canonical = serde_json::to_vec(&body).map_err(|cause| Error::Internal(cause.into()))?;
    let route = shopper.route("POST /cart/checkout");
    let key = token
        .as_ref()
        .map(|token| Key::new(&shopper.by, &route, token, &canonical));
    let mut asked = body.parse(&app, explains)?;
    asked.details.client_token = token;
    let Shopper { by, guest, .. } = shopper;
    // Whoever asks a second time hears what the provider has said to the first.
    let _turn = match &key {
        Some(key) => Some(app.turn(key.turn()).await?),
        None => None,
    };
    let post = gateway::payments::sandbox_post(&app);
    let made = app
        .write(move |tx| orders::checkout(tx, &by, guest, key.as_ref(), &asked, &post))
        .await?;
    let (Once::First(done) | Once::Again(done)) = &made;
    let payment = payment(&app, done).await?;
    once(made, |done| {
        let token = orders::private_token(app.keys(), &done.order);
        let site = app.config().server.public_url();
        let view = CheckedOutView {
            order: OrderView::whole(&done.order).explained(done.explained.as_ref()),
            payment,
            private_url: token.as_ref().map(|token| format!("{site}/orders/{token}")),
            order_token: token,
        };
        Ok((StatusCode::CREATED, Reply(view)).into_response())
    })
}

/// The payment as it stands once its provider has been asked. One that does not answer is asked again by the worker: the
/// order stands all the same.
async fn payment(app: &App, done: &CheckedOut) -> Result<Option<PaymentView>> {
    let Some(begun) = &done.payment else {
        return Ok(None);
    };
    match &done.asked {
        Some(asked) => gateway::payments::drive_on(app, asked.clone()).await?,
        None if begun.provider == Provider::Sandbox && begun.state != PaymentState::Created => {
            return Ok(Some(PaymentView::whole(begun, None)));
        }
        None if begun.is_open() => gateway::payments::drive(app, begun.id).await?,
        None => {}
    }
    let (id, keys) = (begun.id, app.keys().clone());
    let view = app
        .read(move |db| {
            let payment = payments::begun(db, id)?;
            let secret = payments::client_secret(db, &keys, &payment)?;
            Ok(PaymentView::whole(&payment, secret))
        })
        .await?;
    Ok(Some(view))
}
