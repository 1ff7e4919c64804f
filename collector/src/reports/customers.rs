//! Customers by tier or over time: who comes again and again, and who may leave. It tells of no single person.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::asked::Asked;
use super::figures::{Content, Row, count};
use super::groups::{Groups, Naming};
use super::select::{Cases, Select};
use crate::app::App;
use crate::calls;
use crate::clock::Period;
use crate::http::Result;

/// A customer who complains so often in one period complains again and again.
const AGAIN: u64 = 2;
/// A last score of so much or less is one of somebody who may leave.
const UNHAPPY: i64 = 2;
/// A score that fell to this or less is, too.
const FALLEN_TO: i64 = 3;

#[derive(Debug, Default)]
struct Tier {
    cases: u64,
    complaints: u64,
    customers: u64,
    again: u64,
    unresolved: u64,
    at_risk: u64,
    /// Of a part of time: its customers, whose rows are of a quarter of an hour each.
    by_customer: HashMap<String, CustomerRow>,
}

#[derive(Debug, sqlx::FromRow)]
struct CustomerRow {
    grp: String,
    customer: String,
    found: i64,
    complaints: i64,
    open: i64,
    overdue: i64,
}

#[derive(sqlx::FromRow)]
struct ScoreRow {
    customer: String,
    score: i64,
}

#[derive(sqlx::FromRow)]
struct TotalRow {
    found: i64,
}

/// The last score of a customer, and the one before.
type LastScores = HashMap<String, (i64, Option<i64>)>;

/// The report: of the cases that were received within the period, and the ratings that were given in it.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let scores = last_scores(app, asked).await?;
    let mut groups: Groups<'_, Tier> = Groups::new(naming);
    let mut select = Select::new(asked, Cases::Worked).and("cases.customer_id is not null").received(asked, app);
    let now = select.bind(asked.now);
    let columns = format!(
        "{} as grp, cases.customer_id as customer, count(*) as found, \
         cast(sum(case when cases.kind = 'complaint' then 1 else 0 end) as bigint) as complaints, \
         cast(sum(case when cases.status not in ('resolved', 'closed') then 1 else 0 end) as bigint) as open, \
         cast(sum(case when cases.status not in ('resolved', 'closed') and cases.due_at < {now} then 1 else 0 end) as bigint) as overdue",
        asked.by.expression("cases.received_at")
    );
    let mut seen: u64 = 0;
    let mut over_time: HashSet<String> = HashSet::new();
    let take = |row: CustomerRow| {
        if asked.by.is_of_time() {
            over_time.insert(row.customer.clone());
            groups.at(&row.grp).gather(row);
        } else {
            seen += 1;
            groups.at(&row.grp).add(&row, scores.get(&row.customer));
        }
    };
    select.each(app, &columns, "cases", "group by 1, 2", take).await?;
    seen += over_time.len() as u64;
    let mut content = Content::default();
    for (key, mut tier) in groups.finish(asked)? {
        for (customer, row) in std::mem::take(&mut tier.by_customer) {
            tier.add(&row, scores.get(&customer));
        }
        let row = Row::new(key.name, tier.customers)
            .with_share(tier.again, tier.customers)
            .with("cases", tier.cases)
            .with("complaints", tier.complaints)
            .with("repeat_complainers", tier.again)
            .with("unresolved", tier.unresolved)
            .with("at_risk", tier.at_risk);
        content.rows.push(row);
    }
    let mut unknown = 0;
    let anonymous = Select::new(asked, Cases::Worked).and("cases.customer_id is null").received(asked, app);
    anonymous.each(app, "count(*) as found", "cases", "", |row: TotalRow| unknown = count(row.found)).await?;
    content.left_out.insert("unknown_customer", unknown);
    let check_calls = check_calls(app, asked).await?;
    content.overall =
        Some(json!({"customers": seen, "silent": silent(app, asked, seen).await?, "check_calls": check_calls}));
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

/// How many of the customers who had a case before the end of the period had none within it.
async fn silent(app: &App, asked: &Asked, seen: u64) -> Result<u64> {
    let until_now = Asked { period: Period { from: None, ..asked.period }, ..asked.clone() };
    let select = Select::new(&until_now, Cases::Worked).and("cases.customer_id is not null").received(&until_now, app);
    let mut known = 0;
    let take = |row: TotalRow| known = count(row.found);
    select.each(app, "count(distinct cases.customer_id) as found", "cases", "", take).await?;
    Ok(known.saturating_sub(seen))
}

async fn last_scores(app: &App, asked: &Asked) -> Result<LastScores> {
    let select = Select::new(asked, Cases::Answered)
        .and("cases.customer_id is not null")
        .within(asked, "satisfactions.created_at");
    let mut scores = LastScores::new();
    let take = |row: ScoreRow| {
        let before = scores.get(&row.customer).map(|(last, _)| *last);
        scores.insert(row.customer, (row.score, before));
    };
    let columns = "cases.customer_id as customer, satisfactions.score as score";
    let from = "satisfactions join cases on cases.id = satisfactions.case_id";
    select.each(app, columns, from, "order by satisfactions.created_at, satisfactions.case_id", take).await?;
    Ok(scores)
}

impl Tier {
    /// Adds what a customer did in a quarter of an hour to what they did before.
    fn gather(&mut self, row: CustomerRow) {
        match self.by_customer.get_mut(&row.customer) {
            Some(known) => {
                known.found += row.found;
                known.complaints += row.complaints;
                known.open += row.open;
                known.overdue += row.overdue;
            }
            None => drop(self.by_customer.insert(row.customer.clone(), row)),
        }
    }

    fn add(&mut self, row: &CustomerRow, scores: Option<&(i64, Option<i64>)>) {
        self.customers += 1;
        self.cases += count(row.found);
        self.complaints += count(row.complaints);
        self.again += u64::from(count(row.complaints) >= AGAIN);
        self.unresolved += u64::from(row.open > 0);
        let is_unhappy = scores.is_some_and(|(last, before)| {
            *last <= UNHAPPY || *last <= FALLEN_TO && before.is_some_and(|before| before > *last)
        });
        self.at_risk += u64::from(row.overdue > 0 || is_unhappy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_at_risk() {
        let row = |overdue| CustomerRow {
            grp: String::new(),
            customer: String::new(),
            found: 1,
            complaints: 1,
            open: overdue,
            overdue,
        };
        let is_at_risk = |overdue, scores: Option<(i64, Option<i64>)>| {
            let mut tier = Tier::default();
            tier.add(&row(overdue), scores.as_ref());
            tier.at_risk == 1
        };
        assert!(is_at_risk(1, None) && is_at_risk(0, Some((2, None))) && is_at_risk(0, Some((3, Some(5)))));
        assert!(!is_at_risk(0, None) && !is_at_risk(0, Some((3, None))) && !is_at_risk(0, Some((4, Some(5)))));
        assert!(!is_at_risk(0, Some((3, Some(1)))), "it rose");
    }
}
