//! Four surveys with half a million answers, imported by the real command.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::ensure;

use crate::server::Server;
use crate::texts::Dice;

const SURVEYS: &str = r#"
[[survey]]
key = "features"
kind = "kano"
site = "site0"
title = { en = "What would you like?" }
items = [ITEMS]

[[survey]]
key = "yearly"
kind = "importance_satisfaction"
site = "site0"
title = { en = "How did we do this year?" }
items = [ITEMS]

[[survey]]
key = "service"
kind = "servqual"
site = "site0"
title = { en = "Our service" }
items = [
    { key = "on-time", text = { en = "It comes on time" }, dimension = "reliability" },
    { key = "prompt", text = { en = "They are prompt" }, dimension = "responsiveness" },
    { key = "trust", text = { en = "I trust them" }, dimension = "assurance" },
    { key = "care", text = { en = "They care" }, dimension = "empathy" },
    { key = "rooms", text = { en = "The rooms are fine" }, dimension = "tangibles" },
]

[[survey]]
key = "recommend"
kind = "nps"
site = "site0"
title = { en = "Would you recommend us?" }
"#;

const ITEMS: [&str; 8] = ["delivery", "price", "service", "quality", "returns", "choice", "advice", "shop"];
const DIMENSIONS: [&str; 5] = ["on-time", "prompt", "trust", "care", "rooms"];
const FEELINGS: [&str; 5] = ["like", "must_be", "neutral", "live_with", "dislike"];

/// Makes the surveys and their answers unless they are there; gives how many answers there are.
pub fn ensure(server: &Server) -> anyhow::Result<usize> {
    let answers = [
        ("features", ask(&ITEMS, &["functional", "dysfunctional"], 10_000, |dice| FEELINGS[dice.below(5)].to_owned())),
        ("yearly", ask(&ITEMS, &["importance", "satisfaction"], 10_000, |dice| (1 + dice.below(5)).to_string())),
        ("service", ask(&DIMENSIONS, &["expectation", "perception"], 12_000, |dice| (1 + dice.below(7)).to_string())),
        ("recommend", ask(&[""], &["score"], 60_000, |dice| dice.below(11).to_string())),
    ];
    let count = answers.iter().map(|(_, rows)| rows.lines().count() - 1).sum();
    let done = server.folder().join("answers");
    if done.exists() {
        return Ok(count);
    }
    let items = ITEMS.map(|key| format!("{{ key = \"{key}\", text = {{ en = \"{key}\" }} }}")).join(", ");
    let file = tempfile::NamedTempFile::with_suffix(".toml")?;
    std::fs::write(file.path(), SURVEYS.replace("ITEMS", &items))?;
    let mut apply = server.command(&["service", "apply", &file.path().to_string_lossy()]);
    ensure!(apply.status()?.success(), "the surveys can't be made");
    let started = Instant::now();
    for (key, rows) in answers {
        let file = tempfile::NamedTempFile::with_suffix(".csv")?;
        std::fs::write(file.path(), rows)?;
        let mut import = server.command(&["survey", "import", key, &file.path().to_string_lossy()]);
        ensure!(import.status()?.success(), "the answers of {key} can't be imported");
    }
    println!("{count} answers imported in {:.0} s", started.elapsed().as_secs_f64());
    std::fs::write(done, "")?;
    Ok(count)
}

/// A file of answers: what each of so many respondents says of every item and field.
fn ask(items: &[&str], fields: &[&str], respondents: usize, answer: impl Fn(&mut Dice) -> String) -> String {
    let mut rows = "respondent,item,field,value\n".to_owned();
    for respondent in 0..respondents {
        let mut dice = Dice::new(respondent as u64);
        for item in items {
            for field in fields {
                let _ = writeln!(rows, "r{respondent},{item},{field},{}", answer(&mut dice));
            }
        }
    }
    rows
}
