//! Signing up, in and out.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header;
use serde::Deserialize;
use serde::Serialize;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Fault;
use crate::domain::id::UserId;
use crate::domain::password;
use crate::domain::refusal::Refusal;
use crate::domain::text;
use crate::domain::text::Email;
use crate::domain::text::Username;
use crate::domain::time::Timestamp;
use crate::domain::user::ACCESS_LIFE;
use crate::domain::user::NewUser;
use crate::domain::user::User;
use crate::error::Result;
use crate::http::extract::Created;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::extract::Visitor;
use crate::http::token::Tokens;
use crate::secret;
use crate::secret::Verdict;
use crate::shop::identity;
use crate::shop::sessions;
use crate::shop::sessions::Device;
use crate::shop::sessions::Opened;
use crate::shop::sessions::Scope;

/// A user as the API shows it.
#[derive(Serialize)]
pub struct UserView {
    id: UserId,
    username: String,
    email: String,
    email_verified: bool,
    name: Option<String>,
    role: String,
    status: &'static str,
    totp: bool,
    created_at: Timestamp,
    version: i64,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            username: user.username,
            email: user.email,
            email_verified: user.email_verified,
            name: user.name,
            role: user.role_name,
            status: user.status.name(),
            totp: false,
            created_at: user.created_at,
            version: user.version,
        }
    }
}

/// A user with its new tokens.
#[derive(Serialize)]
pub struct TokensView {
    user: UserView,
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    expires_in: i64,
}

impl TokensView {
    fn new(tokens: &Tokens, opened: Opened) -> Result<Self> {
        let user = &opened.user;
        let access_token = tokens.sign(
            user.id,
            opened.session,
            &user.role_name,
            user.token_epoch,
            opened.at,
        )?;
        Ok(Self {
            user: opened.user.into(),
            access_token,
            refresh_token: opened.refresh_token,
            token_type: "Bearer",
            expires_in: ACCESS_LIFE / 1000,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    username: String,
    email: String,
    password: String,
    name: Option<String>,
}

impl SignUp {
    /// Well formed, but for the password's hash.
    fn parse(self) -> Result<(NewUser, String)> {
        let mut faults: Vec<Fault> = Vec::new();
        let username = Username::parse(&self.username).map_err(|bad| faults.push(bad.at("username")));
        let email = Email::parse(&self.email).map_err(|bad| faults.push(bad.at("email")));
        let name = match self.name.map(|name| text::line(&name, 1, 100)).transpose() {
            Ok(name) => name,
            Err(bad) => {
                faults.push(bad.at("name"));
                None
            }
        };
        let about = [self.username.as_str(), self.email.as_str()];
        if let Err(bad) = password::check(&self.password, password::Audience::Customer, &about) {
            faults.push(bad.at("password"));
        }
        match (username, email) {
            (Ok(username), Ok(email)) if faults.is_empty() => Ok((
                NewUser {
                    username,
                    email,
                    name,
                    password: String::new(),
                },
                self.password,
            )),
            _ => Err(faults.into()),
        }
    }
}

pub async fn sign_up(
    State(app): State<App>,
    axum::Extension(tokens): axum::Extension<std::sync::Arc<Tokens>>,
    Visitor(by): Visitor,
    headers: HeaderMap,
    Json(body): Json<SignUp>,
) -> Result<Created<Reply<TokensView>>> {
    let (mut new, password) = body.parse()?;
    new.password = app.compute(move || secret::hash_password(&password)).await?;
    let device = device(&by, &headers);
    let opened = app
        .write(move |tx| {
            let user = identity::sign_up(tx, &by, &new)?;
            sessions::open(tx, &by, &user, &device)
        })
        .await?;
    Ok(Created(Reply(TokensView::new(&tokens, opened)?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    email: Option<String>,
    username: Option<String>,
    password: String,
}

pub async fn sign_in(
    State(app): State<App>,
    axum::Extension(tokens): axum::Extension<std::sync::Arc<Tokens>>,
    Visitor(by): Visitor,
    headers: HeaderMap,
    Json(body): Json<SignIn>,
) -> Result<Reply<TokensView>> {
    let typed = body.email.or(body.username).unwrap_or_default();
    let found = app.read(move |db| identity::candidate(db, &typed)).await?;
    let hash = found.as_ref().map(|user| user.password.clone());
    let verdict = app
        .compute(move || Ok(secret::check_password(&body.password, hash.as_deref())))
        .await?;
    let user = match (verdict, found) {
        (Verdict::Right | Verdict::RightButWeak, Some(user)) => user,
        _ => return Err(Refusal::BadCredentials.into()),
    };
    let device = device(&by, &headers);
    let opened = app
        .write(move |tx| sessions::open(tx, &by, &user, &device))
        .await?;
    Ok(Reply(TokensView::new(&tokens, opened)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    refresh_token: String,
}

pub async fn refresh(
    State(app): State<App>,
    axum::Extension(tokens): axum::Extension<std::sync::Arc<Tokens>>,
    Visitor(by): Visitor,
    Json(body): Json<Refresh>,
) -> Result<Reply<TokensView>> {
    let keys = app.keys().clone();
    let opened = app
        .write(move |tx| sessions::refresh(tx, &by, &keys, &body.refresh_token))
        .await?;
    Ok(Reply(TokensView::new(&tokens, opened)?))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    #[serde(default)]
    all_devices: bool,
}

#[derive(Serialize)]
pub struct SignedOut {
    cleared: Cleared,
    clear_local_storage: bool,
}

#[derive(Serialize)]
struct Cleared {
    cart: bool,
}

pub async fn sign_out(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Json(body): Json<SignOut>,
) -> Result<Reply<SignedOut>> {
    let scope = match body.all_devices {
        true => Scope::AllDevices,
        false => Scope::This,
    };
    app.write(move |tx| sessions::close(tx, &by, scope)).await?;
    Ok(Reply(SignedOut {
        cleared: Cleared { cart: true },
        clear_local_storage: true,
    }))
}

pub async fn me(State(app): State<App>, CurrentUser(by): CurrentUser) -> Result<Reply<UserView>> {
    let user = app.read(move |db| identity::me(db, &by)).await?;
    Ok(Reply(user.into()))
}

fn device(by: &Actor, headers: &HeaderMap) -> Device {
    Device {
        ip: by.origin.ip,
        user_agent: headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
            .map(|agent| agent.chars().take(200).collect()),
    }
}
