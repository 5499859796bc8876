//! The accept loop: who may connect, how long a connection may take, and how a stop lets those under way finish.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::watch;

use crate::app::App;
use crate::http::seats::Seat;
use crate::http::seats::Seats;
use crate::http::shell::MOST_HEADERS;
use crate::http::shell::Shell;
use crate::http::wire::Patience;
use crate::http::wire::Pulse;
use crate::http::wire::Sent;
use crate::http::wire::Wire;

const MOST_HEAD_BYTES: usize = 16 * 1024;
const MOST_STREAMS: u32 = 100;
/// Of the time that a stop may take, so much is left for closing the file.
const FOR_CLOSING: Duration = Duration::from_secs(5);
/// A head that came too slowly is answered within so long, or not at all.
const FOR_LAST_WORDS: Duration = Duration::from_secs(1);
const UPKEEP: Duration = Duration::from_secs(5);
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stop` is done, then lets the requests under way finish.
pub async fn serve(listener: TcpListener, app: App, stop: impl Future<Output = ()>) {
    if let Ok(at) = listener.local_addr() {
        app.set_listens(at);
    }
    let house = House::new(&app, listener.local_addr().ok());
    tokio::spawn(keep_figures(app.clone()));
    let mut stop = pin!(stop);
    let mut pause = SHORTEST_PAUSE;
    loop {
        let accepted = tokio::select! {
            accepted = house.next(&listener) => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer, seat)) => {
                pause = SHORTEST_PAUSE;
                house.welcome(stream, peer, seat);
            }
            // Whoever hung up in the queue costs nothing; no file left to open is over when somebody leaves.
            Err(cause) if cause.kind() == std::io::ErrorKind::ConnectionAborted => {}
            Err(cause) => {
                tracing::warn!(%cause, "a connection could not be taken");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
    // First the door, so that whoever is sent away finds it closed.
    drop(listener);
    app.stop();
    let limit = Duration::from_secs(app.config().server.shutdown_seconds).saturating_sub(FOR_CLOSING);
    if tokio::time::timeout(limit, house.seats.empty()).await.is_err() {
        tracing::warn!("requests were cut off by the stop");
    }
}

/// Sums up the figures now and then, whether anybody reads them or not.
async fn keep_figures(app: App) {
    let mut stopping = app.stopping();
    while tokio::time::timeout(UPKEEP, stopping.wait_for(|stops| *stops))
        .await
        .is_err()
    {
        app.sum_up_figures();
    }
}

/// What connections share.
struct House {
    shell: Arc<Shell>,
    seats: Arc<Seats>,
    patience: Patience,
    stopping: watch::Receiver<bool>,
}

impl House {
    fn new(app: &App, listens: Option<SocketAddr>) -> Self {
        let settings = &app.config().server;
        Self {
            shell: Arc::new(Shell::new(app.clone(), listens)),
            seats: Arc::new(Seats::new(settings)),
            patience: Patience {
                head: Duration::from_secs(settings.header_seconds),
                idle: Duration::from_secs(settings.idle_seconds),
                write: Duration::from_secs(settings.write_seconds),
            },
            stopping: app.stopping(),
        }
    }

    /// The next connection once there is a seat; until then they wait in the kernel's queue.
    async fn next(
        &self,
        listener: &TcpListener,
    ) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let permit = self.seats.free().await?;
        let (stream, peer) = listener.accept().await?;
        Ok((stream, peer, permit))
    }

    /// Serves a connection, unless its address has too many.
    fn welcome(&self, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        let Some(seat) = self.seats.give(permit, peer.ip()) else {
            return;
        };
        let _ = stream.set_nodelay(true);
        let work = attend(
            stream,
            peer,
            seat,
            Arc::clone(&self.shell),
            (self.patience, Arc::clone(&self.seats)),
            self.stopping.clone(),
        );
        tokio::spawn(work);
    }
}

/// One connection from beginning to end.
async fn attend(
    stream: TcpStream,
    peer: SocketAddr,
    seat: Seat,
    shell: Arc<Shell>,
    (patience, seats): (Patience, Arc<Seats>),
    mut stopping: watch::Receiver<bool>,
) {
    let pulse = Arc::new(Pulse::default());
    let wire = Wire::new(stream, Arc::clone(&pulse), Arc::clone(&shell), seat);
    let counted = Arc::clone(&pulse);
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let under_way = counted.begin(request.version() == hyper::Version::HTTP_2);
        let shell = Arc::clone(&shell);
        async move {
            let reply = shell.answer(peer, request).await;
            Ok::<_, Infallible>(reply.map(|body| Sent::new(body, under_way)))
        }
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(wire), service));
    let mut overstays = pin!(pulse.overstays(&patience, || seats.are_taken()));
    let (mut is_closing, mut is_late) = (false, false);
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = overstays.as_mut(), if !is_late => {
                is_late = pulse.is_late_now();
                if !is_late {
                    return;
                }
            }
            () = tokio::time::sleep(FOR_LAST_WORDS), if is_late => return,
            _ = stopping.wait_for(|stops| *stops), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .header_read_timeout(None)
        .max_headers(MOST_HEADERS)
        .max_buf_size(MOST_HEAD_BYTES);
    builder
        .http2()
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(MOST_HEAD_BYTES as u32);
    builder
}
