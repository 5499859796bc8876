//! Orders as CSV, on both faces: a row an order, read page by page while the client takes them, so that memory stays flat.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body::Frame;
use tokio::sync::mpsc;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::fault::Bad;
use crate::domain::money::Money;
use crate::domain::order::Order;
use crate::domain::order_filter::Column;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Limit;
use crate::domain::page::Paging;
use crate::domain::page::Place;
use crate::domain::text::csv_cell;
use crate::error::Error;
use crate::error::Result;
use crate::http::list::Asked;
use crate::http::order_query::Wanted;
use crate::http::order_query::shop;
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
    let (send, receive) = mpsc::channel(2);
    tokio::spawn(write_pages(app, by, filter, sort, send));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"orders.csv\""),
    ];
    Ok((headers, Body::new(Pages(receive))).into_response())
}

/// What is on its way to the client.
struct Pages(mpsc::Receiver<Result<Bytes>>);

impl http_body::Body for Pages {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        self.0
            .poll_recv(task)
            .map(|page| page.map(|page| page.map(Frame::data)))
    }
}

/// Reads page after page until the end, a failure, or the client has gone.
async fn write_pages(
    app: App,
    by: Actor,
    filter: OrderFilter,
    sort: OrderSort,
    send: mpsc::Sender<Result<Bytes>>,
) {
    let mut paging = Paging::first(Limit::MAX, filter.sort_number(sort));
    let mut text = HEADINGS.to_owned();
    loop {
        let (by, filter) = (by.clone(), filter.clone());
        let page = app
            .read(move |db| orders::export_page(db, &by, &filter, sort, &paging))
            .await;
        let (page, next) = match page {
            Ok(page) => {
                page.rows.iter().for_each(|order| write_row(&mut text, order));
                (Ok(Bytes::from(std::mem::take(&mut text))), page.next)
            }
            Err(error) => (Err(error), None),
        };
        let has_gone = send.send(page).await.is_err();
        match next {
            Some(next) if !has_gone => paging.place = Place::At(next),
            _ => return,
        }
    }
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
