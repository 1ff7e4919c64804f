//! What a target would be told of a case, shown and not sent.

use serde_json::json;

use super::card::Card;
use super::channels::{self, Attempt};
pub use super::event_context::Asks;
use super::event_context::{EventContext, EventDetails, Origin, Words};
use super::templates::{self, Email};
use crate::app::App;
use crate::cases::{EventType, Status};
use crate::clock::{Millis, rfc3339};
use crate::clocks::PromiseKind;
use crate::db::Db;
use crate::keys::new_id;
use crate::sites::targets::{Channel, Target};
use crate::with_db;

/// A message as its receiver would see it.
pub enum Preview {
    /// A mail.
    Mail(Box<Email>),
    /// A message in a chat room, and the JSON that makes it.
    Card(Box<Card>, String),
    /// A request to a program: its body.
    Body(String),
    /// It can't be made, for this reason.
    Failed(String),
}

/// What of a case may be shown: events of reports are of none.
pub fn events() -> impl Iterator<Item = EventType> {
    EventType::ALL.iter().copied().filter(|event| *event != EventType::Signal)
}

/// The event that a preview is of where none is named: the first that the target hears of.
pub fn first_event(target: &Target) -> EventType {
    events().find(|event| target.wants(*event)).unwrap_or(EventType::Created)
}

/// What a target would be told of an event of a case; of a made-up case where none is named. What has not happened to the case is made up.
pub async fn preview(
    app: &App,
    target: &Target,
    case_id: Option<&str>,
    event: EventType,
) -> anyhow::Result<Option<Preview>> {
    let now = app.clock.now();
    let context = match case_id {
        Some(id) => match last_of(&app.db, id, event).await? {
            Some(seq) => EventContext::load(app, id, seq).await?,
            None => as_if(EventContext::load(app, id, 1).await?, event, now),
        },
        None => {
            let Some(site) = app.sites.by_id(&target.site_id).await? else { return Ok(None) };
            as_if(EventContext::sample(site.as_ref().clone(), now), event, now)
        }
    };
    let context = context.for_target(target);
    let Some(channel) = target.channel() else { return Ok(None) };
    if channel == Channel::Email {
        return Ok(Some(Preview::Mail(Box::new(templates::to_team(&app.config, &context, target)))));
    }
    let body = channels::body(&app.config, &app.keys, &context, target, Attempt::new("preview", app.clock.now()));
    let card = || Card::new(&context, target, context.console_url(&app.config));
    Ok(Some(match body {
        Err(why) => Preview::Failed(why),
        Ok(body) if matches!(channel, Channel::Webhook | Channel::Generic) => Preview::Body(laid_out(body)),
        Ok(body) => Preview::Card(Box::new(card()), laid_out(body)),
    }))
}

/// The number of the last event of a type that happened to a case.
async fn last_of(db: &Db, case_id: &str, event: EventType) -> sqlx::Result<Option<i64>> {
    let select = "select max(seq) from events where case_id = $1 and type = $2";
    with_db!(db, pool => sqlx::query_scalar(select).bind(case_id).bind(event.as_str()).fetch_one(pool).await)
}

/// The same case, as if something had just happened to it.
fn as_if(mut context: EventContext, event: EventType, now: Millis) -> EventContext {
    if event == context.event.kind {
        return context;
    }
    let words = || Words { member_name: None, body: context.case.message.clone() };
    let (actor, mut data, words) = match event {
        EventType::DueSoon | EventType::Breached => {
            let due = context.case.first_response_due.unwrap_or(now);
            ("system", json!({"promise": PromiseKind::FirstResponse.as_str(), "due": rfc3339(due)}), None)
        }
        EventType::Message => ("customer", json!({}), Some(words())),
        EventType::Note => ("member", json!({}), Some(words())),
        EventType::Rated => ("customer", json!({"score": 2, "solved": false}), None),
        EventType::Status => ("member", json!({"to": Status::InProgress.as_str()}), None),
        EventType::Reopened => ("customer", json!({}), None),
        EventType::Escalated => ("system", json!({}), None),
        _ => ("member", json!({}), None),
    };
    if context.origin == Origin::Sample {
        data["sample"] = json!(true);
    }
    context.event = EventDetails {
        id: new_id(),
        seq: context.event.seq + 1,
        kind: event,
        actor: actor.to_owned(),
        member_id: None,
        data,
        at: now,
        words,
        files: Vec::new(),
        asks: false,
        escalated_to: None,
    };
    context
}

/// The case of a target's site with a number, such as `1042` or `#1042`, or an identifier. Those in quarantine are nobody's to forward.
pub async fn case_of(db: &Db, target: &Target, asked: &str) -> sqlx::Result<Option<String>> {
    let select = "select cases.id from cases left join case_numbers on case_numbers.case_id = cases.id \
        where (case_numbers.number = $1 or cases.id = $2) and cases.site_id = $3 and cases.quarantine = ''";
    let asked = asked.trim();
    let number: i64 = asked.trim_start_matches('#').parse().unwrap_or_default();
    with_db!(db, pool => sqlx::query_scalar(select).bind(number).bind(asked).bind(&target.site_id).fetch_optional(pool).await)
}

/// The mail that tells the customer of a reply, as if it had just been sent.
pub async fn reply(app: &App, case_id: &str, writer: &str, body: &str, asks: Asks) -> anyhow::Result<Email> {
    let context = EventContext::load(app, case_id, 1).await?.with_reply(writer, body, asks, app.clock.now());
    Ok(templates::to_customer(&app.config, &context))
}

/// JSON with a line for each value; anything else as it is.
fn laid_out(body: String) -> String {
    let json = serde_json::from_str::<serde_json::Value>(&body).ok();
    json.and_then(|json| serde_json::to_string_pretty(&json).ok()).unwrap_or(body)
}
