//! The settings as the API shows them, whole. The names below a dot stand below what they belong to.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::money::Currency;
use crate::domain::settings;
use crate::domain::settings::Kind;
use crate::domain::settings::Setting;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::store;

/// What the shop decides, as the API shows it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Settings)]
pub struct SettingsView {
    shop: Shop,
    /// Cannot be changed once there are prices.
    currency: String,
    time_zone: String,
    tax: Tax,
    products: Products,
    stock: Stock,
    orders: Orders,
    payments: Payments,
    refunds: Refunds,
    commissions: Commissions,
    wallet: Wallet,
    mail: Mail,
    staff: Staff,
    keep_days: KeepDays,
    /// The version, as the tag of the reply has it.
    pub version: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfShop)]
struct Shop {
    name: String,
    address: Address,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfAddress)]
struct Address {
    line1: Option<String>,
    line2: Option<String>,
    city: Option<String>,
    postcode: Option<String>,
    region: Option<String>,
    country: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfTax)]
struct Tax {
    /// Whether prices contain it.
    inclusive: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfProducts)]
struct Products {
    /// Whether what sellers offer waits for approval.
    moderation: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfStock)]
struct Stock {
    /// Stock at or below this is low, where a variant has no mark of its own.
    low_at: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfOrders)]
struct Orders {
    /// How long an order waits for a provider before it is canceled.
    unpaid_minutes: i64,
    /// How long for a transfer; none: for ever.
    transfer_days: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfPayments)]
struct Payments {
    /// `at_once` or `on_ship`.
    capture: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfRefunds)]
struct Refunds {
    /// A refund above this needs a fresh sign-in.
    step_up_above: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfCommissions)]
struct Commissions {
    /// The shop's part, in percent.
    rate: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfWallet)]
struct Wallet {
    /// Who may pay in: `staff`, `open` (everybody), `off`.
    deposits: String,
    withdrawals: String,
    daily_deposits: String,
    daily_withdrawals: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfMail)]
struct Mail {
    /// None: as the configuration says.
    from: Option<String>,
    reply_to: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfStaff)]
struct Staff {
    /// Whether staff must have one.
    second_factor: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = SettingsOfKeepDays)]
struct KeepDays {
    deliveries: i64,
    mails: i64,
    audit: i64,
    events: i64,
}

/// The settings as they stand.
pub(super) fn of(db: &Snapshot) -> Result<SettingsView> {
    let currency = store::settings::terms(db)?.currency;
    let mut whole = Value::from(serde_json::Map::new());
    for setting in settings::all() {
        let row = store::settings::text(db, setting)?;
        let place = setting
            .name
            .split('.')
            .fold(&mut whole, |inner, name| &mut inner[name]);
        *place = row.map_or(Value::Null, |row| value(setting, &row, currency));
    }
    whole["version"] = store::settings::version(db)?.into();
    serde_json::from_value(whole).map_err(|cause| Error::Internal(cause.into()))
}

fn value(setting: &Setting, row: &str, currency: Currency) -> Value {
    let Some(shown) = setting.kind.show(row, currency) else {
        return Value::Null;
    };
    match setting.kind {
        Kind::Flag => Value::from(shown == "true"),
        Kind::Whole(..) => shown.parse::<i64>().map_or(Value::Null, Value::from),
        _ => Value::from(shown),
    }
}

impl SettingsView {
    /// What a setting says, as it is typed; nothing where it is left open.
    pub fn text(&self, setting: &Setting) -> String {
        let whole = serde_json::to_value(self).unwrap_or_default();
        let pointer = format!("/{}", setting.name.replace('.', "/"));
        match whole.pointer(&pointer) {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
        }
    }
}
