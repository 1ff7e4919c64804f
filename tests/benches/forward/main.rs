//! How fast cases reach the receivers of targets, and whether one that is dead or slow delays the others: the released collector as a process
//! of its own, receivers and load in this one. `cargo xtask bench forward` runs it; docs/performance.md says what it printed.
//!
//! Arguments choose: `sqlite` or `postgresql`, and rounds by name (`arrival`, `mail`, `drain`, `intake`).

mod receivers;
mod rounds;
mod stage;

use sayso_tests::Database;

use rounds::Rounds;

const NAMES: [&str; 4] = ["arrival", "mail", "drain", "intake"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    sayso::install_crypto();
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |name: &str, all: &[&str]| {
        !asked.iter().any(|asked| all.contains(&asked.as_str())) || asked.iter().any(|asked| asked == name)
    };
    let databases = [("SQLite", Database::Sqlite), ("PostgreSQL", Database::Postgres)];
    println!("\n| | measured | budget |\n| --- | ---: | ---: |");
    for (name, database) in databases {
        if !wanted(&name.to_lowercase(), &["sqlite", "postgresql"]) {
            continue;
        }
        let rounds = Rounds { name, database };
        if wanted("arrival", &NAMES) {
            rounds.arrival().await?;
        }
        if wanted("mail", &NAMES) {
            rounds.mail().await?;
        }
        if wanted("drain", &NAMES) {
            rounds.drain().await?;
        }
        if wanted("intake", &NAMES) {
            rounds.intake().await?;
        }
    }
    Ok(())
}
