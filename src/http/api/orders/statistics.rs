//! What the shop has sold, over JSON.

use std::collections::BTreeMap;

use axum::Json as Reply;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::settings::Settings;
use crate::domain::statistics::Cut;
use crate::domain::statistics::Sums;
use crate::domain::statistics::Tally;
use crate::domain::time::Moment;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::orders;
use crate::shop::settings;

#[derive(Serialize, ToSchema)]
pub struct StatisticsView {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    by: Cut,
    currency: String,
    items: i64,
    #[serde(flatten)]
    sums: SumsView,
    average: Amount,
    by_status: BTreeMap<&'static str, i64>,
    series: Vec<StretchView>,
}

#[derive(Serialize, ToSchema)]
struct SumsView {
    orders: i64,
    gross: Amount,
    refunded: Amount,
    net: Amount,
}

#[derive(Serialize, ToSchema)]
struct StretchView {
    period: String,
    #[serde(flatten)]
    sums: SumsView,
}

/// Of which time, and how it is cut.
pub struct Stretch {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    cut: Cut,
}

impl Asks for Stretch {
    type By = Zone;

    fn read(query: &mut ListQuery, zone: &Zone) -> Self {
        Self {
            from: query.read("from", Moment::parse).map(|from| from.start(zone)),
            to: query.read("to", Moment::parse).map(|to| to.end(zone)),
            cut: query.one_of("by", Cut::parse).unwrap_or(Cut::Day),
        }
    }
}

pub async fn statistics(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Stretch>,
) -> Result<Response> {
    let view = app
        .read_long(move |db| {
            let settings = settings::show(db)?;
            let Stretch { from, to, cut } = asked.read(&settings.zone)?;
            if from.zip(to).is_some_and(|(from, to)| from > to) {
                return Err(Bad::input("is before `from`").at("to").into());
            }
            let tally = orders::statistics(db, &by, from, to)?;
            Ok(view(&tally, &settings, (from, to), cut))
        })
        .await?;
    Ok(Reply(view).into_response())
}

fn view(
    tally: &Tally,
    settings: &Settings,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    by: Cut,
) -> StatisticsView {
    let currency = settings.terms.currency;
    let whole = tally.whole();
    let series = tally
        .series(&settings.zone, by)
        .into_iter()
        .map(|stretch| StretchView {
            sums: SumsView::new(&stretch.sums, currency),
            period: stretch.period,
        });
    StatisticsView {
        from,
        to,
        by,
        currency: currency.as_str().to_owned(),
        items: whole.items,
        sums: SumsView::new(&whole, currency),
        average: Amount::of_sum(whole.average(), currency),
        by_status: tally
            .states()
            .map(|(state, orders)| (state.name(), orders))
            .collect(),
        series: series.collect(),
    }
}

impl SumsView {
    fn new(sums: &Sums, currency: Currency) -> Self {
        Self {
            orders: sums.orders,
            gross: Amount::of_sum(sums.gross, currency),
            refunded: Amount::of_sum(sums.refunded, currency),
            net: Amount::of_sum(sums.net(), currency),
        }
    }
}
