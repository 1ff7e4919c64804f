//! The samples that were drawn, their calls, and what these found.

use sqlx::AssertSqlSafe;

use super::CallResult;
use crate::clock::Millis;
use crate::db::Db;
use crate::with_db;

/// Calls of a list.
pub const OPEN_MAX: i64 = 200;
const ROUNDS_MAX: i64 = 20;

/// A sample that was drawn, with how far it is.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Round {
    /// Its identifier.
    pub id: String,
    /// The identifier of the site.
    pub site_id: String,
    /// What it was drawn by.
    pub seed: String,
    /// From when on the cases were resolved.
    pub resolved_from: Millis,
    /// Until when.
    pub resolved_to: Millis,
    /// How many customers could have been drawn.
    pub candidates: i64,
    /// How many were.
    pub drawn: i64,
    /// When.
    pub created_at: Millis,
    /// How many calls are done with.
    pub done: i64,
    /// How many customers said whether they were helped.
    pub answered: i64,
    /// How many of them were content.
    pub satisfied: i64,
}

const ROUND: &str = "select check_rounds.id, check_rounds.site_id, check_rounds.seed, check_rounds.resolved_from, check_rounds.resolved_to, \
    check_rounds.candidates, check_rounds.drawn, check_rounds.created_at, \
    (select count(*) from check_calls where check_calls.round_id = check_rounds.id and check_calls.result is not null) as done, \
    (select count(*) from check_calls where check_calls.round_id = check_rounds.id and check_calls.result in ('satisfied', 'unsatisfied', 'not_solved')) as answered, \
    (select count(*) from check_calls where check_calls.round_id = check_rounds.id and check_calls.result = 'satisfied') as satisfied \
    from check_rounds";

impl Round {
    /// The round with an identifier.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Self>> {
        let select = AssertSqlSafe(format!("{ROUND} where check_rounds.id = $1"));
        with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)
    }
}

/// The newest samples, those first that were drawn last.
pub async fn rounds(db: &Db) -> sqlx::Result<Vec<Round>> {
    let select = AssertSqlSafe(format!("{ROUND} order by check_rounds.created_at desc, check_rounds.id limit $1"));
    with_db!(db, pool => sqlx::query_as(select).bind(ROUNDS_MAX).fetch_all(pool).await)
}

/// A call that is to be made or was made.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CheckCall {
    /// Its identifier.
    pub id: String,
    /// The sample that it belongs to.
    pub round_id: String,
    /// Who is called.
    pub customer_id: String,
    /// What they are asked about; where that was merged, the case in which it goes on.
    pub case_id: String,
    /// The member who calls; none for whoever comes to it.
    pub caller_id: Option<String>,
    /// How often nobody was reached.
    pub tries: i64,
    /// The word for what came of it; none while it is to be made.
    pub result: Option<String>,
    /// How content the customer is, from 1 to 5.
    pub score: Option<i64>,
    /// When it was made.
    pub called_at: Option<Millis>,
    /// When it was drawn.
    pub created_at: Millis,
}

const CALL: &str = "select check_calls.id, check_calls.round_id, check_calls.customer_id, coalesce(cases.merged_into, cases.id) as case_id, \
    check_calls.caller_id, check_calls.tries, check_calls.result, check_calls.score, check_calls.called_at, check_calls.created_at \
    from check_calls join cases on cases.id = check_calls.case_id";

impl CheckCall {
    /// The call with an identifier.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Self>> {
        let select = AssertSqlSafe(format!("{CALL} where check_calls.id = $1"));
        with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)
    }

    /// What came of it.
    pub fn found(&self) -> Option<CallResult> {
        self.result.as_deref().and_then(CallResult::parse)
    }

    /// Whether a member may say what came of it: the one who calls, and anybody where nobody was named.
    pub fn is_for(&self, member_id: &str) -> bool {
        self.caller_id.as_deref().is_none_or(|caller| caller == member_id)
    }
}

/// The calls that are to be made, the oldest first, [`OPEN_MAX`] at most: those of a member and those of nobody, or all.
pub async fn open_calls(db: &Db, member_id: Option<&str>) -> sqlx::Result<Vec<CheckCall>> {
    let of =
        if member_id.is_some() { " and (check_calls.caller_id = $2 or check_calls.caller_id is null)" } else { "" };
    let select = AssertSqlSafe(format!("{CALL} where check_calls.result is null{of} order by check_calls.id limit $1"));
    with_db!(db, pool => {
        let query = sqlx::query_as(select).bind(OPEN_MAX);
        match member_id {
            Some(id) => query.bind(id),
            None => query,
        }
        .fetch_all(pool).await
    })
}

/// All calls of a sample.
pub async fn calls_of(db: &Db, round_id: &str) -> sqlx::Result<Vec<CheckCall>> {
    let select = AssertSqlSafe(format!("{CALL} where check_calls.round_id = $1 order by check_calls.id"));
    with_db!(db, pool => sqlx::query_as(select).bind(round_id).fetch_all(pool).await)
}

/// What the calls of a time found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Figures {
    /// Calls that are done with.
    pub called: i64,
    /// Customers who were reached.
    pub reached: i64,
    /// Customers who said whether they were helped.
    pub answered: i64,
    /// Those of them who were content.
    pub satisfied: i64,
    /// Those who said that it is not solved.
    pub not_solved: i64,
}

/// What the calls found that were made in a time, of a site or of all.
pub async fn figures(
    db: &Db,
    site_id: Option<&str>,
    from: Option<Millis>,
    to: Option<Millis>,
) -> sqlx::Result<Figures> {
    let count =
        |word: &str, name: &str| format!("count(case when check_calls.result in ({word}) then 1 end) as {name}");
    let columns = [
        "count(*) as called".to_owned(),
        count("'satisfied', 'unsatisfied', 'not_solved', 'declined'", "reached"),
        count("'satisfied', 'unsatisfied', 'not_solved'", "answered"),
        count("'satisfied'", "satisfied"),
        count("'not_solved'", "not_solved"),
    ];
    let select = AssertSqlSafe(format!(
        "select {} from check_calls join check_rounds on check_rounds.id = check_calls.round_id \
         where check_calls.result is not null and check_calls.called_at >= $1 and check_calls.called_at < $2 \
         and ($3 = '' or check_rounds.site_id = $3)",
        columns.join(", ")
    ));
    with_db!(db, pool => sqlx::query_as(select).bind(from.unwrap_or(Millis::MIN)).bind(to.unwrap_or(Millis::MAX))
        .bind(site_id.unwrap_or_default()).fetch_one(pool).await)
}
