//! One answer to all open cases of a problem.

use sayso_shared::id::IdempotencyKey;
use sayso_shared::text::Text;

use super::linked;
use crate::app::App;
use crate::cases::staff::{self, Body, Command, FollowUp, Remedy, Resolution};
use crate::cases::{Actor, Case, Outcome};
use crate::clocks;
use crate::http::{Error, Result};
use crate::routing::reply::written;
use crate::service::objects::Template;
use crate::service::words::LocalText;

/// Cases that are answered at once; what is left is answered when it is asked for again.
pub const CASES_MAX: i64 = 500;

/// What all of them are answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What is said, with the placeholders of templates; each customer reads it in their language.
    pub text: LocalText,
    /// What comes of those that are complaints.
    pub outcome: Option<Outcome>,
    /// What each customer is given.
    pub remedy: Option<Remedy>,
}

/// What became of a case: the version that it is at now, or why it was not answered.
pub struct Resolved {
    /// Its identifier.
    pub case_id: String,
    /// What became of it.
    pub result: Result<i64>,
}

/// Answers and resolves the open cases of a problem, each for itself, so that one that can't be resolved stops no other. Each is done once,
/// however often it is asked for with the same key.
pub async fn resolve(
    app: &App,
    key: &str,
    answer: &Answer,
    actor: &Actor,
    request: (&IdempotencyKey, &str),
) -> Result<Vec<Resolved>> {
    let mut resolved = Vec::new();
    // A repeat is told what the first one was.
    for (case_id, version) in linked::answered_with(&app.db, key, request.0).await? {
        resolved.push(Resolved { case_id, result: Ok(version) });
    }
    for case_id in linked::open_cases(&app.db, key, CASES_MAX).await? {
        let result = resolve_one(app, &case_id, answer, actor, request).await;
        resolved.push(Resolved { case_id, result });
    }
    Ok(resolved)
}

async fn resolve_one(
    app: &App,
    case_id: &str,
    answer: &Answer,
    actor: &Actor,
    (key, hash): (&IdempotencyKey, &str),
) -> Result<i64> {
    let case = Case::by_id(app, case_id).await?;
    let site = app.sites.by_id(&case.site_id).await?.ok_or(Error::NoSite)?;
    let template = Template { key: "problem".parse()?, subject: None, body: answer.text.clone() };
    let zone = app.service.current().await?.zone_of(&site);
    let text = written(app, &site, &case, &template, None, (&clocks::of_case(&app.db, case_id).await?, &zone))?;
    let body: Body =
        Text::parse(&text).map_err(|_| Error::Conflict("with its names the answer is too long".to_owned()))?;
    // Only complaints have an outcome.
    let outcome = answer.outcome.filter(|_| case.kind() == sayso_shared::Kind::Complaint);
    let resolution = Resolution { outcome, remedy: answer.remedy.clone(), cost: None };
    let command = Command::Reply(body.into(), FollowUp::Resolve(resolution));
    staff::apply_idempotent(app, case_id, actor, command, key, hash).await?;
    Ok(Case::by_id(app, case_id).await?.version)
}
