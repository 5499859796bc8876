//! Papers of an order as pages that print: the invoice, its credit notes, the packing slip.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::address;
use crate::domain::id::OrderId;
use crate::domain::order::Line;
use crate::error::Result;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::orders::change;
use crate::http::admin::page;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::order_query::Which;
use crate::http::papers;
use crate::http::papers::sheet::Sheet;
use crate::shop::invoices;
use crate::shop::invoices::Slip;

#[derive(Template)]
#[template(path = "admin/orders/invoice.html")]
struct InvoicePage<'a> {
    frame: &'a Frame,
    order: OrderId,
    sheet: &'a Sheet,
}

pub async fn invoice(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    asked: Asked<OnPage<Which>>,
) -> Result<Response> {
    let OnPage(Which(number)) = asked.read(&())?;
    let by = frame.by.clone();
    let found = app.read(move |db| invoices::show(db, &by, id)).await?;
    let sheet = Sheet::of(found.named(number.as_deref())?)?;
    let shown = InvoicePage {
        frame: &frame,
        order: id,
        sheet: &sheet,
    };
    page::page(StatusCode::OK, &shown)
}

pub async fn invoice_pdf(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    asked: Asked<OnPage<Which>>,
) -> Result<Response> {
    let OnPage(Which(number)) = asked.read(&())?;
    let found = app.read(move |db| invoices::show(db, &frame.by, id)).await?;
    papers::pdf(&app, found.named(number.as_deref())?).await
}

pub async fn issue_invoice(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    form: Form,
) -> Result<Response> {
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| invoices::issue_by_hand(tx, &by, id).map(|_| ()))
        .await?;
    Ok(page::lead(&change::path(id), Some(done)))
}

#[derive(Template)]
#[template(path = "admin/orders/packing_slip.html")]
struct SlipPage<'a> {
    frame: &'a Frame,
    slip: &'a Slip,
    from: Vec<String>,
}

impl SlipPage<'_> {
    /// What goes into the parcel.
    fn packed(&self) -> Vec<(&Line, i64)> {
        let lines = self.slip.order.lines.iter().zip(self.slip.pieces.iter().copied());
        lines.filter(|(_, pieces)| *pieces > 0).collect()
    }

    fn count(&self) -> i64 {
        self.slip.pieces.iter().sum()
    }

    fn to(&self) -> Vec<String> {
        let json = self.slip.order.contacts.shipping_address.as_deref();
        let found = json.and_then(|json| serde_json::from_str(json).ok());
        found.map(|found| address::lines(&found)).unwrap_or_default()
    }
}

pub async fn packing_slip(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<OrderId>,
    asked: Asked<OnPage<()>>,
) -> Result<Response> {
    let OnPage(()) = asked.read(&())?;
    let by = frame.by.clone();
    let (slip, from) = app
        .read(move |db| Ok((invoices::packing_slip(db, &by, id)?, invoices::shop_address(db)?)))
        .await?;
    let shown = SlipPage {
        frame: &frame,
        slip: &slip,
        from: address::lines(&from),
    };
    page::page(StatusCode::OK, &shown)
}
