//! Sealing: values that the database holds and must not tell, under a key that lies outside it, each bound to its place.

use chacha20poly1305::KeyInit;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::aead::Payload;

use crate::error::Error;
use crate::error::Result;
use crate::secret;

const FORMAT: u8 = 1;
const MARK: usize = 4;
const NONCE: usize = 24;

/// Where a sealed value stands: its column, its row, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// `table.column`.
    pub column: &'a str,
    /// The row's id.
    pub row: i64,
    /// The user it belongs to; 0 for nobody's.
    pub owner: i64,
}

impl Place<'_> {
    fn bytes(self) -> Vec<u8> {
        let mut bytes = format!("till {FORMAT} {}", self.column).into_bytes();
        bytes.push(0);
        bytes.extend_from_slice(&self.row.to_be_bytes());
        bytes.extend_from_slice(&self.owner.to_be_bytes());
        bytes
    }
}

/// The key that seals, and the one before it.
#[derive(Clone)]
pub(super) struct Seal {
    pub(super) current: [u8; 32],
    pub(super) former: Option<[u8; 32]>,
}

impl Seal {
    /// A format byte, the key's mark, a random nonce, and the sealed bytes.
    pub(super) fn close(&self, place: Place, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE] = secret::random()?;
        let payload = Payload {
            msg: plain,
            aad: &place.bytes(),
        };
        let sealed = cipher(&self.current)
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::internal("a value was not sealed"))?;
        let mut whole = vec![FORMAT];
        whole.extend_from_slice(&mark(&self.current));
        whole.extend_from_slice(&nonce);
        whole.extend_from_slice(&sealed);
        Ok(whole)
    }

    pub(super) fn open(&self, place: Place, whole: &[u8]) -> Result<Vec<u8>> {
        let trouble = || {
            let Place { column, row, .. } = place;
            Error::internal(format!("{column} of row {row} is not what was sealed there"))
        };
        let (head, sealed) = whole.split_at_checked(1 + MARK + NONCE).ok_or_else(trouble)?;
        let nonce: [u8; NONCE] = head[1 + MARK..].try_into().map_err(|_| trouble())?;
        let key = std::iter::once(&self.current)
            .chain(&self.former)
            .find(|key| mark(key) == head[1..=MARK])
            .ok_or_else(trouble)?;
        let payload = Payload {
            msg: sealed,
            aad: &place.bytes(),
        };
        match head[0] {
            FORMAT => cipher(key)
                .decrypt(&XNonce::from(nonce), payload)
                .map_err(|_| trouble()),
            _ => Err(trouble()),
        }
    }
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(*key).into())
}

/// Says which key it was, and nothing of it.
fn mark(key: &[u8; 32]) -> [u8; MARK] {
    let digest = secret::digest_parts(&[b"till seal mark", key]);
    let mut mark = [0; MARK];
    mark.copy_from_slice(&digest[..MARK]);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place {
        column: "factors.seed",
        row: 7,
        owner: 3,
    };

    fn seal(current: u8, former: Option<u8>) -> Seal {
        Seal {
            current: [current; 32],
            former: former.map(|byte| [byte; 32]),
        }
    }

    /// LOG-01
    #[test]
    fn what_is_sealed_opens_in_its_place_and_nowhere_else() {
        let ours = seal(1, None);
        let whole = ours.close(PLACE, b"canary seed").unwrap();
        assert_eq!(ours.open(PLACE, &whole).unwrap(), b"canary seed");
        assert!(!whole.windows(6).any(|window| window == b"canary"));
        assert_ne!(
            ours.close(PLACE, b"canary seed").unwrap(),
            whole,
            "a nonce of its own"
        );
        for elsewhere in [
            Place { row: 8, ..PLACE },
            Place { owner: 4, ..PLACE },
            Place {
                column: "mails.sealed",
                ..PLACE
            },
        ] {
            assert!(ours.open(elsewhere, &whole).is_err(), "{elsewhere:?}");
        }
        for at in 0..whole.len() {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            assert!(ours.open(PLACE, &torn).is_err(), "byte {at}");
            assert!(ours.open(PLACE, &whole[..at]).is_err(), "up to {at}");
        }
    }

    /// LOG-01
    #[test]
    fn the_former_key_opens_and_the_current_one_seals() {
        let before = seal(1, None).close(PLACE, b"seed").unwrap();
        let both = seal(2, Some(1));
        assert_eq!(both.open(PLACE, &before).unwrap(), b"seed");
        let after = both.close(PLACE, b"seed").unwrap();
        assert_eq!(seal(2, None).open(PLACE, &after).unwrap(), b"seed");
        assert!(seal(2, None).open(PLACE, &before).is_err());
        assert!(seal(1, None).open(PLACE, &after).is_err());
    }
}
