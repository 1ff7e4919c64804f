//! What an erasure leaves beside the rows of the database: files, mails in files, segments of the search index, SQLite's log.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::AssertSqlSafe;

use crate::app::App;
use crate::attachments;
use crate::clock::{MINUTE, Millis};
use crate::db::Tx;
use crate::db::jobs::{self, Job, Kind, NewJob, complete};
use crate::db::rows::{chunks, placeholders};
use crate::db::search;
use crate::keys::new_id;
use crate::outbox::email;
use crate::{with_db, with_write};

/// When it is looked again: what was being sent or written during the erasure has come to rest by then.
const AGAIN: Millis = 15 * MINUTE;
/// What the key of the second look ends with.
const SECOND: &str = "/again";

/// Cases that were erased together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch(pub(super) String);

impl Batch {
    /// A new one.
    pub(super) fn new() -> Self {
        Self(new_id())
    }
}

/// Asks for both looks at what an erasure leaves.
pub(super) async fn enqueue(tx: &mut Tx, batch: &Batch, now: Millis) -> sqlx::Result<()> {
    let job = |key: String, due_at| NewJob { key, payload: String::new(), due_at };
    let both = [job(batch.0.clone(), now), job(format!("{}{SECOND}", batch.0), now + AGAIN)];
    jobs::enqueue(tx, Kind::Erase, &both, now).await
}

/// Asks for both looks at the mails of these order keys that were written to files.
pub(super) async fn enqueue_mails(tx: &mut Tx, order_keys: &[String], now: Millis) -> sqlx::Result<()> {
    let id = new_id();
    let job = |key: String, due_at| NewJob { key, payload: order_keys.join(" "), due_at };
    let both = [job(format!("{id}/mails"), now), job(format!("{id}/mails{SECOND}"), now + AGAIN)];
    jobs::enqueue(tx, Kind::Erase, &both, now).await
}

/// Does jobs that clean up after erasures.
pub async fn run(app: &App, jobs: &[Job]) -> anyhow::Result<()> {
    for job in jobs {
        if !job.payload.is_empty() {
            let order_keys: Vec<String> = job.payload.split(' ').map(str::to_owned).collect();
            remove_mails(app, &order_keys).await?;
            continue;
        }
        let batch = job.key.strip_suffix(SECOND).unwrap_or(&job.key);
        remove(app, &Batch(batch.to_owned())).await?;
    }
    let mut tx = app.db.begin().await?;
    complete(&mut tx, Kind::Erase, jobs).await?;
    Ok(tx.commit().await?)
}

/// Removes what the erasure of some cases leaves; it may be done again.
pub(super) async fn remove(app: &App, batch: &Batch) -> anyhow::Result<()> {
    let select = "select case_id from erasures where batch = $1";
    let cases: Vec<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&batch.0).fetch_all(pool).await)?;
    forget_late(app, batch).await?;
    attachments::sweep(app).await?;
    remove_mails(app, &cases).await?;
    let rest = |took: Duration| -> BoxFuture<'_, ()> { app.intake.throttle(took).boxed() };
    search::purge(&app.db, app.clock.now(), &rest, &cases).await?;
    app.db.forget_log().await?;
    Ok(())
}

/// Takes from customers who were erased what a case that was being given to them at that moment brought back.
async fn forget_late(app: &App, batch: &Batch) -> sqlx::Result<()> {
    let of_batch = "(select customers.id from customers join cases on cases.customer_id = customers.id \
        join erasures on erasures.case_id = cases.id where erasures.batch = $1 and customers.erased_at is not null)";
    for statement in [
        format!("delete from customer_handles where customer_id in {of_batch}"),
        format!("delete from customer_names where customer_id in {of_batch}"),
        format!("update customers set name_cipher = null, site_value = null where id in {of_batch}"),
    ] {
        let statement = AssertSqlSafe(statement);
        with_write!(&app.db, conn => sqlx::query(statement).bind(&batch.0).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}

/// Deletes the mails about cases, and those that asked for an opinion, from the folder that they are written to where no mail server is set. Each is named
/// after its delivery.
async fn remove_mails(app: &App, order_keys: &[String]) -> anyhow::Result<()> {
    let folder = app.config.data.join(email::FOLDER);
    if order_keys.is_empty() || !folder.exists() {
        return Ok(());
    }
    let mut ids: HashSet<String> = HashSet::new();
    for chunk in chunks(order_keys) {
        // A mail that tells of several things is named after a delivery of its own.
        let list = placeholders(0, chunk.len());
        let select = AssertSqlSafe(format!(
            "select id from deliveries where order_key in ({list}) or order_key || '/' || order_no in \
             (select folded_into from deliveries where folded_into is not null and order_key in ({list}))"
        ));
        let found: Vec<String> = with_db!(&app.db, pool => {
            chunk.iter().fold(sqlx::query_scalar(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        ids.extend(found);
    }
    tokio::task::spawn_blocking(move || remove_named(&folder, &ids)).await?
}

fn remove_named(folder: &Path, ids: &HashSet<String>) -> anyhow::Result<()> {
    let reading = || format!("the folder {} can't be read", folder.display());
    for entry in std::fs::read_dir(folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let name = entry.file_name();
        // `20261122T100000.000Z-<id>.eml`
        let id = name.to_str().and_then(|name| Some(name.strip_suffix(".eml")?.split_once('-')?.1));
        if id.is_some_and(|id| ids.contains(id)) {
            match std::fs::remove_file(entry.path()) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).context("a mail in the data folder can't be deleted");
                }
                _ => {}
            }
        }
    }
    Ok(())
}
