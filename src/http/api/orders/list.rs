//! Lists of orders over JSON.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::domain::id::CustomerId;
use crate::domain::money::Money;
use crate::domain::money::parse_money;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::search::Find;
use crate::domain::settings::Settings;
use crate::domain::text;
use crate::domain::text::Sku;
use crate::domain::time::Moment;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::list;
use crate::http::list::ListQuery;
use crate::shop::orders;
use crate::shop::orders::OrderView;
use crate::shop::settings;

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    mut asked: ListQuery,
) -> Result<Response> {
    let page = app
        .read(move |db| {
            let (filter, sort) = filter(&mut asked, &settings::show(db)?);
            let paging = asked.paging(filter.sort_number(sort));
            asked.end()?;
            orders::list(db, &by, filter, sort, &paging)
        })
        .await?;
    list::reply(&page, OrderView::whole)
}

/// The filters and the sort of a list of orders.
pub(super) fn filter(asked: &mut ListQuery, settings: &Settings) -> (OrderFilter, OrderSort) {
    let money = |text: &str| parse_money(text, settings.terms.currency).and_then(Money::non_negative);
    let sku = asked.read("sku", Sku::parse);
    let typed = asked.read("q", |text| text::line(text, 1, 200));
    let filter = OrderFilter {
        customers: asked.number("customer_id").map(|id| vec![CustomerId(id)]),
        state: asked.one_of("status", OrderState::parse),
        payment: asked.one_of("payment_status", PaymentStatus::parse),
        fulfilment: asked.one_of("fulfilment_status", FulfilmentStatus::parse),
        from: asked
            .read("from", Moment::parse)
            .map(|from| from.start(&settings.zone)),
        to: asked.read("to", Moment::parse).map(|to| to.end(&settings.zone)),
        tag: asked.read("tag", |text| text::line(text, 1, 50)),
        min_total: asked.read("min_total", money),
        max_total: asked.read("max_total", money),
        find: (typed.is_some() || sku.is_some()).then(|| Find::new(typed.as_deref(), sku)),
    };
    let sort = asked.one_of("sort", OrderSort::parse);
    (filter, sort.unwrap_or(OrderSort::Newest))
}
