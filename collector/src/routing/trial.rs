//! Trying rules on the cases that came last, before they are switched on: which would have matched, and what would have gone elsewhere than by the rules
//! that are on.

use sayso_shared::Kind;

use crate::app::App;
use crate::cases::{Channel, Priority, Status};
use crate::clock::Millis;
use crate::http::Result;
use crate::service::calendar::CalendarDefinition;
use crate::service::objects::CategoryDefinition;
use crate::service::routing::{Moment, matches, team_of_category};
use crate::service::rules::{Facts, Rule, Trigger};
use crate::service::words::Key;
use crate::with_db;

/// Cases that rules are tried on.
pub const CASES_MAX: i64 = 1_000;
/// Cases that are shown of those that would go elsewhere.
const SHOWN_MAX: usize = 20;

/// What decides where a case goes.
#[derive(Clone, Debug, Default)]
pub struct Decider {
    /// The rules, in their order.
    pub rules: Vec<Rule>,
    /// The topics, some of which have a team.
    pub categories: Vec<CategoryDefinition>,
    /// The calendars that rules name.
    pub calendars: Vec<CalendarDefinition>,
}

/// What became of a trial.
#[derive(Clone, Debug)]
pub struct Trial {
    /// How many cases were tried.
    pub cases: usize,
    /// Each rule that is looked at for new cases, and how many of them it would have matched.
    pub matched: Vec<(String, usize)>,
    /// How many would have gone elsewhere.
    pub elsewhere: usize,
    /// Some of those.
    pub examples: Vec<Example>,
}

/// A case that would have gone elsewhere.
#[derive(Clone, Debug)]
pub struct Example {
    /// The case.
    pub case_id: String,
    /// Its short number.
    pub number: Option<i64>,
    /// What the customer said.
    pub message: String,
    /// Where it goes by the rules that are on.
    pub before: Place,
    /// Where it would have gone.
    pub after: Place,
}

/// Where a case goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The key of its team.
    pub team: Option<String>,
    /// Who gets it, as the rule says it.
    pub owner: Option<String>,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// Its tags.
    pub tags: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    number: Option<i64>,
    site_id: String,
    kind: String,
    tier: Option<String>,
    channel: Option<String>,
    received_at: Millis,
    message: String,
    category: Option<String>,
    rating: Option<i64>,
    locale: Option<String>,
    page_url: Option<String>,
}

/// Tries what would decide on the cases that came last, as they were when they came, beside what decides now.
pub async fn try_out(app: &App, now: &Decider, then: &Decider) -> Result<Trial> {
    let select = "select cases.id, case_numbers.number, cases.site_id, cases.kind, cases.tier, cases.channel, cases.received_at, feedback.message, \
        nullif(coalesce(cases.category, feedback.category), '') as category, feedback.rating, feedback.locale, feedback.page_url \
        from cases join feedback on feedback.id = cases.id left join case_numbers on case_numbers.case_id = cases.id \
        where cases.quarantine = '' order by cases.id desc limit $1";
    let rows: Vec<Row> = with_db!(&app.db, pool => sqlx::query_as(select).bind(CASES_MAX).fetch_all(pool).await)?;
    let sites = app.sites.all().await?;
    let mut matched: Vec<(String, usize)> = then
        .rules
        .iter()
        .filter(|rule| rule.on.contains(&Trigger::Created))
        .map(|rule| (rule.name.to_string(), 0))
        .collect();
    let (mut elsewhere, mut examples) = (0, Vec::new());
    for row in &rows {
        let site = sites.iter().find(|site| site.id() == row.site_id).map_or("", |site| site.key());
        let (before, _) = now.decide(row, site);
        let (after, rules) = then.decide(row, site);
        for name in rules {
            matched.iter_mut().filter(|(known, _)| *known == name).for_each(|(_, count)| *count += 1);
        }
        if before != after {
            elsewhere += 1;
            if examples.len() < SHOWN_MAX {
                let (case_id, message) = (row.id.clone(), row.message.clone());
                examples.push(Example { case_id, number: row.number, message, before, after });
            }
        }
    }
    Ok(Trial { cases: rows.len(), matched, elsewhere, examples })
}

impl Decider {
    /// Where a case would go when it is new, and the names of the rules that say so.
    fn decide(&self, row: &Row, site: &str) -> (Place, Vec<String>) {
        let mut facts = Facts {
            trigger: Trigger::Created,
            site,
            kind: Kind::parse(&row.kind).unwrap_or(Kind::Complaint),
            category: row.category.as_deref(),
            texts: vec![&row.message],
            language: row.locale.as_deref(),
            channel: row.channel.as_deref().and_then(Channel::parse).unwrap_or(Channel::Widget),
            tier: row.tier.as_deref(),
            priority: Priority::Normal,
            team: None,
            tags: Vec::new(),
            rating: row.rating,
            page: row.page_url.as_deref(),
            is_reopened: false,
            status: Status::New,
        };
        facts.team = team_of_category(&self.categories, &facts).map(Key::as_str);
        let moment = Moment { now: row.received_at, waiting_since: Some(row.received_at) };
        let matched = matches(&self.rules, &self.calendars, &mut facts, moment);
        let owner = matched.iter().rev().find_map(|rule| rule.then.owner.as_ref());
        let owner = owner.and_then(|owner| serde_json::to_value(owner).ok()?.as_str().map(str::to_owned));
        let place = Place {
            team: facts.team.map(str::to_owned),
            owner,
            priority: (facts.priority != Priority::Normal).then_some(facts.priority),
            tags: facts.tags.clone(),
        };
        (place, matched.into_iter().map(|rule| rule.name.to_string()).collect())
    }
}
