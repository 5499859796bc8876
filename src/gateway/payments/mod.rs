//! Providers of payments. Whatever is asked of one has been committed before, and its answer is committed after; what it
//! tells by itself is proved and read here, and applied by the shop.

mod charges;
mod razorpay;
mod refunds;
mod sandbox;
mod signature;
mod stripe;
mod units;

pub use sandbox::post as sandbox_post;
pub use sandbox::send_due;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::id::OrderId;
use crate::domain::id::PaymentId;
use crate::domain::inbox::Message;
use crate::domain::inbox::Trouble;
use crate::domain::payment::Answer;
use crate::domain::payment::Asked;
use crate::domain::payment::Heard;
use crate::domain::payment::Payment;
use crate::domain::payment::Provider;
use crate::domain::payment::Return;
use crate::domain::payment::Standing;
use crate::domain::reconciliation::Listed;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Gate;
use crate::error::Code;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::payments;
use crate::shop::payments::Begin;

/// A message whose signature is good.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What its provider calls it.
    pub event_id: String,
    /// What it says it is about.
    pub kind: String,
}

impl Signed {
    /// What a body says under these names; what cannot be read goes by its digest.
    fn of(body: &[u8], id: &str, kind: &str) -> Self {
        let read: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| {
            read[name]
                .as_str()
                .filter(|text| !text.is_empty() && text.len() <= 255)
        };
        let digest = || secret::to_text(&secret::digest(body));
        Self {
            event_id: text(id).map_or_else(digest, str::to_owned),
            kind: text(kind).unwrap_or("unreadable").to_owned(),
        }
    }
}

/// Whether the shop is set up for a provider.
pub fn is_there(app: &App, provider: Provider) -> bool {
    match provider {
        Provider::Manual | Provider::Wallet => true,
        Provider::Sandbox => sandbox::is_there(app),
        Provider::Stripe => stripe::is_there(app),
        Provider::Razorpay => razorpay::is_there(app),
    }
}

/// A provider by the name that a client gives it: one that is not set up is as good as none.
pub fn named(app: &App, name: &str) -> Option<Provider> {
    Provider::parse(name).filter(|provider| is_there(app, *provider))
}

/// Refused with `Configuration` where the shop is not set up for a provider that it once agreed on.
pub fn require(app: &App, provider: Provider) -> Result<()> {
    match is_there(app, provider) {
        true => Ok(()),
        false => Err(Error::Request(
            Code::Configuration,
            format!("The shop is not set up for payments by {}.", provider.name()).into(),
        )),
    }
}

/// Asks all that is due of a payment, in a task that outlives whoever wanted it.
pub async fn drive(app: &App, id: PaymentId) -> Result<()> {
    let app = app.clone();
    outlive(async move {
        let _turn = app.turn(turn(id)).await?;
        let asked = app.write(move |tx| payments::start(tx, id)).await?;
        go_on(&app, asked).await
    })
    .await
}

/// The same where the first of it was made ready with what it is for.
pub async fn drive_on(app: &App, asked: Asked) -> Result<()> {
    let app = app.clone();
    outlive(async move {
        let _turn = app.turn(turn(asked.payment.id)).await?;
        go_on(&app, Some(asked)).await
    })
    .await
}

async fn outlive(driving: impl Future<Output = Result<()>> + Send + 'static) -> Result<()> {
    tokio::spawn(driving)
        .await
        .unwrap_or_else(|cause| Err(Error::Internal(cause.into())))
}

async fn go_on(app: &App, mut next: Option<Asked>) -> Result<()> {
    while let Some(asked) = next {
        next = match asked.payment.provider {
            Provider::Sandbox => sandbox::ask(app, &asked).await?,
            _ => {
                let answer = ask(app, &asked).await;
                warn(&asked, &answer);
                let by = Actor::system();
                app.write(move |tx| payments::answered(tx, &by, &asked, &answer))
                    .await?
            }
        };
    }
    Ok(())
}

fn warn(asked: &Asked, answer: &Answer) {
    if let Answer::Unclear(words) | Answer::Refused(words, _) = answer {
        let (payment, op) = (asked.payment.id, asked.op.name());
        tracing::warn!(%payment, op, words, "a provider did not do what it was asked");
    }
}

/// One task at a time talks about a payment.
fn turn(id: PaymentId) -> [u8; 32] {
    secret::digest_parts(&[b"payment", &id.0.to_be_bytes()])
}

async fn ask(app: &App, asked: &Asked) -> Answer {
    match asked.payment.provider {
        Provider::Stripe if stripe::is_there(app) => stripe::ask(app, asked).await,
        Provider::Razorpay if razorpay::is_there(app) => razorpay::ask(app, asked).await,
        provider => Answer::Unclear(format!("{} is not set up", provider.name())),
    }
}

/// Hears of the payments that another one would take the place of, before it is begun: money that has come by then is not
/// charged a second time. One whose provider does not answer holds nobody up, for the other may be there because of that;
/// should its money come all the same, what is too much goes back.
pub async fn hear_first(app: &App, by: &Actor, order: OrderId, wanted: &Begin) -> Result<()> {
    let (by, wanted) = (by.clone(), wanted.clone());
    let outdone = app
        .read(move |db| payments::outdone(db, &by, order, &wanted))
        .await?;
    for payment in outdone {
        if let Err(error) = look(app, &payment).await {
            tracing::warn!(payment = %payment.id, %error, "another payment is begun beside one that was not heard of");
        }
    }
    Ok(())
}

/// Asks a provider where a payment stands, and puts it there: the shopper has come back, or time has passed.
pub async fn look(app: &App, payment: &Payment) -> Result<Payment> {
    let id = payment.id;
    let _turn = app.turn(turn(id)).await?;
    let Some(name) = payment.provider_ref.clone() else {
        return Ok(payment.clone());
    };
    let (provider, now) = (payment.provider, app.clock().now());
    // Nobody is made to wait for one that does not answer: it tells by itself, or is asked by the worker.
    if app.read(move |db| payments::gate(db, provider, now)).await? == Gate::Open {
        return Err(silent());
    }
    let found: std::result::Result<Standing, String> = match payment.provider {
        Provider::Manual | Provider::Wallet => return Ok(payment.clone()),
        Provider::Sandbox => sandbox::look(app, name).await,
        Provider::Stripe if stripe::is_there(app) => stripe::look(app, &name).await,
        Provider::Razorpay if razorpay::is_there(app) => razorpay::look(app, payment).await,
        provider => Err(format!("{} is not set up", provider.name())),
    };
    let standing = found.map_err(|words| {
        tracing::warn!(payment = %id, words, "a provider did not say where a payment stands");
        silent()
    })?;
    let by = Actor::system();
    app.write(move |tx| payments::settle(tx, &by, id, &standing))
        .await
}

fn silent() -> Error {
    Error::Request(
        Code::ExternalApi,
        "The provider of the payment does not answer.".into(),
    )
}

/// Providers that list the money they have taken, of those that the shop is set up for.
pub fn that_list(app: &App) -> Vec<Provider> {
    let ready = [
        (Provider::Sandbox, sandbox::is_there(app)),
        (Provider::Stripe, stripe::is_there(app)),
        (Provider::Razorpay, razorpay::is_there(app)),
    ];
    ready
        .into_iter()
        .filter_map(|(provider, is_there)| is_there.then_some(provider))
        .collect()
}

/// A page of what a provider has taken since then; in words why it does not say.
pub async fn list(
    app: &App,
    provider: Provider,
    since: Timestamp,
    after: Option<String>,
) -> std::result::Result<Listed, String> {
    match provider {
        Provider::Sandbox => sandbox::list(app, after).await,
        Provider::Stripe => charges::list(app, since, after).await,
        Provider::Razorpay => razorpay::list(app, since, after).await,
        provider => Err(format!("{} lists nothing", provider.name())),
    }
}

/// Holds what a shopper's browser brings back to the provider's signature, where it has one.
pub fn check_return(app: &App, payment: &Payment, back: &Return) -> Result<()> {
    match payment.provider {
        Provider::Razorpay => razorpay::check_return(app, payment, back),
        Provider::Manual | Provider::Sandbox | Provider::Stripe | Provider::Wallet => Ok(()),
    }
}

/// Proves that a message comes from its provider. Refused with `NotFound` where nothing could prove it, with
/// `BadSignature` where it does not.
pub fn prove(
    app: &App,
    provider: Provider,
    header: impl Fn(&str) -> Option<String>,
    body: &[u8],
) -> Result<Signed> {
    match provider {
        Provider::Sandbox => sandbox::prove(app, header("till-signature").as_deref(), body),
        Provider::Stripe => stripe::prove(app, header("stripe-signature").as_deref(), body),
        Provider::Razorpay => {
            let name = header("x-razorpay-event-id");
            razorpay::prove(app, header("x-razorpay-signature").as_deref(), name, body)
        }
        Provider::Manual | Provider::Wallet => Err(Error::NotFound("webhook")),
    }
}

/// Reads what a message says.
pub fn read(app: &App, message: &Message) -> std::result::Result<Heard, Trouble> {
    match message.provider {
        Provider::Sandbox => sandbox::read(&message.body),
        Provider::Stripe => stripe::read(app, &message.body),
        Provider::Razorpay => razorpay::read(app, &message.body),
        Provider::Manual | Provider::Wallet => Ok(Heard::Nothing),
    }
}
