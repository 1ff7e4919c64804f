//! All problems, those first that the most open cases wait for.

use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::access::check;
use crate::answers::counts::{Counted, Source};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::cases::access::Visibility;
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::problems::{self, Count};
use crate::service::objects::{Problem, ProblemState};
use crate::service::store;
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/problems.html")]
struct ListPage {
    t: Texts,
    shell: Shell,
    rows: Vec<Row>,
    may_edit: bool,
}

struct Row {
    problem: Problem,
    owner: Option<String>,
    count: Count,
    /// How often customers were shown what helps, and how often it did; none of what they can't read.
    told: Option<Counted>,
}

impl ListPage {
    fn state(&self, state: &ProblemState) -> &'static str {
        self.t.get(&format!("desk.problem.state.{}", state.as_str()))
    }
}

/// `GET /staff/problems`.
pub(super) async fn show(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    check(&who, Action::ReadProblems)?;
    let visible = Visibility::of(&who.standing);
    let (counts, members) = (problems::count(&app.db, visible.as_ref()).await?, Member::all(&app.db).await?);
    let told = app.answer_counts.told(Source::Problem).await?;
    let row = |problem: Problem| {
        let owner = problem.owner.as_ref().map(|owner| owner.as_str().to_owned());
        let named = owner.map(|email| {
            let member = members.iter().find(|member| member.email == email);
            member.map_or(email, |member| member.name.clone())
        });
        let key = problem.key.as_str();
        Row {
            told: told.get(key).copied().or_else(|| problem.public.then(Counted::default)),
            count: counts.get(key).copied().unwrap_or_default(),
            owner: named,
            problem,
        }
    };
    let mut rows: Vec<Row> = store::all::<Problem>(&app.db).await?.into_iter().map(row).collect();
    // Stable: those that as many wait for stay in the order of the service file.
    rows.sort_by_key(|row| (row.problem.state == ProblemState::Fixed, -row.count.open));
    let may_edit = who.may(Action::ManageProblems);
    page(&ListPage { t: who.t, shell: Shell::load(&app, &who, Screen::Problems).await?, rows, may_edit })
}
