//! What is counted for the start page. Each count reads an index of what is open or was due this week, however many cases there are.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use crate::clock::Millis;
use crate::db::Db;
use crate::with_db;

/// The open cases of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Mine {
    /// All of them.
    pub open: i64,
    /// Those that are overdue.
    pub overdue: i64,
    /// Those that are due today, overdue ones of today among them.
    pub today: i64,
    /// Those whose customer had the last word.
    pub answered: i64,
    /// Those that were put aside until today, whether they are open or not.
    pub follow_up: i64,
}

impl Mine {
    /// Counts them; `today` is from when until when.
    pub async fn count(db: &Db, member_id: &str, now: Millis, today: (Millis, Millis)) -> sqlx::Result<Self> {
        let select = AssertSqlSafe(MINE);
        with_db!(db, pool => sqlx::query_as(select).bind(member_id).bind(now).bind(today.0).bind(today.1).fetch_one(pool).await)
    }
}

/// The statement of [`Mine::count`].
pub const MINE: &str = "select count(*) as open, \
    cast(coalesce(sum(case when due_at < $2 then 1 else 0 end), 0) as bigint) as overdue, \
    cast(coalesce(sum(case when due_at >= $3 and due_at < $4 then 1 else 0 end), 0) as bigint) as today, \
    cast(coalesce(sum(case when (select author from messages where messages.case_id = cases.id and messages.author <> 'note' \
    order by messages.id desc limit 1) = 'customer' then 1 else 0 end), 0) as bigint) as answered, \
    cast((select count(*) from cases as aside where aside.owner_id = $1 and aside.follow_up_at < $4 and aside.quarantine = '' and aside.merged_into is null) as bigint) as follow_up \
    from cases where owner_id = $1 and status not in ('resolved', 'closed') and quarantine = ''";

/// The promises of a team that were due in a time.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Attainment {
    /// The key of the team.
    pub team: String,
    /// Those that were kept.
    pub met: i64,
    /// Those that were kept or broken; one that is open past its time is broken.
    pub all: i64,
}

impl Attainment {
    /// That of some teams, of those that had something due.
    pub async fn of_teams(
        db: &Db,
        teams: &[String],
        (from, to): (Millis, Millis),
        now: Millis,
    ) -> sqlx::Result<Vec<Self>> {
        if teams.is_empty() {
            return Ok(Vec::new());
        }
        let select = AssertSqlSafe(attainment_sql(teams.len()));
        with_db!(db, pool => {
            let query = sqlx::query_as(select).bind(from).bind(to).bind(now);
            teams.iter().fold(query, |query, key| query.bind(key)).fetch_all(pool).await
        })
    }

    /// The share that was kept, in whole percent, never rounded up to all of it.
    pub const fn percent(&self) -> i64 {
        self.met * 100 / if self.all > 0 { self.all } else { 1 }
    }
}

/// The statement of [`Attainment::of_teams`].
pub fn attainment_sql(teams: usize) -> String {
    let mut list = String::new();
    for number in 0..teams {
        let _ = write!(list, "{}${}", if number > 0 { ", " } else { "" }, number + 4);
    }
    format!(
        "select cases.team as team, \
         cast(sum(case when clocks.ended_at is not null and clocks.ended_at <= clocks.due_at and clocks.breached_at is null then 1 else 0 end) as bigint) as met, \
         count(*) as \"all\" from clocks join cases on cases.id = clocks.case_id \
         where clocks.due_at >= $1 and clocks.due_at < $2 and clocks.paused_at is null and (clocks.ended_at is not null or clocks.due_at <= $3) \
         and cases.quarantine = '' and cases.team in ({list}) group by cases.team"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_percent_is_all_of_them() {
        let of = |met, all| Attainment { team: String::new(), met, all }.percent();
        assert_eq!((of(0, 0), of(999, 1_000), of(3, 3), of(2, 3)), (0, 99, 100, 66));
    }
}
