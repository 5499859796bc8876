//! Many customers at once: changed, and counted.

use axum::Json as Reply;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::customer::CustomerFields;
use crate::domain::fault::Bad;
use crate::domain::id::CustomerId;
use crate::error::Result;
use crate::http::api::customers::ChangeCustomer;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::customers;
use crate::shop::customers::BatchView;
use crate::shop::customers::Mode;
use crate::shop::customers::Range;
use crate::shop::customers::StatisticsView;
use crate::shop::customers::Update;

/// So many customers are changed at once.
const MOST_UPDATES: usize = 100;

/// Whether one that is refused keeps the others from being changed.
pub struct Atomic(Mode);

impl Asks for Atomic {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(match query.flag("atomic") {
            Some(false) => Mode::Apart,
            Some(true) | None => Mode::Together,
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchCustomers {
    #[schema(min_items = 1, max_items = 100)]
    updates: Vec<BatchUpdate>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchUpdate {
    id: i64,
    version: Option<i64>,
    data: ChangeCustomer,
}

impl BatchUpdate {
    fn read(self, nth: usize) -> Update {
        let fields = CustomerFields::from(self.data);
        Update {
            id: CustomerId(self.id),
            seen: self.version,
            fields: fields.checked(&format!("updates[{nth}].data.")),
        }
    }
}

pub async fn batch(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    query: Asked<Atomic>,
    Json(body): Json<BatchCustomers>,
) -> Result<Reply<BatchView>> {
    let Atomic(mode) = query.read(&())?;
    if !(1..=MOST_UPDATES).contains(&body.updates.len()) {
        return Err(Bad::invalid("1 to 100 customers at once.").at("updates").into());
    }
    let updates = body.updates.into_iter().enumerate();
    let updates: Vec<Update> = updates.map(|(nth, update)| update.read(nth)).collect();
    let faults = updates.iter().filter_map(|update| update.fields.as_ref().err());
    let faults: Vec<_> = faults.flatten().cloned().collect();
    if mode == Mode::Together && !faults.is_empty() {
        return Err(faults.into());
    }
    let done = app
        .write(move |tx| customers::batch(tx, &by, &updates, mode))
        .await?;
    Ok(Reply(done))
}

pub async fn statistics(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<Range>,
) -> Result<Reply<StatisticsView>> {
    let range = asked.read(&())?;
    let now = app.clock().now();
    let view = app
        .read_long(move |db| customers::statistics(db, &by, range, now))
        .await?;
    Ok(Reply(view))
}
