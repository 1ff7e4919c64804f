//! A template put into the reply that somebody is writing, filled for this case and in its customer's language.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Html;
use serde::Deserialize;

use super::draft::Draft;
use super::page::render;
use super::posted;
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct, Role};
use crate::cases::access::case_for;
use crate::clocks;
use crate::http::{Error, Result};
use crate::routing::reply::written;
use crate::service::Service;
use crate::service::objects::Template;

/// What stands before the key of a problem whose solution is chosen.
const OF_PROBLEM: &str = "problem:";

/// The form of the reply while it is written, with a template that was chosen.
#[derive(Deserialize)]
pub(super) struct ReplyInWriting {
    pub(super) body: String,
    #[serde(default)]
    template: String,
    #[serde(default)]
    pub(super) then: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    remedy: String,
    #[serde(default)]
    cost: String,
    #[serde(default)]
    currency: String,
    /// The uploads that a refused reply has kept, `upload-1` and so on.
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

impl ReplyInWriting {
    /// The uploads that go along.
    pub(super) fn uploads(&self) -> Vec<String> {
        self.rest.iter().filter(|(name, _)| name.starts_with("upload-")).map(|(_, token)| token.clone()).collect()
    }

    /// What was chosen beside the text.
    pub(super) fn into_draft(self) -> Draft {
        let Self { then, outcome, remedy, cost, currency, .. } = self;
        Draft { then, outcome, remedy, cost, currency, is_prepared: true, ..Draft::default() }
    }
}

/// Shows the page again with the template below what was typed. Nothing is said yet.
pub(super) async fn insert(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, .. }: KeyedForm<ReplyInWriting>,
) -> Result<Html<String>> {
    let case = case_for(&app, &who.standing, &id, Action::Answer).await?;
    if who.standing.role == Role::Partner {
        return Err(Error::Forbidden("templates are for the company".into()));
    }
    let site = app.sites.by_id(&case.site_id).await?.ok_or(Error::NotFound("its site is gone"))?;
    let service = app.service.current().await?;
    let chosen = chosen(&service, &form.template);
    let clocks = clocks::of_case(&app.db, &case.id).await?;
    let mut reply = form.body.replace("\r\n", "\n").trim_end().to_owned();
    if let Some(template) = chosen {
        let text = written(&app, &site, &case, &template, Some(&who.member.name), (&clocks, &service.zone_of(&site)))?;
        reply = if reply.is_empty() { text } else { format!("{reply}\n\n{text}") };
    }
    let uploads = posted::kept(&app, &case, &form.uploads()).await?;
    let draft = Draft { uploads, reply, ..form.into_draft() };
    render(&app, &who, &case.id, draft).await
}

/// The template that was chosen; for `problem:P-7` what helps with that problem.
fn chosen(service: &Service, word: &str) -> Option<Template> {
    match word.strip_prefix(OF_PROBLEM) {
        Some(key) => {
            let problem = service.problems.iter().find(|problem| problem.key.as_str() == key)?;
            Some(Template { key: problem.key.clone(), subject: None, body: problem.solution.clone()? })
        }
        None => service.templates.iter().find(|template| template.key.as_str() == word).cloned(),
    }
}
