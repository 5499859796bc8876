//! A product as it is sent: what its fields hold, and how they are read, on either face.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::VariantId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::product::MOST_STOCK;
use crate::domain::product::NewProduct;
use crate::domain::product::NewVariant;
use crate::domain::product::ProductChange;
use crate::domain::product::ProductStatus;
use crate::domain::product::VariantChange;
use crate::domain::product::VariantsChange;
use crate::domain::text;
use crate::domain::text::Sku;
use crate::error::Result;
use crate::http::extract::nullable;

/// The longest reason of a decision.
pub const MOST_REASON: usize = 1000;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProduct {
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    pub price: Option<RawAmount>,
    #[schema(min_length = 1, max_length = 100)]
    pub category: Option<String>,
    #[schema(max_length = 20000)]
    pub description: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub quantity: Option<i64>,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    pub sku: Option<String>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub weight_g: Option<i64>,
    #[schema(min_items = 1, max_items = 100)]
    pub variants: Option<Vec<CreateVariant>>,
    #[schema(min_length = 1, max_length = 255, pattern = "^[ -~]+$")]
    pub client_token: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateVariant {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    pub sku: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    pub title: Option<String>,
    pub price: Option<RawAmount>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub quantity: Option<i64>,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub weight_g: Option<i64>,
}

impl CreateProduct {
    /// Well formed, or every fault at once.
    pub fn parse(self, currency: Currency) -> Result<NewProduct> {
        let mut faults = Vec::new();
        let name = self
            .name
            .and_then(|name| keep(text::line(&name, 1, 255), "name", &mut faults));
        let category = self
            .category
            .and_then(|category| keep(text::line(&category, 1, 100), "category", &mut faults));
        let description = self
            .description
            .and_then(|words| keep(text::paragraph(&words, 20_000), "description", &mut faults));
        let is_said_twice =
            self.sku.is_some() || self.price.is_some() || self.quantity.is_some() || self.weight_g.is_some();
        if self.variants.is_some() && is_said_twice {
            faults.push(Bad::invalid("stand beside price, sku, quantity or weight_g").at("variants"));
        }
        let only = CreateVariant {
            sku: self.sku,
            title: None,
            price: self.price,
            quantity: self.quantity,
            weight_g: self.weight_g,
        };
        let variants = match self.variants {
            None => vec![only.parse("", currency, &mut faults)],
            Some(variants) => variants
                .into_iter()
                .enumerate()
                .map(|(at, variant)| variant.parse(&format!("variants[{at}]."), currency, &mut faults))
                .collect(),
        };
        if !(1..=100).contains(&variants.len()) {
            faults.push(Bad::invalid("A product has 1 to 100 variants.").at("variants"));
        }
        match faults.is_empty() {
            true => Ok(NewProduct {
                name,
                category,
                description,
                variants,
            }),
            false => Err(faults.into()),
        }
    }
}

impl CreateVariant {
    fn parse(self, at: &str, currency: Currency, faults: &mut Vec<Fault>) -> NewVariant {
        let quantity = self.quantity.unwrap_or(1);
        if !(0..=MOST_STOCK).contains(&quantity) {
            faults.push(Bad::invalid("0 to 1,000,000,000 pieces.").at(format!("{at}quantity")));
        }
        if self
            .weight_g
            .is_some_and(|grams| !(0..=MOST_STOCK).contains(&grams))
        {
            faults.push(Bad::invalid("0 to 1,000,000,000 grams.").at(format!("{at}weight_g")));
        }
        NewVariant {
            sku: self
                .sku
                .and_then(|sku| keep(Sku::parse(&sku), &format!("{at}sku"), faults)),
            title: self
                .title
                .and_then(|title| keep(text::line(&title, 1, 100), &format!("{at}title"), faults)),
            price: self.price.and_then(|price| {
                let money = price.to_money(currency).and_then(Money::non_negative);
                keep(money, &format!("{at}price"), faults)
            }),
            quantity,
            weight_g: self.weight_g,
        }
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProduct {
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    #[schema(max_length = 20000)]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(min_length = 1, max_length = 100)]
    pub category: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(min_length = 1, max_length = 100)]
    pub tax_category: Option<Option<String>>,
    #[schema(value_type = Option<ProductStatus>)]
    pub status: Option<String>,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    pub sku: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub price: Option<Option<RawAmount>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub weight_g: Option<Option<i64>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub low_at: Option<Option<i64>>,
    #[schema(min_items = 1, max_items = 100)]
    pub variants: Option<Vec<UpdateVariant>>,
    pub version: Option<i64>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateVariant {
    pub id: Option<i64>,
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_.-]+$")]
    pub sku: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(min_length = 1, max_length = 100)]
    pub title: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    pub price: Option<Option<RawAmount>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub weight_g: Option<Option<i64>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub low_at: Option<Option<i64>>,
}

impl UpdateProduct {
    /// Well formed, or every fault at once.
    pub fn parse(self, currency: Currency) -> Result<ProductChange> {
        let mut faults = Vec::new();
        let status = self.status.as_deref().and_then(|status| {
            let read = ProductStatus::parse(status).ok_or(Bad::invalid("is no status of a product"));
            keep(read, "status", &mut faults)
        });
        let name = self
            .name
            .and_then(|name| keep(text::line(&name, 1, 255), "name", &mut faults));
        let description = self
            .description
            .and_then(|words| keep(text::paragraph(&words, 20_000), "description", &mut faults));
        let category = line(self.category, 100, "category", &mut faults);
        let tax_category = line(self.tax_category, 100, "tax_category", &mut faults);
        let only = UpdateVariant {
            id: None,
            sku: self.sku,
            title: None,
            price: self.price,
            weight_g: self.weight_g,
            low_at: self.low_at,
        };
        let variants = variants(only, self.variants, currency, &mut faults);
        let change = ProductChange {
            name,
            description,
            category,
            tax_category,
            status,
            variants,
        };
        if faults.is_empty() && change.is_empty() {
            let nothing = Bad {
                message: "says nothing to change".into(),
                ..Bad::missing()
            };
            faults.push(nothing.at(""));
        }
        match faults.is_empty() {
            true => Ok(change),
            false => Err(faults.into()),
        }
    }
}

fn variants(
    only: UpdateVariant,
    all: Option<Vec<UpdateVariant>>,
    currency: Currency,
    faults: &mut Vec<Fault>,
) -> VariantsChange {
    let says_only = only.says_something();
    match all {
        None if says_only => VariantsChange::Only(only.parse("", currency, faults)),
        None => VariantsChange::None,
        Some(all) => {
            if says_only {
                faults.push(Bad::invalid("stand beside price, sku, weight_g or low_at").at("variants"));
            }
            if !(1..=100).contains(&all.len()) {
                faults.push(Bad::invalid("must be 1 to 100").at("variants"));
            }
            let parse = |(at, variant): (usize, UpdateVariant)| {
                variant.parse(&format!("variants[{at}]."), currency, faults)
            };
            VariantsChange::All(all.into_iter().enumerate().map(parse).collect())
        }
    }
}

impl UpdateVariant {
    fn says_something(&self) -> bool {
        self.sku.is_some() || self.price.is_some() || self.weight_g.is_some() || self.low_at.is_some()
    }

    fn parse(self, at: &str, currency: Currency, faults: &mut Vec<Fault>) -> VariantChange {
        VariantChange {
            id: self.id.map(VariantId),
            sku: self
                .sku
                .and_then(|sku| keep(Sku::parse(&sku), &format!("{at}sku"), faults)),
            title: line(self.title, 100, &format!("{at}title"), faults),
            price: self.price.map(|price| {
                price.and_then(|price| {
                    let money = price.to_money(currency).and_then(Money::non_negative);
                    keep(money, &format!("{at}price"), faults)
                })
            }),
            weight_g: pieces(self.weight_g, &format!("{at}weight_g"), faults),
            low_at: pieces(self.low_at, &format!("{at}low_at"), faults),
        }
    }
}

fn line(
    said: Option<Option<String>>,
    longest: usize,
    field: &str,
    faults: &mut Vec<Fault>,
) -> Option<Option<String>> {
    said.map(|text| text.and_then(|text| keep(text::line(&text, 1, longest), field, faults)))
}

fn pieces(said: Option<Option<i64>>, field: &str, faults: &mut Vec<Fault>) -> Option<Option<i64>> {
    if said
        .flatten()
        .is_some_and(|number| !(0..=MOST_STOCK).contains(&number))
    {
        faults.push(Bad::invalid("must be 0 to 1,000,000,000").at(field));
    }
    said
}

fn keep<T>(read: std::result::Result<T, Bad>, field: &str, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|bad| faults.push(bad.at(field))).ok()
}
