//! What was sold in a time beside the time before it, over JSON and as CSV.

use std::borrow::Cow;

use axum::Json as Reply;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::report::Buyer;
use crate::domain::report::Sold;
use crate::domain::report::SoldProduct;
use crate::domain::report::Span;
use crate::domain::settings::Settings;
use crate::domain::statistics::Cut;
use crate::domain::statistics::Sums;
use crate::domain::text::csv_cell;
use crate::domain::time::Moment;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::http::csv;
use crate::http::extract::CurrentUser;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::Snapshot;
use crate::shop::reports;
use crate::shop::settings;

/// A time, and the periods by which it is cut.
pub struct Stretch {
    from: Option<Moment>,
    to: Option<Moment>,
    cut: Cut,
}

impl Asks for Stretch {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self {
            from: query.read("from", Moment::parse),
            to: query.read("to", Moment::parse),
            cut: query.one_of("by", Cut::parse).unwrap_or(Cut::Day),
        }
    }
}

impl Stretch {
    /// Its whole periods by the shop's calendar; up to today where no end is said.
    fn span(&self, zone: &Zone, now: Timestamp) -> Result<Span> {
        let day = |moment: &Moment| zone.day_of(moment.start(zone));
        let to = self.to.as_ref().map_or_else(|| zone.day_of(now), day);
        let span = Span::of(self.cut, self.from.as_ref().map(day), to);
        Ok(span.map_err(|bad: Bad| bad.at("from"))?)
    }
}

/// The same with how many rows are wanted.
pub struct Most(Stretch, usize);

impl Asks for Most {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        let stretch = Stretch::read(query, &());
        Self(stretch, query.limit().rows())
    }
}

/// A time of whole periods.
#[derive(Serialize, ToSchema)]
struct SpanView {
    from: Timestamp,
    to: Timestamp,
}

impl SpanView {
    fn new(span: &Span, zone: &Zone) -> Self {
        let (from, until) = span.bounds(zone);
        Self {
            from,
            to: until.minus_ms(1),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct SalesSums {
    orders: i64,
    items: i64,
    gross: Amount,
    refunded: Amount,
    net: Amount,
    average: Amount,
}

impl SalesSums {
    fn new(sums: &Sums, currency: Currency) -> Self {
        Self {
            orders: sums.orders,
            items: sums.items,
            gross: Amount::of_sum(sums.gross, currency),
            refunded: Amount::of_sum(sums.refunded, currency),
            net: Amount::of_sum(sums.net(), currency),
            average: Amount::of_sum(sums.average(), currency),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct SalesPeriod {
    period: String,
    #[serde(flatten)]
    sums: SalesSums,
}

/// A period beside the one that stands in its place in the time before.
#[derive(Serialize, ToSchema)]
struct SalesPair {
    #[serde(flatten)]
    now: SalesPeriod,
    before: SalesPeriod,
}

#[derive(Serialize, ToSchema)]
struct SalesBefore {
    #[serde(flatten)]
    span: SpanView,
    #[serde(flatten)]
    sums: SalesSums,
}

#[derive(Serialize, ToSchema)]
pub struct SalesReport {
    #[serde(flatten)]
    span: SpanView,
    by: Cut,
    currency: String,
    #[serde(flatten)]
    sums: SalesSums,
    /// As many periods just before.
    before: SalesBefore,
    series: Vec<SalesPair>,
}

fn sales_report(db: &Snapshot, by: &Actor, stretch: &Stretch, now: Timestamp) -> Result<SalesReport> {
    let Settings { terms, zone, .. } = settings::show(db)?;
    let (span, currency) = (stretch.span(&zone, now)?, terms.currency);
    let (sold, sold_before) = reports::sales(db, by, &span)?;
    let period = |(period, sums): (String, Sums)| SalesPeriod {
        period,
        sums: SalesSums::new(&sums, currency),
    };
    let pairs = sold.periods.into_iter().zip(sold_before.periods);
    Ok(SalesReport {
        span: SpanView::new(&span, &zone),
        by: span.cut,
        currency: currency.to_string(),
        sums: SalesSums::new(&sold.whole, currency),
        before: SalesBefore {
            span: SpanView::new(&span.before(), &zone),
            sums: SalesSums::new(&sold_before.whole, currency),
        },
        series: pairs
            .map(|(now, before)| SalesPair {
                now: period(now),
                before: period(before),
            })
            .collect(),
    })
}

pub async fn sales(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Stretch>,
) -> Result<Reply<SalesReport>> {
    let (stretch, now) = (asked.read(&())?, app.clock().now());
    let report = app
        .read_long(move |db| sales_report(db, &by, &stretch, now))
        .await?;
    Ok(Reply(report))
}

#[derive(Serialize, ToSchema)]
struct SoldView {
    orders: i64,
    items: i64,
    total: Amount,
}

impl SoldView {
    fn new(sold: &Sold, currency: Currency) -> Self {
        Self {
            orders: sold.orders,
            items: sold.items,
            total: Amount::of_sum(sold.total, currency),
        }
    }
}

/// What was sold in a time, and in the time before it.
#[derive(Serialize, ToSchema)]
struct SoldPair {
    #[serde(flatten)]
    sold: SoldView,
    before: SoldView,
}

impl SoldPair {
    fn new(now: &Sold, before: &Sold, currency: Currency) -> Self {
        Self {
            sold: SoldView::new(now, currency),
            before: SoldView::new(before, currency),
        }
    }

    /// As cells of a line.
    fn cells(&self) -> String {
        let Self { sold, before } = self;
        format!(
            "{},{},{},{},{},{}",
            sold.orders, sold.items, sold.total, before.orders, before.items, before.total
        )
    }
}

/// The time that a report is of, and the time before it.
#[derive(Serialize, ToSchema)]
struct Times {
    #[serde(flatten)]
    span: SpanView,
    by: Cut,
    currency: String,
    before: SpanView,
}

impl Times {
    fn new(span: &Span, settings: &Settings) -> Self {
        Self {
            span: SpanView::new(span, &settings.zone),
            by: span.cut,
            currency: settings.terms.currency.to_string(),
            before: SpanView::new(&span.before(), &settings.zone),
        }
    }
}

/// What was sold of one thing.
#[derive(Serialize, ToSchema)]
struct ProductRow {
    sku: String,
    name: String,
    /// None: a charge.
    product_id: Option<i64>,
    variant_id: Option<i64>,
    #[serde(flatten)]
    sold: SoldPair,
}

#[derive(Serialize, ToSchema)]
pub struct ProductsReport {
    #[serde(flatten)]
    times: Times,
    /// How many things were sold.
    products: usize,
    /// Those that brought the most first.
    data: Vec<ProductRow>,
}

fn products_report(db: &Snapshot, by: &Actor, asked: &Most, now: Timestamp) -> Result<ProductsReport> {
    let settings = settings::show(db)?;
    let span = asked.0.span(&settings.zone, now)?;
    let (products, rows) = reports::products(db, by, &span, asked.1)?;
    let row = |row: SoldProduct| ProductRow {
        product_id: row.product.map(|id| id.0),
        variant_id: row.variant.map(|id| id.0),
        sold: SoldPair::new(&row.now, &row.before, settings.terms.currency),
        sku: row.sku,
        name: row.name,
    };
    Ok(ProductsReport {
        times: Times::new(&span, &settings),
        products,
        data: rows.into_iter().map(row).collect(),
    })
}

/// What a customer has bought.
#[derive(Serialize, ToSchema)]
struct BuyerRow {
    customer_id: i64,
    name: String,
    country: Option<String>,
    #[serde(flatten)]
    sold: SoldPair,
}

#[derive(Serialize, ToSchema)]
pub struct CustomersReport {
    #[serde(flatten)]
    times: Times,
    /// How many have bought.
    customers: usize,
    /// Whoever spent the most first.
    data: Vec<BuyerRow>,
}

fn customers_report(db: &Snapshot, by: &Actor, asked: &Most, now: Timestamp) -> Result<CustomersReport> {
    let settings = settings::show(db)?;
    let span = asked.0.span(&settings.zone, now)?;
    let (customers, rows) = reports::customers(db, by, &span, asked.1)?;
    let row = |row: Buyer| BuyerRow {
        customer_id: row.id.0,
        sold: SoldPair::new(&row.now, &row.before, settings.terms.currency),
        name: row.name,
        country: row.country,
    };
    Ok(CustomersReport {
        times: Times::new(&span, &settings),
        customers,
        data: rows.into_iter().map(row).collect(),
    })
}

/// How a report of rows is read.
type ReadReport<T> = fn(&Snapshot, &Actor, &Most, Timestamp) -> Result<T>;

async fn told<T: Send + 'static>(
    app: App,
    by: Actor,
    asked: Asked<Most>,
    report: ReadReport<T>,
) -> Result<Reply<T>> {
    let (asked, now) = (asked.read(&())?, app.clock().now());
    let report = app.read_long(move |db| report(db, &by, &asked, now)).await?;
    Ok(Reply(report))
}

pub async fn products(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Most>,
) -> Result<Reply<ProductsReport>> {
    told(app, by, asked, products_report).await
}

pub async fn customers(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Most>,
) -> Result<Reply<CustomersReport>> {
    told(app, by, asked, customers_report).await
}

/// A report as a file: noted in the audit before the first byte leaves. `text` is the query as it was asked.
async fn file(
    app: App,
    by: Actor,
    (name, text): (&'static str, Option<String>),
    read: impl FnOnce(&Snapshot, &Actor, Timestamp) -> Result<String> + Send + 'static,
) -> Result<Response> {
    let (noted, now) = (by.clone(), app.clock().now());
    let text = text.unwrap_or_default();
    let rows = app.read_long(move |db| read(db, &by, now)).await?;
    app.write(move |tx| reports::note_export(tx, &noted, name, &text))
        .await?;
    Ok(csv::whole(&format!("{name}.csv"), rows))
}

/// A line of the file. Texts pass through [`csv_cell`]; what we write ourselves holds nothing to quote.
fn line<const N: usize>(text: &mut String, cells: [Cow<'_, str>; N]) {
    *text += &cells.join(",");
    *text += "\r\n";
}

pub async fn sales_csv(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    RawQuery(text): RawQuery,
    asked: Asked<Stretch>,
) -> Result<Response> {
    let stretch = asked.read(&())?;
    let read = move |db: &Snapshot, by: &Actor, now: Timestamp| -> Result<String> {
        let report = sales_report(db, by, &stretch, now)?;
        let mut text =
            "period,orders,items,gross,refunded,net,average,period_before,orders_before,gross_before,\
                        refunded_before,net_before,currency\r\n"
                .to_owned();
        for pair in &report.series {
            let (now, before) = (&pair.now.sums, &pair.before.sums);
            let cells: [Cow<'_, str>; 13] = [
                pair.now.period.as_str().into(),
                now.orders.to_string().into(),
                now.items.to_string().into(),
                now.gross.to_string().into(),
                now.refunded.to_string().into(),
                now.net.to_string().into(),
                now.average.to_string().into(),
                pair.before.period.as_str().into(),
                before.orders.to_string().into(),
                before.gross.to_string().into(),
                before.refunded.to_string().into(),
                before.net.to_string().into(),
                report.currency.as_str().into(),
            ];
            line(&mut text, cells);
        }
        Ok(text)
    };
    file(app, by, ("sales", text), read).await
}

pub async fn products_csv(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    RawQuery(text): RawQuery,
    asked: Asked<Stretch>,
) -> Result<Response> {
    let asked = Most(asked.read(&())?, usize::MAX);
    let read = move |db: &Snapshot, by: &Actor, now: Timestamp| -> Result<String> {
        let report = products_report(db, by, &asked, now)?;
        let mut text =
            "sku,name,orders,items,total,orders_before,items_before,total_before,currency\r\n".to_owned();
        for row in &report.data {
            let cells: [Cow<'_, str>; 4] = [
                csv_cell(&row.sku),
                csv_cell(&row.name),
                row.sold.cells().into(),
                report.times.currency.as_str().into(),
            ];
            line(&mut text, cells);
        }
        Ok(text)
    };
    file(app, by, ("products", text), read).await
}

pub async fn customers_csv(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    RawQuery(text): RawQuery,
    asked: Asked<Stretch>,
) -> Result<Response> {
    let asked = Most(asked.read(&())?, usize::MAX);
    let read = move |db: &Snapshot, by: &Actor, now: Timestamp| -> Result<String> {
        let report = customers_report(db, by, &asked, now)?;
        let mut text =
            "customer_id,name,country,orders,items,total,orders_before,items_before,total_before,currency\r\n"
                .to_owned();
        for row in &report.data {
            let cells: [Cow<'_, str>; 5] = [
                row.customer_id.to_string().into(),
                csv_cell(&row.name),
                csv_cell(row.country.as_deref().unwrap_or_default()),
                row.sold.cells().into(),
                report.times.currency.as_str().into(),
            ];
            line(&mut text, cells);
        }
        Ok(text)
    };
    file(app, by, ("customers", text), read).await
}
