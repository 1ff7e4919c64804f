//! The master key and the database.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use uuid::Uuid;

use super::finding::Finding;
use crate::clock::{Clock, MINUTE, Millis, SECOND, rfc3339};
use crate::config::Config;
use crate::db::search::{self, Coverage};
use crate::db::{Db, catalog, sqlite_file};
use crate::keys::{KEY_FILE, Keys};
use crate::with_db;

/// A database that does not answer within this time does not answer customers either.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks at both, and gives them for what needs them.
pub async fn examine(config: &Config, findings: &mut Vec<Finding>) -> Option<(Db, Option<Keys>)> {
    let db = database(config, findings).await;
    let keys = match Keys::at_hand(&config.data) {
        Ok(keys) => keys,
        Err(error) => {
            findings.push(Finding::wrong(
                "key",
                format!("{error:#}"),
                "put the right key there; it is 32 bytes in base64",
            ));
            return db.map(|db| (db, None));
        }
    };
    findings.push(key(config, db.as_ref(), keys.as_ref()).await);
    db.map(|db| (db, keys))
}

async fn database(config: &Config, findings: &mut Vec<Finding>) -> Option<Db> {
    let mut report = |finding: Finding| findings.push(finding);
    let url = config.database_url.reveal();
    if let Some(file) = sqlite_file(&config.data, url).filter(|file| !file.exists()) {
        let mend =
            "`sayso serve` makes it; if there should be one, look at the setting `data` and at the folder you are in";
        report(Finding::warning("database", format!("there is no database {} yet", file.display()), mend));
        return None;
    }
    let is_postgres = sqlite_file(&config.data, url).is_none();
    let mend = match is_postgres {
        true => {
            "see that PostgreSQL runs, that this machine may connect, and that database_url has the right user and password"
        }
        false => "see that the user that runs Sayso owns the file, and that the disk is whole; else restore a backup",
    };
    let opened = tokio::time::timeout(PATIENCE, Db::connect(&config.data, url)).await;
    let db = match opened {
        Ok(Ok(db)) => db,
        Ok(Err(error)) => {
            report(Finding::wrong("database", format!("{error:#}"), mend));
            return None;
        }
        Err(_) => {
            report(Finding::wrong("database", "it does not answer", mend));
            return None;
        }
    };
    match tokio::time::timeout(PATIENCE, look_into(&db)).await {
        Ok(Ok(found)) => findings.extend(found),
        Ok(Err(error)) => report(Finding::wrong("database", format!("{error}"), mend)),
        Err(_) => report(Finding::wrong("database", "it does not answer", mend)),
    }
    Some(db)
}

async fn look_into(db: &Db) -> sqlx::Result<Vec<Finding>> {
    let applied = db.migrations().await?;
    let known = catalog::known_migrations();
    if applied.iter().any(|version| !known.contains(version)) {
        let text = format!("the {} database was made by a newer version of Sayso", db.name());
        return Ok(vec![Finding::wrong("database", text, "update Sayso; going back needs a backup from before")]);
    }
    let missing = known.iter().filter(|version| !applied.contains(version)).count();
    if missing > 0 {
        let text = format!("the {} database lacks {missing} of {} migrations", db.name(), known.len());
        let mend = "make a backup, then start the server or run `sayso migrate`";
        return Ok(vec![Finding::warning("database", text, mend)]);
    }
    let mut found = Vec::new();
    if let Err(error) = db.try_to_write().await {
        let text = format!("the {} database can be read, but not written: {error}", db.name());
        found.push(Finding::wrong(
            "database",
            text,
            "free the disk, end what holds a lock on it, or connect to the primary",
        ));
    }
    for weakness in db.weaknesses().await? {
        let text = format!("{weakness}: what customers were thanked for can be lost in a power cut");
        found.push(Finding::wrong("database", text, "set it back to its default"));
    }
    if found.is_empty() {
        found.push(Finding::good("database", format!("{}, up to date, writable, durable", db.name())));
    }
    found.extend(times(db).await?);
    found.push(search_index(db).await?);
    Ok(found)
}

/// How far all cases can be found.
async fn search_index(db: &Db) -> sqlx::Result<Finding> {
    let Ok(Coverage { indexed, cut, cases }) = search::coverage(db).await else {
        let text = "the tables of the search index are not there yet";
        return Ok(Finding::warning("search", text, "start the server or run `sayso migrate`"));
    };
    let of = format!("{indexed} of {cases} cases can be searched");
    let long = match cut {
        0 => String::new(),
        cut => format!("; {cut} said so much that only their first and last words can be"),
    };
    if indexed < cases {
        let mend = "let the server run: it indexes the rest in the background";
        return Ok(Finding::warning("search", format!("{of}{long}"), mend));
    }
    Ok(Finding::good("search", format!("{of}{long}")))
}

/// Whether the clock agrees with that of the database, and with what was stored.
async fn times(db: &Db) -> sqlx::Result<Option<Finding>> {
    let now = Clock::default().now();
    if let Some(theirs) = db.server_time().await?
        && (theirs - now).abs() > 5 * SECOND
    {
        let text = format!("this machine and PostgreSQL differ by {} s", (theirs - now).abs() / SECOND);
        return Ok(Some(Finding::warning("clock", text, "let both keep the time by NTP")));
    }
    let select = "select max(id) from cases";
    let last: Option<String> = with_db!(db, pool => sqlx::query_scalar(select).fetch_one(pool).await)?;
    let last = last.and_then(|id| Uuid::parse_str(&id).ok()?.get_timestamp()).map(|time| time.to_unix());
    let Some(at) = last.and_then(|(seconds, _)| Millis::try_from(seconds).ok()).map(|seconds| seconds * SECOND) else {
        return Ok(None);
    };
    Ok((at > now + 5 * MINUTE).then(|| {
        let text =
            format!("the newest case is from {}, which is to come: the clock was wrong then, or is now", rfc3339(at));
        Finding::warning("clock", text, "set the clock and let it be kept (timedatectl set-ntp true)")
    }))
}

async fn key(config: &Config, db: Option<&Db>, keys: Option<&Keys>) -> Finding {
    let file = config.data.join(KEY_FILE);
    let name = file.display();
    let asked = match db {
        Some(db) if !db.migrations().await.unwrap_or_default().is_empty() => {
            db.master_key_check().await.unwrap_or_default()
        }
        _ => None,
    };
    match (keys, asked) {
        (None, Some(_)) => Finding::wrong(
            "key",
            "the master key of this database is missing; contacts and codes can't be read without it",
            format!("put it back into {name} or SAYSO_MASTER_KEY; it is in no backup of the database"),
        ),
        (None, None) if sqlite_file(&config.data, config.database_url.reveal()).is_none() => Finding::wrong(
            "key",
            "there is no master key, and PostgreSQL needs one that all replicas share",
            format!("make one (openssl rand -base64 32) and put it into SAYSO_MASTER_KEY or {name}"),
        ),
        (None, None) => Finding::warning(
            "key",
            "there is no master key yet",
            format!("`sayso serve` makes {name}; keep a copy of it"),
        ),
        (Some(keys), Some(check)) if !crate::keys::equal(&check, &keys.check_value()) => Finding::wrong(
            "key",
            "the master key at hand is not the one that this database was made with",
            format!("put the right one into {name} or SAYSO_MASTER_KEY"),
        ),
        (Some(_), _) if others_can_read(&file) => {
            Finding::warning("key", format!("others on this machine can read {name}"), format!("chmod 600 {name}"))
        }
        (Some(_), Some(_)) => Finding::good("key", "it is the one of this database"),
        (Some(_), None) => Finding::good("key", "it is there"),
    }
}

fn others_can_read(file: &std::path::Path) -> bool {
    file.metadata().is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}
