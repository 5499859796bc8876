//! Customers from a file: found again by number, or without one by address; blanks in the file change nothing.

use crate::domain::actor::Actor;
use crate::domain::customer::Customer;
use crate::domain::customer::NewCustomer;
use crate::domain::event::EventType;
use crate::domain::id::CustomerId;
use crate::domain::import::Batch;
use crate::domain::import::ImportedCustomer;
use crate::domain::import::Tally;
use crate::domain::permission::Permission;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::customers::by_made_up;
use crate::shop::customers::tell;
use crate::shop::imports::note;
use crate::store;

/// What is to be done about a row.
enum Plan {
    Make(NewCustomer),
    Change(Box<Customer>),
    Leave,
}

/// Makes the customers of a batch, or brings them to what it says.
pub fn customers(tx: &Tx, by: &Actor, batch: &Batch<ImportedCustomer>) -> Result<Tally> {
    may(by)?;
    let mut tally = Tally::default();
    for row in &batch.rows {
        match plan(tx, &row.row)? {
            Plan::Make(new) => {
                make(tx, &new)?;
                tally.made += 1;
            }
            Plan::Change(customer) => {
                let customer = store::customers::update(tx, &customer)?;
                tell(tx, EventType::CustomerUpdated, &customer)?;
                tally.updated += 1;
            }
            Plan::Leave => tally.known += 1,
        }
    }
    note(tx, by, "customers", batch, &tally)?;
    Ok(tally)
}

/// What [`customers`] would do.
pub fn check_customers(db: &Snapshot, by: &Actor, batch: &Batch<ImportedCustomer>) -> Result<Tally> {
    may(by)?;
    let mut tally = Tally::default();
    for row in &batch.rows {
        match plan(db, &row.row)? {
            Plan::Make(_) => tally.made += 1,
            Plan::Change(_) => tally.updated += 1,
            Plan::Leave => tally.known += 1,
        }
    }
    Ok(tally)
}

fn may(by: &Actor) -> Result<()> {
    by.require(Permission::CustomersCreate)?;
    by.require(Permission::CustomersUpdate)?;
    Ok(())
}

fn plan(db: &Snapshot, row: &ImportedCustomer) -> Result<Plan> {
    let found = match (&row.number, &row.email) {
        (Some(number), _) => match store::customers::by_number(db, number)? {
            None => by_made_up(db, number)?.filter(|is| is.name == row.name() && is.email == row.email),
            found => found,
        },
        (None, Some(email)) => store::customers::by_email(db, email)?,
        (None, None) => None,
    };
    let country = row.country.map(|code| code.as_str().to_owned());
    let Some(mut customer) = found else {
        return Ok(Plan::Make(NewCustomer {
            user: None,
            number: row.number.clone(),
            name: row.name(),
            email: row.email.clone(),
            phone: row.phone.clone(),
            country,
            status: row.status,
            created_at: row.created_at,
        }));
    };
    let mut differs = false;
    let mut bring = |is: &mut Option<String>, told: Option<String>| {
        if told.is_some() && *is != told {
            *is = told;
            differs = true;
        }
    };
    bring(&mut customer.email, row.email.clone());
    bring(&mut customer.phone, row.phone.clone());
    bring(&mut customer.country, country);
    if let Some(status) = row.status.filter(|status| *status != customer.status) {
        customer.status = status;
        differs = true;
    }
    if let Some(name) = row.name.as_ref().filter(|name| **name != customer.name) {
        customer.name.clone_from(name);
        differs = true;
    }
    Ok(match differs {
        true => Plan::Change(Box::new(customer)),
        false => Plan::Leave,
    })
}

/// Makes a customer and tells.
pub(super) fn make(tx: &Tx, new: &NewCustomer) -> Result<CustomerId> {
    let customer = store::customers::insert(tx, new)?;
    tell(tx, EventType::CustomerCreated, &customer)?;
    Ok(customer.id)
}
