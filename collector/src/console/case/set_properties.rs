//! The form by which the staff sort a case: kind, topic, priority, tags, team, follow-up and problem.

use axum::extract::{Path, State};
use axum::response::Response;
use sayso_shared::Kind;
use sayso_shared::problem::ErrorCode;
use sayso_shared::text::Text;
use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::error::{CaseForm, Field, FormError};
use super::page::{leave_or_lose, refused};
use super::properties::{Values, begin_of, moment_of};
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::access::case_for;
use crate::cases::idempotency::{is_known, request_hash};
use crate::cases::properties::{self, Patch};
use crate::cases::tags::Tags;
use crate::cases::{Actor, Case, CaseError, Priority};
use crate::http::Result;
use crate::service::Service;
use crate::sites::Site;

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct PropertiesForm {
    /// What the page showed, as the page's marker has it.
    seen: String,
    kind: String,
    #[serde(default)]
    category: String,
    priority: String,
    #[serde(default)]
    tags: String,
    #[serde(default)]
    team: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    follow_up: String,
    /// None from whoever knows of days alone.
    follow_up_time: Option<String>,
    #[serde(default)]
    problem: String,
}

pub(super) async fn set(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<PropertiesForm>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    let site = app.sites.by_id(&case.site_id).await?;
    let service = app.service.current().await?;
    let now = Values::of(&case, &service.zone_of_any(site.as_deref()));
    let is_stale = form.seen != now.marker() && !is_known(&app.db, &case.id, &key).await?;
    let done = match read(&form, &case, site.as_deref(), &service) {
        // What somebody else has chosen meanwhile is not undone by what nobody touched here. Whatever else is wrong is said once that was seen.
        _ if is_stale => Err(vec![FormError::Case(CaseError::Stale { version: case.version, changes: String::new() })]),
        Ok(patch) => {
            let actor = Actor::Member(who.member.id.clone());
            let hash = request_hash(&("properties", &form));
            let done = properties::patch(&app, &case.id, &actor, &patch, None, (&key, &hash)).await;
            done.map_err(|error| vec![FormError::from(error)])
        }
        Err(errors) => Err(errors),
    };
    match done {
        Ok(()) => leave_or_lose(&app, &who, &case.id, "?done=properties").await,
        Err(errors) => {
            let typed = Values {
                kind: form.kind,
                category: form.category,
                priority: form.priority,
                tags: form.tags,
                team: form.team,
                follow_up: form.follow_up,
                follow_up_time: form.follow_up_time.unwrap_or_default(),
                problem: form.problem,
                follow_up_at: None,
            };
            let typed = if is_stale { typed.beside(&form.seen, &now) } else { typed };
            let draft = Draft { properties: Some(typed), is_stale, transfer_reason: form.reason, ..Draft::default() };
            refused(&app, &who, &case.id, draft, CaseForm::Properties, errors).await
        }
    }
}

/// Reads the whole form, so that everything that is wrong is said at once.
fn read(form: &PropertiesForm, case: &Case, site: Option<&Site>, service: &Service) -> Result<Patch, Vec<FormError>> {
    let mut errors = Vec::new();
    let mut keep = |field: Field| errors.push(FormError::Choice(field));
    let chosen = |key: &str| (!key.is_empty()).then(|| key.to_owned());
    let kind = Kind::parse(&form.kind);
    let priority = Priority::parse(&form.priority);
    if kind.is_none() || priority.is_none() {
        keep(Field::Main);
    }
    let category = chosen(&form.category);
    let goes = |key: &String| {
        let is_kept = case.category.as_ref() == Some(key) && kind == Some(case.kind());
        is_kept || site.zip(kind).is_some_and(|(site, kind)| site.settings.has_category(key, kind))
    };
    if category.as_ref().is_some_and(|key| !goes(key)) {
        keep(Field::Category);
    }
    let typed = form.tags.split([',', '，', '、']).map(str::trim).filter(|tag| !tag.is_empty());
    let tags = Tags::parse(typed);
    if tags.is_err() {
        keep(Field::Tags);
    }
    let (team, problem) = (chosen(&form.team), chosen(&form.problem));
    let is_known = |key: &String| service.team(key).is_some() || case.team.as_ref() == Some(key);
    let is_problem = |key: &String| service.has_problem(key) || case.problem.as_ref() == Some(key);
    if team.as_ref().is_some_and(|key| !is_known(key)) || problem.as_ref().is_some_and(|key| !is_problem(key)) {
        keep(Field::Main);
    }
    let zone = service.zone_of_any(site);
    let time = form.follow_up_time.as_deref().map(str::trim).filter(|time| !time.is_empty());
    let follow_up = match (chosen(&form.follow_up), time) {
        (Some(date), Some(time)) => Some(moment_of(&date, time, &zone)),
        (Some(date), None) => Some(begin_of(&date, &zone)),
        // A time of no day is a mistake.
        (None, time) => time.map(|_| None),
    };
    if follow_up == Some(None) {
        keep(Field::Main);
    }
    let reason = match form.reason.replace("\r\n", "\n") {
        reason if reason.trim().is_empty() => None,
        reason => Some(Text::parse(&reason).map_err(FormError::text(Field::Reason))),
    };
    let reason = match reason.transpose() {
        Ok(reason) => reason,
        Err(error) => {
            errors.push(error);
            None
        }
    };
    // Whoever gets it next reads why.
    if case.team.is_some() && team != case.team && reason.is_none() && errors.is_empty() {
        errors.push(FormError::Text(Field::Reason, ErrorCode::Required));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    // It stays what it is, to the second, unless something else was chosen: it may have been set by a program.
    let now = Values::of(case, &zone);
    let is_same_time = form.follow_up_time.as_ref().is_none_or(|time| *time == now.follow_up_time);
    let is_same = form.follow_up == now.follow_up && is_same_time;
    Ok(Patch {
        kind,
        category: Some(category),
        priority,
        tags: tags.ok(),
        team: Some(team),
        reason,
        owner_id: None,
        follow_up_at: (!is_same).then_some(follow_up.flatten()),
        problem: Some(problem),
        remedy_cost: None,
    })
}
