//! What is erased of cases.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::AssertSqlSafe;

use super::leftovers::{self, Batch};
use crate::cases::case::lock;
use crate::cases::error::Result;
use crate::cases::event::append;
use crate::cases::{Actor, CaseError, EventType, search};
use crate::clock::Millis;
use crate::db::rows::{chunks, placeholders};
use crate::db::{Db, Tx};
use crate::keys::Keys;
use crate::receipts::{hash_context, text_hash};
use crate::{with_db, with_tx};

/// How much is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Who the customer is and how to reach them.
    Contacts,
    /// That, and everything that anybody wrote, and all files.
    Texts,
}

impl Extent {
    /// The word in the data of the event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Texts => "texts",
        }
    }
}

/// The statements that erase who customers are, in the cases of the list in the place of `$list`.
const CONTACTS: [&str; 6] = [
    "update feedback set contact_cipher = null, identity_cipher = null, subject_hash = null where id in ($list)",
    "update cases set contact_hashes = '', contact_shared_at = null where id in ($list)",
    "delete from bounced_addresses where address in (select recipient from deliveries where order_key in ($list) and destination = 'customer')",
    "update deliveries set recipient = null where order_key in ($list) and destination = 'customer'",
    "update inbound_mails set message_id_cipher = null where case_id in ($list)",
    "delete from quarantine_handles where case_id in ($list)",
];

/// The statements that erase what was said. What requests are recognised by when they are repeated is a hash of what they said.
const TEXTS: [&str; 11] = [
    "update feedback set message = '', desired_outcome = null, reference = null, page_url = null, page_title = null, page_referrer = null, \
     context = null where id in ($list)",
    "update cases set remedy = null, request_hash = null where id in ($list)",
    "update messages set body = '' where case_id in ($list)",
    "update satisfactions set comment = null where case_id in ($list)",
    "update efforts set note = '' where case_id in ($list)",
    "update inbound_mails set raw_cipher = null where case_id in ($list)",
    "delete from reply_drafts where case_id in ($list)",
    "update tasks set title = '' where case_id in ($list)",
    "update idempotency_keys set request_hash = '' where case_id in ($list)",
    "update deliveries set state = 'dropped', lease_until = 0 where order_key in ($list) and state in ('pending', 'suspended', 'failed', 'folded')",
    "update deliveries set last_error = null where order_key in ($list)",
];

/// The statements that take files from cases. What the staff sent to several cases that were merged stays with those that are not erased; of the
/// others the rows wait for the sweep, which deletes the files.
const FILES: [&str; 3] = [
    "delete from message_attachments where message_id in (select id from messages where case_id in ($list))",
    "update attachments set case_id = (select min(messages.case_id) from message_attachments join messages \
     on messages.id = message_attachments.message_id where message_attachments.attachment_id = attachments.id) where case_id in ($list) \
     and exists (select 1 from message_attachments where message_attachments.attachment_id = attachments.id)",
    "update attachments set case_id = null, claim_hash = null, client = null, name = '', created_at = 0 where case_id in ($list)",
];

/// The conditions under which something of a case is left that says who its customer is.
const CONTACTS_LEFT: &str = "feedback.contact_cipher is not null or feedback.identity_cipher is not null or feedback.subject_hash is not null \
    or cases.contact_hashes <> '' \
    or exists (select 1 from quarantine_handles where case_id = cases.id) \
    or exists (select 1 from deliveries where order_key = cases.id and destination = 'customer' and recipient is not null) \
    or exists (select 1 from inbound_mails where case_id = cases.id and message_id_cipher is not null)";

/// The conditions under which something is left that was said. What waits to be sent, and by what requests are recognised, goes by itself.
const TEXTS_LEFT: &str = "feedback.message <> '' or feedback.desired_outcome is not null or feedback.reference is not null or feedback.page_url is not null \
    or feedback.page_title is not null or feedback.page_referrer is not null or feedback.context is not null or cases.remedy is not null \
    or exists (select 1 from messages where case_id = cases.id and body <> '') \
    or exists (select 1 from satisfactions where case_id = cases.id and comment is not null) \
    or exists (select 1 from efforts where case_id = cases.id and note <> '') \
    or exists (select 1 from inbound_mails where case_id = cases.id and raw_cipher is not null) \
    or exists (select 1 from reply_drafts where case_id = cases.id) \
    or exists (select 1 from tasks where case_id = cases.id and title <> '') \
    or exists (select 1 from attachments where case_id = cases.id) \
    or exists (select 1 from message_attachments join messages on messages.id = message_id where messages.case_id = cases.id)";

/// Erases something of cases in an open transaction, which it gives the job that cleans up beside the database as well. A case that is not there is an
/// error.
pub async fn erase(
    tx: &mut Tx,
    keys: &Keys,
    case_ids: &[String],
    extent: Extent,
    actor: &Actor,
    now: Millis,
) -> Result<Batch> {
    let batch = Batch::new();
    // In one order everywhere, so that two that erase don't wait for each other in a circle.
    let ids: Vec<String> = case_ids.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    for id in &ids {
        lock(tx, id, now).await?;
    }
    for chunk in chunks(&ids) {
        note(tx, keys, chunk, extent, &batch, now).await?;
        run_all(tx, &CONTACTS, chunk).await?;
        if extent == Extent::Texts {
            run_all(tx, &TEXTS, chunk).await?;
            run_all(tx, &FILES, chunk).await?;
        }
    }
    for id in &ids {
        append(tx, id, EventType::Erased, actor, json!({"what": extent.as_str()}), now).await?;
    }
    note_versions(tx, &ids, extent).await?;
    search::refresh_in(tx, &ids).await.map_err(CaseError::from)?;
    leftovers::enqueue(tx, &batch, now).await?;
    Ok(batch)
}

/// Whether something of a case was erased.
pub async fn is_erased(db: &Db, case_id: &str) -> sqlx::Result<bool> {
    let select = "select count(*) from erasures where case_id = $1";
    let erased: i64 = with_db!(db, pool => sqlx::query_scalar(select).bind(case_id).fetch_one(pool).await)?;
    Ok(erased > 0)
}

/// Of which of some cases something is left to erase.
pub(super) async fn left(tx: &mut Tx, ids: &[String], extent: Extent) -> sqlx::Result<Vec<String>> {
    let conditions = match extent {
        Extent::Contacts => CONTACTS_LEFT.to_owned(),
        Extent::Texts => format!("{CONTACTS_LEFT} or {TEXTS_LEFT}"),
    };
    let mut left = Vec::new();
    for chunk in chunks(ids) {
        let select = AssertSqlSafe(format!(
            "select cases.id from cases join feedback on feedback.id = cases.id where cases.id in ({}) and ({conditions}) order by cases.id",
            placeholders(0, chunk.len())
        ));
        let found: Vec<String> = with_tx!(&mut *tx, conn => {
            chunk.iter().fold(sqlx::query_scalar(select), |query, id| query.bind(id)).fetch_all(conn).await
        })?;
        left.extend(found);
    }
    Ok(left)
}

/// Notes at which version cases that are locked have nothing left to erase, so that they are looked at again only once something was written since.
pub(super) async fn note_versions(tx: &mut Tx, ids: &[String], extent: Extent) -> sqlx::Result<()> {
    let now_at = "(select version from cases where cases.id = erasures.case_id)";
    let set = match extent {
        Extent::Contacts => format!("contacts_version = {now_at}"),
        Extent::Texts => format!("contacts_version = {now_at}, texts_version = {now_at}"),
    };
    for chunk in chunks(ids) {
        let update =
            AssertSqlSafe(format!("update erasures set {set} where case_id in ({})", placeholders(0, chunk.len())));
        with_tx!(&mut *tx, conn => chunk.iter().fold(sqlx::query(update), |query, id| query.bind(id)).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}

/// Notes what is erased of cases, with the hashes of their texts, so that their receipts can still be given.
async fn note(tx: &mut Tx, keys: &Keys, ids: &[String], extent: Extent, batch: &Batch, now: Millis) -> Result<()> {
    let select =
        AssertSqlSafe(format!("select id, message from feedback where id in ({})", placeholders(0, ids.len())));
    let rows: Vec<(String, String)> = with_tx!(&mut *tx, conn => {
        ids.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(conn).await
    })?;
    for (id, message) in rows {
        let texts_at = (extent == Extent::Texts).then_some(now);
        let hash = texts_at
            .filter(|_| !message.is_empty())
            .map(|_| keys.encrypt(&hash_context(&id), text_hash(&message).as_bytes()));
        let upsert = "insert into erasures (case_id, contacts_at, texts_at, text_hash_cipher, batch) values ($1, $2, $3, $4, $5) \
            on conflict (case_id) do update set contacts_at = excluded.contacts_at, texts_at = coalesce(excluded.texts_at, erasures.texts_at), \
            text_hash_cipher = coalesce(erasures.text_hash_cipher, excluded.text_hash_cipher), batch = excluded.batch";
        with_tx!(&mut *tx, conn => sqlx::query(upsert).bind(&id).bind(now).bind(texts_at).bind(hash).bind(&batch.0).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}

async fn run_all(tx: &mut Tx, statements: &[&str], ids: &[String]) -> Result<()> {
    for statement in statements {
        let sql = AssertSqlSafe(statement.replace("$list", &placeholders(0, ids.len())));
        with_tx!(&mut *tx, conn => ids.iter().fold(sqlx::query(sql), |query, id| query.bind(id)).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}
