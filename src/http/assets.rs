//! The stylesheet, the script and the pictures of our own pages: inside the binary, under names made of their content,
//! so that a browser may keep them for ever and never shows yesterday's.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::Method;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::error::Error;
use crate::error::Result;
use crate::http::route::Access::Public;
use crate::http::route::Table;
use crate::http::shape::sends;
use crate::secret;

/// What a browser may keep for a year without asking.
pub const FOR_EVER: &str = "public, max-age=31536000, immutable";

struct Asset {
    /// The name without what stands for its content.
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    /// Where it stands.
    path: String,
}

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        Asset::new(
            "till.css",
            "text/css; charset=utf-8",
            // One stylesheet to fetch, in the order in which its rules overrule each other.
            concat!(
                include_str!("../../templates/static/till/ground.css"),
                include_str!("../../templates/static/till/controls.css"),
                include_str!("../../templates/static/till/components.css"),
                include_str!("../../templates/static/till/pages.css"),
                include_str!("../../templates/static/till/narrow.css"),
            )
            .as_bytes(),
        ),
        Asset::new(
            "till.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../templates/static/till.js"),
        ),
        Asset::new(
            "icons.svg",
            "image/svg+xml",
            include_bytes!("../../templates/static/icons.svg"),
        ),
        Asset::new(
            "mark.svg",
            "image/svg+xml",
            include_bytes!("../../templates/static/mark.svg"),
        ),
    ]
});

impl Asset {
    fn new(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Self {
        let digest = secret::to_text(&secret::digest(bytes)[..6]);
        let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
        Self {
            name,
            kind,
            bytes,
            path: format!("/assets/{stem}.{digest}.{ending}"),
        }
    }
}

/// The routes of the assets.
pub fn table() -> Table {
    Table::default().row(Method::GET, "/assets/{name}", Public, show, sends("*/*"))
}

/// Where an asset stands.
pub fn path(name: &str) -> &'static str {
    ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map_or("", |asset| asset.path.as_str())
}

async fn show(Path(name): Path<String>) -> Result<Response> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.path.strip_prefix("/assets/") == Some(name.as_str()))
        .ok_or(Error::NotFound("page"))?;
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, FOR_EVER),
    ];
    Ok((headers, asset.bytes).into_response())
}
