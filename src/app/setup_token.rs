//! The secret of the setup link, in a file of 0600 beside the database, so that a shop that is started again prints the
//! same link; the database keeps only its hash.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::app::App;
use crate::error::Error;
use crate::error::Result;

impl App {
    fn setup_token_path(&self) -> PathBuf {
        self.dir().join("setup-token")
    }

    /// The secret that was kept.
    pub fn setup_token(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.setup_token_path()).ok()?;
        Some(text.trim().to_owned())
    }

    /// Keeps the secret for whoever may read our files.
    pub fn keep_setup_token(&self, secret: &str) -> Result<()> {
        self.drop_setup_token();
        let mut file = std::fs::OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(self.setup_token_path())
            .map_err(|cause| Error::Internal(cause.into()))?;
        writeln!(file, "{secret}").map_err(|cause| Error::Internal(cause.into()))
    }

    /// Removes the file once the link is dead.
    pub fn drop_setup_token(&self) {
        // It may not be there, and a dead link in it opens nothing.
        let _ = std::fs::remove_file(self.setup_token_path());
    }
}
