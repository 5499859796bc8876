//! The pictures of products, for everybody who has the name of one: their content makes it, so a browser may keep them for
//! ever.

use axum::extract::State;
use axum::http::HeaderName;
use axum::http::Method;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::app::App;
use crate::domain::image::ImageName;
use crate::error::Result;
use crate::http::assets::FOR_EVER;
use crate::http::extract::Path;
use crate::http::route::Access::Public;
use crate::http::route::Table;
use crate::http::shape::sends;
use crate::shop::images;

const FROM_ELSEWHERE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The route of the pictures.
pub fn table() -> Table {
    Table::default().row(Method::GET, "/images/{name}", Public, show, sends("image/*"))
}

/// What does not read as the name of a picture names nothing, and no file is looked at.
async fn show(State(app): State<App>, Path(name): Path<ImageName>) -> Result<Response> {
    let dir = app.dir().to_owned();
    let bytes = app.fetch(move || images::read(&dir, &name)).await?;
    let headers = [
        (header::CONTENT_TYPE, name.form.media()),
        (header::CACHE_CONTROL, FOR_EVER),
        // A shop front may stand at another address.
        (FROM_ELSEWHERE, "cross-origin"),
    ];
    Ok((headers, bytes).into_response())
}
