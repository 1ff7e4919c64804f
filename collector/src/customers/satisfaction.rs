//! How satisfied a customer was with their cases.

use serde::Serialize;
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

use crate::clock::{Millis, rfc3339};
use crate::db::Db;
use crate::with_db;

/// What a customer said of how they were helped.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CustomerSatisfaction {
    /// How many of their cases they rated.
    pub ratings: i64,
    /// The mean of these, from 1 to 5.
    pub average: f64,
    /// The last one.
    pub last: i64,
    /// When that was.
    #[schema(format = DateTime)]
    pub last_at: String,
}

impl CustomerSatisfaction {
    /// That of a customer; none while they have rated nothing.
    pub async fn of(db: &Db, customer_id: &str) -> sqlx::Result<Option<Self>> {
        let rated = "from satisfactions join cases on cases.id = satisfactions.case_id where cases.customer_id = $1";
        let select = AssertSqlSafe(format!(
            "select (select count(*) {rated}), (select cast(coalesce(sum(satisfactions.score), 0) as bigint) {rated}), satisfactions.score, \
             satisfactions.created_at {rated} order by satisfactions.created_at desc, satisfactions.case_id desc limit 1"
        ));
        let row: Option<(i64, i64, i64, Millis)> =
            with_db!(db, pool => sqlx::query_as(select).bind(customer_id).fetch_optional(pool).await)?;
        #[expect(clippy::cast_precision_loss, reason = "a customer has rated far fewer cases than a float counts")]
        let average = |sum: i64, count: i64| sum as f64 / count as f64;
        Ok(row.map(|(ratings, sum, last, at)| Self {
            ratings,
            average: average(sum, ratings),
            last,
            last_at: rfc3339(at),
        }))
    }
}
