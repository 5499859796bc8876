//! A product as it stands in its form: text by text, from the shop, from what was typed, or empty.

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::money::Currency;
use crate::domain::product::NewProduct;
use crate::domain::product::Product;
use crate::domain::product::ProductChange;
use crate::domain::product::ProductStatus;
use crate::domain::product::Variant;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::conflict;
use crate::http::admin::form::Fields;
use crate::http::admin::typed;
use crate::http::product_form::CreateProduct;
use crate::http::product_form::CreateVariant;
use crate::http::product_form::UpdateProduct;
use crate::http::product_form::UpdateVariant;

/// A product has so many variants; one more row stands empty for the next.
const MOST_ROWS: usize = 101;

/// One row of the table of variants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Row {
    /// The number in the names of its fields.
    pub at: usize,
    /// The variant's id; none of a new one.
    pub id: Option<i64>,
    pub title: String,
    pub sku: String,
    pub price: String,
    pub low_at: String,
    pub weight_g: String,
    pub quantity: String,
    /// Whether it is to go.
    pub is_removed: bool,
}

/// What stands in the form.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct Draft {
    /// The version that the form was made from.
    pub version: String,
    /// What stood in it then, in short.
    pub was: String,
    pub name: String,
    pub description: String,
    pub category: String,
    pub tax_category: String,
    pub status: String,
    pub rows: Vec<Row>,
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

impl Row {
    fn of(at: usize, variant: &Variant, currency: Currency) -> Self {
        Self {
            at,
            id: Some(variant.id.0),
            title: text(variant.title.as_ref()),
            sku: variant.sku.clone(),
            price: text(variant.price.map(|price| price.write(currency))),
            low_at: text(variant.low_at),
            weight_g: text(variant.weight_g),
            quantity: String::new(),
            is_removed: false,
        }
    }

    fn read(at: usize, fields: &Fields) -> Self {
        let text = |name: &str| fields.text(&format!("variants[{at}].{name}")).to_owned();
        Self {
            at,
            id: text("id").parse().ok(),
            title: text("title"),
            sku: text("sku"),
            price: text("price"),
            low_at: text("low_at"),
            weight_g: text("weight_g"),
            quantity: text("quantity"),
            is_removed: fields.is_ticked(&format!("variants[{at}].remove")),
        }
    }

    fn fields(&self) -> Vec<(String, String)> {
        let texts = [
            ("title", &self.title),
            ("sku", &self.sku),
            ("price", &self.price),
            ("low_at", &self.low_at),
            ("weight_g", &self.weight_g),
        ];
        let named = |(name, text): (&str, &String)| (self.field(name), text.clone());
        texts.into_iter().map(named).collect()
    }

    /// The name of one of its fields.
    pub fn field(&self, name: &str) -> String {
        format!("variants[{}].{name}", self.at)
    }

    /// Whether somebody wants something of it.
    pub fn is_used(&self) -> bool {
        let texts = [
            &self.title,
            &self.sku,
            &self.price,
            &self.low_at,
            &self.weight_g,
            &self.quantity,
        ];
        !self.is_removed && (self.id.is_some() || texts.iter().any(|text| !text.trim().is_empty()))
    }

    fn whole(&self, name: &str, typed: &str, faults: &mut Vec<Fault>) -> Option<i64> {
        let read = typed::whole(typed).map_err(|bad| faults.push(bad.at(self.field(name))));
        read.ok().flatten()
    }
}

/// What was typed, unless it is blank.
fn said(typed: &str) -> Option<String> {
    let typed = typed.trim();
    (!typed.is_empty()).then(|| typed.to_owned())
}

impl Draft {
    /// As the product stands in the shop, with an empty row for a new variant.
    pub fn of(product: &Product, currency: Currency) -> Self {
        let rows = product.variants.iter().enumerate();
        let draft = Self {
            version: product.version.to_string(),
            name: product.name.clone(),
            description: product.description.clone(),
            category: text(product.category.as_ref()),
            tax_category: text(product.tax_category.as_ref()),
            status: product.status.name().to_owned(),
            rows: rows.map(|(at, variant)| Row::of(at, variant, currency)).collect(),
            ..Self::default()
        };
        draft.printed().with_empty_row()
    }

    /// With prints of what stands in it.
    fn printed(mut self) -> Self {
        let fields = self.fields();
        self.was = conflict::prints(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        self
    }

    /// What stands in its fields, by their names.
    pub fn fields(&self) -> Vec<(String, String)> {
        let head = [
            ("name", &self.name),
            ("description", &self.description),
            ("category", &self.category),
            ("tax_category", &self.tax_category),
            ("status", &self.status),
        ];
        let head = head
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone()));
        head.chain(self.rows.iter().flat_map(Row::fields)).collect()
    }

    /// The same product in the rows of another draft, so that the two can be held beside each other field by field.
    pub fn in_rows_of(&self, other: &Self) -> Self {
        let rows = other.rows.iter().filter_map(|row| {
            let same = self
                .rows
                .iter()
                .find(|own| own.id.is_some() && own.id == row.id)?;
            Some(Row {
                at: row.at,
                ..same.clone()
            })
        });
        let rows = rows.collect();
        Self { rows, ..self.clone() }.printed()
    }

    /// Nothing yet.
    pub fn empty() -> Self {
        Self::default().with_empty_row()
    }

    /// As it was typed.
    pub fn read(fields: &Fields) -> Self {
        let has = |at: &usize| fields.is_ticked(&format!("variants[{at}].sku"));
        Self {
            version: fields.text("version").to_owned(),
            was: fields.text(conflict::WAS).to_owned(),
            name: fields.text("name").to_owned(),
            // A browser sends line breaks in its own way.
            description: fields.text("description").replace("\r\n", "\n"),
            category: fields.text("category").to_owned(),
            tax_category: fields.text("tax_category").to_owned(),
            status: fields.text("status").to_owned(),
            rows: (0..MOST_ROWS)
                .take_while(has)
                .map(|at| Row::read(at, fields))
                .collect(),
        }
    }

    /// With one more row at the end, where there may be another variant.
    pub fn with_empty_row(mut self) -> Self {
        let is_full = self.rows.last().is_none_or(|row| row.is_used() || row.is_removed);
        if is_full && self.rows.len() < MOST_ROWS {
            self.rows.push(Row {
                at: self.rows.len(),
                ..Row::default()
            });
        }
        self
    }

    /// The rows that somebody wants something of.
    fn used(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.is_used()).collect()
    }

    /// A new product, or every fault at once.
    pub fn to_new(&self, currency: Currency) -> Result<NewProduct> {
        let mut faults = Vec::new();
        let used = self.used();
        let variant = |row: &&Row| CreateVariant {
            sku: said(&row.sku),
            title: said(&row.title),
            price: said(&row.price).map(|price| typed::amount(&price, currency)),
            quantity: Some(row.whole("quantity", &row.quantity, &mut faults).unwrap_or(0)),
            weight_g: row.whole("weight_g", &row.weight_g, &mut faults),
        };
        let variants = used.iter().map(variant).collect();
        if said(&self.name).is_none() {
            faults.push(Bad::missing().at("name"));
        }
        let body = CreateProduct {
            name: said(&self.name),
            price: None,
            category: said(&self.category),
            description: said(&self.description),
            quantity: None,
            sku: None,
            weight_g: None,
            variants: Some(variants),
            client_token: None,
        };
        whole(body.parse(currency), faults, &used)
    }

    /// What is to change of a product, or every fault at once. A variant that is not in the form stays as it is.
    pub fn to_change(&self, now: &Product, currency: Currency) -> Result<ProductChange> {
        let mut faults = Vec::new();
        let used = self.used();
        let variant = |row: &&Row| UpdateVariant {
            id: row.id,
            sku: said(&row.sku).or_else(|| row.id.map(|_| String::new())),
            title: Some(said(&row.title)),
            price: Some(said(&row.price).map(|price| typed::amount(&price, currency))),
            weight_g: Some(row.whole("weight_g", &row.weight_g, &mut faults)),
            low_at: Some(row.whole("low_at", &row.low_at, &mut faults)),
        };
        let mut variants: Vec<UpdateVariant> = used.iter().map(variant).collect();
        let ids = now.variants.iter().map(|variant| variant.id.0);
        let absent = ids.filter(|id| self.rows.iter().all(|row| row.id != Some(*id)));
        variants.extend(absent.map(|id| UpdateVariant {
            id: Some(id),
            ..UpdateVariant::default()
        }));
        let body = UpdateProduct {
            name: Some(self.name.clone()),
            description: Some(self.description.clone()),
            category: Some(said(&self.category)),
            tax_category: Some(said(&self.tax_category)),
            status: said(&self.status).filter(|status| status != now.status.name()),
            variants: Some(variants),
            ..UpdateProduct::default()
        };
        whole(body.parse(currency), faults, &used)
    }

    /// The states in which the form may leave a product.
    pub fn states(product: &Product) -> Vec<ProductStatus> {
        use crate::domain::product::Hand::Staff;
        let all = ProductStatus::ALL.iter().copied();
        all.filter(|to| product.status.changed_to(*to, Staff).is_ok())
            .collect()
    }
}

/// What was read, unless something was wrong; faults of variants are told at the rows in which they stand.
fn whole<T>(read: Result<T>, mut faults: Vec<Fault>, used: &[&Row]) -> Result<T> {
    let read = match read {
        Ok(read) if faults.is_empty() => return Ok(read),
        Ok(_) => return Err(faults.into()),
        Err(error) => error,
    };
    if read.faults().is_empty() {
        return Err(read);
    }
    faults.extend(read.faults().iter().map(|fault| Fault {
        field: at_its_row(&fault.field, used),
        ..fault.clone()
    }));
    Err(Error::from(faults))
}

/// `variants[1].price`, counted among the rows that are used, by the number of its row.
fn at_its_row(field: &str, used: &[&Row]) -> String {
    let parts = field
        .strip_prefix("variants[")
        .and_then(|rest| rest.split_once("]."));
    let row = parts.and_then(|(at, name)| Some((used.get(at.parse::<usize>().ok()?)?, name)));
    row.map_or_else(|| field.to_owned(), |(row, name)| row.field(name))
}
