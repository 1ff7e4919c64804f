//! Tasks of a case: what others have to do for it.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use sayso_shared::text::Text;
use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::error::{CaseForm, Field, FormError};
use super::lost;
use super::page::{leave, refused};
use super::properties::last_minute_of;
use crate::app::App;
use crate::auth::member::who_may_own;
use crate::auth::permissions::{self, Action, Object, TaskAccess, can};
use crate::auth::{KeyedForm, MayAct};
use crate::cases::Actor;
use crate::cases::access::{case_for, readable_case};
use crate::cases::idempotency::request_hash;
use crate::cases::tasks::{self, NewTask, Task, TaskPatch};
use crate::http::{Error, Result};

/// `POST /staff/cases/{id}/tasks…`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/cases/{id}/tasks", post(add)).route("/staff/cases/{id}/tasks/{task}", post(set_done))
}

#[derive(Deserialize, Serialize)]
struct TaskForm {
    title: String,
    /// `team:KEY`, the identifier of a member, or nothing.
    #[serde(default)]
    whom: String,
    #[serde(default)]
    due: String,
}

async fn add(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<TaskForm>,
) -> Result<Response> {
    let case = match case_for(&app, &who.standing, &id, Action::ManageCase).await {
        Ok(case) => case,
        Err(error) => return lost::with_words(&app, &who, form.title, error).await,
    };
    let site = app.sites.by_id(&case.site_id).await?;
    let service = app.service.current().await?;
    let zone = service.zone_of_any(site.as_deref());
    let whom = match form.whom.split_once(':') {
        _ if form.whom.is_empty() => Ok((None, None)),
        Some(("team", key)) => match service.team(key) {
            Some(team) => Ok((Some(team.key.to_string()), None)),
            None => Err(FormError::Choice(Field::Whom)),
        },
        _ => match who_may_own(&app.db, &form.whom).await {
            Ok(member) => Ok((None, Some(member.id))),
            Err(Error::NotFound(_)) => Err(FormError::Choice(Field::Whom)),
            Err(error) => return Err(error),
        },
    };
    let title = Text::parse(form.title.trim()).map_err(FormError::text(Field::Main));
    let due_at = match form.due.trim() {
        "" => Ok(None),
        day => last_minute_of(day, &zone).map(Some).ok_or(FormError::Choice(Field::Due)),
    };
    let done = match (title, whom, due_at) {
        (Ok(title), Ok((team, owner_id)), Ok(due_at)) => {
            let task = NewTask { title, team, owner_id, due_at };
            let actor = Actor::Member(who.member.id.clone());
            let hash = request_hash(&("task", &form));
            tasks::add(&app, &case.id, &actor, &task, None, (&key, &hash))
                .await
                .map_err(|error| vec![FormError::from(error)])
        }
        (title, whom, due_at) => Err([title.err(), whom.err(), due_at.err()].into_iter().flatten().collect()),
    };
    match done {
        Ok(_) => Ok(leave(&case.id, "?done=task#tasks")),
        Err(errors) => {
            let draft = Draft { task: form.title, task_whom: form.whom, task_due: form.due, ..Draft::default() };
            refused(&app, &who, &case.id, draft, CaseForm::Task, errors).await
        }
    }
}

#[derive(Deserialize)]
struct DoneForm {
    done: String,
}

async fn set_done(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path((id, task)): Path<(String, String)>,
    KeyedForm { form, key }: KeyedForm<DoneForm>,
) -> Result<Response> {
    let (case, access) = readable_case(&app, &who.standing, &id).await?;
    let task = Task::by_id(&app.db, &task).await?.filter(|task| task.case_id == case.id);
    let task = task.ok_or(Error::NotFound("there is no such task"))?;
    let given = TaskAccess::of(&task);
    let object = Object::Task(&access, &given);
    if !can(permissions::Actor::Member(&who.standing), Action::FinishTask, object) {
        return Err(Error::Forbidden("this task was given to others".into()));
    }
    let patch = TaskPatch { done: Some(form.done == "yes"), ..TaskPatch::default() };
    let actor = Actor::Member(who.member.id.clone());
    let hash = request_hash(&("task", &task.id, &form.done));
    match tasks::change(&app, &task, &actor, &patch, None, (&key, &hash)).await {
        Ok(()) => Ok(leave(&case.id, "?done=task#tasks")),
        Err(error) => {
            refused(&app, &who, &case.id, Draft::default(), CaseForm::Page, vec![FormError::from(error)]).await
        }
    }
}
