//! What holds of any model.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::runs::{Run, cut};

const DELIVERY: [&str; 4] = ["parcel arrived late", "courier never rang", "my delivery is missing", "快递一直没有送到"];
const PAYMENT: [&str; 4] = ["charged twice", "refund not on my card", "the invoice is wrong", "退款还没有到账"];

fn features(text: &str) -> Features {
    let runs: Vec<Run> = cut(text.to_lowercase().chars()).into_iter().map(|placed| placed.run).collect();
    Features::of(&runs)
}

fn lessons(texts: impl IntoIterator<Item = (String, String)>) -> Lessons {
    let mut lessons = Lessons::default();
    texts.into_iter().for_each(|(text, answer)| lessons.add(features(&text).numbers(), &answer));
    lessons
}

fn examples() -> Vec<(String, String)> {
    let mut examples = Vec::new();
    for n in 0..40 {
        examples.push((format!("{} order {n}", DELIVERY[n % 4]), "delivery".to_owned()));
        examples.push((format!("{} order {n}", PAYMENT[n % 4]), "payment".to_owned()));
    }
    examples
}

#[test]
fn it_says_what_decided() {
    let model = Model::fit(&lessons(examples()), &mut || ()).unwrap();
    let suggestion = model.suggest(&features("Order 7: the courier never came, and my parcel is late"));
    assert_eq!(suggestion.answer, "delivery");
    assert!(suggestion.confidence > 0.8, "{suggestion:?}");
    assert!(suggestion.words.iter().any(|(word, _)| word.contains("courier")), "{suggestion:?}");
    assert!(
        !suggestion.words.iter().any(|(word, _)| word == "order"),
        "what both have decides nothing: {suggestion:?}"
    );
    let suggestion = model.suggest(&features("退款到账了吗"));
    assert_eq!(suggestion.answer, "payment");
    assert!(suggestion.words.iter().any(|(word, _)| word.contains("退款")), "{suggestion:?}");
}

#[test]
fn what_cannot_be_learnt_is_no_model() {
    let same =
        |count: usize, answer: &str| (0..count).map(|_| ("late".to_owned(), answer.to_owned())).collect::<Vec<_>>();
    assert_eq!(Model::fit(&Lessons::default(), &mut || ()), None);
    assert_eq!(Model::fit(&lessons(same(50, "one")), &mut || ()), None);
    let rare = [same(50, "one"), same(4, "rare")].concat();
    assert_eq!(Model::fit(&lessons(rare), &mut || ()), None, "an answer that was right four times is not learnt");
}

#[test]
fn of_a_text_without_words_it_knows_how_frequent_answers_are() {
    let mut examples = examples();
    examples.extend((0..60).map(|_| (String::new(), "delivery".to_owned())));
    let suggestion = Model::fit(&lessons(examples), &mut || ()).unwrap().suggest(&features(""));
    assert_eq!((suggestion.answer.as_str(), suggestion.words), ("delivery", Vec::new()));
    assert!(suggestion.confidence > 0.5 && suggestion.confidence <= 1.0);
}

#[test]
fn of_a_word_and_its_parts_the_whole_is_named() {
    let words = [("快", 0.3), ("late", 0.25), ("快递", 0.2), ("came late", 0.1), ("递", 0.1), ("box", 0.05)];
    let named: Vec<(String, f64)> = named(words.into_iter());
    let names: Vec<&str> = named.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(names, ["快递", "came late", "box"]);
    assert!((named[0].1 - 0.6).abs() < 1e-12 && (named[1].1 - 0.35).abs() < 1e-12, "{named:?}");
}

#[test]
fn whoever_fits_may_rest() {
    let mut rests = 0;
    Model::fit(&lessons(examples()), &mut || rests += 1).unwrap();
    assert_eq!(rests, 80 * ROUNDS / REST_EVERY);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_lessons_does_not_matter(order in Just(examples()).prop_shuffle()) {
        prop_assert_eq!(Model::fit(&lessons(order), &mut || ()), Model::fit(&lessons(examples()), &mut || ()));
    }

    #[test]
    fn any_text_has_a_suggestion_of_those_that_were_learnt(
        texts in vec(("\\PC{0,40}", "[ab]"), 20..60), text in "\\PC{0,80}|[a-z 送货]{0,80}",
    ) {
        let Some(model) = Model::fit(&lessons(texts), &mut || ()) else { return Ok(()) };
        let suggestion = model.suggest(&features(&text));
        prop_assert!(["a", "b"].contains(&suggestion.answer.as_str()));
        prop_assert!((0.5..=1.0).contains(&suggestion.confidence), "the better one of two");
        prop_assert_eq!(model.answer(&features(&text).numbers()), suggestion.answer);
        prop_assert!(suggestion.words.len() <= WORDS_MAX);
        prop_assert!(suggestion.words.iter().all(|(word, share)| !word.is_empty() && *share > 0.0 && *share <= 1.0 + 1e-9));
    }
}
