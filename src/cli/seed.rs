//! `till seed --demo`: an empty file becomes a shop of examples.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::cli::Context;
use crate::clock::Clock;
use crate::domain::actor::Actor;
use crate::error::Result;
use crate::secret;
use crate::shop::Options;
use crate::shop::Store;
use crate::shop::demo;
use crate::shop::demo::Passwords;
use crate::shop::demo::Seeded;

/// The password of the demo's accounts, which everybody knows.
const DEMO_PASSWORD: &str = "demotest";

/// Fill an empty file with a shop of examples.
#[derive(Debug, Args)]
pub struct Seed {
    /// The shop of examples: products, customers and two months of orders.
    #[arg(long, required = true)]
    demo: bool,
}

impl Seed {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        let store = Store::serve(Options::new(&context.data, Clock::System, context.keys()?.audit))?;
        let seeded = demo(&store);
        store.close()?;
        let (seeded, owner) = seeded?;
        let text = format!(
            "{} products, {} customers, {} orders\n{}",
            seeded.products,
            seeded.customers,
            seeded.orders,
            accounts(&owner)
        );
        let json = json!({ "seeded": seeded, "owner": { "username": "owner", "password": owner } });
        context.print(text, &json)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Fills the file behind `store`; what was made, and the owner's password, which is this file's alone.
pub fn demo(store: &Store) -> Result<(Seeded, String)> {
    let owner = secret::to_text(&secret::random::<12>()?);
    let passwords = Passwords {
        owner: secret::hash_password(&owner)?,
        demo: secret::hash_password(DEMO_PASSWORD)?,
    };
    let seeded = store.write(move |tx| demo::seed(tx, &Actor::system(), &passwords))?;
    Ok((seeded, owner))
}

/// Who can sign in, for the operator.
pub fn accounts(owner: &str) -> String {
    format!(
        "sign in as owner with {owner}\n\
         or as demo (seller) or demo2 (customer) with {DEMO_PASSWORD}"
    )
}
