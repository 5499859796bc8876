//! The demo's catalogue, product by product from a table.

use crate::domain::id::VariantId;
use crate::domain::money::Currency;
use crate::domain::money::parse_money;
use crate::domain::product::NewProduct;
use crate::domain::product::NewVariant;
use crate::domain::text::Sku;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::catalogue;
use crate::shop::catalogue::Decision;
use crate::shop::catalogue::Verdict;
use crate::shop::demo::Crew;
use crate::shop::demo::fields;
use crate::shop::once::Once;
use crate::store;

const PRODUCTS: &str = include_str!("products.csv");
/// One product in so many of the sellers' still waits for approval.
const WAITING: usize = 19;

/// How many products there are.
pub(super) fn count() -> usize {
    PRODUCTS.lines().count() - 1
}

/// Makes every product; what can be bought of them.
pub(super) fn fill(tx: &Tx, crew: &Crew) -> Result<Vec<VariantId>> {
    let currency = store::settings::terms(tx)?.currency;
    let approval = Decision {
        verdict: Verdict::Approve,
        seen: None,
        reason: None,
    };
    let mut variants = Vec::new();
    for (at, row) in PRODUCTS.lines().skip(1).enumerate() {
        let [category, name, maker, stock, offers, description] = fields(row)?;
        let new = NewProduct {
            name: Some(name.to_owned()),
            category: Some(category.to_owned()),
            description: Some(description.to_owned()),
            variants: read_variants(at, (name, stock, offers), currency)?,
        };
        let maker = crew.makers.iter().find(|(key, _)| *key == maker);
        let (_, by) = maker.ok_or_else(|| Error::internal(format!("nobody makes {name}")))?;
        let product = match catalogue::create(tx, by, None, &new)? {
            Once::First(product) | Once::Again(product) => product,
        };
        let is_sellers = product.seller.is_some();
        if is_sellers && at % WAITING == WAITING - 1 {
            continue;
        }
        if is_sellers {
            catalogue::decide(tx, &crew.owner, product.id, &approval)?;
        }
        variants.extend(product.variants.iter().map(|variant| variant.id));
    }
    Ok(variants)
}

/// `18.00`, or `Moss=18.00|Ink=18.00`; the stock is shared out.
fn read_variants(
    at: usize,
    (name, stock, offers): (&str, &str, &str),
    currency: Currency,
) -> Result<Vec<NewVariant>> {
    let offers: Vec<&str> = offers.split('|').collect();
    let stock: i64 = stock.parse().unwrap_or(100);
    let each = stock / i64::try_from(offers.len()).unwrap_or(1);
    offers
        .iter()
        .enumerate()
        .map(|(number, offer)| {
            let (title, price) = match offer.split_once('=') {
                Some((title, price)) => (Some(title), price),
                None => (None, *offer),
            };
            Ok(NewVariant {
                sku: Some(sku(at, number, name)?),
                title: title.map(str::to_owned),
                price: Some(parse_money(price, currency).map_err(|bad| bad.at("price"))?),
                quantity: each,
                weight_g: None,
            })
        })
        .collect()
}

/// The first word of the name, the product's place in the table, and the variant's letter.
fn sku(at: usize, number: usize, name: &str) -> Result<Sku> {
    let word: String = name
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric())
        .collect::<String>()
        .to_uppercase();
    let letter = char::from(b'A' + u8::try_from(number % 26).unwrap_or(0));
    Sku::parse(&format!("{word}-{:03}{letter}", at + 1)).map_err(|bad| bad.at("sku").into())
}
