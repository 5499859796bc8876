//! Users by those who look after them: listed, invited, given roles, kept out and let in. Nobody lays hands on a user, or
//! gives a role, that may more than they.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::RoleId;
use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::domain::link::Purpose;
use crate::domain::mail::NewMail;
use crate::domain::mail::Template;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::domain::touched::Touched;
use crate::domain::user::NewUser;
use crate::domain::user::Profile;
use crate::domain::user::User;
use crate::domain::user::UserFilter;
use crate::domain::user::UserStatus;
use crate::error::Error;
use crate::error::Result;
use crate::secret::Keys;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::api_keys;
use crate::shop::audit;
use crate::shop::customers;
use crate::shop::identity;
use crate::shop::links;
use crate::shop::links::NewLink;
use crate::shop::login;
use crate::shop::mails;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::sessions;
use crate::shop::step_up;
use crate::shop::version;
use crate::store;

/// A user as it is shown.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    id: UserId,
    username: String,
    email: String,
    email_verified: bool,
    name: Option<String>,
    role: String,
    #[schema(value_type = UserStatus)]
    status: &'static str,
    totp: bool,
    created_at: Timestamp,
    version: i64,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            username: user.username,
            email: user.email,
            email_verified: user.email_verified,
            name: user.name,
            role: user.role_name,
            status: user.status.name(),
            totp: user.has_factor,
            created_at: user.created_at,
            version: user.version,
        }
    }
}

/// One page of users, newest first.
pub fn list(db: &Snapshot, by: &Actor, filter: &UserFilter, paging: &Paging) -> Result<Page<User>> {
    by.require(Permission::UsersRead)?;
    store::users::page(db, filter, paging)
}

/// One user.
pub fn show(db: &Snapshot, by: &Actor, id: UserId) -> Result<User> {
    by.require(Permission::UsersRead)?;
    store::users::get(db, id)
}

/// Invites somebody: a user without a password, and a mail with the link by which it is chosen. Needs a step-up.
///
/// Refused with `Forbidden` where the role may more than the caller, with `AlreadyExists` if the name or the address is
/// taken.
pub fn invite(
    tx: &Tx,
    by: &Actor,
    keys: &Keys,
    key: Option<&Key>,
    (new, role): (&NewUser, &str),
) -> Result<Once<User>> {
    by.require(Permission::UsersCreate)?;
    let (role_id, _) = identity::role_of(tx, role)?;
    by.require_all(store::users::rights(tx, role_id)?)?;
    once(
        tx,
        key,
        Made::User,
        |id| store::users::get(tx, UserId(id)),
        || {
            step_up::require(tx, by)?;
            let user = identity::insert(tx, by, new, role, UserStatus::Invited, Action::UserCreated)?;
            send(tx, by, keys, &user)?;
            audit::note(tx, by, Action::UserInvited, on(user.id), None, None)?;
            Ok((user.id.0, user))
        },
    )
}

/// Sends the invitation again; the link before it is good no more. Needs a step-up.
///
/// Refused with `NotAllowed` for somebody who has come in.
pub fn invite_again(tx: &Tx, by: &Actor, keys: &Keys, id: UserId) -> Result<User> {
    by.require(Permission::UsersCreate)?;
    let user = within_reach(tx, by, id)?;
    if user.status != UserStatus::Invited {
        return Err(Refusal::NotAllowed("This user has no invitation open.".into()).into());
    }
    step_up::require(tx, by)?;
    send(tx, by, keys, &user)?;
    audit::note(tx, by, Action::UserInvited, on(id), None, None)?;
    Ok(user)
}

fn send(tx: &Tx, by: &Actor, keys: &Keys, user: &User) -> Result<()> {
    let link = links::make(tx, by, keys, &NewLink::Invitation(user.id))?;
    let mail = NewMail {
        template: Template::Invitation,
        recipient: &user.email,
        user: Some(user.id),
        facts: serde_json::json!({ "username": user.username, "role": user.role_name }).to_string(),
    };
    mails::queue_with_link(tx, keys, &mail, &link).map(|_| ())
}

/// Whose invitation a link is; nothing is used up. Refused with `Fields` (`token`) if it is not good.
pub fn invited(db: &Snapshot, keys: &Keys, token: &str, now: Timestamp) -> Result<User> {
    let link = links::look(db, keys, Purpose::Invitation, token, now)?;
    let user = link.user.map(|user| store::users::get(db, user)).transpose()?;
    user.filter(|user| user.status == UserStatus::Invited)
        .ok_or_else(links::spent)
}

/// Lets the invited user in with a password of its own (already hashed). The link is used up; it has proved the address
/// that it was sent to.
pub fn accept(tx: &Tx, by: &Actor, keys: &Keys, token: &str, password: &str) -> Result<User> {
    let user = invited(tx, keys, token, tx.now)?;
    links::take(tx, keys, Purpose::Invitation, token)?;
    store::users::admit(tx, user.id, password)?;
    let user = store::users::get(tx, user.id)?;
    if user.role_name == identity::CUSTOMER {
        customers::of(tx, &user)?;
    }
    customers::claim(tx, user.id, &user.email)?;
    tx.touch(Touched::Sessions);
    let who = Actor {
        user: Some(user.id),
        kind: ActorKind::User,
        ..by.clone()
    };
    audit::note(tx, &who, Action::InvitationAccepted, on(user.id), None, None)?;
    Ok(user)
}

/// Every role, for whoever gives them.
pub fn roles(db: &Snapshot, by: &Actor) -> Result<Vec<Role>> {
    by.require(Permission::UsersRead)?;
    store::roles::all(db)
}

/// Ends one session of a user. Refused with `NotFound` if it is not one of that user's.
pub fn end_session(tx: &Tx, by: &Actor, id: UserId, session: SessionId) -> Result<()> {
    by.require(Permission::UsersUpdate)?;
    let user = within_reach(tx, by, id)?;
    let found = store::sessions::find(tx, session)?;
    match found.is_some_and(|found| found.user == user.id) {
        true => sessions::revoke_any(tx, by, session),
        false => Err(Error::NotFound("session")),
    }
}

/// Ends a session, whosever it is among those within the caller's reach.
pub fn end_any_session(tx: &Tx, by: &Actor, session: SessionId) -> Result<()> {
    by.require(Permission::UsersUpdate)?;
    let found = store::sessions::find(tx, session)?.ok_or(Error::NotFound("session"))?;
    end_session(tx, by, found.user, session)
}

/// What is to change of a user; what is not named stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The role, by name. Ends every session and needs a step-up.
    pub role: Option<String>,
    /// A person's name; `None` empties it.
    pub name: Option<Option<String>>,
}

/// Changes a user's role, name or both.
///
/// Refused with `Stale` if it is no longer at the version that was seen, with `NotAllowed` for the last active admin.
pub fn update(tx: &Tx, by: &Actor, id: UserId, seen: Option<i64>, change: &UserChange) -> Result<User> {
    by.require(Permission::UsersUpdate)?;
    let user = within_reach(tx, by, id)?;
    version::require(seen, user.version, || UserView::from(user.clone()))?;
    if let Some(name) = &change.name
        && *name != user.name
    {
        let change = Profile {
            name: Some(name.clone()),
            ..Profile::default()
        };
        store::users::update_profile(tx, id, &change)?;
        let former = serde_json::json!({ "name": user.name }).to_string();
        audit::note(tx, by, Action::UserUpdated, on(id), None, Some(&former))?;
    }
    if let Some(role) = &change.role {
        set_role(tx, by, &user, role)?;
    }
    store::users::get(tx, id)
}

fn set_role(tx: &Tx, by: &Actor, user: &User, role: &str) -> Result<()> {
    let (role, _) = identity::role_of(tx, role)?;
    if role == user.role {
        return Ok(());
    }
    by.require_all(store::users::rights(tx, role)?)?;
    step_up::require(tx, by)?;
    give_role(tx, by, user, role)
}

/// Gives a user another role; its sessions, tokens and links end.
///
/// Refused with `NotAllowed` for the last active admin.
pub(super) fn give_role(tx: &Tx, by: &Actor, user: &User, role: RoleId) -> Result<()> {
    if role != user.role {
        keep_an_admin(tx, user)?;
    }
    store::users::set_role(tx, user.id, role)?;
    links::void(tx, user.id)?;
    tx.touch(Touched::Sessions);
    let former = serde_json::json!({ "role": user.role_name }).to_string();
    audit::note(tx, by, Action::RoleChanged, on(user.id), None, Some(&former))
}

/// Refused with `NotAllowed` if this is the last active admin.
fn keep_an_admin(tx: &Tx, user: &User) -> Result<()> {
    let is_last = user.role_name == "admin"
        && user.status == UserStatus::Active
        && store::users::active_with_role(tx, user.role)? <= 1;
    match is_last {
        true => Err(Refusal::NotAllowed("The last active admin stays one.".into()).into()),
        false => Ok(()),
    }
}

/// Keeps a user out: every session, token and link of it ends at once, and its API keys are revoked for good.
///
/// Refused with `NotAllowed` for the last active admin, and for somebody who is kept out already.
pub fn suspend(tx: &Tx, by: &Actor, id: UserId) -> Result<User> {
    by.require(Permission::UsersUpdate)?;
    let user = within_reach(tx, by, id)?;
    if user.status == UserStatus::Suspended {
        return Err(Refusal::NotAllowed("This user is suspended already.".into()).into());
    }
    keep_an_admin(tx, &user)?;
    links::void(tx, id)?;
    api_keys::revoke_all(tx, by, id)?;
    set_status(tx, by, &user, UserStatus::Suspended, Action::UserSuspended)
}

/// Lets a user in again: failed sign-ins are forgotten, and who was suspended is active; who had never come in is invited.
pub fn unlock(tx: &Tx, by: &Actor, id: UserId) -> Result<User> {
    by.require(Permission::UsersUpdate)?;
    let user = within_reach(tx, by, id)?;
    login::unlock(tx, &user)?;
    match user.status {
        UserStatus::Suspended => {
            let status = match user.password == NO_PASSWORD {
                true => UserStatus::Invited,
                false => UserStatus::Active,
            };
            set_status(tx, by, &user, status, Action::UserUnlocked)
        }
        UserStatus::Active | UserStatus::Invited => {
            audit::note(tx, by, Action::UserUnlocked, on(id), None, None)?;
            Ok(user)
        }
    }
}

/// No password has this hash: its owner cannot sign in.
pub const NO_PASSWORD: &str = "!";

fn set_status(tx: &Tx, by: &Actor, user: &User, status: UserStatus, action: Action) -> Result<User> {
    store::users::set_status(tx, user.id, status)?;
    tx.touch(Touched::Sessions);
    let former = serde_json::json!({ "status": user.status }).to_string();
    audit::note(tx, by, action, on(user.id), None, Some(&former))?;
    store::users::get(tx, user.id)
}

/// The user, unless it may more than the caller: then refused with `Forbidden`.
fn within_reach(tx: &Tx, by: &Actor, id: UserId) -> Result<User> {
    let user = store::users::get(tx, id)?;
    by.require_all(store::users::rights(tx, user.role)?)?;
    Ok(user)
}

const fn on(id: UserId) -> (Target, Option<i64>) {
    (Target::User, Some(id.0))
}
