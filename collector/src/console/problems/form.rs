//! What is typed about a problem, and what of it is wrong.

use std::collections::BTreeMap;

use sayso_shared::Lang;
use serde::Deserialize;

use crate::problems::Patch;
use crate::service::objects::{Problem, ProblemState};
use crate::service::words::{LocalText, Title};

/// The languages that a text is asked for in, besides those that it has.
const LANGUAGES: [&str; 3] = [Lang::En.as_str(), Lang::ZhHans.as_str(), Lang::ZhHant.as_str()];

/// The form. Texts by language are fields of their own: `cause.en`, `solution.zh-Hans`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ProblemForm {
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) state: String,
    /// The address of a member.
    #[serde(default)]
    pub(super) owner: String,
    pub(super) public: Option<String>,
    /// The key of a site.
    #[serde(default)]
    pub(super) site: String,
    #[serde(default)]
    pub(super) cost: String,
    #[serde(flatten)]
    pub(super) texts: BTreeMap<String, String>,
}

/// A text in one language, for the page.
pub(super) struct TextField {
    /// Its name in the form.
    pub(super) name: String,
    /// The language.
    pub(super) tag: String,
    /// What it says.
    pub(super) text: String,
}

/// What is wrong: the names of fields, each with the key of a text.
pub(super) type Errors = Vec<(String, &'static str)>;

impl ProblemForm {
    /// What stands in the form while nobody has changed it.
    pub(super) fn of(problem: &Problem) -> Self {
        let mut texts = BTreeMap::new();
        for (name, text) in
            [("question", &problem.question), ("cause", &problem.cause), ("solution", &problem.solution)]
        {
            let of_name = text.iter().flat_map(LocalText::iter);
            texts.extend(of_name.map(|(tag, text)| (format!("{name}.{tag}"), text.to_owned())));
        }
        Self {
            title: problem.title.to_string(),
            state: problem.state.as_str().to_owned(),
            owner: problem.owner.as_ref().map(|owner| owner.as_str().to_owned()).unwrap_or_default(),
            public: problem.public.then(|| "1".to_owned()),
            site: problem.site.as_ref().map(ToString::to_string).unwrap_or_default(),
            cost: problem.cost.map(|cost| cost.to_string()).unwrap_or_default(),
            texts,
        }
    }

    /// The texts of a name by language, also those that are not there yet.
    pub(super) fn fields(&self, name: &str) -> Vec<TextField> {
        let given = self.texts.keys().filter_map(|field| field.strip_prefix(name)?.strip_prefix('.'));
        let more = given.filter(|tag| !LANGUAGES.contains(tag));
        let field = |tag: &str| {
            let field = format!("{name}.{tag}");
            TextField { text: self.texts.get(&field).cloned().unwrap_or_default(), tag: tag.to_owned(), name: field }
        };
        LANGUAGES.into_iter().chain(more).map(field).collect()
    }

    /// The texts of a name; none if there are none.
    pub(super) fn local_text(&self, name: &str) -> Result<Option<LocalText>, (String, &'static str)> {
        let mut texts = BTreeMap::new();
        for field in self.fields(name).into_iter().filter(|field| !field.text.trim().is_empty()) {
            let text = field.text.replace("\r\n", "\n").trim().to_owned();
            let wrong = |_| (field.name.clone(), "desk.problem.text_error");
            LocalText::try_from(BTreeMap::from([(field.tag.clone(), text.clone())])).map_err(wrong)?;
            texts.insert(field.tag, text);
        }
        Ok(LocalText::try_from(texts).ok())
    }

    /// What it says of a problem; everything that is wrong is said at once.
    pub(super) fn read(&self) -> Result<(Title, Patch), Errors> {
        let mut errors = Errors::new();
        let title = self.title.parse::<Title>();
        if title.is_err() {
            errors.push(("title".to_owned(), "desk.problem.title_error"));
        }
        let mut text = |name: &str| match self.local_text(name) {
            Ok(text) => text,
            Err(error) => {
                errors.push(error);
                None
            }
        };
        let (question, cause, solution) = (text("question"), text("cause"), text("solution"));
        let state = ProblemState::parse(&self.state);
        if state.is_none() {
            errors.push(("state".to_owned(), "console.case.invalid"));
        }
        let typed = self.cost.trim().replace(',', ".");
        let cost = Some(typed.as_str()).filter(|typed| !typed.is_empty()).map(str::parse::<f64>).transpose();
        let is_amount = |cost: &f64| cost.is_finite() && *cost >= 0.0;
        let cost = match cost {
            Ok(cost) if cost.as_ref().is_none_or(is_amount) => cost,
            _ => {
                errors.push(("cost".to_owned(), "desk.problem.cost_error"));
                None
            }
        };
        let owner = Some(self.owner.trim()).filter(|owner| !owner.is_empty()).map(str::parse).transpose();
        let owner = owner.unwrap_or_else(|_| {
            errors.push(("owner".to_owned(), "console.case.invalid"));
            None
        });
        let site = Some(self.site.trim()).filter(|site| !site.is_empty()).map(str::parse).transpose();
        let site = site.unwrap_or_else(|_| {
            errors.push(("site".to_owned(), "console.case.invalid"));
            None
        });
        match title {
            Ok(title) if errors.is_empty() => {
                let patch = Patch {
                    title: Some(title.clone()),
                    question: Some(question),
                    cause: Some(cause),
                    solution: Some(solution),
                    owner: Some(owner),
                    state,
                    public: Some(self.public.is_some()),
                    site: Some(site),
                    cost: Some(cost),
                };
                Ok((title, patch))
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn form() -> ProblemForm {
        let texts = [
            ("solution.en", "Ask for a new label.\r\n"),
            ("solution.zh-Hans", " "),
            ("solution.fr", "Demandez"),
            ("cause.en", ""),
        ];
        ProblemForm {
            title: "Labels fall off".to_owned(),
            state: "known".to_owned(),
            cost: "12,50".to_owned(),
            texts: texts.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
            ..ProblemForm::default()
        }
    }

    #[test]
    fn texts_are_read_by_language() {
        let (title, patch) = form().read().unwrap();
        let solution = patch.solution.unwrap().unwrap();
        let texts: Vec<_> = solution.iter().collect();
        assert_eq!(
            (title.as_str(), texts),
            ("Labels fall off", vec![("en", "Ask for a new label."), ("fr", "Demandez")])
        );
        assert_eq!((patch.cause, patch.cost, patch.public), (Some(None), Some(Some(12.5)), Some(false)));
        let tags: Vec<String> = form().fields("solution").into_iter().map(|field| field.tag).collect();
        assert_eq!(tags, ["en", "zh-Hans", "zh-Hant", "fr"]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let mut wrong =
            ProblemForm { title: " ".to_owned(), state: "gone".to_owned(), cost: "-1".to_owned(), ..form() };
        wrong.owner = "nobody".to_owned();
        wrong.texts.insert("cause.en".to_owned(), "x".repeat(10_001));
        let fields: Vec<String> = wrong.read().unwrap_err().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["title", "cause.en", "state", "cost", "owner"]);
    }
}
