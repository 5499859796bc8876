//! An order's history, and the words that staff put beside it.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::tag;
use crate::domain::text;
use crate::error::Result;
use crate::http::api::orders::reply;
use crate::http::extract::Created;
use crate::http::extract::CurrentUser;
use crate::http::extract::IdempotencyKey;
use crate::http::extract::Json;
use crate::http::extract::NoBody;
use crate::http::extract::Path;
use crate::http::extract::once;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::http::version::IfMatch;
use crate::shop::orders;
use crate::shop::orders::NewNote;

/// The longest note.
const MOST_WORDS: usize = 5000;

#[derive(Serialize, ToSchema)]
#[schema(as = OrderHistory)]
pub struct History {
    data: Vec<orders::Entry>,
}

pub async fn history(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
) -> Result<Response> {
    let data = app.read(move |db| orders::history(db, &by, id)).await?;
    Ok(Reply(History { data }).into_response())
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateNote {
    #[schema(min_length = 1, max_length = 5000)]
    note: String,
    #[serde(default)]
    public: bool,
    /// May be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    client_token: Option<String>,
}

pub async fn note(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    key: IdempotencyKey,
    seen: IfMatch,
    Json(mut body): Json<CreateNote>,
) -> Result<Response> {
    let token = body.client_token.take();
    let key = key.of(&by, &format!("POST /orders/{id}/notes"), token, &body)?;
    let new = NewNote {
        text: words(&body.note).map_err(|bad| bad.at("note"))?,
        is_public: body.public,
        version: seen.or_body(body.version)?,
    };
    let noted = app
        .write(move |tx| orders::note(tx, &by, key.as_ref(), id, &new))
        .await?;
    once(noted, |entry| Ok(Created(Reply(entry)).into_response()))
}

fn words(note: &str) -> std::result::Result<String, Bad> {
    match text::paragraph(note, MOST_WORDS)? {
        text if text.trim().is_empty() => Err(Bad::missing()),
        text => Ok(text),
    }
}

/// A tag: one line, each once whatever its case.
#[derive(Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 50)]
pub struct TagName(String);

impl AsRef<str> for TagName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTags {
    #[schema(max_items = 50)]
    tags: Vec<TagName>,
    /// May be left out.
    version: Option<i64>,
}

pub async fn tag(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    seen: IfMatch,
    Json(body): Json<SetTags>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let tags = tag::tags(&body.tags)?;
    let order = app.write(move |tx| orders::tag(tx, &by, id, seen, &tags)).await?;
    reply(StatusCode::OK, &order)
}

/// Whether what can be had goes into the cart.
pub struct AddToCart(bool);

impl Asks for AddToCart {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.flag("add_to_cart").unwrap_or(false))
    }
}

pub async fn reorder(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<OrderId>,
    NoBody(AddToCart(adds)): NoBody<AddToCart>,
) -> Result<Response> {
    let found = match adds {
        true => {
            app.write(move |tx| orders::reorder_into_cart(tx, &by, id))
                .await?
        }
        false => app.read(move |db| orders::reorder(db, &by, id)).await?,
    };
    Ok(Reply(found).into_response())
}
