//! What handlers take: named like axum's, failing with our [`Error`].

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::fault::FaultKind;
use crate::domain::json;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::error::Code;
use crate::error::Error;
use crate::error::Result;
use crate::http::list;
use crate::http::list::Asks;
use crate::http::objects::Objects;
use crate::http::paced::TooSlow;
use crate::http::session;
use crate::http::shell::Asked;
use crate::http::shell::Known;
use crate::shop::once::Key;
use crate::shop::once::Once;

/// A JSON body may be this long (NET-02).
pub const MOST_JSON: usize = 256 * 1024;
/// A message of a provider may be this long (I14).
pub const MOST_RAW: usize = 1024 * 1024;

/// A JSON body of a known shape.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Self> {
        let bytes = json_bytes(request).await?;
        parse(&bytes).map(Self)
    }
}

/// The same where every field may be left out: then the body may be, too.
pub struct MaybeJson<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for MaybeJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (head, body) = request.into_parts();
        let bytes = whole(body, MOST_JSON).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        let request = Request::from_parts(head, bytes.into());
        let Json(body) = Json::from_request(request, app).await?;
        Ok(Self(body))
    }
}

/// Where the path says all, or the query: no body but `{}`. Whatever else was sent meant something that would not be done.
pub struct NoBody<Q = ()>(pub Q);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl<Q: Asks<By = ()> + Send> FromRequest<App> for NoBody<Q> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let asked = list::Asked::<Q>::at(request.uri())?.read(&())?;
        let MaybeJson(Nothing {}) = MaybeJson::from_request(request, app).await?;
        Ok(Self(asked))
    }
}

/// Reads a field in which `null` says something else than its absence.
pub fn nullable<'de, T, D>(reader: D) -> std::result::Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(reader).map(Some)
}

/// A body as it came: what is signed is signed byte for byte, so that nothing may be wound around it.
pub struct Raw(pub Bytes);

impl FromRequest<App> for Raw {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Self> {
        if request.headers().contains_key(header::CONTENT_ENCODING) {
            return Err(Error::Request(
                Code::UnsupportedMediaType,
                "Send the bytes that were signed, not encoded.".into(),
            ));
        }
        whole(request.into_body(), MOST_RAW).await.map(Self)
    }
}

/// A file that is sent, unread: whoever may not send it is told so before any of it is. What it is it says itself.
pub struct Upload<Q = ()>(pub Q, pub Unread);

/// A body that is still to be read.
pub struct Unread(axum::body::Body);

impl<Q: Asks<By = ()> + Send> FromRequest<App> for Upload<Q> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Self> {
        let asked = list::Asked::<Q>::at(request.uri())?.read(&())?;
        if request.headers().contains_key(header::CONTENT_ENCODING) {
            return Err(Error::Request(
                Code::UnsupportedMediaType,
                "Send the file as it is, not encoded.".into(),
            ));
        }
        Ok(Self(asked, Unread(request.into_body())))
    }
}

impl Unread {
    /// All of it, if it is no longer than that.
    pub async fn read(self, most: usize) -> Result<Bytes> {
        whole(self.0, most).await
    }
}

/// The bytes of a JSON body, held to its media type and size.
async fn json_bytes(request: Request) -> Result<Bytes> {
    let headers = request.headers();
    let kind = headers.get(header::CONTENT_TYPE);
    let is_json = kind.and_then(|kind| kind.to_str().ok()).is_some_and(is_json);
    if !is_json || headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Error::Request(
            Code::UnsupportedMediaType,
            "Send application/json, not encoded.".into(),
        ));
    }
    whole(request.into_body(), MOST_JSON).await
}

/// `application/json`, with no charset or the only one that JSON has (RFC 8259).
fn is_json(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    let is_named = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let mut charsets = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    is_named && charsets.all(|(_, charset)| charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"))
}

async fn whole(body: axum::body::Body, most: usize) -> Result<Bytes> {
    let body = http_body_util::Limited::new(body, most);
    match http_body_util::BodyExt::collect(body).await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(cause) if cause.is::<http_body_util::LengthLimitError>() => Err(Error::Request(
            Code::PayloadTooLarge,
            format!("A body holds at most {} KiB here.", most / 1024).into(),
        )),
        Err(cause) => Err(Error::Request(
            Code::InvalidFormat,
            match is_slow(&*cause) {
                true => "The body came too slowly.".into(),
                false => "The body broke off.".into(),
            },
        )),
    }
}

/// Whether the reason, or a reason behind it, is that nothing came.
fn is_slow(cause: &(dyn std::error::Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(cause), |cause| cause.source());
    causes.any(|cause| cause.is::<TooSlow>())
}

/// Reads JSON: depth and duplicate names first, then the shape.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    json::check(bytes).map_err(|bad| Error::from(bad.at("")))?;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(Objects(&mut reader));
    match read.and_then(|value| {
        reader
            .end()
            .map(|()| value)
            .map_err(|cause| serde_path_to_error::Error::new(serde_path_to_error::Track::new().path(), cause))
    }) {
        Ok(value) => Ok(value),
        Err(error) => Err(unreadable(&error)),
    }
}

/// Which field is wrong, and how.
fn unreadable(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let cause = error.inner();
    if cause.is_syntax() || cause.is_eof() {
        let message = format!(
            "The body is no JSON: line {}, column {}.",
            cause.line(),
            cause.column()
        );
        return Error::fault("", FaultKind::Format, message);
    }
    let words = cause.to_string();
    let named = words.split('`').nth(1).unwrap_or_default();
    let path = error.path().to_string();
    let path = if path == "." { String::new() } else { path };
    let inner = |name: &str| match path.is_empty() {
        true => name.to_owned(),
        false => format!("{path}.{name}"),
    };
    if words.starts_with("missing field") {
        Bad::missing().at(inner(named)).into()
    } else if words.starts_with("unknown field") {
        // serde has already put the unknown name at the end of the path.
        let field = if path.ends_with(named) {
            path.clone()
        } else {
            inner(named)
        };
        Error::fault(field, FaultKind::Invalid, "There is no such field.")
    } else {
        Error::fault(path.clone(), FaultKind::Invalid, in_json_words(&words))
    }
}

/// What a reader says is wrong with a value, in words of JSON: serde's name our types and their layout.
fn in_json_words(words: &str) -> String {
    let words = words.rsplit_once(" at line ").map_or(words, |(words, _)| words);
    let Some((is, wanted)) = words.rsplit_once(", expected ") else {
        return words.to_owned();
    };
    let is_whole = wanted
        .trim_start_matches(['i', 'u'])
        .bytes()
        .all(|byte| byte.is_ascii_digit());
    let sentence = match wanted {
        "a boolean" => "must be true or false",
        "a string" => "must be a string",
        "a sequence" => "must be a list",
        "an object" => "must be an object",
        _ if wanted.starts_with("struct ") => "must be an object",
        _ if is_whole && is.starts_with("invalid value") => "is a number out of range",
        _ if is_whole => "must be a whole number",
        _ => "is not of the kind that is asked for",
    };
    sentence.to_owned()
}

/// An id that nothing has.
const NOTHINGS_ID: &str = "0";

/// A part of the path that is an id. What cannot be read is the id of nothing, and not yet a refusal: who lacks the right
/// hears that first, whatever the id.
pub struct Path<T>(pub T);

impl<T: FromStr + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let axum::extract::Path(text) = axum::extract::Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Error::NotFound("page"))?;
        id(&text).map(Self)
    }
}

/// The same of a path with two of them: a thing, and what belongs to it.
pub struct Paths<A, B>(pub A, pub B);

impl<A: FromStr + Send, B: FromStr + Send> FromRequestParts<App> for Paths<A, B> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let axum::extract::Path((outer, inner)) =
            axum::extract::Path::<(String, String)>::from_request_parts(parts, app)
                .await
                .map_err(|_| Error::NotFound("page"))?;
        Ok(Self(id(&outer)?, id(&inner)?))
    }
}

fn id<T: FromStr>(text: &str) -> Result<T> {
    let id = text.parse().or_else(|_| NOTHINGS_ID.parse());
    id.map_err(|_| Error::NotFound("thing"))
}

/// Who calls; without a good token or cookie the request ends with 401. So it does for staff in a session by cookie who
/// have not set up the second factor that the shop asks for (AUT-05).
pub struct CurrentUser(pub Actor);

impl FromRequestParts<App> for CurrentUser {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Enrolling(by) = Enrolling::from_request_parts(parts, app).await?;
        match by.needs_factor {
            true => Err(Refusal::SecondFactor(Wanting::Enrolment).into()),
            false => Ok(Self(by)),
        }
    }
}

/// The same, and also who has yet to set up a second factor: for its enrolment, logout and one's own user.
pub struct Enrolling(pub Actor);

impl FromRequestParts<App> for Enrolling {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match caller(parts, app).await? {
            Some(by) => Ok(Self(by)),
            None => Err(Refusal::NotSignedIn.into()),
        }
    }
}

/// Who calls, if that is known.
pub async fn caller(parts: &mut Parts, app: &App) -> Result<Option<Actor>> {
    match parts.extensions.remove::<Known>() {
        Some(Known(by)) => Ok(Some(by)),
        None => session::actor(parts, app).await,
    }
}

/// Nobody known, with where it comes from: for public routes that write.
pub struct Visitor(pub Actor);

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let origin = parts
            .extensions
            .get::<Asked>()
            .map(Asked::origin)
            .unwrap_or_default();
        Ok(Self(Actor::guest(origin)))
    }
}

/// The key in the header, 1 to 255 printable ASCII; malformed is 400.
pub struct IdempotencyKey(pub Option<String>);

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default();
        check_key(text).map_err(|bad| bad.at("Idempotency-Key"))?;
        Ok(Self(Some(text.to_owned())))
    }
}

impl IdempotencyKey {
    /// The one key of a request that may carry it in the header and in the body.
    pub fn or_token(self, token: Option<String>) -> Result<Option<String>> {
        if let Some(token) = &token {
            check_key(token).map_err(|bad| bad.at("client_token"))?;
        }
        match (self.0, token) {
            (Some(key), Some(token)) if key != token => Err(Error::fault(
                "client_token",
                FaultKind::Invalid,
                "The header Idempotency-Key says something else.",
            )),
            (key, token) => Ok(key.or(token)),
        }
    }

    /// What makes a request of somebody to a route happen once, if it carries a key: with another body it is another
    /// request.
    pub fn of(
        self,
        by: &Actor,
        route: &str,
        token: Option<String>,
        body: &impl Serialize,
    ) -> Result<Option<Key>> {
        let token = self.or_token(token)?;
        let canonical = serde_json::to_vec(body).map_err(|cause| Error::Internal(cause.into()))?;
        Ok(token.map(|token| Key::new(by, route, &token, &canonical)))
    }
}

fn check_key(text: &str) -> std::result::Result<(), Bad> {
    match (1..=255).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        true => Ok(()),
        false => Err(Bad::invalid("A key is 1 to 255 printable ASCII characters.")),
    }
}

/// What a reply says that tells of a thing made before, by the same key.
pub const REPLAYED: &str = "idempotent-replayed";

/// The reply to a request that happens once: `show` dresses the thing, and if it was made before the reply says so.
pub fn once<T>(made: Once<T>, show: impl FnOnce(T) -> Result<Response>) -> Result<Response> {
    match made {
        Once::First(thing) => show(thing),
        Once::Again(thing) => {
            let mut reply = show(thing)?;
            reply
                .headers_mut()
                .insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(reply)
        }
    }
}

/// 201 with the thing that was made.
pub struct Created<T>(pub T);

impl<T: IntoResponse> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, self.0).into_response()
    }
}
