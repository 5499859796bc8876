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
use crate::http::admin::products::many;
use crate::http::admin::products::many::Kind;
use crate::shop::catalogue;
use crate::shop::catalogue::Bulk;
use crate::shop::catalogue::Ticked;

/// The longest name of a category.
const MOST_CATEGORY: usize = 100;

pub async fn bulk(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    let view = View::new(PATH, Some(form.fields.text("view")));
    let asked = match form.fields.picked::<ProductId>("product") {
        Ok(ids) => Ok((ids, Kind::asked(&form.fields))),
        Err(error) => Err(error),
    };
    let (ids, what) = match asked {
        // What needs more to be said has a page of its own, which shows what it would come to.
        Ok((ids, Some(kind))) => match kind.sent(&form.fields, frame.settings.terms.currency) {
            Ok(Some(what)) => (ids, what),
            counted => return many::ask(&app, &frame, kind, &view, &form.fields, ids, counted.err()).await,
        },
        Ok((ids, None)) => match read(&form.fields) {
            Ok(what) => (ids, what),
            Err(error) => return list::again(&app, &frame, view, &form.fields, error).await,
        },
        Err(error) if error.faults().is_empty() => return Err(error),
        Err(error) => return list::again(&app, &frame, view, &form.fields, error).await,
    };
    let ticked: Vec<Ticked> = ids.into_iter().map(|id| ticked(&form.fields, id)).collect();
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| {
            catalogue::bulk(tx, &by, &ticked, &what).map(|_| ())
        })
        .await?;
    Ok(page::lead(&view.here(), Some(done)))
}

fn ticked(fields: &Fields, id: ProductId) -> Ticked {
    Ticked {
        id,
        seen: fields.text(&many::seen(id)).parse().ok(),
    }
}

/// What is to be done to them.
fn read(fields: &Fields) -> Result<Bulk> {
    let category = || {
        let read = text::line(fields.text("category"), 1, MOST_CATEGORY);
        read.map_err(|bad| Error::from(bad.at("category")))
    };
    match fields.text("do") {
        "approve" => Ok(Bulk::Approve),
        "archive" => Ok(Bulk::Archive),
        "category" => Ok(Bulk::Category(category()?)),
        _ => {
            let bad = Bad::invalid("is nothing that is done to many products");
            Err(bad.at("do").into())
        }
    }
}
