//! Reading answers that were given elsewhere: on paper, or in another tool.

use sayso_shared::masking::{Masking, mask};

use super::respondent_hashes::imported_respondent;
use crate::clock::{HOUR, Millis, parse_rfc3339};
use crate::import::table::{Cells, Need};
use crate::keys::Keys;
use crate::service::survey::{Survey, SurveyKind};

/// Longest name of a respondent, in characters.
const RESPONDENT_MAX: usize = 200;
/// Longest text that was answered, in characters.
pub(super) const TEXT_MAX: usize = 10_000;
/// How far ahead of ours the clock may be where something was answered.
const AHEAD: Millis = HOUR;
/// The column that a file may have besides the others.
const TIME: &str = "answered_at";
/// The column for the version of the survey that was answered: its number or its mark.
pub(super) const VERSION: &str = "version";
/// The columns of a file.
pub(super) const COLUMNS: &[(&str, Need)] = &[
    ("respondent", Need::Required),
    ("item", Need::Required),
    ("field", Need::Required),
    ("value", Need::Required),
    (TIME, Need::Optional),
    (VERSION, Need::Optional),
];

/// An answer of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Imported {
    /// Whoever answered, as it is stored.
    pub(super) respondent: String,
    /// The key of the item.
    pub(super) item: String,
    /// What of the item is answered.
    pub(super) field: String,
    /// What was answered.
    pub(super) value: String,
    /// When, where the file says it.
    pub(super) answered_at: Option<Millis>,
}

/// Reads a row, or says what is wrong with it.
pub(super) fn read(keys: &Keys, survey: &Survey, row: &Cells, now: Millis) -> Result<Imported, String> {
    if let Some(column) = row.with_nul() {
        return Err(format!("{column}: must not contain the NUL character"));
    }
    let respondent = row.get("respondent");
    if !(1..=RESPONDENT_MAX).contains(&respondent.chars().count()) || respondent.chars().any(char::is_control) {
        return Err(format!("respondent: must have 1 to {RESPONDENT_MAX} characters, on one line"));
    }
    let item = item(survey, row.get("item"))?;
    let field = row.get("field").to_lowercase();
    let value = value(survey.kind, &field, row.get("value"))?;
    let answered_at = match row.get(TIME) {
        "" => None,
        text => Some(
            parse_rfc3339(text)
                .ok_or_else(|| format!("{TIME}: must be a time as in RFC 3339, such as 2026-11-22T10:00:00+08:00"))?,
        ),
    };
    if answered_at.is_some_and(|at| !(0..=now + AHEAD).contains(&at)) {
        return Err(format!("{TIME}: must be after 1970 and not in the future"));
    }
    Ok(Imported { respondent: imported_respondent(keys, respondent), item, field, value, answered_at })
}

/// The key of the item that is meant. A survey of one question has one, whatever it is called.
fn item(survey: &Survey, typed: &str) -> Result<String, String> {
    match survey.items.as_slice() {
        [] if typed.chars().count() <= 64 => Ok(if typed.is_empty() { "score" } else { typed }.to_owned()),
        [only] if typed.is_empty() => Ok(only.key.to_string()),
        items if items.iter().any(|item| item.key.as_str() == typed) => Ok(typed.to_owned()),
        items => {
            let known: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
            Err(format!("item: there is no {typed:?}; there are {}", known.join(", ")))
        }
    }
}

/// The value in the one way in which it is stored.
pub(super) fn value(kind: SurveyKind, field: &str, typed: &str) -> Result<String, String> {
    if typed.contains('\0') {
        return Err("value: must not contain the NUL character".to_owned());
    }
    let number = |least: u8, most: u8| match whole(typed).filter(|number| (least..=most).contains(number)) {
        Some(number) => Ok(number.to_string()),
        None => Err(format!("value: {field} is a whole number from {least} to {most}")),
    };
    let fields = match (kind, field) {
        (SurveyKind::Kano, "functional" | "dysfunctional") => {
            const FEELINGS: [&str; 5] = ["like", "must_be", "neutral", "live_with", "dislike"];
            let word = typed.to_lowercase();
            return match FEELINGS.contains(&word.as_str()) {
                true => Ok(word),
                false => Err(format!("value: {field} is one of {}", FEELINGS.join(", "))),
            };
        }
        (SurveyKind::ImportanceSatisfaction, "satisfaction") if typed.eq_ignore_ascii_case("unknown") => {
            return Ok("unknown".to_owned());
        }
        (SurveyKind::ImportanceSatisfaction, "importance" | "satisfaction") => return number(1, 5),
        (SurveyKind::Servqual, "expectation" | "perception") => return number(1, 7),
        (SurveyKind::Csat, "score") => return number(1, 5),
        (SurveyKind::Ces, "score") => return number(1, 7),
        (SurveyKind::Nps, "score") => return number(0, 10),
        (SurveyKind::Free, _) if !field.is_empty() && field.len() <= 64 => {
            return match typed.chars().count() {
                1..=TEXT_MAX => Ok(mask(typed.to_owned(), Masking::Everything)),
                _ => Err(format!("value: must have 1 to {TEXT_MAX} characters")),
            };
        }
        (SurveyKind::Kano, _) => "functional and dysfunctional",
        (SurveyKind::ImportanceSatisfaction, _) => "importance and satisfaction",
        (SurveyKind::Servqual, _) => "expectation and perception",
        (SurveyKind::Csat | SurveyKind::Ces | SurveyKind::Nps, _) => "score",
        (SurveyKind::Free, _) => "a name of up to 64 letters",
    };
    Err(format!("field: a survey of the kind {} has {fields}", kind.as_str()))
}

/// A whole number as spreadsheets write it: `5`, `5.0`.
fn whole(text: &str) -> Option<u8> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    rest.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_stored_in_one_way() {
        for (kind, field, typed, stored) in [
            (SurveyKind::Csat, "score", "5.0", "5"),
            (SurveyKind::Nps, "score", "0", "0"),
            (SurveyKind::Kano, "functional", "Must_Be", "must_be"),
            (SurveyKind::ImportanceSatisfaction, "satisfaction", "Unknown", "unknown"),
            (SurveyKind::Free, "text", "My card is 4111 1111 1111 1111.", "My card is •••• •••• •••• 1111."),
        ] {
            assert_eq!(value(kind, field, typed).as_deref(), Ok(stored));
        }
        for (kind, field, typed) in [
            (SurveyKind::Csat, "score", "6"),
            (SurveyKind::Csat, "score", "4.5"),
            (SurveyKind::Nps, "score", "11"),
            (SurveyKind::Nps, "score", ""),
            (SurveyKind::Kano, "functional", "love"),
            (SurveyKind::Kano, "score", "like"),
            (SurveyKind::ImportanceSatisfaction, "importance", "unknown"),
            (SurveyKind::Servqual, "expectation", "0"),
            (SurveyKind::Free, "", "text"),
            (SurveyKind::Free, "text", "a\0b"),
        ] {
            assert!(value(kind, field, typed).is_err(), "{field} {typed}");
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_as_itself(typed in "\\PC{0,12}", field in "functional|score|importance|satisfaction|expectation") {
            for kind in [SurveyKind::Csat, SurveyKind::Kano, SurveyKind::ImportanceSatisfaction, SurveyKind::Servqual] {
                if let Ok(stored) = value(kind, &field, &typed) {
                    prop_assert_eq!(value(kind, &field, &stored), Ok(stored));
                }
            }
        }
    }
}
