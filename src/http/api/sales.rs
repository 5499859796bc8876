//! Lines that were sold for sellers, over JSON.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::commission::CommissionState;
use crate::domain::id::OrderId;
use crate::domain::id::UserId;
use crate::domain::money::Amount;
use crate::domain::order::OrderState;
use crate::domain::page::Paging;
use crate::domain::sale::Sale;
use crate::domain::sale::SaleFilter;
use crate::domain::text::Sku;
use crate::domain::time::Moment;
use crate::domain::time::Timestamp;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::list;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::sales;
use crate::shop::settings;

/// Which sales are asked for.
pub struct SalesPage(SaleFilter, Paging);

impl Asks for SalesPage {
    type By = Zone;

    fn read(query: &mut ListQuery, zone: &Zone) -> Self {
        let filter = SaleFilter {
            seller: query.number("seller_id").map(UserId),
            state: query.one_of("status", OrderState::parse),
            sku: query.read("sku", Sku::parse),
            order: query.number("order_id").map(OrderId),
            commission: query.one_of("commission_status", CommissionState::parse),
            from: query.read("from", Moment::parse).map(|from| from.start(zone)),
            to: query.read("to", Moment::parse).map(|to| to.end(zone)),
        };
        Self(filter, query.paging(0))
    }
}

/// What a line brings its seller.
#[derive(Serialize, ToSchema)]
struct SaleCommission {
    id: i64,
    /// The shop's part, in percent.
    rate: String,
    amount: Amount,
    /// After what went back.
    left: Amount,
    status: CommissionState,
}

/// A line that was sold.
#[derive(Serialize, ToSchema)]
pub struct SaleView {
    item_id: i64,
    seller_id: i64,
    order_id: i64,
    number: String,
    status: OrderState,
    placed_at: Timestamp,
    product_id: Option<i64>,
    variant_id: Option<i64>,
    sku: String,
    name: String,
    quantity: i64,
    currency: String,
    unit_price: Amount,
    discount: Amount,
    total: Amount,
    commission: SaleCommission,
}

fn view(sale: &Sale) -> SaleView {
    let currency = sale.currency;
    SaleView {
        item_id: sale.line.0,
        seller_id: sale.seller.0,
        order_id: sale.order.0,
        number: sale.number.clone(),
        status: sale.state,
        placed_at: sale.placed_at,
        product_id: sale.product.map(|id| id.0),
        variant_id: sale.variant.map(|id| id.0),
        sku: sale.sku.clone(),
        name: sale.name.clone(),
        quantity: sale.quantity,
        currency: currency.to_string(),
        unit_price: sale.unit_price.write(currency),
        discount: sale.discount.write(currency),
        total: sale.total.write(currency),
        commission: SaleCommission {
            id: sale.commission.0,
            rate: sale.rate.to_string(),
            amount: sale.brought.write(currency),
            left: sale.left.write(currency),
            status: sale.commission_state,
        },
    }
}

pub async fn list(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    asked: Asked<SalesPage>,
) -> Result<Response> {
    let page = app
        .read(move |db| {
            let SalesPage(filter, paging) = asked.read(&settings::show(db)?.zone)?;
            sales::list(db, &by, &filter, &paging)
        })
        .await?;
    list::reply(&page, view)
}
