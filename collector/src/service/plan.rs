//! What has to change for the service to be as a file says.

use std::fmt;

use serde_json::Value;

use super::file::{MemberDefinition, ServiceFile, SiteDefinition};
use super::objects::{Object, Team, to_json};
use super::target_definition::TargetDefinition;

/// What becomes of what the file does not name. Sites and members stay in any case: `sayso site remove` and `sayso member remove` say what goes
/// with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    /// It stays.
    Keep,
    /// It is removed.
    Remove,
}

/// Changes, in the order in which they are made.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    steps: Vec<Step>,
    /// The keys of a kind in their order, and whether that is another one than before.
    orders: Vec<Order>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The table of the file.
    pub kind: &'static str,
    /// What tells it from others of its kind.
    pub key: String,
    /// How it was; none if it was not there.
    pub before: Option<Value>,
    /// How it becomes; none if it is removed.
    pub after: Option<Value>,
}

#[derive(Clone, Debug)]
struct Order {
    kind: &'static str,
    keys: Vec<String>,
    is_other: bool,
}

/// Compares what is set with what a file wants.
pub fn plan(known: &ServiceFile, wanted: &ServiceFile, prune: Prune) -> Plan {
    let mut plan = Plan::default();
    plan.compare("site", &known.sites, &wanted.sites, Prune::Keep, SiteDefinition::to_json, |site| {
        site.key.as_str().to_owned()
    });
    plan.compare("member", &known.members, &wanted.members, Prune::Keep, MemberDefinition::to_json, |member| {
        member.address.to_string()
    });
    plan.objects(&known.calendars, &wanted.calendars, prune);
    plan.objects(&known.teams, &with_members(known, wanted), prune);
    plan.objects(&known.tiers, &wanted.tiers, prune);
    plan.objects(&known.categories, &wanted.categories, prune);
    plan.objects(&known.promises, &wanted.promises, prune);
    plan.objects(&known.templates, &wanted.templates, prune);
    plan.objects(&known.rules, &wanted.rules, prune);
    plan.objects(&known.views, &wanted.views, prune);
    plan.objects(&known.problems, &wanted.problems, prune);
    plan.objects(&known.answers, &wanted.answers, prune);
    plan.objects(&known.surveys, &wanted.surveys, prune);
    plan.compare("target", &known.targets, &wanted.targets, prune, TargetDefinition::to_json, |target| {
        target.key.to_string()
    });
    plan
}

/// The teams of the file, and those besides that its members name, with these members.
fn with_members(known: &ServiceFile, wanted: &ServiceFile) -> Vec<Team> {
    let is_named = |team: &Team| wanted.members.iter().any(|member| member.teams.contains(&team.key));
    let is_in_file = |team: &Team| wanted.teams.iter().any(|other| other.key == team.key);
    let besides = known.teams.iter().filter(|team| is_named(team) && !is_in_file(team));
    let mut teams: Vec<Team> = wanted.teams.iter().chain(besides).cloned().collect();
    for team in &mut teams {
        let naming = wanted.members.iter().filter(|member| member.teams.contains(&team.key));
        for member in naming {
            if !team.members.contains(&member.address) {
                team.members.push(member.address.clone());
            }
        }
    }
    teams
}

impl Plan {
    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.orders.iter().all(|order| !order.is_other)
    }

    /// The changes.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The order of each kind.
    pub fn orders(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        self.orders.iter().map(|order| (order.kind, order.keys.as_slice()))
    }

    /// The objects of a kind, with their order.
    fn objects<T: Object>(&mut self, known: &[T], wanted: &[T], prune: Prune) {
        self.compare(T::KIND, known, wanted, prune, to_json, Object::key);
        let before: Vec<String> = known.iter().map(Object::key).collect();
        let mut keys: Vec<String> = wanted.iter().map(Object::key).collect();
        if prune == Prune::Keep {
            keys = merge_order(&before, keys);
        }
        let kept = |these: &[String], others: &[String]| {
            these.iter().filter(|key| others.contains(key)).cloned().collect::<Vec<_>>()
        };
        let is_other = kept(&before, &keys) != kept(&keys, &before);
        self.orders.push(Order { kind: T::KIND, keys, is_other });
    }

    fn compare<T>(
        &mut self,
        kind: &'static str,
        known: &[T],
        wanted: &[T],
        prune: Prune,
        json: impl Fn(&T) -> Value,
        key: impl Fn(&T) -> String,
    ) {
        for new in wanted {
            let old = known.iter().find(|old| key(old) == key(new)).map(&json);
            let after = json(new);
            if old.as_ref() != Some(&after) {
                self.steps.push(Step { kind, key: key(new), before: old, after: Some(after) });
            }
        }
        if prune == Prune::Remove {
            let gone = known.iter().filter(|old| !wanted.iter().any(|new| key(new) == key(old)));
            self.steps.extend(gone.map(|old| Step { kind, key: key(old), before: Some(json(old)), after: None }));
        }
    }
}

/// The order of everything that is there after a file that names some of it: what it does not name keeps its place, what it names has the order of the file,
/// and what is new comes after what is before it in the file, or at the end.
pub(super) fn merge_order(before: &[String], wanted: Vec<String>) -> Vec<String> {
    let mut named = wanted.iter().filter(|key| before.contains(key));
    let in_turn = |key: &String| if wanted.contains(key) { named.next().unwrap_or(key).clone() } else { key.clone() };
    let mut merged: Vec<String> = before.iter().map(in_turn).collect();
    for (at, key) in wanted.iter().enumerate().filter(|(_, key)| !before.contains(key)) {
        let place = |key: &String| merged.iter().position(|known| known == key);
        let after = wanted[..at].iter().rev().find_map(place).map(|earlier| earlier + 1);
        let to = after.or_else(|| wanted[at..].iter().find_map(place)).unwrap_or(merged.len());
        merged.insert(to, key.clone());
    }
    merged
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(formatter, "{step}")?;
        }
        for order in self.orders.iter().filter(|order| order.is_other) {
            writeln!(formatter, "~ order of {}: {}", order.kind, order.keys.join(" | "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, key, before, after } = self;
        match (before, after) {
            (None, _) => write!(formatter, "+ {kind} {key}"),
            (Some(_), None) => write!(formatter, "- {kind} {key}"),
            (Some(before), Some(after)) => {
                write!(formatter, "~ {kind} {key}: ")?;
                let mut differences = Vec::new();
                different("", before, after, &mut differences);
                formatter.write_str(&differences.join(", "))
            }
        }
    }
}

/// What differs, field by field, such as `first_response 4h → 2h`.
fn different(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    if before == after {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        found.push(format!("{path} {} → {}", shown(before), shown(after)));
        return;
    };
    let mut names: Vec<&String> = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))).collect();
    names.sort();
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let value = |of: &serde_json::Map<String, Value>| of.get(name).cloned().unwrap_or_default();
        different(&path, &value(old), &value(new), found);
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
