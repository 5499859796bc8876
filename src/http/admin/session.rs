//! Signing in and out in the browser, the second factor on its own page, and the look that one chooses.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::AppendHeaders;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::app::App;
use crate::app::Came;
use crate::domain::actor::Actor;
use crate::domain::refusal::Refusal;
use crate::domain::user::DEVICE_LIFE;
use crate::domain::user::Session;
use crate::domain::user::SessionKind;
use crate::domain::user::WAITING_LIFE;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame;
use crate::http::admin::frame::Anyone;
use crate::http::admin::frame::Frame;
use crate::http::admin::page;
use crate::http::admin::wish::Wish;
use crate::http::admin::words;
use crate::http::login;
use crate::http::login::Credentials;
use crate::http::session::Shown;
use crate::http::site::Cookie;
use crate::http::site::Site;
use crate::secret;
use crate::shop::desk;
use crate::shop::login::Entered;
use crate::shop::login::Entry;
use crate::shop::login::Second;
use crate::shop::sessions;
use crate::shop::sessions::Opened;
use crate::shop::sessions::Scope;
use crate::shop::waiting;

/// Where one is led who wanted nothing in particular.
pub const HOME: &str = "/admin/orders";

/// Lines of `Set-Cookie`.
type Cookies = Vec<(HeaderName, String)>;

/// The sign-in, alone or in the place of a page.
#[derive(Template)]
#[template(path = "admin/login.html")]
pub struct LoginPage<'a> {
    frame: &'a Frame,
    /// Where to go on.
    then: String,
    /// What was typed there, as it would be sent.
    kept: String,
    typed: &'a str,
    refused: Option<String>,
}

impl<'a> LoginPage<'a> {
    fn alone(frame: &'a Frame) -> Self {
        Self {
            frame,
            then: HOME.to_owned(),
            kept: String::new(),
            typed: "",
            refused: None,
        }
    }

    /// In the place of a page that needs a session; what was typed goes along.
    pub fn instead_of(frame: &'a Frame, wanted: &str, typed: Option<&Fields>) -> Self {
        let (then, kept) = onward(wanted, typed);
        Self {
            then,
            kept,
            ..Self::alone(frame)
        }
    }
}

/// Where to go on after a proof, and what is to be sent there. A proof that is interrupted itself hands on what it carried.
pub fn onward(wanted: &str, typed: Option<&Fields>) -> (String, String) {
    let then = page_of(wanted);
    match typed {
        Some(typed) if then == wanted => (then, typed.kept()),
        Some(typed) => (page_of(typed.text("then")), typed.text("kept").to_owned()),
        None => (then, String::new()),
    }
}

/// A target that may be led to, or the usual one.
pub fn page_of(wanted: &str) -> String {
    let is_sign_in = ["/admin/log", "/admin/totp", "/admin/step-up"]
        .iter()
        .any(|path| wanted.starts_with(path));
    match page::is_ours(wanted) && !is_sign_in {
        true => wanted.to_owned(),
        false => HOME.to_owned(),
    }
}

pub async fn new(Anyone(frame): Anyone) -> Result<Response> {
    match frame.by.user {
        Some(_) => Ok(page::lead(HOME, None)),
        None => page::page(StatusCode::OK, &LoginPage::alone(&frame)),
    }
}

/// Opens a session. Whoever is in already, because the button was pressed twice, is led on all the same.
pub async fn create(
    State(app): State<App>,
    Anyone(frame): Anyone,
    headers: HeaderMap,
    form: Result<Form>,
) -> Result<Response> {
    if frame.by.user.is_some() {
        return Ok(page::lead(HOME, None));
    }
    let form = form?;
    let fields = &form.fields;
    let credentials = Credentials {
        typed: fields.text("email").to_owned(),
        password: fields.text("password").to_owned(),
    };
    let by = Actor::guest(frame.by.origin.clone());
    let entry = Entry {
        kind: SessionKind::Cookie,
        device: login::device(&app, &by, &headers),
        second: Second::Later,
    };
    let shop = app.clone();
    let sign_in = async move {
        login::sign_in(&shop, by, credentials, entry)
            .await
            .map(Came::Entered)
    };
    match login::once(&app, form.key(), sign_in).await {
        Ok(Came::Entered(Entered::Waiting(waiting))) => {
            let cookie = Site::of(app.config()).set(Cookie::Waiting, &waiting.secret, WAITING_LIFE);
            let asked = page::page(StatusCode::OK, &CodePage::of(&frame, fields, None))?;
            Ok(([(header::SET_COOKIE, cookie)], asked).into_response())
        }
        Ok(came) => admit(&app, frame, &came.opened()?, fields).await,
        Err(error) => refuse(&frame, fields, error),
    }
}

fn refuse(frame: &Frame, fields: &Fields, error: Error) -> Result<Response> {
    let words = match &error {
        Error::Refused(Refusal::BadCredentials) => {
            "The name or the password is wrong. Both may be tried again.".to_owned()
        }
        Error::Refused(Refusal::Locked { retry_after }) => locked(*retry_after),
        _ => return Err(error),
    };
    let shown = LoginPage {
        then: page_of(fields.text("then")),
        kept: fields.text("kept").to_owned(),
        typed: fields.text("email"),
        refused: Some(words),
        ..LoginPage::alone(frame)
    };
    page::failed(&error, &shown)
}

/// How long a lock lasts. Whether the name exists is not told.
pub fn locked(seconds: u64) -> String {
    format!(
        "Too many wrong tries. Try again in {}, or from a device that has signed in before.",
        words::minutes(seconds)
    )
}

/// The code of the second factor, after the password was right.
#[derive(Template)]
#[template(path = "admin/totp.html")]
struct CodePage<'a> {
    frame: &'a Frame,
    then: String,
    kept: &'a str,
    refused: Option<String>,
}

impl<'a> CodePage<'a> {
    fn of(frame: &'a Frame, fields: &'a Fields, refused: Option<String>) -> Self {
        Self {
            frame,
            then: page_of(fields.text("then")),
            kept: fields.text("kept"),
            refused,
        }
    }
}

pub async fn ask_code(State(app): State<App>, Anyone(frame): Anyone, headers: HeaderMap) -> Result<Response> {
    let secret = waiting_in(&app, &headers);
    let now = frame.now;
    match app.read(move |db| waiting::is_waiting(db, &secret, now)).await? {
        true => page::page(StatusCode::OK, &CodePage::of(&frame, &Fields::default(), None)),
        false => Ok(page::lead("/admin/login", None)),
    }
}

/// Opens the session that waited for its code. A button that is pressed twice is one try, as at the sign-in.
pub async fn check_code(
    State(app): State<App>,
    Anyone(frame): Anyone,
    headers: HeaderMap,
    form: Result<Form>,
) -> Result<Response> {
    if frame.by.user.is_some() {
        return Ok(page::lead(HOME, None));
    }
    let form = form?;
    let fields = &form.fields;
    let by = Actor::guest(frame.by.origin.clone());
    let device = login::device(&app, &by, &headers);
    let secret = waiting_in(&app, &headers);
    let code: String = fields.text("code").split_whitespace().collect();
    let shop = app.clone();
    let go_on = async move {
        let opened = login::go_on(&shop, by, secret, code, device).await?;
        Ok(Came::Entered(Entered::Opened(Box::new(opened))))
    };
    let came = login::once(&app, form.key(), go_on).await;
    let error = match came.and_then(Came::opened) {
        Ok(opened) => return admit(&app, frame, &opened, fields).await,
        Err(error) => error,
    };
    let words = match &error {
        Error::Refused(Refusal::SecondFactor(_)) => {
            "This code is wrong, or was used already. Wait for the next one.".to_owned()
        }
        Error::Refused(Refusal::Locked { retry_after }) => locked(*retry_after),
        Error::Refused(Refusal::TokenInvalid) => {
            let shown = LoginPage {
                refused: Some("That took too long. Sign in once more.".to_owned()),
                then: page_of(fields.text("then")),
                kept: fields.text("kept").to_owned(),
                ..LoginPage::alone(&frame)
            };
            return page::page(StatusCode::UNAUTHORIZED, &shown);
        }
        _ => return Err(error),
    };
    page::failed(&error, &CodePage::of(&frame, fields, Some(words)))
}

fn waiting_in(app: &App, headers: &HeaderMap) -> String {
    let site = Site::of(app.config());
    site.read(Cookie::Waiting, headers).unwrap_or_default().to_owned()
}

/// What was about to be done before a proof was asked for, with what was typed and one button: nothing is sent by itself.
#[derive(Template)]
#[template(path = "admin/resume.html")]
struct ResumePage<'a> {
    frame: &'a Frame,
    then: &'a str,
    kept: Fields,
    /// What the button does.
    wish: String,
}

impl ResumePage<'_> {
    /// What is shown of it: how a form works behind its back tells nobody anything.
    fn typed(&self) -> Vec<(&str, &str)> {
        self.kept.typed().collect()
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        words::label(field.rsplit("].").next().unwrap_or(field))
    }
}

/// What the form does that was kept, as whoever comes in now may read it.
async fn wish(app: &App, frame: &Frame, cookie: &str, then: &str, kept: &Fields) -> Result<String> {
    let wish = Wish::of(then, kept);
    let shown = secret::from_text(cookie).map(|secret| Shown::Cookie(secret::digest(&secret)));
    let called = match (shown, wish.thing) {
        (Some(shown), Some(thing)) => {
            let by = shown.stands(app, frame.by.origin.clone()).await?;
            app.read(move |db| desk::called(db, &by, thing)).await?
        }
        _ => None,
    };
    Ok(wish.words(called.as_deref()))
}

/// Sets the session's cookie and leads on, or to what was typed before.
pub async fn admit(app: &App, frame: Frame, opened: &Opened, fields: &Fields) -> Result<Response> {
    let site = Site::of(app.config());
    let life = Session::life(SessionKind::Cookie, opened.user.role_is_staff);
    let mut lines = vec![
        site.set(Cookie::Session, &opened.secret, life),
        site.unset(Cookie::Form),
        site.unset(Cookie::Waiting),
    ];
    lines.extend(
        opened
            .device
            .as_ref()
            .map(|device| site.set(Cookie::Device, device, DEVICE_LIFE)),
    );
    let lines = lines.into_iter().map(|line| (header::SET_COOKIE, line)).collect();
    go_on(app, frame, lines, &opened.secret, fields).await
}

/// Leads to where somebody wanted to go, with the cookies; what they had typed is offered under a token of its own.
pub async fn go_on(
    app: &App,
    frame: Frame,
    lines: Cookies,
    cookie: &str,
    fields: &Fields,
) -> Result<Response> {
    let then = page_of(fields.text("then"));
    let reply = match fields.said("kept") {
        None => page::lead(&then, None),
        Some(kept) => {
            let frame = &Frame {
                token: frame::token(app, cookie),
                ..frame
            };
            let kept = Fields::read(kept.as_bytes()).to_keep();
            let wish = wish(app, frame, cookie, &then, &kept).await?;
            let shown = ResumePage {
                frame,
                then: &then,
                kept,
                wish,
            };
            page::page(StatusCode::OK, &shown)?
        }
    };
    Ok((AppendHeaders(lines), reply).into_response())
}

/// Ends the session. Whoever has none, because the button was pressed twice, is led on all the same.
pub async fn destroy(State(app): State<App>, Anyone(frame): Anyone, form: Result<Form>) -> Result<Response> {
    if frame.by.user.is_none() {
        return Ok(page::lead("/admin/login", None));
    }
    let form = form?;
    let by = frame.by.clone();
    form.submit(&app, move |tx| sessions::close(tx, &by, Scope::This))
        .await?;
    let site = Site::of(app.config());
    let headers = [
        (header::SET_COOKIE, site.unset(Cookie::Session)),
        // Not the cookies: they would take the known device along.
        (
            HeaderName::from_static("clear-site-data"),
            r#""storage""#.to_owned(),
        ),
    ];
    Ok((headers, page::lead("/admin/login", None)).into_response())
}

/// Keeps the look that was chosen.
pub async fn theme(_: Anyone, headers: HeaderMap, form: Form) -> Response {
    let chosen = match form.fields.text("theme") {
        "light" => "light",
        "dark" => "dark",
        _ => "auto",
    };
    keep(&headers, &format!("theme={chosen}"))
}

/// Keeps whether single keys do anything: who speaks to their computer, or holds a key too long, switches them off.
pub async fn keys(_: Anyone, headers: HeaderMap, form: Form) -> Response {
    let chosen = match form.fields.text("keys") {
        "off" => "off",
        _ => "on",
    };
    keep(&headers, &format!("keys={chosen}"))
}

/// Keeps a choice in the browser for a year, and leads back. It is no secret, and the script reads it.
fn keep(headers: &HeaderMap, choice: &str) -> Response {
    let line = format!("{choice}; Path=/; Max-Age=31536000; SameSite=Lax");
    let back = page::came_from(headers).unwrap_or_else(|| HOME.to_owned());
    ([(header::SET_COOKIE, line)], page::lead(&back, None)).into_response()
}
