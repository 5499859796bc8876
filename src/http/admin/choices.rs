//! What may be chosen from in the forms about the shop: currencies, time zones, countries.

use crate::domain::country;
use crate::domain::text::CountryCode;
use crate::domain::time::Zone;

/// The currencies that are offered, the usual ones of the world.
pub const CURRENCIES: [(&str, &str); 24] = [
    ("AUD", "Australian dollar"),
    ("BRL", "Brazilian real"),
    ("CAD", "Canadian dollar"),
    ("CHF", "Swiss franc"),
    ("CNY", "Chinese yuan"),
    ("CZK", "Czech koruna"),
    ("DKK", "Danish krone"),
    ("EUR", "euro"),
    ("GBP", "pound sterling"),
    ("HUF", "Hungarian forint"),
    ("ILS", "Israeli shekel"),
    ("INR", "Indian rupee"),
    ("JPY", "Japanese yen"),
    ("KRW", "South Korean won"),
    ("KWD", "Kuwaiti dinar"),
    ("MXN", "Mexican peso"),
    ("NOK", "Norwegian krone"),
    ("NZD", "New Zealand dollar"),
    ("PLN", "Polish złoty"),
    ("SEK", "Swedish krona"),
    ("SGD", "Singapore dollar"),
    ("TRY", "Turkish lira"),
    ("USD", "US dollar"),
    ("ZAR", "South African rand"),
];
/// Where zones lie; the others are old names, and those of no place.
const REGIONS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// A zone that can be chosen.
pub struct ZoneChoice {
    /// Its name among all zones.
    pub name: String,
    /// What it is called within its region.
    pub place: String,
}

/// All zones by their regions, the others last.
pub fn zones() -> Vec<(String, Vec<ZoneChoice>)> {
    let mut regions: Vec<(String, Vec<ZoneChoice>)> = REGIONS
        .iter()
        .chain(&["Other"])
        .map(|region| ((*region).to_owned(), Vec::new()))
        .collect();
    for name in Zone::names() {
        let known = name.split_once('/').and_then(|(region, place)| {
            let at = REGIONS.iter().position(|known| *known == region)?;
            Some((at, place.replace('/', ", ").replace('_', " ")))
        });
        let (at, place) = known.unwrap_or_else(|| (REGIONS.len(), name.clone()));
        regions[at].1.push(ZoneChoice { name, place });
    }
    regions
}

/// All countries by their names, each with its code.
pub fn countries() -> Vec<(&'static str, String)> {
    let mut named: Vec<(&str, String)> = CountryCode::all()
        .filter_map(|code| Some((country::name_of(code.as_str())?, code.to_string())))
        .collect();
    named.sort_unstable();
    named
}
