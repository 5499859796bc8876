//! Orders as CSV, on both faces: a row an order.

use std::borrow::Cow;

use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::money::Money;
use crate::domain::order::Order;
use crate::domain::order_filter::Column;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::domain::text::csv_cell;
use crate::error::Result;
use crate::http::csv;
use crate::http::csv::File;
use crate::http::list::Asked;
use crate::http::order_query::Wanted;
use crate::http::order_query::shop;
use crate::shop::Snapshot;
use crate::shop::orders;

const HEADINGS: &str = "id,number,status,payment_status,fulfilment_status,placed_at,customer_id,email,item_count,\
  subtotal,discount,shipping,tax,total,paid,refunded,currency,tags,note\r\n";

/// The reply to whoever asks for orders as CSV. `text` is the query as it was asked, for the audit.
pub async fn send(app: App, by: Actor, text: String, asked: Asked<Wanted>) -> Result<Response> {
    let (filter, sort) = app
        .read(move |db| {
            let Wanted { filter, sort } = asked.read(&shop(db)?)?;
            match filter.column(sort) {
                Column::Total => Err(Bad::input("an export is by id or time").at("sort").into()),
                _ => Ok((filter, sort)),
            }
        })
        .await?;
    let noted = by.clone();
    app.write(move |tx| orders::begin_export(tx, &noted, &text))
        .await?;
    let file = File {
        name: "orders.csv".to_owned(),
        headings: HEADINGS,
        first: Paging::first(Limit::MAX, filter.sort_number(sort)),
        read: move |db: &Snapshot, paging: &Paging| orders::export_page(db, &by, &filter, sort, paging),
        write: write_row,
    };
    Ok(csv::send(app, file))
}

/// Texts pass through [`csv_cell`]; what we write ourselves holds nothing to quote.
fn write_row(text: &mut String, order: &Order) {
    let head = &order.head;
    let money = |money: Money| money.write(head.currency).to_string();
    let customer = head.customer.map(|id| id.to_string()).unwrap_or_default();
    let tags = order.tags.join(" ");
    let cells: [Cow<'_, str>; 19] = [
        head.id.to_string().into(),
        csv_cell(&head.number),
        head.state.name().into(),
        head.payment.name().into(),
        head.fulfilment.name().into(),
        head.placed_at.to_string().into(),
        customer.into(),
        csv_cell(order.contacts.email.as_deref().unwrap_or_default()),
        head.item_count.to_string().into(),
        money(head.subtotal).into(),
        money(head.discount).into(),
        money(head.shipping).into(),
        money(head.tax).into(),
        money(head.total).into(),
        money(head.paid).into(),
        money(head.refunded).into(),
        head.currency_text().into(),
        csv_cell(&tags),
        csv_cell(order.contacts.note.as_deref().unwrap_or_default()),
    ];
    *text += &cells.join(",");
    *text += "\r\n";
}
