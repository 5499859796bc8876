//! The second factor of one's own account: set up, confirmed, its recovery codes, taken away. Staff from whom the shop
//! asks for one and who have none come here first, and nowhere else.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Fault;
use crate::domain::one_time::SecretKind;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::drawn::Drawn;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Enrolling;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::profile;
use crate::http::admin::secrets;
use crate::secret::Keys;
use crate::shop::Tx;
use crate::shop::factors;
use crate::shop::factors::Enrolment;
use crate::shop::one_time;

/// Where a factor is set up.
pub const PATH: &str = "/admin/factor";

#[derive(Template)]
#[template(path = "admin/account/factor.html")]
struct FactorPage<'a> {
    frame: &'a Frame,
    /// What waits for its first code.
    pending: Option<Pending>,
    faults: &'a [Fault],
}

impl FactorPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label(&self, _: &str) -> &'static str {
        "Code"
    }
}

struct Pending {
    enrolment: Enrolment,
    code: Drawn,
}

impl Pending {
    fn of(enrolment: Enrolment) -> Result<Self> {
        let code = Drawn::enrolment(&enrolment)?;
        Ok(Self { enrolment, code })
    }

    /// The seed in groups of four, for those who type it.
    fn groups(&self) -> String {
        let letters: Vec<char> = self.enrolment.secret.chars().collect();
        let groups = letters.chunks(4).map(|group| group.iter().collect::<String>());
        groups.collect::<Vec<_>>().join(" ")
    }
}

async fn draw(app: &App, frame: &Frame, refused: Option<&Error>) -> Result<Response> {
    let (by, keys, now) = (frame.by.clone(), app.keys().clone(), frame.now);
    let pending = app.read(move |db| factors::pending(db, &by, &keys, now)).await?;
    let shown = FactorPage {
        frame,
        pending: pending.map(Pending::of).transpose()?,
        faults: refused.map(Error::faults).unwrap_or_default(),
    };
    page::page(refused.map_or(StatusCode::OK, page::status), &shown)
}

pub async fn show(State(app): State<App>, Enrolling(frame): Enrolling) -> Result<Response> {
    if frame.user.as_ref().is_some_and(|user| user.has_factor) {
        return Ok(page::lead(profile::PATH, None));
    }
    draw(&app, &frame, None).await
}

pub async fn begin(State(app): State<App>, Enrolling(frame): Enrolling, form: Form) -> Result<Response> {
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    form.submit(&app, move |tx| factors::begin(tx, &by, &keys).map(|_| ()))
        .await?;
    Ok(page::lead(PATH, None))
}

pub async fn confirm(State(app): State<App>, Enrolling(frame): Enrolling, form: Form) -> Result<Response> {
    let code: String = form.fields.text("code").split_whitespace().collect();
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    let confirmed = form
        .prove(&app, move |tx| {
            let codes = factors::confirm(tx, &by, &keys, &code)?;
            keep(tx, &by, &keys, &codes)
        })
        .await;
    let error = match confirmed {
        Ok(done) => return Ok(secrets::lead(done)),
        Err(error) => profile::beside(error, "code", "does not fit"),
    };
    match error.faults().is_empty() {
        true => Err(error),
        false => draw(&app, &frame, Some(&error)).await,
    }
}

pub async fn renew_codes(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    let (by, keys) = (frame.by, app.keys().clone());
    let done = form
        .submit(&app, move |tx| {
            let codes = factors::renew_codes(tx, &by)?;
            keep(tx, &by, &keys, &codes)
        })
        .await?;
    Ok(secrets::lead(done))
}

/// Keeps recovery codes until they are taken.
fn keep(tx: &Tx, by: &Actor, keys: &Keys, codes: &[String]) -> Result<()> {
    let of = (SecretKind::RecoveryCodes, by.signed_in()?.0);
    one_time::keep(tx, by, keys, of, &codes.join("\n"))
}

pub async fn remove(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    let code: String = form.fields.text("code").split_whitespace().collect();
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    let removed = form
        .prove(&app, move |tx| factors::remove(tx, &by, &keys, &code))
        .await;
    match removed {
        Ok(done) => Ok(page::lead(profile::PATH, Some(done))),
        Err(error) => {
            let error = profile::beside(error, "code", "is wrong, or was used already");
            profile::again(&app, &frame, &form.fields, error).await
        }
    }
}
