//! Rows of `settings`.

use rusqlite::OptionalExtension;
use rusqlite::named_params;

use crate::domain::settings;
use crate::domain::settings::Setting;
use crate::domain::settings::Settings;
use crate::domain::settings::Terms;
use crate::domain::time::Zone;
use crate::error::Error;
use crate::error::Result;
use crate::store::Snapshot;
use crate::store::Tx;

const VERSION: &str = "version";

/// What placing an order needs to know. (By position: on the path of every order.)
pub fn terms(db: &Snapshot) -> Result<Terms> {
    let terms = db
        .db()
        .prepare_cached(
            "SELECT
               (SELECT value FROM settings WHERE name = 'currency') AS currency,
               (SELECT value FROM settings WHERE name = 'tax_included') = '1' AS tax_included,
               CAST((SELECT value FROM settings WHERE name = 'number_base') AS INTEGER) AS number_base,
               (SELECT value FROM settings WHERE name = 'numbers_stored') = '1' AS numbers_stored,
               CAST(ifnull((SELECT value FROM settings WHERE name = 'stock.low_at'), '5') AS INTEGER) AS low_at,
               (SELECT value FROM settings WHERE name = 'selling.methods') = '1' AS has_methods,
               (SELECT value FROM settings WHERE name = 'selling.taxes') = '1' AS has_taxes,
               (SELECT value FROM settings WHERE name = 'selling.groups') = '1' AS has_groups",
        )?
        .query_row([], |row| {
            Ok(Terms {
                currency: row.get(0)?,
                tax_included: row.get(1)?,
                number_base: row.get(2)?,
                numbers_stored: row.get(3)?,
                low_at: row.get(4)?,
                has_methods: row.get(5)?,
                has_taxes: row.get(6)?,
                has_groups: row.get(7)?,
            })
        })?;
    Ok(terms)
}

/// The shop's settings that show.
pub fn get(db: &Snapshot) -> Result<Settings> {
    let zone = value(db, "time_zone")?.unwrap_or_else(|| "UTC".to_owned());
    Ok(Settings {
        terms: terms(db)?,
        name: value(db, "shop.name")?.unwrap_or_else(|| "Till".to_owned()),
        zone: Zone::parse(&zone)
            .map_err(|_| Error::internal(format!("the file's time zone {zone} is unknown")))?,
        is_demo: value(db, "demo")?.as_deref() == Some("1"),
    })
}

/// Whether the file holds nobody and nothing yet.
pub fn is_untouched(db: &Snapshot) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM users)
               AND NOT EXISTS (SELECT 1 FROM products)
               AND NOT EXISTS (SELECT 1 FROM customers)
               AND NOT EXISTS (SELECT 1 FROM orders) AS untouched",
        )?
        .query_row([], |row| row.get("untouched"))?)
}

/// Whether staff must have a second factor.
pub fn staff_needs_factor(db: &Snapshot) -> Result<bool> {
    flag(db, &settings::SECOND_FACTOR)
}

/// Sets whether staff must have a second factor.
pub fn set_staff_needs_factor(tx: &Tx, is_needed: bool) -> Result<()> {
    set(tx, settings::SECOND_FACTOR.row, if is_needed { "1" } else { "0" })
}

/// One value.
pub fn value(db: &Snapshot, name: &str) -> Result<Option<String>> {
    Ok(db
        .db()
        .prepare_cached("SELECT value FROM settings WHERE name = :name")?
        .query_row(named_params! { ":name": name }, |row| row.get("value"))
        .optional()?)
}

/// What a row says; what is usual where it says nothing of its kind.
pub fn text(db: &Snapshot, setting: &Setting) -> Result<Option<String>> {
    let said = value(db, setting.row)?.filter(|said| setting.kind.holds(said));
    Ok(said.or_else(|| setting.usual.map(str::to_owned)))
}

/// The same as a whole number.
pub fn whole(db: &Snapshot, setting: &Setting) -> Result<Option<i64>> {
    Ok(text(db, setting)?.and_then(|number| number.parse().ok()))
}

/// Whether a flag is up.
pub fn flag(db: &Snapshot, setting: &Setting) -> Result<bool> {
    Ok(text(db, setting)?.as_deref() == Some("1"))
}

/// How often the settings have been changed, from 1.
pub fn version(db: &Snapshot) -> Result<i64> {
    let said = value(db, VERSION)?.and_then(|text| text.parse().ok());
    Ok(said.unwrap_or(1))
}

/// One version on.
pub fn raise(tx: &Tx) -> Result<()> {
    set(tx, VERSION, &(version(tx)? + 1).to_string())
}

/// Whether anything stands in the file in the shop's currency: a price, an order, a credit note, an amount in a wallet, of
/// a coupon or of a way of sending.
pub fn has_prices(db: &Snapshot) -> Result<bool> {
    Ok(db
        .db()
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM variants WHERE price IS NOT NULL)
               OR EXISTS (SELECT 1 FROM orders)
               OR EXISTS (SELECT 1 FROM credit_notes)
               OR EXISTS (SELECT 1 FROM transfers)
               OR EXISTS (SELECT 1 FROM coupons)
               OR EXISTS (SELECT 1 FROM shipping_methods) AS has_prices",
        )?
        .query_row([], |row| row.get("has_prices"))?)
}

/// Sets one value.
pub fn set(tx: &Tx, name: &str, value: &str) -> Result<()> {
    tx.db()
        .prepare_cached(
            "INSERT INTO settings (name, value)
             VALUES (:name, :value)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(named_params! { ":name": name, ":value": value })?;
    Ok(())
}

/// Takes one value away.
pub fn unset(tx: &Tx, name: &str) -> Result<()> {
    tx.db()
        .prepare_cached("DELETE FROM settings WHERE name = :name")?
        .execute(named_params! { ":name": name })?;
    Ok(())
}
