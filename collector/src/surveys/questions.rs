//! What a survey asks, question by question, and what was answered to it: pure, for pages, paper and people who type answers in alike.

use sayso_analysis::servqual::Dimension;
use sayso_shared::Lang;
use sha2::{Digest, Sha256};

use super::answers::Given;
use super::import::{TEXT_MAX, value};
use crate::service::survey::{Survey, SurveyItem, SurveyKind};
use crate::service::words::LocalText;
use crate::sites::texts::Shown;

/// The item of a survey that has none of its own.
const ONLY: &str = "score";
/// The item and the field of a text.
const TEXT: &str = "text";

/// What is asked about one item, together on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The key of the item.
    pub item: String,
    /// How it is put, in the reader's language; none for a survey of one question.
    pub text: Option<Shown>,
    /// The questions.
    pub questions: Vec<Question>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name of its field in a form.
    pub name: String,
    /// The key of the item.
    pub item: String,
    /// What of the item is asked.
    pub field: &'static str,
    /// What can be answered.
    pub ask: Ask,
}

/// What can be answered to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A number from the first to the second.
    Scale(u8, u8),
    /// The same, or that one does not know it.
    ScaleOrUnknown(u8, u8),
    /// One of five feelings.
    Feeling,
    /// Any text.
    Text,
}

/// Why answers can't be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// There is none.
    Nothing,
    /// That of a field is none of those that can be given.
    Choice(String),
    /// The text of a field is too long.
    TooLong(String),
    /// That of a field has a character that can't be stored.
    Unreadable(String),
}

/// The five feelings in the order in which they are asked for.
pub const FEELINGS: [&str; 5] = ["like", "must_be", "neutral", "live_with", "dislike"];
/// The longest text of an answer, in characters.
pub const ANSWER_MAX: usize = TEXT_MAX;

/// What a survey asks, for a reader. The order of items is drawn by `seed` and the same whenever it is drawn again: so that no item is always the first, and
/// that a page that comes back looks as it did. Items of SERVQUAL stay within their dimension.
pub fn blocks(survey: &Survey, lang: Lang, main: Option<Lang>, seed: &str) -> Vec<Block> {
    if survey.items.is_empty() {
        let item = if survey.kind == SurveyKind::Free { TEXT } else { ONLY };
        return vec![Block { item: item.to_owned(), text: None, questions: questions(survey.kind, item) }];
    }
    let mut items: Vec<&SurveyItem> = survey.items.iter().collect();
    items.sort_by_cached_key(|item| (item.dimension.map(place), drawn(seed, item.key.as_str())));
    let block = |item: &SurveyItem| Block {
        item: item.key.to_string(),
        text: Some(shown_in(&item.text, lang, main)),
        questions: questions(survey.kind, item.key.as_str()),
    };
    items.into_iter().map(block).collect()
}

/// The same in the order of the service file, for whoever looks at all answers together.
pub fn in_order(survey: &Survey, lang: Lang, main: Option<Lang>) -> Vec<Block> {
    let mut blocks = blocks(survey, lang, main, "");
    blocks.sort_by_key(|block| survey.items.iter().position(|item| item.key.as_str() == block.item));
    blocks
}

/// A text in the reader's language, else in the site's first one, else in any.
pub fn text_in(text: &LocalText, lang: Lang, main: Option<Lang>) -> &str {
    let wanted = [Some(lang), main].into_iter().flatten();
    wanted.map(Lang::as_str).find_map(|tag| text.nearest(tag)).unwrap_or_else(|| text.in_language(lang.as_str()))
}

/// The same with the tag of its language, which a reader of the page aloud has to know.
pub fn shown_in(text: &LocalText, lang: Lang, main: Option<Lang>) -> Shown {
    let shown = text_in(text, lang, main);
    let tag = text.iter().find(|(_, known)| *known == shown).map_or(lang.as_str(), |(tag, _)| tag);
    Shown { lang: tag.to_owned(), text: shown.to_owned() }
}

/// Reads the answers of a form, of which `typed` gives what stands in a field; all that is wrong is named.
pub fn read(survey: &Survey, typed: impl Fn(&str) -> String) -> Result<Vec<Given>, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let mut given = Vec::new();
    for question in blocks(survey, Lang::En, None, "").into_iter().flat_map(|block| block.questions) {
        let text = typed(&question.name);
        let value = match text.trim() {
            "" => None,
            text if text.contains('\0') => {
                wrong.push(Wrong::Unreadable(question.name.clone()));
                continue;
            }
            text if question.ask == Ask::Text && text.chars().count() > TEXT_MAX => {
                wrong.push(Wrong::TooLong(question.name.clone()));
                continue;
            }
            text => match value(survey.kind, question.field, text) {
                Ok(value) => Some(value),
                Err(_) => {
                    wrong.push(Wrong::Choice(question.name.clone()));
                    continue;
                }
            },
        };
        given.push(Given { item: question.item, field: question.field, value });
    }
    if wrong.is_empty() && given.iter().all(|given| given.value.is_none()) {
        wrong.push(Wrong::Nothing);
    }
    if wrong.is_empty() { Ok(given) } else { Err(wrong) }
}

/// About how many minutes the answers take, at twelve seconds each; at least one.
pub fn minutes(survey: &Survey) -> usize {
    let questions: usize = blocks(survey, Lang::En, None, "").iter().map(|block| block.questions.len()).sum();
    (questions * 12).div_ceil(60).max(1)
}

impl Question {
    /// The numbers that can be answered.
    pub fn steps(&self) -> Vec<u8> {
        match self.ask {
            Ask::Scale(least, most) | Ask::ScaleOrUnknown(least, most) => (least..=most).collect(),
            Ask::Feeling | Ask::Text => Vec::new(),
        }
    }

    /// Whether one may answer that one does not know it.
    pub const fn has_unknown(&self) -> bool {
        matches!(self.ask, Ask::ScaleOrUnknown(..))
    }

    /// Whether a text is asked for.
    pub fn is_text(&self) -> bool {
        self.ask == Ask::Text
    }

    /// Whether a feeling is asked for.
    pub fn is_feeling(&self) -> bool {
        self.ask == Ask::Feeling
    }
}

/// The name of the field of a form in which an item is answered.
pub fn name(field: &str, item: &str) -> String {
    format!("{field}:{item}")
}

fn questions(kind: SurveyKind, item: &str) -> Vec<Question> {
    let question = |field: &'static str, ask| Question { name: name(field, item), item: item.to_owned(), field, ask };
    match kind {
        SurveyKind::Csat => vec![question("score", Ask::Scale(1, 5))],
        SurveyKind::Ces => vec![question("score", Ask::Scale(1, 7))],
        SurveyKind::Nps => vec![question("score", Ask::Scale(0, 10))],
        SurveyKind::Kano => vec![question("functional", Ask::Feeling), question("dysfunctional", Ask::Feeling)],
        SurveyKind::ImportanceSatisfaction => {
            vec![question("importance", Ask::Scale(1, 5)), question("satisfaction", Ask::ScaleOrUnknown(1, 5))]
        }
        SurveyKind::Servqual => {
            vec![question("expectation", Ask::Scale(1, 7)), question("perception", Ask::Scale(1, 7))]
        }
        SurveyKind::Free => vec![question(TEXT, Ask::Text)],
    }
}

fn place(dimension: Dimension) -> usize {
    Dimension::ALL.iter().position(|known| *known == dimension).unwrap_or_default()
}

/// A number that looks drawn by chance, and is the same for the same seed and key.
fn drawn(seed: &str, key: &str) -> [u8; 8] {
    let digest = Sha256::digest(format!("{seed}\n{key}"));
    digest[..8].try_into().expect("a digest has more than eight bytes")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn survey(kind: &str, items: usize) -> Survey {
        let item = |at: usize| {
            let dimension = ["reliability", "empathy"][at % 2];
            let mut item =
                serde_json::json!({"key": format!("i{at}"), "text": {"en": format!("Item {at}"), "zh-Hans": "项目"}});
            if kind == "servqual" {
                item["dimension"] = dimension.into();
            }
            item
        };
        let items: Vec<_> = (0..items).map(item).collect();
        serde_json::from_value(
            serde_json::json!({"key": "s", "kind": kind, "site": "acme", "title": {"en": "S"}, "items": items}),
        )
        .unwrap()
    }

    fn read_all(survey: &Survey, typed: &[(&str, &str)]) -> Result<Vec<Given>, Vec<Wrong>> {
        let typed: BTreeMap<&str, &str> = typed.iter().copied().collect();
        read(survey, |name| typed.get(name).copied().unwrap_or_default().to_owned())
    }

    #[test]
    fn answers_are_read_as_files_are() {
        let kano = survey("kano", 1);
        let given = read_all(&kano, &[("functional:i0", "like"), ("dysfunctional:i0", "")]).unwrap();
        let values: Vec<_> = given.iter().map(|given| (given.field, given.value.as_deref())).collect();
        assert_eq!(values, [("functional", Some("like")), ("dysfunctional", None)]);
        assert_eq!(read_all(&kano, &[]), Err(vec![Wrong::Nothing]));
        let wrong = read_all(&kano, &[("functional:i0", "love")]);
        assert_eq!(wrong, Err(vec![Wrong::Choice("functional:i0".to_owned())]));
        let nps = survey("nps", 0);
        assert_eq!(read_all(&nps, &[("score:score", "10")]).unwrap()[0].value.as_deref(), Some("10"));
        assert!(read_all(&nps, &[("score:score", "11")]).is_err());
        let free = survey("free", 0);
        let long = "好".repeat(ANSWER_MAX + 1);
        assert_eq!(read_all(&free, &[("text:text", &long)]), Err(vec![Wrong::TooLong("text:text".to_owned())]));
        assert!(read_all(&free, &[("text:text", &long[3..])]).is_ok());
        assert_eq!(read_all(&free, &[("text:text", "a\0")]), Err(vec![Wrong::Unreadable("text:text".to_owned())]));
        let list = survey("importance_satisfaction", 1);
        assert_eq!(read_all(&list, &[("satisfaction:i0", "unknown")]).unwrap()[1].value.as_deref(), Some("unknown"));
    }

    #[test]
    fn a_language_that_is_missing_is_the_sites_first() {
        let survey = survey("kano", 1);
        let text = |lang, main| blocks(&survey, lang, main, "")[0].text.clone().map(|shown| shown.text).unwrap();
        assert_eq!(text(Lang::ZhHans, None), "项目");
        assert_eq!(text(Lang::ZhHant, Some(Lang::ZhHans)), "项目");
        assert_eq!(text(Lang::ZhHant, None), "Item 0");
    }

    proptest! {
        #[test]
        fn an_order_is_stable_and_whole(seed in "[a-z0-9]{0,12}", other in "[a-z0-9]{13}") {
            let survey = survey("servqual", 12);
            let order = |seed: &str| blocks(&survey, Lang::En, None, seed).into_iter().map(|block| block.item).collect::<Vec<_>>();
            let drawn = order(&seed);
            prop_assert_eq!(&drawn, &order(&seed));
            let mut sorted = drawn.clone();
            sorted.sort();
            let mut again = order(&other);
            again.sort();
            prop_assert_eq!(sorted, again);
            let dimension = |item: &String| item[1..].parse::<usize>().unwrap() % 2;
            prop_assert!(drawn.iter().take(6).all(|item| dimension(item) == 0), "reliability comes first");
        }
    }
}
