//! Passwords: Argon2id, and bcrypt for those that came from elsewhere.

use argon2::Algorithm;
use argon2::Argon2;
use argon2::Block;
use argon2::Params;
use argon2::Version;
use password_hash::CustomizedPasswordHasher;
use password_hash::PasswordHasher;
use password_hash::PasswordVerifier;
use password_hash::phc::Output;
use password_hash::phc::ParamsString;
use password_hash::phc::PasswordHash;
use password_hash::phc::Salt;

use crate::error::Error;
use crate::error::Result;

/// Room is asked for in pieces of more than 32 MiB, of which a hash touches 19: so large a piece the C library takes from
/// the system for itself and gives back at once. Smaller ones it keeps, and few of them fit where the last ones were: 200
/// sign-ins took 300 MiB.
const LEAST_BLOCKS: usize = 33 * 1024;

/// Hashes a password as Argon2id with the floor of OWASP (m = 19,456 KiB, t = 2, p = 1). 12 ms of one core.
pub fn hash_password(password: &str) -> Result<String> {
    Hasher::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|cause| Error::internal(cause.to_string()))
}

/// What a password was held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one.
    Right,
    /// It is the one, and its hash is weaker than today's.
    RightButWeak,
    /// It is not.
    Wrong,
}

/// Holds a password against its hash, or against a hash of nobody's so that an unknown name takes as long.
pub fn check_password(password: &str, hash: Option<&str>) -> Verdict {
    let Some(hash) = hash else {
        let _ = Hasher::default().hash_password(password.as_bytes());
        return Verdict::Wrong;
    };
    if hash.starts_with("$2") {
        return match bcrypt::verify(password, hash) {
            Ok(true) => Verdict::RightButWeak,
            _ => Verdict::Wrong,
        };
    }
    let Ok(parsed) = PasswordHash::new(hash) else {
        let _ = Hasher::default().hash_password(password.as_bytes());
        return Verdict::Wrong;
    };
    match Hasher::default().verify_password(password.as_bytes(), &parsed) {
        Ok(()) if is_weak(&parsed) => Verdict::RightButWeak,
        Ok(()) => Verdict::Right,
        Err(_) => Verdict::Wrong,
    }
}

fn is_weak(hash: &PasswordHash) -> bool {
    let least = argon2::Params::default();
    match argon2::Params::try_from(hash) {
        Ok(params) => params.m_cost() < least.m_cost() || params.t_cost() < least.t_cost(),
        Err(_) => true,
    }
}

/// Argon2 as the crate has it, but for where its memory comes from.
#[derive(Default)]
struct Hasher(Argon2<'static>);

impl PasswordHasher<PasswordHash> for Hasher {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> password_hash::Result<PasswordHash> {
        let params = self.0.params();
        let salt = Salt::new(salt)?;
        let mut bytes = [0; Output::MAX_LENGTH];
        let out = bytes
            .get_mut(..params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN))
            .ok_or(password_hash::Error::OutputSize)?;
        let blocks = params.block_count();
        let mut memory = Vec::with_capacity(blocks.max(LEAST_BLOCKS));
        memory.resize(blocks, Block::default());
        self.0
            .hash_password_into_with_memory(password, &salt, out, memory.as_mut_slice())?;
        Ok(PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(params)?,
            salt: Some(salt),
            hash: Some(Output::new(out)?),
        })
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    /// What verifying calls: only Argon2id of today's version is ours.
    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?;
        let version = version.map(Version::try_from).transpose()?;
        if algorithm.is_some_and(|it| it != Algorithm::Argon2id)
            || version.is_some_and(|it| it != Version::V0x13)
        {
            return Err(password_hash::Error::Algorithm);
        }
        Self(Argon2::from(params)).hash_password_with_salt(password, salt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash that the crate itself made is ours, and the other way round.
    #[test]
    fn hashes_are_those_of_the_crate() {
        let theirs = Argon2::default()
            .hash_password(b"correct horse")
            .unwrap()
            .to_string();
        assert_eq!(check_password("correct horse", Some(&theirs)), Verdict::Right);
        assert_eq!(check_password("correct hors", Some(&theirs)), Verdict::Wrong);
        let ours = hash_password("correct horse").unwrap();
        let parsed = PasswordHash::new(&ours).unwrap();
        Argon2::default()
            .verify_password(b"correct horse", &parsed)
            .unwrap();
        assert_eq!(
            theirs.rsplit_once('$').unwrap().0.len(),
            ours.rsplit_once('$').unwrap().0.len()
        );
    }

    /// AUT-01: a hash with less memory than today's is right but weak.
    #[test]
    fn a_cheaper_hash_is_weak() {
        let cheap = Argon2::from(Params::new(4096, 1, 1, None).unwrap());
        let hash = cheap.hash_password(b"correct horse").unwrap().to_string();
        assert_eq!(
            check_password("correct horse", Some(&hash)),
            Verdict::RightButWeak
        );
    }
}
