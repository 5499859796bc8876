//! `till serve`: migrates, opens the shop, listens, and closes it well.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use crate::error::Result;
use crate::http;
use crate::secret::Keys;

/// Run the shop.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Serve {
    pub fn run(self, data: &Path) -> Result<ExitCode> {
        crate::shop::make_dir(data)?;
        let keys = Keys::load(data, None)?;
        let config = Config {
            listen: self.listen,
            data: data.to_owned(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::Internal(cause.into()))?;
        runtime.block_on(async {
            let app = App::open(data, config, Clock::System, keys, || {
                std::thread::spawn(|| {
                    std::thread::sleep(std::time::Duration::from_millis(500));
                    std::process::exit(1);
                });
            })?;
            let listener = tokio::net::TcpListener::bind(self.listen)
                .await
                .map_err(|cause| Error::internal(format!("cannot listen on {}: {cause}", self.listen)))?;
            let at = listener
                .local_addr()
                .map_err(|cause| Error::Internal(cause.into()))?;
            println!("till listens on http://{at}");
            http::serve(listener, app.clone(), stop()).await;
            app.close();
            Ok(ExitCode::SUCCESS)
        })
    }
}

async fn stop() {
    let mut term = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(term) => term,
        Err(_) => return,
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
