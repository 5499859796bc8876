//! `till serve`: migrates, opens the shop, listens, and closes it well.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::app::App;
use crate::cli::Context;
use crate::cli::seed;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::Flags;
use crate::domain::actor::Actor;
use crate::domain::link::Purpose;
use crate::error::Error;
use crate::error::Result;
use crate::http;
use crate::shop::note_address;
use crate::shop::settings;
use crate::shop::setup;
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
    /// Serve a route that does nothing beside the others.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Serve {
    /// What it says of the settings.
    pub fn tell(&self, flags: &mut Flags) {
        flags.is_demo = self.demo;
        flags.listen = self.listen;
    }

    pub fn run(self, context: &Context) -> Result<ExitCode> {
        for note in &context.notes {
            tracing::warn!("{note}");
        }
        crate::shop::make_dir(&context.data)?;
        let keys = context.keys()?;
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if context.config.server.workers > 0 {
            runtime.worker_threads(usize::try_from(context.config.server.workers).unwrap_or(1));
        }
        let runtime = runtime.enable_all().build().map_err(internal)?;
        let config = Config {
            is_bench: self.bench,
            ..context.config.clone()
        };
        http::check(&config)?;
        let app = App::open(&context.data, config, Clock::System, keys, give_up)?;
        let served = fits(context, &app).and_then(|()| runtime.block_on(serve(context, &app)));
        app.close()?;
        served.map(|()| ExitCode::SUCCESS)
    }
}

async fn serve(context: &Context, app: &App) -> Result<()> {
    let asked = context.config.server.listen;
    let listener = tokio::net::TcpListener::bind(asked)
        .await
        .map_err(|cause| Error::internal(format!("cannot listen on {asked}: {cause}")))?;
    let stop = stop();
    let url = format!("http://{}", listener.local_addr().map_err(internal)?);
    match setup_link(context, app, &url).await? {
        None => context.print(format!("till listens on {url}"), &json!({ "listening": url }))?,
        Some(link) => {
            let json = json!({ "listening": url, "setup": link });
            context.print(format!("till listens on {url}"), &json)?;
            let what = match context.config.is_demo {
                true => "come in as the owner of the demo",
                false => "set up the shop",
            };
            eprintln!("{what}, once and within a day: {link}");
        }
    }
    note_address(&context.data, Some(&url))?;
    let mut worker = tokio::spawn(worker::run(app.clone()));
    let mut fallen = Ok(());
    let until = async {
        tokio::select! {
            // It ends first, before the shop refuses what it would still do.
            () = stop => worker.abort(),
            ended = &mut worker => fallen = ended.unwrap_or_else(|cause| Err(Error::Internal(cause.into()))),
        }
    };
    http::serve(listener, app.clone(), until).await;
    worker.abort();
    // It lets go of the store before that is closed: what it was at comes again with the next start.
    if !worker.is_finished() {
        let _ = worker.await;
    }
    note_address(&context.data, None)?;
    fallen
}

/// The link by which the first owner is made, or the one into a demo. Nothing where somebody runs the shop.
async fn setup_link(context: &Context, app: &App, url: &str) -> Result<Option<String>> {
    let (keys, now) = (app.keys().clone(), app.clock().now());
    let kept = app.setup_token();
    let known = kept.clone().unwrap_or_default();
    let is_good = app.read(move |db| Ok(setup::look(db, &keys, &known, now).is_ok()));
    let secret = match (kept, is_good.await?) {
        (Some(kept), true) => kept,
        _ => {
            app.drop_setup_token();
            let keys = app.keys().clone();
            let made = app.write(move |tx| setup::offer(tx, &Actor::system(), &keys));
            let Some(made) = made.await? else { return Ok(None) };
            app.keep_setup_token(&made.secret)?;
            made.secret
        }
    };
    let place = match context.config.server.public_url.is_empty() {
        true => url.to_owned(),
        false => context.config.server.public_url(),
    };
    Ok(Some(Purpose::Setup.url(&place, &secret)))
}

/// A demo's file is served as a demo only, and a shop's never.
fn fits(context: &Context, app: &App) -> Result<()> {
    if context.config.is_demo {
        fill(app)?;
    }
    let is_demo_file = app.store().read(|db| Ok(settings::show(db)?.is_demo))?;
    let folder = context.data.display();
    match (context.config.is_demo, is_demo_file) {
        (false, true) => Err(Error::Setup(format!(
            "{folder} holds a demo: serve it with --demo, or give another --data"
        ))),
        (true, false) => Err(Error::Setup(format!(
            "{folder} holds a shop that is no demo: serve it without --demo, or give another --data"
        ))),
        _ => Ok(()),
    }
}

/// An untouched file becomes the shop of examples; who can sign in is said once, beside the log.
fn fill(app: &App) -> Result<()> {
    if app.store().read(settings::is_untouched)? {
        let (_, owner) = seed::demo(app.store())?;
        eprintln!("{}", seed::accounts(&owner));
    }
    Ok(())
}

/// The file has failed under a write: whoever waits gets half a second to hear it.
fn give_up() {
    std::thread::spawn(|| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        std::process::exit(1);
    });
}

fn internal(cause: std::io::Error) -> Error {
    Error::Internal(cause.into())
}

/// Done when the process is told to end. The handlers stand as soon as this is called, not when it is first waited for:
/// whoever reads where the shop listens may stop it at once.
fn stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        let (Ok(mut term), Ok(mut interrupt)) = signals else {
            return;
        };
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
