//! Customers by tier or over time: who comes again and again, and who may leave. It tells of no single person.

use rustc_hash::{FxHashMap, FxHashSet};
use sayso_analysis::facts::Fact;
use serde_json::{Value, json};

use super::asked::Asked;
use super::facts::{self, Reach};
use super::figures::{Content, Row, count};
use super::groups::{Groups, Naming};
use super::ratings;
use crate::app::App;
use crate::calls;
use crate::cases::counted::{AGAIN, FALLEN_TO, UNHAPPY};
use crate::clock::{Millis, Period};
use crate::http::Result;

/// The bytes of a customer's identifier.
type Id = [u8; 16];

/// The cases of one group by whose they are.
#[derive(Debug, Default)]
struct Tier(FxHashMap<Id, Customer>);

/// What a customer had in a group.
#[derive(Clone, Copy, Debug, Default)]
struct Customer {
    cases: u64,
    complaints: u64,
    is_waiting: bool,
    is_overdue: bool,
}

#[derive(Debug, Default)]
struct Counted {
    customers: u64,
    cases: u64,
    complaints: u64,
    again: u64,
    unresolved: u64,
    at_risk: u64,
}

/// The last score of a customer, and the one before.
type LastScores = FxHashMap<Id, (u8, Option<u8>)>;

/// The report: of the cases that were received within the period, and the ratings that were given in it.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    // When, of which case, by whom, and the score.
    let mut rated: Vec<(Millis, Id, Id, u8)> = Vec::new();
    let mut groups: Groups<'_, Tier> = Groups::new(naming);
    let (mut seen, mut known): (FxHashSet<Id>, FxHashSet<Id>) = Default::default();
    let mut unknown = 0_u64;
    let until_end = Asked { period: Period { from: None, ..asked.period }, ..asked.clone() };
    facts::each(app, &Reach::received(&until_end, app), |fact| {
        let received_at = fact.received_at();
        if let (Some(rating), Some(customer)) = (ratings::of(fact, asked), fact.customer()) {
            rated.push((rating.at, fact.id(), customer, rating.score));
        }
        if !asked.counts(fact) || !until_end.period.contains(received_at) {
            return;
        }
        let is_within = asked.period.contains(received_at);
        match fact.customer() {
            Some(customer) if is_within => {
                seen.insert(customer);
                groups.of(asked.by.of(fact, received_at)).add(customer, fact, asked.now);
            }
            Some(customer) => _ = known.insert(customer),
            None => unknown += u64::from(is_within),
        }
    })
    .await?;
    let scores = last_scores(rated);
    let silent = known.difference(&seen).count();
    let mut content = Content::default();
    for (key, tier) in groups.finish(asked)? {
        let counted = tier.count(&scores);
        let row = Row::new(key.name, counted.customers)
            .with_share(counted.again, counted.customers)
            .with("cases", counted.cases)
            .with("complaints", counted.complaints)
            .with("repeat_complainers", counted.again)
            .with("unresolved", counted.unresolved)
            .with("at_risk", counted.at_risk);
        content.rows.push(row);
    }
    content.left_out.insert("unknown_customer", unknown);
    let check_calls = check_calls(app, asked).await?;
    content.overall = Some(json!({"customers": seen.len(), "silent": silent, "check_calls": check_calls}));
    Ok(content)
}

/// What check calls found that were made within the period: `value` is the share of those who were content among those who said whether they were, with its
/// interval.
async fn check_calls(app: &App, asked: &Asked) -> Result<Value> {
    let Period { from, to } = asked.period;
    let found = calls::figures(&app.db, asked.filter.site_id.as_deref(), from, to).await?;
    let row = Row::new("check_calls", count(found.answered))
        .with_share_of_answers(count(found.satisfied), count(found.answered), asked.fewest)
        .with("called", found.called)
        .with("reached", found.reached)
        .with("satisfied", found.satisfied)
        .with("not_solved", found.not_solved);
    let mut value = serde_json::to_value(row).map_err(anyhow::Error::from)?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("group");
    }
    Ok(value)
}

fn last_scores(mut rated: Vec<(Millis, Id, Id, u8)>) -> LastScores {
    rated.sort_unstable();
    let mut scores = LastScores::default();
    for (_, _, customer, score) in rated {
        let before = scores.get(&customer).map(|(last, _)| *last);
        scores.insert(customer, (score, before));
    }
    scores
}

impl Tier {
    fn add(&mut self, customer: Id, fact: Fact<'_>, now: Millis) {
        let customer = self.0.entry(customer).or_default();
        let is_open = !fact.is_settled();
        customer.cases += 1;
        customer.complaints += u64::from(fact.kind() == "complaint");
        customer.is_waiting |= is_open;
        customer.is_overdue |= is_open && fact.due_at().is_some_and(|due| due < now);
    }

    fn count(&self, scores: &LastScores) -> Counted {
        let mut counted = Counted::default();
        for (id, customer) in &self.0 {
            counted.customers += 1;
            counted.cases += customer.cases;
            counted.complaints += customer.complaints;
            counted.again += u64::from(customer.complaints >= AGAIN);
            counted.unresolved += u64::from(customer.is_waiting);
            counted.at_risk += u64::from(customer.is_overdue || scores.get(id).is_some_and(is_unhappy));
        }
        counted
    }
}

fn is_unhappy((last, before): &(u8, Option<u8>)) -> bool {
    *last <= UNHAPPY || *last <= FALLEN_TO && before.is_some_and(|before| before > *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_at_risk() {
        let is_at_risk = |is_overdue, scores: Option<(u8, Option<u8>)>| {
            let customer = Customer { cases: 1, complaints: 1, is_waiting: is_overdue, is_overdue };
            let scores: LastScores = scores.into_iter().map(|scores| ([1; 16], scores)).collect();
            Tier(FxHashMap::from_iter([([1; 16], customer)])).count(&scores).at_risk == 1
        };
        assert!(is_at_risk(true, None) && is_at_risk(false, Some((2, None))) && is_at_risk(false, Some((3, Some(5)))));
        assert!(!is_at_risk(false, None) && !is_at_risk(false, Some((3, None))));
        assert!(!is_at_risk(false, Some((4, Some(5)))), "still content");
        assert!(!is_at_risk(false, Some((3, Some(1)))), "it rose");
    }
}
