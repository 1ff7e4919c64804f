//! The page of a problem: what is known of it, the cases that it has caused, and the answer to all of them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use super::access::{check, find, may_resolve};
use super::form::{Errors, ProblemForm};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::cases::Outcome;
use crate::cases::access::Visibility;
use crate::cases::listing::{self, Listing, Sort};
use crate::console::inbox::rows::{Row, rows_of};
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::http::body::fresh_key;
use crate::problems::{self, Count};
use crate::service::objects::{Problem, ProblemState};
use crate::sites::Site;
use crate::text::Texts;

/// Cases of a page.
const PAGE: usize = 20;

#[derive(Template)]
#[template(path = "console/problem.html")]
struct ProblemPage {
    t: Texts,
    shell: Shell,
    /// None for one that is to be added.
    problem: Option<Problem>,
    form: ProblemForm,
    /// What is to be answered to all of its cases.
    answer: ProblemForm,
    outcome: String,
    remedy: String,
    count: Count,
    rows: Vec<Row>,
    next: Option<String>,
    members: Vec<Member>,
    sites: Vec<Arc<Site>>,
    may_edit: bool,
    may_resolve: bool,
    done: Option<String>,
    errors: Errors,
}

/// What somebody was writing when it was refused.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) form: Option<ProblemForm>,
    pub(super) answer: Option<ProblemForm>,
    pub(super) outcome: String,
    pub(super) remedy: String,
    pub(super) errors: Errors,
}

impl ProblemPage {
    fn title(&self) -> String {
        match &self.problem {
            Some(problem) => format!("{} · {}", problem.key, problem.title),
            None => self.t.get("desk.problem.new").to_owned(),
        }
    }

    fn action(&self) -> String {
        self.problem
            .as_ref()
            .map_or("/staff/problems/new".to_owned(), |problem| format!("/staff/problems/{}", problem.key))
    }

    /// The key of a form.
    fn key(&self) -> String {
        fresh_key().as_str().to_owned()
    }

    /// How many of its cases are open.
    fn open_cases(&self) -> u64 {
        u64::try_from(self.count.open).unwrap_or_default()
    }

    fn states(&self) -> [ProblemState; 3] {
        ProblemState::ALL
    }

    fn state(&self, state: &ProblemState) -> &'static str {
        self.t.get(&format!("desk.problem.state.{}", state.as_str()))
    }

    fn word(&self, of: &str, word: &str) -> &'static str {
        self.t.get(&format!("common.{of}.{word}"))
    }

    fn language(&self, tag: &str) -> String {
        sayso_shared::Lang::for_tag(tag).map_or_else(|| tag.to_owned(), |lang| lang.own_name().to_owned())
    }

    /// Who may look after it, with whoever does.
    fn candidates(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| {
            let may = member.disabled_at.is_none() && member.role().may_act();
            may || member.email == self.form.owner
        })
    }

    fn error(&self, field: impl AsRef<str>) -> Option<&'static str> {
        self.errors.iter().find(|(name, _)| name == field.as_ref()).map(|(_, key)| self.t.get(key))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PageQuery {
    before: String,
    saved: Option<String>,
    resolved: Option<u32>,
    left: Option<u32>,
}

/// `GET /staff/problems/new`.
pub(super) async fn show_new(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    check(&who, Action::ManageProblems)?;
    render_new(&app, &who, Draft::default()).await
}

/// `GET /staff/problems/{key}`.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Html<String>> {
    check(&who, Action::ReadProblems)?;
    render(&app, &who, find(&app, &key).await?, &query, Draft::default()).await
}

/// The page with what was typed, and why it was refused.
pub(super) async fn refused(app: &App, who: &SignedIn, problem: Option<Problem>, draft: Draft) -> Result<Response> {
    let shown = match problem {
        Some(problem) => render(app, who, problem, &PageQuery::default(), draft).await?,
        None => render_new(app, who, draft).await?,
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response())
}

async fn render_new(app: &App, who: &SignedIn, draft: Draft) -> Result<Html<String>> {
    let form = draft.form.unwrap_or_else(|| ProblemForm { state: "open".to_owned(), ..ProblemForm::default() });
    page(&ProblemPage {
        t: who.t,
        shell: Shell::load(app, who, Screen::Problems).await?,
        problem: None,
        form,
        answer: ProblemForm::default(),
        outcome: String::new(),
        remedy: String::new(),
        count: Count::default(),
        rows: Vec::new(),
        next: None,
        members: Member::all(&app.db).await?,
        sites: app.sites.all().await?,
        may_edit: true,
        may_resolve: false,
        done: None,
        errors: draft.errors,
    })
}

async fn render(app: &App, who: &SignedIn, problem: Problem, query: &PageQuery, draft: Draft) -> Result<Html<String>> {
    let before = listing::is_cursor(&query.before).then_some(query.before.as_str());
    let of_problem = Listing {
        problem: Some(problem.key.to_string()),
        visible: Visibility::of(&who.standing),
        ..Listing::default()
    };
    let (ids, next) = listing::ids(app, &of_problem, Sort::Newest, before, PAGE).await?.unwrap_or_default();
    let sites = app.sites.all().await?;
    let counts = problems::count(&app.db, of_problem.visible.as_ref()).await?;
    let form = ProblemForm::of(&problem);
    page(&ProblemPage {
        t: who.t,
        shell: Shell::load(app, who, Screen::Problems).await?,
        answer: draft.answer.unwrap_or_else(|| form.clone()),
        form: draft.form.unwrap_or(form),
        outcome: draft.outcome,
        remedy: draft.remedy,
        count: counts.get(problem.key.as_str()).copied().unwrap_or_default(),
        rows: rows_of(app, who, &ids, &sites).await?,
        next: next.map(|next| format!("/staff/problems/{}?before={next}", problem.key)),
        members: Member::all(&app.db).await?,
        sites,
        may_edit: who.may(Action::ManageProblems),
        may_resolve: may_resolve(who),
        done: done(who.t, query),
        errors: draft.errors,
        problem: Some(problem),
    })
}

fn done(t: Texts, query: &PageQuery) -> Option<String> {
    match (query.resolved, query.left) {
        (Some(resolved), None | Some(0)) => Some(t.with("desk.problem.resolved", &[("n", &resolved.to_string())])),
        (Some(resolved), Some(left)) => {
            Some(t.with("desk.problem.resolved_partly", &[("n", &resolved.to_string()), ("left", &left.to_string())]))
        }
        (None, _) => query.saved.as_ref().map(|_| t.get("desk.problem.saved").to_owned()),
    }
}
