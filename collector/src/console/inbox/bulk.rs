//! Changing several cases of the inbox at once, and taking that back.

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::post;
use sayso_shared::text::Text;
use serde::{Deserialize, Serialize};

use super::views::read_address;
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, KeyedForm, MayAct, Member, SignedIn};
use crate::cases::access::case_for;
use crate::cases::idempotency::request_hash;
use crate::cases::properties::{self, Patch};
use crate::cases::staff::Body;
use crate::cases::tags::Tags;
use crate::cases::{Actor, Case, CaseError, Priority};
use crate::clock::DAY;
use crate::db::Db;
use crate::http::body::fresh_key;
use crate::http::{Error, Result};
use crate::{with_db, with_write};

/// With what the name of a field begins that says that a case was chosen; its identifier follows.
const CHOSEN: &str = "case-";
/// Cases of one change, as many as a program may change.
const CASES_MAX: usize = 500;

/// `POST /staff/cases/bulk` and `/staff/cases/bulk/{id}/undo`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/cases/bulk", post(change)).route("/staff/cases/bulk/{id}/undo", post(undo))
}

/// What was done to several cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// By what it is taken back.
    pub id: String,
    /// How many were changed.
    pub changed: usize,
    /// How many were not.
    pub refused: usize,
}

/// A change of several cases, as it is kept until it is taken back.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    changed: Vec<Changed>,
    refused: usize,
}

/// A case that was changed, and how it was before.
#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    id: String,
    /// The version that the change made.
    version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Was>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    team: Option<Was>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tags: Option<String>,
}

/// What something was, if it was anything.
#[derive(Debug, Serialize, Deserialize)]
struct Was {
    was: Option<String>,
}

/// What is to be another in each of the cases.
struct Wanted {
    owner: Option<Option<String>>,
    team: Option<Option<String>>,
    /// Why they get another team.
    reason: Option<Body>,
    priority: Option<Priority>,
    tag: Option<String>,
}

impl Done {
    /// What a member did last under this identifier.
    pub async fn read(db: &Db, id: &str, member_id: &str) -> Result<Option<Self>> {
        let kept = read(db, id, member_id).await?;
        Ok(kept.map(|kept| Self { id: id.to_owned(), changed: kept.changed.len(), refused: kept.refused }))
    }
}

async fn change(
    State(app): State<App>,
    MayAct(who): MayAct,
    KeyedForm { form, key }: KeyedForm<HashMap<String, String>>,
) -> Result<Response> {
    let address = read_address(form.get("back").map_or("", String::as_str));
    let back = |word: &str| Ok(Redirect::to(&format!("{address}&bulk={word}")).into_response());
    let mut ids: Vec<&str> = form.keys().filter_map(|name| name.strip_prefix(CHOSEN)).collect();
    ids.sort_unstable();
    ids.truncate(CASES_MAX);
    let wanted = Wanted::read(&app, &who, &form).await?;
    let (false, Some(wanted)) = (ids.is_empty(), wanted) else { return back("none") };
    // Whoever gets them next reads why.
    if wanted.team.is_some() && wanted.reason.is_none() {
        return back("reason");
    }
    let mut kept = Kept { changed: Vec::new(), refused: 0 };
    for id in ids {
        match change_one(&app, &who, id, &wanted, &key).await {
            Ok(changed) => kept.changed.push(changed),
            Err(error) if error.status().0.is_server_error() => return Err(error),
            Err(_) => kept.refused += 1,
        }
    }
    keep(&app, key.as_str(), &who.member, &kept).await?;
    back(key.as_str())
}

async fn change_one(
    app: &App,
    who: &SignedIn,
    id: &str,
    wanted: &Wanted,
    key: &sayso_shared::id::IdempotencyKey,
) -> Result<Changed> {
    let case = case_for(app, &who.standing, id, Action::ManageCase).await?;
    let patch = wanted.patch(&case);
    let hash = request_hash(&("bulk", key.as_str()));
    let actor = Actor::Member(who.member.id.clone());
    properties::patch(app, &case.id, &actor, &patch, None, (key, &hash)).await?;
    let version = Case::by_id(app, &case.id).await?.version;
    Ok(Changed {
        version,
        owner: patch.owner_id.map(|_| Was { was: case.owner_id.clone() }),
        team: patch.team.map(|_| Was { was: case.team.clone() }),
        priority: patch.priority.map(|_| case.priority()),
        tags: patch.tags.map(|_| case.tags().lines()),
        id: case.id,
    })
}

/// Takes a change back, in every case that nobody has changed since.
async fn undo(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<HashMap<String, String>>,
) -> Result<Response> {
    let address = read_address(form.get("back").map_or("", String::as_str));
    let kept = read(&app.db, &id, &who.member.id).await?;
    let kept = kept.ok_or(Error::NotFound("there is nothing to take back any more"))?;
    let key = fresh_key();
    let hash = request_hash(&("undo", &id));
    let actor = Actor::Member(who.member.id.clone());
    let mut stays = 0;
    for changed in kept.changed {
        let (id, version) = (changed.id.clone(), changed.version);
        match case_for(&app, &who.standing, &id, Action::ManageCase).await {
            Ok(_) => {}
            Err(error) if error.status().0.is_server_error() => return Err(error),
            Err(_) => {
                stays += 1;
                continue;
            }
        }
        match properties::patch(&app, &id, &actor, &changed.back(), Some(version), (&key, &hash)).await {
            Ok(()) => {}
            Err(CaseError::Database(error)) => return Err(error.into()),
            Err(_) => stays += 1,
        }
    }
    forget(&app.db, &id).await?;
    let word = if stays == 0 { "undone" } else { "undone-partly" };
    Ok(Redirect::to(&format!("{address}&bulk={word}")).into_response())
}

impl Wanted {
    /// Reads the form; none if it asks for nothing, or for what is not there.
    async fn read(app: &App, who: &SignedIn, form: &HashMap<String, String>) -> Result<Option<Self>> {
        let given = |name: &str| form.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let owner = match given("owner") {
            None => None,
            Some("nobody") => Some(None),
            Some("me") => Some(Some(who.member.id.clone())),
            Some(id) => match Member::by_id(&app.db, id).await? {
                Some(member) if member.role().may_act() => Some(Some(member.id)),
                _ => return Ok(None),
            },
        };
        let service = app.service.current().await?;
        let team = match given("team") {
            None => None,
            Some("none") => Some(None),
            Some(key) if service.team(key).is_some() => Some(Some(key.to_owned())),
            Some(_) => return Ok(None),
        };
        let priority = given("priority").map(Priority::parse);
        let tag = given("tag").map(|tag| Tags::parse([tag]).ok().map(|_| tag.to_owned()));
        if priority == Some(None) || tag == Some(None) {
            return Ok(None);
        }
        let reason = given("reason").and_then(|reason| Text::parse(reason).ok());
        let wanted = Self { owner, team, reason, priority: priority.flatten(), tag: tag.flatten() };
        let asks = wanted.owner.is_some() || wanted.team.is_some() || wanted.priority.is_some() || wanted.tag.is_some();
        Ok(asks.then_some(wanted))
    }

    fn patch(&self, case: &Case) -> Patch {
        Patch {
            owner_id: self.owner.clone(),
            team: self.team.clone(),
            reason: self.reason.clone(),
            priority: self.priority,
            tags: self.tag.as_ref().map(|tag| case.tags().with([tag])),
            ..Patch::default()
        }
    }
}

impl Changed {
    /// What makes the case what it was.
    fn back(self) -> Patch {
        Patch {
            owner_id: self.owner.map(|owner| owner.was),
            team: self.team.map(|team| team.was),
            priority: self.priority,
            tags: self.tags.map(|lines| Tags::stored(&lines)),
            ..Patch::default()
        }
    }
}

async fn read(db: &Db, id: &str, member_id: &str) -> Result<Option<Kept>> {
    let select = "select cases from bulk_changes where id = $1 and member_id = $2";
    let cases: Option<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(id).bind(member_id).fetch_optional(pool).await)?;
    Ok(cases.and_then(|cases| serde_json::from_str(&cases).ok()))
}

async fn keep(app: &App, id: &str, member: &Member, kept: &Kept) -> Result<()> {
    let cases = serde_json::to_string(kept).map_err(anyhow::Error::from)?;
    let now = app.clock.now();
    let old = "delete from bulk_changes where made_at < $1";
    with_write!(&app.db, conn => sqlx::query(old).bind(now - DAY).execute(conn).await.map(|_| ()))?;
    // A form that is sent twice has changed the cases once.
    let insert =
        "insert into bulk_changes (id, member_id, made_at, cases) values ($1, $2, $3, $4) on conflict (id) do nothing";
    Ok(
        with_write!(&app.db, conn => sqlx::query(insert).bind(id).bind(&member.id).bind(now).bind(&cases).execute(conn).await.map(|_| ()))?,
    )
}

async fn forget(db: &Db, id: &str) -> Result<()> {
    let delete = "delete from bulk_changes where id = $1";
    Ok(with_write!(db, conn => sqlx::query(delete).bind(id).execute(conn).await.map(|_| ()))?)
}
