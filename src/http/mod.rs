//! The doors for people and programs: one router, one shell around it, our own accept loop.

mod accept;
mod address;
pub mod admin;
pub mod api;
mod assets;
pub mod audit_query;
mod bare;
pub mod commission_query;
mod cors;
pub mod csv;
pub mod customer_query;
mod denials;
pub mod difference_query;
mod docs;
pub mod draft_query;
pub mod extract;
mod head;
mod headers;
mod health;
pub mod holder;
mod hosts;
mod images;
pub mod json_file;
pub mod limits;
pub mod list;
pub mod live;
pub mod login;
pub mod mail_query;
mod objects;
pub mod openapi;
pub mod order_csv;
pub mod order_query;
mod paced;
mod pack;
mod papers;
pub mod payout;
pub mod problem;
pub mod product_form;
pub mod product_query;
mod request_id;
mod request_log;
pub mod route;
mod routes;
mod seats;
pub mod session;
pub mod shape;
pub mod shell;
pub mod shopper;
pub mod short;
pub mod site;
pub mod token;
pub mod transfer_query;
pub mod user_query;
pub mod version;
mod wire;

use axum::Router;
use axum::http::Method;

use crate::app::App;
use crate::error::Code;
use crate::error::Error;
use crate::http::route::Access;
use crate::http::route::Table;

pub use accept::serve;
pub use papers::check;

/// Every table of routes, with the root of its paths.
pub fn faces() -> [(&'static str, Table); 5] {
    [
        (api::aliases::ROOT, api::table()),
        ("", health::table()),
        ("/api", docs::table()),
        ("", assets::table()),
        ("", images::table()),
    ]
}

/// Every table of pages, with the root of its paths.
pub fn pages() -> [(&'static str, Table); 2] {
    [("/admin", admin::table()), ("", admin::front())]
}

/// Every route, and the templates of their paths.
fn router(app: App) -> (Router, Vec<String>) {
    let mut faces = faces();
    if app.config().is_bench {
        let v1 = api::table().row(
            Method::GET,
            "/nothing",
            Access::Public,
            api::nothing::show,
            shape::sends("application/json"),
        );
        faces[0] = (api::aliases::ROOT, v1);
    }
    let pages = pages();
    let templates = faces
        .iter()
        .chain(&pages)
        .flat_map(|(root, table)| table.templates(root))
        .collect();
    let pages = pages.into_iter().fold(Router::new(), |router, (root, table)| {
        router.merge(table.into_router(root))
    });
    let router = faces
        .into_iter()
        .fold(Router::new(), |router, (root, table)| {
            router.merge(table.into_router(root))
        })
        .merge(admin::framed(&app, pages))
        .fallback(async || Error::NotFound("page"))
        .method_not_allowed_fallback(async || {
            Error::Request(Code::MethodNotAllowed, "That cannot be done here.".into())
        })
        .with_state(app);
    (router, templates)
}
