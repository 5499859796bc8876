//! Users over JSON: one's own, made by signing up; and those that one looks after.

mod manage;

pub use manage::invite;
pub use manage::list;
pub use manage::show;
pub use manage::suspend;
pub use manage::unlock;
pub use manage::update;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Fault;
use crate::domain::password;
use crate::domain::text;
use crate::domain::text::Email;
use crate::domain::text::Phone;
use crate::domain::text::Username;
use crate::domain::user::NewUser;
use crate::domain::user::Profile;
use crate::domain::user::SessionKind;
use crate::domain::user::User;
use crate::error::Result;
use crate::http::api::auth;
use crate::http::api::auth::Signer;
use crate::http::extract::Created;
use crate::http::extract::Enrolling;
use crate::http::extract::Json;
use crate::http::extract::Visitor;
use crate::http::extract::nullable;
use crate::http::login;
use crate::http::version;
use crate::http::version::IfNoneMatch;
use crate::secret;
use crate::shop::emails;
use crate::shop::identity;
use crate::shop::sessions;
pub use crate::shop::users::UserView;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    #[schema(min_length = 3, max_length = 50, pattern = "^[A-Za-z0-9._-]+$")]
    username: String,
    #[schema(min_length = 3, max_length = 254)]
    email: String,
    #[schema(min_length = 8, max_length = 1024)]
    password: String,
    #[schema(min_length = 1, max_length = 100)]
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
        let about = [
            self.username.as_str(),
            self.email.as_str(),
            name.as_deref().unwrap_or_default(),
        ];
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
    signer: Signer,
    Visitor(by): Visitor,
    headers: HeaderMap,
    Json(body): Json<SignUp>,
) -> Result<impl IntoResponse> {
    let (mut new, password) = body.parse()?;
    new.password = app.compute(move || secret::hash_password(&password)).await?;
    let device = login::device(&app, &by, &headers);
    let keys = app.keys().clone();
    let opened = app
        .write(move |tx| {
            let user = identity::sign_up(tx, &by, &new)?;
            emails::ask_at_sign_up(tx, &by, &keys, &user)?;
            sessions::open(tx, &by, &user, SessionKind::Token, &device)
        })
        .await?;
    Ok(Created(auth::admit(&app, &signer, opened)?))
}

/// One's own user, with what others are not shown.
#[derive(Serialize, ToSchema)]
pub struct MeView {
    #[serde(flatten)]
    user: UserView,
    phone: Option<String>,
}

impl From<User> for MeView {
    fn from(user: User) -> Self {
        Self {
            phone: user.phone.clone(),
            user: user.into(),
        }
    }
}

/// The tag of a user; a second factor shows without raising the version.
fn tag_of(user: &User) -> String {
    version::tag(user.version, user.has_factor.then_some("totp"))
}

/// One's own user, with its tag.
pub fn me(status: StatusCode, user: User, held: &IfNoneMatch) -> Result<Response> {
    version::tagged(status, &tag_of(&user), held, &MeView::from(user))
}

pub async fn show_me(
    State(app): State<App>,
    Enrolling(by): Enrolling,
    held: IfNoneMatch,
) -> Result<Response> {
    let user = app.read(move |db| identity::me(db, &by)).await?;
    me(StatusCode::OK, user, &held)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMe {
    #[serde(default, deserialize_with = "nullable")]
    #[schema(min_length = 1, max_length = 100)]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(pattern = "^[+]?[1-9][0-9]{7,14}$")]
    phone: Option<Option<String>>,
    /// Becomes one's own once the link is opened that is sent there: the reply is 202.
    #[schema(min_length = 3, max_length = 254)]
    email: Option<String>,
}

impl ChangeMe {
    fn parse(self) -> Result<(Profile, Option<Email>)> {
        let mut faults = Vec::new();
        let email = self.email.map(|email| Email::parse(&email)).transpose();
        let email = email.unwrap_or_else(|bad| {
            faults.push(bad.at("email"));
            None
        });
        let name = self.name.map(|name| {
            name.and_then(|name| {
                text::line(&name, 1, 100)
                    .map_err(|bad| faults.push(bad.at("name")))
                    .ok()
            })
        });
        let phone = self.phone.map(|phone| {
            phone.and_then(|phone| {
                Phone::parse(&phone)
                    .map_err(|bad| faults.push(bad.at("phone")))
                    .ok()
            })
        });
        match faults.is_empty() {
            true => Ok((Profile { name, phone }, email)),
            false => Err(faults.into()),
        }
    }
}

pub async fn update_me(
    State(app): State<App>,
    Enrolling(by): Enrolling,
    Json(body): Json<ChangeMe>,
) -> Result<Response> {
    let (change, email) = body.parse()?;
    let keys = app.keys().clone();
    let status = match email {
        Some(_) => StatusCode::ACCEPTED,
        None => StatusCode::OK,
    };
    let user = app
        .write(move |tx| {
            if let Some(email) = &email {
                emails::ask(tx, &by, &keys, email)?;
            }
            identity::update_me(tx, &by, &change)
        })
        .await?;
    me(status, user, &IfNoneMatch::default())
}
