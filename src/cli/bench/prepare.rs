//! The file that is measured: products, users with their customers and sessions, and a million orders by the real verb.
//! What is there already is kept, so that a folder serves many runs.

use std::io::Read;
use std::path::Path;

use crate::cli::bench::checkout;
use crate::cli::bench::plan::Caller;
use crate::cli::bench::requests::Dice;
use crate::cli::bench::sales;
use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::domain::actor::Actor;
use crate::domain::actor::ActorKind;
use crate::domain::actor::Origin;
use crate::domain::customer::CustomerFields;
use crate::domain::id::UserId;
use crate::domain::id::VariantId;
use crate::domain::money::Money;
use crate::domain::new_order::Details;
use crate::domain::new_order::ItemRef;
use crate::domain::new_order::NewLine;
use crate::domain::new_order::NewOrder;
use crate::domain::order::Channel;
use crate::domain::payment::Provider;
use crate::domain::permission::Rights;
use crate::domain::product::MOST_STOCK;
use crate::domain::product::NewProduct;
use crate::domain::product::NewVariant;
use crate::domain::text::Email;
use crate::domain::text::Sku;
use crate::domain::text::Username;
use crate::domain::time;
use crate::domain::user::NewUser;
use crate::domain::user::SessionKind;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::shop::Options;
use crate::shop::Store;
use crate::shop::Tx;
use crate::shop::catalogue;
use crate::shop::customers;
use crate::shop::identity;
use crate::shop::mails;
use crate::shop::once::Key;
use crate::shop::orders;
use crate::shop::search;
use crate::shop::sessions;
use crate::shop::sessions::Device;
use crate::shop::sums;
use crate::store;

/// Different products to order.
pub const PRODUCTS: i64 = 100_000;
/// Customers, each with a user.
pub const CUSTOMERS: i64 = 20_000;
/// With those that nobody has signed up, where they are searched for.
pub const PEOPLE: i64 = 200_000;
/// They have so many different family names.
pub const FAMILIES: i64 = 500;
/// Orders are spread over so many days before today.
const DAYS: i64 = 700;
/// Rows a transaction.
const CHUNK: i64 = 500;
const STAFF: &str = "bench-staff";

/// Makes what is missing on the folder.
pub fn prepare(dir: &Path, orders: i64) -> Result<()> {
    store::make_dir(dir)?;
    let keys = Keys::load(dir, None)?;
    let clock = Clock::set_at(Clock::System.now().minus_ms(DAYS * time::DAY));
    let store = Store::serve(Options::new(dir, clock.clone(), keys.audit))?;
    let watch = Stopwatch::start();
    store.write(store::bench::keep_all)?;
    checkout::strip(&store)?;
    let made = users(&store)? | products(&store)? | pay(&store)? | place(&store, &clock, orders)?;
    settle(&store)?;
    store.close()?;
    if made {
        eprintln!("prepared in {:.0} s", watch.seconds());
    }
    Ok(())
}

/// Reads the file once, so that the system's cache holds it; its size in bytes.
pub fn warm(dir: &Path) -> Result<u64> {
    let trouble = |cause| Error::Internal(Box::new(cause));
    let mut file = std::fs::File::open(dir.join("till.db")).map_err(trouble)?;
    let mut piece = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        match file.read(&mut piece).map_err(trouble)? {
            0 => return Ok(size),
            read => size += read as u64,
        }
    }
}

fn users(store: &Store) -> Result<bool> {
    let there = store.read(store::bench::customers)?;
    if there >= CUSTOMERS {
        return Ok(false);
    }
    let hash = secret::hash_password("walrus tusk 9 of ten")?;
    let staff = new_user(STAFF, &hash)?;
    store.write(move |tx| identity::create(tx, &Actor::system(), &staff, "staff"))?;
    for first in (there..CUSTOMERS).step_by(CHUNK as usize) {
        let new: Vec<NewUser> = (first..(first + CHUNK).min(CUSTOMERS))
            .map(|number| new_user(&format!("buyer{:05}", number + 1), &hash))
            .collect::<Result<_>>()?;
        store.write(move |tx| {
            new.iter()
                .try_for_each(|new| identity::sign_up(tx, &Actor::system(), new).map(drop))
        })?;
    }
    eprintln!("{CUSTOMERS} customers");
    Ok(true)
}

/// Makes customers who do not sign in, until there are as many as are searched.
pub fn people(store: &Store) -> Result<()> {
    let there = store.read(store::bench::customers)?;
    for first in (there..PEOPLE).step_by(CHUNK as usize) {
        let last = (first + CHUNK).min(PEOPLE);
        store.write(move |tx| (first..last).try_for_each(|number| person(tx, number + 1 - CUSTOMERS)))?;
    }
    if there < PEOPLE {
        eprintln!("{PEOPLE} customers");
    }
    settle(store)
}

fn person(tx: &Tx, number: i64) -> Result<()> {
    let asked = CustomerFields {
        name: Some(format!(
            "Given{} Family{} Person{number}",
            number % 1000,
            number % FAMILIES + 1
        )),
        email: Some(Some(format!("person{number}@bench.test"))),
        country: Some(Some("GB".to_owned())),
        ..CustomerFields::default()
    };
    customers::create(tx, &Actor::system(), None, &asked).map(drop)
}

fn new_user(name: &str, hash: &str) -> Result<NewUser> {
    Ok(NewUser {
        username: Username::parse(name).map_err(|bad| bad.at("username"))?,
        email: Email::parse(&format!("{name}@bench.test")).map_err(|bad| bad.at("email"))?,
        name: None,
        password: hash.to_owned(),
    })
}

fn products(store: &Store) -> Result<bool> {
    let there = store.read(store::bench::variants)?;
    for first in (there..PRODUCTS).step_by(CHUNK as usize) {
        let last = (first + CHUNK).min(PRODUCTS);
        store.write(move |tx| {
            (first + 1..=last).try_for_each(|number| {
                let name = format!("Product {number} of the bench");
                create(tx, &format!("B{number:06}"), &name, 100 + number % 10_000)
            })
        })?;
    }
    if there < PRODUCTS {
        eprintln!("{PRODUCTS} products");
    }
    Ok(there < PRODUCTS)
}

fn create(tx: &Tx, sku: &str, name: &str, price: i64) -> Result<()> {
    let new = NewProduct {
        name: Some(name.to_owned()),
        category: None,
        description: None,
        variants: vec![NewVariant {
            sku: Some(Sku::parse(sku).map_err(|bad| bad.at("sku"))?),
            title: None,
            price: Money::new(price),
            quantity: MOST_STOCK,
            weight_g: None,
        }],
    };
    catalogue::create(tx, &Actor::system(), None, &new).map(drop)
}

/// Places what is missing of the orders, a chunk a transaction, and lets most of them be delivered.
fn place(store: &Store, clock: &Clock, wanted: i64) -> Result<bool> {
    let there = store.read(store::bench::marks)?.orders;
    let users = std::sync::Arc::new(store.read(store::bench::buyers)?);
    for first in (there..wanted).step_by(CHUNK as usize) {
        let last = (first + CHUNK).min(wanted);
        let users = std::sync::Arc::clone(&users);
        store.write(move |tx| {
            let mut dice = Dice::new(first.unsigned_abs());
            for _ in first..last {
                let user = users[dice.upto(users.len() as i64) as usize - 1];
                place_one(tx, &mut dice, user)?;
            }
            store::bench::age_orders(tx, first)
        })?;
        clock.pass(DAYS * time::DAY / (wanted / CHUNK).max(1));
        if last % 100_000 == 0 {
            eprintln!("{last} orders");
        }
    }
    Ok(there < wanted)
}

/// Pays for the orders of a file that was prepared when they were only said to be paid.
fn pay(store: &Store) -> Result<bool> {
    const AT_ONCE: i64 = 20_000;
    if !store.read(store::bench::is_unpaid)? {
        return Ok(false);
    }
    let last = store.read(store::bench::marks)?.orders;
    // The first hundred tell whether it has been done: they come last.
    for chunk in (0..=last / AT_ONCE).rev() {
        let first = chunk * AT_ONCE;
        store.write(move |tx| store::bench::pay_for(tx, (first, first + AT_ONCE)))?;
    }
    Ok(true)
}

fn place_one(tx: &Tx, dice: &mut Dice, user: UserId) -> Result<()> {
    let by = Actor {
        kind: ActorKind::User,
        user: Some(user),
        session: None,
        key: None,
        order: None,
        rights: Rights::NONE,
        is_staff: false,
        needs_factor: false,
        origin: Origin::default(),
    };
    let new = NewOrder {
        lines: (0..3)
            .map(|_| NewLine {
                item: ItemRef::Variant(VariantId(dice.upto(PRODUCTS))),
                quantity: dice.upto(3),
                price: None,
            })
            .collect(),
        customer: None,
        total_price: None,
        details: Details::plain(Provider::Manual, Channel::Api),
    };
    let key = Key::new(&by, "POST /orders", &uuid::Uuid::now_v7().to_string(), b"bench");
    orders::place(tx, &by, Some(&key), &new).map(drop)
}

/// Makes what a file of sales names and the shop does not have.
pub fn shelves(store: &Store, file: &Path) -> Result<()> {
    let names: std::collections::BTreeSet<String> = sales::read(file)?
        .into_iter()
        .flat_map(|sale| sale.lines)
        .map(|sold| sold.sku)
        .collect();
    store.write(move |tx| {
        for sku in &names {
            if store::products::offer_by_sku(tx, sku)?.is_none() {
                create(tx, sku, sku, 100)?;
            }
        }
        Ok(())
    })
}

/// Lets all that is derived see every order, so that the worker has nothing left to do: the search's index, mails, sums.
pub fn settle(store: &Store) -> Result<()> {
    const STEPS: usize = 20;
    while store.read(search::is_behind)? {
        store.write(|tx| (0..STEPS).try_for_each(|_| search::catch_up(tx)))?;
    }
    while store.read(mails::is_behind)? {
        store.write(|tx| (0..STEPS).try_for_each(|_| mails::catch_up(tx).map(drop)))?;
    }
    while let Some(due) = store.read(|db| sums::due(db, Clock::System.now()))? {
        store.write(move |tx| sums::keep(tx, &due))?;
    }
    Ok(())
}

/// Signs in so many customers, each on a session of its own.
pub fn sign_in_customers(store: &Store, count: usize) -> Result<Vec<Caller>> {
    let users = store.read(store::bench::buyers)?;
    let chosen: Vec<UserId> = users.into_iter().take(count).collect();
    sign_in(store, chosen)
}

/// Signs in the staff of the bench so many times.
pub fn sign_in_staff(store: &Store, count: usize) -> Result<Vec<Caller>> {
    let staff = store
        .read(|db| store::users::find_by_username(db, STAFF))?
        .ok_or_else(|| Error::internal("this file has not been prepared for the bench"))?;
    sign_in(store, vec![staff.id; count])
}

fn sign_in(store: &Store, users: Vec<UserId>) -> Result<Vec<Caller>> {
    store.write(move |tx| {
        users
            .iter()
            .map(|user| {
                let user = store::users::get(tx, *user)?;
                let device = Device::default();
                let opened = sessions::open(tx, &Actor::system(), &user, SessionKind::Token, &device)?;
                Ok(Caller {
                    user: user.id.0,
                    session: opened.session.0,
                    role: user.role_name,
                    epoch: user.token_epoch,
                })
            })
            .collect()
    })
}
