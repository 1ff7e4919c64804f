//! Where reports have the facts of settled cases: blocks of some thousands, each as one row of bytes, and marks of the cases that changed since theirs was
//! written. Triggers set the marks, so that no way of changing a case can forget to.
//!
//! These are only the tables; what is in a block is known to `reports::facts`.

use super::Db;
use super::alone::execute_alone;

/// The tables, with `$bytes` as the databases name it. A block has the cases whose identifiers are above `after_id` and up to `last_id`; `facts` is null
/// until they are written, and `opened_in` is the transaction of PostgreSQL in which the block began.
const TABLES: [&str; 2] = [
    "create table if not exists report_blocks (last_id text primary key not null, after_id text not null, format bigint not null, opened_in bigint, \
     cases bigint not null, resolved_from bigint, resolved_to bigint, facts $bytes)",
    "create table if not exists report_changes (case_id text primary key not null, marks bigint not null)",
];

/// Something that changes a fact of a case.
#[derive(Clone, Copy, Debug)]
struct Trigger {
    name: &'static str,
    event: &'static str,
    table: &'static str,
    /// The row and the column that have the identifier of the case.
    case: &'static str,
    condition: &'static str,
}

const TRIGGERS: [Trigger; 12] = [
    always("report_case_updated", "update", "cases", "new.id"),
    always("report_case_deleted", "delete", "cases", "old.id"),
    always("report_feedback_updated", "update of category", "feedback", "new.id"),
    always("report_message_inserted", "insert", "messages", "new.case_id"),
    always("report_message_deleted", "delete", "messages", "old.case_id"),
    always("report_clock_inserted", "insert", "clocks", "new.case_id"),
    always("report_clock_updated", "update", "clocks", "new.case_id"),
    always("report_clock_deleted", "delete", "clocks", "old.case_id"),
    always("report_rating_inserted", "insert", "satisfactions", "new.case_id"),
    always("report_rating_updated", "update", "satisfactions", "new.case_id"),
    always("report_rating_deleted", "delete", "satisfactions", "old.case_id"),
    Trigger {
        condition: "when (new.type in ('case.resolved', 'case.reopened', 'case.team', 'case.assigned'))",
        ..always("report_event_inserted", "insert", "events", "new.case_id")
    },
];

const fn always(name: &'static str, event: &'static str, table: &'static str, case: &'static str) -> Trigger {
    Trigger { name, event, table, case, condition: "" }
}

/// The statement that marks a case, unless it is newer than all blocks.
pub const MARK: &str = "insert into report_changes (case_id, marks) select $case, 1 where $case <= (select max(last_id) from report_blocks) \
     on conflict (case_id) do update set marks = report_changes.marks + 1";

/// Makes the tables and triggers. The databases know neither each other's type of bytes nor each other's triggers.
pub(super) async fn prepare(db: &Db) -> sqlx::Result<()> {
    let (bytes, trigger): (_, fn(Trigger) -> String) = match db {
        Db::Sqlite(_) => ("blob", for_sqlite),
        Db::Postgres(_) => ("bytea", for_postgres),
    };
    let tables = TABLES.map(|table| table.replace("$bytes", bytes));
    execute_alone(db, 7_229_718, tables.into_iter().chain(TRIGGERS.map(trigger))).await
}

fn for_sqlite(Trigger { name, event, table, case, condition }: Trigger) -> String {
    let mark = MARK.replace("$case", case);
    format!("create trigger if not exists {name} after {event} on {table} {condition} begin {mark}; end")
}

/// Making a trigger locks its table, so one that is there stays.
fn for_postgres(Trigger { name, event, table, case, condition }: Trigger) -> String {
    let mark = MARK.replace("$case", case);
    format!(
        "do $make$ begin if not exists (select from pg_trigger where tgname = '{name}' and tgrelid = to_regclass('{table}')) then \
         create or replace function {name}() returns trigger language plpgsql as $mark$ begin {mark}; return null; end $mark$; \
         create trigger {name} after {event} on {table} for each row {condition} execute function {name}(); end if; end $make$"
    )
}
