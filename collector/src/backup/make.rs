//! Making a backup.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::archive::{FORMAT, Head, Manifest, Writer};
use super::{BackupArguments, FLEETING, attachments, grouped};
use crate::audit::{self, Change, Stamp};
use crate::clock::{Clock, rfc3339};
use crate::config::Config;
use crate::db::{Db, sqlite_file};
use crate::keys::{KEY_FILE, Keys, equal};

/// Writes the backup, and says where the key is.
pub async fn make(arguments: BackupArguments, config: &Config) -> anyhow::Result<()> {
    let file = &arguments.file;
    let cannot = || format!("cannot write {}", file.display());
    ensure!(!file.is_dir(), "{} is a folder; name a file", file.display());
    ensure!(arguments.replace || !file.exists(), "{} exists already; --replace writes over it", file.display());
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Under another name until it is whole, so that a full disk or a power cut leaves no half backup behind that looks like one. For
    // this user alone, since it holds what customers wrote.
    let temporary = tempfile::Builder::new().prefix(".sayso-backup-").tempfile_in(folder).with_context(cannot)?;
    let (manifest, size) = write(config, temporary.as_file()).await.with_context(cannot)?;
    if arguments.replace {
        temporary.persist(file).map_err(|error| error.error).with_context(cannot)?;
    } else {
        temporary.persist_noclobber(file).map_err(|error| error.error).with_context(cannot)?;
    }
    File::open(folder)?.sync_all()?;
    report(file, &manifest, size, &config.data);
    if let Err(error) = note(config, &manifest).await {
        // The backup is whole, and may be needed just because the database takes nothing more.
        println!("The audit log could not note it: {error:#}");
    }
    Ok(())
}

/// Notes in the audit log that everything was taken out of the database.
async fn note(config: &Config, manifest: &Manifest) -> anyhow::Result<()> {
    let db = Db::connect(&config.data, config.database_url.reveal()).await?;
    let after = json!({"rows": manifest.rows.values().sum::<u64>(), "attachments": manifest.attachments});
    let change = Change { action: "backup.make", object: "backup".to_owned(), before: Value::Null, after };
    let mut tx = db.begin().await?;
    audit::append(&mut tx, &Stamp::command(Clock::default().now()), &change).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

async fn write(config: &Config, file: &File) -> anyhow::Result<(Manifest, u64)> {
    let (db, keys) = open(config).await?;
    let mut tables = db.tables().await?;
    tables.retain(|table| !FLEETING.contains(&table.name.as_str()));
    let columns = |table: &crate::db::catalog::Table| table.columns.iter().map(|column| column.name.clone()).collect();
    let head = Head {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        database: db.name().to_owned(),
        made_at: rfc3339(Clock::default().now()),
        migrations: db.migrations().await?,
        key_check: keys.check_value(),
        tables: tables.iter().map(|table| (table.name.clone(), columns(table))).collect(),
    };
    let progress = spinner();
    let mut writer = Writer::new(std::io::BufWriter::new(file), &head)?;
    let mut snapshot = db.snapshot().await?;
    let mut total = 0;
    for table in &tables {
        progress.set_message(table.name.clone());
        snapshot
            .read(table, |row| {
                total += 1;
                progress.set_position(total);
                writer.row(&table.name, &row)
            })
            .await?;
        writer.end_table(&table.name)?;
    }
    drop(snapshot);
    // After the rows: what they refer to was there before them, and is removed only after them.
    let folder = config.data.join(attachments::FOLDER);
    for path in attachments::list(&folder)? {
        let name = path.strip_prefix(&folder)?.to_str().context("the name of an attachment is not text")?;
        progress.set_message(attachments::FOLDER);
        match File::open(&path) {
            Ok(content) => writer.attachment(name, content.metadata()?.len(), content)?,
            // It was swept away in between, so nothing refers to it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }
    let (buffered, manifest) = writer.finish(&keys)?;
    buffered.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    progress.finish_and_clear();
    Ok((manifest, file.metadata()?.len()))
}

/// The database as it is: a backup often comes before an update, and must not bring the tables of a running server up to date.
async fn open(config: &Config) -> anyhow::Result<(Db, Keys)> {
    const NOTHING: &str = "there is nothing to back up: the database has not been made yet";
    let url = config.database_url.reveal();
    if let Some(file) = sqlite_file(&config.data, url) {
        ensure!(file.is_file(), "{NOTHING} ({})", file.display());
    }
    let db = Db::connect(&config.data, url).await?;
    ensure!(!db.migrations().await?.is_empty(), NOTHING);
    let keys = Keys::at_hand(&config.data)?.context("the master key is missing; `sayso doctor` says more")?;
    let is_right = db.master_key_check().await?.is_some_and(|stored| equal(&stored, &keys.check_value()));
    ensure!(is_right, "the master key at hand is not that of the database");
    Ok((db, keys))
}

fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {human_pos} rows  {msg}  {elapsed}");
    let progress = ProgressBar::new_spinner();
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    progress.enable_steady_tick(Duration::from_millis(200));
    progress
}

fn report(file: &Path, manifest: &Manifest, size: u64, data: &Path) {
    let rows = manifest.rows.values().sum();
    println!(
        "Wrote {}: {} rows, {} attachments, {} bytes.",
        file.display(),
        grouped(rows),
        grouped(manifest.attachments),
        grouped(size)
    );
    let key = data.join(KEY_FILE);
    let place = match std::env::var("SAYSO_MASTER_KEY") {
        Ok(text) if !text.trim().is_empty() => "in SAYSO_MASTER_KEY".to_owned(),
        _ => format!("in {}", key.display()),
    };
    println!();
    println!(
        "The master key is NOT in it, so that nobody who finds the file can read contacts. Without the key you can't either,"
    );
    println!("and customers' links stop working. It is {place}: keep a copy of it, apart from the backups.");
    println!("Attachments in a bucket (S3) and mails written to files are not in it.");
}
