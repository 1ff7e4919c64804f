//! The questions of a survey as a form: for the customer's page, and for members who type in what stands on paper.

use sayso_shared::Lang;

use crate::service::survey::Survey;
use crate::surveys::questions::{self, ANSWER_MAX, Block, FEELINGS, Question, Wrong};
use crate::text::Texts;

/// The questions with what was typed, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct QuestionForm {
    /// The texts in the reader's language.
    pub t: Texts,
    /// What is asked, in the order of the page.
    pub blocks: Vec<Block>,
    kind: &'static str,
    typed: Vec<(String, String)>,
    wrong: Vec<Wrong>,
}

impl QuestionForm {
    /// Empty questions, in the order that `seed` draws; `main` is the first language of the site.
    pub fn new(survey: &Survey, t: Texts, main: Option<Lang>, seed: &str) -> Self {
        let blocks = questions::blocks(survey, t.0, main, seed);
        Self { t, blocks, kind: survey.kind.as_str(), typed: Vec::new(), wrong: Vec::new() }
    }

    /// The same with what was typed; `of` gives what stands in a field.
    pub fn with_typed(mut self, of: impl Fn(&str) -> String) -> Self {
        // No page can show the one character that no database takes.
        let shown = |name: &str| of(name).replace('\0', "\u{fffd}");
        self.typed = self.names().map(|name| (name.to_owned(), shown(name))).collect();
        self
    }

    /// The same with what is wrong.
    pub fn with_wrong(mut self, wrong: Vec<Wrong>) -> Self {
        self.wrong = wrong;
        self
    }

    /// The field of the only question.
    pub fn only(&self) -> Option<&str> {
        let mut names = self.names();
        names.next().filter(|_| names.next().is_none())
    }

    /// Whether nothing was answered at all.
    pub fn has_nothing(&self) -> bool {
        self.wrong.contains(&Wrong::Nothing)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().flat_map(|block| &block.questions).map(|question| question.name.as_str())
    }

    /// What stands in the field of a question.
    pub fn typed(&self, question: &Question) -> &str {
        self.typed.iter().find(|(known, _)| *known == question.name).map_or("", |(_, value)| value.as_str())
    }

    /// Whether an answer is chosen.
    pub fn is_chosen(&self, question: &Question, value: &str) -> bool {
        self.typed(question) == value
    }

    /// Whether a number is chosen.
    pub fn has_step(&self, question: &Question, step: &u8) -> bool {
        self.typed(question) == step.to_string()
    }

    /// What is wrong with a question.
    pub fn error(&self, question: &Question) -> Option<String> {
        self.wrong.iter().find_map(|wrong| match wrong {
            Wrong::Choice(name) if *name == question.name => Some(self.t.get("survey.choice").to_owned()),
            Wrong::TooLong(name) if *name == question.name => Some(self.t.count("survey.too_long", ANSWER_MAX as u64)),
            Wrong::Unreadable(name) if *name == question.name => Some(self.t.get("pages.wrong.invalid").to_owned()),
            _ => None,
        })
    }

    /// How a question is put.
    pub fn label(&self, question: &Question) -> &'static str {
        self.t.get(&format!("survey.ask.{}.{}", self.kind, question.field))
    }

    /// What the first number means.
    pub fn low(&self, question: &Question) -> &'static str {
        self.t.get(&format!("survey.ask.{}.{}_low", self.kind, question.field))
    }

    /// What the last number means.
    pub fn high(&self, question: &Question) -> &'static str {
        self.t.get(&format!("survey.ask.{}.{}_high", self.kind, question.field))
    }

    /// The feelings, each with its word.
    pub fn feelings(&self) -> Vec<(&'static str, &'static str)> {
        FEELINGS.into_iter().map(|word| (word, self.t.get(&format!("survey.feeling.{word}")))).collect()
    }

    /// The longest text.
    pub fn longest(&self) -> usize {
        ANSWER_MAX
    }

    /// The identifier of a question on the page.
    pub fn id(&self, question: &Question) -> String {
        question.name.replace([':', '.'], "-")
    }
}
