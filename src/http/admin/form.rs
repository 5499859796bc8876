//! What a person has typed into a form: held to its media type, its size and the token of its page, and sent once.

use std::str::FromStr;

use axum::extract::FromRequest;
use axum::extract::Request;
use axum::http::header;

use crate::app::App;
use crate::app::Came;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::id::AuditId;
use crate::domain::page::Limit;
use crate::domain::refusal::Refusal;
use crate::error::Code;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::frame::Frame;
use crate::http::login;
use crate::secret;
use crate::shop::Tx;
use crate::shop::forms;
use crate::shop::once::Key;

/// A form may be this long.
pub const MOST_TYPED: usize = 256 * 1024;
const TOKEN: &str = "form_token";
const KEY: &str = "idempotency_key";
/// What a form carries of its own, beside what is typed; and of each of many things what it is, and which version was seen.
const CARRIED: [&str; 12] = [
    TOKEN, KEY, "version", "status", "session", "view", "do", "id", "was", "shown", "back", "who",
];

/// The fields of a form by name, in the order in which they stand.
#[derive(Debug, Clone, Default)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The names with their values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What was typed into a field; nothing if it was not there.
    pub fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// What was typed, unless it is blank.
    pub fn said(&self, name: &str) -> Option<&str> {
        let text = self.text(name).trim();
        (!text.is_empty()).then_some(text)
    }

    /// Whether a box was ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// The things whose boxes are ticked, each once, in their order; `noun` is what a fault calls them.
    pub fn picked<T: FromStr + Ord>(&self, noun: &str) -> Result<Vec<T>> {
        let ticked = self.0.iter().filter(|(name, _)| name == "id");
        let ids: Option<Vec<T>> = ticked.map(|(_, id)| id.parse().ok()).collect();
        let bad = |words: String| Error::from(Bad::invalid(words).at("id"));
        let mut ids = ids.ok_or_else(|| bad(format!("is no {noun}")))?;
        ids.sort_unstable();
        ids.dedup();
        match ids.len() {
            0 => Err(Bad::missing().at("id").into()),
            many if many > Limit::MAX.rows() => Err(bad(format!("are more {noun}s than a page holds"))),
            _ => Ok(ids),
        }
    }

    /// Whether the box of a thing is ticked.
    pub fn has_picked(&self, id: impl ToString) -> bool {
        let id = id.to_string();
        self.0.iter().any(|(name, value)| name == "id" && *value == id)
    }

    /// The version that the form was made from.
    pub fn version(&self) -> Result<i64> {
        self.text("version")
            .parse()
            .map_err(|_| Error::from(Bad::invalid("is not a version").at("version")))
    }

    /// Without what belongs to one page alone, and without secrets: what may be kept while somebody signs in again.
    pub fn to_keep(&self) -> Self {
        let is_kept = |name: &str| {
            ![TOKEN, KEY].contains(&name) && !name.contains("password") && !name.contains("code")
        };
        Self(self.0.iter().filter(|(name, _)| is_kept(name)).cloned().collect())
    }

    /// The same as text, for a page to carry while somebody proves who they are. Something stands in front, for a form
    /// into which nothing is typed is sent again too.
    pub fn kept(&self) -> String {
        format!("&{}", self.to_keep().encode())
    }

    /// What a person has typed, without what the form carries of its own and what is blank.
    pub fn typed(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_carried =
            |name: &str| CARRIED.contains(&name) || name.starts_with("seen-") || name.ends_with("].id");
        self.pairs()
            .filter(move |(name, text)| !is_carried(name) && !text.trim().is_empty())
    }

    /// As it would be sent.
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

/// A form from one of our own pages.
pub struct Form {
    /// What was typed.
    pub fields: Fields,
    /// The one time that it happens.
    key: Key,
    /// The same by its page alone, whoever sends it.
    press: Key,
}

impl FromRequest<App> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, _: &App) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let is_form = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .and_then(|kind| kind.split(';').next())
            .is_some_and(|kind| {
                kind.trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        if !is_form {
            let words = "This page takes what its own form sends (application/x-www-form-urlencoded); programs send JSON to /api/v1.";
            return Err(Error::Request(Code::UnsupportedMediaType, words.into()));
        }
        let frame = parts
            .extensions
            .get::<Frame>()
            .ok_or_else(|| Error::internal("a form outside the fence"))?;
        let fields = Fields::read(&bytes(body).await?);
        let sent = fields.text(TOKEN);
        let is_of = |token: &str| secret::same(sent.as_bytes(), token.as_bytes());
        if !is_of(&frame.token) && !frame.former.as_deref().is_some_and(is_of) {
            return Err(Refusal::CrossSite.into());
        }
        let route = format!("{} {}", parts.method, parts.uri.path());
        let key_of = |by: &Actor| key(by, &route, sent, &fields);
        let (key, press) = (
            key_of(&frame.by)?,
            key_of(&Actor::guest(frame.by.origin.clone()))?,
        );
        Ok(Self { fields, key, press })
    }
}

/// The body, up to the limit.
pub async fn bytes(body: axum::body::Body) -> Result<axum::body::Bytes> {
    let limited = http_body_util::Limited::new(body, MOST_TYPED);
    match http_body_util::BodyExt::collect(limited).await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(cause) if cause.is::<http_body_util::LengthLimitError>() => Err(Error::Request(
            Code::PayloadTooLarge,
            "A form holds at most 256 KiB.".into(),
        )),
        Err(_) => Err(Error::Request(
            Code::InvalidFormat,
            "The form broke off, or came too slowly.".into(),
        )),
    }
}

/// The key that stands hidden in the form. Before there is a user it belongs to the browser, by its token.
fn key(by: &Actor, route: &str, token: &str, fields: &Fields) -> Result<Key> {
    let key = fields.text(KEY);
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Bad::missing().at(KEY).into());
    }
    let typed = fields
        .0
        .iter()
        .filter(|(name, _)| name != TOKEN && name != KEY)
        .cloned();
    let typed = Fields(typed.collect()).encode();
    Ok(match by.user {
        Some(_) => Key::new(by, route, key, typed.as_bytes()),
        None => Key::new(by, &format!("{route} {token}"), key, typed.as_bytes()),
    })
}

impl Form {
    /// The one time that it happens, for what is not done in one transaction.
    pub const fn key(&self) -> Key {
        self.key
    }

    /// The same for what gives the session another cookie: the form sent twice comes with the former one, which stands for
    /// nobody any more.
    pub const fn press(&self) -> Key {
        self.press
    }

    /// Does what the form asks for, once; the row of the audit that tells of it.
    pub async fn submit(
        &self,
        app: &App,
        act: impl Fn(&Tx) -> Result<()> + Send + 'static,
    ) -> Result<AuditId> {
        let key = self.key;
        app.write(move |tx| forms::submit(tx, &key, || act(tx))).await
    }

    /// The same for a proof that may be wrong: what was refused is refused again without another try.
    pub async fn prove(
        &self,
        app: &App,
        act: impl Fn(&Tx) -> Result<()> + Send + 'static,
    ) -> Result<AuditId> {
        let (key, shop) = (self.key, app.clone());
        let work = async move {
            let done = shop.write(move |tx| forms::submit(tx, &key, || act(tx))).await?;
            Ok::<_, Error>(Came::Done(Some(done)))
        };
        match login::once(app, key, work).await? {
            Came::Done(Some(done)) => Ok(done),
            _ => Err(Error::internal("a proof that came to something else")),
        }
    }
}
