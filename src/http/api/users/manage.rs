//! Users over JSON, by those who look after them.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::id::UserId;
use crate::domain::text;
use crate::domain::text::Email;
use crate::domain::text::Username;
use crate::domain::user::NewUser;
use crate::domain::user::User;
use crate::error::Error;
use crate::error::Result;
use crate::http::api::users::tag_of;
use crate::http::extract::Created;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::extract::nullable;
use crate::http::extract::once;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::user_query::Page;
use crate::http::version;
use crate::http::version::IfMatch;
use crate::http::version::IfNoneMatch;
use crate::shop::users;
use crate::shop::users::NO_PASSWORD;
use crate::shop::users::UserChange;
use crate::shop::users::UserView;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Page>,
) -> Result<Response> {
    let Page(filter, paging) = asked.read(&())?;
    let page = app.read(move |db| users::list(db, &by, &filter, &paging)).await?;
    list::reply(&page, |user| UserView::from(user.clone()))
}

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<UserId>,
    held: IfNoneMatch,
) -> Result<Response> {
    let user = app.read(move |db| users::show(db, &by, id)).await?;
    tagged(user, &held)
}

fn tagged(user: User, held: &IfNoneMatch) -> Result<Response> {
    version::tagged(StatusCode::OK, &tag_of(&user), held, &UserView::from(user))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    #[schema(min_length = 3, max_length = 50, pattern = "^[A-Za-z0-9._-]+$")]
    username: String,
    #[schema(min_length = 3, max_length = 254)]
    email: String,
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    role: String,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

impl Invite {
    /// Well formed, or every fault at once.
    fn parse(&self) -> Result<NewUser> {
        let mut faults = Vec::new();
        let username = Username::parse(&self.username).map_err(|bad| faults.push(bad.at("username")));
        let email = Email::parse(&self.email).map_err(|bad| faults.push(bad.at("email")));
        let name = self.name.as_ref().map(|name| text::line(name, 1, 100));
        let name = name.transpose().map_err(|bad| faults.push(bad.at("name")));
        match (username, email, name) {
            (Ok(username), Ok(email), Ok(name)) => Ok(NewUser {
                username,
                email,
                name,
                password: NO_PASSWORD.to_owned(),
            }),
            _ => Err(faults.into()),
        }
    }
}

pub async fn invite(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    key: IdempotencyKey,
    Json(mut body): Json<Invite>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, "POST /users", token, &body)?;
    let new = body.parse()?;
    let keys = app.keys().clone();
    let made = app
        .write(move |tx| users::invite(tx, &by, &keys, key.as_ref(), (&new, &body.role)))
        .await?;
    once(made, |user| {
        Ok(Created(Reply(UserView::from(user))).into_response())
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeUser {
    role: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(min_length = 1, max_length = 100)]
    name: Option<Option<String>>,
    version: Option<i64>,
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<UserId>,
    seen: IfMatch,
    Json(body): Json<ChangeUser>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let name = body.name.map(|name| {
        let name = name.map(|name| text::line(&name, 1, 100));
        name.transpose().map_err(|bad| Error::from(bad.at("name")))
    });
    let change = UserChange {
        role: body.role,
        name: name.transpose()?,
    };
    let user = app
        .write(move |tx| users::update(tx, &by, id, seen, &change))
        .await?;
    tagged(user, &IfNoneMatch::default())
}

pub async fn suspend(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<UserId>,
    _: NoBody,
) -> Result<Reply<UserView>> {
    let user = app.write(move |tx| users::suspend(tx, &by, id)).await?;
    Ok(Reply(user.into()))
}

pub async fn unlock(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<UserId>,
    _: NoBody,
) -> Result<Reply<UserView>> {
    let user = app.write(move |tx| users::unlock(tx, &by, id)).await?;
    Ok(Reply(user.into()))
}
