//! What the timeline says of how a case is sorted: team, priority, topic, kind, tags, follow-up and problem.

use serde_json::Value;

use crate::cases::EventType;
use crate::cases::money::Money;
use crate::cases::tasks::Task;
use crate::clock::parse_rfc3339;
use crate::service::Service;
use crate::sites::Site;
use crate::sites::labels::category_label;
use crate::text::Texts;

/// What things are called that events name by their keys.
pub(super) struct Names<'a> {
    /// The service.
    pub service: &'a Service,
    /// The site of the case.
    pub site: Option<&'a Site>,
}

impl Names<'_> {
    /// What a tier of the site is called; one that is not in its list is named by its key.
    pub fn tier(&self, t: Texts, key: &str) -> String {
        self.service.tier_name(self.site.map_or("", Site::key), key, t.tag())
    }

    /// What a team is called; one that was removed is named by its key.
    pub fn team(&self, key: &str) -> String {
        self.service.team(key).map_or_else(|| key.to_owned(), |team| team.name.to_string())
    }
}

/// A sentence about an event that changed it; `by` is who did.
pub(super) fn sentence(t: Texts, names: &Names<'_>, kind: EventType, data: &Value, by: &str) -> String {
    let to = &data["to"];
    let word = to.as_str();
    let tell = |key: &str, value: Option<(&str, String)>| match value {
        Some((name, value)) => t.with(&format!("console.event.{key}"), &[("name", by), (name, &value)]),
        None => t.with(&format!("console.event.no_{key}"), &[("name", by)]),
    };
    let due = data["due"].as_str().and_then(parse_rfc3339);
    let due = due.map(|at| t.with("console.event.due_now", &[("date", &t.moment(at))])).unwrap_or_default();
    let sentence = match kind {
        EventType::Team => tell("team", word.map(|key| ("team", names.team(key)))),
        EventType::Priority => {
            let priority = t.get(&format!("common.priority.{}", word.unwrap_or("normal")));
            tell("priority", Some(("priority", priority.to_owned())))
        }
        EventType::Category if to["kind"].is_string() => {
            let kind = t.get(&format!("common.kind.{}", to["kind"].as_str().unwrap_or_default()));
            tell("kind", Some(("kind", kind.to_owned())))
        }
        EventType::Category if to.get("tier").is_some() => {
            let tier = to["tier"].as_str();
            tell("tier", tier.map(|key| ("tier", names.tier(t, key))))
        }
        EventType::Category => {
            let label = category_label(t.0, names.site, to["category"].as_str());
            tell("category", label.map(|label| ("topic", label)))
        }
        EventType::Tags => {
            let tags: Vec<&str> = to.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            tell("tags", (!tags.is_empty()).then(|| ("tags", tags.join(", "))))
        }
        // By nobody: the day has come.
        EventType::FollowUp if to.is_null() && data["due"].is_string() => {
            return t.get("console.event.follow_up_due").to_owned();
        }
        EventType::FollowUp => tell("follow_up", word.and_then(parse_rfc3339).map(|at| ("date", t.moment(at)))),
        _ => tell("problem", word.map(|key| ("problem", key.to_owned()))),
    };
    sentence + &due
}

/// A sentence about what the remedy cost.
pub(super) fn remedy_cost(t: Texts, data: &Value, by: &str) -> String {
    let to = &data["to"];
    let cost = Money::parse(&to["amount"].to_string(), to["currency"].as_str().unwrap_or_default());
    match cost {
        Ok(cost) => t.with("insight.cost.set", &[("name", by), ("cost", &cost.to_string())]),
        Err(_) => t.with("insight.cost.removed", &[("name", by)]),
    }
}

/// A sentence about a task: what it is, and what became of it.
pub(super) fn task(t: Texts, tasks: &[Task], data: &Value, by: &str, named: &dyn Fn(Option<&str>) -> String) -> String {
    let title = tasks.iter().find(|task| Some(task.id.as_str()) == data["task_id"].as_str());
    let title = title.map_or("", |task| task.title.as_str());
    match (data["is"].as_str(), data["to"].as_str()) {
        (Some("done"), _) => t.with("console.event.task_done", &[("name", by), ("task", title)]),
        (Some("reopened"), _) => t.with("console.event.task_reopened", &[("name", by), ("task", title)]),
        (_, Some(to)) => t.with("console.event.task_for", &[("name", by), ("task", title), ("to", &named(Some(to)))]),
        (Some("added"), None) => t.with("console.event.task", &[("name", by), ("task", title)]),
        _ => t.with("console.event.task_changed", &[("name", by), ("task", title)]),
    }
}

/// The promise that an event is about.
pub(super) fn promise(t: Texts, data: &Value) -> &'static str {
    let promise = data["promise"].as_str().and_then(crate::clocks::PromiseKind::parse);
    let promise = promise.unwrap_or(crate::clocks::PromiseKind::FirstResponse);
    t.get(&format!("console.promise.{}", promise.as_str()))
}
