//! What the rules know of a case.

use sayso_shared::Kind;

use crate::app::App;
use crate::cases::tags::Tags;
use crate::cases::{Actor, Channel, EventType, Priority, Status};
use crate::clock::Millis;
use crate::clocks::Terms;
use crate::service::rules::{Facts, Trigger};
use crate::with_db;

/// A case as the rules look at it.
pub struct RoutedCase {
    row: Row,
    messages: Vec<String>,
    /// What makes the rules look at it, in order.
    pub triggers: Vec<Triggered>,
    /// Since when the customer waits for an answer; none if the customer does not.
    pub waiting_since: Option<Millis>,
}

/// An event that makes the rules look at a case.
#[derive(Debug)]
pub struct Triggered {
    /// What it is to them.
    pub trigger: Trigger,
    /// Its identifier.
    pub event_id: String,
    /// Its number in the case.
    pub seq: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    site_id: String,
    kind: String,
    status: String,
    priority: String,
    team: Option<String>,
    tags: String,
    tier: Option<String>,
    channel: Option<String>,
    quarantine: String,
    reopened_count: i64,
    received_at: Millis,
    message: String,
    category: Option<String>,
    rating: Option<i64>,
    locale: Option<String>,
    page_url: Option<String>,
    representative_id: Option<String>,
    owner_id: Option<String>,
}

impl RoutedCase {
    /// Reads it, with the triggers among its events from one on; none if there is no such case any more.
    pub async fn read(app: &App, case_id: &str, from: i64) -> sqlx::Result<Option<Self>> {
        let select = "select cases.site_id, cases.kind, cases.status, cases.priority, cases.team, cases.tags, cases.tier, cases.channel, cases.quarantine, \
            cases.reopened_count, cases.received_at, feedback.message, nullif(coalesce(cases.category, feedback.category), '') as category, \
            feedback.rating, feedback.locale, feedback.page_url, customers.representative_id, cases.owner_id from cases \
            join feedback on feedback.id = cases.id left join customers on customers.id = cases.customer_id where cases.id = $1";
        let row: Option<Row> =
            with_db!(&app.db, pool => sqlx::query_as(select).bind(case_id).fetch_optional(pool).await)?;
        let Some(row) = row else { return Ok(None) };
        let select = "select author, body, created_at, member_id is null and token_id is null from messages where case_id = $1 and author <> 'note' order by id";
        let said: Vec<(String, String, Millis, bool)> =
            with_db!(&app.db, pool => sqlx::query_as(select).bind(case_id).fetch_all(pool).await)?;
        let select = "select type, actor, id, seq from events where case_id = $1 and seq >= $2 and position is not null and silent = false order by seq";
        let events: Vec<(String, String, String, i64)> =
            with_db!(&app.db, pool => sqlx::query_as(select).bind(case_id).bind(from).fetch_all(pool).await)?;
        let is_customers = |author: &str| author == Actor::Customer.as_str();
        // The first message of the customer since a person of the staff said something, and of none the feedback itself. What a rule says is no answer.
        let answer = said.iter().rposition(|(author, .., by_nobody)| !is_customers(author) && !by_nobody);
        let since = match answer {
            None => Some(row.received_at),
            Some(last) => said[last..].iter().find(|(author, ..)| is_customers(author)).map(|(_, _, at, _)| *at),
        };
        // While a case waits for the customer, the customer does not.
        let is_ours = Status::parse(&row.status).is_some_and(|status| status.is_open() && status != Status::Waiting);
        Ok(Some(Self {
            messages: said.into_iter().filter(|(author, ..)| is_customers(author)).map(|(_, body, ..)| body).collect(),
            triggers: events
                .into_iter()
                .filter_map(|(kind, actor, event_id, seq)| {
                    Some(Triggered { trigger: trigger(&kind, &actor)?, event_id, seq })
                })
                .collect(),
            waiting_since: since.filter(|_| is_ours),
            row,
        }))
    }

    /// Whether no rule looks at it: nobody is told of what is held in quarantine.
    pub fn is_left_alone(&self) -> bool {
        !self.row.quarantine.is_empty()
    }

    /// Whether somebody looks after its customer, and nobody has it.
    pub fn is_for_representative(&self) -> bool {
        self.row.representative_id.is_some() && self.row.owner_id.is_none()
    }

    /// What the rules go by.
    pub fn facts<'a>(&'a self, terms: &'a Terms) -> Facts<'a> {
        let row = &self.row;
        Facts {
            trigger: Trigger::Created,
            site: terms.site_key(&row.site_id),
            kind: Kind::parse(&row.kind).unwrap_or(Kind::Complaint),
            category: row.category.as_deref(),
            texts: [&row.message].into_iter().chain(&self.messages).map(String::as_str).collect(),
            language: row.locale.as_deref(),
            channel: row.channel.as_deref().and_then(Channel::parse).unwrap_or(Channel::Widget),
            tier: row.tier.as_deref(),
            priority: Priority::parse(&row.priority).unwrap_or(Priority::Normal),
            team: row.team.as_deref(),
            tags: Tags::stored(&row.tags).iter().map(str::to_owned).collect(),
            rating: row.rating,
            page: row.page_url.as_deref(),
            is_reopened: row.reopened_count > 0,
            status: Status::parse(&row.status).unwrap_or(Status::New),
        }
    }
}

fn trigger(kind: &str, actor: &str) -> Option<Trigger> {
    match EventType::parse(kind)? {
        EventType::Created => Some(Trigger::Created),
        EventType::Message if actor == Actor::Customer.as_str() => Some(Trigger::Message),
        EventType::Breached => Some(Trigger::Breached),
        _ => None,
    }
}
