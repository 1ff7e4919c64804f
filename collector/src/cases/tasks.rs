//! Tasks: what another member or team has to do for a case. The end of one is told to the owner of the case.

use std::fmt::Write as _;

use sayso_shared::id::IdempotencyKey;
use sayso_shared::masking::Masking;
use sayso_shared::text::Text;
use serde_json::json;
use sqlx::AssertSqlSafe;

use super::error::{CaseError, Result};
use super::event::append;
use super::idempotency::{KeyStatus, record_key};
use super::properties::check_version;
use super::{Actor, EventType, case, first_action};
use crate::app::App;
use crate::clock::Millis;
use crate::db::Db;
use crate::db::rows::{chunks, placeholders};
use crate::keys::new_id;
use crate::{with_db, with_tx};

/// What is to be done: one line.
pub type Title = Text<200>;

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Task {
    /// Its identifier.
    pub id: String,
    /// The case that it is for.
    pub case_id: String,
    /// What is to be done.
    pub title: String,
    /// The key of the team that does it.
    pub team: Option<String>,
    /// The identifier of the member who does it.
    pub owner_id: Option<String>,
    /// Until when.
    pub due_at: Option<Millis>,
    /// When it was added.
    pub created_at: Millis,
    /// When it was done.
    pub done_at: Option<Millis>,
}

/// A task to be added.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// What is to be done.
    pub title: Title,
    /// The key of the team that does it.
    pub team: Option<String>,
    /// The identifier of the member who does it.
    pub owner_id: Option<String>,
    /// Until when.
    pub due_at: Option<Millis>,
}

/// What of a task is to be another. What is none stays.
#[derive(Clone, Debug, Default)]
pub struct TaskPatch {
    /// What is to be done.
    pub title: Option<Title>,
    /// The key of the team that does it.
    pub team: Option<Option<String>>,
    /// The identifier of the member who does it.
    pub owner_id: Option<Option<String>>,
    /// Until when.
    pub due_at: Option<Option<Millis>>,
    /// Whether it is done.
    pub done: Option<bool>,
}

const SELECT: &str = "select id, case_id, title, team, owner_id, due_at, created_at, done_at from tasks";

impl Task {
    /// The task with an identifier.
    pub async fn by_id(db: &Db, id: &str) -> sqlx::Result<Option<Self>> {
        let select = AssertSqlSafe(format!("{SELECT} where id = $1"));
        with_db!(db, pool => sqlx::query_as(select).bind(id).fetch_optional(pool).await)
    }

    /// The tasks of cases, in the order in which they were added.
    pub async fn of_cases(db: &Db, case_ids: &[String]) -> sqlx::Result<Vec<Self>> {
        let mut tasks = Vec::new();
        for chunk in chunks(case_ids) {
            let select = AssertSqlSafe(format!(
                "{SELECT} where case_id in ({}) order by case_id, id",
                placeholders(0, chunk.len())
            ));
            let found: Vec<Self> = with_db!(db, pool => {
                chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
            })?;
            tasks.extend(found);
        }
        Ok(tasks)
    }
}

/// Whether somebody sees the cases that no team has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutTeam {
    /// They do.
    Seen,
    /// They do not.
    Hidden,
}

impl Task {
    /// The tasks that a member or one of their teams still has to do, those first that are due first; no more than `limit`. One that was given to nobody is
    /// for the owner of its case, else for its team, else for everybody who sees it.
    pub async fn open_for(
        db: &Db,
        member_id: &str,
        teams: &[String],
        without_team: WithoutTeam,
        limit: i64,
    ) -> sqlx::Result<Vec<Self>> {
        let select = AssertSqlSafe(open_sql(teams.len(), without_team));
        with_db!(db, pool => {
            let query = sqlx::query_as(select).bind(limit).bind(member_id);
            teams.iter().fold(query, |query, key| query.bind(key)).fetch_all(pool).await
        })
    }
}

/// The statement of [`Task::open_for`].
pub fn open_sql(teams: usize, without_team: WithoutTeam) -> String {
    const COLUMNS: &str = "tasks.id, tasks.case_id, tasks.title, tasks.team, tasks.owner_id, tasks.due_at, tasks.created_at, tasks.done_at";
    let of = |whom: &str| format!("select {COLUMNS} from tasks where tasks.done_at is null and {whom}");
    let places = || (0..teams).map(|number| format!("${}", number + 3));
    let mut of_nobody_s_case: Vec<String> = places().map(|place| format!("cases.team = {place}")).collect();
    if without_team == WithoutTeam::Seen {
        of_nobody_s_case.push("cases.team is null".to_owned());
    }
    let mut whose = "cases.owner_id = $2".to_owned();
    if !of_nobody_s_case.is_empty() {
        let _ = write!(whose, " or cases.owner_id is null and ({})", of_nobody_s_case.join(" or "));
    }
    let of_nobody = format!(
        "select {COLUMNS} from tasks join cases on cases.id = tasks.case_id \
         where tasks.done_at is null and tasks.owner_id is null and tasks.team is null and ({whose})"
    );
    let parts = [of("tasks.owner_id = $2"), of_nobody].into_iter();
    let parts = parts.chain(places().map(|place| of(&format!("tasks.team = {place}"))));
    format!(
        "select * from ({}) as open order by coalesce(due_at, 9000000000000000), id limit $1",
        parts.collect::<Vec<_>>().join(" union ")
    )
}

/// Adds a task to a case, once for a key; gives its identifier, none for a repeat. With `version`, only if the case is still at it.
pub async fn add(
    app: &App,
    case_id: &str,
    actor: &Actor,
    task: &NewTask,
    version: Option<i64>,
    key: (&IdempotencyKey, &str),
) -> Result<Option<String>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = case::lock(&mut tx, case_id, now).await?;
    if record_key(&mut tx, case_id, key.0, key.1, now).await? == KeyStatus::Repeated {
        tx.rollback().await?;
        return Ok(None);
    }
    state.check_workable()?;
    check_version(&mut tx, case_id, &state, version).await?;
    let id = new_id();
    let title = task.title.clone().masked(Masking::Cards);
    let insert = "insert into tasks (id, case_id, title, team, owner_id, due_at, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    with_tx!(&mut tx, conn => sqlx::query(insert).bind(&id).bind(case_id).bind(title.as_str()).bind(task.team.as_deref())
        .bind(task.owner_id.as_deref()).bind(task.due_at).bind(now).execute(conn).await.map(|_| ()))?;
    let data = json!({"task_id": id, "is": "added", "team": task.team, "to": task.owner_id});
    append(&mut tx, case_id, EventType::Task, actor, data, now).await?;
    first_action::acknowledge(&mut tx, case_id, &state, actor, now).await?;
    tx.commit().await?;
    app.publish(case_id, EventType::Task.as_str());
    Ok(Some(id))
}

/// Changes a task, once for a key. With `version`, only if its case is still at it.
pub async fn change(
    app: &App,
    task: &Task,
    actor: &Actor,
    patch: &TaskPatch,
    version: Option<i64>,
    key: (&IdempotencyKey, &str),
) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = case::lock(&mut tx, &task.case_id, now).await?;
    if record_key(&mut tx, &task.case_id, key.0, key.1, now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    check_version(&mut tx, &task.case_id, &state, version).await?;
    let select = AssertSqlSafe(format!("{SELECT} where id = $1"));
    let before: Option<Task> =
        with_tx!(&mut tx, conn => sqlx::query_as(select).bind(&task.id).fetch_optional(conn).await)?;
    let before = before.ok_or(CaseError::NotFound)?;
    let patch = patch.clone();
    let mut after = before.clone();
    if let Some(title) = patch.title {
        after.title = title.masked(Masking::Cards).into_string();
    }
    after.team = patch.team.unwrap_or(after.team);
    after.owner_id = patch.owner_id.unwrap_or(after.owner_id);
    after.due_at = patch.due_at.unwrap_or(after.due_at);
    after.done_at = match patch.done {
        Some(true) => after.done_at.or(Some(now)),
        Some(false) => None,
        None => after.done_at,
    };
    if after == before {
        return Ok(tx.rollback().await?);
    }
    let update = "update tasks set title = $1, team = $2, owner_id = $3, due_at = $4, done_at = $5 where id = $6";
    with_tx!(&mut tx, conn => sqlx::query(update).bind(&after.title).bind(after.team.as_deref()).bind(after.owner_id.as_deref())
        .bind(after.due_at).bind(after.done_at).bind(&after.id).execute(conn).await.map(|_| ()))?;
    let is = match (before.done_at, after.done_at) {
        (None, Some(_)) => "done",
        (Some(_), None) => "reopened",
        _ => "changed",
    };
    // Whoever has it already is not told again.
    let to = after.owner_id.as_deref().filter(|_| after.owner_id != before.owner_id);
    let mut data = json!({"task_id": after.id, "is": is, "team": after.team, "to": to});
    if after.team != before.team {
        data["is_other_team"] = true.into();
    }
    append(&mut tx, &after.case_id, EventType::Task, actor, data, now).await?;
    first_action::acknowledge(&mut tx, &after.case_id, &state, actor, now).await?;
    tx.commit().await?;
    app.publish(&after.case_id, EventType::Task.as_str());
    Ok(())
}
