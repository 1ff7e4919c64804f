//! What a service file says must fit together, and with what is there already: names that exist, hours that do not overlap, rules that can match.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use sayso_shared::Kind;

use super::calendar::WeekHours;
use super::file::{Items, ServiceFile};
use super::objects::{Object, Template};
use super::plan::merge_order;
use super::reader::{Item, Reader};
use super::rules::{Actions, Assignee, Conditions, Rule, Trigger};
use super::surroundings::Surroundings;
use super::words::{Address, Key};
use crate::cases::{Channel, Status};

/// What is said of a rule that does nothing since no case meets what it asks for.
const NEVER: &str = "the rule can never match";

/// What a template may name between braces.
pub const PLACEHOLDERS: [&str; 8] = [
    "customer.name",
    "case.number",
    "case.code",
    "case.link",
    "due.first_response",
    "due.resolution",
    "member.name",
    "site.name",
];

/// Checks what was read, against itself and what is known besides; notes every mistake.
pub fn check(items: &mut Items<'_>, known: &ServiceFile, surroundings: &Surroundings<'_>, reader: &mut Reader<'_>) {
    let mut check = Check { names: Names::of(items, known), reader };
    check.targets(&mut items.targets, surroundings);
    let items = &*items;
    check.duplicates(&items.sites, |site| site.key.as_str().to_owned());
    check.duplicates(&items.members, |member| member.address.to_string());
    check.duplicates(&items.calendars, Object::key);
    check.duplicates(&items.teams, Object::key);
    check.duplicates(&items.tiers, Object::key);
    check.duplicates(&items.categories, Object::key);
    check.duplicates(&items.promises, Object::key);
    check.duplicates(&items.templates, Object::key);
    check.duplicates(&items.rules, Object::key);
    check.duplicates(&items.views, Object::key);
    check.duplicates(&items.problems, Object::key);
    check.duplicates(&items.answers, Object::key);
    check.duplicates(&items.surveys, Object::key);
    check.people(items);
    check.calendars(items);
    check.of_sites(items);
    check.promises(items);
    items.templates.iter().for_each(|template| check.template(template));
    check.rules(&items.rules);
    check.shadows(&items.rules, &known.rules);
    check.viewers(items, known);
    for view in &items.views {
        check.exist(view, &["team"], "team", view.value.team.iter());
        check.exist(view, &["owner"], "member", view.value.owner.iter());
        check.filter(view);
    }
    for problem in &items.problems {
        check.exist(problem, &["owner"], "member", problem.value.owner.iter());
        check.exist(problem, &["site"], "site", problem.value.site.iter());
    }
    items.surveys.iter().for_each(|survey| check.survey(survey, surroundings.answered));
    for answer in &items.answers {
        check.exist(answer, &["site"], "site", answer.value.site.iter());
    }
    check.unread();
}

/// The names of everything that can be named, by the kind of thing.
struct Names {
    by_kind: HashMap<&'static str, HashSet<String>>,
    /// The kinds that the category of a site goes with; all if there are none.
    kinds: HashMap<(String, String), Vec<Kind>>,
}

impl Names {
    fn of(items: &Items<'_>, known: &ServiceFile) -> Self {
        fn keys<'a, T: 'a>(
            read: &'a [Item<'_, T>],
            known: &'a [T],
            key: impl Fn(&T) -> String + 'a,
        ) -> HashSet<String> {
            read.iter().map(|item| &item.value).chain(known).map(key).collect()
        }
        /// Of those with one name, what the file says counts.
        fn names_of<'a, T: 'a>(
            read: &'a [Item<'_, T>],
            known: &'a [T],
            name: impl Fn(&T) -> (String, bool) + 'a,
        ) -> HashSet<String> {
            let all: HashMap<String, bool> =
                known.iter().chain(read.iter().map(|item| &item.value)).map(name).collect();
            all.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect()
        }
        let categories = items.categories.iter().map(|item| &item.value);
        let kinds = known
            .categories
            .iter()
            .chain(categories)
            .map(|category| ((category.site.to_string(), category.key.to_string()), category.kinds.clone()));
        let by_kind = HashMap::from([
            ("site", keys(&items.sites, &known.sites, |site| site.key.as_str().to_owned())),
            ("member", keys(&items.members, &known.members, |member| member.address.to_string())),
            (
                "viewer",
                names_of(&items.members, &known.members, |member| (member.address.to_string(), !member.role.may_act())),
            ),
            ("calendar", keys(&items.calendars, &known.calendars, Object::key)),
            (
                "open calendar",
                names_of(&items.calendars, &known.calendars, |calendar| (calendar.key(), calendar.is_always_open())),
            ),
            ("team", keys(&items.teams, &known.teams, Object::key)),
            // A rule without a site may name what any site has.
            ("tier", keys(&items.tiers, &known.tiers, |tier| tier.key.to_string())),
            ("tier of a site", keys(&items.tiers, &known.tiers, Object::key)),
            ("category", keys(&items.categories, &known.categories, |category| category.key.to_string())),
            ("category of a site", keys(&items.categories, &known.categories, Object::key)),
            ("template", keys(&items.templates, &known.templates, Object::key)),
            ("problem", keys(&items.problems, &known.problems, Object::key)),
            ("target", keys(&items.targets, &known.targets, |target| target.key.to_string())),
        ]);
        Self { by_kind, kinds: kinds.collect() }
    }

    fn has(&self, kind: &str, name: &str) -> bool {
        self.by_kind.get(kind).is_some_and(|names| names.contains(name))
    }
}

/// What is checked, and what is wrong with it so far.
pub(super) struct Check<'r, 'a> {
    names: Names,
    reader: &'r mut Reader<'a>,
}

impl Check<'_, '_> {
    pub(super) fn refuse(&mut self, span: Range<usize>, text: impl Into<String>) {
        self.reader.refuse(span, text);
    }

    pub(super) fn duplicates<T>(&mut self, items: &[Item<'_, T>], key: impl Fn(&T) -> String) {
        let mut seen = HashSet::new();
        for item in items {
            let key = key(&item.value);
            if !seen.insert(key.clone()) {
                self.refuse(item.span(&["key"]), format!("{key} is there twice"));
            }
        }
    }

    /// Refuses names of things that are not there in tables that can't be read for another reason.
    fn unread(&mut self) {
        for kind in ["site", "calendar", "team"] {
            for (span, name) in self.reader.unread(kind) {
                if !self.names.has(kind, &name) {
                    self.refuse(span, format!("there is no {kind} {name}"));
                }
            }
        }
        for (span, hours) in self.reader.unread_values::<WeekHours>("hours") {
            if let Err(error) = hours.hours() {
                self.refuse(span, error.to_string());
            }
        }
    }

    /// Refuses names of things that are not there.
    pub(super) fn exist<T, N: ToString>(
        &mut self,
        item: &Item<'_, T>,
        path: &[&str],
        kind: &str,
        names: impl Iterator<Item = N>,
    ) {
        for name in names {
            let name = name.to_string();
            if !self.names.has(kind, &name) {
                self.refuse(item.span(path), format!("there is no {kind} {name}"));
            }
        }
    }

    /// Refuses names of what a site does not have; without a site, of what no site has.
    fn exist_in_site<'n, T>(
        &mut self,
        item: &Item<'_, T>,
        path: &[&str],
        kind: &str,
        site: Option<&Key>,
        names: impl Iterator<Item = &'n Key>,
    ) {
        for name in names {
            match site {
                None => self.exist(item, path, kind, [name].into_iter()),
                Some(site) if !self.names.has(&format!("{kind} of a site"), &format!("{site}/{name}")) => {
                    self.refuse(item.span(path), format!("the site {site} has no {kind} {name}"));
                }
                Some(_) => {}
            }
        }
    }

    fn people(&mut self, items: &Items<'_>) {
        for member in &items.members {
            self.exist(member, &["teams"], "team", member.value.teams.iter());
        }
        for team in &items.teams {
            self.exist(team, &["members"], "member", team.value.members.iter());
            self.exist(team, &["lead"], "member", team.value.lead.iter());
            self.exist(team, &["calendar"], "calendar", team.value.calendar.iter());
        }
    }

    fn calendars(&mut self, items: &Items<'_>) {
        for calendar in &items.calendars {
            if let Some(date) = calendar.value.doubled_working_day() {
                self.refuse(calendar.span(&["working_days"]), format!("{date} is named twice"));
            }
            match calendar.value.calendar() {
                Err(error) => self.refuse(calendar.span(&["hours"]), error.to_string()),
                Ok(_) if calendar.is_whole() && calendar.value.hours == WeekHours::default() => {
                    self.refuse(calendar.span(&["hours"]), "a calendar without hours is never open");
                }
                Ok(_) => {}
            }
        }
    }

    fn of_sites(&mut self, items: &Items<'_>) {
        for site in &items.sites {
            for (place, why) in site.value.settings.mistakes() {
                self.refuse(site.span(&place), why);
            }
        }
        for tier in &items.tiers {
            self.exist(tier, &["site"], "site", [&tier.value.site].into_iter());
            if !(tier.value.weight.is_finite() && tier.value.weight > 0.0) {
                self.refuse(tier.span(&["weight"]), "a weight is a number above 0");
            }
            if tier.value.from_cases == Some(0) {
                self.refuse(tier.span(&["from_cases"]), "a tier is reached by at least 1 case");
            }
            if tier.value.from_value.is_some_and(|value| !(value.is_finite() && value > 0.0)) {
                self.refuse(tier.span(&["from_value"]), "a tier is reached by a value above 0");
            }
        }
        for category in &items.categories {
            self.exist(category, &["site"], "site", [&category.value.site].into_iter());
            self.exist(category, &["team"], "team", category.value.team.iter());
        }
    }

    fn promises(&mut self, items: &Items<'_>) {
        for promise in &items.promises {
            let value = &promise.value;
            self.exist(promise, &["site"], "site", value.site.iter());
            self.exist(promise, &["calendar"], "calendar", value.calendar.iter());
            self.exist_in_site(promise, &["tier"], "tier", value.site.as_ref(), value.tier.iter());
            if promise.is_whole() && value.first_response.or(value.next_response).or(value.resolution).is_none() {
                self.refuse(
                    promise.span(&[]),
                    "a promise needs at least one of first_response, next_response and resolution",
                );
            }
        }
    }

    fn template(&mut self, template: &Item<'_, Template>) {
        let texts = [("subject", template.value.subject.as_ref()), ("body", Some(&template.value.body))];
        for (field, text) in texts {
            for (lang, text) in text.iter().flat_map(|text| text.iter()) {
                if let Some(unknown) = placeholders(text).find(|name| !PLACEHOLDERS.contains(name)) {
                    let known = PLACEHOLDERS.join("}, {");
                    let text = format!("there is no placeholder {{{unknown}}}; there are {{{known}}}");
                    self.refuse(template.span(&[field, lang]), text);
                }
            }
        }
    }

    fn rules(&mut self, rules: &[Item<'_, Rule>]) {
        for rule in rules {
            let Rule { site, when, then, on, stop, .. } = &rule.value;
            let site = site.as_ref();
            self.exist(rule, &["site"], "site", site.into_iter());
            self.exist(rule, &["then", "team"], "team", then.team.iter());
            self.exist(rule, &["then", "template"], "template", then.template.iter());
            self.exist(rule, &["then", "escalate_to"], "member", then.escalate_to.iter());
            self.exist(rule, &["then", "problem"], "problem", then.problem.iter());
            self.exist(rule, &["then", "targets"], "target", then.targets.iter());
            self.exist(rule, &["then", "owner"], "member", owner_of(then).into_iter());
            if rule.is_whole() && then.is_empty() && !stop {
                self.refuse(rule.span(&["then"]), "the rule does nothing");
            }
            if rule.is_whole() && on.is_empty() {
                self.refuse(rule.span(&["on"]), "the rule is never looked at");
            }
            self.conditions(rule, site, when, NEVER);
            self.moments(rule);
            let viewer = owner_of(then).filter(|owner| self.names.has("viewer", owner.as_str()));
            if let Some(viewer) = viewer {
                self.refuse(rule.span(&["then", "owner"]), format!("{viewer} only reads, and can own no case"));
            }
        }
    }

    /// Refuses rules that no case reaches, and those that keep all cases from others, in the order in which all will stand.
    fn shadows(&mut self, rules: &[Item<'_, Rule>], known: &[Rule]) {
        let named = rules.iter().map(|rule| rule.value.key()).collect();
        let order = merge_order(&known.iter().map(Object::key).collect::<Vec<_>>(), named);
        let written = |key: &String| rules.iter().find(|rule| rule.value.key() == *key);
        let all: Vec<(&Rule, Option<&Item<'_, Rule>>)> = order
            .iter()
            .filter_map(|key| match written(key) {
                Some(rule) => rule.is_whole().then_some((&rule.value, Some(rule))),
                None => known.iter().find(|rule| rule.key() == *key).map(|rule| (rule, None)),
            })
            .collect();
        for (at, (rule, item)) in all.iter().enumerate() {
            let Some((earlier, by)) = all[..at].iter().find(|(earlier, _)| shadows(earlier, rule)) else { continue };
            match (item, by) {
                (Some(item), _) => {
                    let text = format!("{NEVER}: {} before it takes all of its cases and stops", earlier.name);
                    self.refuse(item.span(&["name"]), text);
                }
                (None, Some(by)) => {
                    let text = format!(
                        "the rule {} after it can never match: this one takes all of its cases and stops",
                        rule.name
                    );
                    self.refuse(by.span(&["name"]), text);
                }
                // Both are there already.
                (None, None) => {}
            }
        }
    }

    /// Refuses that somebody who only reads goes on to be given cases by a rule that the file does not name.
    fn viewers(&mut self, items: &Items<'_>, known: &ServiceFile) {
        let stay = |rule: &&Rule| items.rules.iter().all(|item| item.value.key() != rule.key());
        for member in items.members.iter().filter(|member| !member.value.role.may_act()) {
            let address = &member.value.address;
            let rule = known.rules.iter().filter(stay).find(|rule| owner_of(&rule.then) == Some(address));
            if let Some(rule) = rule {
                let text = format!("the rule {} gives cases to {address}, who would only read", rule.name);
                self.refuse(member.span(&["role"]), text);
            }
        }
    }

    /// Refuses conditions that no case meets when the rule is looked at.
    fn moments(&mut self, rule: &Item<'_, Rule>) {
        let Rule { when, on, .. } = &rule.value;
        if !rule.is_whole() {
            return;
        }
        let only_on = |triggers: &[Trigger]| on.iter().all(|trigger| triggers.contains(trigger));
        let all_are = |statuses: &[Status]| {
            when.status.as_ref().is_some_and(|asked| asked.iter().all(|status| statuses.contains(status)))
        };
        if only_on(&[Trigger::Created]) && all_are(&[Status::Waiting, Status::Closed]) {
            let text = format!("{NEVER}: on created no case is waiting or closed");
            self.refuse(rule.span(&["when", "status"]), text);
        }
        if only_on(&[Trigger::Time, Trigger::Breached]) && all_are(&[Status::Resolved, Status::Closed]) {
            let text = format!("{NEVER}: no promise of a resolved or closed case is waited for");
            self.refuse(rule.span(&["when", "status"]), text);
        }
        if only_on(&[Trigger::Created]) && when.reopened == Some(true) {
            self.refuse(rule.span(&["when", "reopened"]), format!("{NEVER}: on created no case has been reopened"));
        }
        if when.channel.as_ref().is_some_and(|channels| channels.iter().all(|channel| *channel == Channel::Import)) {
            self.refuse(rule.span(&["when", "channel"]), format!("{NEVER}: no rule looks at what is imported"));
        }
        if let Some(always) = when.outside_hours.as_ref().filter(|key| self.names.has("open calendar", key.as_str())) {
            let text = format!("{NEVER}: the calendar {always} is always open");
            self.refuse(rule.span(&["when", "outside_hours"]), text);
        }
    }

    /// Refuses conditions that name what is not there, or that nothing can meet.
    pub(super) fn conditions<T>(&mut self, item: &Item<'_, T>, site: Option<&Key>, when: &Conditions, never: &str) {
        self.exist_in_site(item, &["when", "category"], "category", site, when.category.iter().flatten());
        self.exist_in_site(item, &["when", "tier"], "tier", site, when.tier.iter().flatten());
        self.exist(item, &["when", "team"], "team", when.team.iter().flatten());
        self.exist(item, &["when", "outside_hours"], "calendar", when.outside_hours.iter());
        let empty = |(_, length): &(&str, Option<usize>)| item.is_whole() && *length == Some(0);
        for (name, _) in when.lists().into_iter().filter(empty) {
            self.refuse(item.span(&["when", name]), format!("{never}: {name} is an empty list"));
        }
        if when.rating_max.is_some_and(|most| !(1..=5).contains(&most)) {
            self.refuse(item.span(&["when", "rating_max"]), "a rating is from 1 to 5");
        }
        let unspoken =
            when.words.iter().flatten().find(|words| crate::db::search::Phrase::read(words.as_str()).is_none());
        if let Some(words) = unspoken {
            self.refuse(item.span(&["when", "words"]), format!("{never}: {words} has no word in it"));
        }
        let (Some(kinds), Some(categories)) = (&when.kind, &when.category) else { return };
        let goes = |category: &Key| {
            let of_category =
                self.names.kinds.iter().filter(|((of, key), _)| {
                    key == category.as_str() && site.is_none_or(|wanted| wanted.as_str() == of)
                });
            of_category.into_iter().any(|(_, of)| of.is_empty() || kinds.iter().any(|kind| of.contains(kind)))
        };
        let is_known = |category: &Key| self.names.has("category", category.as_str());
        if !categories.is_empty() && categories.iter().all(|category| is_known(category) && !goes(category)) {
            let text = format!("{never}: none of its categories goes with one of its kinds");
            self.refuse(item.span(&["when", "category"]), text);
        }
    }
}

/// The member who gets a case, if the rule names one.
fn owner_of(then: &Actions) -> Option<&Address> {
    match &then.owner {
        Some(Assignee::Member(address)) => Some(address),
        _ => None,
    }
}

/// Whether no case reaches the later rule, since the earlier one takes it and stops.
fn shadows(earlier: &Rule, later: &Rule) -> bool {
    earlier.stop
        && later.on.iter().all(|trigger| earlier.on.contains(trigger))
        && (earlier.site.is_none() || earlier.site == later.site)
        && earlier.when.include(&later.when)
}

/// What stands between braces. Two of them are one that is meant.
pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}
