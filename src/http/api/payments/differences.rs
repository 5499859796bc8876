//! Where the books of payments differ, over JSON.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::money::Amount;
use crate::domain::payment::Provider;
use crate::domain::reconciliation::DifferenceKind;
use crate::domain::reconciliation::DifferenceState;
use crate::domain::reconciliation::Seen;
use crate::domain::time::Timestamp;
use crate::error::Result;
use crate::http::difference_query::DifferencesPage;
use crate::http::extract::CurrentUser;
use crate::http::list;
use crate::http::list::Asked;
use crate::shop::payments;

/// A difference between our books and a provider's, or an order and its payments.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentDifference)]
pub struct DifferenceView {
    id: i64,
    kind: DifferenceKind,
    status: DifferenceState,
    provider: Provider,
    name: String,
    payment_id: Option<i64>,
    order_id: Option<i64>,
    currency: String,
    ours: Amount,
    theirs: Amount,
    first_seen: Timestamp,
    last_seen: Timestamp,
    gone_at: Option<Timestamp>,
}

fn view(seen: &Seen) -> DifferenceView {
    let found = &seen.difference;
    DifferenceView {
        id: seen.id.0,
        kind: found.kind,
        status: match seen.gone_at {
            None => DifferenceState::Open,
            Some(_) => DifferenceState::Gone,
        },
        provider: found.provider,
        name: found.name.clone(),
        payment_id: found.payment.map(|payment| payment.0),
        order_id: found.order.map(|order| order.0),
        currency: found.currency.as_str().to_owned(),
        ours: found.ours.write(found.currency),
        theirs: found.theirs.write(found.currency),
        first_seen: seen.first_seen,
        last_seen: seen.last_seen,
        gone_at: seen.gone_at,
    }
}

pub async fn differences(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<DifferencesPage>,
) -> Result<Response> {
    let DifferencesPage(state, paging) = asked.read(&())?;
    let page = app
        .read(move |db| payments::differences(db, &by, state, &paging))
        .await?;
    list::reply(&page, view)
}
