//! The blocks in the database, and the marks of what changed since they were written.

use sayso_analysis::facts::{Block, Fact};

use crate::clock::Millis;
use crate::db::{Db, Tx};
use crate::{with_db, with_tx, with_write};

/// The version of what a block holds. Raise it when facts change: blocks of another one are not read, and are written anew.
const FORMAT: i64 = 3;

/// A block without its facts.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Range {
    /// The identifiers of its cases are above this one.
    pub(super) after_id: String,
    /// And up to this one.
    pub(super) last_id: String,
    /// How many cases it had when it was written.
    pub(super) cases: i64,
    /// When the first of its cases was resolved or rated.
    pub(super) resolved_from: Option<Millis>,
    /// When the last of them was.
    pub(super) resolved_to: Option<Millis>,
    /// Whether its facts are written.
    pub(super) is_written: bool,
}

/// A case that changed, and how often it was marked.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Mark {
    pub(super) case_id: String,
    pub(super) marks: i64,
}

/// All blocks in their order.
pub(super) async fn ranges(db: &Db) -> sqlx::Result<Vec<Range>> {
    // The length, since SQLite reads all of a value to say whether it is null.
    let select = "select after_id, last_id, cases, resolved_from, resolved_to, (coalesce(length(facts), 0) > 0 and format = $1) as is_written \
        from report_blocks order by last_id";
    with_db!(db, pool => sqlx::query_as(select).bind(FORMAT).fetch_all(pool).await)
}

/// The facts of a block; none if they are not written, or if the block was divided meanwhile.
pub(super) async fn facts(db: &Db, range: &Range) -> sqlx::Result<Option<Block>> {
    let select = "select facts from report_blocks where last_id = $1 and after_id = $2 and format = $3";
    let found: Option<Option<Vec<u8>>> = with_db!(db, pool => {
        sqlx::query_scalar(select).bind(&range.last_id).bind(&range.after_id).bind(FORMAT).fetch_optional(pool).await
    })?;
    Ok(found.flatten().and_then(|bytes| Block::from_bytes(&bytes)))
}

/// The marks of all cases that changed, in the order of their identifiers.
pub(super) async fn marks(db: &Db) -> sqlx::Result<Vec<Mark>> {
    let select = "select case_id, marks from report_changes order by case_id";
    with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)
}

/// The marks of a block's cases.
pub(super) fn within<'m>(marks: &'m [Mark], range: &Range) -> &'m [Mark] {
    let from = marks.partition_point(|mark| mark.case_id <= range.after_id);
    let to = marks.partition_point(|mark| mark.case_id <= range.last_id);
    &marks[from..to.max(from)]
}

/// The same, as they are now.
pub(super) async fn marks_of(db: &Db, range: &Range) -> sqlx::Result<Vec<Mark>> {
    let select = "select case_id, marks from report_changes where case_id > $1 and case_id <= $2";
    with_db!(db, pool => sqlx::query_as(select).bind(&range.after_id).bind(&range.last_id).fetch_all(pool).await)
}

/// Begins a block, whose cases are marked from now on when they change.
pub(super) async fn open(db: &Db, after_id: &str, last_id: &str) -> sqlx::Result<()> {
    let opened_in = match db {
        Db::Sqlite(_) => "null",
        Db::Postgres(_) => "pg_current_xact_id()::text::bigint",
    };
    let insert = sqlx::AssertSqlSafe(format!(
        "insert into report_blocks (last_id, after_id, format, opened_in, cases) values ($1, $2, $3, {opened_in}, 0) on conflict do nothing"
    ));
    with_write!(db, pool => sqlx::query(insert).bind(last_id).bind(after_id).bind(FORMAT).execute(pool).await.map(|_| ()))
}

/// Whether everything that changes a case of the block also marks it: whatever was under way when the block began, and did not know of it, has ended.
pub(super) async fn is_watched(db: &Db, range: &Range) -> sqlx::Result<bool> {
    let Db::Postgres(pool) = db else { return Ok(true) };
    let select = "select coalesce(opened_in, 0) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint from report_blocks where last_id = $1";
    Ok(sqlx::query_scalar(select).bind(&range.last_id).fetch_optional(pool).await?.unwrap_or(false))
}

/// Writes the facts of a block.
pub(super) async fn write(db: &Db, range: &Range, block: &Block) -> sqlx::Result<()> {
    let rated_at = |fact: Fact<'_>| fact.rating().map(|rating| rating.at);
    let resolved: Vec<Millis> =
        block.iter().flat_map(|fact| fact.resolved_at().into_iter().chain(rated_at(fact))).collect();
    let (first, last) = (resolved.iter().min().copied(), resolved.iter().max().copied());
    let cases = i64::try_from(block.len()).unwrap_or(i64::MAX);
    let bytes = block.to_bytes();
    let update = "update report_blocks set format = $1, cases = $2, resolved_from = $3, resolved_to = $4, facts = $5 \
        where last_id = $6 and after_id = $7";
    with_write!(db, pool => {
        let query = sqlx::query(update).bind(FORMAT).bind(cases).bind(first).bind(last).bind(bytes);
        query.bind(&range.last_id).bind(&range.after_id).execute(pool).await.map(|_| ())
    })?;
    Ok(())
}

/// Divides a block at a case, which becomes the last one of the first half.
pub(super) async fn divide(db: &Db, range: &Range, at: &str) -> sqlx::Result<()> {
    // What was under way when the old one began has ended, so that nothing has to be waited for.
    let insert = "insert into report_blocks (last_id, after_id, format, opened_in, cases) select $1, after_id, format, opened_in, 0 \
        from report_blocks where last_id = $2 on conflict do nothing";
    let update = "update report_blocks set after_id = $1, cases = 0, facts = null where last_id = $2 and after_id < $1";
    let mut tx = db.begin().await?;
    with_tx!(&mut tx, conn => sqlx::query(insert).bind(at).bind(&range.last_id).execute(conn).await.map(|_| ()))?;
    with_tx!(&mut tx, conn => sqlx::query(update).bind(at).bind(&range.last_id).execute(conn).await.map(|_| ()))?;
    tx.commit().await
}

/// Takes marks away, unless they were set again since they were read. Each in a transaction of its own, so that none waits for two.
pub(super) async fn forget(db: &Db, marks: &[Mark]) -> sqlx::Result<()> {
    for mark in marks {
        let delete = "delete from report_changes where case_id = $1 and marks = $2";
        with_write!(db, pool => sqlx::query(delete).bind(&mark.case_id).bind(mark.marks).execute(pool).await.map(|_| ()))?;
    }
    Ok(())
}

/// Forgets all blocks, where other cases take the place of those that they were made of.
pub async fn clear_in(tx: &mut Tx) -> sqlx::Result<()> {
    for delete in ["delete from report_blocks", "delete from report_changes"] {
        with_tx!(tx, conn => sqlx::query(delete).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}

/// The identifiers that limit a new block after the last one, so that it has `cases` and at least `kept` newer ones remain, all made before `until`; none while
/// there are not enough.
pub(super) async fn next(db: &Db, cases: usize, kept: usize, until: &str) -> sqlx::Result<Option<(String, String)>> {
    let select = "select coalesce(max(last_id), '') from report_blocks";
    let after: String = with_db!(db, pool => sqlx::query_scalar(select).fetch_one(pool).await)?;
    let nth = "select id from cases where id > $1 and id < $2 order by id limit 1 offset $3";
    let at = |offset: usize| {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        let after = after.clone();
        async move {
            with_db!(db, pool => sqlx::query_scalar::<_, String>(nth).bind(after).bind(until).bind(offset).fetch_optional(pool).await)
        }
    };
    if at(cases + kept - 1).await?.is_none() {
        return Ok(None);
    }
    let last = at(cases - 1).await?;
    Ok(last.map(|last| (after, last)))
}
