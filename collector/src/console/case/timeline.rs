//! What happened to a case, oldest first: what was said, and between it what was done.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::effort_texts;
use super::sorting::{self, Names};
use crate::app::App;
use crate::attachments::{self, Attachment};
use crate::auth::Token;
use crate::cases::efforts::Effort;
use crate::cases::merge;
use crate::cases::query::{self, Message};
use crate::cases::tasks::Task;
use crate::cases::{Case, EventType};
use crate::clock::{Millis, rfc3339};
use crate::http::Result;
use crate::inbound::quotes::Segment;
use crate::text::Texts;
use crate::with_db;

/// Gives the name of the member with an identifier.
pub type NameOf<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// An entry.
pub struct Item {
    /// When, for programs.
    pub datetime: String,
    /// When, for people.
    pub at: String,
    /// What.
    pub what: What,
}

/// What somebody wrote.
pub enum Words {
    /// A customer: text, of a mail with runs that are folded.
    OfCustomer(Vec<Segment>),
    /// A member or a program: text with links.
    OfStaff(String),
    /// Nobody any more.
    Erased,
}

/// What an entry is about.
pub enum What {
    /// Somebody said or noted something.
    Said {
        /// `from-customer`, `from-staff` or `note`.
        class: &'static str,
        /// Who; none for the customer.
        by: Option<String>,
        /// The words.
        words: Words,
        /// The files that came with them.
        files: Vec<Attachment>,
    },
    /// Something was done.
    Done {
        /// A sentence.
        sentence: String,
        /// The status that it led to.
        status: Option<String>,
    },
}

#[derive(sqlx::FromRow)]
struct EventRow {
    id: String,
    #[sqlx(rename = "type")]
    kind: String,
    actor: String,
    member_id: Option<String>,
    data: String,
    created_at: Millis,
}

/// Everything since the customer submitted the case.
pub(super) async fn read(
    app: &App,
    t: Texts,
    case: &Case,
    name_of: &NameOf<'_>,
    names: &Names<'_>,
    (tasks, efforts): (&[Task], &[Effort]),
) -> Result<Vec<Item>> {
    let select = "select id, type, actor, member_id, data, created_at from events where case_id = $1 order by seq";
    let events: Vec<EventRow> = with_db!(&app.db, pool => sqlx::query_as(select).bind(&case.id).fetch_all(pool).await)?;
    let tokens = Token::names(&app.db).await?;
    let others = merge::said_by_customers(&app.db, &case.id).await?;
    let numbers = numbers(app, &events, &others).await?;
    let case_of = |id: Option<&str>| {
        let number = id.and_then(|id| numbers.get(id));
        number.map_or_else(|| t.get("console.event.other_case").to_owned(), |number| format!("#{number}"))
    };
    let done = events.into_iter().filter_map(|event| {
        let what = match EventType::parse(&event.kind) {
            Some(kind @ (EventType::Merged | EventType::Unmerged | EventType::Split)) => {
                merging(t, kind, &event, name_of, &tokens, &case_of)
            }
            Some(EventType::Created) if event.data.contains("split_from") => {
                merging(t, EventType::Created, &event, name_of, &tokens, &case_of)
            }
            _ => sentence(t, &event, name_of, &tokens, names, (tasks, efforts))?,
        };
        Some((event.created_at, event.id, what))
    });
    let staff = |message: &Message| {
        let name = message.member_name.as_ref().or(message.token_name.as_ref());
        // Members and tokens stay known for good: what is by none of them is by Sayso itself.
        Some(name.cloned().unwrap_or_else(|| "Sayso".to_owned()))
    };
    let messages = query::messages(app, &case.id).await?;
    let ids = messages.iter().map(|message| &message.id).chain(others.iter().map(|message| &message.id));
    let mut files = attachments::of_messages(&app.db, &ids.cloned().collect::<Vec<_>>()).await?;
    let mut files_of = |message_id: &str| files.remove(message_id).unwrap_or_default();
    let said: Vec<_> = messages
        .into_iter()
        .map(|message| {
            let (class, by) = match message.author.as_str() {
                "customer" => ("from-customer", None),
                "note" => ("note", staff(&message)),
                _ => ("from-staff", staff(&message)),
            };
            let files = files_of(&message.id);
            let words = match class {
                _ if message.body.is_empty() => Words::Erased,
                "from-customer" => Words::OfCustomer(message.segments()),
                _ => Words::OfStaff(message.body),
            };
            (message.created_at, message.id, What::Said { class, by, words, files })
        })
        .collect();
    let said_there: Vec<_> = others
        .iter()
        .map(|message| {
            let by = t.with("console.event.from_case", &[("case", &case_of(Some(&message.case_id)))]);
            let files = files_of(&message.id);
            let words = Words::OfCustomer(message.segments());
            let what = What::Said { class: "from-customer", by: Some(by), words, files };
            (message.created_at, message.id.clone(), what)
        })
        .collect();
    let mut all: Vec<(Millis, String, What)> = done.chain(said).chain(said_there).collect();
    // What happened in one transaction has one time; the order of the identifiers is that of their making.
    all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    Ok(all.into_iter().map(|(at, _, what)| Item { datetime: rfc3339(at), at: t.moment(at), what }).collect())
}

/// The numbers of the cases that the timeline speaks of.
async fn numbers(app: &App, events: &[EventRow], others: &[merge::SaidThere]) -> Result<HashMap<String, i64>> {
    let named = events.iter().filter_map(|event| {
        let data: Value = serde_json::from_str(&event.data).ok()?;
        let id = ["into", "from_case", "case_id", "split_from"].iter().find_map(|field| data[field].as_str());
        id.map(str::to_owned)
    });
    let ids: HashSet<String> = named.chain(others.iter().map(|message| message.case_id.clone())).collect();
    Ok(query::numbers(&app.db, &ids.into_iter().collect::<Vec<_>>()).await?)
}

/// That cases were merged, taken apart or split.
fn merging(
    t: Texts,
    kind: EventType,
    event: &EventRow,
    name_of: &NameOf<'_>,
    tokens: &HashMap<String, String>,
    case_of: &dyn Fn(Option<&str>) -> String,
) -> What {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let token = data["token"].as_str().and_then(|id| tokens.get(id)).cloned();
    let by = token.or_else(|| event.member_id.as_deref().and_then(name_of));
    let by = by.unwrap_or_else(|| t.get("console.event.somebody").to_owned());
    let (key, other) = match (kind, data["case_id"].as_str()) {
        (EventType::Created, _) => ("console.event.split_from", data["split_from"].as_str()),
        (EventType::Split, other) => ("console.event.split", other),
        (EventType::Merged, Some(other)) => ("console.event.merged", Some(other)),
        (EventType::Merged, None) => ("console.event.merged_into", data["into"].as_str()),
        (_, Some(other)) => ("console.event.unmerged", Some(other)),
        (_, None) => ("console.event.unmerged_from", data["from_case"].as_str()),
    };
    What::Done { sentence: t.with(key, &[("name", &by), ("case", &case_of(other))]), status: None }
}

/// What an event says, for those that are not words of somebody.
fn sentence(
    t: Texts,
    event: &EventRow,
    name_of: &NameOf<'_>,
    tokens: &HashMap<String, String>,
    names: &Names<'_>,
    (tasks, efforts): (&[Task], &[Effort]),
) -> Option<What> {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let word = |field: &str| data[field].as_str();
    let named = |id: Option<&str>| id.and_then(name_of).unwrap_or_else(|| t.get("console.event.somebody").to_owned());
    let token = word("token");
    let by = match (token.and_then(|id| tokens.get(id)), word("rule")) {
        (Some(token), _) => token.clone(),
        (None, Some(rule)) => t.with("console.event.by_rule", &[("rule", rule)]),
        (None, None) if word("by").is_some() => "Sayso".to_owned(),
        (None, None) => named(event.member_id.as_deref()),
    };
    let is_staff = event.member_id.is_some() || token.is_some();
    let label = |of: &str, word: Option<&str>| word.map_or("", |word| t.get(&format!("common.{of}.{word}")));
    let to = word("to");
    let kind = EventType::parse(&event.kind)?;
    let sentence = match kind {
        EventType::Created if is_staff => t.with("console.event.entered", &[("name", &by)]),
        EventType::Created if event.actor == "system" => t.get("console.event.imported").to_owned(),
        EventType::Created
        | EventType::Message
        | EventType::Note
        | EventType::Merged
        | EventType::Unmerged
        | EventType::Split => return None,
        EventType::Acknowledged if is_staff => t.with("console.event.opened", &[("name", &by)]),
        EventType::Acknowledged => t.get("console.event.receipt").to_owned(),
        EventType::Assigned => match to {
            Some(id) if Some(id) == event.member_id.as_deref() => t.with("console.event.took", &[("name", &by)]),
            Some(id) => t.with("console.event.gave", &[("name", &by), ("to", &named(Some(id)))]),
            None => t.with("console.event.put_back", &[("name", &by)]),
        },
        EventType::Status if word("quarantine") == Some("released") => {
            t.with("console.event.released", &[("name", &by)])
        }
        EventType::Status if word("quarantine").is_some() => t.with("console.event.discarded", &[("name", &by)]),
        EventType::Status if event.actor == "customer" => {
            t.with("console.event.customer_status", &[("status", label("status", to))])
        }
        EventType::Status => t.with("console.event.status", &[("name", &by), ("status", label("status", to))]),
        EventType::DueSoon => t.with("console.event.due_soon", &[("promise", sorting::promise(t, &data))]),
        EventType::Breached => t.with("console.event.breached", &[("promise", sorting::promise(t, &data))]),
        EventType::Escalated => t.with("console.event.escalated", &[("to", &named(to))]),
        EventType::Alarm => t.with("desk.event.alarm", &[("name", &by)]),
        EventType::Erased if is_staff => {
            t.with(&format!("privacy.event.erased_by.{}", word("what").unwrap_or("texts")), &[("name", &by)])
        }
        EventType::Erased => t.get(&format!("privacy.event.erased.{}", word("what").unwrap_or("texts"))).to_owned(),
        EventType::Signal => t.get("console.delivery.event.signal").to_owned(),
        EventType::Effort => effort_texts::sentence(t, efforts, &data, &by),
        EventType::Remedy => sorting::remedy_cost(t, &data, &by),
        EventType::Task => sorting::task(t, tasks, &data, &by, &named),
        EventType::Team
        | EventType::Priority
        | EventType::Category
        | EventType::Tags
        | EventType::FollowUp
        | EventType::Problem => sorting::sentence(t, names, kind, &data, &by),
        EventType::Resolved => match word("outcome") {
            Some(outcome) => {
                t.with("console.event.resolved_as", &[("name", &by), ("outcome", label("outcome", Some(outcome)))])
            }
            None => t.with("console.event.resolved", &[("name", &by)]),
        },
        EventType::Reopened if is_staff => t.with("console.event.reopened_by", &[("name", &by)]),
        EventType::Reopened => t.get("console.event.reopened").to_owned(),
        EventType::Rated => {
            let score = data["score"].as_i64().unwrap_or_default().to_string();
            let key = match data["solved"].as_bool() {
                Some(false) => "console.event.rated_unsolved",
                _ => "console.event.rated",
            };
            t.with(key, &[("score", &score)])
        }
        EventType::Contact => t.get("console.event.address").to_owned(),
        EventType::Closed if event.actor == "customer" => t.get("console.event.customer_closed").to_owned(),
        EventType::Closed if is_staff => t.with("console.event.closed", &[("name", &by)]),
        EventType::Closed => t.get("console.event.closed_by_time").to_owned(),
    };
    let status = match kind {
        EventType::Closed => Some("closed".to_owned()),
        EventType::Acknowledged => Some("acknowledged".to_owned()),
        _ => to.filter(|to| crate::cases::Status::parse(to).is_some()).map(str::to_owned),
    };
    Some(What::Done { sentence, status })
}
