//! Replies that members have begun. They go on with them on any device, and colleagues see that somebody answers; what is sent is no draft any more.

use sayso_shared::limits::MESSAGE_MAX;
use sayso_shared::text::Text;

use crate::clock::{HOUR, Millis};
use crate::db::Db;
use crate::{with_db, with_write};

/// What is kept of a reply.
pub type Draft = Text<MESSAGE_MAX>;
/// Who wrote within this time is answering still.
const FRESH: Millis = HOUR;

/// Keeps what a member has written.
pub async fn save(db: &Db, member_id: &str, case_id: &str, body: &Draft, now: Millis) -> sqlx::Result<()> {
    // One that comes after it was sent would be sent again.
    let upsert = "insert into reply_drafts (member_id, case_id, body, updated_at) select $1, $2, $3, $4 \
        where not exists (select 1 from messages where messages.case_id = $2 and messages.member_id = $1 and messages.body = $3) \
        on conflict (member_id, case_id) do update set body = excluded.body, updated_at = excluded.updated_at";
    with_write!(db, pool => sqlx::query(upsert).bind(member_id).bind(case_id).bind(body.as_str()).bind(now).execute(pool).await.map(|_| ()))
}

/// Takes a draft away, since it was sent or is not wanted.
pub async fn forget(db: &Db, member_id: &str, case_id: &str) -> sqlx::Result<()> {
    let delete = "delete from reply_drafts where member_id = $1 and case_id = $2";
    with_write!(db, pool => sqlx::query(delete).bind(member_id).bind(case_id).execute(pool).await.map(|_| ()))
}

/// What a member has begun to answer.
pub async fn own(db: &Db, member_id: &str, case_id: &str) -> sqlx::Result<Option<String>> {
    let select = "select body from reply_drafts where member_id = $1 and case_id = $2";
    with_db!(db, pool => sqlx::query_scalar(select).bind(member_id).bind(case_id).fetch_optional(pool).await)
}

/// Who else has begun to answer a case lately, by their names.
pub async fn others(db: &Db, case_id: &str, member_id: &str, now: Millis) -> sqlx::Result<Vec<String>> {
    let select = "select members.name from reply_drafts join members on members.id = reply_drafts.member_id \
        where reply_drafts.case_id = $1 and reply_drafts.member_id <> $2 and reply_drafts.updated_at > $3 order by members.name";
    with_db!(db, pool => sqlx::query_scalar(select).bind(case_id).bind(member_id).bind(now - FRESH).fetch_all(pool).await)
}
