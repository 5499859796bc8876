//! How the process is set up: flags over environment over `config.toml` over the defaults here.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The settings of the process.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The folder of the shop's files.
    pub data: PathBuf,
}
