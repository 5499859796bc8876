//! The table of JSON routes.

pub mod aliases;
pub mod audit;
pub mod auth;
pub mod events;
pub mod nothing;
pub mod orders;
pub mod products;
pub mod stock;
pub mod users;

use axum::http::Method;

use crate::domain::permission::Permission as May;
use crate::http::route::Access::Needs;
use crate::http::route::Access::OwnOr;
use crate::http::route::Access::Public;
use crate::http::route::Access::SignedIn;
use crate::http::route::Table;

const DELETE: Method = Method::DELETE;
const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const PUT: Method = Method::PUT;

/// Every JSON route below `/api/v1`, in reading order.
#[allow(clippy::too_many_lines, reason = "one flat list, a row a route")]
pub fn table() -> Table {
    Table::default()
        .row(POST, "/auth/signup", Public, users::sign_up)
        .row(POST, "/auth/register", Public, users::sign_up)
        .row(POST, "/auth/login", Public, auth::sign_in)
        .row(POST, "/auth/demo-login", Public, auth::demo_sign_in)
        .row(POST, "/auth/refresh-token", Public, auth::refresh)
        .row(POST, "/auth/logout", SignedIn, auth::sign_out)
        .row(GET, "/auth/me", SignedIn, users::show_me)
        .row(PATCH, "/auth/me", SignedIn, users::update_me)
        .row(GET, "/products/public", Public, products::list_public)
        .row(GET, "/products/public/sku/{sku}", Public, products::show_by_sku)
        .row(GET, "/products/public/{id}", Public, products::show_public)
        .row(GET, "/products/my-home", SignedIn, products::list_others)
        .row(GET, "/products", SignedIn, products::list)
        .row(GET, "/products/{id}", SignedIn, products::show)
        .row(POST, "/products", Needs(May::ProductsCreate), products::create)
        .row(
            PATCH,
            "/products/{id}",
            OwnOr(May::ProductsUpdate),
            products::update,
        )
        .row(
            DELETE,
            "/products/{id}",
            OwnOr(May::ProductsDelete),
            products::destroy,
        )
        .row(
            POST,
            "/products/{id}/approve",
            Needs(May::ProductsApprove),
            products::approve,
        )
        .row(
            POST,
            "/products/{id}/reject",
            Needs(May::ProductsApprove),
            products::reject,
        )
        .row(GET, "/categories", Public, products::categories)
        .row(POST, "/stock/adjustments", Needs(May::StockUpdate), stock::adjust)
        .row(GET, "/stock/movements", Needs(May::StockRead), stock::movements)
        .row(GET, "/stock/low", Needs(May::StockRead), stock::low)
        .row(POST, "/orders", SignedIn, orders::place)
        .row(GET, "/orders", SignedIn, orders::list)
        .row(
            GET,
            "/orders/statistics",
            Needs(May::OrdersRead),
            orders::statistics,
        )
        .row(
            GET,
            "/orders/export.csv",
            Needs(May::OrdersExport),
            orders::export,
        )
        .row(GET, "/orders/transitions", SignedIn, orders::transitions)
        .row(GET, "/orders/{id}", OwnOr(May::OrdersRead), orders::show)
        .row(GET, "/events", Needs(May::EventsRead), events::list)
        .row(
            PATCH,
            "/orders/{id}/status",
            Needs(May::OrdersUpdateStatus),
            orders::update_status,
        )
        .row(
            POST,
            "/orders/{id}/cancel",
            OwnOr(May::OrdersCancel),
            orders::cancel,
        )
        .row(
            POST,
            "/orders/{id}/reorder",
            OwnOr(May::OrdersRead),
            orders::reorder,
        )
        .row(
            GET,
            "/orders/{id}/history",
            OwnOr(May::OrdersRead),
            orders::history,
        )
        .row(POST, "/orders/{id}/notes", Needs(May::OrdersNote), orders::note)
        .row(PUT, "/orders/{id}/tags", Needs(May::OrdersNote), orders::tag)
        .row(GET, "/audit-logs", Needs(May::AuditRead), audit::list)
        .row(GET, "/audit-logs/verify", Needs(May::AuditRead), audit::verify)
}
