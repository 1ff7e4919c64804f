//! The scores of a survey (CSAT, CES and NPS): by its items, over time, and by what is known of customers who were asked by mail.

use std::collections::BTreeSet;

use sayso_analysis::scores::{
    Weighted, easy, is_easy, is_satisfied, mean, nps, satisfied, share, weighted_mean, weighted_nps, weighted_share,
    wilson,
};
use serde_json::{Map, Value, json};

use super::asked::Asked;
use super::by::{By, Raw};
use super::figures::{Content, Row, TOO_FEW};
use super::groups::{Groups, Naming, sort};
use super::respondents::{Answers, Respondents, may_be_weighted};
use crate::http::Result;
use crate::service::survey::{Survey, SurveyKind};
use crate::surveys::ScaleAnswer;

/// The report. Where rows are no items, the scores of all items count together.
pub fn content(asked: &Asked, survey: &Survey, answers: &Answers<'_>, respondents: &Respondents) -> Result<Content> {
    let scores = Scores { kind: survey.kind, fewest: asked.fewest, is_weighted: respondents.are_weighted() };
    let score = |answer: &ScaleAnswer<'_>| Some((answer.value.parse().ok()?, respondents.weight(answer.respondent)));
    let mut content = Content::default();
    let mut rows: Vec<(Row, Vec<Weighted>)> = Vec::new();
    if asked.by == By::Item {
        let items: BTreeSet<&str> = match survey.items.as_slice() {
            [] => answers.keys().copied().collect(),
            items => items.iter().map(|item| item.key.as_str()).collect(),
        };
        for item in items {
            let found: Vec<Weighted> = answers.get(item).into_iter().flatten().filter_map(score).collect();
            rows.push((Row::new(item, found.len() as u64).with("item", item), found));
        }
    } else {
        let naming = Naming::new(asked, &[], &[]);
        let mut groups: Groups<'_, Vec<Weighted>> = Groups::new(&naming);
        for answer in answers.values().flatten() {
            let Some(score) = score(answer) else { continue };
            let raw = match asked.by.is_of_time() {
                true => Raw::at(answer.answered_at),
                false => Raw::Text(respondents.group(asked.by, answer.respondent)),
            };
            groups.of(raw).push(score);
        }
        let found = groups.finish(asked)?;
        rows.extend(found.into_iter().map(|(key, found)| (Row::new(key.name, found.len() as u64), found)));
    }
    let mut too_few = 0;
    for (row, found) in rows {
        let n = row.n;
        too_few += if n < asked.fewest { n } else { 0 };
        content.rows.push(scores.of(&found).into_iter().fold(row, |row, (name, value)| row.with(name, value)));
    }
    sort(asked.by, &mut content.rows);
    let all: Vec<Weighted> = answers.values().flatten().filter_map(score).collect();
    let mut overall = Map::from_iter([("n".to_owned(), json!(all.len()))]);
    overall.extend(scores.of(&all).into_iter().map(|(name, value)| (name.to_owned(), value)));
    content.overall = Some(overall.into());
    content.left_out = [("incomplete", 0), ("unknown", 0), ("too_few", too_few)].into();
    Ok(content)
}

/// How scores become figures.
struct Scores {
    kind: SurveyKind,
    fewest: u64,
    is_weighted: bool,
}

impl Scores {
    /// The figures by name; nulls and the reason of too few.
    fn of(&self, scores: &[Weighted]) -> Vec<(&'static str, Value)> {
        if (scores.len() as u64) < self.fewest {
            // The same figures as where there are enough, so that a table has the same columns.
            let further = if self.kind == SurveyKind::Nps { "margin" } else { "mean" };
            let weighted = self.weighted(&[]).into_iter().filter(|_| self.is_weighted).map(|(name, _)| name);
            let names = ["value", "low", "high", further].into_iter().chain(weighted);
            return names.map(|name| (name, Value::Null)).chain([("note", TOO_FEW.into())]).collect();
        }
        let mut figures = self.unweighted(scores);
        if self.is_weighted {
            let may = may_be_weighted(scores.iter().map(|(_, weight)| *weight), self.fewest);
            figures.extend(self.weighted(scores).into_iter().map(|(name, value)| (name, json!(value.filter(|_| may)))));
        }
        figures
    }

    fn unweighted(&self, scores: &[Weighted]) -> Vec<(&'static str, Value)> {
        let all = || scores.iter().map(|(score, _)| *score);
        if self.kind == SurveyKind::Nps {
            let found = nps(all());
            let interval = found.map(|found| found.interval());
            return vec![
                ("value", json!(found.map(|found| found.score))),
                ("low", json!(interval.map(|interval| interval.low))),
                ("high", json!(interval.map(|interval| interval.high))),
                ("margin", json!(found.map(|found| found.margin))),
            ];
        }
        let (count, n) = match self.kind {
            SurveyKind::Ces => easy(all()),
            _ => satisfied(all()),
        };
        let interval = wilson(count, n);
        vec![
            ("value", json!(share(count, n))),
            ("low", json!(interval.map(|interval| interval.low))),
            ("high", json!(interval.map(|interval| interval.high))),
            ("mean", json!(mean(&all().map(f64::from).collect::<Vec<_>>()))),
        ]
    }

    fn weighted(&self, scores: &[Weighted]) -> Vec<(&'static str, Option<f64>)> {
        let average = || weighted_mean(scores.iter().map(|(score, weight)| (f64::from(*score), *weight)));
        match self.kind {
            SurveyKind::Nps => vec![("weighted_value", weighted_nps(scores))],
            SurveyKind::Ces => {
                vec![("weighted_value", weighted_share(scores, is_easy)), ("weighted_mean", average())]
            }
            _ => vec![("weighted_value", weighted_share(scores, is_satisfied)), ("weighted_mean", average())],
        }
    }
}
