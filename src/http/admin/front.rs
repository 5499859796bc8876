//! The page at the root, and the way from `/admin` to where people work.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::error::Result;
use crate::http::admin::frame::Anyone;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;

#[derive(Template)]
#[template(path = "admin/front.html")]
struct FrontPage<'a> {
    frame: &'a Frame,
}

pub async fn show(Anyone(frame): Anyone) -> Result<Response> {
    page::page(StatusCode::OK, &FrontPage { frame: &frame })
}

pub async fn home(_: Staff) -> Response {
    page::lead("/admin/orders", None)
}
