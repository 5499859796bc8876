//! What is done to the ticked orders of the list. The list tells what came of it.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::id::OrderId;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::View;
use crate::http::admin::orders::list;
use crate::http::admin::page;
use crate::shop::orders;
use crate::shop::orders::Bulk;

pub async fn bulk(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    let view = View::new(list::PATH, Some(form.fields.text("view")));
    let (ids, what) = match read(&form.fields) {
        Ok(asked) => asked,
        Err(error) if error.faults().is_empty() => return Err(error),
        Err(error) => return list::again(&app, &frame, view, &form.fields, error).await,
    };
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| orders::bulk(tx, &by, &ids, &what).map(|_| ()))
        .await?;
    Ok(page::lead(&view.here(), Some(done)))
}

/// Which orders, and what is to be done to them.
fn read(fields: &Fields) -> Result<(Vec<OrderId>, Bulk)> {
    let tag = || text::line(fields.text("tag"), 1, 50).map_err(|bad| Error::from(bad.at("tag")));
    let what = match fields.text("do") {
        "processing" => Bulk::Process,
        "tag" => Bulk::Tag(tag()?),
        "untag" => Bulk::Untag(tag()?),
        _ => {
            return Err(Bad::invalid("is nothing that is done to many orders")
                .at("do")
                .into());
        }
    };
    Ok((fields.picked("order")?, what))
}
