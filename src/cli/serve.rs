//! `till serve`: migrates, opens the shop, listens, and closes it well.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;

use crate::app::App;
use crate::cli::Context;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Error;
use crate::error::Result;
use crate::http;
use crate::worker;

/// Run the shop.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Run a shop of examples, in a folder of its own.
    #[arg(long)]
    demo: bool,
}

impl Serve {
    /// What its flags say of the settings.
    pub fn apply(&self, config: &mut Config) {
        config.is_demo |= self.demo;
        if let Some(listen) = self.listen {
            config.server.listen = listen;
        }
    }

    pub fn run(self, context: &Context) -> Result<ExitCode> {
        crate::shop::make_dir(&context.data)?;
        let keys = context.keys()?;
        let config = context.config.clone();
        let listen = config.server.listen;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::Internal(cause.into()))?;
        runtime.block_on(async {
            let app = App::open(&context.data, config, Clock::System, keys, || {
                std::thread::spawn(|| {
                    std::thread::sleep(std::time::Duration::from_millis(500));
                    std::process::exit(1);
                });
            })?;
            let listener = tokio::net::TcpListener::bind(listen)
                .await
                .map_err(|cause| Error::internal(format!("cannot listen on {listen}: {cause}")))?;
            let at = listener
                .local_addr()
                .map_err(|cause| Error::Internal(cause.into()))?;
            println!("till listens on http://{at}");
            let worker = tokio::spawn(worker::run(app.clone()));
            http::serve(listener, app.clone(), stop()).await;
            worker.abort();
            app.close()?;
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
