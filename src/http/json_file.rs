//! A long JSON object as it is read: chapters, each a list, written leaf by leaf while the client takes them, so that
//! memory stays flat.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use tokio::sync::mpsc;

use crate::app::App;
use crate::error::Error;
use crate::error::Result;
use crate::http::csv::pages;
use crate::shop::Snapshot;
use crate::shop::customers::Chapter;
use crate::shop::customers::Leaf;

/// The reply that carries the file `name`; `read` reads a leaf of a chapter behind an id.
pub fn send<R>(app: App, name: &str, read: R) -> Response
where
    R: Fn(&Snapshot, Chapter, i64) -> Result<Leaf> + Send + Sync + 'static,
{
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    let (send, receive) = mpsc::channel(2);
    tokio::spawn(async move {
        if let Err(error) = write(app, Arc::new(read), &send).await {
            // What was begun breaks off: nobody takes half of it for the whole.
            let _ = send.send(Err(error)).await;
        }
    });
    (headers, pages(receive)).into_response()
}

async fn write<R>(app: App, read: Arc<R>, send: &mpsc::Sender<Result<Bytes>>) -> Result<()>
where
    R: Fn(&Snapshot, Chapter, i64) -> Result<Leaf> + Send + Sync + 'static,
{
    let mut text = String::new();
    for chapter in Chapter::ALL {
        text += match chapter == Chapter::ALL[0] {
            true => "{",
            false => "],",
        };
        text += &format!("\"{}\":[", chapter.name());
        let (mut after, mut is_first) = (0, true);
        loop {
            let read = Arc::clone(&read);
            let leaf = app.read(move |db| read(db, chapter, after)).await?;
            for row in leaf.rows {
                if !std::mem::take(&mut is_first) {
                    text.push(',');
                }
                text += &serde_json::to_string(&row).map_err(|cause| Error::Internal(cause.into()))?;
            }
            if send
                .send(Ok(Bytes::from(std::mem::take(&mut text))))
                .await
                .is_err()
            {
                return Ok(());
            }
            match leaf.next {
                Some(next) => after = next,
                None => break,
            }
        }
    }
    let _ = send.send(Ok(Bytes::from_static(b"]}"))).await;
    Ok(())
}
