//! Papers as people hold them: the words of one ([`sheet`]), drawn by a page's template or as a PDF.

mod draw;
mod font;
mod pdf;
pub mod sheet;

use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::app::App;
use crate::config::Config;
use crate::domain::invoice::Invoice;
use crate::error::Result;
use crate::http::papers::font::Files;
use crate::http::papers::sheet::Sheet;

/// Refuses to begin with a font that cannot be drawn with.
pub fn check(config: &Config) -> Result<()> {
    Files::open(&config.papers.font).map(drop)
}

/// A paper as a PDF. Nothing but what it says and the font decides its bytes.
pub async fn pdf(app: &App, paper: &Invoice) -> Result<Response> {
    let sheet = Sheet::of(paper)?;
    let named = format!("inline; filename=\"{}.pdf\"", sheet.number);
    let font = app.config().papers.font.clone();
    let bytes = app
        .compute(move || draw::draw(&sheet, &Files::open(&font)?))
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, named),
    ];
    Ok((headers, bytes).into_response())
}
