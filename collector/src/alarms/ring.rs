//! The job that raises alarms, and carries them up while nobody takes them on.

use serde_json::{Value, json};

use super::{AGAIN_AFTER, Reason, TOP};
use crate::app::App;
use crate::auth::{Member, Role};
use crate::cases::error::CaseError;
use crate::cases::event::append;
use crate::cases::{Actor, EventType, Priority, Status, case};
use crate::clock::Millis;
use crate::db::Tx;
use crate::db::jobs::{Job, Kind, NewJob, complete, enqueue};
use crate::service::Service;
use crate::with_tx;

/// Looks at the alarms of cases: a job's key is the case.
pub async fn ring(app: &App, jobs: &[Job]) -> anyhow::Result<()> {
    let service = app.service.current().await?;
    let members = Member::all(&app.db).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // Before anything that asks for the next look.
    complete(&mut tx, Kind::Alarm, jobs).await?;
    let mut rung = Vec::new();
    for job in jobs {
        let mut case = CaseInAlarm { tx: &mut tx, service: &service, members: &members, id: &job.key, now };
        if case.look().await? {
            rung.push(job.key.as_str());
        }
    }
    tx.commit().await?;
    for case_id in rung {
        app.publish(case_id, EventType::Alarm.as_str());
    }
    Ok(())
}

/// A case that there is or may be an alarm about.
struct CaseInAlarm<'a> {
    tx: &'a mut Tx,
    service: &'a Service,
    members: &'a [Member],
    id: &'a str,
    now: Millis,
}

#[derive(sqlx::FromRow)]
struct State {
    status: String,
    quarantine: String,
    priority: String,
    team: Option<String>,
    reason: Option<String>,
    raised_at: Option<Millis>,
    level: Option<i64>,
    next_at: Option<Millis>,
    seq: Option<i64>,
    acknowledged_at: Option<Millis>,
}

impl State {
    fn is_ringing(&self) -> bool {
        self.raised_at.is_some() && self.acknowledged_at.is_none()
    }
}

impl CaseInAlarm<'_> {
    /// Whether open pages have to be told.
    async fn look(&mut self) -> anyhow::Result<bool> {
        let select = "select cases.status, cases.quarantine, cases.priority, cases.team, alarms.reason, alarms.raised_at, alarms.level, \
            alarms.next_at, alarms.seq, alarms.acknowledged_at from cases left join alarms on alarms.case_id = cases.id where cases.id = $1";
        let state: Option<State> =
            with_tx!(&mut *self.tx, conn => sqlx::query_as(select).bind(self.id).fetch_optional(conn).await)?;
        let Some(state) = state else { return Ok(false) };
        let is_open = Status::parse(&state.status).is_some_and(Status::is_open);
        if !state.quarantine.is_empty() || !is_open {
            return Ok(false);
        }
        if !state.is_ringing() {
            return self.begin(&state).await;
        }
        match state.next_at {
            Some(at) if at <= self.now => self.go_up(&state).await,
            Some(at) => {
                self.look_again(at).await?;
                Ok(false)
            }
            None => Ok(false),
        }
    }

    /// Raises an alarm where something has happened since the last one that asks for it.
    async fn begin(&mut self, state: &State) -> anyhow::Result<bool> {
        let select = "select max(seq), max(case when type = 'case.breached' then seq end), \
            max(case when type in ('case.priority', 'case.created') then seq end) from events where case_id = $1 and seq > $2";
        let (last, breached, sorted): (Option<i64>, Option<i64>, Option<i64>) = with_tx!(&mut *self.tx, conn => sqlx::query_as(select).bind(self.id).bind(state.seq.unwrap_or_default()).fetch_one(conn).await)?;
        let is_urgent = state.priority == Priority::Urgent.as_str() && sorted.is_some();
        let reason = match (breached, is_urgent) {
            (Some(_), _) => Reason::Breached,
            (None, true) => Reason::Urgent,
            (None, false) => return Ok(false),
        };
        let upsert = "insert into alarms (case_id, reason, raised_at, level, next_at, seq) values ($1, $2, $3, 0, $4, $5) \
            on conflict (case_id) do update set reason = excluded.reason, raised_at = excluded.raised_at, level = 0, next_at = excluded.next_at, \
            seq = excluded.seq, acknowledged_by = null, acknowledged_at = null";
        let next_at = self.now + AGAIN_AFTER;
        with_tx!(&mut *self.tx, conn => sqlx::query(upsert).bind(self.id).bind(reason.as_str()).bind(self.now).bind(next_at)
            .bind(last.unwrap_or_default()).execute(conn).await.map(|_| ()))?;
        // The mail about a broken promise goes to the lead by itself.
        let lead = self.lead(state);
        let mut told = match (lead, reason) {
            (Some(_), Reason::Breached) => Vec::new(),
            (Some(lead), Reason::Urgent) => vec![lead],
            (None, _) => self.managers(),
        };
        // Whom a rule has called already gets no second mail about the same.
        let called = self.called_by_rules(state.seq.unwrap_or_default()).await?;
        told.retain(|id| !called.contains(id));
        self.tell(&told, reason.as_str(), 0).await?;
        self.look_again(next_at).await?;
        Ok(true)
    }

    /// To whom rules have escalated the case since an event.
    async fn called_by_rules(&mut self, seq: i64) -> anyhow::Result<Vec<String>> {
        let select = "select data from events where case_id = $1 and seq > $2 and type = 'case.escalated'";
        let escalations: Vec<String> =
            with_tx!(&mut *self.tx, conn => sqlx::query_scalar(select).bind(self.id).bind(seq).fetch_all(conn).await)?;
        let to = |data: &String| Some(serde_json::from_str::<Value>(data).ok()?["to"].as_str()?.to_owned());
        Ok(escalations.iter().filter_map(to).collect())
    }

    /// Goes one step up; unless somebody has begun to work on it, which is as good as saying so.
    async fn go_up(&mut self, state: &State) -> anyhow::Result<bool> {
        let select = "select member_id from events where case_id = $1 and created_at >= $2 and member_id is not null order by seq limit 1";
        let raised_at = state.raised_at.unwrap_or_default();
        let worked: Option<String> = with_tx!(&mut *self.tx, conn => sqlx::query_scalar(select).bind(self.id).bind(raised_at)
            .fetch_optional(conn).await)?;
        if let Some(member_id) = worked {
            let update =
                "update alarms set acknowledged_by = $1, acknowledged_at = $2, next_at = null where case_id = $3";
            with_tx!(&mut *self.tx, conn => sqlx::query(update).bind(&member_id).bind(self.now).bind(self.id).execute(conn).await.map(|_| ()))?;
            return Ok(true);
        }
        let level = state.level.unwrap_or_default() + 1;
        let next_at = (level < TOP).then_some(self.now + AGAIN_AFTER);
        let update = "update alarms set level = $1, next_at = $2 where case_id = $3";
        with_tx!(&mut *self.tx, conn => sqlx::query(update).bind(level).bind(next_at).bind(self.id).execute(conn).await.map(|_| ()))?;
        self.tell(&self.managers(), state.reason.as_deref().unwrap_or_default(), level).await?;
        if let Some(at) = next_at {
            self.look_again(at).await?;
        }
        Ok(true)
    }

    /// Writes the events from which the mails follow.
    async fn tell(&mut self, member_ids: &[String], reason: &str, level: i64) -> anyhow::Result<()> {
        if member_ids.is_empty() {
            return Ok(());
        }
        match case::lock(self.tx, self.id, self.now).await {
            Ok(_) => {}
            // Its retention is over.
            Err(CaseError::NotFound) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        for id in member_ids {
            let data = json!({"to": id, "alarm": reason, "level": level});
            append(self.tx, self.id, EventType::Escalated, &Actor::System, data, self.now).await?;
        }
        Ok(())
    }

    async fn look_again(&mut self, due_at: Millis) -> sqlx::Result<()> {
        let job = NewJob { key: self.id.to_owned(), payload: String::new(), due_at };
        enqueue(self.tx, Kind::Alarm, &[job], self.now).await
    }

    /// Who leads the team of the case, unless they are away.
    fn lead(&self, state: &State) -> Option<String> {
        let address = self.service.team(state.team.as_deref()?)?.lead.as_ref()?;
        let member = self.members.iter().find(|member| member.email == address.as_str())?;
        self.is_here(member).then(|| member.id.clone())
    }

    /// The managers who are here; where there is none, the admins.
    fn managers(&self) -> Vec<String> {
        let here = |role: Role| {
            let members = self.members.iter().filter(move |member| member.role() == role && self.is_here(member));
            members.map(|member| member.id.clone()).collect::<Vec<_>>()
        };
        let managers = here(Role::Manager);
        if managers.is_empty() { here(Role::Admin) } else { managers }
    }

    fn is_here(&self, member: &Member) -> bool {
        member.disabled_at.is_none() && !member.is_away(self.now)
    }
}
