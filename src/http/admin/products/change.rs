//! Making and saving a product.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::ProductId;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::refusal::Refusal;
use crate::domain::text::Sku;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::products::conflict::conflict;
use crate::http::admin::products::draft::Draft;
use crate::http::admin::products::draft::Row;
use crate::http::admin::products::edit;
use crate::http::admin::products::edit::EditPage;
use crate::http::admin::products::path;
use crate::http::extract::Path;
use crate::shop::catalogue;
use crate::shop::forms;

/// The button that asks for one more row, and for nothing else.
const MORE: &str = "more";

pub async fn create(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    frame.by.require(Permission::ProductsCreate)?;
    let draft = Draft::read(&form.fields);
    if form.fields.is_ticked(MORE) {
        let draft = draft.with_empty_row();
        return edit::blank(&app, &frame, &draft, &[], StatusCode::OK).await;
    }
    let made = match draft.to_new(frame.settings.terms.currency) {
        Ok(new) => {
            let by = frame.by.clone();
            form.submit(&app, move |tx| catalogue::create(tx, &by, None, &new).map(|_| ()))
                .await
        }
        Err(error) => Err(error),
    };
    let by = frame.by.clone();
    match made {
        Ok(done) => {
            let id = app.read(move |db| forms::target(db, &by, done)).await?;
            Ok(page::lead(&path(ProductId(id)), Some(done)))
        }
        Err(error) => {
            let faults = faults(&app, &frame, &draft, None, error).await?;
            let draft = draft.with_empty_row();
            edit::blank(&app, &frame, &draft, &faults, StatusCode::BAD_REQUEST).await
        }
    }
}

pub async fn update(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<ProductId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::ProductsUpdate)?;
    let told = edit::told(&app, &frame, id).await?;
    let draft = Draft::read(&form.fields);
    if form.fields.is_ticked(MORE) {
        let shown = draft.with_empty_row();
        return page::page(StatusCode::OK, &EditPage::of(&frame, &told, &shown, &[]));
    }
    let seen = form.fields.version()?;
    let saved = match draft.to_change(&told.product, frame.settings.terms.currency) {
        Ok(change) => {
            let by = frame.by.clone();
            form.submit(&app, move |tx| {
                catalogue::update(tx, &by, id, Some(seen), &change).map(|_| ())
            })
            .await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(done) => Ok(page::lead(&path(id), Some(done))),
        Err(Error::Stale(_)) => conflict(&app, &frame, id, &form.fields).await,
        Err(error) => {
            let faults = faults(&app, &frame, &draft, Some(&told.product), error).await?;
            let shown = draft.with_empty_row();
            page::page(
                StatusCode::BAD_REQUEST,
                &EditPage::of(&frame, &told, &shown, &faults),
            )
        }
    }
}

/// What was wrong, at its field. What is wrong with no field is a failure of its own.
async fn faults(
    app: &App,
    frame: &Frame,
    draft: &Draft,
    now: Option<&Product>,
    error: Error,
) -> Result<Vec<Fault>> {
    if !error.faults().is_empty() {
        return Ok(error.faults().to_vec());
    }
    match error {
        Error::Refused(Refusal::Taken(_)) => {}
        Error::Refused(Refusal::NotAllowed(words)) => return Ok(vec![Bad::invalid(words).at("status")]),
        error => return Err(error),
    }
    let mut taken = Vec::new();
    for row in draft.rows.iter().filter(|row| row.is_used()) {
        if is_taken(app, frame, draft, now, row).await? {
            taken.push(Bad::invalid("is the SKU of something else").at(row.field("sku")));
        }
    }
    match taken.is_empty() {
        true => Err(error),
        false => Ok(taken),
    }
}

/// Whether a row's SKU is another product's, another variant's, or stands twice.
async fn is_taken(app: &App, frame: &Frame, draft: &Draft, now: Option<&Product>, row: &Row) -> Result<bool> {
    let Ok(sku) = Sku::parse(&row.sku) else {
        return Ok(false);
    };
    let mut before = draft.rows.iter().take_while(|other| other.at < row.at);
    if before.any(|other| other.is_used() && other.sku.trim() == sku.as_str()) {
        return Ok(true);
    }
    let mut sisters = now.iter().flat_map(|product| &product.variants);
    if let Some(sister) = sisters.find(|variant| variant.sku == sku.as_str()) {
        return Ok(row.id != Some(sister.id.0));
    }
    let by = frame.by.clone();
    let holder = app.read(move |db| catalogue::holder(db, &by, &sku)).await?;
    Ok(holder.is_some_and(|holder| Some(holder) != now.map(|product| product.id)))
}
