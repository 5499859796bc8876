//! The process's keys: files of 0600 below the data folder, and what is derived from them so that no key serves two ends.

use std::path::Path;

use hkdf::Hkdf;
use sha2::Sha256;

use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::seal::Place;
use crate::secret::seal::Seal;

/// The least length of a token key that is given, in bytes (TOK-01).
const LEAST_KEY: usize = 32;

/// The process's keys.
#[derive(Clone)]
pub struct Keys {
    /// Signs access tokens and derives refresh tokens.
    pub token: Vec<u8>,
    /// Chains the audit.
    pub audit: [u8; 32],
    /// Seals what the database must not tell.
    seal: Seal,
}

/// What a key is derived for. What is made for one end is nothing at another (TOK-03).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Tokens in the forms of our own pages.
    Form,
    /// The first owner's link.
    Setup,
    /// Links of invitations.
    Invitation,
    /// Links to a new password.
    Reset,
    /// Links that prove an address.
    Address,
    /// Files that may be fetched for a while.
    Download,
    /// Messages of the sandbox.
    Sandbox,
    /// The cookies of guests' carts.
    Cart,
    /// The private links of guests' orders.
    Order,
}

impl Use {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Form => b"till 1 form",
            Self::Setup => b"till 1 setup",
            Self::Invitation => b"till 1 invitation",
            Self::Reset => b"till 1 reset",
            Self::Address => b"till 1 address",
            Self::Download => b"till 1 download",
            Self::Sandbox => b"till 1 sandbox",
            Self::Cart => b"till 1 cart",
            Self::Order => b"till 1 order",
        }
    }
}

impl Keys {
    /// Reads the keys below a data folder, making what is missing. A key that others may read is refused.
    pub fn load(dir: &Path, token: Option<&str>) -> Result<Self> {
        let keys = dir.join("keys");
        std::fs::create_dir_all(&keys)
            .and_then(|()| only_ours(&keys, 0o700))
            .map_err(|cause| Error::internal(format!("cannot use {}: {cause}", keys.display())))?;
        let token = match token {
            Some(given) if given.len() < LEAST_KEY => {
                return Err(Error::Setup(format!(
                    "JWT_SECRET has {} bytes, and at least {LEAST_KEY} are needed",
                    given.len()
                )));
            }
            Some(given) => given.as_bytes().to_vec(),
            None => key_file(&keys.join("token"))?.to_vec(),
        };
        let former = keys.join("seal.former");
        Ok(Self {
            token,
            audit: key_file(&keys.join("audit"))?,
            seal: Seal {
                current: key_file(&keys.join("seal"))?,
                // Whoever changes the key leaves the one before here, until nothing is sealed with it any more.
                former: former.exists().then(|| key_file(&former)).transpose()?,
            },
        })
    }

    /// What only this process can make of these parts, for one end.
    pub fn stamp(&self, what: Use, parts: &[&[u8]]) -> [u8; 32] {
        let mut message = Vec::new();
        for part in parts {
            // With their lengths, so that no two lists of parts read alike.
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        secret::mac(&self.derived(what), &[&message])
    }

    /// Whether a text is the stamp of these parts for that end.
    pub fn is_stamp(&self, what: Use, parts: &[&[u8]], text: &str) -> bool {
        secret::from_text(text).is_some_and(|given| secret::same(&given, &self.stamp(what, parts)))
    }

    /// Seals a value into its place: it opens nowhere else.
    pub fn seal(&self, place: Place, plain: &[u8]) -> Result<Vec<u8>> {
        self.seal.close(place, plain)
    }

    /// Opens what was sealed into this place, also with the former key.
    pub fn unseal(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>> {
        self.seal.open(place, sealed)
    }

    fn derived(&self, what: Use) -> [u8; 32] {
        let mut key = [0; 32];
        // HKDF refuses only what is longer than 255 hashes.
        let _ = Hkdf::<Sha256>::new(None, &self.token).expand(what.name(), &mut key);
        key
    }
}

fn only_ours(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

fn key_file(path: &Path) -> Result<[u8; 32]> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    use std::os::unix::fs::PermissionsExt;
    let trouble =
        |cause: std::io::Error| Error::internal(format!("cannot use the key {}: {cause}", path.display()));
    if !path.exists() {
        let key: [u8; 32] = secret::random()?;
        let made = std::fs::OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(path);
        match made {
            Ok(mut file) => {
                file.write_all(&key).map_err(trouble)?;
                file.sync_all().map_err(trouble)?;
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(trouble(cause)),
        }
    }
    let mode = std::fs::metadata(path).map_err(trouble)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Error::Setup(format!(
            "the key {} can be read by others (mode {:o}): chmod 600",
            path.display(),
            mode & 0o777
        )));
    }
    let bytes = std::fs::read(path).map_err(trouble)?;
    bytes
        .as_slice()
        .try_into()
        .map_err(|_| Error::internal(format!("the key {} is not 32 bytes long", path.display())))
}
