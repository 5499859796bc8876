//! A product of Shopify's: what its first row says of it, and a variant for each row that is one.

use std::collections::HashMap;

use crate::domain::fault::Bad;
use crate::domain::image::MOST_ALT;
use crate::domain::import::Fields;
use crate::domain::import::ImportedImage;
use crate::domain::import::ImportedProduct;
use crate::domain::import::ImportedVariant;
use crate::domain::import::Numbered;
use crate::domain::import::StockTold;
use crate::domain::import::fields::Reading;
use crate::domain::import::fields::whole;
use crate::domain::import::reasons;
use crate::domain::import::shopify::Layout;
use crate::domain::import::shopify::Wrong;
use crate::domain::import::shopify::amount;
use crate::domain::import::shopify::flag;
use crate::domain::import::shopify::pick;
use crate::domain::import::shopify::tells;
use crate::domain::money::Currency;
use crate::domain::product::MOST_STOCK;
use crate::domain::product::ProductStatus;
use crate::domain::text;
use crate::domain::text::Sku;

/// The tax category of what is not taxed.
pub const UNTAXED: &str = "none";

const HANDLE: &[&str] = &["handle", "url handle"];
const BODY: &[&str] = &["body (html)", "description"];
const PUBLISHED: &[&str] = &["published", "published on online store"];
const SKU: &[&str] = &["variant sku", "sku"];
const PRICE: &[&str] = &["variant price", "price"];
const GRAMS: &[&str] = &["variant grams", "weight value (grams)"];
const TRACKER: &[&str] = &["variant inventory tracker", "inventory tracker"];
const QUANTITY: &[&str] = &["variant inventory qty", "inventory quantity"];
const TAXABLE: &[&str] = &["variant taxable", "charge tax"];
const OPTIONS: &[&str] = &["option1 value", "option2 value", "option3 value"];
/// What makes a row a variant; one without any of it holds another picture.
const OF_A_VARIANT: &[&str] = &[
    "variant sku",
    "sku",
    "variant price",
    "price",
    "option1 value",
    "option2 value",
    "option3 value",
];

const IMAGE: &[&str] = &["image src", "product image url"];
const POSITION: &[&str] = &["image position"];
const ALT: &[&str] = &["image alt text"];
/// The columns of pictures, read only where there is a folder that holds them.
pub const IMAGES: &[&str] = &[
    "image src",
    "product image url",
    "image position",
    "image alt text",
];

pub(super) const LAYOUT: Layout = Layout {
    key: HANDLE,
    marks: &[
        "handle",
        "url handle",
        "body (html)",
        "variant sku",
        "variant price",
        "option1 name",
        "option1 value",
        "published on online store",
    ],
    needed: &[
        ("Handle (or URL handle)", HANDLE),
        ("Title", &["title"]),
        ("Variant Price (or Price)", PRICE),
    ],
    read: &[
        "handle",
        "url handle",
        "title",
        "body (html)",
        "description",
        "type",
        "published",
        "published on online store",
        "status",
        "variant sku",
        "sku",
        "option1 value",
        "option2 value",
        "option3 value",
        "variant price",
        "price",
        "variant grams",
        "weight value (grams)",
        "variant inventory tracker",
        "inventory tracker",
        "variant inventory qty",
        "inventory quantity",
        "variant taxable",
        "charge tax",
    ],
};

impl ImportedProduct {
    /// Reads the rows of one handle, or says on which lines it is wrong.
    pub fn from_shopify(rows: &[Numbered<Fields>], currency: Currency) -> Result<Self, Wrong> {
        let mut wrong = Wrong::new();
        let mut product = Self::default();
        let Some(first) = rows.first() else {
            return Err(wrong);
        };
        let shown = match head(&mut product, &first.row) {
            Ok(shown) => shown,
            Err(reason) => {
                wrong.push((first.line, reason));
                None
            }
        };
        let is_taxed = first.row.first(TAXABLE).and_then(|text| flag(text).ok());
        product.variants = variants(rows, is_taxed, currency, &mut wrong);
        product.show(images(rows, &mut wrong));
        if !wrong.is_empty() {
            wrong.sort();
            return Err(wrong);
        }
        product.tax_category = (is_taxed == Some(false)).then(|| UNTAXED.to_owned());
        let has_blank = product.variants.iter().any(|variant| variant.price.is_none());
        product.status = match shown {
            Some(ProductStatus::Approved) | None if has_blank => Some(ProductStatus::Draft),
            shown => shown,
        };
        Ok(product)
    }
}

/// Reads what the first row says of the product; and whether it is to be seen, if that is told.
fn head(product: &mut ImportedProduct, fields: &Fields) -> Result<Option<ProductStatus>, String> {
    let mut row = Reading::new(fields);
    product.group = row.required(pick(fields, HANDLE), |text| text::line(text, 1, 255));
    product.name = row.required("title", |text| text::line(text, 1, 255));
    product.category = row.optional("type", |text| text::line(text, 1, 100));
    product.description = row.optional(pick(fields, BODY), |text| text::paragraph(text, 20_000));
    let published = row.optional(pick(fields, PUBLISHED), flag);
    let status = row.optional("status", status);
    row.done().map_err(|faults| reasons(&faults))?;
    Ok(match (status, published) {
        (Some(ProductStatus::Approved) | None, Some(false)) => Some(ProductStatus::Draft),
        (None, Some(true)) => Some(ProductStatus::Approved),
        (status, _) => status,
    })
}

fn status(text: &str) -> Result<ProductStatus, Bad> {
    match text.to_ascii_lowercase().as_str() {
        "active" => Ok(ProductStatus::Approved),
        // It is sold to who has its address: there is no such thing here.
        "draft" | "unlisted" => Ok(ProductStatus::Draft),
        "archived" => Ok(ProductStatus::Archived),
        _ => Err(Bad::invalid("must be active, draft, unlisted or archived")),
    }
}

/// The pictures by path, as they are numbered; what is at an address elsewhere is not fetched.
fn images(rows: &[Numbered<Fields>], wrong: &mut Wrong) -> Vec<ImportedImage> {
    let mut images: Vec<(i64, ImportedImage)> = Vec::new();
    for row in rows {
        let Some(path) = row.row.first(IMAGE).filter(|path| !is_elsewhere(path)) else {
            continue;
        };
        let mut reading = Reading::new(&row.row);
        let position = reading.optional(pick(&row.row, POSITION), whole);
        let alt = reading.optional(pick(&row.row, ALT), |text| text::line(text, 1, MOST_ALT));
        match reading.done() {
            Ok(()) => {
                let image = ImportedImage::new(path, alt, row.line);
                images.push((position.unwrap_or(i64::MAX), image));
            }
            Err(faults) => wrong.push((row.line, reasons(&faults))),
        }
    }
    images.sort_by_key(|(position, _)| *position);
    images.into_iter().map(|(_, image)| image).collect()
}

fn is_elsewhere(path: &str) -> bool {
    let scheme = path.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["http", "https"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// Reads the rows that are variants; a SKU is that of one.
fn variants(
    rows: &[Numbered<Fields>],
    is_taxed: Option<bool>,
    currency: Currency,
    wrong: &mut Wrong,
) -> Vec<ImportedVariant> {
    let mut variants: Vec<ImportedVariant> = Vec::new();
    let mut lines: HashMap<Sku, u64> = HashMap::new();
    let is_variant = |at: usize, row: &Numbered<Fields>| at == 0 || tells(row, OF_A_VARIANT);
    let told = rows.iter().enumerate().filter(|(at, row)| is_variant(*at, row));
    for (number, (_, row)) in (1..).zip(told) {
        match variant(&row.row, number, is_taxed, currency) {
            Ok(variant) => match lines.insert(variant.sku.clone(), row.line) {
                Some(line) => {
                    let reason = format!("SKU {} stands on line {line} already", variant.sku);
                    wrong.push((row.line, reason));
                }
                None => variants.push(variant),
            },
            Err(reason) => wrong.push((row.line, reason)),
        }
    }
    variants
}

/// Reads the variant that stands at a place of its product, counted from 1.
fn variant(
    fields: &Fields,
    at: usize,
    is_taxed: Option<bool>,
    currency: Currency,
) -> Result<ImportedVariant, String> {
    let mut row = Reading::new(fields);
    let sku = match fields.first(SKU) {
        // Shopify puts a `'` before figures.
        Some(_) => row.optional(pick(fields, SKU), |text| {
            Sku::parse(text.trim_start_matches('\''))
        }),
        None => row.required(pick(fields, HANDLE), |handle| {
            let words =
                "makes no SKU for a variant without one: write one of letters, digits, '_', '.' and '-'";
            Sku::parse(&format!("{handle}-{at}")).map_err(|_| Bad::invalid(words))
        }),
    };
    let price = row.optional(pick(fields, PRICE), |text| amount(text, currency));
    let weight_g = row.optional(pick(fields, GRAMS), grams);
    let told = row.optional(pick(fields, QUANTITY), whole).unwrap_or(0);
    let is_untracked = fields.first(TRACKER).is_none() && TRACKER.iter().any(|name| fields.has(name));
    let (quantity, stock) = match told {
        _ if is_untracked => (0, StockTold::Untracked),
        ..0 => (0, StockTold::Oversold),
        told => (told, StockTold::Counted),
    };
    if quantity > MOST_STOCK {
        row.fault::<()>(
            pick(fields, QUANTITY),
            Bad::invalid(format!("must be at most {MOST_STOCK}")),
        );
    }
    let taxable = row.optional(pick(fields, TAXABLE), flag);
    if taxable.is_some() && taxable != is_taxed {
        let words = "is not that of the product's first variant: what is taxed is told of a product whole";
        row.fault::<()>(pick(fields, TAXABLE), Bad::invalid(words));
    }
    let title = title(fields).map(|title| text::line(&title, 1, 255)).transpose();
    let title = match title {
        Ok(title) => title,
        Err(bad) => row.fault("option1 value", bad),
    };
    row.done().map_err(|faults| reasons(&faults))?;
    Ok(ImportedVariant {
        sku: sku.ok_or("has no SKU")?,
        title,
        price,
        quantity,
        stock,
        low_at: None,
        weight_g,
    })
}

/// The values of the options; a product without options has one that says so.
fn title(fields: &Fields) -> Option<String> {
    let values: Vec<&str> = OPTIONS.iter().filter_map(|name| fields.get(name)).collect();
    match values.as_slice() {
        [] | ["Default Title"] => None,
        values => Some(values.join(" / ")),
    }
}

/// Grams, rounded to whole ones.
fn grams(text: &str) -> Result<i64, Bad> {
    let (grams, rest) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(grams) || !is_number(rest) {
        return Err(Bad::format("is no number of grams"));
    }
    match whole(grams)? + i64::from(rest.as_bytes().first() >= Some(&b'5')) {
        grams if grams <= 1_000_000_000 => Ok(grams),
        _ => Err(Bad::invalid("must be at most 1000000000")),
    }
}
