//! Groups of customers: who belongs to them, by hand or by a rule, and what their members pay less.

use crate::domain::customer;
use crate::domain::customer::Facts;
use crate::domain::customer::Figures;
use crate::domain::customer::MOST_METADATA;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::GroupId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::RawAmount;
use crate::domain::percent::Percent;
use crate::domain::text;
use crate::domain::time::Timestamp;

/// Who belongs to a group by itself: whoever meets all that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// So many orders that were paid for.
    pub min_orders: Option<i64>,
    /// So much spent.
    pub min_spent: Option<Money>,
    /// This tag.
    pub tag: Option<String>,
}

impl Rule {
    /// Whether somebody with these figures and tags meets it.
    pub fn is_met(&self, figures: &Figures, tags: &[String]) -> bool {
        let tagged = |tag: &String| tags.iter().any(|held| held.eq_ignore_ascii_case(tag));
        self.min_orders.is_none_or(|least| figures.paid_orders >= least)
            && self.min_spent.is_none_or(|least| figures.spent >= least)
            && self.tag.as_ref().is_none_or(tagged)
    }

    /// Whether it says anything at all.
    pub fn says_something(&self) -> bool {
        *self != Self::default()
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub description: Option<String>,
    /// What its members pay less.
    pub discount: Option<Percent>,
    /// Who belongs to it by itself.
    pub rule: Option<Rule>,
    pub metadata: Facts,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i64,
}

impl Group {
    /// One that is still to be filled in.
    pub fn blank(now: Timestamp) -> Self {
        Self {
            id: GroupId(0),
            name: String::new(),
            description: None,
            discount: None,
            rule: None,
            metadata: Facts::default(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

/// What is asked for of a rule.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "as in the rule")]
pub struct RuleFields {
    pub min_orders: Option<i64>,
    pub min_spent: Option<RawAmount>,
    pub tag: Option<String>,
}

/// What is asked for of a group; what is not said stays.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the columns")]
pub struct GroupFields {
    pub name: Option<String>,
    pub description: Option<Option<String>>,
    pub discount: Option<Option<RawAmount>>,
    pub rule: Option<Option<RuleFields>>,
    pub metadata: Option<Facts>,
}

impl GroupFields {
    /// Refused with every fault in the fields themselves.
    pub fn check(&self, currency: Currency) -> Result<(), Vec<Fault>> {
        self.clone()
            .onto(Group::blank(Timestamp::MIN), currency)
            .map(drop)
    }

    /// The group with these fields, or every fault in them.
    pub fn onto(self, mut group: Group, currency: Currency) -> Result<Group, Vec<Fault>> {
        let mut faults = Vec::new();
        match self.name.map(|name| text::line(&name, 2, 100)) {
            Some(Ok(name)) => group.name = name,
            Some(Err(bad)) => faults.push(bad.at("name")),
            None => {}
        }
        match self.description.map(described) {
            Some(Ok(words)) => group.description = words,
            Some(Err(bad)) => faults.push(bad.at("description")),
            None => {}
        }
        match self.discount.map(percent) {
            Some(Ok(percent)) => group.discount = percent,
            Some(Err(bad)) => faults.push(bad.at("discount")),
            None => {}
        }
        match self.rule {
            Some(Some(asked)) => group.rule = rule(asked, currency, &mut faults),
            Some(None) => group.rule = None,
            None => {}
        }
        if let Some(asked) = self.metadata {
            match customer::facts("metadata", asked, MOST_METADATA) {
                Ok(metadata) => group.metadata = metadata,
                Err(more) => faults.extend(more),
            }
        }
        match faults.is_empty() {
            true => Ok(group),
            false => Err(faults),
        }
    }
}

fn described(words: Option<String>) -> Result<Option<String>, Bad> {
    let words = words.map(|words| text::paragraph(&words, 500)).transpose()?;
    Ok(words.filter(|words| !words.is_empty()))
}

fn percent(asked: Option<RawAmount>) -> Result<Option<Percent>, Bad> {
    asked.map(|asked| Percent::parse(asked.text())).transpose()
}

fn rule(asked: RuleFields, currency: Currency, faults: &mut Vec<Fault>) -> Option<Rule> {
    let mut rule = Rule::default();
    match asked.min_orders {
        Some(orders) if !(1..=1_000_000).contains(&orders) => {
            faults.push(Bad::invalid("must be 1 to 1000000").at("rule.min_orders"));
        }
        orders => rule.min_orders = orders,
    }
    let spent = asked
        .min_spent
        .map(|spent| spent.to_money(currency).and_then(Money::positive));
    match spent.transpose() {
        Ok(spent) => rule.min_spent = spent,
        Err(bad) => faults.push(bad.at("rule.min_spent")),
    }
    match asked.tag.map(|tag| text::line(&tag, 1, 50)).transpose() {
        Ok(tag) => rule.tag = tag,
        Err(bad) => faults.push(bad.at("rule.tag")),
    }
    if faults.is_empty() && !rule.says_something() {
        faults.push(Bad::missing().at("rule"));
    }
    Some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_met_by_whoever_meets_all_of_it() {
        let rule = Rule {
            min_orders: Some(2),
            min_spent: Money::new(1000),
            tag: Some("Friend".into()),
        };
        let figures = |paid_orders, spent| Figures {
            orders: 9,
            paid_orders,
            spent: Money::new(spent).unwrap(),
            ..Figures::default()
        };
        let tags = ["friend".to_owned()];
        assert!(rule.is_met(&figures(2, 1000), &tags));
        assert!(!rule.is_met(&figures(1, 1000), &tags));
        assert!(!rule.is_met(&figures(2, 999), &tags));
        assert!(!rule.is_met(&figures(2, 1000), &[]));
        assert!(!Rule::default().says_something());
    }
}
