//! What a digest says, read when it is sent.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::every::Every;
use super::planning::{parse, zone};
use super::scope::Scope;
use crate::app::App;
use crate::auth::Member;
use crate::auth::guard::HOME;
use crate::calls::{self, Whose};
use crate::cases::counted::{Counted, Figure};
use crate::charts::Chart;
use crate::clock::Period;
use crate::http::Result;
use crate::outbox::{Delivery, Failure, member_of};
use crate::reports::findings::sentence;
use crate::reports::names::Names;
use crate::reports::periods::{Unit, begin, day};
use crate::reports::pictures::picture_in_mail;
use crate::reports::{self, Asked, By, Name, Report, asked::Filter};
use crate::service::Service;
use crate::sites::Site;
use crate::text::Texts;
use crate::with_db;

/// Topics that are named.
const TOPICS: usize = 6;
/// So many weeks before are looked at for what stands out: control limits need 20 of them.
const WEEKS_BEFORE: i64 = 25;
/// So many days are seen in that of a day.
const DAYS: i64 = 28;

/// A digest.
#[derive(Debug)]
pub struct Digest {
    /// Who gets it.
    pub member: Member,
    /// How often it comes.
    pub every: Every,
    /// The first day that it is about.
    pub start: Date,
    /// The last one.
    pub last: Date,
    /// The name of the team that it is about; none if it is about everything.
    pub team: Option<String>,
    /// What came in, and before.
    pub received: (u64, Option<u64>),
    /// What was resolved, and before.
    pub resolved: (u64, Option<u64>),
    /// What is open now.
    pub open: i64,
    /// Of these, what is overdue.
    pub overdue: i64,
    /// Of these, what is due today, what is overdue of today among it.
    pub due: i64,
    /// Of the promises of the time, those that were broken, and before.
    pub broken: (u64, Option<u64>),
    /// The paths of the lists of these cases.
    pub lists: Lists,
    /// What the reports say, as sentences in the member's language.
    pub findings: Vec<String>,
    /// How it went before; none where there is nothing to be seen.
    pub trend: Option<Trend>,
    /// What most cases were about.
    pub topics: Vec<Topic>,
    /// The path of the page that says more.
    pub more: String,
}

/// The paths of the lists of what is counted.
#[derive(Debug)]
pub struct Lists {
    /// What came in.
    pub received: String,
    /// What was resolved.
    pub resolved: String,
    /// What is open.
    pub open: String,
    /// What is due today.
    pub due: String,
    /// What is overdue.
    pub overdue: String,
    /// What a promise was broken about.
    pub broken: String,
}

impl Lists {
    fn of(scope: &Scope, period: Period) -> Self {
        let list = |parameters: &[(&str, &str)], figure: Option<Figure>| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(parameters).extend_pairs(scope.team().map(|key| ("team", key)));
            query.extend_pairs(
                figure.iter().flat_map(|figure| Counted { period, ..Counted::new(*figure) }.parameters()),
            );
            format!("{HOME}?{}", query.finish())
        };
        let counted = |figure| list(&[("status", "all")], Some(figure));
        let open = |due: &[(&str, &str)]| list(&[[("status", "open")].as_slice(), due].concat(), None);
        Self {
            received: counted(Figure::Received),
            resolved: counted(Figure::Resolved),
            open: open(&[]),
            due: open(&[("due", "today"), ("sort", "due")]),
            overdue: open(&[("due", "overdue"), ("sort", "due")]),
            broken: counted(Figure::Broken),
        }
    }
}

/// A figure over time.
#[derive(Debug)]
pub struct Trend {
    /// What is seen.
    pub title: &'static str,
    /// What it says, as a sentence in the member's language.
    pub finding: String,
    /// The chart.
    pub chart: Chart,
}

/// What cases were about, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What it is called.
    pub label: String,
    /// How many cases.
    pub cases: u64,
}

/// What is asked for each of its reports.
struct Question<'a> {
    app: &'a App,
    t: Texts,
    service: &'a Service,
    sites: &'a [Arc<Site>],
    members: &'a [Member],
    zone: TimeZone,
    filter: Filter,
}

/// What a delivery is to say; why it says nothing, where there is nobody to tell, or nothing.
pub async fn load(app: &App, delivery: &Delivery) -> anyhow::Result<std::result::Result<Digest, Failure>> {
    const GONE: Failure = Failure::Dropped("the member gets no such digest any more");
    let Some((every, start, scope)) = parse(&delivery.subject_id) else { return Ok(Err(GONE)) };
    let members = Member::all(&app.db).await?;
    let service = app.service.current().await?;
    let member = member_of(&delivery.destination).and_then(|id| members.iter().find(|member| member.id == id));
    let Some(member) = member.filter(|member| member.disabled_at.is_none()) else { return Ok(Err(GONE)) };
    if !Scope::of_member(member, &service).contains(&scope) {
        return Ok(Err(GONE));
    }
    let sites = app.sites.all().await?;
    let filter = Filter { team: scope.team().map(|key| Some(key.to_owned())), ..Filter::default() };
    let zone = zone(app, &service).await?;
    let t = Texts(member.lang());
    let question = Question { app, t, service: &service, sites: &sites, members: &members, zone, filter };
    let digest = question.digest(member.clone(), every, start, &scope).await?;
    Ok(digest.ok_or(Failure::Dropped("there is nothing to tell")))
}

impl Question<'_> {
    async fn digest(&self, member: Member, every: Every, start: Date, scope: &Scope) -> anyhow::Result<Option<Digest>> {
        let Some(end) = every.unit().next(start) else { return Ok(None) };
        let Ok(last) = end.yesterday() else { return Ok(None) };
        let period = Period { from: begin(start, &self.zone), to: begin(end, &self.zone) };
        let overview = self.report(Name::Overview, By::All, period).await?;
        let promises = self.report(Name::Promises, By::All, period).await?;
        let of = |rows: &[reports::Row], name: &str| rows.first().and_then(|row| row.get(name).as_u64());
        let both = |report: &Report, name: &str| {
            let before = report.before.as_ref().and_then(|before| of(&before.rows, name));
            (of(&report.rows, name).unwrap_or_default(), before)
        };
        let (open, overdue, due) = self.open_now(scope).await?;
        let (received, resolved) = (both(&overview, "received"), both(&overview, "resolved"));
        if received.0 + resolved.0 == 0 && open == 0 {
            return Ok(None);
        }
        let mut findings = Vec::new();
        for name in [Name::Promises, Name::Satisfaction] {
            findings.extend(self.finding(name, By::All, period).await?);
        }
        if every == Every::Week {
            findings.extend(self.to_call(&member, scope).await?);
        }
        Ok(Some(Digest {
            member,
            every,
            start,
            last,
            team: scope.team().map(|key| self.service.team(key).map_or(key, |team| team.name.as_str()).to_owned()),
            received,
            resolved,
            open,
            overdue,
            due,
            broken: both(&promises, "breached"),
            lists: Lists::of(scope, period),
            findings,
            trend: self.trend(every, end).await?,
            topics: self.topics(period).await?,
            more: match scope {
                Scope::Company => format!("/staff/reports/overview?from={start}&to={last}"),
                Scope::Team(key) => {
                    let key = url::form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>();
                    format!("{HOME}?team={key}")
                }
            },
        }))
    }

    async fn report(&self, name: Name, by: By, period: Period) -> Result<Arc<Report>> {
        reports::make(self.app, &self.asked(name, by, period)).await
    }

    fn asked(&self, name: Name, by: By, period: Period) -> Asked {
        Asked { filter: self.filter.clone(), ..Asked::of_cases(name, by, period, self.zone.clone(), self.app) }
    }

    fn names<'a>(&'a self, asked: &'a Asked) -> Names<'a> {
        Names { t: self.t, asked, sites: self.sites, members: self.members, service: self.service }
    }

    /// The sentence of a report; none where there was nothing.
    async fn finding(&self, name: Name, by: By, period: Period) -> Result<Option<String>> {
        let asked = self.asked(name, by, period);
        let report = reports::make(self.app, &asked).await?;
        let names = self.names(&asked);
        Ok(report.rows.iter().any(|row| row.n > 0).then(|| sentence(&names, &report)))
    }

    /// How many customers are to be called: of everybody's, or of the member's own.
    async fn to_call(&self, member: &Member, scope: &Scope) -> anyhow::Result<Option<String>> {
        let only = match scope {
            Scope::Company => None,
            Scope::Team(_) => Some(member.id.as_str()),
        };
        let now = self.app.clock.now();
        let due = match only {
            Some(id) => calls::due(&self.app.db, Whose::Representative(id), now).await?.len(),
            None => calls::due_of_all(&self.app.db, now).await?.len(),
        };
        let checks = calls::open_calls(&self.app.db, only).await?.len();
        let values = [("due", due.to_string()), ("checks", checks.to_string())];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        Ok((due + checks > 0).then(|| self.t.with("team.periodic.to_call", &values)))
    }

    /// How much came in on the days before, or whether complaints vary more than chance has it, over half a year of whole weeks.
    async fn trend(&self, every: Every, end: Date) -> Result<Option<Trend>> {
        let span = jiff::Span::new();
        let (name, by, span, last, title) = match every {
            Every::Day => (Name::Overview, By::Day, span.days(DAYS), end, "team.periodic.by_day"),
            Every::Week | Every::Month => {
                let span = span.weeks(WEEKS_BEFORE + 1);
                (Name::Quality, By::Week, span, Unit::Week.start(end), "team.periodic.by_week")
            }
        };
        let Ok(first) = last.checked_sub(span) else { return Ok(None) };
        let asked = self.asked(name, by, Period { from: begin(first, &self.zone), to: begin(last, &self.zone) });
        let report = reports::make(self.app, &asked).await?;
        let names = self.names(&asked);
        let chart = picture_in_mail(&names, &report);
        Ok(chart.map(|chart| Trend { title: self.t.get(title), finding: sentence(&names, &report), chart }))
    }

    async fn topics(&self, period: Period) -> Result<Vec<Topic>> {
        let asked = self.asked(Name::Overview, By::Category, period);
        let rows = reports::rows(self.app, &asked).await?;
        let names = self.names(&asked);
        let named = rows.iter().filter(|row| row.n > 0).take(TOPICS);
        Ok(named.map(|row| Topic { label: names.group(&row.group), cases: row.n }).collect())
    }

    /// What is open, what of it is overdue, and what of it is due today.
    async fn open_now(&self, scope: &Scope) -> anyhow::Result<(i64, i64, i64)> {
        let now = self.app.clock.now();
        let today = day(now, &self.zone);
        let (from, to) = (begin(today, &self.zone), today.tomorrow().ok().and_then(|next| begin(next, &self.zone)));
        let select = "select count(*), count(case when due_at < $1 then 1 end), count(case when due_at >= $3 and due_at < $4 then 1 end) from cases \
            where status not in ('resolved', 'closed') and quarantine = '' and ($2 is null or team = $2)";
        Ok(with_db!(&self.app.db, pool => sqlx::query_as(select).bind(now).bind(scope.team()).bind(from).bind(to)
            .fetch_one(pool).await)?)
    }
}
