//! Signing what goes out to webhooks, by the Standard Webhooks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use standardwebhooks::Webhook;

use crate::error::Error;
use crate::error::Result;
use crate::secret;

/// How a secret is told: `whsec_` and its bytes.
const PREFIX: &str = "whsec_";

/// Bytes that sign the messages to one endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct Signing(Vec<u8>);

impl std::fmt::Debug for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Signing {
    /// A new one.
    pub fn random() -> Result<Self> {
        Ok(Self(secret::random::<32>()?.to_vec()))
    }

    /// One that was kept.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// To be kept, sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it is told to whoever verifies.
    pub fn told(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// `v1,` and the signature of a message at a moment, in seconds.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> Result<String> {
        let broken = |cause: standardwebhooks::WebhookError| Error::internal(format!("not signed: {cause}"));
        let webhook = Webhook::from_bytes(self.0.clone()).map_err(broken)?;
        webhook.sign(id, seconds, body.as_bytes()).map_err(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OWH-02: the vector of the specification.
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let told = "whsec_plJ3nmyCDGBKInavdOK15jsl";
        let signing = Signing::from_bytes(STANDARD.decode(&told[PREFIX.len()..]).unwrap());
        assert_eq!(signing.told(), told);
        let signed = signing.sign(
            "msg_loFOjxBNrRLzqYUf",
            1_731_705_121,
            r#"{"event_type":"ping","data":{"success":true}}"#,
        );
        assert_eq!(signed.unwrap(), "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
    }
}
