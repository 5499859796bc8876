//! A shop of examples: Marlpit, which sells paper, pots and useful things. Its two months of orders are made by the same
//! verbs as real ones, in one transaction, the same choices at each seeding; only the days move with the day of seeding.

mod dice;
mod history;
mod stock;

use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::UserId;
use crate::domain::money::RawAmount;
use crate::domain::permission::Rights;
use crate::domain::refusal::Refusal;
use crate::domain::text::Email;
use crate::domain::text::Username;
use crate::domain::time::DAY;
use crate::domain::user::NewUser;
use crate::domain::user::User;
use crate::domain::wallet::NewTransfer;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::identity;
use crate::shop::mails;
use crate::shop::users::NO_PASSWORD;
use crate::shop::wallets;
use crate::store;

const PEOPLE: &str = include_str!("people.csv");
/// How long ago the shop opened.
const AGE: i64 = 61 * DAY;
/// What `demo2` has in the wallet.
const POCKET: &str = "60.00";
/// What some of the others have, by their places on the list.
const POCKETS: [(usize, &str); 5] = [
    (2, "25.00"),
    (5, "150.00"),
    (9, "12.50"),
    (14, "40.00"),
    (21, "8.20"),
];

/// The hashes of the passwords of those who can sign in.
#[derive(Debug, Clone)]
pub struct Passwords {
    /// The owner's: made for this file.
    pub owner: String,
    /// Of `demo` and `demo2`: known to everybody.
    pub demo: String,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Seeded {
    pub products: usize,
    pub customers: usize,
    pub orders: usize,
}

/// Who runs the shop.
struct Crew {
    owner: Actor,
    staff: Actor,
    makers: Vec<(&'static str, Actor)>,
}

/// Someone who buys, and where they live.
struct Buyer {
    by: Actor,
    name: String,
    line1: String,
    city: String,
    postcode: String,
}

/// Fills a file in which nothing has happened, and marks it as a demo for good.
///
/// Refused with `NotAllowed` if somebody has used the file.
pub fn seed(tx: &Tx, by: &Actor, passwords: &Passwords) -> Result<Seeded> {
    by.require(crate::domain::permission::Permission::SystemManage)?;
    if !store::settings::is_untouched(tx)? {
        let words = "The file is not empty: a demo needs one of its own.";
        return Err(Refusal::NotAllowed(words.into()).into());
    }
    let opened = tx.now.minus_ms(AGE + tx.now.ms().rem_euclid(DAY));
    let (crew, buyers, variants) = tx.dated(opened, |tx| {
        settle(tx, by)?;
        let crew = hire(tx, by, passwords)?;
        let buyers = invite(tx, by, passwords)?;
        let variants = stock::fill(tx, &crew)?;
        Ok((crew, buyers, variants))
    })?;
    let orders = history::live(tx, opened, &crew, &buyers, &variants)?;
    mails::leave_out(tx)?;
    Ok(Seeded {
        products: stock::count(),
        customers: buyers.len(),
        orders,
    })
}

fn settle(tx: &Tx, by: &Actor) -> Result<()> {
    for (name, value) in [
        ("currency", "GBP"),
        ("time_zone", "Europe/London"),
        ("demo", "1"),
        ("shop.name", "Marlpit"),
        ("wallet.deposits", "open"),
        ("wallet.withdrawals", "open"),
    ] {
        store::settings::set(tx, name, value)?;
    }
    store::settings::set_staff_needs_factor(tx, false)?;
    audit::note(tx, by, Action::Seeded, (Target::File, None), None, None)
}

fn hire(tx: &Tx, by: &Actor, passwords: &Passwords) -> Result<Crew> {
    let make = |username: &str, email: &str, name: &str, password: &str, role: &str| {
        let user = identity::create(tx, by, &new_user(username, email, name, password)?, role)?;
        actor(tx, &user)
    };
    let owner = make(
        "owner",
        "owner@marlpit.example",
        "Judith Marl",
        &passwords.owner,
        "admin",
    )?;
    let staff = make(
        "jonah",
        "jonah@marlpit.example",
        "Jonah Speke",
        NO_PASSWORD,
        "staff",
    )?;
    let orla = make("demo", "demo@demo.com", "Orla Finch", &passwords.demo, "seller")?;
    let mut makers = vec![("orla", orla), ("marlpit", owner.clone())];
    for (key, name) in [
        ("hollin", "Hollin Pottery"),
        ("teme", "Teme Street Press"),
        ("corve", "Corve Candles"),
    ] {
        let email = format!("{key}@marlpit.example");
        makers.push((key, make(key, &email, name, NO_PASSWORD, "seller")?));
    }
    Ok(Crew { owner, staff, makers })
}

/// Everybody on the list, and `demo2` last.
fn invite(tx: &Tx, by: &Actor, passwords: &Passwords) -> Result<Vec<Buyer>> {
    let mut buyers = Vec::new();
    for row in PEOPLE.lines().skip(1) {
        let [name, line1, city, postcode] = fields(row)?;
        let username = name.to_lowercase().replace(' ', ".");
        let email = format!("{username}@example.com");
        let new = new_user(&username, &email, name, NO_PASSWORD)?;
        buyers.push(buyer(tx, by, &new, [name, line1, city, postcode])?);
    }
    let new = new_user("demo2", "demo2@demo.com", "Demo Buyer", &passwords.demo)?;
    let home = ["Demo Buyer", "9 Corve Yard", "Ludlow", "SY8 1DA"];
    let demo = buyer(tx, by, &new, home)?;
    for (at, amount) in POCKETS {
        if let Some(buyer) = buyers.get(at) {
            fill(tx, buyer, amount)?;
        }
    }
    fill(tx, &demo, POCKET)?;
    buyers.push(demo);
    Ok(buyers)
}

/// Pays into a buyer's wallet.
fn fill(tx: &Tx, buyer: &Buyer, amount: &str) -> Result<()> {
    let pocket = NewTransfer {
        amount: RawAmount::new(amount),
        user: None,
        reason: None,
    };
    wallets::deposit(tx, &buyer.by, None, &pocket).map(|_| ())
}

fn buyer(tx: &Tx, by: &Actor, new: &NewUser, [name, line1, city, postcode]: [&str; 4]) -> Result<Buyer> {
    let user = identity::sign_up(tx, by, new)?;
    Ok(Buyer {
        by: actor(tx, &user)?,
        name: name.to_owned(),
        line1: line1.to_owned(),
        city: city.to_owned(),
        postcode: postcode.to_owned(),
    })
}

fn new_user(username: &str, email: &str, name: &str, password: &str) -> Result<NewUser> {
    Ok(NewUser {
        username: Username::parse(username).map_err(|bad| bad.at("username"))?,
        email: Email::parse(email).map_err(|bad| bad.at("email"))?,
        name: Some(name.to_owned()),
        password: password.to_owned(),
    })
}

/// The user with the rights of its role.
fn actor(tx: &Tx, user: &User) -> Result<Actor> {
    let rights: Rights = store::users::rights(tx, user.role)?;
    Ok(Actor {
        kind: ActorKind::User,
        user: Some(UserId(user.id.0)),
        rights,
        is_staff: user.role_is_staff,
        ..Actor::system()
    })
}

/// The fields of a row of our own data, which knows no quotes.
fn fields<const N: usize>(row: &str) -> Result<[&str; N]> {
    let fields: Vec<&str> = row.splitn(N, ';').collect();
    fields
        .try_into()
        .map_err(|_| Error::internal(format!("a row of the demo has not {N} fields: {row}")))
}
