//! What reports are made of: rows of figures with names.

use std::collections::BTreeMap;

use sayso_analysis::scores::{share, wilson};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// What stands in the place of figures of fewer answers than are shown.
pub const TOO_FEW: &str = "too few";

/// A row: what it is about, of how many, and its figures in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is about, such as a week, a team or an item.
    pub group: String,
    /// Of how many the figures are.
    pub n: u64,
    /// The figures by name.
    pub figures: Vec<(&'static str, Value)>,
}

impl Row {
    /// A row without figures yet.
    pub fn new(group: impl Into<String>, n: u64) -> Self {
        Self { group: group.into(), n, figures: Vec::new() }
    }

    /// Adds a figure.
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.figures.push((name, value.into()));
        self
    }

    /// Adds `value`, the share of those that count, with its interval of 95 % (Wilson 1927) as `low` and `high`.
    pub fn with_share(self, count: u64, of: u64) -> Self {
        let interval = wilson(count, of);
        self.with("value", share(count, of))
            .with("low", interval.map(|interval| interval.low))
            .with("high", interval.map(|interval| interval.high))
    }

    /// The same where the answers of people are at least `fewest`; else nulls, and the reason.
    pub fn with_share_of_answers(self, count: u64, of: u64, fewest: u64) -> Self {
        match of >= fewest {
            true => self.with_share(count, of),
            false => {
                let empty = self.with("value", Value::Null).with("low", Value::Null).with("high", Value::Null);
                empty.with("note", TOO_FEW)
            }
        }
    }

    /// Adds the satisfaction of customers beside other figures: `csat`, of `csat_n` ratings, with its interval; where they are fewer than `fewest`, nulls and
    /// the reason as `csat_note`.
    pub fn with_csat(self, satisfied: u64, n: u64, fewest: u64) -> Self {
        let csat = Row::new("", n).with_share_of_answers(satisfied, n, fewest);
        let row = self
            .with("csat_n", n)
            .with("csat", csat.get("value").clone())
            .with("csat_low", csat.get("low").clone())
            .with("csat_high", csat.get("high").clone());
        if n < fewest { row.with("csat_note", TOO_FEW) } else { row }
    }

    /// A figure; null if there is none of this name.
    pub fn get(&self, name: &str) -> &Value {
        self.figures.iter().find(|(known, _)| *known == name).map_or(&Value::Null, |(_, value)| value)
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.figures.len() + 2))?;
        map.serialize_entry("group", &self.group)?;
        map.serialize_entry("n", &self.n)?;
        for (name, value) in &self.figures {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// What a report says, without what was asked for.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// A row for each group.
    pub rows: Vec<Row>,
    /// The figures of the whole.
    pub overall: Option<Value>,
    /// How many do not count, by reason.
    pub left_out: BTreeMap<&'static str, u64>,
}

/// A whole number of a database, which counts nothing below 0.
pub fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_order_and_hides_few_answers() {
        let row = Row::new("delivery", 4).with_share_of_answers(3, 4, 5).with("mean", Value::Null);
        let json = serde_json::to_string(&row).expect("it is plain data");
        assert_eq!(
            json,
            r#"{"group":"delivery","n":4,"value":null,"low":null,"high":null,"note":"too few","mean":null}"#
        );
        assert_eq!(Row::new("x", 5).with_share_of_answers(5, 5, 5).get("value"), &Value::from(1.0));
        assert_eq!(Row::new("x", 4).with_share_of_answers(4, 4, 1).get("value"), &Value::from(1.0));
        let beside = Row::new("mei", 30).with_csat(1, 2, 5);
        assert_eq!(
            (beside.get("csat_n"), beside.get("csat"), beside.get("csat_note")),
            (&Value::from(2), &Value::Null, &Value::from(TOO_FEW))
        );
    }
}
