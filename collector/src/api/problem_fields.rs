//! What programs say of problems, field by field.

use sayso_shared::problem::ErrorCode;
use serde_json::Value;

use super::patch_fields::PatchFields;
use crate::app::App;
use crate::auth::Member;
use crate::cases::Outcome;
use crate::http::Result;
use crate::problems::{Answer, Patch};
use crate::service::objects::{Problem, ProblemState};
use crate::service::words::{LocalText, Title};

/// Reads what of a problem is to be another.
pub(super) async fn read_patch(app: &App, mut read: PatchFields) -> Result<Patch> {
    let mut patch = Patch::default();
    match read.fields.string("title").map(|title| title.parse::<Title>()) {
        Some(Err(error)) => read.fields.refuse("title", ErrorCode::Invalid, error.to_string()),
        Some(Ok(title)) => patch.title = Some(title),
        None if read.is_given("title") => read.fields.refuse("title", ErrorCode::Required, "can't be taken away"),
        None => {}
    }
    patch.question = texts(&mut read, "question");
    patch.cause = texts(&mut read, "cause");
    patch.solution = texts(&mut read, "solution");
    patch.public = read.fields.boolean("public");
    let sites = app.sites.all().await?;
    let site = read.key("site", "is the key of no site", |key| sites.iter().any(|site| site.key() == key));
    patch.site = site.map(|key| key.and_then(|key| key.parse().ok()));
    match read.fields.string("state").as_deref().map(ProblemState::parse) {
        Some(None) => read.fields.refuse("state", ErrorCode::Invalid, "must be open, known or fixed"),
        state => patch.state = state.flatten(),
    }
    match read.fields.value("cost").filter(|cost| !cost.is_null()).map(|cost| cost.as_f64().filter(|cost| *cost >= 0.0))
    {
        Some(None) => read.fields.refuse("cost", ErrorCode::Invalid, "must be a number, and not below 0"),
        cost => patch.cost = read.is_given("cost").then_some(cost.flatten()),
    }
    let (owner_id, errors) = read.into_member(app, "owner").await?;
    if !errors.is_empty() {
        return Err(errors.into());
    }
    patch.owner = match owner_id {
        None => None,
        Some(None) => Some(None),
        Some(Some(id)) => match Member::by_id(&app.db, &id).await? {
            Some(member) => Some(Some(member.email.parse()?)),
            None => None,
        },
    };
    Ok(patch)
}

/// Reads what the customers of a problem are answered.
pub(super) fn read_answer(problem: &Problem, given: Value) -> Result<Answer> {
    let mut read = PatchFields::new(given, "");
    let text = texts(&mut read, "body").flatten().or_else(|| problem.solution.clone());
    if text.is_none() && !read.is_given("body") {
        read.fields.refuse("body", ErrorCode::Required, "is required, since the problem has no solution yet");
    }
    let outcome = match read.fields.string("outcome").as_deref().map(Outcome::parse) {
        Some(None) => {
            read.fields.refuse("outcome", ErrorCode::Invalid, "must be upheld, partly_upheld, not_upheld or withdrawn");
            None
        }
        outcome => outcome.flatten(),
    };
    let remedy = read.fields.text("remedy");
    let errors = read.fields.into_errors();
    match text.filter(|_| errors.is_empty()) {
        Some(text) => Ok(Answer { text, outcome, remedy }),
        None => Err(errors.into()),
    }
}

/// A text in several languages, or null.
fn texts(read: &mut PatchFields, name: &str) -> Option<Option<LocalText>> {
    let given = read.fields.value(name).filter(|given| !given.is_null());
    match given.map(serde_json::from_value::<LocalText>) {
        Some(Err(error)) => {
            read.fields.refuse(name, ErrorCode::Invalid, format!("must be texts by language: {error}"));
            None
        }
        texts => read.is_given(name).then_some(texts.and_then(std::result::Result::ok)),
    }
}
