//! What is done to the ticked products of the list. The list tells what came of it.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::id::ProductId;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::View;
use crate::http::admin::page;
use crate::http::admin::products::PATH;
use crate::http::admin::products::list;
use crate::shop::catalogue;
use crate::shop::catalogue::Bulk;

/// The longest name of a category.
const MOST_CATEGORY: usize = 100;

pub async fn bulk(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    let view = View::new(PATH, Some(form.fields.text("view")));
    let (ids, what) = match read(&form.fields) {
        Ok(asked) => asked,
        Err(error) if error.faults().is_empty() => return Err(error),
        Err(error) => return list::again(&app, &frame, view, &form.fields, error).await,
    };
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| catalogue::bulk(tx, &by, &ids, &what).map(|_| ()))
        .await?;
    Ok(page::lead(&view.here(), Some(done)))
}

/// Which products, and what is to be done to them.
fn read(fields: &Fields) -> Result<(Vec<ProductId>, Bulk)> {
    let category = || {
        let read = text::line(fields.text("category"), 1, MOST_CATEGORY);
        read.map_err(|bad| Error::from(bad.at("category")))
    };
    let what = match fields.text("do") {
        "approve" => Bulk::Approve,
        "archive" => Bulk::Archive,
        "category" => Bulk::Category(category()?),
        _ => {
            let bad = Bad::invalid("is nothing that is done to many products");
            return Err(bad.at("do").into());
        }
    };
    Ok((fields.picked("product")?, what))
}
