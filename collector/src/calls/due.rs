//! The customers whom their representative should call, without anybody having drawn them.

use sqlx::AssertSqlSafe;

use crate::clock::{DAY, Millis};
use crate::db::Db;
use crate::keys::first_id_of;
use crate::with_db;

/// Nothing was heard of a customer for so long.
const SILENCE: Millis = 90 * DAY;
/// Of customers without a representative those are listed who fell silent within so long: the others are too many to be called.
const NEWLY: Millis = 30 * DAY;
/// A last score of so much or less is one of somebody who was unhappy.
const UNHAPPY: i64 = 2;
/// Customers of a list; those who were unhappy come first.
pub const DUE_MAX: i64 = 200;

/// Why a customer should be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// They rated the last answer 1 or 2 of 5, and nobody has spoken with them since.
    Unhappy(i64),
    /// Nothing was heard of them for so many days.
    Silent(i64),
}

/// A customer who should be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The customer.
    pub customer_id: String,
    /// Who looks after them; none where nobody does.
    pub representative_id: Option<String>,
    /// Their newest case, where the call is noted.
    pub case_id: String,
    /// Why.
    pub reason: Reason,
}

#[derive(sqlx::FromRow)]
struct Row {
    customer_id: String,
    representative_id: Option<String>,
    case_id: String,
    heard_at: Millis,
    called_at: Option<Millis>,
    score: Option<i64>,
    scored_at: Option<Millis>,
}

/// Whose customers are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// Those of a representative, by the identifier of the member.
    Representative(&'a str),
    /// Those of all representatives.
    Represented,
    /// Those without one: who was unhappy or fell silent lately.
    Nobodys,
}

/// The customers of everybody and of nobody: those who were unhappy first.
pub async fn due_of_all(db: &Db, now: Millis) -> sqlx::Result<Vec<Due>> {
    let mut all = due(db, Whose::Represented, now).await?;
    all.extend(due(db, Whose::Nobodys, now).await?);
    all.sort_by_key(|one| matches!(one.reason, Reason::Silent(_)));
    all.truncate(usize::try_from(DUE_MAX).unwrap_or(usize::MAX));
    Ok(all)
}

/// Whom to call now: those who were unhappy, then those of whom nothing was heard for the longest time. Whoever was reached since, on the phone or by a visit, is
/// left alone.
pub async fn due(db: &Db, whose: Whose<'_>, now: Millis) -> sqlx::Result<Vec<Due>> {
    let (of, bound) = match whose {
        Whose::Representative(id) => ("customers.representative_id = $4", vec![id.to_owned()]),
        Whose::Represented => ("customers.representative_id is not null", Vec::new()),
        // Nearly all customers of a large company have nobody: only those are looked at who may be listed.
        Whose::Nobodys => (
            "customers.representative_id is null and customers.id in ( \
                select cases.customer_id from cases where cases.id >= $4 and cases.id < $5 and cases.customer_id is not null \
                union select cases.customer_id from satisfactions join cases on cases.id = satisfactions.case_id \
                    where satisfactions.created_at >= $1 and satisfactions.score <= $2 and cases.customer_id is not null)",
            vec![first_id_of(now - SILENCE - NEWLY), first_id_of(now - SILENCE)],
        ),
    };
    let select = format!(
        "select * from (select customers.id as customer_id, customers.representative_id, \
            (select max(cases.id) from cases where cases.customer_id = customers.id and cases.quarantine in ('', 'merged')) as case_id, \
            (select max(said.at) from ( \
                select cases.received_at as at from cases where cases.customer_id = customers.id and cases.quarantine in ('', 'merged') \
                union all select messages.created_at from cases join messages on messages.case_id = cases.id \
                    where cases.customer_id = customers.id and messages.author = 'customer' \
                union all select satisfactions.created_at from cases join satisfactions on satisfactions.case_id = cases.id \
                    where cases.customer_id = customers.id) said) as heard_at, \
            (select max(efforts.created_at) from cases join efforts on efforts.case_id = cases.id where cases.customer_id = customers.id \
                and efforts.kind in ('call', 'visit') and efforts.result = 'reached') as called_at, \
            (select satisfactions.score from cases join satisfactions on satisfactions.case_id = cases.id where cases.customer_id = customers.id \
                order by satisfactions.created_at desc, satisfactions.case_id desc limit 1) as score, \
            (select max(satisfactions.created_at) from cases join satisfactions on satisfactions.case_id = cases.id \
                where cases.customer_id = customers.id) as scored_at \
            from customers where {of} and customers.merged_into is null and customers.erased_at is null \
                and coalesce(customers.preferred_channel, '') <> 'none') known \
         where case_id is not null and ((score <= $2 and scored_at > coalesce(called_at, 0)) or (heard_at < $1 and coalesce(called_at, 0) < $1)) \
         order by case when score <= $2 and scored_at > coalesce(called_at, 0) then 0 else 1 end, heard_at, customer_id limit $3"
    );
    let rows: Vec<Row> = with_db!(db, pool => {
        let query = sqlx::query_as(AssertSqlSafe(select)).bind(now - SILENCE).bind(UNHAPPY).bind(DUE_MAX);
        bound.iter().fold(query, |query, text| query.bind(text)).fetch_all(pool).await
    })?;
    Ok(rows.into_iter().map(|row| row.read(now)).collect())
}

impl Row {
    fn read(self, now: Millis) -> Due {
        let spoken_at = self.called_at.unwrap_or_default();
        let unhappy = self.score.filter(|score| *score <= UNHAPPY && self.scored_at > Some(spoken_at));
        let reason =
            unhappy.map_or_else(|| Reason::Silent((now - self.heard_at.max(spoken_at)) / DAY), Reason::Unhappy);
        Due { customer_id: self.customer_id, representative_id: self.representative_id, case_id: self.case_id, reason }
    }
}
