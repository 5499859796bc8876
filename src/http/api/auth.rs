//! Signing in and out over JSON, by tokens or by a cookie.

use std::sync::Arc;

use axum::Extension;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::header;
use axum::response::AppendHeaders;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::FaultKind;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::domain::user::DEVICE_LIFE;
use crate::domain::user::DemoUser;
use crate::domain::user::Session;
use crate::domain::user::SessionKind;
use crate::error::Error;
use crate::error::Result;
use crate::http::api::users::UserView;
use crate::http::extract::Enrolling;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Visitor;
use crate::http::limits::RefreshLimit;
use crate::http::login;
use crate::http::login::Credentials;
use crate::http::short::Short;
use crate::http::short::ShortAddress;
use crate::http::short::ShortPassword;
use crate::http::short::ShortSecret;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::http::site::Source;
use crate::http::token::Tokens;
use crate::shop::login::Entered;
use crate::shop::login::Entry;
use crate::shop::login::Second;
use crate::shop::sessions;
use crate::shop::sessions::Opened;
use crate::shop::sessions::Scope;

/// Signs access tokens.
pub type Signer = Extension<Arc<Tokens>>;

/// A user who came in: with tokens, unless a cookie carries the session.
#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    user: UserView,
    #[serde(flatten)]
    #[schema(value_type = TokensView)]
    tokens: Option<TokensView>,
    expires_in: i64,
}

#[derive(Serialize, ToSchema)]
struct TokensView {
    #[schema(required = false)]
    access_token: String,
    #[schema(required = false)]
    refresh_token: String,
    #[schema(required = false)]
    token_type: &'static str,
}

/// The lines of `Set-Cookie` beside a reply.
type Cookies = AppendHeaders<Vec<(HeaderName, String)>>;

/// The reply to whoever came in.
pub fn admit(app: &App, signer: &Signer, opened: Opened) -> Result<(Cookies, Reply<SignedIn>)> {
    let site = Site::of(app.config());
    let mut cookies = Vec::new();
    if let Some(device) = &opened.device {
        cookies.push(site.set(Cookie::Device, device, DEVICE_LIFE));
    }
    let (tokens, life) = match opened.kind {
        SessionKind::Token => (Some(TokensView::new(signer, &opened)?), signer.life()),
        SessionKind::Cookie => {
            let life = Session::life(opened.kind, opened.user.role_is_staff);
            cookies.push(site.set(Cookie::Session, &opened.secret, life));
            (None, life)
        }
    };
    let lines = cookies.into_iter().map(|line| (header::SET_COOKIE, line));
    Ok((
        AppendHeaders(lines.collect()),
        Reply(SignedIn {
            user: opened.user.into(),
            tokens,
            expires_in: life / 1000,
        }),
    ))
}

impl TokensView {
    fn new(signer: &Signer, opened: &Opened) -> Result<Self> {
        let user = &opened.user;
        Ok(Self {
            access_token: signer.sign(
                user.id,
                opened.session,
                &user.role_name,
                user.token_epoch,
                opened.at,
            )?,
            refresh_token: opened.secret.clone(),
            token_type: "Bearer",
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    #[schema(inline)]
    email: Option<ShortAddress>,
    #[schema(inline)]
    username: Option<ShortAddress>,
    #[schema(inline)]
    password: ShortPassword,
    /// The code of the second factor, or a recovery code. Whoever has none may still send one.
    #[schema(inline)]
    totp: Option<ShortSecret>,
    #[schema(value_type = Option<SessionKind>)]
    session: Option<String>,
}

impl SignIn {
    fn parse(self) -> Result<(Credentials, SessionKind, Second)> {
        let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (email, username) = (self.email.map(|it| it.0), self.username.map(|it| it.0));
        let typed = match (said(email), said(username)) {
            (Some(email), Some(name)) if !email.trim().eq_ignore_ascii_case(name.trim()) => {
                return Err(Error::fault("username", FaultKind::Invalid, "email says another"));
            }
            (Some(typed), _) | (None, Some(typed)) => typed,
            (None, None) => return Err(Bad::missing().at("email").into()),
        };
        let kind = match self.session.as_deref().map(SessionKind::parse) {
            None => SessionKind::Token,
            Some(Some(kind)) => kind,
            Some(None) => {
                return Err(Error::fault("session", FaultKind::Invalid, "is token or cookie"));
            }
        };
        let second = Second::Now(said(self.totp.map(|it| it.0)));
        let Short(password) = self.password;
        Ok((Credentials { typed, password }, kind, second))
    }
}

pub async fn sign_in(
    State(app): State<App>,
    signer: Signer,
    Visitor(by): Visitor,
    headers: HeaderMap,
    Json(body): Json<SignIn>,
) -> Result<impl IntoResponse> {
    let (credentials, kind, second) = body.parse()?;
    let source = Site::of(app.config()).source(&headers);
    if (kind, source) == (SessionKind::Cookie, Source::Elsewhere) {
        return Err(Refusal::CrossSite.into());
    }
    let device = login::device(&app, &by, &headers);
    let entry = Entry { kind, device, second };
    match login::sign_in(&app, by, credentials, entry).await? {
        Entered::Opened(opened) => admit(&app, &signer, *opened),
        // Nothing waits that has said its code must come now.
        Entered::Waiting(_) => Err(Refusal::SecondFactor(Wanting::Code).into()),
    }
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoSignIn {
    #[schema(value_type = Option<DemoUser>)]
    r#as: Option<String>,
}

pub async fn demo_sign_in(
    State(app): State<App>,
    signer: Signer,
    Visitor(by): Visitor,
    headers: HeaderMap,
    MaybeJson(body): MaybeJson<DemoSignIn>,
) -> Result<impl IntoResponse> {
    let who = match body.r#as.as_deref().map(DemoUser::parse) {
        None => DemoUser::Seller,
        Some(Some(who)) => who,
        Some(None) => return Err(Error::fault("as", FaultKind::Invalid, "is seller or buyer")),
    };
    let device = login::device(&app, &by, &headers);
    let opened = app
        .write(move |tx| sessions::open_demo(tx, &by, who, &device))
        .await?;
    admit(&app, &signer, opened)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[schema(inline)]
    refresh_token: ShortSecret,
}

pub async fn refresh(
    State(app): State<App>,
    signer: Signer,
    limit: RefreshLimit,
    Visitor(by): Visitor,
    Json(body): Json<Refresh>,
) -> Result<impl IntoResponse> {
    let Short(token) = body.refresh_token.clone();
    let holder = app.read(move |db| sessions::holder(db, &token)).await?;
    let quota = limit.take(holder, app.clock().now())?;
    let keys = app.keys().clone();
    let opened = app
        .write(move |tx| sessions::refresh(tx, &by, &keys, &body.refresh_token.0))
        .await?;
    admit(&app, &signer, opened).map(|admitted| (quota, admitted))
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    #[serde(default)]
    all_devices: bool,
}

#[derive(Serialize, ToSchema)]
pub struct SignedOut {
    cleared: Cleared,
    clear_local_storage: bool,
}

#[derive(Serialize, ToSchema)]
struct Cleared {
    cart: bool,
}

pub async fn sign_out(
    State(app): State<App>,
    Enrolling(by): Enrolling,
    MaybeJson(body): MaybeJson<SignOut>,
) -> Result<impl IntoResponse> {
    let scope = match body.all_devices {
        true => Scope::AllDevices,
        false => Scope::This,
    };
    app.write(move |tx| sessions::close(tx, &by, scope)).await?;
    let gone = Site::of(app.config()).unset(Cookie::Session);
    let headers = [
        (header::SET_COOKIE, gone),
        // Not the cookies: they would take the known device along.
        (
            HeaderName::from_static("clear-site-data"),
            r#""storage""#.to_owned(),
        ),
    ];
    let cleared = Cleared { cart: true };
    Ok((
        headers,
        Reply(SignedOut {
            cleared,
            clear_local_storage: true,
        }),
    ))
}
