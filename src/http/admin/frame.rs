//! What stands around a page: the shop's name, who looks, the look they chose, what was just done, and the token that
//! its forms carry. The fence makes it once a request; pages take it as `Staff` or `Anyone`.

use std::borrow::Borrow;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::AuditRow;
use crate::domain::id::EndpointId;
use crate::domain::money::Money;
use crate::domain::permission::Rights;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::domain::settings::Settings;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::words;
use crate::http::assets;
use crate::secret;
use crate::secret::Use;

/// The frame of one page for one person.
#[derive(Clone)]
pub struct Frame {
    /// What the shop decides.
    pub settings: Settings,
    /// On whose behalf; a guest before signing in.
    pub by: Actor,
    /// Who looks, once signed in.
    pub user: Option<User>,
    /// The token of this page's forms.
    pub token: String,
    /// The token of forms that are bound to the cookie of a session that is over, if the browser still holds one.
    pub former: Option<String>,
    /// The look that was chosen: `light`, `dark`, or none.
    pub theme: &'static str,
    /// Whether single keys do anything (WCAG 2.1.4).
    pub has_keys: bool,
    /// The path of the page, for the navigation.
    pub path: String,
    /// The request, as the log and the audit know it.
    pub request_id: String,
    /// What the looker has done a moment ago.
    pub done: Option<AuditRow>,
    /// The moment of the request.
    pub now: Timestamp,
    /// Whether a mail server is set up.
    pub sends_mail: bool,
    /// Whether orders may be paid with no money because the settings say so.
    pub has_sandbox: bool,
    /// Endpoints that the shop has turned off.
    pub silenced: Vec<EndpointId>,
    /// Whether nobody runs the shop yet: told to those who are not signed in.
    pub is_new: bool,
}

impl Frame {
    /// What the shop is called.
    pub fn shop(&self) -> &str {
        &self.settings.name
    }

    /// What every page says first: that all of it is made up, or that orders may be paid with no money (E1).
    pub fn strip(&self) -> Option<(&'static str, &'static str)> {
        match (self.settings.is_demo, self.has_sandbox) {
            (true, _) => Some(("Demo", "A demo: everything here is made up.")),
            (false, true) => Some(("Sandbox", "Sandbox: payments here move no money.")),
            (false, false) => None,
        }
    }

    /// Where an asset stands.
    pub fn asset(&self, name: &str) -> &'static str {
        assets::path(name)
    }

    /// A key of its own for a form: what is sent twice with it happens once.
    pub fn key(&self) -> String {
        // Without randomness the form would be refused, not doubled.
        secret::random::<16>().map_or_else(|_| String::new(), |bytes| secret::to_text(&bytes))
    }

    /// Whether whoever looks holds a right, by its public name.
    pub fn may(&self, right: &str) -> bool {
        Rights::parse(right).is_some_and(|rights| self.by.rights.cover(rights))
    }

    /// Whether the navigation's link leads to this page, or to one below it.
    pub fn is_at(&self, link: &str) -> bool {
        self.path == link
            || self
                .path
                .strip_prefix(link)
                .is_some_and(|rest| rest.starts_with('/'))
    }

    /// What to call whoever looks.
    pub fn name(&self) -> &str {
        let user = self.user.as_ref();
        user.map_or("", |user| user.name.as_deref().unwrap_or(&user.username))
    }

    /// Two letters for whoever looks.
    pub fn initials(&self) -> String {
        let words = self.name().split_whitespace();
        words
            .filter_map(|word| word.chars().next())
            .take(2)
            .collect::<String>()
            .to_uppercase()
    }

    /// The role of whoever looks.
    pub fn role(&self) -> &str {
        self.user.as_ref().map_or("", |user| user.role_name.as_str())
    }

    /// Money, as people read it.
    pub fn money(&self, amount: impl Borrow<Money>) -> String {
        words::money(*amount.borrow(), self.settings.terms.currency)
    }

    /// A moment in a list.
    pub fn when(&self, at: &Timestamp) -> String {
        words::when(*at, self.now, &self.settings.zone)
    }

    /// The same to the second, for what comes several times a minute.
    pub fn exactly(&self, at: &Timestamp) -> String {
        words::exactly(*at, self.now, &self.settings.zone)
    }

    /// What was done, in a sentence: its pieces in turn, and whether each is to be typed as it stands.
    pub fn deed(&self, row: &AuditRow) -> Vec<(String, bool)> {
        let words = words::deed(row, self.sends_mail);
        let pieces = words.split('`').enumerate();
        pieces
            .map(|(at, piece)| (piece.to_owned(), at % 2 == 1))
            .collect()
    }

    /// A moment within a sentence.
    pub fn in_words(&self, at: &Timestamp) -> String {
        words::within(*at, self.now, &self.settings.zone)
    }

    /// A moment in full.
    pub fn in_full(&self, at: &Timestamp) -> String {
        words::in_full(*at, &self.settings.zone)
    }
}

/// The token of the forms that are bound to a cookie.
pub fn token(app: &App, cookie: &str) -> String {
    secret::to_text(&app.keys().stamp(Use::Form, &[cookie.as_bytes()]))
}

/// The chosen look, by its cookie.
pub fn theme(headers: &HeaderMap) -> &'static str {
    match chosen(headers, "theme") {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "",
    }
}

/// Whether single keys are on, by their cookie.
pub fn has_keys(headers: &HeaderMap) -> bool {
    chosen(headers, "keys") != Some("off")
}

/// What a browser has chosen under a name. It is no secret, and the script reads it.
fn chosen<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let mut pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// The frame of a page that anybody may see.
pub struct Anyone(pub Frame);

impl FromRequestParts<App> for Anyone {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let frame = parts.extensions.get::<Frame>();
        frame
            .cloned()
            .map(Self)
            .ok_or_else(|| Error::internal("a page outside the fence"))
    }
}

/// The frame for whoever is signed in, a customer too, with the second factor that the shop asks for.
pub struct SignedIn(pub Frame);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Anyone(frame) = Anyone::from_request_parts(parts, app).await?;
        frame.by.signed_in()?;
        match frame.by.needs_factor {
            false => Ok(Self(frame)),
            true => Err(Refusal::SecondFactor(Wanting::Enrolment).into()),
        }
    }
}

/// The frame for one of the shop's people who may yet have to set up a second factor; a customer is turned away.
pub struct Enrolling(pub Frame);

impl FromRequestParts<App> for Enrolling {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Anyone(frame) = Anyone::from_request_parts(parts, app).await?;
        frame.by.signed_in()?;
        match frame.by.is_staff || frame.by.needs_factor {
            true => Ok(Self(frame)),
            false => Err(Refusal::StaffOnly.into()),
        }
    }
}

/// The frame of a page of the shop's people, once they have the second factor that the shop asks for (AUT-05).
pub struct Staff(pub Frame);

impl FromRequestParts<App> for Staff {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Enrolling(frame) = Enrolling::from_request_parts(parts, app).await?;
        match frame.by.needs_factor {
            false => Ok(Self(frame)),
            true => Err(Refusal::SecondFactor(Wanting::Enrolment).into()),
        }
    }
}
