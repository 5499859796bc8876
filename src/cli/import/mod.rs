//! `till import`: products, customers and orders from a file, beside a running server or alone.

mod feed;
mod report;
mod rows;
mod source;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::ValueEnum;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use crate::cli::Context;
use crate::cli::import::feed::Feed;
use crate::cli::import::report::Report;
use crate::cli::import::report::Sums;
use crate::cli::import::source::Rows;
use crate::clock::Clock;
use crate::domain::actor::Actor;
use crate::domain::import::ImportedCustomer;
use crate::domain::import::ImportedProduct;
use crate::domain::import::StockRule;
use crate::domain::money::Currency;
use crate::domain::settings::Settings;
use crate::domain::time::Zone;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Options;
use crate::shop::Store;
use crate::shop::imports;
use crate::shop::imports::Before;

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
        let source = source::identify(&self.file)?;
        let store = open(context)?;
        let settings = self.settle(&store)?;
        let bar = bar(source::size(&self.file)?);
        let report = Report::open(self.report.as_deref(), bar.clone(), self.dry_run)?;
        let rows = Rows::open(&self.file, &bar)?;
        let mut feed = Feed::new(&store, source, report, self.dry_run);
        let done = self.each(rows, &settings, &mut feed);
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

    fn each(&self, rows: Rows, settings: &Settings, feed: &mut Feed<'_>) -> Result<()> {
        let currency = settings.terms.currency;
        match self.what {
            What::Products => {
                feed.name_ignored(rows.columns(), |name| {
                    [ImportedProduct::COLUMNS, ImportedProduct::ALSO_READ]
                        .concat()
                        .contains(&name)
                });
                let rows = rows::products(rows, currency);
                feed.all(rows, imports::products, imports::check_products)
            }
            What::Customers => {
                feed.name_ignored(rows.columns(), |name| {
                    [ImportedCustomer::COLUMNS, ImportedCustomer::ALSO_READ]
                        .concat()
                        .contains(&name)
                });
                let rows = rows::customers(rows);
                feed.all(rows, imports::customers, imports::check_customers)
            }
            What::Orders => {
                let stock = match self.stock {
                    true => StockRule::Take,
                    false => StockRule::Leave,
                };
                let before = self.before(currency)?;
                feed.name_ignored(rows.columns(), rows::is_order_column);
                let rows = rows::invoices(rows, settings.terms, settings.zone.clone());
                feed.all(
                    rows,
                    move |tx, by, batch| imports::orders(tx, by, batch, stock),
                    move |db, by, batch| imports::check_orders(db, by, batch, stock, &before),
                )
            }
        }
    }

    /// What will be there when the orders come. Rows that are no good are told of where that file is looked at itself.
    fn before(&self, currency: Currency) -> Result<Before> {
        let mut before = Before::default();
        let Some(path) = &self.products else {
            return Ok(before);
        };
        for row in rows::products(Rows::open(path, &ProgressBar::hidden())?, currency) {
            let variants = row?.map(|read| read.row.variants).unwrap_or_default();
            let skus = variants.iter().map(|variant| variant.sku.as_str().to_owned());
            before.skus.extend(skus);
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

/// The file alone if no server holds it, else beside the server.
fn open(context: &Context) -> Result<Store> {
    crate::shop::make_dir(&context.data)?;
    let options = Options::new(&context.data, Clock::System, context.keys()?.audit);
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
