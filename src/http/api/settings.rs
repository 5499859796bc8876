//! What the shop decides, over JSON.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use serde::Serializer;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::money::RawAmount;
use crate::domain::settings;
use crate::domain::settings::SettingsFields;
use crate::error::Error;
use crate::error::Result;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::extract::nullable;
use crate::http::version;
use crate::http::version::IfMatch;
use crate::http::version::IfNoneMatch;
use crate::http::version::tagged;
use crate::http::version::versioned;
use crate::shop::settings as verbs;

pub async fn show(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    held: IfNoneMatch,
) -> Result<Response> {
    let view = app.read(move |db| verbs::decided(db, &by)).await?;
    tagged(StatusCode::OK, &version::tag(view.version, None), &held, &view)
}

/// What is not said stays; null leaves open what may be.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    shop: Option<ChangeShop>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z]{3}$")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1)]
    time_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<ChangeTax>,
    #[serde(skip_serializing_if = "Option::is_none")]
    products: Option<ChangeProducts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<ChangeStock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<ChangeOrders>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payments: Option<ChangePayments>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refunds: Option<ChangeRefunds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commissions: Option<ChangeCommissions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<ChangeWallet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<ChangeMail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<ChangeStaff>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_days: Option<ChangeKeepDays>,
    #[serde(skip_serializing)]
    version: Option<i64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfShop)]
struct ChangeShop {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<ChangeAddress>,
}

/// The digits as they came: what has too many of them is still to be refused.
fn as_typed<S: Serializer>(amount: &Option<RawAmount>, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_str(amount.as_ref().map_or("", RawAmount::text))
}

/// A string of which null takes it away.
type Open = Option<Option<String>>;

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfAddress)]
#[rustfmt::skip]
struct ChangeAddress {
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    line1: Open,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    line2: Open,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    city: Open,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 20)]
    postcode: Open,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    region: Open,
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z]{2}$")]
    country: Open,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfTax)]
struct ChangeTax {
    #[serde(skip_serializing_if = "Option::is_none")]
    inclusive: Option<bool>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfProducts)]
struct ChangeProducts {
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation: Option<bool>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfStock)]
struct ChangeStock {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    low_at: Option<i64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfOrders)]
struct ChangeOrders {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 43_200)]
    unpaid_minutes: Option<i64>,
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 365)]
    transfer_days: Option<Option<i64>>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfPayments)]
struct ChangePayments {
    /// `at_once` or `on_ship`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1)]
    capture: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfRefunds)]
struct ChangeRefunds {
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    step_up_above: Option<RawAmount>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfCommissions)]
struct ChangeCommissions {
    /// In percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[0-9]{1,3}(\.[0-9]{1,3})?$")]
    rate: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfWallet)]
struct ChangeWallet {
    /// `staff`, `open` or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1)]
    deposits: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1)]
    withdrawals: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    daily_deposits: Option<RawAmount>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_typed")]
    daily_withdrawals: Option<RawAmount>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfMail)]
struct ChangeMail {
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 254)]
    from: Open,
    #[serde(
        default,
        deserialize_with = "nullable",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 254)]
    reply_to: Open,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfStaff)]
struct ChangeStaff {
    #[serde(skip_serializing_if = "Option::is_none")]
    second_factor: Option<bool>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeSettingsOfKeepDays)]
#[rustfmt::skip]
struct ChangeKeepDays {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 36_500)]
    deliveries: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 36_500)]
    mails: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 36_500)]
    audit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 36_500)]
    events: Option<i64>,
}

impl ChangeSettings {
    /// What is said, by the names of the settings: a name below a dot stands below what it belongs to.
    fn asked(&self) -> Result<SettingsFields> {
        let whole = serde_json::to_value(self).map_err(|cause| Error::Internal(cause.into()))?;
        let said = settings::all().filter_map(|setting| {
            let place = format!("/{}", setting.name.replace('.', "/"));
            let typed = match whole.pointer(&place)? {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            Some((setting, typed))
        });
        Ok(SettingsFields(said.collect()))
    }
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    seen: IfMatch,
    Json(body): Json<ChangeSettings>,
) -> Result<Response> {
    let seen = seen.or_body(body.version)?;
    let asked = body.asked()?;
    // What is wrong with the fields themselves is said before anything is looked up.
    asked.rows(app.read(verbs::show).await?.terms.currency)?;
    let view = app.write(move |tx| verbs::change(tx, &by, seen, &asked)).await?;
    versioned(StatusCode::OK, view.version, &view)
}
