//! What is decided about a product whole: that it may be sold, that it may not, that it goes.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::audit::Target;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::ProductId;
use crate::domain::permission::Permission;
use crate::domain::product::Product;
use crate::domain::text;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::conflict;
use crate::http::admin::conflict::Both;
use crate::http::admin::conflict::ConflictPage;
use crate::http::admin::conflict::First;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::products::PATH;
use crate::http::admin::products::edit;
use crate::http::admin::products::edit::Told;
use crate::http::admin::products::path;
use crate::http::extract::Path;
use crate::http::product_form::MOST_REASON;
use crate::shop::catalogue;
use crate::shop::catalogue::Decision;
use crate::shop::catalogue::Verdict;

/// The question before a product is rejected.
#[derive(Template)]
#[template(path = "admin/products/reject.html")]
struct RejectPage<'a> {
    frame: &'a Frame,
    product: &'a Product,
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl RejectPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }
}

/// The question before a product is deleted, for those whose browser cannot ask it in place.
#[derive(Template)]
#[template(path = "admin/products/delete.html")]
struct DeletePage<'a> {
    frame: &'a Frame,
    product: &'a Product,
}

pub async fn ask_reject(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<ProductId>,
) -> Result<Response> {
    frame.by.require(Permission::ProductsApprove)?;
    let told = edit::told(&app, &frame, id).await?;
    let shown = RejectPage {
        frame: &frame,
        product: &told.product,
        typed: &Fields::default(),
        faults: &[],
    };
    page::page(StatusCode::OK, &shown)
}

pub async fn approve(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<ProductId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::ProductsApprove)?;
    decide(&app, &frame, id, &form, Verdict::Approve, None).await
}

pub async fn reject(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<ProductId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::ProductsApprove)?;
    let read = match form.fields.said("reason") {
        Some(reason) => text::paragraph(reason, MOST_REASON),
        None => Err(Bad::missing()),
    };
    match read {
        Ok(reason) => decide(&app, &frame, id, &form, Verdict::Reject, Some(reason)).await,
        Err(bad) => {
            let told = edit::told(&app, &frame, id).await?;
            let shown = RejectPage {
                frame: &frame,
                product: &told.product,
                typed: &form.fields,
                faults: &[bad.at("reason")],
            };
            page::page(StatusCode::BAD_REQUEST, &shown)
        }
    }
}

async fn decide(
    app: &App,
    frame: &Frame,
    id: ProductId,
    form: &Form,
    verdict: Verdict,
    reason: Option<String>,
) -> Result<Response> {
    let decision = Decision {
        verdict,
        seen: Some(form.fields.version()?),
        reason,
    };
    let by = frame.by.clone();
    let done = form
        .submit(app, move |tx| {
            catalogue::decide(tx, &by, id, &decision).map(|_| ())
        })
        .await;
    let wanted = match verdict {
        Verdict::Approve => ("approve", "On sale"),
        Verdict::Reject => ("reject", "Rejected"),
    };
    let clash = clash(app, frame, id, &form.fields, wanted);
    conflict::settle(done, &path(id), clash).await
}

pub async fn ask_delete(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<ProductId>,
) -> Result<Response> {
    frame.by.require(Permission::ProductsDelete)?;
    let Told { product, .. } = edit::told(&app, &frame, id).await?;
    let shown = DeletePage {
        frame: &frame,
        product: &product,
    };
    page::page(StatusCode::OK, &shown)
}

pub async fn delete(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<ProductId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::ProductsDelete)?;
    let seen = form.fields.version()?;
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| catalogue::delete(tx, &by, id, Some(seen)))
        .await;
    let clash = clash(&app, &frame, id, &form.fields, ("delete", "Deleted"));
    conflict::settle(done, PATH, clash).await
}

/// Somebody else was first: the product as it is beside what was decided about it.
async fn clash(
    app: &App,
    frame: &Frame,
    id: ProductId,
    typed: &Fields,
    (way, wanted): (&str, &str),
) -> Result<Response> {
    let Told { product, .. } = edit::told(app, frame, id).await?;
    let thing = (Target::Product, id.0);
    let first = First::of(app, frame, thing, Some(product.updated_at)).await?;
    let price = product.price_from();
    let price = price.map(|price| frame.money(price)).unwrap_or_default();
    let shown = ConflictPage {
        frame,
        thing: format!("“{}”", product.name),
        back: path(id),
        action: format!("{}/{way}", path(id)),
        version: product.version,
        first,
        rows: vec![
            Both::of("Status", badge::product(product.status).word, wanted),
            Both::of("Name", product.name, ""),
            Both::of("Description", product.description, ""),
            Both::of("Price", price, ""),
        ],
        kept: conflict::again(typed),
    };
    shown.reply()
}
