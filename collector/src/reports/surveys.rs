//! What the answers to a survey say.

use std::collections::{BTreeMap, BTreeSet};

use sayso_analysis::importance;
use sayso_analysis::kano::{self, Counts, Feeling};
use sayso_analysis::servqual::{Dimension, Gap, overall};
use serde::de::{DeserializeOwned, IntoDeserializer as _};
use serde_json::{Value, json};

use super::asked::Asked;
use super::figures::{Content, Row, TOO_FEW};
use super::respondents::{Answers, Respondents, may_be_weighted};
use super::scores;
use crate::app::App;
use crate::http::Result;
use crate::service::survey::{Survey, SurveyItem, SurveyKind};
use crate::surveys::ScaleAnswers;

/// The report of a survey, by its kind, of the answers that were given in the period.
pub async fn content(app: &App, asked: &Asked, survey: &Survey) -> Result<Content> {
    let respondents = Respondents::load(app, asked, survey).await?;
    let fields: &[&str] = match survey.kind {
        SurveyKind::Kano => &["functional", "dysfunctional"],
        SurveyKind::ImportanceSatisfaction => &["importance", "satisfaction"],
        SurveyKind::Servqual => &["expectation", "perception"],
        SurveyKind::Csat | SurveyKind::Ces | SurveyKind::Nps | SurveyKind::Free => &["score"],
    };
    let stored = ScaleAnswers::load(&app.db, (survey.key.as_str(), asked.version), fields, asked.period).await?;
    let answers = respondents.answers(&asked.filter, &stored);
    match survey.kind {
        SurveyKind::Kano => Ok(of_kano(survey, &answers, asked.fewest)),
        SurveyKind::ImportanceSatisfaction => Ok(of_importance(survey, &answers, asked, &respondents)),
        SurveyKind::Servqual => Ok(of_servqual(survey, &answers, asked.fewest)),
        SurveyKind::Csat | SurveyKind::Ces | SurveyKind::Nps | SurveyKind::Free => {
            scores::content(asked, survey, &answers, &respondents)
        }
    }
}

/// What a respondent answered to the two scales of an item.
#[derive(Clone, Copy, Default)]
struct Pair<'a> {
    first: Option<&'a str>,
    second: Option<&'a str>,
}

/// The answers of each respondent to the two scales of an item, of which the first is named.
fn by_respondent<'a>(answers: &Answers<'a>, item: &str, first: &str) -> BTreeMap<&'a str, Pair<'a>> {
    let mut found: BTreeMap<&str, Pair<'_>> = BTreeMap::new();
    for answer in answers.get(item).into_iter().flatten() {
        let pair = found.entry(answer.respondent).or_default();
        let scale = if answer.field == first { &mut pair.first } else { &mut pair.second };
        *scale = Some(answer.value);
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
    fn has_enough(&mut self, n: u64, fewest: u64) -> bool {
        if n < fewest {
            self.too_few += n;
        }
        n >= fewest
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
        None => names.iter().fold(row, |row, name| row.with(name, Value::Null)).with("note", TOO_FEW),
    }
}

fn of_kano(survey: &Survey, answers: &Answers<'_>, fewest: u64) -> Content {
    let mut left_out = LeftOut::default();
    let mut rows = Vec::new();
    for item in &survey.items {
        let mut categories = Vec::new();
        for pair in by_respondent(answers, item.key.as_str(), "functional").into_values() {
            match word::<Feeling>(pair.first).zip(word(pair.second)) {
                Some((functional, dysfunctional)) => categories.push(kano::category(functional, dysfunctional)),
                None => left_out.incomplete += 1,
            }
        }
        let counts = Counts::of(categories);
        let verdict = counts.verdict().filter(|_| left_out.has_enough(counts.n(), fewest));
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

/// The answers to an item: how important it is, and how satisfied those are who know it.
struct Rated<'a> {
    item: &'a SurveyItem,
    n: u64,
    knowing: u64,
    figures: Option<importance::Figures>,
    /// The same with each answer counted by the value of its customer; none where all count alike, or too few count otherwise.
    weighted: Option<importance::Figures>,
}

impl<'a> Rated<'a> {
    fn of(item: &'a SurveyItem, answers: &[importance::Answer], left_out: &mut LeftOut, fewest: u64) -> Self {
        let n = answers.len() as u64;
        let knowing: Vec<f64> =
            answers.iter().filter(|answer| answer.satisfaction.is_some()).map(|answer| answer.weight).collect();
        let is_shown = left_out.has_enough(n, fewest);
        // Of those who know the item there may be too few where there are enough who say how important it is.
        let is_known = is_shown && left_out.has_enough(knowing.len() as u64, fewest);
        let shown = |figures: Option<importance::Figures>| {
            let figures = figures.filter(|_| is_shown)?;
            Some(if is_known { figures } else { importance::Figures { satisfaction: None, rating: None, ..figures } })
        };
        let alike: Vec<importance::Answer> =
            answers.iter().map(|answer| importance::Answer { weight: 1.0, ..*answer }).collect();
        let all = answers.iter().map(|answer| answer.weight);
        let may = may_be_weighted(all, fewest) && may_be_weighted(knowing.iter().copied(), fewest);
        Self {
            item,
            n,
            knowing: knowing.len() as u64,
            figures: shown(importance::figures(&alike)),
            weighted: shown(importance::figures(answers)).filter(|_| may),
        }
    }

    fn into_row(self, quadrant: Option<importance::Quadrant>, is_weighted: bool, fewest: u64) -> Row {
        let key = self.item.key.as_str();
        let (figures, weighted) = (self.figures, self.weighted);
        let mut row = Row::new(key, self.n)
            .with("item", key)
            .with("importance", figures.map(|figures| figures.importance))
            .with("satisfaction", figures.and_then(|figures| figures.satisfaction))
            .with("satisfaction_n", self.knowing)
            .with("quadrant", json!(quadrant))
            .with("is_rating", figures.and_then(|figures| figures.rating));
        if is_weighted {
            row = row
                .with("weighted_importance", weighted.map(|figures| figures.importance))
                .with("weighted_satisfaction", weighted.and_then(|figures| figures.satisfaction))
                .with("weighted_is_rating", weighted.and_then(|figures| figures.rating));
        }
        if self.n < fewest || self.knowing < fewest { row.with("note", TOO_FEW) } else { row }
    }
}

fn of_importance(survey: &Survey, answers: &Answers<'_>, asked: &Asked, respondents: &Respondents) -> Content {
    let mut left_out = LeftOut::default();
    let mut rated = Vec::new();
    for item in &survey.items {
        let mut complete = Vec::new();
        for (respondent, pair) in by_respondent(answers, item.key.as_str(), "importance") {
            let satisfaction = match pair.second {
                Some("unknown") => {
                    left_out.unknown += 1;
                    Some(None)
                }
                Some(score) => score.parse().ok().map(Some),
                None => None,
            };
            match number(pair.first).zip(satisfaction) {
                Some((importance, satisfaction)) => {
                    let weight = respondents.weight(respondent);
                    complete.push(importance::Answer { importance, satisfaction, weight });
                }
                None => left_out.incomplete += 1,
            }
        }
        rated.push(Rated::of(item, &complete, &mut left_out, asked.fewest));
    }
    // Items that are not shown move no line, or the line would tell of them.
    let figures: Vec<importance::Figures> = rated.iter().filter_map(|rated| rated.figures).collect();
    let lines = importance::lines(&figures, asked.crosshair);
    let mut quadrants = importance::quadrants(&figures, asked.crosshair).into_iter();
    let row = |rated: Rated<'_>| {
        let quadrant = rated.figures.and_then(|_| quadrants.next().flatten());
        rated.into_row(quadrant, respondents.are_weighted(), asked.fewest)
    };
    let rows = rated.into_iter().map(row).collect();
    let overall = json!({
        "crosshair": asked.crosshair.as_str(),
        "lines": lines.map(|(satisfaction, importance)| json!({"satisfaction": satisfaction, "importance": importance})),
    });
    Content { rows, overall: Some(overall), left_out: left_out.into_map() }
}

fn of_servqual(survey: &Survey, answers: &Answers<'_>, fewest: u64) -> Content {
    let mut left_out = LeftOut::default();
    let (mut rows, mut gaps) = (Vec::new(), Vec::new());
    for dimension in Dimension::ALL {
        let (mut items, mut respondents, mut count) = (Vec::new(), BTreeSet::new(), 0);
        for item in survey.items.iter().filter(|item| item.dimension == Some(dimension)) {
            let mut pairs = Vec::new();
            for (respondent, pair) in by_respondent(answers, item.key.as_str(), "expectation") {
                match number(pair.first).zip(number(pair.second)) {
                    Some(scores) => {
                        pairs.push(scores);
                        respondents.insert(respondent);
                    }
                    None => left_out.incomplete += 1,
                }
            }
            count += pairs.len() as u64;
            items.extend(Gap::of_item(&pairs));
        }
        let n = respondents.len() as u64;
        if n < fewest {
            left_out.too_few += count;
        }
        let gap = Gap::of_items(&items).filter(|_| n >= fewest);
        gaps.extend(gap.map(Gap::value));
        let figures =
            gap.map(|gap| json!({"expectation": gap.expectation, "perception": gap.perception, "gap": gap.value()}));
        let key = serde_json::to_value(dimension).unwrap_or_default();
        let group = ("dimension", key.as_str().unwrap_or_default());
        rows.push(row(group, n, figures, &["expectation", "perception", "gap"]));
    }
    // Of all five or of none: a mean of some would be another figure under the same name.
    let is_whole = gaps.len() == Dimension::ALL.len();
    let mut whole = json!({"gap": overall(&gaps, None).filter(|_| is_whole)});
    if let Some(weights) = &survey.weights {
        let points = Dimension::ALL.map(|dimension| weights.get(&dimension).copied().unwrap_or_default());
        whole["weighted_gap"] = json!(overall(&gaps, Some(&points)).filter(|_| is_whole));
        whole["weights"] = json!(weights);
    }
    Content { rows, overall: Some(whole), left_out: left_out.into_map() }
}

fn number(score: Option<&str>) -> Option<u8> {
    score?.parse().ok()
}

fn word<T: DeserializeOwned>(word: Option<&str>) -> Option<T> {
    let read: Result<T, serde::de::value::Error> = T::deserialize(word?.into_deserializer());
    read.ok()
}
