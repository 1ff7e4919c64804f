//! What was measured in each load, and its medians.

use std::collections::BTreeMap;

use serde_json::json;

use crate::visit::{Speed, Visit};

/// What one load gave: a name and a number each.
pub type Measured = Vec<(&'static str, f64)>;

/// All loads, by `speed.visit.name`.
#[derive(Default)]
pub struct Samples(BTreeMap<String, Vec<f64>>);

impl Samples {
    /// Adds those of a load.
    pub fn add(&mut self, speed: Speed, visit: Visit, measured: Measured) {
        for (name, value) in measured {
            self.0.entry(format!("{speed}.{visit}.{name}")).or_default().push(value);
        }
    }

    /// The median, the least and the greatest of each, as JSON.
    pub fn into_json(self) -> String {
        let summaries: BTreeMap<String, _> = self
            .0
            .into_iter()
            .map(|(name, mut values)| {
                values.sort_by(f64::total_cmp);
                let [least, median, most] = [0, values.len() / 2, values.len() - 1].map(|index| values[index]);
                (name, json!({"median": median, "least": least, "most": most}))
            })
            .collect();
        json!(summaries).to_string()
    }
}
