//! What members do, and in which time: whose load is heavier than that of others, with what makes it hard.

use std::collections::BTreeMap;

use sayso_analysis::scores::{median, share};
use serde_json::json;

use super::asked::Asked;
use super::facts::{self, Reach};
use super::figures::{Content, Row, count};
use super::groups::{Groups, NONE, Naming};
use super::ratings::{self, Scores};
use super::select::{Cases, Select};
use crate::app::App;
use crate::clock::HOUR;
use crate::http::Result;
use crate::service::Service;

#[derive(Debug, Default)]
struct Load {
    received: u64,
    hard: u64,
    reopened: u64,
    handled: u64,
    open: u64,
    minutes: u64,
    replies: u64,
    scores: Scores,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    grp: String,
    found: i64,
}

/// The report. Cases belong to who owns them now; replies and minutes to who wrote and spent them.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let mut groups: Groups<'_, Load> = Groups::new(naming);
    let owner = "coalesce(cases.owner_id, '') as grp, count(*) as found";
    let select = Select::new(asked, Cases::Worked);
    facts::each(app, &Reach::received_or_resolved(asked, app), |fact| {
        if !asked.counts(fact) {
            return;
        }
        if asked.period.contains(fact.received_at()) {
            let load = groups.at(fact.owner());
            load.received += 1;
            load.hard += u64::from(matches!(fact.priority(), "high" | "urgent"));
            load.reopened += u64::from(fact.was_reopened());
        }
        if fact.is_settled() && fact.resolved_at().is_some_and(|at| asked.period.contains(at)) {
            groups.at(fact.owner()).handled += 1;
        }
    })
    .await?;
    let open = select.clone().and("cases.owner_id is not null and cases.status not in ('resolved', 'closed')");
    open.each(app, owner, "cases", "group by 1", |row: CountRow| groups.at(&row.grp).open = count(row.found)).await?;
    let minutes = select
        .clone()
        .and("efforts.member_id is not null")
        .made(asked, app, "efforts.id")
        .within(asked, "efforts.created_at");
    let columns = "efforts.member_id as grp, cast(coalesce(sum(efforts.minutes), 0) as bigint) as found";
    let from = "efforts join cases on cases.id = efforts.case_id";
    minutes
        .each(app, columns, from, "group by 1", |row: CountRow| groups.at(&row.grp).minutes = count(row.found))
        .await?;
    let replies = select
        .and("messages.author = 'staff' and messages.member_id is not null")
        .made(asked, app, "messages.id")
        .within(asked, "messages.created_at");
    let from = "messages join cases on cases.id = messages.case_id";
    let columns = "messages.member_id as grp, count(*) as found";
    replies
        .each(app, columns, from, "group by 1", |row: CountRow| groups.at(&row.grp).replies = count(row.found))
        .await?;
    ratings::count_in(app, asked, &mut groups, |load| &mut load.scores).await?;
    let service = app.service.current().await?;
    Ok(rows(groups.finish(asked)?.into_iter().map(|(key, load)| (key.name, load)).collect(), asked, &service))
}

fn rows(found: Vec<(String, Load)>, asked: &Asked, service: &Service) -> Content {
    let duties: BTreeMap<&str, f64> =
        found.iter().filter_map(|(name, _)| Some((name.as_str(), hours_on_duty(name, asked, service)?))).collect();
    let rate = |name: &str, load: &Load| {
        duties.get(name).filter(|hours| **hours > 0.0).map(|hours| load.handled as f64 / hours)
    };
    let rates: Vec<f64> = found.iter().filter_map(|(name, load)| rate(name, load)).collect();
    let middle = median(&rates);
    // The median of how far each is from the median: one who works alone at night moves it little.
    let spread = middle.and_then(|middle| median(&rates.iter().map(|rate| (rate - middle).abs()).collect::<Vec<_>>()));
    let without: u64 = found.iter().filter(|(name, _)| name == NONE).map(|(_, load)| load.received).sum();
    let row = |(name, load): &(String, Load)| {
        let csat = Row::new("", 0).with_share_of_answers(load.scores.satisfied(), load.scores.n());
        Row::new(name.clone(), load.handled)
            .with("value", rate(name, load))
            .with("received", load.received)
            .with("handled", load.handled)
            .with("open", load.open)
            .with("replies", load.replies)
            .with("minutes", load.minutes)
            .with("hours_on_duty", duties.get(name.as_str()).copied())
            .with("cases_per_hour", rate(name, load))
            .with("urgent_share", share(load.hard, load.received))
            .with("reopened_share", share(load.reopened, load.received))
            .with("csat_n", load.scores.n())
            .with("csat", csat.get("value").clone())
            .with("csat_low", csat.get("low").clone())
            .with("csat_high", csat.get("high").clone())
    };
    Content {
        rows: found.iter().filter(|(name, _)| name != NONE).map(row).collect(),
        overall: Some(json!({"median": middle, "spread": spread, "members": rates.len()})),
        left_out: BTreeMap::from([("without_owner", without)]),
    }
}

/// The opening hours, within the period and until now, of the calendar of the first team of a member that has one; none where there is none, or no beginning.
fn hours_on_duty(address: &str, asked: &Asked, service: &Service) -> Option<f64> {
    let key = service.teams_of(address).find_map(|team| team.calendar.clone())?;
    let from = asked.period.from?;
    let to = asked.period.to.unwrap_or(asked.now).min(asked.now);
    let open = service.promises.calendar(Some(key.as_str())).open_between(from, to);
    Some(open as f64 / HOUR as f64)
}
