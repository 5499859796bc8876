//! Who acts on an order: somebody signed in, or a guest, who shows the secret of its private link in the body. It stands
//! nowhere else: what is in a URL or a header is kept on the way (TOK-07).

use axum::extract::FromRequest;
use axum::extract::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Raw;
use crate::http::session;
use crate::shop::orders;

/// The longest token that is looked at; ours are shorter.
const MOST: usize = 64;

/// A body that may carry the token of a guest's order.
pub trait Carries {
    /// The token: it is taken out before the body goes any further.
    fn order_token(&mut self) -> &mut Option<String>;
}

/// Who calls, with a JSON body of a known shape. Without a session and without a good token the request ends: with 401 if
/// nothing was shown, with 404 if what was shown opens nothing.
pub struct Held<T>(pub Actor, pub T);

impl<T: DeserializeOwned + Carries + Send> FromRequest<App> for Held<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (by, Json(body)) =
            read(request, app, |Json(body): &mut Json<T>| body.order_token().take()).await?;
        Ok(Self(by, body))
    }
}

/// The same where the body may be left out.
pub struct MaybeHeld<T>(pub Actor, pub T);

impl<T: DeserializeOwned + Default + Carries + Send> FromRequest<App> for MaybeHeld<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let take = |MaybeJson(body): &mut MaybeJson<T>| body.order_token().take();
        let (by, MaybeJson(body)) = read(request, app, take).await?;
        Ok(Self(by, body))
    }
}

async fn read<B>(request: Request, app: &App, take: impl Fn(&mut B) -> Option<String>) -> Result<(Actor, B)>
where
    B: FromRequest<App, Rejection = Error>,
{
    let (mut parts, body) = request.into_parts();
    let known = extract::caller(&mut parts, app).await?;
    if known.as_ref().is_some_and(|by| by.needs_factor) {
        return Err(Refusal::SecondFactor(Wanting::Enrolment).into());
    }
    let Raw(bytes) = match Raw::from_request(Request::new(body), app).await {
        Err(_) if known.is_none() => return Err(Refusal::NotSignedIn.into()),
        read => read?,
    };
    // Nobody known hears what is wrong with a body that proves nothing.
    if known.is_none() && !shows_a_token(&bytes) {
        return Err(Refusal::NotSignedIn.into());
    }
    let by = known.unwrap_or_else(|| Actor::guest(session::origin(&parts)));
    let mut body = B::from_request(Request::from_parts(parts, bytes.into()), app).await?;
    match take(&mut body) {
        Some(token) => Ok((holding(by, app, token).await?, body)),
        None if by.user.is_none() => Err(Refusal::NotSignedIn.into()),
        None => Ok((by, body)),
    }
}

fn shows_a_token(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Shown {
        order_token: Option<String>,
    }
    serde_json::from_slice::<Shown>(bytes).is_ok_and(|shown| shown.order_token.is_some())
}

/// The caller with the order that the token opens.
async fn holding(by: Actor, app: &App, token: String) -> Result<Actor> {
    let token = text::line(&token, 1, MOST).map_err(|bad| bad.at("order_token"))?;
    let (keys, now) = (app.keys().clone(), app.clock().now());
    let order = app
        .read(move |db| orders::by_token(db, &keys, &token, now))
        .await?;
    Ok(by.holding(order.head.id))
}
