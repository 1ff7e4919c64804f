//! The figures of a run, and those of the last one that was recorded.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::environment;
use crate::widget::{Manifest, Totals};

/// Everything that a run has measured.
pub struct Figures {
    pub machine: String,
    /// Medians of times, and bytes, by their names in the bench.
    pub measured: BTreeMap<String, f64>,
    pub bytes_by_crate: BTreeMap<String, f64>,
}

impl Figures {
    /// Puts together what the build and the bench have found.
    pub fn new(
        manifest: &Manifest,
        samples: &str,
        bytes_by_crate: BTreeMap<String, u64>,
        machine: &str,
    ) -> anyhow::Result<Self> {
        let samples: BTreeMap<String, Value> = serde_json::from_str(samples).context("the bench's figures")?;
        let mut measured = BTreeMap::new();
        for (name, summary) in &samples {
            let median = summary["median"].as_f64().with_context(|| format!("{name} has no median"))?;
            measured.insert(name.clone(), rounded(median));
        }
        let totals = Totals::of(manifest);
        let served = measured.get("1x.recorded.bytes").context("the bench did not weigh the loader")?;
        ensure!(
            *served == totals.loader.br as f64,
            "the collector serves another widget than the one in target/widget"
        );
        measured.insert("loader".to_owned(), totals.loader.br as f64);
        measured.insert("open_form".to_owned(), totals.open_form.br as f64);
        let bytes_by_crate = bytes_by_crate.into_iter().map(|(name, bytes)| (name, bytes as f64)).collect();
        Ok(Self { machine: machine.to_owned(), measured, bytes_by_crate })
    }

    /// The figures that are kept with the sources, if there are any yet.
    pub fn read_last() -> anyhow::Result<Option<Self>> {
        let Ok(text) = fs::read_to_string(file()) else { return Ok(None) };
        let value: Value = serde_json::from_str(&text).context("docs/widget-figures.json is damaged")?;
        let numbers = |name: &str| -> BTreeMap<String, f64> {
            let members = value[name].as_object().into_iter().flatten();
            members.filter_map(|(name, number)| Some((name.clone(), number.as_f64()?))).collect()
        };
        Ok(Some(Self {
            machine: value["machine"].as_str().unwrap_or_default().to_owned(),
            measured: numbers("measured"),
            bytes_by_crate: numbers("bytes_by_crate"),
        }))
    }

    /// Keeps them with the sources, to be committed.
    pub fn record(&self) -> anyhow::Result<()> {
        let value = json!({
            "machine": self.machine, "measured": self.measured, "bytes_by_crate": self.bytes_by_crate,
        });
        let file = file();
        fs::write(&file, serde_json::to_string_pretty(&value)? + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
        println!("recorded in {}", file.display());
        Ok(())
    }
}

fn file() -> PathBuf {
    environment::workspace().join("docs/widget-figures.json")
}

/// To a hundredth: more would only be noise in the history of the file.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
