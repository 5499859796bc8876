//! Hashing, random tokens, HMAC, sealing and one-time codes; the only crypto imports. Keys are files of 0600 outside the
//! database.

mod keys;
mod password;
mod seal;
pub mod totp;
mod webhook;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha2::Digest;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::error::Error;
use crate::error::Result;

pub use keys::Keys;
pub use keys::Use;
pub use password::Verdict;
pub use password::check_password;
pub use password::hash_password;
pub use seal::Place;
pub use webhook::Signing;

/// Random bytes from the system.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|cause| Error::internal(cause.to_string()))?;
    Ok(bytes)
}

/// A whole number from `-most` to `most`, so that what failed together does not come again together.
pub fn jitter(most: i64) -> Result<i64> {
    let draw = i64::from(u16::from_be_bytes(random()?));
    Ok(draw % (2 * most + 1) - most)
}

/// SHA-256.
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 of all that can be read.
pub fn digest_of(reader: &mut impl std::io::Read) -> std::io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut bytes = [0; 8192];
    loop {
        match reader.read(&mut bytes)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&bytes[..read]),
        }
    }
}

/// SHA-256 over the parts, one after the other.
pub fn digest_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// HMAC-SHA256 over the parts, one after the other.
pub fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = hmac(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        // HMAC takes keys of any length; a longer one is hashed first.
        Err(_) => Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()),
    }
}

/// Whether two secrets are the same, in constant time.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Unpadded base64url.
pub fn to_text(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads unpadded base64url.
pub fn from_text(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()
}

/// Gives `jsonwebtoken` HS256 over our own hmac and nothing else: its RustCrypto back end would bring RSA along.
pub fn install_jwt() {
    static PROVIDER: jsonwebtoken::crypto::CryptoProvider = jsonwebtoken::crypto::CryptoProvider {
        signer_factory: |algorithm, key| match algorithm {
            jsonwebtoken::Algorithm::HS256 => Ok(Box::new(Hs256(hmac(key.as_bytes())))),
            _ => Err(jsonwebtoken::errors::ErrorKind::InvalidAlgorithm.into()),
        },
        verifier_factory: |algorithm, key| match algorithm {
            jsonwebtoken::Algorithm::HS256 => Ok(Box::new(Hs256(hmac(key.try_get_as_bytes()?)))),
            _ => Err(jsonwebtoken::errors::ErrorKind::InvalidAlgorithm.into()),
        },
        key_utils: jsonwebtoken::crypto::KeyUtils::new_unimplemented(),
    };
    // Installed already: the same one.
    let _ = PROVIDER.install_default();
}

struct Hs256(Hmac<Sha256>);

impl jsonwebtoken::signature::Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, jsonwebtoken::signature::Error> {
        let mut mac = self.0.clone();
        mac.update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

impl jsonwebtoken::crypto::JwtSigner for Hs256 {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        jsonwebtoken::Algorithm::HS256
    }
}

impl jsonwebtoken::signature::Verifier<Vec<u8>> for Hs256 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), jsonwebtoken::signature::Error> {
        let mut mac = self.0.clone();
        mac.update(message);
        // In constant time, and only all 32 bytes count.
        mac.verify_slice(signature)
            .map_err(|_| jsonwebtoken::signature::Error::new())
    }
}

impl jsonwebtoken::crypto::JwtVerifier for Hs256 {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        jsonwebtoken::Algorithm::HS256
    }
}
