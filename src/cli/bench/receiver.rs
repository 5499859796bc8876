//! A receiver of webhooks on loopback, on a thread of its own: it takes whatever comes, and counts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use crate::error::Error;
use crate::error::Result;

/// A receiver. It ends with the process.
pub struct Receiver {
    /// Where it listens.
    pub at: SocketAddr,
    heard: Arc<AtomicU64>,
}

impl Receiver {
    /// Starts one.
    pub fn start() -> Result<Self> {
        let broken = |cause: std::io::Error| Error::internal(format!("the receiver: {cause}"));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(broken)?;
        listener.set_nonblocking(true).map_err(broken)?;
        let at = listener.local_addr().map_err(broken)?;
        let heard = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&heard);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(broken)?;
        std::thread::spawn(move || runtime.block_on(listen(listener, count)));
        Ok(Self { at, heard })
    }

    /// How many messages it has heard.
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }
}

async fn listen(listener: std::net::TcpListener, heard: Arc<AtomicU64>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&heard)));
    }
}

async fn serve(mut stream: TcpStream, heard: Arc<AtomicU64>) {
    let _ = stream.set_nodelay(true);
    let mut read = Vec::with_capacity(16 * 1024);
    loop {
        while let Some(whole) = length(&read) {
            if read.len() < whole {
                break;
            }
            read.drain(..whole);
            heard.fetch_add(1, Ordering::Relaxed);
            if stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .await
                .is_err()
            {
                return;
            }
        }
        if !matches!(stream.read_buf(&mut read).await, Ok(1..)) {
            return;
        }
    }
}

/// The bytes of head and body together, once the head is there.
fn length(read: &[u8]) -> Option<usize> {
    let head = read.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&read[..head]).ok()?;
    let body = text.split("\r\n").find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")?
            .trim()
            .parse()
            .ok()
    });
    Some(head + body.unwrap_or(0))
}
