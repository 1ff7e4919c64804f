//! `sayso doctor`: what is wrong with an installation, and how to mend it. It changes nothing, and works beside a server or without one.

mod machine;
mod outside;
mod settings;
mod store;

use serde::Serialize;

use crate::config::{Config, Overrides};

/// What `sayso doctor` is given.
#[derive(Debug, clap::Args)]
pub struct DoctorArguments {
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    /// It works, but is not as it should be.
    Warning,
    Wrong,
}

/// What one look found.
#[derive(Debug, Serialize)]
struct Finding {
    topic: &'static str,
    state: State,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

/// Looks at everything and prints what it finds. An error says that something is wrong.
pub async fn run(arguments: DoctorArguments, overrides: &Overrides) -> anyhow::Result<()> {
    let findings = match Config::load(overrides) {
        Ok(config) => examine(&config).await,
        Err(error) => vec![Finding::wrong(
            "settings",
            format!("{error:#}"),
            "`sayso config --defaults` shows all settings; the other checks need settings that can be read",
        )],
    };
    let wrong = findings.iter().filter(|finding| finding.state == State::Wrong).count();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&serde_json::json!({"ok": wrong == 0, "checks": findings}))?);
    } else {
        findings.iter().for_each(Finding::print);
    }
    anyhow::ensure!(wrong == 0, "{wrong} of {} checks found something wrong", findings.len());
    Ok(())
}

async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = settings::examine(config);
    findings.extend(machine::examine(config));
    let db = store::examine(config, &mut findings).await;
    findings.push(outside::server(config).await);
    findings.push(outside::mail(config).await);
    if let Some((db, keys)) = db {
        findings.extend(outside::targets(config, &db, keys.as_ref()).await);
        db.close().await;
    }
    findings
}

impl Finding {
    fn good(topic: &'static str, text: impl Into<String>) -> Self {
        Self { topic, state: State::Good, text: text.into(), mend: None }
    }

    fn warning(topic: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { topic, state: State::Warning, text: text.into(), mend: Some(mend.into()) }
    }

    fn wrong(topic: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { topic, state: State::Wrong, text: text.into(), mend: Some(mend.into()) }
    }

    fn print(&self) {
        let mark = match self.state {
            State::Good => "✓",
            State::Warning => "!",
            State::Wrong => "✗",
        };
        println!("{mark} {:<10} {}", self.topic, self.text);
        if let Some(mend) = &self.mend {
            println!("  {:<10} → {mend}", "");
        }
    }
}
