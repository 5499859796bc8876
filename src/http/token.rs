//! Access tokens: JWT with HS256 and nothing else, `typ` `at+jwt`, ten minutes, checked against our own clock.

use std::sync::Arc;
use std::sync::Once;

use jsonwebtoken::Algorithm;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::Header;
use jsonwebtoken::Validation;
use serde::Deserialize;
use serde::Serialize;

use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::user::ACCESS_LIFE;
use crate::error::Error;
use crate::error::Result;
use crate::secret;

const ISSUER: &str = "till";
const AUDIENCE: &str = "till";
const TYPE: &str = "at+jwt";
/// Clocks may differ by this much, in seconds (TOK-02).
const LEEWAY: i64 = 5;
/// So many tokens that were ours are known again without their signature being checked once more.
const REMEMBERED: usize = 4096;

/// What a token says. The role is told, never believed: rights come from the role's row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The user.
    pub sub: String,
    jti: String,
    /// The session.
    pub sid: i64,
    role: String,
    /// The user's token epoch.
    pub ver: i64,
    exp: i64,
    iat: i64,
    nbf: i64,
}

impl Claims {
    /// Refused with `TokenInvalid` or `TokenExpired` unless the token is of now.
    pub fn check(&self, now: Timestamp) -> Result<()> {
        let now = now.ms() / 1000;
        match (self.exp + LEEWAY < now, self.nbf - LEEWAY > now) {
            (_, true) => Err(Refusal::TokenInvalid.into()),
            (true, false) => Err(Refusal::TokenExpired.into()),
            (false, false) => Ok(()),
        }
    }
}

/// Signs and reads access tokens.
#[derive(Clone)]
pub struct Tokens {
    sign: EncodingKey,
    verify: DecodingKey,
    validation: Validation,
    life: i64,
    known: Arc<quick_cache::sync::Cache<[u8; 32], Arc<Claims>>>,
}

impl Tokens {
    /// With the process's token key.
    pub fn new(key: &[u8]) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(secret::install_jwt);
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        // Its own checks ask the system's clock; ours are below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            sign: EncodingKey::from_secret(key),
            verify: DecodingKey::from_secret(key),
            validation,
            life: ACCESS_LIFE,
            known: Arc::new(quick_cache::sync::Cache::new(REMEMBERED)),
        }
    }

    /// The same, whose tokens live shorter.
    pub fn living(self, seconds: u64) -> Self {
        let asked = i64::try_from(seconds).map_or(ACCESS_LIFE, |seconds| seconds.saturating_mul(1000));
        Self {
            life: asked.min(ACCESS_LIFE),
            ..self
        }
    }

    /// How long a token lives, in milliseconds.
    pub fn life(&self) -> i64 {
        self.life
    }

    /// A token for a session.
    pub fn sign(
        &self,
        user: UserId,
        session: SessionId,
        role: &str,
        epoch: i64,
        now: Timestamp,
    ) -> Result<String> {
        let issued = now.ms() / 1000;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.to_string(),
            jti: secret::to_text(&secret::random::<12>()?),
            sid: session.0,
            role: role.to_owned(),
            ver: epoch,
            exp: issued + self.life / 1000,
            iat: issued,
            nbf: issued,
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &self.sign).map_err(|cause| Error::Internal(cause.into()))
    }

    /// What a token says, if it is ours and of now. Refused with `TokenInvalid` or `TokenExpired`.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>> {
        let hash = secret::digest(token.as_bytes());
        let claims = match self.known.get(&hash) {
            Some(claims) => claims,
            None => {
                let claims = Arc::new(self.verify(token)?);
                self.known.insert(hash, Arc::clone(&claims));
                claims
            }
        };
        claims.check(now).map(|()| claims)
    }

    /// What does not change while time passes: the signature, the kind, for whom and by whom.
    fn verify(&self, token: &str) -> Result<Claims> {
        let read = jsonwebtoken::decode::<Claims>(token, &self.verify, &self.validation)
            .map_err(|_| Refusal::TokenInvalid)?;
        let header = &read.header;
        let is_plain = header.typ.as_deref() == Some(TYPE)
            // There is one key and it has no name, so that whatever stands here names another.
            && header.kid.is_none()
            && header.jku.is_none()
            && header.jwk.is_none()
            && header.x5u.is_none()
            && header.crit.is_none();
        match is_plain {
            true => Ok(read.claims),
            false => Err(Refusal::TokenInvalid.into()),
        }
    }
}
