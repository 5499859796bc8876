//! The server that is measured: a child of ours on the bench's folder, or one that runs already.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use crate::cli::bench::machine;
use crate::cli::bench::requests::WEBHOOK_SECRET;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::error::Result;

/// A server to measure. Dropping it ends the child.
pub struct Server {
    /// Where it listens.
    pub at: SocketAddr,
    /// From its start until it was ready, in milliseconds; nothing of one that ran before.
    pub ready_ms: Option<f64>,
    child: Option<Child>,
}

impl Server {
    /// Starts one on a folder, with the limits on requests off, and waits until it is ready.
    pub fn start(dir: &Path) -> Result<Self> {
        Self::start_with(dir, &[])
    }

    /// The same with more settings.
    pub fn start_with(dir: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let program = std::env::current_exe().map_err(broken)?;
        let log = File::create(dir.join("bench-server.log")).map_err(broken)?;
        // What was written before is on disk: what is measured waits for nothing but its own.
        rustix::fs::syncfs(&log).map_err(|cause| broken(cause.into()))?;
        let watch = Stopwatch::start();
        let mut child = Command::new(program)
            .arg("--data")
            .arg(dir)
            .args(["serve", "--listen", "127.0.0.1:0", "--bench"])
            .env("TILL_LIMITS__ENABLED", "false")
            .env("TILL_PAYMENTS__WEBHOOK_SECRET", WEBHOOK_SECRET)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(broken)?;
        let told = child.stdout.take().and_then(address);
        let mut server = Self {
            at: ([127, 0, 0, 1], 0).into(),
            ready_ms: None,
            child: Some(child),
        };
        server.at = told.ok_or_else(|| Error::internal("the server did not start: see bench-server.log"))?;
        await_ready(server.at)?;
        server.ready_ms = Some(watch.seconds() * 1000.0);
        Ok(server)
    }

    /// One that runs already.
    pub fn running(at: SocketAddr) -> Self {
        Self {
            at,
            ready_ms: None,
            child: None,
        }
    }

    /// The process, if it is ours.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Its resident memory in bytes, if it is ours.
    pub fn resident(&self) -> Option<u64> {
        self.pid().map(machine::resident)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        let pid = i32::try_from(child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = child.wait();
    }
}

/// Where it says that it listens. What it says later is read and dropped, so that it never waits for us.
fn address(stdout: impl Read + Send + 'static) -> Option<SocketAddr> {
    let mut lines = BufReader::new(stdout).lines();
    let found = lines
        .by_ref()
        .map_while(std::result::Result::ok)
        .find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            rest.split(['/', ' ']).next()?.parse().ok()
        });
    std::thread::spawn(move || lines.for_each(drop));
    found
}

/// Asks until it answers `/readyz` with anything but that it is not ready.
fn await_ready(at: SocketAddr) -> Result<()> {
    const PATIENCE: Duration = Duration::from_secs(60);
    let watch = Stopwatch::start();
    while watch.elapsed() < PATIENCE {
        if is_ready(at).unwrap_or(false) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(Error::internal("the server does not become ready"))
}

fn is_ready(at: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(at)?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply)?;
    Ok(reply.starts_with(b"HTTP/1.1 ") && !reply.starts_with(b"HTTP/1.1 5"))
}

fn broken(cause: std::io::Error) -> Error {
    Error::internal(format!("cannot start the server: {cause}"))
}
