//! What can be done to users: invite them, give them a role, keep them out, let them in.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::Target;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::fault::FaultKind;
use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::role::Role;
use crate::domain::text;
use crate::domain::text::Email;
use crate::domain::text::Username;
use crate::domain::user::NewUser;
use crate::domain::user::User;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::conflict;
use crate::http::admin::conflict::Both;
use crate::http::admin::conflict::ConflictPage;
use crate::http::admin::conflict::First;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::users::show;
use crate::http::admin::words;
use crate::http::extract::Path;
use crate::secret::Keys;
use crate::shop::Tx;
use crate::shop::users;
use crate::shop::users::NO_PASSWORD;
use crate::shop::users::UserChange;

fn path(id: UserId) -> String {
    format!("/admin/users/{id}")
}

#[derive(Template)]
#[template(path = "admin/users/new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    roles: Vec<Role>,
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl NewPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        words::label(field)
    }

    fn is_role(&self, role: &Role) -> bool {
        self.typed.said("role").unwrap_or("staff") == role.name
    }
}

pub async fn new(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    frame.by.require(Permission::UsersCreate)?;
    draw(&app, &frame, &Fields::default(), StatusCode::OK, &[]).await
}

async fn draw(
    app: &App,
    frame: &Frame,
    typed: &Fields,
    status: StatusCode,
    faults: &[Fault],
) -> Result<Response> {
    let by = frame.by.clone();
    let mut roles = app.read(move |db| users::roles(db, &by)).await?;
    roles.retain(|role| frame.by.rights.cover(role.rights()));
    let shown = NewPage {
        frame,
        roles,
        typed,
        faults,
    };
    page::page(status, &shown)
}

/// Well formed, or every fault at once.
fn read(fields: &Fields) -> Result<NewUser> {
    let mut faults = Vec::new();
    let username = Username::parse(fields.text("username")).map_err(|bad| faults.push(bad.at("username")));
    let email = Email::parse(fields.text("email")).map_err(|bad| faults.push(bad.at("email")));
    let name = name(fields).map_err(|bad| faults.push(bad.at("name")));
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

fn name(fields: &Fields) -> std::result::Result<Option<String>, Bad> {
    fields
        .said("name")
        .map(|name| text::line(name, 1, 100))
        .transpose()
}

pub async fn create(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    frame.by.require(Permission::UsersCreate)?;
    match invite(&app, &frame, &form).await {
        Ok(done) => Ok(done),
        Err(Error::Refused(Refusal::Taken(what))) => {
            let taken = Bad::invalid("is somebody's already").at(what);
            draw(&app, &frame, &form.fields, StatusCode::CONFLICT, &[taken]).await
        }
        Err(error) if error.faults().is_empty() => Err(error),
        Err(error) => {
            draw(
                &app,
                &frame,
                &form.fields,
                StatusCode::BAD_REQUEST,
                error.faults(),
            )
            .await
        }
    }
}

async fn invite(app: &App, frame: &Frame, form: &Form) -> Result<Response> {
    let new = read(&form.fields)?;
    let role = form.fields.text("role").to_owned();
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    let done = form
        .submit(app, move |tx| {
            users::invite(tx, &by, &keys, None, (&new, &role)).map(|_| ())
        })
        .await?;
    Ok(page::lead("/admin/users?status=invited", Some(done)))
}

pub async fn update(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<UserId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::UsersUpdate)?;
    let fields = &form.fields;
    let name = match name(fields) {
        Ok(name) => name,
        Err(bad) => return show::draw(&app, &frame, id, fields, Some(&bad.at("name").into())).await,
    };
    let change = UserChange {
        role: fields.said("role").map(str::to_owned),
        name: Some(name),
    };
    let (by, seen) = (frame.by.clone(), Some(fields.version()?));
    let done = form
        .submit(&app, move |tx| {
            users::update(tx, &by, id, seen, &change).map(|_| ())
        })
        .await;
    conflict::settle(done, &path(id), clash(&app, &frame, id, fields)).await
}

/// Somebody else was first: the user as it is beside what was wanted. What was not touched is theirs.
async fn clash(app: &App, frame: &Frame, id: UserId, typed: &Fields) -> Result<Response> {
    let user = show::told(app, frame, id).await?.user;
    let first = First::of(app, frame, (Target::User, id.0), None).await?;
    let now = show::stands(&user);
    let kept = conflict::on_top(&now, typed);
    let shown = ConflictPage {
        frame,
        thing: format!("user {}", user.username),
        back: path(id),
        action: path(id),
        version: user.version,
        first,
        rows: vec![
            Both::of("Name", now.text("name"), kept.text("name")),
            Both::of("Role", now.text("role"), kept.text("role")),
        ],
        kept,
    };
    shown.reply()
}

/// Does one thing to a user, and leads back to it.
async fn act(
    app: &App,
    frame: &Frame,
    id: UserId,
    form: &Form,
    verb: fn(&Tx, &Actor, &Keys, UserId) -> Result<User>,
) -> Result<Response> {
    let (by, keys) = (frame.by.clone(), app.keys().clone());
    let done = form
        .submit(app, move |tx| verb(tx, &by, &keys, id).map(|_| ()))
        .await?;
    Ok(page::lead(&path(id), Some(done)))
}

pub async fn suspend(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<UserId>,
    form: Form,
) -> Result<Response> {
    act(&app, &frame, id, &form, |tx, by, _, id| {
        users::suspend(tx, by, id)
    })
    .await
}

pub async fn unlock(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<UserId>,
    form: Form,
) -> Result<Response> {
    act(&app, &frame, id, &form, |tx, by, _, id| users::unlock(tx, by, id)).await
}

pub async fn invite_again(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<UserId>,
    form: Form,
) -> Result<Response> {
    act(&app, &frame, id, &form, users::invite_again).await
}

pub async fn end_session(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<UserId>,
    form: Form,
) -> Result<Response> {
    let session = form.fields.text("session").parse().map(SessionId);
    let session = session.map_err(|_| Error::fault("session", FaultKind::Invalid, "is no session"))?;
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| users::end_session(tx, &by, id, session))
        .await?;
    Ok(page::lead(&path(id), Some(done)))
}
