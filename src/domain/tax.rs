//! Taxes: which rate holds for what goes to a country, and how a tax is rounded once per rate and spread over what it is
//! of.

use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::TaxClass;
use crate::domain::id::TaxRateId;
use crate::domain::money::Money;
use crate::domain::money::spread;
use crate::domain::percent::Percent;
use crate::domain::text;
use crate::domain::text::CountryCode;

/// The category that is never taxed, by its name.
pub const UNTAXED: &str = "none";

/// What a country takes of a category.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct TaxRate {
    pub id: TaxRateId,
    /// As the customer reads it.
    pub name: String,
    pub country: CountryCode,
    pub class: TaxClass,
    /// The category's name; none of the standard one.
    pub category: Option<String>,
    pub percent: Percent,
    pub version: i64,
}

/// What is asked for of a rate; what is not said stays.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct RateFields {
    pub name: Option<String>,
    pub country: Option<String>,
    pub category: Option<Option<String>>,
    pub percent: Option<String>,
}

impl RateFields {
    /// Refused with every fault in the fields themselves, whatever they go onto.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let line = |text: &str| text::line(text, 1, 100).map(drop);
        let category = self.category.as_ref().and_then(Option::as_deref);
        let read = [
            ("name", self.name.as_deref().map(line)),
            (
                "country",
                self.country
                    .as_deref()
                    .map(|code| CountryCode::parse(code).map(drop)),
            ),
            (
                "rate",
                self.percent.as_deref().map(|text| Percent::parse(text).map(drop)),
            ),
            ("category", category.map(line)),
        ];
        let faults = read
            .into_iter()
            .filter_map(|(field, read)| Some(read?.err()?.at(field)));
        let faults: Vec<Fault> = faults.collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// The rate with these fields, or every fault in it. Its category is still a name.
    pub fn onto(self, before: Option<TaxRate>) -> Result<TaxRate, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut keep = |field: &str, bad: Bad| faults.push(bad.at(field));
        let name = read(
            self.name.as_deref(),
            before.as_ref().map(|rate| rate.name.clone()),
            |name| text::line(name, 1, 100),
        );
        let name = name.map_err(|bad| keep("name", bad));
        let country = read(
            self.country.as_deref(),
            before.as_ref().map(|rate| rate.country),
            CountryCode::parse,
        );
        let country = country.map_err(|bad| keep("country", bad));
        let percent = read(
            self.percent.as_deref(),
            before.as_ref().map(|rate| rate.percent),
            Percent::parse,
        );
        let percent = percent.map_err(|bad| keep("rate", bad));
        let category = match self.category {
            None => Ok(before.as_ref().and_then(|rate| rate.category.clone())),
            Some(category) => category.map(|name| text::line(&name, 1, 100)).transpose(),
        };
        let category = match category {
            Ok(Some(name)) if name.eq_ignore_ascii_case(UNTAXED) => Err(Bad::invalid("is never taxed")),
            other => other,
        };
        let category = category.map_err(|bad| keep("category", bad));
        match (name, country, percent, category) {
            (Ok(name), Ok(country), Ok(percent), Ok(category)) => Ok(TaxRate {
                id: before.as_ref().map_or(TaxRateId(0), |rate| rate.id),
                name,
                country,
                class: TaxClass::STANDARD,
                category,
                percent,
                version: before.map_or(1, |rate| rate.version),
            }),
            _ => Err(faults),
        }
    }
}

fn read<T>(asked: Option<&str>, before: Option<T>, parse: impl Fn(&str) -> Result<T, Bad>) -> Result<T, Bad> {
    match (asked, before) {
        (Some(asked), _) => parse(asked),
        (None, Some(before)) => Ok(before),
        (None, None) => Err(Bad::missing()),
    }
}

/// The rates of where something goes.
#[derive(Debug, Clone, Default)]
pub struct Taxes {
    /// Whether prices contain the tax.
    pub included: bool,
    /// One a category.
    pub rates: Vec<TaxRate>,
    /// The category of what is never taxed, if anything has it.
    pub untaxed: Option<TaxClass>,
}

impl Taxes {
    /// The rate of a category: its own, else the standard one. No rate: no tax.
    pub fn rate(&self, class: TaxClass) -> Option<&TaxRate> {
        let of = |class| self.rates.iter().find(|rate| rate.class == class);
        match self.untaxed == Some(class) {
            true => None,
            false => of(class).or_else(|| of(TaxClass::STANDARD)),
        }
    }

    /// The tax in one amount, or on top of it, rounded once.
    fn on(&self, percent: Percent, amount: Money) -> Money {
        match self.included {
            true => percent.within(amount),
            false => percent.of(amount),
        }
    }
}

/// What was taxed at one rate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct TaxSum {
    pub rate: TaxRateId,
    pub name: String,
    pub class: TaxClass,
    pub percent: Percent,
    /// Without the tax.
    pub net: Money,
    pub tax: Money,
}

/// One part's share of a tax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Which of the sums it is a part of, if it is taxed.
    pub sum: Option<usize>,
    /// How much.
    pub tax: Money,
}

/// Taxes amounts by their categories: each rate is rounded once on its sum, and then spread by largest remainder.
///
/// The shares are in the order of the amounts; none is larger than its amount, and they add up to the sums.
pub fn levy(taxes: &Taxes, amounts: &[(TaxClass, Money)]) -> Option<(Vec<Share>, Vec<TaxSum>)> {
    let mut shares = vec![Share::default(); amounts.len()];
    let mut sums = Vec::new();
    let rates: Vec<_> = amounts.iter().map(|(class, _)| taxes.rate(*class)).collect();
    for rate in &taxes.rates {
        let is_of = |found: &Option<&TaxRate>| found.is_some_and(|found| found.id == rate.id);
        let at: Vec<usize> = (0..amounts.len()).filter(|at| is_of(&rates[*at])).collect();
        if at.is_empty() {
            continue;
        }
        let whole = Money::sum(at.iter().map(|at| amounts[*at].1))?;
        let tax = taxes.on(rate.percent, whole);
        let weights: Vec<i64> = at.iter().map(|at| amounts[*at].1.minor()).collect();
        for (at, tax) in at.iter().zip(spread(tax, &weights)) {
            let sum = Some(sums.len());
            shares[*at] = Share { sum, tax };
        }
        sums.push(TaxSum {
            rate: rate.id,
            name: rate.name.clone(),
            class: rate.class,
            percent: rate.percent,
            net: if taxes.included {
                whole.checked_sub(tax)?
            } else {
                whole
            },
            tax,
        });
    }
    Some((shares, sums))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(class: i64, percent: &str) -> TaxRate {
        TaxRate {
            id: TaxRateId(class + 1),
            name: format!("VAT {percent}"),
            country: CountryCode::parse("DE").unwrap(),
            class: TaxClass(class),
            category: None,
            percent: Percent::parse(percent).unwrap(),
            version: 1,
        }
    }

    fn taxes(included: bool) -> Taxes {
        Taxes {
            included,
            rates: vec![rate(0, "19"), rate(1, "7")],
            untaxed: Some(TaxClass(2)),
        }
    }

    fn money(minor: i64) -> Money {
        Money::new(minor).unwrap()
    }

    #[test]
    fn a_category_has_its_own_rate_or_the_standard_one_or_none() {
        let taxes = taxes(true);
        let of = |class| taxes.rate(TaxClass(class)).map(|rate| rate.percent.to_string());
        assert_eq!(of(0).as_deref(), Some("19"));
        assert_eq!(of(1).as_deref(), Some("7"));
        assert_eq!(of(9).as_deref(), Some("19"));
        assert_eq!(of(2), None);
        // Not even by a rate of its own, in a file that has one.
        let rates = vec![rate(0, "19"), rate(2, "19")];
        let own = Taxes {
            rates,
            ..taxes.clone()
        };
        assert_eq!(own.rate(TaxClass(2)), None);
        assert_eq!(Taxes::default().rate(TaxClass::STANDARD), None);
    }

    /// MON-03: three lines of 0.10 at 19 %: rounded apart it would be 0.06, together it is 0.05 inside and 0.06 on top.
    #[test]
    fn a_rate_is_rounded_once_on_its_sum() {
        let lines = [(TaxClass(0), money(10)); 3];
        let (shares, sums) = levy(&taxes(true), &lines).unwrap();
        assert_eq!((sums[0].net, sums[0].tax), (money(25), money(5)));
        assert_eq!(
            shares.iter().map(|share| share.tax.minor()).collect::<Vec<_>>(),
            [2, 2, 1]
        );
        let (shares, sums) = levy(&taxes(false), &lines).unwrap();
        assert_eq!((sums[0].net, sums[0].tax), (money(30), money(6)));
        assert_eq!(
            shares.iter().map(|share| share.tax.minor()).collect::<Vec<_>>(),
            [2, 2, 2]
        );
    }

    #[test]
    fn what_is_never_taxed_is_in_no_sum() {
        let parts = [
            (TaxClass(2), money(500)),
            (TaxClass(1), money(107)),
            (TaxClass(9), money(119)),
        ];
        let (shares, sums) = levy(&taxes(true), &parts).unwrap();
        let told: Vec<_> = sums
            .iter()
            .map(|sum| (sum.percent.to_string(), sum.tax.minor()))
            .collect();
        assert_eq!(told, [("19".to_owned(), 19), ("7".to_owned(), 7)]);
        assert_eq!(shares[0], Share::default());
        assert_eq!((shares[1].sum, shares[2].sum), (Some(1), Some(0)));
    }
}
