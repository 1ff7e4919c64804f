//! The overview: what came in, what became of it, how long that took in open time, and how satisfied customers are.

use sayso_analysis::scores::{per_thousand, percentile, share, wilson};
use serde_json::Value;

use super::asked::Asked;
use super::exposures;
use super::figures::{Content, Row, count};
use super::groups::{Groups, Naming};
use super::open_time::OpenTimes;
use super::ratings::{self, Scores};
use super::select::{Cases, Select};
use crate::app::App;
use crate::cases::Status;
use crate::clock::Millis;
use crate::http::Result;

/// What is counted for a group.
#[derive(Debug, Default)]
struct Counted {
    received: u64,
    complaints: u64,
    open: u64,
    overdue: u64,
    reopened: u64,
    first_response: Vec<f64>,
    resolution: Vec<f64>,
    resolved: Resolved,
    scores: Scores,
    exposure: u64,
}

/// What was resolved.
#[derive(Debug, Default)]
struct Resolved {
    n: u64,
    with_outcome: u64,
    upheld: u64,
}

#[derive(sqlx::FromRow)]
struct ReceivedRow {
    grp: String,
    kind: String,
    status: String,
    received_at: Millis,
    first_responded_at: Option<Millis>,
    resolved_at: Option<Millis>,
    due_at: Option<Millis>,
    reopened_count: i64,
    calendar: Option<String>,
    pauses: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ResolvedRow {
    grp: String,
    found: i64,
    with_outcome: i64,
    upheld: i64,
}

/// The first promise of each case says in whose open time its responses are counted; where a resolution was promised, its clock knows the pauses.
pub const RECEIVED: &str = "cases left join clocks answer on answer.case_id = cases.id and answer.promise = 'first_response' \
    left join clocks solve on solve.case_id = cases.id and solve.promise = 'resolution' and solve.started_at = cases.received_at";

/// The report.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let service = app.service.current().await?;
    let mut times = OpenTimes::new(&service.promises, asked.period.from, asked.now);
    let mut groups: Groups<'_, Counted> = Groups::new(naming);
    let columns = format!(
        "{} as grp, cases.kind as kind, cases.status as status, cases.received_at as received_at, \
         cases.first_responded_at as first_responded_at, cases.resolved_at as resolved_at, cases.due_at as due_at, \
         cases.reopened_count as reopened_count, coalesce(answer.calendar, solve.calendar) as calendar, solve.pauses as pauses",
        asked.by.expression("cases.received_at")
    );
    let received = Select::new(asked, Cases::Worked).received(asked, app);
    received
        .each(app, &columns, RECEIVED, "", |row: ReceivedRow| groups.at(&row.grp).add(&row, &mut times, asked.now))
        .await?;
    resolved(app, asked, &mut groups).await?;
    ratings::count_in(app, asked, &mut groups, |counted| &mut counted.scores).await?;
    exposures::count_in(app, asked, &mut groups, |counted| &mut counted.exposure).await?;
    let rows = groups.finish(asked)?.into_iter().map(|(key, counted)| counted.into_row(key.name)).collect();
    Ok(Content { rows, ..Content::default() })
}

/// What was resolved within the period and still is; of complaints how many were upheld.
async fn resolved(app: &App, asked: &Asked, groups: &mut Groups<'_, Counted>) -> Result<()> {
    let columns = format!(
        "{} as grp, count(*) as found, \
         cast(sum(case when cases.kind = 'complaint' and cases.outcome is not null then 1 else 0 end) as bigint) as with_outcome, \
         cast(sum(case when cases.kind = 'complaint' and cases.outcome in ('upheld', 'partly_upheld') then 1 else 0 end) as bigint) as upheld",
        asked.by.expression("cases.resolved_at")
    );
    let select = Select::new(asked, Cases::Worked)
        .and("cases.resolved_at is not null and cases.status in ('resolved', 'closed')")
        .within(asked, "cases.resolved_at");
    let take = |row: ResolvedRow| {
        let resolved = &mut groups.at(&row.grp).resolved;
        resolved.n += count(row.found);
        resolved.with_outcome += count(row.with_outcome);
        resolved.upheld += count(row.upheld);
    };
    select.each(app, &columns, "cases", "group by 1", take).await
}

impl Counted {
    fn add(&mut self, row: &ReceivedRow, times: &mut OpenTimes<'_>, now: Millis) {
        let is_open = Status::parse(&row.status).is_some_and(Status::is_open);
        self.received += 1;
        self.complaints += u64::from(row.kind == "complaint");
        self.open += u64::from(is_open);
        self.overdue += u64::from(is_open && row.due_at.is_some_and(|due| due < now));
        self.reopened += u64::from(row.reopened_count > 0);
        let calendar = row.calendar.as_deref();
        if let Some(at) = row.first_responded_at {
            self.first_response.push(times.minutes(calendar, row.received_at, at, &[]) as f64);
        }
        if let Some(at) = row.resolved_at.filter(|_| !is_open) {
            let pauses: Vec<(Millis, Millis)> =
                row.pauses.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            self.resolution.push(times.minutes(calendar, row.received_at, at, &pauses) as f64);
        }
    }

    fn into_row(self, group: String) -> Row {
        let Self {
            received,
            complaints,
            open,
            overdue,
            reopened,
            first_response,
            resolution,
            resolved,
            scores,
            exposure,
        } = self;
        let csat = Row::new("", 0).with_share_of_answers(scores.satisfied(), scores.n());
        let upheld = wilson(resolved.upheld, resolved.with_outcome);
        let mut row = Row::new(group, received)
            .with("value", received)
            .with("low", Value::Null)
            .with("high", Value::Null)
            .with("received", received)
            .with("complaints", complaints)
            .with("resolved", resolved.n)
            .with("open", open)
            .with("overdue", overdue)
            .with("reopened", reopened);
        for (names, minutes) in [(FIRST_RESPONSE, first_response), (RESOLUTION, resolution)] {
            row = row
                .with(names[0], minutes.len())
                .with(names[1], percentile(&minutes, 50))
                .with(names[2], percentile(&minutes, 90));
        }
        row.with("csat_n", scores.n())
            .with("csat", csat.get("value").clone())
            .with("csat_low", csat.get("low").clone())
            .with("csat_high", csat.get("high").clone())
            .with("solved", scores.solved)
            .with("upheld_n", resolved.with_outcome)
            .with("upheld", share(resolved.upheld, resolved.with_outcome))
            .with("upheld_low", upheld.map(|interval| interval.low))
            .with("upheld_high", upheld.map(|interval| interval.high))
            .with("exposure", (exposure > 0).then_some(exposure))
            .with("complaints_per_1000", per_thousand(complaints, exposure))
    }
}

const FIRST_RESPONSE: [&str; 3] = ["first_response_n", "first_response_median", "first_response_p90"];
const RESOLUTION: [&str; 3] = ["resolution_n", "resolution_median", "resolution_p90"];
