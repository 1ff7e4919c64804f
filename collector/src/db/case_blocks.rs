//! Where reports have the facts of settled cases: blocks of some thousands, each as one row of bytes, and marks of the cases that changed since theirs was
//! written. Triggers set the marks, so that no way of changing a case can forget to.
//!
//! These are only the tables; what is in a block is known to `reports::facts`.

use sqlx::AssertSqlSafe;

use super::{Db, SqlitePools};

/// The tables, with `$bytes` as the databases name it. A block has the cases whose identifiers are above `after_id` and up to `last_id`; `facts` is null
/// until they are written, and `opened_in` is the transaction of PostgreSQL in which the block began.
const TABLES: [&str; 2] = [
    "create table if not exists report_blocks (last_id text primary key not null, after_id text not null, format bigint not null, opened_in bigint, \
     cases bigint not null, resolved_from bigint, resolved_to bigint, facts $bytes)",
    "create table if not exists report_changes (case_id text primary key not null, marks bigint not null)",
];

/// What changes a fact of a case: the trigger, its table, when it runs, the row and the column that have the case, and a condition.
const TRIGGERS: [(&str, &str, &str, &str, &str); 9] = [
    ("report_case_updated", "cases", "update", "new.id", ""),
    ("report_case_deleted", "cases", "delete", "old.id", ""),
    ("report_feedback_updated", "feedback", "update of category", "new.id", ""),
    ("report_message_inserted", "messages", "insert", "new.case_id", ""),
    ("report_message_deleted", "messages", "delete", "old.case_id", ""),
    ("report_clock_inserted", "clocks", "insert", "new.case_id", ""),
    ("report_clock_updated", "clocks", "update", "new.case_id", ""),
    ("report_clock_deleted", "clocks", "delete", "old.case_id", ""),
    (
        "report_event_inserted",
        "events",
        "insert",
        "new.case_id",
        "when (new.type in ('case.resolved', 'case.reopened', 'case.team', 'case.assigned'))",
    ),
];

/// The statement that marks a case, unless it is newer than all blocks.
pub const MARK: &str = "insert into report_changes (case_id, marks) select $case, 1 where $case <= (select max(last_id) from report_blocks) \
     on conflict (case_id) do update set marks = report_changes.marks + 1";

/// Makes the tables and triggers. The databases know neither each other's type of bytes nor each other's triggers.
pub(super) async fn prepare(db: &Db) -> sqlx::Result<()> {
    match db {
        Db::Sqlite(SqlitePools { write: pool, .. }) => {
            for table in TABLES {
                sqlx::query(AssertSqlSafe(table.replace("$bytes", "blob"))).execute(pool).await?;
            }
            for (name, table, event, case, condition) in TRIGGERS {
                let mark = MARK.replace("$case", case);
                let trigger = format!(
                    "create trigger if not exists {name} after {event} on {table} {condition} begin {mark}; end"
                );
                sqlx::query(AssertSqlSafe(trigger)).execute(pool).await?;
            }
        }
        Db::Postgres(pool) => {
            // `if not exists` still races between two replicas that start together, so the lock comes first.
            let mut tx = pool.begin().await?;
            sqlx::query("select pg_advisory_xact_lock(7229718)").execute(&mut *tx).await?;
            for table in TABLES {
                sqlx::query(AssertSqlSafe(table.replace("$bytes", "bytea"))).execute(&mut *tx).await?;
            }
            for (name, table, event, case, condition) in TRIGGERS {
                // Making one locks its table, so one that is there stays.
                let is_there = "select count(*) from pg_trigger where tgname = $1 and tgrelid = to_regclass($2)";
                let there: i64 = sqlx::query_scalar(is_there).bind(name).bind(table).fetch_one(&mut *tx).await?;
                if there > 0 {
                    continue;
                }
                let mark = MARK.replace("$case", case);
                let function = format!(
                    "create or replace function {name}() returns trigger language plpgsql as $mark$ begin {mark}; return null; end $mark$"
                );
                let trigger = format!(
                    "create trigger {name} after {event} on {table} for each row {condition} execute function {name}()"
                );
                for statement in [function, trigger] {
                    sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
                }
            }
            tx.commit().await?;
        }
    }
    Ok(())
}
