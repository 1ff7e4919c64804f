//! Taking a backup back. Until the very end what was there before is untouched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::archive::{Head, Manifest, Part, Reader};
use super::{FLEETING, RestoreArguments, attachments, grouped};
use crate::audit::{self, Change, Stamp};
use crate::cases::search;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::catalog::{Column, Table, known_migrations};
use crate::db::{self, Db, Tx};
use crate::keys::{KEY_FILE, Keys, equal};
use crate::outbox::email;
use crate::reports::facts;
use crate::with_tx;

/// Tables that have rows in a new installation too.
const BOOKKEEPING: [&str; 4] = ["meta", "counters", "upgrades", "leases"];

/// Restores from the file.
pub async fn restore(arguments: RestoreArguments, config: &Config) -> anyhow::Result<()> {
    let url = config.database_url.reveal();
    let file = &arguments.file;
    ensure!(file.is_file(), "there is no file {}", file.display());
    let lock = db::lock_for_serving(&config.data, url);
    let _lock = lock.context("stop the server first: a restore replaces what it works with")?;
    let keys = keys_at_hand(config, &read_head(file)?)?;

    println!("Checking {} …", file.display());
    let made = read(file, &keys, async |part| {
        if let Part::Attachment(_, content) = part {
            std::io::copy(content, &mut std::io::sink())?;
        }
        Ok(())
    });
    let manifest = made.await?;

    let files = StagedFiles::new(&config.data)?;
    match db::sqlite_file(&config.data, url) {
        Some(path) => into_sqlite(&arguments, &keys, &path, files).await?,
        None => into_postgres(&arguments, &keys, config, files).await?,
    }
    let rows = manifest.rows.values().sum();
    println!(
        "Restored {} rows and {} attachments. Start the server, and sign in again.",
        grouped(rows),
        grouped(manifest.attachments)
    );
    println!("What was still to be delivered when the backup was made is delivered now, perhaps a second time.");
    Ok(())
}

/// The keys, if they are those of the backup; else what to do.
fn keys_at_hand(config: &Config, head: &Head) -> anyhow::Result<Keys> {
    let put =
        format!("Put the key into {} or SAYSO_MASTER_KEY, and restore again.", config.data.join(KEY_FILE).display());
    let keys = Keys::at_hand(&config.data)?;
    let keys =
        keys.with_context(|| format!("the master key of the backup is missing; it is not in the backup. {put}"))?;
    let is_right = equal(&head.key_check, &keys.check_value());
    ensure!(is_right, "the master key at hand is not the one that this backup was made with. {put}");
    Ok(keys)
}

fn read_head(file: &Path) -> anyhow::Result<Head> {
    let open = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let head = Reader::new(open).head()?;
    let known = known_migrations();
    let is_known = head.migrations.iter().all(|version| known.contains(version));
    ensure!(
        is_known,
        "the backup was made by Sayso {}, which is newer than this one; update Sayso first",
        head.version
    );
    Ok(head)
}

async fn read(
    file: &Path,
    keys: &Keys,
    part: impl AsyncFnMut(Part<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Manifest> {
    let file = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let progress = ProgressBar::new(file.metadata()?.len());
    let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}  {eta}");
    progress.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let read = Reader::new(progress.wrap_read(std::io::BufReader::new(file))).read(keys, part).await;
    progress.finish_and_clear();
    read
}

/// A new file is filled and takes the place of the old one, which is whole until then.
async fn into_sqlite(arguments: &RestoreArguments, keys: &Keys, path: &Path, files: StagedFiles) -> anyhow::Result<()> {
    let name = path.display();
    if path.exists() {
        let old = Db::connect(path, Some(&format!("sqlite:{name}"))).await?;
        refuse_to_replace(arguments, &old).await?;
        old.close().await;
        let log = beside(path, "-wal");
        let is_closed = !log.exists() || fs::metadata(&log)?.len() == 0;
        ensure!(is_closed, "another program has {name} open; end it and restore again");
    }
    let new = beside(path, ".restoring");
    remove_database(&new)?;
    let filled = fill_sqlite(arguments, keys, &new, &files).await;
    if let Err(error) = filled {
        remove_database(&new)?;
        return Err(error);
    }
    File::open(&new)?.sync_all()?;
    let files = files.put_in_place()?;
    if let Err(error) = fs::rename(&new, path) {
        files.roll_back()?;
        remove_database(&new)?;
        return Err(error).with_context(|| format!("cannot replace {name}"));
    }
    // What belonged to the old file must not be taken for the new one's.
    for ending in ["-wal", "-shm"] {
        remove(&beside(path, ending))?;
    }
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    files.commit()
}

/// The migration since which a site's UTC means UTC, and no longer that nothing was set.
const EXPLICIT_ZONES: i64 = 71;

async fn fill_sqlite(arguments: &RestoreArguments, keys: &Keys, new: &Path, files: &StagedFiles) -> anyhow::Result<()> {
    let db = Db::connect(new, Some(&format!("sqlite:{}", new.display()))).await?;
    db.migrate().await?;
    let tables = db.tables().await?;
    let mut tx = db.begin().await?;
    fill(&arguments.file, keys, &mut tx, &tables, files).await?;
    tx.commit().await?;
    // Closing the last connection moves everything into the one file.
    db.close().await;
    let log = beside(new, "-wal");
    ensure!(!log.exists() || fs::metadata(&log)?.len() == 0, "the new database can't be completed");
    Ok(())
}

/// All in one transaction.
async fn into_postgres(
    arguments: &RestoreArguments,
    keys: &Keys,
    config: &Config,
    files: StagedFiles,
) -> anyhow::Result<()> {
    let db = Db::connect(&config.data, config.database_url.reveal()).await?;
    if let Db::Postgres(pool) = &db {
        let others = db::others_connected(pool).await?;
        ensure!(
            others == 0,
            "stop all servers and commands that use this database first ({others} connections are open)"
        );
    }
    db.migrate().await?;
    refuse_to_replace(arguments, &db).await?;
    let tables = db.tables().await?;
    let mut tx = db.begin().await?;
    fill(&arguments.file, keys, &mut tx, &tables, &files).await?;
    let files = files.put_in_place()?;
    if let Err(error) = tx.commit().await {
        files.roll_back()?;
        return Err(error.into());
    }
    db.close().await;
    files.commit()
}

async fn refuse_to_replace(arguments: &RestoreArguments, db: &Db) -> anyhow::Result<()> {
    if arguments.dangerous_replace {
        return Ok(());
    }
    for table in db.tables().await?.iter().filter(|table| !BOOKKEEPING.contains(&table.name.as_str())) {
        let select = sqlx::AssertSqlSafe(format!(
            "select count(*) from (select 1 from {} limit 1) as found",
            db::catalog::quoted(&table.name)
        ));
        let found: i64 = crate::with_db!(db, pool => sqlx::query_scalar(select).fetch_one(pool).await)?;
        ensure!(
            found == 0,
            "the database is not empty. Restore into a new one, or throw away what it holds with --dangerous-replace"
        );
    }
    Ok(())
}

async fn fill(file: &Path, keys: &Keys, tx: &mut Tx, tables: &[Table], files: &StagedFiles) -> anyhow::Result<()> {
    tx.empty(tables).await?;
    // Those of the former installation would be taken for facts of this one.
    facts::clear_in(tx).await?;
    let mut columns: Vec<(String, Vec<Column>)> = Vec::new();
    let head = read_head(file)?;
    for (name, names) in head.tables {
        let table = tables.iter().find(|table| table.name == name);
        let table =
            table.with_context(|| format!("the backup holds the table {name}, which this version does not have"))?;
        let known = |column: &String| table.columns.iter().find(|known| known.name == *column).cloned();
        let found: Option<Vec<Column>> = names.iter().map(known).collect();
        let found =
            found.with_context(|| format!("the backup holds columns of {name} that this version does not have"))?;
        columns.push((name, found));
    }
    let restored = read(file, keys, async |part| match part {
        Part::Rows(table, lines) => {
            ensure!(!FLEETING.contains(&table), "the backup holds the table {table}, which none does");
            let of_table = columns.iter().find(|(name, _)| name == table);
            let (_, columns) = of_table.with_context(|| format!("the backup does not describe its table {table}"))?;
            let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let rows: Vec<Vec<Value>> = lines.map(serde_json::from_slice).collect::<Result<_, _>>()?;
            tx.insert_rows(table, columns, &rows).await
        }
        Part::Attachment(path, content) => attachments::write(&files.staged, path, content),
    });
    restored.await?;
    // What the migration says to rows that were there; these came after it.
    if !head.migrations.contains(&EXPLICIT_ZONES) {
        const FORGET_UNSET: &str = include_str!("../../migrations/0071_unset_time_zones.sql");
        with_tx!(tx, conn => sqlx::query(FORGET_UNSET).execute(conn).await.map(|_| ()))?;
    }
    let now = Clock::default().now();
    search::reindex_in(tx, now).await?;
    // After the last entry that came back, so that the chain goes on from it.
    let after = json!({"made_at": head.made_at, "version": head.version});
    let change = Change { action: "backup.restore", object: "backup".to_owned(), before: Value::Null, after };
    audit::append(tx, &Stamp::command(now), &change).await?;
    // The check value came with the rows; that it is right was the condition for all this.
    let select = "select count(*) from meta where name = 'master_key_check' and value = $1";
    let check: i64 = with_tx!(tx, conn => sqlx::query_scalar(select).bind(keys.check_value()).fetch_one(conn).await)?;
    ensure!(check == 1, "the backup does not hold the check value of its key");
    Ok(())
}

/// Attachments beside their final place, and the folders of the former installation that make room for them.
struct StagedFiles {
    staged: PathBuf,
    folders: [Folder; 2],
}

/// A folder of the data folder, and where it waits until the restore is sure.
struct Folder {
    place: PathBuf,
    replaced: PathBuf,
}

/// Attachments in their place, with what was there before still at hand.
struct PlacedFiles(StagedFiles);

impl StagedFiles {
    /// Mails that were written to files are no part of a backup, and those of the former installation go with it.
    fn new(data: &Path) -> anyhow::Result<Self> {
        let folders = [attachments::FOLDER, email::FOLDER].map(|name| data.join(name));
        let staged = beside(&folders[0], ".restoring");
        let folders = folders.map(|place| Folder { replaced: beside(&place, ".replaced"), place });
        remove_folder(&staged)?;
        for Folder { replaced, .. } in &folders {
            ensure!(
                !replaced.exists(),
                "{} is left from a restore that broke off; look at it and remove it",
                replaced.display()
            );
        }
        Ok(Self { staged, folders })
    }

    fn put_in_place(self) -> anyhow::Result<PlacedFiles> {
        for Folder { place, replaced } in self.folders.iter().filter(|folder| folder.place.exists()) {
            fs::rename(place, replaced)?;
        }
        if self.staged.exists() {
            fs::rename(&self.staged, &self.folders[0].place)?;
        }
        Ok(PlacedFiles(self))
    }
}

impl Drop for StagedFiles {
    fn drop(&mut self) {
        // What is left here was not needed; a next restore removes it too.
        let _ = remove_folder(&self.staged);
    }
}

impl PlacedFiles {
    fn roll_back(self) -> anyhow::Result<()> {
        for Folder { place, replaced } in &self.0.folders {
            remove_folder(place)?;
            if replaced.exists() {
                fs::rename(replaced, place)?;
            }
        }
        Ok(())
    }

    fn commit(self) -> anyhow::Result<()> {
        self.0.folders.iter().try_for_each(|folder| remove_folder(&folder.replaced))
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn remove_database(path: &Path) -> anyhow::Result<()> {
    ["", "-wal", "-shm"].iter().try_for_each(|ending| remove(&beside(path, ending)))
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn remove_folder(path: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
