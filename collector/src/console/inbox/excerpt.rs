//! What the inbox shows of a case's words: how they begin, or the passage where they say what was searched for.

use std::collections::HashMap;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::cases::search::{SearchText, said};
use crate::console::shell::excerpt;
use crate::db::Db;

/// Characters of an excerpt, as a reader sees them.
const LENGTH: usize = 180;
/// So much stands before the first hit, where it is further down.
const BEFORE: usize = 40;
/// A cut moves so far to stand between words.
const WORD_MAX: usize = 24;
/// Characters of a case's opening in which a hit has its surroundings.
const OPENING: usize = 200;
/// Characters of a page in which hits are looked for beyond the openings: long conversations must not make it slow.
const SEARCHED_MAX: usize = 50_000;

/// A stretch of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it says.
    pub text: String,
    /// Whether that was searched for.
    pub is_hit: bool,
}

/// The excerpts of cases, of which the identifier and the opening are given.
pub async fn excerpts(db: &Db, cases: &[(&str, &str)], text: &SearchText) -> sqlx::Result<Vec<Vec<Part>>> {
    let mut passages: Vec<Option<Vec<Part>>> = cases.iter().map(|(_, opening)| of_opening(opening, text)).collect();
    let elsewhere = cases.iter().zip(&passages).filter(|(_, passage)| passage.is_none());
    let elsewhere: Vec<String> = elsewhere.map(|((id, _), _)| (*id).to_owned()).collect();
    let said =
        if text.has_words() && !elsewhere.is_empty() { said::texts(db, &elsewhere).await? } else { HashMap::new() };
    let mut room = SEARCHED_MAX;
    for ((id, _), passage) in cases.iter().zip(&mut passages).filter(|(_, passage)| passage.is_none()) {
        for said in said.get(*id).into_iter().flatten() {
            let Some(rest) = room.checked_sub(said.chars().count()) else { break };
            room = rest;
            let hits = text.hits(said);
            if !hits.is_empty() {
                *passage = Some(around(said, &hits));
                break;
            }
        }
    }
    let beginning = |opening: &str| vec![Part { text: excerpt(opening, LENGTH), is_hit: false }];
    let excerpts = cases.iter().zip(passages);
    Ok(excerpts.map(|((_, opening), passage)| passage.unwrap_or_else(|| beginning(opening))).collect())
}

/// The passage of an opening in which the first hit is, if the opening has what stands around it.
fn of_opening(opening: &str, text: &SearchText) -> Option<Vec<Part>> {
    let hits = text.hits(opening);
    let end = opening.char_indices().nth(OPENING).map_or(opening.len(), |(at, _)| at);
    hits.first().filter(|first| first.end <= end).map(|_| around(opening, &hits))
}

/// The passage of a text around the first of its hits, on one line, with the hits in it.
fn around(text: &str, hits: &[Range<usize>]) -> Vec<Part> {
    let characters = on_one_line(text, hits);
    let first = characters.iter().position(|(_, is_hit)| *is_hit).unwrap_or_default();
    let start = if first < LENGTH * 2 / 3 { 0 } else { word_start(&characters, first - BEFORE, first) };
    let end = start + LENGTH;
    let end = if end < characters.len() { word_end(&characters, end) } else { characters.len() };
    let mut parts: Vec<Part> = Vec::new();
    let mut add = |text: &str, is_hit: bool| match parts.last_mut().filter(|last| last.is_hit == is_hit) {
        Some(last) => last.text.push_str(text),
        None => parts.push(Part { text: text.to_owned(), is_hit }),
    };
    if start > 0 {
        add("…", false);
    }
    characters[start..end].iter().for_each(|(character, is_hit)| add(character, *is_hit));
    if end < characters.len() {
        add("…", false);
    }
    parts
}

/// The characters of a text as a reader sees them, with one space for any, and whether each is part of a hit.
fn on_one_line<'a>(text: &'a str, hits: &[Range<usize>]) -> Vec<(&'a str, bool)> {
    let mut hits = hits.iter().peekable();
    let mut characters: Vec<(&str, bool)> = Vec::new();
    for (at, character) in text.trim().grapheme_indices(true) {
        let at = at + (text.len() - text.trim_start().len());
        while hits.next_if(|hit| hit.end <= at).is_some() {}
        let is_hit = hits.peek().is_some_and(|hit| hit.start <= at);
        if !character.chars().all(char::is_whitespace) {
            characters.push((character, is_hit));
        } else if characters.last().is_some_and(|(last, _)| *last != " ") {
            characters.push((" ", is_hit));
        }
    }
    characters
}

/// The next beginning of a word from `from` on, but not beyond `latest`.
fn word_start(characters: &[(&str, bool)], from: usize, latest: usize) -> usize {
    let space = (from..latest.min(from + WORD_MAX)).find(|at| characters[*at].0 == " ");
    space.map_or(from, |space| space + 1)
}

/// The last end of a word before `end`, unless it is far back: Chinese has no spaces within a sentence.
fn word_end(characters: &[(&str, bool)], end: usize) -> usize {
    let cuts_word = characters[end].0.starts_with(|next: char| next.is_ascii_alphanumeric());
    let space = (end - WORD_MAX..end).rev().find(|at| characters[*at].0 == " ");
    space.filter(|_| cuts_word).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, words: &str) -> String {
        let parts = around(text, &SearchText::of_words(words).hits(text));
        parts.iter().map(|part| if part.is_hit { format!("[{}]", part.text) } else { part.text.clone() }).collect()
    }

    #[test]
    fn shows_the_passage_of_the_first_hit() {
        assert_eq!(shown(" late\n delivery ", "delivery"), "late [delivery]");
        let far = format!("{} my parcel was torn and {}", "word ".repeat(100), "more ".repeat(100));
        let passage = shown(&far, "torn");
        assert!(
            passage.starts_with("…word word") && passage.contains(" was [torn] and more") && passage.ends_with("more…"),
            "{passage}"
        );
        let chinese = format!("{}收到的發票不對{}", "好".repeat(300), "。".repeat(300));
        let passage = shown(&chinese, "发票");
        assert!(
            passage.starts_with("…好") && passage.contains("收到的[發票]不對。") && passage.ends_with("。…"),
            "{passage}"
        );
    }

    proptest! {
        #[test]
        fn a_passage_says_nothing_that_the_text_does_not(text in "\\PC{0,400}|[a-z送货👍🏽é \n]{0,500}", words in "\\PC{0,6}|[a-z送货]{1,2}") {
            let hits = SearchText::of_words(&words).hits(&text);
            let parts = around(&text, &hits);
            let all: String = parts.iter().map(|part| part.text.as_str()).collect();
            prop_assert!(all.graphemes(true).count() <= LENGTH + 2 && !all.contains('\n'));
            prop_assert_eq!(parts.iter().any(|part| part.is_hit), !hits.is_empty());
            let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
            let (said, shown) = (without_spaces(&text), without_spaces(&all));
            let inner = shown.strip_prefix('…').unwrap_or(&shown);
            prop_assert!([inner.strip_suffix('…').unwrap_or(inner), inner, &shown].iter().any(|part| said.contains(part)));
        }
    }
}
