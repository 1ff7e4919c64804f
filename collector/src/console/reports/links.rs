//! From a number to the cases behind it: the address of the inbox that shows them.

use std::collections::BTreeMap;

use crate::auth::guard::HOME;
use crate::cases::counted::{Counted, Figure};
use crate::clock::Period;
use crate::console::inbox::reported;
use crate::reports::groups::NONE;
use crate::reports::names::Names;
use crate::reports::periods::{begin, day};
use crate::reports::{By, Name, Row};

/// Which cases stand behind a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind {
    /// The figure that counts them; none where it is all that were received.
    pub(super) figure: Option<Figure>,
    /// The tab of the inbox, and its kind.
    pub(super) parameters: &'static [(&'static str, &'static str)],
    pub(super) reach: Reach,
}

/// How far the cases of a number reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Over the period of the report.
    Period,
    /// Over all time: what is open now.
    Now,
    /// Over the period, and to what the group did, whosever the cases are.
    Author,
    /// Over the period, of the problem that the row names.
    Problem,
    /// Over the period, of all topics, also where the report is of one: its complaints are held against them.
    AllTopics,
}

/// The address for a number of a row, with what the column asks for besides; none where the inbox has no filter for it.
pub(super) fn cases(names: &Names<'_>, row: &Row, behind: Behind) -> Option<String> {
    let mut address = Address { names, parameters: BTreeMap::new(), period: names.asked.period };
    for (name, value) in behind.parameters {
        address.add(name, *value)?;
    }
    address.add_filter(behind.figure, behind.reach)?;
    if names.asked.name == Name::Workload && names.asked.by.is_of_time() && behind.reach != Reach::Author {
        address.add("owned", "yes")?;
    }
    address.add_group(row, behind.reach)?;
    if behind.reach == Reach::Problem {
        address.add("problem", row.get("problem").as_str()?)?;
    }
    address.add_period(behind)?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(&address.parameters);
    Some(format!("{HOME}?{}", query.finish()))
}

struct Address<'a> {
    names: &'a Names<'a>,
    parameters: BTreeMap<&'static str, String>,
    period: Period,
}

impl Address<'_> {
    /// Adds a parameter; none if another value is asked for already, which can't be said twice.
    fn add(&mut self, name: &'static str, value: impl Into<String>) -> Option<()> {
        let value = value.into();
        match self.parameters.insert(name, value.clone()) {
            Some(known) if known != value => None,
            _ => Some(()),
        }
    }

    fn add_filter(&mut self, figure: Option<Figure>, reach: Reach) -> Option<()> {
        let mut filter = self.names.asked.filter.clone();
        if reach == Reach::AllTopics {
            filter.category = None;
        }
        if let Some(id) = &filter.site_id {
            let key = self.names.sites.iter().find(|site| site.id() == id)?.key().to_owned();
            self.add("site", key)?;
        }
        if let Some(team) = filter.team {
            self.add("team", team.unwrap_or_else(|| NONE.to_owned()))?;
        }
        if let Some(owner) = filter.owner {
            self.add("owner", owner.unwrap_or_else(|| "nobody".to_owned()))?;
        }
        for (name, word) in [
            ("kind", filter.kind.map(sayso_shared::Kind::as_str)),
            ("priority", filter.priority.map(crate::cases::Priority::as_str)),
            ("channel", filter.channel.map(crate::cases::Channel::as_str)),
        ] {
            word.map_or(Some(()), |word| self.add(name, word))?;
        }
        for (name, key) in [("category", filter.category), ("tier", filter.tier)] {
            key.map_or(Some(()), |key| self.add(name, key))?;
        }
        let is_of_promises = matches!(figure, Some(Figure::Promised | Figure::Kept | Figure::Broken | Figure::InTime));
        match filter.promise.filter(|_| is_of_promises) {
            Some(promise) => self.add("promise", promise.as_str()),
            None => Some(()),
        }
    }

    fn add_group(&mut self, row: &Row, reach: Reach) -> Option<()> {
        let (asked, group) = (self.names.asked, row.group.as_str());
        let none = || Some(group).filter(|group| *group != NONE).unwrap_or(reported::NONE);
        match asked.by {
            By::All => Some(()),
            By::Day | By::Week | By::Month | By::Quarter | By::Year => {
                let unit = asked.by.unit()?;
                let start = unit.parse(group)?;
                let (from, to) = (begin(start, &asked.zone)?, begin(unit.next(start)?, &asked.zone)?);
                // A period may begin or end within a part.
                self.period.from = Some(self.period.from.map_or(from, |first| first.max(from)));
                self.period.to = Some(self.period.to.map_or(to, |last| last.min(to)));
                Some(())
            }
            By::Site => self.add("site", group),
            By::Team => self.add("team", none()),
            By::Member if group == NONE => self.add("owner", "nobody"),
            By::Member => {
                let id = self.names.members.iter().find(|member| member.email == group)?.id.clone();
                self.add(if reach == Reach::Author { "member" } else { "owner" }, id)
            }
            By::Kind => self.add("kind", group),
            By::Priority => self.add("priority", group),
            By::Promise => self.add("promise", group),
            By::Category => self.add("category", none()),
            By::Tier => self.add("tier", none()),
            By::Channel => self.add("channel", none()),
            By::Problem => self.add("problem", group),
            _ => None,
        }
    }

    /// Adds the period. What the search index can tell is asked of it, since it answers at once over a million cases.
    fn add_period(&mut self, behind: Behind) -> Option<()> {
        if behind.reach == Reach::Now {
            return Some(());
        }
        let (asked, Period { from, to }) = (self.names.asked, self.period);
        let lacks = |name: &str| self.parameters.get(name).is_some_and(|value| value == reported::NONE);
        let needs_tables = ["category", "tier", "channel"].into_iter().any(lacks)
            || ["problem", "owned"].iter().any(|name| self.parameters.contains_key(name));
        let begins_a_day = |at: Option<i64>| at.is_none_or(|at| begin(day(at, &asked.zone), &asked.zone) == Some(at));
        if behind.figure.is_none() && !needs_tables && begins_a_day(from) && begins_a_day(to) {
            let fields = ["category", "tier", "channel"].into_iter();
            let words = fields.filter_map(|name| Some(format!("{name}:{}", self.parameters.remove(name)?)));
            let mut words: Vec<String> = words.collect();
            words.extend(from.map(|at| format!("after:{}", day(at, &asked.zone))));
            words.extend(to.map(|at| format!("before:{}", day(at, &asked.zone))));
            return if words.is_empty() { Some(()) } else { self.add("q", words.join(" ")) };
        }
        let counted = Counted { period: self.period, ..Counted::new(behind.figure.unwrap_or(Figure::Received)) };
        counted.parameters().into_iter().try_for_each(|(name, value)| self.add(name, value))
    }
}
