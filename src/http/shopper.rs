//! Who has a cart: somebody signed in, or a guest by a cookie that we have signed. Holding the cookie is all the proof
//! there is, so what changes a cart by it must come from our own pages (WEB-02).

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::cart::GUEST_LIFE;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract;
use crate::http::session;
use crate::http::site;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::http::site::Source;
use crate::secret;
use crate::secret::Keys;
use crate::secret::Use;
use crate::shop::carts::GuestCart;

/// Whoever shops, known or not.
pub struct Shopper {
    /// Who acts.
    pub by: Actor,
    /// The cart of whoever is not signed in, if they hold one.
    pub guest: Option<GuestCart>,
    /// The value of the cookie behind it.
    cookie: Option<String>,
}

impl FromRequestParts<App> for Shopper {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match extract::caller(parts, app).await? {
            Some(by) if by.needs_factor => Err(Refusal::SecondFactor(Wanting::Enrolment).into()),
            Some(by) => Ok(Self {
                by,
                guest: None,
                cookie: None,
            }),
            None => Self::guest(parts, app),
        }
    }
}

impl Shopper {
    fn guest(parts: &Parts, app: &App) -> Result<Self> {
        let site = Site::of(app.config());
        let found = held(app, &parts.headers);
        let is_ours = site.source(&parts.headers) == Source::Ours;
        if found.is_some() && site::is_unsafe(&parts.method) && !is_ours {
            return Err(Refusal::CrossSite.into());
        }
        let (guest, cookie) = found.unzip();
        Ok(Self {
            by: Actor::guest(session::origin(parts)),
            guest,
            cookie,
        })
    }

    /// The same with a cart: a guest who has none gets one.
    pub fn with_cart(mut self, app: &App) -> Result<Self> {
        if self.by.user.is_none() && self.guest.is_none() {
            let token: [u8; 16] = secret::random()?;
            self.guest = Some(secret::digest(&token));
            self.cookie = Some(write(app.keys(), &token));
        }
        Ok(self)
    }

    /// The route as it counts for keys of requests: each guest's cart has its own.
    pub fn route(&self, route: &str) -> String {
        match self.guest {
            Some(cart) => format!("{route} {}", secret::to_text(&cart)),
            None => route.to_owned(),
        }
    }

    /// The line that keeps a guest's cookie from now on, if there is one.
    pub fn line(&self, app: &App) -> Option<String> {
        let value = self.cookie.as_ref()?;
        Some(Site::of(app.config()).set(Cookie::Cart, value, GUEST_LIFE))
    }
}

/// The reply with a line that sets a cookie.
pub fn keep(mut reply: Response, line: Option<String>) -> Response {
    if let Some(line) = line.and_then(|line| HeaderValue::from_str(&line).ok()) {
        reply.headers_mut().append(header::SET_COOKIE, line);
    }
    reply
}

/// The guest's cart that a browser holds, whoever is signed in.
pub fn guest_cart(app: &App, headers: &HeaderMap) -> Option<GuestCart> {
    held(app, headers).map(|(cart, _)| cart)
}

fn held(app: &App, headers: &HeaderMap) -> Option<(GuestCart, String)> {
    let value = Site::of(app.config()).read(Cookie::Cart, headers)?;
    let (token, stamp) = value.split_once('.')?;
    let token = secret::from_text(token)?;
    let is_ours = token.len() == 16 && app.keys().is_stamp(Use::Cart, &[&token], stamp);
    is_ours.then(|| (secret::digest(&token), value.to_owned()))
}

fn write(keys: &Keys, token: &[u8; 16]) -> String {
    let stamp = keys.stamp(Use::Cart, &[token]);
    format!("{}.{}", secret::to_text(token), secret::to_text(&stamp))
}
