//! Four surveys with half a million answers: the questionnaires that are shipped, imported by the real commands.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::ensure;
use sayso::service::ServiceFile;
use sayso::service::read::read;
use sayso::surveys::questionnaires;

use crate::server::Server;
use crate::texts::Dice;

/// A survey: its kind, what is asked of each item, how many answers it has, and what may be answered.
struct Asked {
    kind: &'static str,
    fields: &'static [&'static str],
    answers: usize,
    words: &'static [&'static str],
}

const ASKED: [Asked; 4] = [
    Asked {
        kind: "kano",
        fields: &["functional", "dysfunctional"],
        answers: 150_000,
        words: &["like", "must_be", "neutral", "live_with", "dislike"],
    },
    Asked {
        kind: "importance_satisfaction",
        fields: &["importance", "satisfaction"],
        answers: 150_000,
        words: &["1", "2", "3", "4", "5"],
    },
    Asked {
        kind: "servqual",
        fields: &["expectation", "perception"],
        answers: 140_000,
        words: &["1", "2", "3", "4", "5", "6", "7"],
    },
    Asked {
        kind: "nps",
        fields: &["score"],
        answers: 60_000,
        words: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
    },
];

/// Makes the surveys and their answers unless they are there.
pub fn ensure(server: &Server) -> anyhow::Result<()> {
    let done = server.folder().join("answers");
    if done.exists() {
        return Ok(());
    }
    let started = Instant::now();
    for asked in &ASKED {
        let text = questionnaires::text(asked.kind, "site0")?;
        let known = "[[site]]\nkey = \"site0\"\nname = \"Site 0\"\norigins = []\n";
        let read = read(&format!("{known}{text}"), &ServiceFile::default());
        let survey = &read.map_err(|errors| anyhow::anyhow!("{errors:?}"))?.surveys[0];
        let items: Vec<&str> = survey.items.iter().map(|item| item.key.as_str()).collect();
        run(server, &["service", "apply"], "toml", &text)?;
        run(server, &["survey", "import", survey.key.as_str()], "csv", &asked.rows(&items))?;
    }
    let answers: usize = ASKED.iter().map(|asked| asked.answers).sum();
    println!("about {answers} answers to surveys imported in {:.0} s", started.elapsed().as_secs_f64());
    std::fs::write(done, "")?;
    Ok(())
}

/// Runs a command with a file.
fn run(server: &Server, command: &[&str], ending: &str, content: &str) -> anyhow::Result<()> {
    let file = tempfile::NamedTempFile::with_suffix(format!(".{ending}"))?;
    std::fs::write(file.path(), content)?;
    let status = server.command(&[command, &[&file.path().to_string_lossy()]].concat()).status()?;
    ensure!(status.success(), "{} ended with {status}", command.join(" "));
    Ok(())
}

impl Asked {
    /// A file of answers: what each respondent says of every item and field. A survey of one question may have no item.
    fn rows(&self, items: &[&str]) -> String {
        let items = if items.is_empty() { &[""] } else { items };
        let mut rows = "respondent,item,field,value\n".to_owned();
        for respondent in 0..self.answers / (items.len() * self.fields.len()) {
            let mut dice = Dice::new(respondent as u64);
            for (item, field) in items.iter().flat_map(|item| self.fields.iter().map(move |field| (item, field))) {
                let _ = writeln!(rows, "r{respondent},{item},{field},{}", self.words[dice.below(self.words.len())]);
            }
        }
        rows
    }
}
