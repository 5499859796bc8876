//! Lists as CSV: read page by page while the client takes them, so that memory stays flat.

use std::pin::Pin;
use std::sync::Arc;
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
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::page::Place;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;

/// What a file is made of.
pub struct File<R, W> {
    /// What it is called when it is kept.
    pub name: String,
    /// Its first line.
    pub headings: &'static str,
    /// Where the first page begins; it says how many rows a look reads.
    pub first: Paging,
    /// Reads a page.
    pub read: R,
    /// Writes a row.
    pub write: W,
}

/// The reply that carries a file whole: what is short enough to stand in memory.
pub fn whole(name: &str, text: String) -> Response {
    (headers(name), text).into_response()
}

fn headers(name: &str) -> [(header::HeaderName, String); 2] {
    [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ]
}

/// The reply that carries a file as it is read.
pub fn send<T, R, W>(app: App, file: File<R, W>) -> Response
where
    T: Send + 'static,
    R: Fn(&Snapshot, &Paging) -> Result<Page<T>> + Send + Sync + 'static,
    W: Fn(&mut String, &T) + Send + Sync + 'static,
{
    let headers = headers(&file.name);
    let (send, receive) = mpsc::channel(2);
    tokio::spawn(write_pages(app, file, send));
    (headers, pages(receive)).into_response()
}

/// A body of what comes through a channel; a failure breaks it off.
pub fn pages(receive: mpsc::Receiver<Result<Bytes>>) -> Body {
    Body::new(Pages(receive))
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
async fn write_pages<T, R, W>(app: App, file: File<R, W>, send: mpsc::Sender<Result<Bytes>>)
where
    T: Send + 'static,
    R: Fn(&Snapshot, &Paging) -> Result<Page<T>> + Send + Sync + 'static,
    W: Fn(&mut String, &T) + Send + Sync + 'static,
{
    let read = Arc::new(file.read);
    let mut paging = file.first;
    let mut text = file.headings.to_owned();
    loop {
        let reader = Arc::clone(&read);
        let page = app.read(move |db| reader(db, &paging)).await;
        let (page, next) = match page {
            Ok(page) => {
                page.rows.iter().for_each(|row| (file.write)(&mut text, row));
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
