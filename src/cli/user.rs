//! `till user`: users by the operator's hand, beside a running server too.

use std::fmt::Write;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::cli::Context;
use crate::domain::actor::Actor;
use crate::domain::id::UserId;
use crate::domain::password;
use crate::domain::password::Audience;
use crate::domain::text::Email;
use crate::domain::text::Username;
use crate::domain::user::NewUser;
use crate::domain::user::User as Person;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::Tx;
use crate::shop::factors;
use crate::shop::identity;
use crate::shop::passwords;
use crate::shop::users;

/// Make and change users.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Make a user.
    Create {
        /// The address.
        #[arg(long)]
        email: String,
        /// The name to sign in with.
        #[arg(long)]
        username: String,
        /// admin, staff, seller or customer.
        #[arg(long, default_value = "customer")]
        role: String,
        #[command(flatten)]
        password: Password,
    },
    /// Give a user another password, and end all its sessions.
    Passwd {
        /// The address.
        email: String,
        #[command(flatten)]
        password: Password,
    },
    /// Give a user another role, and end all its sessions.
    Role {
        /// The address.
        email: String,
        /// admin, staff, seller or customer.
        role: String,
    },
    /// Print a link by which a user sets a new password; it is good once, for 20 minutes.
    ResetLink {
        /// The address.
        email: String,
    },
    /// Take a lost second factor away, and end all the user's sessions.
    TotpReset {
        /// The address.
        email: String,
    },
    /// Keep a user out: end all its sessions, and revoke its API keys for good.
    Suspend {
        /// The address.
        email: String,
    },
    /// Let a user in again who was suspended or failed too often.
    Unlock {
        /// The address.
        email: String,
    },
    /// List the users.
    List,
}

/// What is done to a user who exists.
type Act = fn(&Tx, &Actor, UserId) -> Result<Person>;

/// Where a password comes from; never from the command line, which everybody on the machine can read.
#[derive(Debug, Args)]
pub struct Password {
    /// Read the password from the first line of standard input instead of asking twice.
    #[arg(long)]
    password_stdin: bool,
}

impl User {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        match self {
            Self::Create {
                email,
                username,
                role,
                password,
            } => create(context, &email, &username, role, &password)?,
            Self::Passwd { email, password } => passwd(context, email, &password)?,
            Self::Role { email, role } => {
                let store = context.store()?;
                let user = store.write(move |tx| identity::set_role(tx, &Actor::system(), &email, &role))?;
                tell(context, &user)?;
            }
            Self::ResetLink { email } => reset_link(context, email)?,
            Self::TotpReset { email } => act(context, email, factors::reset)?,
            Self::Suspend { email } => act(context, email, users::suspend)?,
            Self::Unlock { email } => act(context, email, users::unlock)?,
            Self::List => list(context)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn create(context: &Context, email: &str, username: &str, role: String, password: &Password) -> Result<()> {
    let email = Email::parse(email).map_err(|bad| bad.at("email"))?;
    let username = Username::parse(username).map_err(|bad| bad.at("username"))?;
    let store = context.store()?;
    let audience = store.read(|db| identity::audience(db, &role))?;
    let new = NewUser {
        password: password.hash(audience, &[email.as_str(), username.as_str()])?,
        username,
        email,
        name: None,
    };
    let user = store.write(move |tx| identity::create(tx, &Actor::system(), &new, &role))?;
    tell(context, &user)
}

fn passwd(context: &Context, email: String, password: &Password) -> Result<()> {
    let store = context.store()?;
    let user = store.read(|db| identity::find(db, &Actor::system(), &email))?;
    let audience = store.read(|db| identity::audience(db, &user.role_name))?;
    let hash = password.hash(audience, &[&user.email, &user.username])?;
    let user = store.write(move |tx| identity::set_password(tx, &Actor::system(), &email, &hash))?;
    tell(context, &user)
}

fn act(context: &Context, email: String, act: Act) -> Result<()> {
    let by = Actor::system();
    let user = context.store()?.write(move |tx| {
        let user = identity::find(tx, &by, &email)?;
        act(tx, &by, user.id)
    })?;
    tell(context, &user)
}

fn reset_link(context: &Context, email: String) -> Result<()> {
    let (by, keys) = (Actor::system(), context.keys()?);
    let made = context.store()?.write(move |tx| {
        let user = identity::find(tx, &by, &email)?;
        passwords::reset_link(tx, &by, &keys, user.id)
    })?;
    let url = made.url(&context.place());
    context.print(&url, &json!({ "link": url, "expires_at": made.expires_at }))
}

fn list(context: &Context) -> Result<()> {
    let users = context.store()?.read(|db| identity::list(db, &Actor::system()))?;
    let mut text = format!(
        "{:>6}  {:<20} {:<32} {:<10} {}",
        "id", "username", "email", "role", "status"
    );
    for user in &users {
        let _ = write!(
            text,
            "\n{:>6}  {:<20} {:<32} {:<10} {}",
            user.id.0,
            user.username,
            user.email,
            user.role_name,
            user.status.name()
        );
    }
    let json: Vec<Value> = users.iter().map(view).collect();
    context.print(text, &json!({ "users": json }))
}

fn tell(context: &Context, user: &Person) -> Result<()> {
    let text = format!(
        "user {} {} <{}> {}",
        user.id, user.username, user.email, user.role_name
    );
    context.print(text, &view(user))
}

fn view(user: &Person) -> Value {
    json!({
        "id": user.id, "username": user.username, "email": user.email, "role": user.role_name,
        "status": user.status.name(), "created_at": user.created_at,
    })
}

impl Password {
    /// Takes a password that is good for its user, and hashes it.
    fn hash(&self, audience: Audience, about: &[&str]) -> Result<String> {
        let given = match self.password_stdin {
            true => first_line()?,
            false => ask()?,
        };
        password::check(&given, audience, about).map_err(|bad| bad.at("password"))?;
        secret::hash_password(&given)
    }
}

fn first_line() -> Result<String> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|cause| Error::Internal(cause.into()))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks on the terminal, twice, without showing what is typed.
fn ask() -> Result<String> {
    if !std::io::stdin().is_terminal() {
        return Err(Error::internal(
            "there is no terminal to ask on: give --password-stdin",
        ));
    }
    let prompt = |words| rpassword::prompt_password(words).map_err(|cause| Error::Internal(cause.into()));
    let first = prompt("Password: ")?;
    match first == prompt("Once more: ")? {
        true => Ok(first),
        false => Err(Error::internal("the two passwords are not the same")),
    }
}
