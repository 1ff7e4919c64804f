//! What remedies cost, in each currency: amounts of different currencies are never added up.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cases::money::Money;

/// Sums by currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs(BTreeMap<String, (u64, i64)>);

impl Costs {
    /// Adds remedies that cost so many thousandths together.
    pub fn add(&mut self, n: u64, thousandths: i64, currency: &str) {
        let (count, sum) = self.0.entry(currency.to_owned()).or_default();
        *count += n;
        *sum += thousandths;
    }

    /// Adds those of another group.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(currency, (n, sum))| self.add(*n, *sum, currency));
    }

    /// As a report has them: the largest number of cases first.
    pub fn to_json(&self) -> Value {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(_, (n, _))| std::cmp::Reverse(*n));
        let one = |(currency, (n, sum)): (&String, &(u64, i64))| {
            let amount = Money::stored(Some(*sum), Some(currency.clone())).map(|money| money.amount());
            json!({"currency": currency, "amount": amount, "n": n})
        };
        all.into_iter().map(one).collect()
    }
}
