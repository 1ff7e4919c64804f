//! Reading a case and what belongs to it.

use std::collections::HashMap;

use sayso_shared::TrackingCode;

use super::case::{Case, SELECT};
use super::code::lookup_hash;
use super::error::{CaseError, Result};
use super::{Channel, Status};
use crate::app::App;
use crate::clock::Millis;
use crate::db::Db;
use crate::db::rows::{chunks, placeholders};
use crate::inbound::quotes::{self, Segment};
use crate::with_db;

impl Case {
    /// The case with this identifier.
    pub async fn by_id(app: &App, id: &str) -> Result<Case> {
        let select = format!("{SELECT} where cases.id = $1");
        let case =
            with_db!(&app.db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(id).fetch_optional(pool).await)?;
        case.ok_or(CaseError::NotFound)
    }

    /// The case with this code. A code that is no code and one that nobody has get the same answer.
    pub async fn by_code(app: &App, typed: &str) -> Result<Case> {
        let code = TrackingCode::parse(typed).map_err(|_| CaseError::UnknownCode)?;
        let hash = lookup_hash(&app.keys, &code);
        let select = format!("{SELECT} where cases.code_hash = $1");
        let case: Option<Case> = with_db!(&app.db, pool => sqlx::query_as(sqlx::AssertSqlSafe(select)).bind(&hash).fetch_optional(pool).await)?;
        case.filter(|case| case.has_code(&app.keys, &code)).ok_or(CaseError::UnknownCode)
    }

    /// Whether the customer can still answer, rate and reopen.
    pub fn customer_may_act(&self, app: &App) -> bool {
        let reopen_for = i64::from(app.config.retention.reopen_days) * crate::clock::DAY;
        self.status() != Status::Closed || self.closed_at.is_some_and(|at| app.clock.now() < at + reopen_for)
    }

    /// Whether there is an answer that can be rated.
    pub fn can_rate(&self, app: &App) -> bool {
        !self.status().is_open() && self.customer_may_act(app)
    }
}

/// A message or note of a case.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Message {
    /// Its identifier.
    pub id: String,
    /// `customer`, `staff` or `note`.
    pub author: String,
    /// The name of the member who wrote it.
    pub member_name: Option<String>,
    /// The name of the token by which a program wrote it; for the staff only.
    pub token_name: Option<String>,
    /// What was said.
    pub body: String,
    /// When.
    pub created_at: Millis,
    channel: Option<String>,
}

impl Message {
    /// What was said, in runs that are shown and, of mails, runs that are folded.
    pub fn segments(&self) -> Vec<Segment> {
        said(self.channel.as_deref(), &self.body)
    }
}

impl Case {
    /// What the case began with, in runs that are shown and, of mails, runs that are folded.
    pub fn segments(&self) -> Vec<Segment> {
        said(self.channel.as_deref(), &self.message)
    }
}

/// The text of somebody who wrote by `channel`, in runs that are shown and, of mails, runs that are folded.
pub fn said(channel: Option<&str>, text: &str) -> Vec<Segment> {
    match channel.and_then(Channel::parse) {
        Some(Channel::Email) => quotes::segments(text),
        _ => vec![Segment { text: text.to_owned(), is_folded: false }],
    }
}

/// The conversation of a case, oldest first, without the notes of the staff.
pub async fn conversation(app: &App, case_id: &str) -> Result<Vec<Message>> {
    Ok(messages(app, case_id).await?.into_iter().filter(|message| message.author != "note").collect())
}

/// All messages and notes of a case, oldest first: for the staff only.
pub async fn messages(app: &App, case_id: &str) -> Result<Vec<Message>> {
    Ok(with_db!(&app.db, pool => sqlx::query_as(MESSAGES).bind(case_id).fetch_all(pool).await)?)
}

/// The statement of [`messages`].
pub const MESSAGES: &str = "select messages.id, messages.author, members.name as member_name, tokens.name as token_name, messages.body, messages.created_at, \
        messages.channel \
        from messages left join members on members.id = messages.member_id left join tokens on tokens.id = messages.token_id \
        where messages.case_id = $1 order by messages.id";

/// The numbers of cases, of those that have one.
pub async fn numbers(db: &Db, case_ids: &[String]) -> sqlx::Result<HashMap<String, i64>> {
    let mut numbers = HashMap::new();
    for chunk in chunks(case_ids) {
        let select =
            format!("select case_id, number from case_numbers where case_id in ({})", placeholders(0, chunk.len()));
        let select = sqlx::AssertSqlSafe(select);
        let found: Vec<(String, i64)> = with_db!(db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        numbers.extend(found);
    }
    Ok(numbers)
}

/// When the staff wrote to the customer of a case last; none while they have not.
pub async fn answered_at(db: &Db, case_id: &str) -> sqlx::Result<Option<Millis>> {
    let select = "select max(created_at) from messages where case_id = $1 and author = 'staff'";
    with_db!(db, pool => sqlx::query_scalar(select).bind(case_id).fetch_one(pool).await)
}

/// How satisfied the customer was.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Rated {
    /// 1 to 5.
    pub score: i64,
    /// Whether they said that it is solved.
    pub solved: Option<bool>,
    /// What else they said.
    pub comment: Option<String>,
    /// When.
    pub created_at: Millis,
}

/// The customer's rating of a case.
pub async fn rating(app: &App, case_id: &str) -> Result<Option<Rated>> {
    let select = "select score, solved, comment, created_at from satisfactions where case_id = $1";
    Ok(with_db!(&app.db, pool => sqlx::query_as(select).bind(case_id).fetch_optional(pool).await)?)
}
