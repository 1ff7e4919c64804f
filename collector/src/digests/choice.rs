//! Which digests a member wants.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::every::Every;
use crate::db::Db;
use crate::{with_db, with_write};

/// The hours that can be chosen.
pub const HOURS: RangeInclusive<i8> = 0..=23;
const USUAL_HOUR: i8 = 8;

/// What a member chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which digests come.
    pub every: Vec<Every>,
    /// From which hour of the day.
    pub hour: i8,
}

impl Default for Choice {
    fn default() -> Self {
        Self { every: vec![Every::Week, Every::Month], hour: USUAL_HOUR }
    }
}

impl Choice {
    /// Those of all members who chose.
    pub async fn all(db: &Db) -> sqlx::Result<BTreeMap<String, Self>> {
        let select = "select member_id, every, hour from digest_choices";
        let rows: Vec<(String, String, i64)> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
        Ok(rows.into_iter().map(|(member, every, hour)| (member, Self::of_row(&every, hour))).collect())
    }

    /// That of a member.
    pub async fn of_member(db: &Db, member_id: &str) -> sqlx::Result<Self> {
        let select = "select every, hour from digest_choices where member_id = $1";
        let row: Option<(String, i64)> =
            with_db!(db, pool => sqlx::query_as(select).bind(member_id).fetch_optional(pool).await)?;
        Ok(row.map(|(every, hour)| Self::of_row(&every, hour)).unwrap_or_default())
    }

    /// Stores it.
    pub async fn save(&self, db: &Db, member_id: &str) -> sqlx::Result<()> {
        let words: Vec<&str> = self.every.iter().map(|every| every.as_str()).collect();
        let upsert = "insert into digest_choices (member_id, every, hour) values ($1, $2, $3) \
            on conflict (member_id) do update set every = excluded.every, hour = excluded.hour";
        with_write!(db, pool => sqlx::query(upsert).bind(member_id).bind(words.join(" ")).bind(i64::from(self.hour))
            .execute(pool).await.map(|_| ()))
    }

    fn of_row(every: &str, hour: i64) -> Self {
        let hour = i8::try_from(hour).ok().filter(|hour| HOURS.contains(hour)).unwrap_or(USUAL_HOUR);
        Self { every: every.split(' ').filter_map(Every::parse).collect(), hour }
    }
}
