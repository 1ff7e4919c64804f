//! Who has looked at a case, how far they have read, and who has it open.

use std::collections::HashSet;

use sqlx::AssertSqlSafe;

use crate::clock::{Millis, SECOND};
use crate::db::Db;
use crate::db::rows::{chunks, placeholders};
use crate::{with_db, with_write};

/// A page that was open within this time still is: it says so every thirty seconds.
const HERE: Millis = 75 * SECOND;

/// The last event of a case.
pub async fn last_seq(db: &Db, case_id: &str) -> sqlx::Result<i64> {
    let select = "select coalesce(max(seq), 0) from events where case_id = $1";
    with_db!(db, pool => sqlx::query_scalar(select).bind(case_id).fetch_one(pool).await)
}

/// Notes that a member has read a case up to an event.
pub async fn note(db: &Db, member_id: &str, case_id: &str, seq: i64, now: Millis) -> sqlx::Result<()> {
    let upsert = "insert into case_views (member_id, case_id, seen_seq, here_at) values ($1, $2, $3, $4) \
        on conflict (member_id, case_id) do update set here_at = excluded.here_at, \
        seen_seq = case when excluded.seen_seq > case_views.seen_seq then excluded.seen_seq else case_views.seen_seq end";
    with_write!(db, pool => sqlx::query(upsert).bind(member_id).bind(case_id).bind(seq).bind(now).execute(pool).await.map(|_| ()))
}

/// Notes that a case is open on a member's screen still.
pub async fn stay(db: &Db, member_id: &str, case_id: &str, now: Millis) -> sqlx::Result<()> {
    let update = "update case_views set here_at = $1 where member_id = $2 and case_id = $3";
    with_write!(db, pool => sqlx::query(update).bind(now).bind(member_id).bind(case_id).execute(pool).await.map(|_| ()))
}

/// Notes that a member has closed a case.
pub async fn leave(db: &Db, member_id: &str, case_id: &str) -> sqlx::Result<()> {
    stay(db, member_id, case_id, 0).await
}

/// The other members who have a case open, by their names.
pub async fn others_here(db: &Db, case_id: &str, member_id: &str, now: Millis) -> sqlx::Result<Vec<String>> {
    let select = "select members.name from case_views join members on members.id = case_views.member_id \
        where case_views.case_id = $1 and case_views.here_at > $2 and case_views.member_id <> $3 order by members.name";
    with_db!(db, pool => sqlx::query_scalar(select).bind(case_id).bind(now - HERE).bind(member_id).fetch_all(pool).await)
}

/// What a member has not read of some cases.
#[derive(Clone, Debug, Default)]
pub struct Unread {
    opened: HashSet<String>,
    moved: HashSet<String>,
}

impl Unread {
    /// Of these cases.
    pub async fn of(db: &Db, member_id: &str, case_ids: &[String]) -> sqlx::Result<Self> {
        let mut unread = Self::default();
        for chunk in chunks(case_ids) {
            let list = placeholders(1, chunk.len());
            let select = format!(
                "select case_views.case_id, exists (select 1 from events where events.case_id = case_views.case_id \
                 and events.seq > case_views.seen_seq and (events.member_id is null or events.member_id <> $1) \
                 and events.type in ('case.message', 'case.note', 'case.reopened', 'case.rated', 'case.assigned', 'case.team', 'case.task', \
                 'case.escalated', 'case.breached', 'case.merged', 'case.split')) \
                 from case_views where case_views.member_id = $1 and case_views.case_id in ({list})"
            );
            let rows: Vec<(String, bool)> = with_db!(db, pool => {
                let query = sqlx::query_as(AssertSqlSafe(select)).bind(member_id);
                chunk.iter().fold(query, |query, id| query.bind(id)).fetch_all(pool).await
            })?;
            for (id, has_moved) in rows {
                if has_moved {
                    unread.moved.insert(id.clone());
                }
                unread.opened.insert(id);
            }
        }
        Ok(unread)
    }

    /// Whether the member has opened a case.
    pub fn was_opened(&self, case_id: &str) -> bool {
        self.opened.contains(case_id)
    }

    /// Whether others have said or done something since the member read it.
    pub fn has_moved(&self, case_id: &str) -> bool {
        self.moved.contains(case_id)
    }
}
