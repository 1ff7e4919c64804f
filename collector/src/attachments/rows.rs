//! What the database knows of attached files.

use std::collections::HashMap;

use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

use super::claim_hash;
use crate::clock::Millis;
use crate::db::rows::{chunks, placeholders};
use crate::db::{self, Db, Tx};
use crate::keys::Keys;
use crate::{with_db, with_tx, with_write};

/// A file of a case.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow, Serialize, ToSchema)]
pub struct Attachment {
    /// Its identifier.
    pub id: String,
    /// The name that it is given back under.
    #[schema(max_length = 255)]
    pub name: String,
    /// Its type, as its content says.
    pub media_type: String,
    /// Its size in bytes.
    pub size: i64,
}

impl Attachment {
    /// The key of the text for what kind of file it is.
    pub fn family_text(&self) -> &'static str {
        match self.family() {
            "image" => "common.file.image",
            "audio" => "common.file.audio",
            "video" => "common.file.video",
            "text" => "common.file.text",
            "pdf" => "common.file.pdf",
            _ => "common.file.document",
        }
    }

    /// The word for what kind of file it is, for people.
    pub fn family(&self) -> &'static str {
        match self.media_type.split_once('/') {
            Some(("image", _)) => "image",
            Some(("audio", _)) => "audio",
            Some(("video", _)) => "video",
            Some(("text", _)) => "text",
            Some((_, "pdf")) => "pdf",
            _ => "document",
        }
    }
}

/// Who asks for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Whoever knows the code of the case.
    Customer,
    /// Somebody who may read the case in the console or by a token.
    Staff,
}

/// A file that was taken and waits for its submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// By which a submission claims it. Whoever knows it can.
    pub token: String,
    /// The name that it is given back under.
    pub name: String,
    /// Its type.
    pub media_type: String,
    /// Its size in bytes, as stored.
    pub size: i64,
}

/// A file that is about to be stored.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its identifier.
    pub id: &'a str,
    /// The site that collects it.
    pub site_id: &'a str,
    /// What it is.
    pub upload: &'a Upload,
    /// In whose share it is (see [`Holder`]).
    pub client: &'a str,
    /// When it came.
    pub created_at: Millis,
}

/// Whose files wait: those of one client for one site.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Holder {
    /// The site; none once it is gone.
    pub site_id: Option<String>,
    /// The hash of the day of a client's line; none of files that an older version took.
    pub client: Option<String>,
    /// The room that they take.
    pub bytes: i64,
}

/// The files that came with the feedback of a case itself, in the order in which the submission names them.
pub async fn of_case(db: &Db, case_id: &str) -> sqlx::Result<Vec<Attachment>> {
    let select = "select id, name, media_type, size from attachments where case_id = $1 \
        and not exists (select 1 from message_attachments where attachment_id = attachments.id) order by place, id";
    with_db!(db, pool => sqlx::query_as(select).bind(case_id).fetch_all(pool).await)
}

/// The files that came with some messages, by message, each in its order.
pub async fn of_messages(db: &Db, message_ids: &[String]) -> sqlx::Result<HashMap<String, Vec<Attachment>>> {
    let mut files: HashMap<String, Vec<Attachment>> = HashMap::new();
    for chunk in chunks(message_ids) {
        let select = AssertSqlSafe(format!(
            "select message_attachments.message_id, attachments.id, attachments.name, attachments.media_type, attachments.size \
             from message_attachments join attachments on attachments.id = message_attachments.attachment_id \
             where message_attachments.message_id in ({}) order by message_attachments.message_id, message_attachments.place",
            placeholders(0, chunk.len())
        ));
        let rows: Vec<(String, String, String, String, i64)> = with_db!(db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        for (message_id, id, name, media_type, size) in rows {
            files.entry(message_id).or_default().push(Attachment { id, name, media_type, size });
        }
    }
    Ok(files)
}

/// The files of a case that these uploads have become, in their order.
pub async fn claimed(db: &Db, keys: &Keys, case_id: &str, tokens: &[String]) -> sqlx::Result<Vec<Attachment>> {
    let select = "select id, name, media_type, size from attachments where claim_hash = $1 and case_id = $2";
    let mut files = Vec::with_capacity(tokens.len());
    for token in tokens {
        let hash = claim_hash(keys, token);
        let file: Option<Attachment> =
            with_db!(db, pool => sqlx::query_as(select).bind(&hash).bind(case_id).fetch_optional(pool).await)?;
        files.extend(file);
    }
    Ok(files)
}

/// A file of a case, if its reader may have it.
pub async fn find(db: &Db, case_id: &str, id: &str, reader: Reader) -> sqlx::Result<Option<Attachment>> {
    let select = match reader {
        Reader::Customer => FOR_CUSTOMER,
        Reader::Staff => FOR_STAFF,
    };
    with_db!(db, pool => sqlx::query_as(select).bind(case_id).bind(id).fetch_optional(pool).await)
}

/// What came with the customer's own feedback, and with what they and the staff have said to each other; nothing of notes, nor of other customers.
const FOR_CUSTOMER: &str = "select id, name, media_type, size from attachments where id = $2 and (exists (select 1 from message_attachments \
    join messages on messages.id = message_attachments.message_id \
    where message_attachments.attachment_id = attachments.id and messages.case_id = $1 and messages.author <> 'note') \
    or (case_id = $1 and not exists (select 1 from message_attachments where attachment_id = attachments.id)))";

/// Whatever came with the case, or with one that was merged into it.
const FOR_STAFF: &str = "select id, name, media_type, size from attachments where id = $2 and (case_id = $1 \
    or exists (select 1 from cases where cases.id = attachments.case_id and cases.merged_into = $1) \
    or exists (select 1 from message_attachments join messages on messages.id = message_attachments.message_id \
    where message_attachments.attachment_id = attachments.id and messages.case_id = $1))";

/// Makes the files of these uploads the case's, in the transaction that stores it and before its rows. Gives the position of the first
/// that can't be claimed (unknown, of another site, or claimed already); then none of them is.
pub async fn claim(tx: &mut Tx, site_id: &str, case_id: &str, claim_hashes: &[String]) -> sqlx::Result<Option<usize>> {
    let update = "update attachments set case_id = $1, place = $4, client = null where claim_hash = $2 and site_id = $3 and case_id is null";
    for (index, hash) in claim_hashes.iter().enumerate() {
        let rows = with_tx!(tx, conn => sqlx::query(update).bind(case_id).bind(hash).bind(site_id)
            .bind(i64::try_from(index).unwrap_or_default()).execute(conn).await.map(|done| done.rows_affected()))?;
        if rows == 0 {
            let undo = "update attachments set case_id = null where case_id = $1";
            with_tx!(tx, conn => sqlx::query(undo).bind(case_id).execute(conn).await.map(|_| ()))?;
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// What is wrong with an upload that can't be claimed.
pub fn not_there(index: usize) -> FieldError {
    FieldError::new(
        format!("/attachments/{index}"),
        ErrorCode::Invalid,
        "there is no upload with this id; upload the file again",
    )
}

/// The uploads that a submission to a site could claim, in the order of `tokens`.
pub async fn claimable(
    db: &Db,
    keys: &Keys,
    site_id: &str,
    since: Millis,
    tokens: &[String],
) -> sqlx::Result<Vec<Option<Upload>>> {
    let select = "select name, media_type, size from attachments \
        where claim_hash = $1 and site_id = $2 and case_id is null and created_at > $3";
    let mut uploads = Vec::with_capacity(tokens.len());
    for token in tokens {
        let hash = claim_hash(keys, token);
        let row: Option<(String, String, i64)> = with_db!(db, pool => sqlx::query_as(select).bind(&hash).bind(site_id).bind(since).fetch_optional(pool).await)?;
        uploads.push(row.map(|(name, media_type, size)| Upload { token: token.clone(), name, media_type, size }));
    }
    Ok(uploads)
}

/// Who holds how much of the room for files that no submission has claimed. A file counts with what it takes beside its content, so that there
/// can't be very many small ones either.
pub async fn holders(db: &Db) -> sqlx::Result<Vec<Holder>> {
    let select = "select site_id, client, cast(sum(size + 4096) as bigint) as bytes from attachments where case_id is null \
        group by site_id, client";
    with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)
}

/// Takes the oldest file of a holder away from it, before anybody claims it; gives its identifier. Its row stays, for the sweep, until the
/// file itself is deleted.
pub async fn withdraw_oldest(db: &Db, holder: &Holder) -> sqlx::Result<Option<String>> {
    // Withdrawn ones are those without a time.
    let update = "update attachments set claim_hash = null, created_at = 0 where case_id is null and created_at > 0 and id = \
        (select min(id) from attachments where case_id is null and created_at > 0 and claim_hash is not null \
         and coalesce(site_id, '') = $1 and coalesce(client, '') = $2) returning id";
    let (site_id, client) = (holder.site_id.as_deref().unwrap_or(""), holder.client.as_deref().unwrap_or(""));
    with_write!(db, pool => sqlx::query_scalar(update).bind(site_id).bind(client).fetch_optional(pool).await)
}

/// Whether this upload is stored already, by the same form.
pub async fn is_known(db: &Db, site_id: &str, claim_hash: &str) -> sqlx::Result<bool> {
    let select = "select count(*) from attachments where claim_hash = $1 and site_id = $2";
    let known: i64 =
        with_db!(db, pool => sqlx::query_scalar(select).bind(claim_hash).bind(site_id).fetch_one(pool).await)?;
    Ok(known > 0)
}

/// Notes a file before it is stored.
pub async fn insert(db: &Db, new: &New<'_>) -> sqlx::Result<()> {
    let insert = "insert into attachments (id, site_id, name, media_type, size, client, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    let upload = new.upload;
    with_write!(db, pool => sqlx::query(insert).bind(new.id).bind(new.site_id).bind(&upload.name).bind(&upload.media_type)
        .bind(upload.size).bind(new.client).bind(new.created_at).execute(pool).await.map(|_| ()))
}

/// Lets a submission claim a file, now that it is stored. The same upload of a form that was sent twice at once is offered once; the
/// other file is left to the sweep.
pub async fn offer(db: &Db, id: &str, claim_hash: &str) -> sqlx::Result<()> {
    let update = "update attachments set claim_hash = $1 where id = $2";
    let offered =
        with_write!(db, pool => sqlx::query(update).bind(claim_hash).bind(id).execute(pool).await.map(|_| ()));
    match offered {
        Err(error) if db::is_unique_violation(&error) => Ok(()),
        other => other,
    }
}
