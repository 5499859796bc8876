//! API keys: listed, made, revoked. What was made is shown once, on a page of its own.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::api_key::ApiKey;
use crate::domain::api_key::Grants;
use crate::domain::api_key::NewApiKey;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::ApiKeyId;
use crate::domain::one_time::SecretKind;
use crate::domain::permission::Permission;
use crate::domain::text;
use crate::domain::time;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::roles;
use crate::http::admin::secrets;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::shop::api_keys;
use crate::shop::api_keys::Told;
use crate::shop::once::Once;
use crate::shop::one_time;

const PATH: &str = "/admin/api-keys";
/// How long a key may be made to live, in days.
const LIVES: [(&str, &str); 4] = [
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "A year"),
    ("7", "A week"),
];

#[derive(Template)]
#[template(path = "admin/api_keys/list.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    keys: &'a [ApiKey],
}

impl ListPage<'_> {
    fn is_over(&self, key: &ApiKey) -> bool {
        key.expires_at <= self.frame.now
    }
}

pub async fn list(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    let by = frame.by.clone();
    let keys = app.read(move |db| api_keys::list(db, &by)).await?;
    let shown = ListPage {
        frame: &frame,
        keys: &keys,
    };
    page::page(StatusCode::OK, &shown)
}

#[derive(Template)]
#[template(path = "admin/api_keys/new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    groups: Vec<(&'static str, Vec<Permission>)>,
    lives: [(&'static str, &'static str); 4],
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl<'a> NewPage<'a> {
    /// Only what its maker may is offered.
    fn of(frame: &'a Frame, typed: &'a Fields, faults: &'a [Fault]) -> Self {
        let mut groups = roles::by_resource();
        for (_, rights) in &mut groups {
            rights.retain(|right| frame.by.may(*right));
        }
        groups.retain(|(_, rights)| !rights.is_empty());
        Self {
            frame,
            groups,
            lives: LIVES,
            typed,
            faults,
        }
    }

    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        words::label(field)
    }

    fn is_ticked(&self, right: &Permission) -> bool {
        let mut asked = self.typed.0.iter();
        asked.any(|(name, value)| name == "permission" && value == right.name())
    }

    fn is_chosen(&self, days: &str) -> bool {
        self.typed.said("days").unwrap_or("90") == days
    }

    fn verb(&self, right: &Permission) -> &'static str {
        roles::verb(*right)
    }
}

pub async fn new(Staff(frame): Staff) -> Result<Response> {
    frame.by.require(Permission::ApiKeysManage)?;
    page::page(StatusCode::OK, &NewPage::of(&frame, &Fields::default(), &[]))
}

/// Well formed, or every fault at once.
fn read(fields: &Fields, now: Timestamp) -> Result<NewApiKey> {
    let mut faults = Vec::new();
    let name = text::line(fields.text("name"), 1, 100).map_err(|bad| faults.push(bad.at("name")));
    let asked = fields.0.iter().filter(|(name, _)| name == "permission");
    let asked: Vec<String> = asked.map(|(_, value)| value.clone()).collect();
    let grants = Grants::parse(&asked).map_err(|(_, bad)| faults.push(bad.at("permissions")));
    let days = LIVES.iter().find(|(days, _)| *days == fields.text("days"));
    let days: Option<i64> = days.and_then(|(days, _)| days.parse().ok());
    if days.is_none() {
        faults.push(Bad::invalid("is none of these").at("days"));
    }
    match (name, grants, days) {
        (Ok(name), Ok(grants), Some(days)) => Ok(NewApiKey {
            name,
            grants,
            expires_at: now.plus_ms(days * time::DAY),
        }),
        _ => Err(faults.into()),
    }
}

pub async fn create(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    frame.by.require(Permission::ApiKeysManage)?;
    let new = match read(&form.fields, frame.now) {
        Ok(new) => new,
        Err(error) => return again(&frame, &form.fields, &error),
    };
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    let done = form
        .submit(&app, move |tx| match api_keys::create(tx, &by, None, &new)? {
            Once::First(Told {
                key,
                secret: Some(secret),
            }) => one_time::keep(tx, &by, &keys, (SecretKind::ApiKey, key.id.0), &secret),
            _ => Ok(()),
        })
        .await?;
    Ok(secrets::lead(done))
}

fn again(frame: &Frame, typed: &Fields, error: &Error) -> Result<Response> {
    let shown = NewPage::of(frame, typed, error.faults());
    page::page(StatusCode::BAD_REQUEST, &shown)
}

pub async fn destroy(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<ApiKeyId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by.clone();
    let done = form.submit(&app, move |tx| api_keys::revoke(tx, &by, id)).await?;
    Ok(page::lead(PATH, Some(done)))
}
