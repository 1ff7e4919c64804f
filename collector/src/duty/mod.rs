//! Hours on duty that are entered, such as from a roster, where the calendar of a team does not say when its members are there.

use jiff::civil::Date;
use serde_json::json;

use crate::audit::{self, Change, Stamp};
use crate::calendars;
use crate::db::{Db, Tx};
use crate::{with_db, with_tx};

/// Days of one entry at most.
const DAYS_MAX: i64 = 366;
const MINUTES_OF_DAY: f64 = 1_440.0;

/// How long a member was on duty from one day to another, which share it evenly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The identifier of the member.
    pub member_id: String,
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
    /// How long, in minutes.
    pub minutes: i64,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// The first day is none.
    From,
    /// The last day is none, or before the first, or a year after it.
    To,
    /// No number of hours that fit into the days.
    Hours,
}

impl EntryError {
    /// The field that it is about.
    pub const fn field(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
            Self::Hours => "hours",
        }
    }

    /// What is expected there.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::From => "a day such as 2026-11-30",
            Self::To => "a day from the first one on, within a year",
            Self::Hours => "a number of hours from 0 to 24 for each day, or none to take the entry away",
        }
    }
}

/// The days and the minutes of an entry; no minutes take away what was there.
pub type Typed = (Date, Date, Option<i64>);

/// Reads an entry as it is typed: hours may have a part behind a point or a comma. Gives everything that is wrong with it.
pub fn read(from: &str, to: &str, hours: &str) -> Result<Typed, Vec<EntryError>> {
    let first = calendars::date(from.trim());
    let last = if to.trim().is_empty() { first } else { calendars::date(to.trim()) };
    let days = first.zip(last).and_then(|(first, last)| Some(i64::from(first.until(last).ok()?.get_days()) + 1));
    let days = days.filter(|days| (1..=DAYS_MAX).contains(days));
    let minutes = match hours.trim() {
        "" => Ok(None),
        typed => {
            let most = days.unwrap_or(DAYS_MAX) as f64 * MINUTES_OF_DAY;
            let minutes = typed.replace(',', ".").parse::<f64>().map(|hours| (hours * 60.0).round());
            minutes.ok().filter(|minutes| (0.0..=most).contains(minutes)).map(|minutes| Some(minutes as i64)).ok_or(())
        }
    };
    let wrong = [
        (first.is_none(), EntryError::From),
        (last.is_none() || first.is_some() && days.is_none(), EntryError::To),
        (minutes.is_err(), EntryError::Hours),
    ];
    match (first, last, minutes) {
        (Some(first), Some(last), Ok(minutes)) if days.is_some() => Ok((first, last, minutes)),
        _ => Err(wrong.into_iter().filter_map(|(is_wrong, error)| is_wrong.then_some(error)).collect()),
    }
}

/// Stores what is said of the days of a member in the place of what was said of any of them.
pub async fn store(db: &Db, member_id: &str, (first, last, minutes): Typed, stamp: &Stamp) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    put(&mut tx, member_id, (first, last, minutes), stamp).await?;
    tx.commit().await
}

/// The same within a transaction.
pub async fn put(tx: &mut Tx, member_id: &str, (first, last, minutes): Typed, stamp: &Stamp) -> sqlx::Result<()> {
    let (from, to) = (first.to_string(), last.to_string());
    let delete = "delete from duty_hours where member_id = $1 and first_day <= $3 and last_day >= $2";
    with_tx!(&mut *tx, conn => sqlx::query(delete).bind(member_id).bind(&from).bind(&to).execute(conn).await.map(|_| ()))?;
    if let Some(minutes) = minutes {
        let insert =
            "insert into duty_hours (member_id, first_day, last_day, minutes, updated_at) values ($1, $2, $3, $4, $5)";
        with_tx!(&mut *tx, conn => sqlx::query(insert).bind(member_id).bind(&from).bind(&to).bind(minutes).bind(stamp.at)
            .execute(conn).await.map(|_| ()))?;
    }
    let change = Change {
        action: "hours.set",
        object: format!("member/{member_id}"),
        before: serde_json::Value::Null,
        after: json!({"from": from, "to": to, "minutes": minutes}),
    };
    audit::append(tx, stamp, &change).await
}

#[derive(sqlx::FromRow)]
struct Row {
    member_id: String,
    first_day: String,
    last_day: String,
    minutes: i64,
}

/// What was entered of any of the days, the newest first.
pub async fn between(db: &Db, first: Option<Date>, last: Option<Date>) -> sqlx::Result<Vec<Entry>> {
    let select = "select member_id, first_day, last_day, minutes from duty_hours where last_day >= $1 and first_day <= $2 \
        order by first_day desc, member_id";
    let first = first.map(|day| day.to_string()).unwrap_or_default();
    let last = last.map_or_else(|| "9999-12-31".to_owned(), |day| day.to_string());
    let rows: Vec<Row> = with_db!(db, pool => sqlx::query_as(select).bind(first).bind(last).fetch_all(pool).await)?;
    let entry = |row: Row| {
        let Row { member_id, first_day, last_day, minutes } = row;
        Some(Entry { member_id, first: calendars::date(&first_day)?, last: calendars::date(&last_day)?, minutes })
    };
    Ok(rows.into_iter().filter_map(entry).collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn hours_are_read_as_they_are_typed() {
        let week = (date(2026, 11, 30), date(2026, 12, 6));
        assert_eq!(read("2026-11-30", "2026-12-06", "37,5"), Ok((week.0, week.1, Some(2_250))));
        assert_eq!(read("2026-11-30", "", "8"), Ok((week.0, week.0, Some(480))), "one day");
        assert_eq!(read("2026-11-30", "2026-12-06", " "), Ok((week.0, week.1, None)), "taken away");
        assert_eq!(read("soon", "", "many"), Err(vec![EntryError::From, EntryError::To, EntryError::Hours]));
        assert_eq!(read("2026-11-30", "2026-11-29", "1"), Err(vec![EntryError::To]));
        assert_eq!(read("2026-11-30", "", "25"), Err(vec![EntryError::Hours]), "no day has so many");
        assert_eq!(read("2026-11-30", "2028-11-30", "1"), Err(vec![EntryError::To]));
    }
}
