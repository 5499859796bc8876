//! Where payments are made. Secrets come from the environment alone.

use serde::Deserialize;
use serde::Serialize;

use crate::config::values;
use crate::config::values::Secret;

/// The least length of the secret that signs generic webhooks.
const LEAST_SECRET: usize = 32;

/// Providers of payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payments {
    /// Whether the sandbox may be paid with; a demo always has it.
    pub sandbox: bool,
    /// How often the sandbox sends each of its messages.
    #[serde(deserialize_with = "values::between::<1, 100, _>")]
    pub sandbox_copies: u64,
    /// How late it sends them.
    #[serde(deserialize_with = "values::between::<0, 604_800, _>")]
    pub sandbox_delay_seconds: u64,
    /// How much later at most, so that some overtake others.
    #[serde(deserialize_with = "values::between::<0, 604_800, _>")]
    pub sandbox_shuffle_seconds: u64,
    /// How many of a hundred it never sends.
    #[serde(deserialize_with = "values::between::<0, 100, _>")]
    pub sandbox_drop_percent: u64,
    /// How many of a hundred of its answers get lost on their way.
    #[serde(deserialize_with = "values::between::<0, 100, _>")]
    pub sandbox_lose_percent: u64,
    /// Where Stripe is.
    #[serde(deserialize_with = "values::url")]
    pub stripe_url: String,
    /// The account that its events must come from, where they name one.
    pub stripe_account: String,
    /// Where Razorpay is.
    #[serde(deserialize_with = "values::url")]
    pub razorpay_url: String,
    /// The public half of its key.
    pub razorpay_key_id: String,
    /// The account that its events must come from, where they name one.
    pub razorpay_account: String,
    /// From the environment only.
    #[serde(skip)]
    pub secrets: Secrets,
}

/// What signs and what proves, from the environment only. The former ones are good while a secret is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    pub webhook: Option<Secret>,
    pub webhook_former: Option<Secret>,
    pub stripe_key: Option<Secret>,
    pub stripe_webhook: Option<Secret>,
    pub stripe_webhook_former: Option<Secret>,
    pub razorpay_key: Option<Secret>,
    pub razorpay_webhook: Option<Secret>,
    pub razorpay_webhook_former: Option<Secret>,
}

impl Secrets {
    /// The place of a secret by the name of its setting.
    pub(super) fn place(&mut self, key: &str) -> Option<&mut Option<Secret>> {
        Some(match key {
            "webhook_secret" => &mut self.webhook,
            "webhook_secret_former" => &mut self.webhook_former,
            "stripe_key" => &mut self.stripe_key,
            "stripe_webhook_secret" => &mut self.stripe_webhook,
            "stripe_webhook_secret_former" => &mut self.stripe_webhook_former,
            "razorpay_key_secret" => &mut self.razorpay_key,
            "razorpay_webhook_secret" => &mut self.razorpay_webhook,
            "razorpay_webhook_secret_former" => &mut self.razorpay_webhook_former,
            _ => return None,
        })
    }

    /// The secrets of generic webhooks that are long enough to be any.
    pub fn generic(&self) -> impl Iterator<Item = &Secret> {
        [&self.webhook, &self.webhook_former]
            .into_iter()
            .flatten()
            .filter(|secret| secret.reveal().len() >= LEAST_SECRET)
    }
}

impl Default for Payments {
    fn default() -> Self {
        Self {
            sandbox: false,
            sandbox_copies: 1,
            sandbox_delay_seconds: 0,
            sandbox_shuffle_seconds: 0,
            sandbox_drop_percent: 0,
            sandbox_lose_percent: 0,
            stripe_url: "https://api.stripe.com".to_owned(),
            stripe_account: String::new(),
            razorpay_url: "https://api.razorpay.com".to_owned(),
            razorpay_key_id: String::new(),
            razorpay_account: String::new(),
            secrets: Secrets::default(),
        }
    }
}
