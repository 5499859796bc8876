//! `till user`: users by the operator's hand, beside a running server too.

use std::process::ExitCode;

use clap::Subcommand;

use crate::cli::Context;
use crate::domain::actor::Actor;
use crate::domain::password;
use crate::domain::text::Email;
use crate::domain::text::Username;
use crate::domain::user::NewUser;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::shop::identity;

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
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
}

impl User {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        let Self::Create {
            email,
            username,
            role,
            ..
        } = self;
        let mut password = String::new();
        std::io::stdin()
            .read_line(&mut password)
            .map_err(|cause| Error::Internal(cause.into()))?;
        let password = password.trim_end_matches(['\r', '\n']);
        let email = Email::parse(&email).map_err(|bad| bad.at("email"))?;
        let username = Username::parse(&username).map_err(|bad| bad.at("username"))?;
        let audience = match role.as_str() {
            "admin" | "staff" => password::Audience::Staff,
            _ => password::Audience::Customer,
        };
        password::check(password, audience, &[email.as_str(), username.as_str()])
            .map_err(|bad| bad.at("password"))?;
        let new = NewUser {
            username,
            email,
            name: None,
            password: secret::hash_password(password)?,
        };
        let store = context.store()?;
        let user = store.write(move |tx| identity::create(tx, &Actor::system(), &new, &role))?;
        let text = format!(
            "user {} {} <{}> {}",
            user.id, user.username, user.email, user.role_name
        );
        let json = serde_json::json!({
            "id": user.id, "username": user.username, "email": user.email, "role": user.role_name,
        });
        context.print(text, &json)?;
        Ok(ExitCode::SUCCESS)
    }
}
