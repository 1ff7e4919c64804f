//! Adding and changing problems.

use std::collections::BTreeMap;

use sayso_shared::masking::{Masking, mask};
use sayso_shared::problem::{ErrorCode, FieldError};

use crate::app::App;
use crate::audit::Stamp;
use crate::http::{Error, Result};
use crate::service::objects::{Problem, ProblemState};
use crate::service::store;
use crate::service::words::{Address, Key, LocalText, Title};

/// What begins the keys that are given to problems: `P-1`, `P-2` and so on.
const PREFIX: &str = "P-";

/// What of a problem is to be another. What is none stays.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// What it is called.
    pub title: Option<Title>,
    /// What customers ask who have it.
    pub question: Option<Option<LocalText>>,
    /// Why it happens.
    pub cause: Option<Option<LocalText>>,
    /// What helps.
    pub solution: Option<Option<LocalText>>,
    /// Who looks after it.
    pub owner: Option<Option<Address>>,
    /// Where it stands.
    pub state: Option<ProblemState>,
    /// Whether customers may read of it.
    pub public: Option<bool>,
    /// The site whose customers may read of it.
    pub site: Option<Option<Key>>,
    /// What it has cost.
    pub cost: Option<Option<f64>>,
}

/// Adds a problem. Without a key it gets the next one of `P-1`, `P-2` and so on.
pub async fn add(app: &App, key: Option<Key>, title: Title, patch: Patch, stamp: &Stamp) -> Result<Problem> {
    let new = store::set::<Problem, Error>(&app.db, stamp, |known| {
        let key = match key {
            Some(key) if known.iter().any(|problem| problem.key == key) => {
                return Err(Error::field(FieldError::new("/key", ErrorCode::Invalid, "is the key of another problem")));
            }
            Some(key) => key,
            None => next_key(&known)?,
        };
        let (site, question, cause, solution, owner, cost) = (None, None, None, None, None, None);
        let title = title_without_cards(title);
        let (state, public) = (ProblemState::Open, false);
        let new = Problem { key, title, question, cause, solution, owner, state, public, cost, site };
        Ok(patched(new, patch))
    });
    let new = new.await?;
    app.service.forget();
    Ok(new)
}

/// Changes a problem, all of it or nothing.
pub async fn patch(app: &App, key: &str, patch: Patch, stamp: &Stamp) -> Result<Problem> {
    let changed = store::set::<Problem, Error>(&app.db, stamp, |known| {
        let old = known.into_iter().find(|problem| problem.key.as_str() == key);
        Ok(patched(old.ok_or(Error::NotFound("there is no such problem"))?, patch))
    });
    let changed = changed.await?;
    app.service.forget();
    Ok(changed)
}

fn patched(problem: Problem, patch: Patch) -> Problem {
    let Patch { title, question, cause, solution, owner, state, public, site, cost } = patch;
    Problem {
        title: title.map_or(problem.title, title_without_cards),
        question: question.map_or(problem.question, |question| question.map(text_without_cards)),
        cause: cause.map_or(problem.cause, |cause| cause.map(text_without_cards)),
        solution: solution.map_or(problem.solution, |solution| solution.map(text_without_cards)),
        owner: owner.unwrap_or(problem.owner),
        state: state.unwrap_or(problem.state),
        public: public.unwrap_or(problem.public),
        site: site.unwrap_or(problem.site),
        cost: cost.unwrap_or(problem.cost),
        key: problem.key,
    }
}

/// A title in which no number of a payment card is left.
fn title_without_cards(title: Title) -> Title {
    mask(title.as_str().to_owned(), Masking::Cards).parse().unwrap_or(title)
}

/// A text in which none is left in any language.
fn text_without_cards(text: LocalText) -> LocalText {
    let masked = text.iter().map(|(tag, text)| (tag.to_owned(), mask(text.to_owned(), Masking::Cards)));
    let masked: BTreeMap<String, String> = masked.collect();
    masked.try_into().unwrap_or(text)
}

fn next_key(known: &[Problem]) -> anyhow::Result<Key> {
    let number = |problem: &Problem| problem.key.as_str().strip_prefix(PREFIX)?.parse::<u32>().ok();
    let last = known.iter().filter_map(number).max().unwrap_or(0);
    format!("{PREFIX}{}", last.saturating_add(1)).parse()
}
