//! The rows of invitations.

use std::collections::BTreeMap;

use super::draw::Candidate;
use crate::clock::Millis;
use crate::db::{Db, Tx};
use crate::keys::new_id;
use crate::{with_db, with_tx, with_write};

/// The subject of the deliveries that invite.
pub const SUBJECT: &str = "survey";
/// The number of the invitation among the mails of its order, and that of the reminder.
pub(super) const INVITATION: i64 = 1;
pub(super) const REMINDER: i64 = 2;

/// An invitation.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Invitation {
    /// Its identifier.
    pub id: String,
    /// The key of the survey.
    pub survey: String,
    /// The site that asks.
    pub site_id: String,
    /// The customer who was asked.
    pub customer_id: Option<String>,
    /// The member who was asked.
    pub member_id: Option<String>,
    /// Whether they answered.
    pub answered: bool,
}

/// How many were asked by mail, and answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Invited {
    /// Asked.
    pub asked: i64,
    /// Of these, answered.
    pub answered: i64,
}

/// Whom a survey asks, as it was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Draw {
    /// When.
    #[sqlx(rename = "drawn_at")]
    pub at: Millis,
    /// How many are asked.
    #[sqlx(rename = "drawn")]
    pub asked: i64,
    /// How many could have been.
    #[sqlx(rename = "candidates")]
    pub of: i64,
}

impl Invitation {
    /// The one with this identifier.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Self>> {
        let select =
            "select id, survey, site_id, customer_id, member_id, answered from survey_invitations where id = $1";
        with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)
    }
}

/// How many were asked by each survey, and answered.
pub async fn figures(db: &Db) -> sqlx::Result<BTreeMap<String, Invited>> {
    let select =
        "select survey, count(*), count(case when answered then 1 end) from survey_invitations group by survey";
    let rows: Vec<(String, i64, i64)> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
    Ok(rows.into_iter().map(|(survey, asked, answered)| (survey, Invited { asked, answered })).collect())
}

/// Notes that somebody is asked; none if they were before, by another collector.
pub(super) async fn insert(
    tx: &mut Tx,
    survey: &str,
    site_id: &str,
    who: &Candidate,
    now: Millis,
) -> sqlx::Result<Option<String>> {
    let (customer, member) = match who {
        Candidate::Customer(id) => (Some(id), None),
        Candidate::Member(id) => (None, Some(id)),
    };
    let id = new_id();
    let insert = "insert into survey_invitations (id, survey, site_id, customer_id, member_id, invited_at) values ($1, $2, $3, $4, $5, $6) \
        on conflict do nothing";
    let inserted = with_tx!(tx, conn => sqlx::query(insert).bind(&id).bind(survey).bind(site_id).bind(customer).bind(member)
        .bind(now).execute(conn).await.map(|done| done.rows_affected()))?;
    Ok((inserted == 1).then_some(id))
}

/// Those who were asked before a moment, have not answered, and were not reminded: a batch of them.
pub(super) async fn to_be_reminded(
    db: &Db,
    survey: &str,
    asked_before: Millis,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    let select = "select id from survey_invitations where survey = $1 and invited_at <= $2 and reminded_at is null and not answered \
        order by id limit $3";
    with_db!(db, pool => sqlx::query_scalar(select).bind(survey).bind(asked_before).bind(limit).fetch_all(pool).await)
}

/// Notes that one is reminded; whether it was not before.
pub(super) async fn mark_reminded(tx: &mut Tx, id: &str, now: Millis) -> sqlx::Result<bool> {
    let update =
        "update survey_invitations set reminded_at = $1 where id = $2 and reminded_at is null and not answered";
    with_tx!(tx, conn => sqlx::query(update).bind(now).bind(id).execute(conn).await.map(|done| done.rows_affected() == 1))
}

/// Whom an invitation asks.
pub(super) async fn who(tx: &mut Tx, id: &str) -> sqlx::Result<Candidate> {
    let select = "select customer_id, member_id from survey_invitations where id = $1";
    let (customer, member): (Option<String>, Option<String>) =
        with_tx!(tx, conn => sqlx::query_as(select).bind(id).fetch_one(conn).await)?;
    Ok(match member {
        Some(member) => Candidate::Member(member),
        None => Candidate::Customer(customer.unwrap_or_default()),
    })
}

/// Notes that one was answered.
pub async fn mark_answered(tx: &mut Tx, id: &str) -> sqlx::Result<()> {
    let update = "update survey_invitations set answered = true where id = $1";
    with_tx!(tx, conn => sqlx::query(update).bind(id).execute(conn).await.map(|_| ()))
}

/// When it was last looked whom a survey asks, how many were asked, and how many could have been; none while it was not.
pub async fn draw_of(db: &Db, survey: &str) -> sqlx::Result<Option<Draw>> {
    let select = "select drawn_at, drawn, candidates from survey_draws where survey = $1";
    with_db!(db, pool => sqlx::query_as(select).bind(survey).fetch_optional(pool).await)
}

/// Notes that it was looked whom a survey asks.
pub(super) async fn mark_drawn(db: &Db, survey: &str, of: usize, asked: usize, now: Millis) -> sqlx::Result<()> {
    let insert = "insert into survey_draws (survey, drawn_at, candidates, drawn) values ($1, $2, $3, $4) \
        on conflict (survey) do update set drawn_at = excluded.drawn_at, candidates = excluded.candidates, drawn = excluded.drawn";
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    with_write!(db, pool => sqlx::query(insert).bind(survey).bind(now).bind(count(of)).bind(count(asked)).execute(pool).await.map(|_| ()))
}

/// Notes that an address wants no more surveys of a site.
pub async fn opt_out(db: &Db, hash: &str, site_id: &str, now: Millis) -> sqlx::Result<()> {
    let insert = "insert into survey_optouts (hash, site_id, created_at) values ($1, $2, $3) on conflict do nothing";
    with_write!(db, pool => sqlx::query(insert).bind(hash).bind(site_id).bind(now).execute(pool).await.map(|_| ()))
}

/// Whether an address wants no more surveys of a site.
pub(super) async fn is_opted_out(db: &Db, hash: &str, site_id: &str) -> sqlx::Result<bool> {
    let select = "select count(*) from survey_optouts where hash = $1 and site_id = $2";
    let count: i64 = with_db!(db, pool => sqlx::query_scalar(select).bind(hash).bind(site_id).fetch_one(pool).await)?;
    Ok(count > 0)
}
