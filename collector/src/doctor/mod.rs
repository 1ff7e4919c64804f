//! `sayso doctor`: what is wrong with an installation, and how to mend it. It changes nothing, and works beside a server or without one.

mod entrusted;
mod finding;
mod machine;
mod outside;
mod settings;
mod store;
mod work;

use self::finding::{Finding, State};
pub use self::machine::little_room;
use crate::clock::Clock;
use crate::config::{Config, Overrides};
use crate::self_check::Problem;

/// What `sayso doctor` is given.
#[derive(Debug, clap::Args)]
pub struct DoctorArguments {
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
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

/// What is wrong, for the daily self-check. What only might be better is not in it.
pub async fn problems(config: &Config) -> Vec<Problem> {
    let wrong = examine(config).await.into_iter().filter(|finding| finding.state == State::Wrong);
    wrong.map(|Finding { topic, text, mend, .. }| Problem { topic: topic.to_owned(), text, mend }).collect()
}

async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = settings::examine(config);
    findings.extend(machine::examine(config));
    let db = store::examine(config, &mut findings).await;
    findings.push(outside::server(config).await);
    findings.push(outside::mail(config).await);
    findings.extend(outside::mailboxes(config).await);
    findings.extend(outside::providers(config, &Clock::default()).await);
    if let Some((db, keys)) = db {
        findings.extend(work::examine(&db).await);
        findings.extend(entrusted::examine(&db, keys.as_ref()).await);
        findings.extend(outside::targets(config, &db, keys.as_ref()).await);
        db.close().await;
    }
    findings
}
