//! What the answers to a survey say.

use std::collections::{BTreeMap, BTreeSet};

use sayso_analysis::importance::{self, Crosshair};
use sayso_analysis::kano::{self, Counts, Feeling};
use sayso_analysis::scores::{easy, mean, nps, satisfied, share, wilson};
use sayso_analysis::servqual::{Dimension, Gap, overall};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::figures::{Content, FEWEST, Row};
use crate::service::survey::{Survey, SurveyItem, SurveyKind};
use crate::surveys::Answer;

/// The report of a survey, by its kind.
pub fn content(survey: &Survey, answers: &[Answer], crosshair: Crosshair) -> Content {
    match survey.kind {
        SurveyKind::Kano => of_kano(survey, answers),
        SurveyKind::ImportanceSatisfaction => of_importance(survey, answers, crosshair),
        SurveyKind::Servqual => of_servqual(survey, answers),
        SurveyKind::Csat | SurveyKind::Ces | SurveyKind::Nps | SurveyKind::Free => of_scores(survey, answers),
    }
}

/// The answers of each respondent to an item, by field.
fn by_respondent<'a>(answers: &'a [Answer], item: &str) -> BTreeMap<&'a str, BTreeMap<&'a str, &'a str>> {
    let mut found: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for answer in answers.iter().filter(|answer| answer.item == item) {
        found.entry(&answer.respondent).or_default().insert(&answer.field, &answer.value);
    }
    found
}

/// What is left out, and why.
#[derive(Default)]
struct LeftOut {
    incomplete: u64,
    unknown: u64,
    too_few: u64,
}

impl LeftOut {
    fn into_map(self) -> BTreeMap<&'static str, u64> {
        let Self { incomplete, unknown, too_few } = self;
        BTreeMap::from([("incomplete", incomplete), ("unknown", unknown), ("too_few", too_few)])
    }

    /// Whether there are enough answers to show figures; else these are left out.
    fn has_enough(&mut self, n: u64) -> bool {
        if n < FEWEST {
            self.too_few += n;
        }
        n >= FEWEST
    }
}

/// A row of figures, or of nulls with the reason.
fn row((own_name, key): (&'static str, &str), n: u64, figures: Option<Value>, names: &[&'static str]) -> Row {
    let row = Row::new(key, n).with(own_name, key);
    match figures {
        Some(figures) => names.iter().fold(row, |row, name| match figures.get(name) {
            Some(value) => row.with(name, value.clone()),
            None => row,
        }),
        None => names.iter().fold(row, |row, name| row.with(name, Value::Null)).with("note", "too few"),
    }
}

fn of_kano(survey: &Survey, answers: &[Answer]) -> Content {
    let mut left_out = LeftOut::default();
    let mut rows = Vec::new();
    for item in &survey.items {
        let mut categories = Vec::new();
        for fields in by_respondent(answers, item.key.as_str()).values() {
            match word::<Feeling>(fields, "functional").zip(word(fields, "dysfunctional")) {
                Some((functional, dysfunctional)) => categories.push(kano::category(functional, dysfunctional)),
                None => left_out.incomplete += 1,
            }
        }
        let counts = Counts::of(categories);
        let verdict = counts.verdict().filter(|_| left_out.has_enough(counts.n()));
        let figures = verdict.map(|verdict| {
            json!({
                "counts": counts, "category": verdict.category, "weak": verdict.weak, "unclear": verdict.unclear,
                "better": verdict.better, "worse": verdict.worse,
            })
        });
        let names = ["counts", "category", "weak", "unclear", "better", "worse"];
        rows.push(row(("item", item.key.as_str()), counts.n(), figures, &names));
    }
    Content { rows, overall: None, left_out: left_out.into_map() }
}

fn of_importance(survey: &Survey, answers: &[Answer], crosshair: Crosshair) -> Content {
    let mut left_out = LeftOut::default();
    let mut shown = Vec::new();
    for item in &survey.items {
        let mut complete = Vec::new();
        for fields in by_respondent(answers, item.key.as_str()).values() {
            let satisfaction = match fields.get("satisfaction") {
                Some(&"unknown") => {
                    left_out.unknown += 1;
                    Some(None)
                }
                Some(score) => score.parse().ok().map(Some),
                None => None,
            };
            match number(fields, "importance").zip(satisfaction) {
                Some((importance, satisfaction)) => {
                    complete.push(importance::Answer { importance, satisfaction, weight: 1.0 });
                }
                None => left_out.incomplete += 1,
            }
        }
        let n = complete.len() as u64;
        let figures = importance::figures(&complete).filter(|_| left_out.has_enough(n));
        shown.push((item, n, figures));
    }
    // Items that are not shown move no line, or the line would tell of them.
    let figures: Vec<importance::Figures> = shown.iter().filter_map(|(.., figures)| *figures).collect();
    let mut quadrants = importance::quadrants(&figures, crosshair).into_iter();
    let names = ["importance", "satisfaction", "quadrant", "is_rating"];
    let of_item = |(item, n, figures): (&SurveyItem, u64, Option<importance::Figures>)| {
        let figures = figures.map(|figures| {
            json!({
                "importance": figures.importance, "satisfaction": figures.satisfaction,
                "quadrant": quadrants.next().flatten(), "is_rating": figures.rating,
            })
        });
        row(("item", item.key.as_str()), n, figures, &names)
    };
    let rows = shown.into_iter().map(of_item).collect();
    Content { rows, overall: None, left_out: left_out.into_map() }
}

fn of_servqual(survey: &Survey, answers: &[Answer]) -> Content {
    let mut left_out = LeftOut::default();
    let (mut rows, mut gaps) = (Vec::new(), Vec::new());
    for dimension in Dimension::ALL {
        let (mut items, mut respondents, mut count) = (Vec::new(), BTreeSet::new(), 0);
        for item in survey.items.iter().filter(|item| item.dimension == Some(dimension)) {
            let mut pairs = Vec::new();
            for (respondent, fields) in by_respondent(answers, item.key.as_str()) {
                match number(&fields, "expectation").zip(number(&fields, "perception")) {
                    Some(pair) => {
                        pairs.push(pair);
                        respondents.insert(respondent);
                    }
                    None => left_out.incomplete += 1,
                }
            }
            count += pairs.len() as u64;
            items.extend(Gap::of_item(&pairs));
        }
        let n = respondents.len() as u64;
        if n < FEWEST {
            left_out.too_few += count;
        }
        let gap = Gap::of_items(&items).filter(|_| n >= FEWEST);
        gaps.extend(gap.map(Gap::value));
        let figures =
            gap.map(|gap| json!({"expectation": gap.expectation, "perception": gap.perception, "gap": gap.value()}));
        let key = serde_json::to_value(dimension).unwrap_or_default();
        let group = ("dimension", key.as_str().unwrap_or_default());
        rows.push(row(group, n, figures, &["expectation", "perception", "gap"]));
    }
    // Of all five or of none: a mean of some would be another figure under the same name.
    let whole = overall(&gaps, None).filter(|_| gaps.len() == Dimension::ALL.len());
    Content { rows, overall: Some(json!({"gap": whole})), left_out: left_out.into_map() }
}

fn of_scores(survey: &Survey, answers: &[Answer]) -> Content {
    let mut left_out = LeftOut::default();
    let items: BTreeSet<&str> = match survey.items.as_slice() {
        [] => answers.iter().map(|answer| answer.item.as_str()).collect(),
        items => items.iter().map(|item| item.key.as_str()).collect(),
    };
    let mut rows = Vec::new();
    for item in items {
        let of_item = answers.iter().filter(|answer| answer.item == item && answer.field == "score");
        let scores: Vec<u8> = of_item.filter_map(|answer| answer.value.parse().ok()).collect();
        let n = scores.len() as u64;
        let figures = left_out.has_enough(n).then(|| figures_of(survey.kind, &scores));
        let names = figures
            .as_ref()
            .map_or(&SCORES[..3], |_| if survey.kind == SurveyKind::Nps { &NPS[..] } else { &SCORES[..] });
        rows.push(row(("item", item), n, figures, names));
    }
    Content { rows, overall: None, left_out: left_out.into_map() }
}

/// The figures of scores; of too few answers only the first three are named.
const SCORES: [&str; 4] = ["value", "low", "high", "mean"];
const NPS: [&str; 4] = ["value", "low", "high", "margin"];

fn figures_of(kind: SurveyKind, scores: &[u8]) -> Value {
    if kind == SurveyKind::Nps {
        return match nps(scores.iter().copied()) {
            Some(found) => json!({
                "value": found.score, "low": found.score - found.margin, "high": found.score + found.margin, "margin": found.margin,
            }),
            None => Value::Null,
        };
    }
    let (count, n) = match kind {
        SurveyKind::Ces => easy(scores.iter().copied()),
        _ => satisfied(scores.iter().copied()),
    };
    let interval = wilson(count, n);
    let average = mean(&scores.iter().map(|score| f64::from(*score)).collect::<Vec<_>>());
    json!({
        "value": share(count, n), "low": interval.map(|interval| interval.low), "high": interval.map(|interval| interval.high),
        "mean": average,
    })
}

fn number(fields: &BTreeMap<&str, &str>, name: &str) -> Option<u8> {
    fields.get(name)?.parse().ok()
}

fn word<T: DeserializeOwned>(fields: &BTreeMap<&str, &str>, name: &str) -> Option<T> {
    serde_json::from_value(Value::from(*fields.get(name)?)).ok()
}
