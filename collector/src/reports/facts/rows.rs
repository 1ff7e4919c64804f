//! Facts as the tables have them now.

use sayso_analysis::facts::{Block, Packing};
use sqlx::AssertSqlSafe;

use super::fact::FactRow;
use crate::cases::counted::FIRST_CONTACT_DAYS;
use crate::clock::DAY;
use crate::db::Db;
use crate::db::rows::placeholders;
use crate::with_db;

/// How many cases are named in one statement.
const NAMED: usize = 500;

/// The statement, up to its conditions. When a case was first resolved is looked up once, and not for each of its messages. The first promise of each case
/// says in whose open time its responses are counted; where a resolution was promised, its clock knows the pauses.
fn select() -> String {
    let messages = |author: &str| {
        format!(
            "(select count(*) from messages where messages.case_id = cases.id and messages.author = '{author}' and messages.created_at <= first_solved.created_at)"
        )
    };
    let soon = FIRST_CONTACT_DAYS * DAY;
    format!(
        "select cases.id as id, cases.site_id as site, coalesce(cases.team, '') as team, coalesce(cases.owner_id, '') as owner, cases.kind as kind, \
         cases.status as status, cases.priority as priority, coalesce(cases.tier, '') as tier, coalesce(cases.channel, '') as channel, \
         coalesce(cases.category, feedback.category, '') as category, coalesce(cases.problem, '') as problem, cases.quarantine as quarantine, \
         coalesce(cases.outcome, '') as outcome, coalesce(cases.remedy_currency, '') as currency, \
         coalesce((select answer.calendar from clocks answer where answer.case_id = cases.id and answer.promise = 'first_response' \
          order by answer.started_at limit 1), solve.calendar, '') as calendar, cases.customer_id as customer, cases.received_at as received_at, \
         cases.first_responded_at as first_responded_at, cases.resolved_at as resolved_at, cases.due_at as due_at, \
         first_solved.created_at as first_resolved_at, solve.pauses as pauses, cases.remedy_cost as remedy_cost, cases.reopened_count as reopened_count, \
         {} as by_staff, {} as by_customer, \
         (select count(*) from events where events.case_id = cases.id and events.type in ('case.team', 'case.assigned') \
          and events.data not like '%\"from\":null%') as transfers, \
         (select count(*) from events where events.case_id = cases.id and events.type = 'case.reopened' \
          and events.created_at <= first_solved.created_at + {soon}) as reopened_soon, \
         satisfactions.created_at as rated_at, satisfactions.score as score, satisfactions.solved as solved \
         from cases left join feedback on feedback.id = cases.id left join satisfactions on satisfactions.case_id = cases.id \
         left join events first_solved on first_solved.case_id = cases.id \
          and first_solved.seq = (select min(events.seq) from events where events.case_id = cases.id and events.type = 'case.resolved') \
         left join clocks solve on solve.case_id = cases.id and solve.promise = 'resolution' and solve.started_at = cases.received_at ",
        messages("staff"),
        messages("customer"),
    )
}

/// The statement for those whose identifiers are above `$1` and up to `$2`, at most `$3`, the oldest first.
pub fn between_sql() -> String {
    select() + "where cases.id > $1 and cases.id <= $2 order by cases.id limit $3"
}

/// Those whose identifiers are above `after` and up to `last`, at most so many, the oldest first; also the identifier of the last one.
pub(super) async fn between(db: &Db, after: &str, last: &str, most: usize) -> sqlx::Result<(Block, Option<String>)> {
    let sql = AssertSqlSafe(between_sql());
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows: Vec<FactRow> =
        with_db!(db, pool => sqlx::query_as(sql).bind(after).bind(last).bind(most).fetch_all(pool).await)?;
    Ok((pack(&rows), rows.last().map(|row| row.id.clone())))
}

/// Those that are named, which are in the order of their identifiers.
pub(super) async fn named(db: &Db, ids: &[String]) -> sqlx::Result<Block> {
    let mut all: Vec<FactRow> = Vec::with_capacity(ids.len());
    for ids in ids.chunks(NAMED) {
        let places = placeholders(0, ids.len());
        let sql = AssertSqlSafe(select() + &format!("where cases.id in ({places}) order by cases.id"));
        let rows: Vec<FactRow> = with_db!(db, pool => {
            ids.iter().fold(sqlx::query_as(sql), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        all.extend(rows);
    }
    Ok(pack(&all))
}

fn pack(rows: &[FactRow]) -> Block {
    let mut packing = Packing::default();
    rows.iter().for_each(|row| packing.add(row.known()));
    packing.finish()
}
