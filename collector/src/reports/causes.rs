//! What cases come from: problems, or topics, by how many cases and customers they have and what they cost; and over time, with what most of them came from.

use std::collections::{BTreeMap, HashMap};

use rustc_hash::FxHashSet;
use sayso_analysis::scores::share;

use super::asked::Asked;
use super::by::By;
use super::costs::Costs;
use super::facts::{self, Reach};
use super::figures::{Content, Row};
use super::groups::{Groups, Naming};
use crate::app::App;
use crate::http::Result;

#[derive(Debug, Default)]
struct Cause {
    cases: u64,
    complaints: u64,
    customers: FxHashSet<[u8; 16]>,
    costs: Costs,
    /// Of a part of time: its cases by problem.
    problems: HashMap<String, u64>,
}

impl Cause {
    /// The problem that most of the cases belong to, and how many do; of several the first by its key.
    fn most_frequent(&self) -> Option<(&str, u64)> {
        let largest = self.problems.iter().max_by(|(key, n), (other, more)| n.cmp(more).then_with(|| other.cmp(key)));
        largest.map(|(key, n)| (key.as_str(), *n))
    }
}

/// The report. Cases without a problem are in no row of it; they are named as left out. A part of time has all of its cases.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let mut groups: Groups<'_, Cause> = Groups::new(naming);
    facts::each(app, &Reach::received(asked, app), |fact| {
        if !asked.period.contains(fact.received_at()) || !asked.counts(fact) {
            return;
        }
        let cause = groups.of(asked.by.of(fact, fact.received_at()));
        cause.cases += 1;
        cause.complaints += u64::from(fact.kind() == "complaint");
        cause.customers.extend(fact.customer());
        if asked.by.is_of_time() && !fact.problem().is_empty() {
            *cause.problems.entry(fact.problem().to_owned()).or_default() += 1;
        }
        if let Some((cost, currency)) = fact.remedy() {
            cause.costs.add(1, cost, currency);
        }
    })
    .await?;
    let mut found = groups.finish(asked)?;
    let mut left_out = BTreeMap::new();
    if asked.by == By::Problem {
        let without: u64 = found.iter().filter(|(key, _)| key.is_none()).map(|(_, cause)| cause.cases).sum();
        left_out.insert("without_problem", without);
        found.retain(|(key, _)| !key.is_none());
    }
    if asked.by.is_of_time() {
        let with_problem: u64 = found.iter().flat_map(|(_, cause)| cause.problems.values()).sum();
        let all: u64 = found.iter().map(|(_, cause)| cause.cases).sum();
        left_out.insert("without_problem", all - with_problem);
    } else {
        found.sort_by(|(key, cause), (other, more)| more.cases.cmp(&cause.cases).then_with(|| key.cmp(other)));
    }
    let total: u64 = found.iter().map(|(_, cause)| cause.cases).sum();
    let service = app.service.current().await?;
    let mut so_far = 0;
    let mut rows = Vec::with_capacity(found.len());
    for (key, cause) in found {
        so_far += cause.cases;
        let most = cause.most_frequent();
        let about = if asked.by == By::Problem { Some(key.name.as_str()) } else { most.map(|(problem, _)| problem) };
        let problem = service.problems.iter().find(|problem| Some(problem.key.as_str()) == about);
        let mut row = Row::new(key.name.clone(), cause.cases)
            .with_share(cause.cases, total)
            .with("cumulative", share(so_far, total))
            .with("title", problem.map(|problem| problem.title.to_string()))
            .with("complaints", cause.complaints)
            .with("customers", cause.customers.len())
            .with("cost", problem.and_then(|problem| problem.cost))
            .with("remedy_cost", cause.costs.to_json());
        if asked.by.is_of_time() {
            row = row.with("problem", most.map(|(problem, _)| problem)).with("problem_n", most.map(|(_, n)| n));
        }
        rows.push(row);
    }
    Ok(Content { rows, overall: None, left_out })
}
