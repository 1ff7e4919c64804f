//! Cases that are nearly the same as one, on a page of their own: comparing takes longer than a case should take to open.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Html;
use axum::routing::get;

use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::cases::Case;
use crate::cases::access::{Visibility, case_for};
use crate::cases::similar::{self, Similar};
use crate::console::shell::{Screen, Shell, excerpt, page};
use crate::http::Result;
use crate::text::Texts;

/// Words that are named as the reason.
const REASONS: usize = 8;

/// `GET /staff/cases/{id}/similar`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/cases/{id}/similar", get(show))
}

#[derive(Template)]
#[template(path = "console/similar.html")]
struct SimilarPage {
    t: Texts,
    shell: Shell,
    case: Case,
    similar: Vec<Similar>,
}

impl SimilarPage {
    /// What the case is called.
    fn name(&self) -> String {
        self.case.number.map_or_else(|| excerpt(&self.case.message, 40), |number| format!("#{number}"))
    }

    fn excerpt(&self, text: &str) -> String {
        excerpt(text, 160)
    }

    /// How similar it is, in whole percent.
    fn percent(&self, similar: &Similar) -> String {
        format!("{:.0} %", similar.resemblance * 100.0)
    }

    /// What both say.
    fn reasons(&self, similar: &Similar) -> String {
        similar.shared.iter().take(REASONS).cloned().collect::<Vec<_>>().join(", ")
    }
}

async fn show(State(app): State<App>, who: SignedIn, Path(id): Path<String>) -> Result<Html<String>> {
    let case = case_for(&app, &who.standing, &id, Action::ReadCase).await?;
    let similar = similar::find(&app, &case, Visibility::of(&who.standing).as_ref()).await?;
    page(&SimilarPage { t: who.t, shell: Shell::load(&app, &who, Screen::Inbox).await?, case, similar })
}
