//! What members do, and in which time: whose load is heavier than that of others, with what makes it hard.

use std::collections::{BTreeMap, BTreeSet};

use sayso_analysis::scores::{median, percentile, share, wilson};
use serde_json::{Value, json};

use super::asked::{Asked, Filter};
use super::by::Raw;
use super::facts::{self, Reach};
use super::figures::{Content, Row, count};
use super::groups::{Groups, NONE, Naming};
use super::on_duty::OnDuty;
use super::periods::{Unit, begin};
use super::ratings::{self, Scores};
use super::select::{Cases, Select};
use crate::app::App;
use crate::auth::Member;
use crate::clock::Period;
use crate::http::Result;
use crate::service::Service;

#[derive(Debug, Default)]
struct Load {
    received: u64,
    hard: u64,
    reopened: u64,
    handled: u64,
    /// The same by the key of their team.
    by_team: BTreeMap<String, u64>,
    open: u64,
    minutes: u64,
    replies: u64,
    /// How many messages each resolved case took.
    messages: Vec<f64>,
    scores: Scores,
    /// Of a part of time: the identifiers of who had a case in it.
    members: BTreeSet<String>,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    grp: String,
    found: i64,
}

/// The report. Cases belong to who owns them now; replies and minutes to who wrote and spent them.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let mut groups: Groups<'_, Load> = Groups::new(naming);
    let over_time = asked.by.is_of_time();
    let mut without_owner = 0;
    // By member each thing belongs to one; over time to the part in which it was.
    let grouped = |member: &str, at: &str| if over_time { asked.by.expression(at) } else { member.to_owned() };
    let select = Select::new(asked, Cases::Worked);
    facts::each(app, &Reach::received_or_resolved(asked, app), |fact| {
        ratings::add(fact, asked, &mut groups, |load| &mut load.scores);
        if !asked.counts(fact) {
            return;
        }
        let group = |at| if over_time { Raw::at(at) } else { Raw::Text(fact.owner()) };
        if over_time && fact.owner().is_empty() {
            without_owner += u64::from(asked.period.contains(fact.received_at()));
            return;
        }
        if asked.period.contains(fact.received_at()) {
            let load = groups.of(group(fact.received_at()));
            load.received += 1;
            if over_time {
                load.add_member(fact.owner());
                load.open += u64::from(!fact.is_settled());
            }
            load.hard += u64::from(matches!(fact.priority(), "high" | "urgent"));
            load.reopened += u64::from(fact.was_reopened());
        }
        if let Some(at) = fact.resolved_at().filter(|at| fact.is_settled() && asked.period.contains(*at)) {
            let load = groups.of(group(at));
            load.handled += 1;
            if !over_time && !fact.team().is_empty() {
                *load.by_team.entry(fact.team().to_owned()).or_default() += 1;
            }
            load.messages.push(f64::from(fact.by_staff() + fact.by_customer()));
            if over_time {
                load.add_member(fact.owner());
            }
        }
    })
    .await?;
    if !over_time {
        open_now(app, &select, &mut groups).await?;
    }
    let minutes = select
        .clone()
        .and("efforts.member_id is not null")
        .made(asked, app, "efforts.id")
        .within(asked, "efforts.created_at");
    let columns = format!(
        "{} as grp, cast(coalesce(sum(efforts.minutes), 0) as bigint) as found",
        grouped("efforts.member_id", "efforts.created_at")
    );
    let from = "efforts join cases on cases.id = efforts.case_id";
    minutes
        .each(app, &columns, from, "group by 1", |row: CountRow| groups.at(&row.grp).minutes += count(row.found))
        .await?;
    let (replies, from) = match asked.filter == Filter::default() {
        // Of all cases it is faster to find the few that do not count than to look at the case of each reply.
        true => {
            let counts = "messages.case_id not in (select cases.id from cases where cases.quarantine <> '')";
            (Select::new(asked, Cases::All).and(counts), "messages")
        }
        false => (select, "messages join cases on cases.id = messages.case_id"),
    };
    let replies = replies
        .and("messages.author = 'staff' and messages.member_id is not null")
        .within(asked, "messages.created_at");
    let columns = format!("{} as grp, count(*) as found", grouped("messages.member_id", "messages.created_at"));
    replies
        .each(app, &columns, from, "group by 1", |row: CountRow| groups.at(&row.grp).replies += count(row.found))
        .await?;
    let service = app.service.current().await?;
    let on_duty = OnDuty::load(app, asked).await?;
    let found: Vec<(String, Load)> = groups.finish(asked)?.into_iter().map(|(key, load)| (key.name, load)).collect();
    match asked.by.unit() {
        Some(unit) => {
            let addresses: BTreeMap<String, String> =
                Member::all(&app.db).await?.into_iter().map(|member| (member.id, member.email)).collect();
            Ok(of_parts(found, unit, without_owner, asked, |id, period| {
                on_duty.hours(addresses.get(id)?, period, asked, &service)
            }))
        }
        None => Ok(of_members(found, asked, &service, &on_duty)),
    }
}

/// The rows of the period before: what was open at its end nobody knows any more, since cases have changed hands and were reopened; and what is open today is
/// no figure of that period.
pub fn of_before(mut rows: Vec<Row>) -> Vec<Row> {
    for (name, value) in rows.iter_mut().flat_map(|row| &mut row.figures) {
        if *name == "open" {
            *value = Value::Null;
        }
    }
    rows
}

/// What each member has open now.
async fn open_now(app: &App, select: &Select, groups: &mut Groups<'_, Load>) -> Result<()> {
    let open = select.clone().and("cases.owner_id is not null and cases.status not in ('resolved', 'closed')");
    let columns = "coalesce(cases.owner_id, '') as grp, count(*) as found";
    open.each(app, columns, "cases", "group by 1", |row: CountRow| groups.at(&row.grp).open = count(row.found)).await
}

/// The rows over time: what all members did, and in how many hours those were on duty who had a case in that part. What is open is what came in it and is open now.
fn of_parts(
    found: Vec<(String, Load)>,
    unit: Unit,
    without_owner: u64,
    asked: &Asked,
    duty: impl Fn(&str, Period) -> Option<f64>,
) -> Content {
    let row = |(name, load): (String, Load)| {
        let start = unit.parse(&name);
        let end = start.and_then(|start| unit.next(start));
        let ends = start.and_then(|start| begin(start, &asked.zone)).zip(end.and_then(|end| begin(end, &asked.zone)));
        let hours = ends.and_then(|(from, to)| {
            // A period may begin or end within a part.
            let from = asked.period.from.map_or(from, |first| first.max(from));
            let to = asked.period.to.map_or(to, |last| last.min(to));
            let all: Vec<f64> =
                load.members.iter().filter_map(|id| duty(id, Period { from: Some(from), to: Some(to) })).collect();
            (!all.is_empty()).then(|| all.iter().sum::<f64>())
        });
        load.into_row(name, hours, asked.fewest)
    };
    let too_few = found.iter().map(|(_, load)| load.scores.too_few(asked.fewest)).sum();
    Content {
        rows: found.into_iter().map(row).collect(),
        overall: None,
        left_out: BTreeMap::from([("without_owner", without_owner), ("too_few", too_few)]),
    }
}

fn of_members(found: Vec<(String, Load)>, asked: &Asked, service: &Service, on_duty: &OnDuty) -> Content {
    let duty = |name: &str| on_duty.hours(name, asked.period, asked, service);
    let teams = teams(&found, asked, service, duty);
    let without: u64 = found.iter().filter(|(name, _)| name == NONE).map(|(_, load)| load.received).sum();
    let (mut rows, mut rates, mut too_few) = (Vec::new(), Vec::new(), 0);
    for (name, load) in found {
        let hours = duty(&name);
        rates.extend(load.rate(hours));
        if name != NONE {
            too_few += load.scores.too_few(asked.fewest);
            let own = service.teams_of(&name).next().map(|team| team.key.to_string());
            let team = own.and_then(|key| teams.iter().find(|team| team.key == key));
            let of_team = |figure: fn(&TeamLoad) -> Option<f64>| team.and_then(figure);
            let row = load.into_row(name, hours, asked.fewest).with("team", team.map(|team| team.key.as_str()));
            let row = row.with("team_median", of_team(|team| team.median));
            rows.push(row.with("team_spread", of_team(|team| team.spread)));
        }
    }
    let middle = median(&rates);
    let teams: Vec<Value> = teams.iter().map(TeamLoad::to_json).collect();
    Content {
        rows,
        overall: Some(json!({"median": middle, "spread": spread(&rates), "members": rates.len(), "teams": teams})),
        left_out: BTreeMap::from([("without_owner", without), ("too_few", too_few)]),
    }
}

/// How fast the members of a team work on its cases.
struct TeamLoad {
    key: String,
    median: Option<f64>,
    spread: Option<f64>,
    members: usize,
}

impl TeamLoad {
    fn to_json(&self) -> Value {
        json!({"team": self.key, "median": self.median, "spread": self.spread, "members": self.members})
    }
}

/// Each team with how many of its cases its members resolved for each of their hours on duty: what somebody does for another team says nothing of this one.
fn teams(
    found: &[(String, Load)],
    asked: &Asked,
    service: &Service,
    duty: impl Fn(&str) -> Option<f64>,
) -> Vec<TeamLoad> {
    let is_asked_for = |key: &str| asked.filter.team.as_ref().is_none_or(|team| team.as_deref() == Some(key));
    let teams = service.teams.iter().filter(|team| is_asked_for(team.key.as_str()));
    let load = |team: &crate::service::objects::Team| {
        let key = team.key.as_str();
        let addresses: BTreeSet<&str> = team.members.iter().chain(&team.lead).map(|address| address.as_str()).collect();
        let rate = |address: &str| {
            let (_, load) = found.iter().find(|(name, _)| name == address)?;
            let hours = duty(address).filter(|hours| *hours > 0.0)?;
            Some(load.by_team.get(key).copied().unwrap_or_default() as f64 / hours)
        };
        let rates: Vec<f64> = addresses.into_iter().filter_map(rate).collect();
        TeamLoad { key: key.to_owned(), median: median(&rates), spread: spread(&rates), members: rates.len() }
    };
    teams.map(load).collect()
}

/// The median of how far each is from the median: one who works alone at night moves it little.
fn spread(rates: &[f64]) -> Option<f64> {
    let middle = median(rates)?;
    median(&rates.iter().map(|rate| (rate - middle).abs()).collect::<Vec<_>>())
}

impl Load {
    fn add_member(&mut self, id: &str) {
        if !self.members.contains(id) {
            self.members.insert(id.to_owned());
        }
    }

    /// Cases resolved for each hour on duty.
    fn rate(&self, hours: Option<f64>) -> Option<f64> {
        hours.filter(|hours| *hours > 0.0).map(|hours| self.handled as f64 / hours)
    }

    fn into_row(self, group: String, hours: Option<f64>, fewest: u64) -> Row {
        let rate = self.rate(hours);
        let [urgent, reopened] = [self.hard, self.reopened].map(|n| wilson(n, self.received));
        Row::new(group, self.handled)
            .with("value", rate)
            // How many cases were resolved is counted and not drawn from more of them, so that there is no interval.
            .with("low", Value::Null)
            .with("high", Value::Null)
            .with("received", self.received)
            .with("handled", self.handled)
            .with("open", self.open)
            .with("replies", self.replies)
            .with("minutes", self.minutes)
            .with("hours_on_duty", hours)
            .with("cases_per_hour", rate)
            .with("urgent_share", share(self.hard, self.received))
            .with("urgent_low", urgent.map(|interval| interval.low))
            .with("urgent_high", urgent.map(|interval| interval.high))
            .with("reopened_share", share(self.reopened, self.received))
            .with("reopened_low", reopened.map(|interval| interval.low))
            .with("reopened_high", reopened.map(|interval| interval.high))
            .with("messages_median", percentile(&self.messages, 50))
            .with_csat(self.scores.satisfied(), self.scores.n(), fewest)
    }
}
