//! Postal addresses: `{name, company?, line1, line2?, city, postcode, region?, country, phone?}`.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::country;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::text;
use crate::domain::text::CountryCode;
use crate::domain::text::Phone;

/// An address as it comes and as it is kept; [`Address::checked`] says whether it is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields of every postal form")]
pub struct Address {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub company: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    pub line1: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub line2: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    pub city: String,
    #[schema(min_length = 1, max_length = 20)]
    pub postcode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub region: Option<String>,
    #[schema(pattern = "^[A-Za-z]{2}$")]
    pub country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[+]?[1-9][0-9]{7,14}$")]
    pub phone: Option<String>,
}

impl Address {
    /// The address with its texts trimmed, or every fault in it below `field`.
    pub fn checked(self, field: &str, faults: &mut Vec<Fault>) -> Self {
        let mut check = |name: &str, text: String, most: usize| {
            take(text::line(&text, 1, most), text, field, name, faults)
        };
        let name = check("name", self.name, 200);
        let line1 = check("line1", self.line1, 200);
        let city = check("city", self.city, 100);
        let postcode = check("postcode", self.postcode, 20);
        let mut optional =
            |name: &str, text: Option<String>, most: usize| text.map(|text| check(name, text, most));
        let company = optional("company", self.company, 200);
        let line2 = optional("line2", self.line2, 200);
        let region = optional("region", self.region, 100);
        let country = take(
            CountryCode::parse(&self.country).map(|code| code.as_str().to_owned()),
            self.country,
            field,
            "country",
            faults,
        );
        let phone = self.phone.map(|phone| {
            take(
                Phone::parse(&phone).map(|phone| phone.as_str().to_owned()),
                phone,
                field,
                "phone",
                faults,
            )
        });
        Self {
            name,
            company,
            line1,
            line2,
            city,
            postcode,
            region,
            country,
            phone,
        }
    }
}

/// An address as it stands on a parcel; of an imported order the country may be all there is.
pub fn lines(address: &serde_json::Value) -> Vec<String> {
    let part = |name: &str| {
        address
            .get(name)
            .and_then(|part| part.as_str())
            .unwrap_or_default()
    };
    let town = [part("city"), part("postcode")].join(" ");
    let lines = [
        part("name"),
        part("company"),
        part("line1"),
        part("line2"),
        town.trim(),
        part("region"),
        country::name_of(part("country")).unwrap_or(part("country")),
    ];
    let told = lines.iter().filter(|line| !line.is_empty());
    told.map(|line| (*line).to_owned()).collect()
}

fn take(
    read: Result<String, Bad>,
    typed: String,
    field: &str,
    name: &str,
    faults: &mut Vec<Fault>,
) -> String {
    read.unwrap_or_else(|bad| {
        faults.push(bad.at(format!("{field}.{name}")));
        typed
    })
}
