//! Writing rows: some at a time, so that a server beside this command goes on writing, and each only once for good.

use std::collections::HashSet;

use sayso_shared::Feedback;
use sayso_shared::id::IdempotencyKey;
use sha2::{Digest, Sha256};

use super::row::{Row, RowError, field_name};
use crate::cases::idempotency::content_hash;
use crate::cases::{Actor, Channel, Priority, search};
use crate::clock::{HOUR, Millis, parse_rfc3339};
use crate::db::rows::{Part, Rows, chunks};
use crate::db::{Db, Tx};
use crate::intake::{self, Origin, Received, Submission};
use crate::keys::{Keys, Purpose};
use crate::reports::facts;
use crate::sites::Site;
use crate::{with_db, with_tx};

/// How far ahead of ours the clock may be where the feedback was given.
const AHEAD: Millis = HOUR;

/// A row that can be written.
#[derive(Debug)]
pub struct Prepared {
    /// The line on which it begins.
    pub line: u64,
    /// What it is recognised by when the file, or another one with the same row, is imported again.
    pub fingerprint: String,
    site_id: String,
    submission: Submission,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It is a case now.
    Imported,
    /// It was one before.
    Duplicate,
}

/// Holds a row to the limits of the API, and to the kinds and categories of its site. What the site's form asks for beyond that was
/// not asked where the feedback was given.
pub fn prepare(
    row: Row,
    line: u64,
    site: &Site,
    keys: &Keys,
    now: Millis,
    is_csv: bool,
) -> Result<Prepared, Vec<RowError>> {
    let mut rules = site.rules();
    rules.required.clear();
    rules.consent_required = false;
    let feedback = Feedback::parse(row.feedback, &rules).map_err(|refused| {
        let refusal = |error: sayso_shared::FieldError| RowError {
            field: field_name(&error.pointer, is_csv),
            reason: error.detail,
        };
        refused.errors.into_iter().map(refusal).collect::<Vec<_>>()
    })?;
    let refuse = |field: &str, reason: &str| vec![RowError { field: field.to_owned(), reason: reason.to_owned() }];
    let composed_at = feedback.composed_at().map(parse_rfc3339);
    if composed_at == Some(None) {
        return Err(refuse("composed_at", "must be a time as in RFC 3339"));
    }
    let received_at = row.received_at.unwrap_or(now);
    if !(0..=now + AHEAD).contains(&received_at) {
        return Err(refuse("received_at", "must be after 1970 and not in the future"));
    }
    // What tells the row from others: its own identifier, else all that it says.
    let told_by = match &row.external_id {
        Some(id) => format!("{}/id/{id}", site.id()),
        None => format!("{}/row/1:{}/{}", site.id(), content_hash(&feedback), row.received_at.unwrap_or_default()),
    };
    let fingerprint = keys.hash(Purpose::ImportedRow, &told_by);
    let received = Received {
        feedback,
        composed_at: composed_at.flatten(),
        received_at,
        first_response_due: None,
        origin: Origin { by: Actor::System, channel: Channel::Import, priority: Priority::Normal, split_from: None },
        identity: None,
        suspicion: None,
        consent_text: None,
    };
    let submission = Submission::imported(keys, site.id(), &key(&fingerprint), received, now);
    Ok(Prepared { line, fingerprint, site_id: site.id().to_owned(), submission })
}

/// Writes rows in one commit.
pub async fn write(db: &Db, keys: &Keys, rows: &[Prepared], now: Millis) -> anyhow::Result<Vec<ImportOutcome>> {
    let mut tx = db.begin().await?;
    let new = record_fingerprints(&mut tx, rows, now).await?;
    let rows_and_results: Vec<(&Prepared, ImportOutcome)> = rows
        .iter()
        .map(|row| {
            (
                row,
                if new.contains(row.submission.case_id()) { ImportOutcome::Imported } else { ImportOutcome::Duplicate },
            )
        })
        .collect();
    let added: Vec<&Prepared> = rows_and_results
        .iter()
        .filter(|(_, written)| *written == ImportOutcome::Imported)
        .map(|(row, _)| *row)
        .collect();
    if !added.is_empty() {
        let submissions: Vec<&Submission> = added.iter().map(|row| &row.submission).collect();
        for stored in intake::write_in(&mut tx, keys, &submissions).await? {
            stored?;
        }
        let case_ids: Vec<String> = added.iter().map(|row| row.submission.case_id().to_owned()).collect();
        search::refresh_in(&mut tx, &case_ids).await?;
        facts::mark_added(&mut tx, &case_ids).await?;
    }
    tx.commit().await?;
    Ok(rows_and_results.into_iter().map(|(_, written)| written).collect())
}

/// Whether a row has been imported.
pub async fn is_known(db: &Db, row: &Prepared) -> sqlx::Result<bool> {
    let select = "select count(*) from import_rows where site_id = $1 and fingerprint = $2";
    let count: i64 = with_db!(db, pool => sqlx::query_scalar(select).bind(&row.site_id).bind(&row.fingerprint).fetch_one(pool).await)?;
    Ok(count > 0)
}

/// Notes the fingerprints; gives the cases of those that are new.
async fn record_fingerprints(tx: &mut Tx, rows: &[Prepared], now: Millis) -> sqlx::Result<HashSet<String>> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into import_rows (site_id, fingerprint, case_id, created_at) values ",
        row: "(?, ?, ?, ?)",
        tail: " on conflict (site_id, fingerprint) do nothing returning case_id",
    }]);
    let mut new = HashSet::with_capacity(rows.len());
    for chunk in chunks(rows) {
        let insert = INSERT.sql(tx, chunk.len());
        let cases: Vec<String> = with_tx!(tx, conn => {
            let mut query = sqlx::query_scalar(insert);
            for row in chunk {
                query = query.bind(&row.site_id).bind(&row.fingerprint).bind(row.submission.case_id()).bind(now);
            }
            query.fetch_all(conn).await
        })?;
        new.extend(cases);
    }
    Ok(new)
}

/// The idempotency key of a row, which is always the same.
fn key(fingerprint: &str) -> IdempotencyKey {
    let digest: [u8; 32] = Sha256::digest(fingerprint.as_bytes()).into();
    let bytes = std::array::from_fn(|at| digest[at]);
    let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    IdempotencyKey::parse(&uuid.to_string()).expect("a UUID is a key")
}
