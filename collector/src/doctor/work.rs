//! What works in the background: jobs that were given up, upgrades that are not done, and settings of sites that can't be read.

use super::finding::Finding;
use crate::audit::{self, Verdict};
use crate::clock::{Clock, DAY, Millis};
use crate::clock_jumps::{Belief, ahead_of_last_look};
use crate::customers::find;
use crate::db::Db;
use crate::db::jobs::{self, Kind};
use crate::inbound::Received;
use crate::sites::Site;
use crate::upgrades;

/// How many keys of jobs a finding names.
const NAMED: i64 = 3;

/// Looks at all of it. A database without our tables has nothing to look at; that is said about the database.
pub async fn examine(db: &Db) -> Vec<Finding> {
    let mut found = Vec::new();
    let looks = [
        failed_jobs(db).await,
        unfinished_upgrades(db).await,
        audit_log(db).await,
        held_mails(db).await,
        unrepresented_customers(db).await,
    ];
    for look in looks {
        found.extend(look.unwrap_or_default());
    }
    found.extend(clock(db, Clock::default().now()).await.unwrap_or_default());
    found.extend(unread_settings(db).await.unwrap_or_default());
    found
}

async fn failed_jobs(db: &Db) -> sqlx::Result<Vec<Finding>> {
    let mut found = Vec::new();
    for count in jobs::counts(db).await?.into_iter().filter(|count| count.failed > 0) {
        let named = match Kind::parse(&count.kind) {
            Some(kind) => jobs::failed(db, kind, NAMED).await?,
            None => Vec::new(),
        };
        let named: Vec<String> =
            named.into_iter().map(|(key, error)| format!("{key} ({})", error.unwrap_or_default())).collect();
        let text = format!("{} jobs of the kind {} were given up: {}", count.failed, count.kind, named.join("; "));
        let mend = format!("mend the reason, then `sayso jobs retry {}`", count.kind);
        found.push(Finding::wrong("jobs", text, mend));
    }
    Ok(found)
}

async fn unfinished_upgrades(db: &Db) -> sqlx::Result<Vec<Finding>> {
    let left = upgrades::progress(db).await?.into_iter().filter(|progress| progress.done_at.is_none());
    let text = |name: String| format!("the upgrade {name} of the data is not done yet");
    let mend = "a running server does it in the background; `sayso migrate` does it now";
    Ok(left.map(|progress| Finding::warning("upgrades", text(progress.upgrade.name()), mend)).collect())
}

async fn clock(db: &Db, now: Millis) -> sqlx::Result<Vec<Finding>> {
    Ok(match ahead_of_last_look(db, now).await? {
        Belief::Believed => Vec::new(),
        Belief::Doubted { ahead } => {
            let text = format!("the clock is {} days ahead of when a collector last ran here", ahead / DAY);
            let mend = "set it if it is wrong; if it is right, cases are closed and erased again once the collector has run for a day";
            vec![Finding::warning("clock", text, mend)]
        }
    })
}

async fn audit_log(db: &Db) -> sqlx::Result<Vec<Finding>> {
    Ok(match audit::verify(db).await? {
        Verdict::Whole { .. } => Vec::new(),
        Verdict::Broken { number, reason } => {
            let text = format!("the audit log is broken at entry {number}: {reason}");
            vec![Finding::wrong(
                "audit",
                text,
                "compare it with a backup; somebody with access to the database changed it",
            )]
        }
    })
}

async fn held_mails(db: &Db) -> sqlx::Result<Vec<Finding>> {
    let held = Received::count_held(db).await?;
    let text = format!("{held} mails that came in are on no case");
    let mend =
        "`sayso mail list` says why, `sayso mail show ID` prints one; given to `sayso mail receive` it is tried again";
    Ok((held > 0).then(|| Finding::warning("mail", text, mend)).into_iter().collect())
}

/// Where nobody is anybody's representative, nobody is missing one.
async fn unrepresented_customers(db: &Db) -> sqlx::Result<Vec<Finding>> {
    if !find::has_any_representative(db).await? {
        return Ok(Vec::new());
    }
    let count = find::count_important_without_representative(db).await?;
    let text = format!("{count} customers in a tier have no representative");
    let mend = "/staff/customers?tier=any&representative=none shows them; set one on their page, or by a list";
    Ok((count > 0).then(|| Finding::warning("customers", text, mend)).into_iter().collect())
}

async fn unread_settings(db: &Db) -> anyhow::Result<Vec<Finding>> {
    let mend = "set it with `sayso site set`, or update Sayso";
    let sites = Site::all(db).await?;
    let problems = sites.iter().flat_map(|site| site.problems().iter().map(move |problem| (site.key(), problem)));
    Ok(problems.map(|(key, problem)| Finding::warning("sites", format!("{key}: {problem}"), mend)).collect())
}
