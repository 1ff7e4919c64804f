//! What cases come from: problems, or topics, by how many cases and customers they have and what they cost.

use std::collections::BTreeMap;

use sayso_analysis::scores::share;

use super::asked::Asked;
use super::by::By;
use super::costs::Costs;
use super::figures::{Content, Row, count};
use super::groups::{Groups, Naming};
use super::select::{Cases, Select};
use crate::app::App;
use crate::http::Result;

#[derive(Debug, Default)]
struct Cause {
    cases: u64,
    complaints: u64,
    customers: u64,
    costs: Costs,
}

#[derive(sqlx::FromRow)]
struct CauseRow {
    grp: String,
    found: i64,
    complaints: i64,
    customers: i64,
}

#[derive(sqlx::FromRow)]
struct CostRow {
    grp: String,
    currency: String,
    found: i64,
    cost: i64,
}

/// The report. Cases without a problem are in no row of it; they are named as left out.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let mut groups: Groups<'_, Cause> = Groups::new(naming);
    let group = asked.by.expression("cases.received_at");
    let select = Select::new(asked, Cases::Worked).received(asked, app);
    let columns = format!(
        "{group} as grp, count(*) as found, cast(sum(case when cases.kind = 'complaint' then 1 else 0 end) as bigint) as complaints, \
         count(distinct cases.customer_id) as customers"
    );
    let take = |row: CauseRow| {
        let cause = groups.at(&row.grp);
        cause.cases += count(row.found);
        cause.complaints += count(row.complaints);
        cause.customers += count(row.customers);
    };
    select.each(app, &columns, "cases", "group by 1", take).await?;
    let columns = format!(
        "{group} as grp, cases.remedy_currency as currency, count(*) as found, cast(sum(cases.remedy_cost) as bigint) as cost"
    );
    let take = |row: CostRow| groups.at(&row.grp).costs.add(count(row.found), row.cost, &row.currency);
    select.clone().and("cases.remedy_currency is not null").each(app, &columns, "cases", "group by 1, 2", take).await?;
    let mut found = groups.finish(asked)?;
    let mut left_out = BTreeMap::new();
    if asked.by == By::Problem {
        let without: u64 = found.iter().filter(|(key, _)| key.is_none()).map(|(_, cause)| cause.cases).sum();
        left_out.insert("without_problem", without);
        found.retain(|(key, _)| !key.is_none());
    }
    found.sort_by(|(key, cause), (other, more)| more.cases.cmp(&cause.cases).then_with(|| key.cmp(other)));
    let total: u64 = found.iter().map(|(_, cause)| cause.cases).sum();
    let service = app.service.current().await?;
    let mut so_far = 0;
    let mut rows = Vec::with_capacity(found.len());
    for (key, cause) in found {
        so_far += cause.cases;
        let problem =
            service.problems.iter().find(|problem| asked.by == By::Problem && problem.key.as_str() == key.name);
        let row = Row::new(key.name, cause.cases)
            .with("value", share(cause.cases, total))
            .with("cumulative", share(so_far, total))
            .with("title", problem.map(|problem| problem.title.to_string()))
            .with("complaints", cause.complaints)
            .with("customers", cause.customers)
            .with("cost", problem.and_then(|problem| problem.cost))
            .with("remedy_cost", cause.costs.to_json());
        rows.push(row);
    }
    Ok(Content { rows, overall: None, left_out })
}
