//! `till import`: products, customers and orders from a file, beside a running server or alone.

mod feed;
mod pictures;
mod report;
mod rows;
mod shopify;
mod source;

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::ValueEnum;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use crate::cli::Context;
use crate::cli::import::feed::Feed;
use crate::cli::import::feed::Read;
use crate::cli::import::pictures::Pictures;
use crate::cli::import::report::Report;
use crate::cli::import::report::Sums;
use crate::cli::import::source::Rows;
use crate::clock::Clock;
use crate::domain::actor::Actor;
use crate::domain::import::ImportedCustomer;
use crate::domain::import::ImportedProduct;
use crate::domain::import::Invoice;
use crate::domain::import::StockRule;
use crate::domain::import::shopify::IMAGES;
use crate::domain::import::shopify::Layout;
use crate::domain::import::shopify::ORDER;
use crate::domain::import::shopify::PRODUCT;
use crate::domain::money::Currency;
use crate::domain::settings::Settings;
use crate::domain::time::Zone;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Options;
use crate::shop::Store;
use crate::shop::imports;
use crate::shop::imports::Before;

/// KiB of pages in memory: what a batch touches. More only grows with the file, and is no faster.
const CACHE: i64 = 8_192;

/// Bring in products, customers or orders from a file.
#[derive(Debug, Args)]
pub struct Import {
    /// What the file holds.
    #[arg(value_enum)]
    what: What,
    /// The file.
    file: PathBuf,
    /// The shop's currency: set in a shop without prices, else compared.
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// The shop's time zone, such as Europe/London: set in a shop without prices, else compared.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Of products: the folder below which pictures are named; that of the file, unless it is Shopify's.
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
    /// Check every row and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// In a dry run of orders: the file of products that is to be imported before them.
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    products: Option<PathBuf>,
    /// Let imported orders take what they sold from the stock.
    #[arg(long)]
    stock: bool,
    /// Write every refused row with its line and reason to this CSV file instead of standard error.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    Products,
    Customers,
    Orders,
}

impl Import {
    pub fn run(self, context: &Context) -> Result<ExitCode> {
        if self.stock && self.what != What::Orders {
            return Err(Error::Setup("--stock is for orders".into()));
        }
        if self.products.is_some() && self.what != What::Orders {
            return Err(Error::Setup("--products is for a dry run of orders".into()));
        }
        if let Some(folder) = &self.images {
            if self.what != What::Products {
                return Err(Error::Setup("--images is for products".into()));
            }
            pictures::require_folder(folder)?;
        }
        let source = source::identify(&self.file)?;
        let bar = bar(source::size(&self.file)?);
        let rows = Rows::open(&self.file, &bar)?;
        let layout = self.layout(rows.columns())?;
        let store = open(context)?;
        let settings = self.settle(&store)?;
        let report = Report::open(self.report.as_deref(), bar.clone(), self.dry_run)?;
        let mut feed = Feed::new(&store, source, report, self.dry_run)?;
        let folder = self.pictures(layout);
        let dir = (!self.dry_run).then(|| context.data.clone());
        let pictures = Pictures::new(&store, folder, dir);
        let done = self.each(rows, layout, &settings, &pictures, &mut feed);
        let sums = feed.close()?;
        let closed = store.close();
        done?;
        closed?;
        context.print(self.told(&sums), &sums)?;
        Ok(match sums.refused {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }

    /// Makes the shop's currency and zone what is asked for, or says why not.
    fn settle(&self, store: &Store) -> Result<Settings> {
        let currency = self.currency.as_deref().map(Currency::parse).transpose();
        let currency = currency.map_err(|bad| bad.at("--currency"))?;
        let zone = self.time_zone.as_deref().map(Zone::parse).transpose();
        let zone = zone.map_err(|bad| bad.at("--time-zone"))?;
        let by = Actor::system();
        match self.dry_run {
            true => store.read(|db| imports::check_settled(db, &by, currency, zone.as_ref())),
            false => store.write(move |tx| imports::settle(tx, &by, currency, zone.as_ref())),
        }
    }

    /// Shopify's layout, if the columns show it. A file without the columns that nothing goes without is refused whole.
    fn layout(&self, columns: &[String]) -> Result<Option<&'static Layout>> {
        let (layout, own) = match self.what {
            What::Products => (Some(&PRODUCT), "sku"),
            What::Orders => (Some(&ORDER), "sku"),
            What::Customers => (None, ""),
        };
        let layout = layout.filter(|layout| layout.is_of(columns));
        let missing = match layout {
            Some(layout) => layout.missing(columns).join(", "),
            None if columns.is_empty() || own.is_empty() || columns.iter().any(|name| name == own) => {
                String::new()
            }
            None => own.to_owned(),
        };
        let fault = match (missing.is_empty(), self.twice(columns, layout)) {
            (true, None) => return Ok(layout),
            (false, _) => format!("it has no column {missing}"),
            (true, Some(name)) => format!("two of its columns are called {name}"),
        };
        Err(Error::internal(format!("the file is refused: {fault}")))
    }

    /// A column that is read and stands twice: who knows which is meant.
    fn twice<'c>(&self, columns: &'c [String], layout: Option<&Layout>) -> Option<&'c String> {
        let is_read = |name: &str| match layout {
            Some(layout) => layout.reads(name),
            None => self.reads(name),
        };
        let mut named = columns.iter().enumerate();
        named.find_map(|(at, name)| (is_read(name) && columns[..at].contains(name)).then_some(name))
    }

    fn each(
        &self,
        rows: Rows,
        layout: Option<&Layout>,
        settings: &Settings,
        pictures: &Pictures<'_>,
        feed: &mut Feed<'_>,
    ) -> Result<()> {
        let currency = settings.terms.currency;
        feed.name_ignored(rows.columns(), |name| match layout {
            Some(layout) => layout.reads(name) || (self.images.is_some() && IMAGES.contains(&name)),
            None => self.reads(name),
        });
        match self.what {
            What::Products => {
                if layout.is_some() {
                    feed.remark(
                        "Shopify's layout: handles only tie rows together, and no picture is fetched",
                    );
                }
                let rows = products(rows, layout.is_some(), currency)?;
                let rows = rows.map(|row| pictures.of(row?));
                feed.all(rows, imports::products, imports::check_products)
            }
            What::Customers => {
                let rows = rows::customers(rows);
                feed.all(rows, imports::customers, imports::check_customers)
            }
            What::Orders => {
                let stock = match self.stock {
                    true => StockRule::Take,
                    false => StockRule::Leave,
                };
                let before = self.before(currency)?;
                let rows = orders(rows, layout.is_some(), settings)?;
                feed.all(
                    rows,
                    move |tx, by, batch| imports::orders(tx, by, batch, stock),
                    move |db, by, batch| imports::check_orders(db, by, batch, stock, &before),
                )
            }
        }
    }

    /// Below which folder pictures are named: in Shopify's layout, whose files name what is elsewhere, only where one is
    /// told.
    fn pictures(&self, layout: Option<&Layout>) -> Option<PathBuf> {
        let beside = || {
            let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
            folder.unwrap_or(Path::new(".")).to_owned()
        };
        match (&self.images, layout) {
            (Some(folder), _) => Some(folder.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(beside()),
        }
    }

    /// Whether a column of our own layout is read.
    fn reads(&self, name: &str) -> bool {
        match self.what {
            What::Products => {
                ImportedProduct::COLUMNS.contains(&name) || ImportedProduct::ALSO_READ.contains(&name)
            }
            What::Customers => {
                ImportedCustomer::COLUMNS.contains(&name) || ImportedCustomer::ALSO_READ.contains(&name)
            }
            What::Orders => rows::is_order_column(name),
        }
    }

    /// What will be there when the orders come. Rows that are no good are told of where that file is looked at itself.
    fn before(&self, currency: Currency) -> Result<Before> {
        let before = Before::new()?;
        let Some(path) = &self.products else {
            return Ok(before);
        };
        let rows = Rows::open(path, &ProgressBar::hidden())?;
        let is_shopify = PRODUCT.is_of(rows.columns());
        for row in products(rows, is_shopify, currency)? {
            let variants = row?.map(|read| read.row.variants).unwrap_or_default();
            for variant in &variants {
                before.announce(variant.sku.as_str())?;
            }
        }
        Ok(before)
    }

    fn told(&self, sums: &Sums) -> String {
        let what = match self.what {
            What::Products => "products",
            What::Customers => "customers",
            What::Orders => "invoices",
        };
        let mut text = format!(
            "{} {what} read: {} made, {} updated, {} known, {} refused",
            sums.rows, sums.made, sums.updated, sums.known, sums.refused
        );
        if self.what == What::Orders {
            text += &format!(
                "\n{} orders with {} lines and {} charges, {} credit notes, {} customers made",
                sums.made - sums.credit_notes,
                sums.lines,
                sums.charges,
                sums.credit_notes,
                sums.customers
            );
        }
        for (count, words) in [
            (
                sums.untracked,
                "new variants are not tracked in the file: their stock is 0",
            ),
            (
                sums.oversold,
                "new variants have less than none in the file: their stock is 0",
            ),
            (
                sums.cut_addresses,
                "addresses are not whole: of these the country alone is kept, or all but the telephone",
            ),
        ] {
            if count > 0 {
                text += &format!("\n{count} {words}");
            }
        }
        if sums.without_product > 0 {
            text += &format!(
                "\n{} of the refused name a SKU that is not in the shop: import products first",
                sums.without_product
            );
            text += match self.dry_run {
                true => ", or tell --products FILE to count theirs as there.",
                false => ".",
            };
        }
        match self.dry_run {
            true => text + "\nA dry run: nothing was written.",
            false => text,
        }
    }
}

fn products(
    rows: Rows,
    is_shopify: bool,
    currency: Currency,
) -> Result<Box<dyn Iterator<Item = Result<Read<ImportedProduct>>>>> {
    Ok(match is_shopify {
        true => Box::new(shopify::products(rows, currency)?),
        false => Box::new(rows::products(rows, currency)),
    })
}

fn orders(
    rows: Rows,
    is_shopify: bool,
    settings: &Settings,
) -> Result<Box<dyn Iterator<Item = Result<Read<Invoice>>>>> {
    let (terms, zone) = (settings.terms, settings.zone.clone());
    Ok(match is_shopify {
        true => Box::new(shopify::orders(rows, terms, zone)?),
        false => Box::new(rows::invoices(rows, terms, zone)),
    })
}

/// The file alone if no server holds it, else beside the server.
fn open(context: &Context) -> Result<Store> {
    crate::shop::make_dir(&context.data)?;
    let options = Options {
        cache: CACHE,
        ..Options::new(&context.data, Clock::System, context.keys()?.audit)
    };
    match Store::serve(options.clone()) {
        Err(Error::Held(_)) => Store::beside(options),
        other => other,
    }
}

/// Seen on a terminal only.
fn bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} % {elapsed} {eta} left {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
