//! What the inbox shows, as its address says it.

use sayso_shared::Kind;
use sayso_shared::id::{CaseId, MemberId};
use serde::Deserialize;

use super::reported::Reported;
use crate::auth::guard::HOME;
use crate::cases::access::Visibility;
use crate::cases::listing::{self, Due, Sort};
use crate::cases::{Priority, Quarantine, Status};
use crate::clock::Millis;

/// What was typed is kept up to here, so that whoever typed too much can shorten it.
const TYPED_MAX: usize = 1_000;

/// The parameters of the address, as they come.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct InboxQuery {
    status: String,
    kind: String,
    site: String,
    owner: String,
    team: String,
    priority: String,
    tag: String,
    due: String,
    sort: String,
    q: String,
    before: String,
    done: String,
    bulk: String,
    view: String,
    export: String,
    open: String,
    category: String,
    channel: String,
    tier: String,
    problem: String,
    owned: String,
    counted: String,
    from: String,
    to: String,
    promise: String,
    member: String,
}

impl InboxQuery {
    /// That of an address with these parameters.
    pub fn of(parameters: &[(&str, &str)]) -> Self {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        serde_urlencoded::from_str(&query).unwrap_or_default()
    }
}

/// Which statuses are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// All on which work is left.
    Open,
    /// One.
    One(Status),
    /// All.
    All,
    /// Those in quarantine, which no other tab shows.
    Suspected(Quarantine),
}

impl Tab {
    /// The tabs in their order, without those of the quarantine.
    pub fn list() -> impl Iterator<Item = Tab> {
        [Tab::Open].into_iter().chain(Status::ALL.iter().copied().map(Tab::One)).chain([Tab::All])
    }

    /// The tabs of the quarantine.
    pub fn of_quarantine() -> impl Iterator<Item = Tab> {
        Quarantine::ALL.iter().copied().map(Tab::Suspected)
    }

    /// The word in the address.
    pub const fn word(self) -> &'static str {
        match self {
            Tab::Open => "open",
            Tab::One(status) => status.as_str(),
            Tab::All => "all",
            Tab::Suspected(quarantine) => quarantine.as_str(),
        }
    }

    /// The statuses that it shows.
    pub fn statuses(self) -> impl Iterator<Item = Status> {
        Status::ALL.iter().copied().filter(move |status| match self {
            Tab::Open => status.is_open(),
            Tab::One(one) => one == *status,
            Tab::All => true,
            Tab::Suspected(_) => false,
        })
    }
}

/// Whose cases are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Anybody's, and nobody's.
    Any,
    /// The reader's own.
    Me,
    /// Those that nobody has taken.
    Nobody,
    /// One member's.
    Member(String),
}

impl Owner {
    /// The word in the address.
    pub fn word(&self) -> &str {
        match self {
            Owner::Any => "",
            Owner::Me => "me",
            Owner::Nobody => "nobody",
            Owner::Member(id) => id,
        }
    }
}

/// What the inbox shows. What makes no sense in an address is left out, as if it were not there.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Which statuses.
    pub tab: Tab,
    /// Which kind.
    pub kind: Option<Kind>,
    /// The key of the site.
    pub site: String,
    /// Whose.
    pub owner: Owner,
    /// The key of the team; `none` for cases without one.
    pub team: String,
    /// How urgent.
    pub priority: Option<Priority>,
    /// A tag.
    pub tag: String,
    /// Those that are overdue, or due soon.
    pub due: Option<Due>,
    /// Which come first.
    pub sort: Sort,
    /// What a report that led here counts.
    pub reported: Reported,
    /// What is searched for.
    pub text: String,
    /// Where the page begins, as the one before it said.
    pub before: Option<String>,
    /// The cases that the reader sees; none for all.
    pub visible: Option<Visibility>,
    /// The case that stands beside the list.
    pub open: Option<String>,
    /// What became of a view that was saved: `saved`, `shared`, `removed`, `unnamed` or `many`.
    pub view: &'static str,
    /// Why an export was refused just now: a word of `export`.
    pub export: String,
    /// Whether a case was just given to a team that the reader does not belong to.
    pub was_transferred: bool,
    /// What was done to several cases just now: by what it is taken back, or a word.
    pub bulk: String,
}

impl Filter {
    /// Reads the parameters, for a reader who sees certain cases; `today` is from when until when.
    pub fn read(query: InboxQuery, visible: Option<Visibility>, today: (Millis, Millis)) -> Self {
        let owner = match query.owner.as_str() {
            "me" => Owner::Me,
            "nobody" => Owner::Nobody,
            id => MemberId::parse(id).map_or(Owner::Any, |id| Owner::Member(id.as_str().to_owned())),
        };
        let reported = Reported::read(&[
            ("category", &query.category),
            ("channel", &query.channel),
            ("tier", &query.tier),
            ("problem", &query.problem),
            ("owned", &query.owned),
            ("counted", &query.counted),
            ("from", &query.from),
            ("to", &query.to),
            ("promise", &query.promise),
            ("member", &query.member),
        ]);
        Self {
            reported,
            tab: Tab::list().chain(Tab::of_quarantine()).find(|tab| tab.word() == query.status).unwrap_or(Tab::Open),
            kind: Kind::parse(&query.kind),
            site: query.site,
            owner,
            team: query.team,
            priority: Priority::parse(&query.priority),
            tag: query.tag.trim().chars().take(64).collect(),
            due: match query.due.as_str() {
                "overdue" => Some(Due::Overdue),
                "soon" => Some(Due::Soon),
                "answered" => Some(Due::Answered),
                "today" => Some(Due::Within(today.0, today.1)),
                "follow_up" => Some(Due::FollowUp(today.1)),
                _ => None,
            },
            sort: match query.sort.as_str() {
                "due" => Sort::Due,
                "updated" => Sort::Updated,
                "oldest" => Sort::Oldest,
                _ => Sort::Newest,
            },
            text: query.q.trim().chars().take(TYPED_MAX).collect(),
            before: listing::is_cursor(&query.before).then_some(query.before),
            visible,
            open: CaseId::parse(&query.open).ok().map(|id| id.as_str().to_owned()),
            view: ["saved", "shared", "removed", "unnamed", "many"]
                .into_iter()
                .find(|word| *word == query.view)
                .unwrap_or_default(),
            export: query.export.chars().take(40).collect(),
            was_transferred: query.done == "transfer",
            bulk: query.bulk.chars().take(40).collect(),
        }
    }

    /// Whether anything beside the status is asked for.
    pub fn narrows(&self) -> bool {
        self.kind.is_some()
            || !self.site.is_empty()
            || self.owner != Owner::Any
            || !self.team.is_empty()
            || self.priority.is_some()
            || !self.tag.is_empty()
            || self.due.is_some()
            || !self.text.is_empty()
            || !self.reported.is_empty()
    }

    /// Whether the index is asked, since the tables would have to be read further than a page.
    pub fn needs_index(&self) -> bool {
        self.narrows() || self.visible.is_some()
    }

    /// Whether the search index can't tell, and the tables have to be asked.
    pub fn needs_tables(&self) -> bool {
        (self.due.is_some() || self.sort != Sort::Newest || !self.reported.is_empty())
            && !matches!(self.tab, Tab::Suspected(_))
    }

    /// The word of what is due in the address.
    pub fn due_word(&self) -> &'static str {
        match self.due {
            Some(Due::Overdue) => "overdue",
            Some(Due::Soon) => "soon",
            Some(Due::Answered) => "answered",
            Some(Due::Within(..)) => "today",
            Some(Due::FollowUp(_)) => "follow_up",
            None => "",
        }
    }

    /// The word of the order in the address.
    pub fn sort_word(&self) -> &'static str {
        sort_word(self.sort)
    }

    /// The word of the priority in the address.
    pub fn priority_word(&self) -> &'static str {
        self.priority.map_or("", Priority::as_str)
    }

    /// The address of the open cases that are due, those first that are due first; `word` is `overdue`, `today`, `soon` or `answered`. With `follow_up` it is that of
    /// all that were put aside until today, also those that are closed.
    pub fn address_of_due(&self, word: &str) -> String {
        match word {
            "follow_up" => self.address(Tab::All, (word, ""), None),
            word => self.address(Tab::Open, (word, "due"), None),
        }
    }

    /// The word of the kind in the address.
    pub fn kind_word(&self) -> &'static str {
        self.kind.map_or("", Kind::as_str)
    }

    /// The address of the same filter with another status.
    pub fn address_of(&self, tab: &Tab) -> String {
        self.address(*tab, (if *tab == self.tab { self.due_word() } else { "" }, self.sort_word()), None)
    }

    /// The address of what comes after the case `id`.
    pub fn address_before(&self, id: &str) -> String {
        self.address(self.tab, (self.due_word(), self.sort_word()), Some(id))
    }

    /// The address of the same filter in another order.
    pub fn address_sorted(&self, sort: Sort) -> String {
        self.address(self.tab, (self.due_word(), sort_word(sort)), None)
    }

    fn address(&self, tab: Tab, (due, sort): (&str, &str), before: Option<&str>) -> String {
        let parameters = [
            ("status", tab.word()),
            ("kind", self.kind_word()),
            ("site", &self.site),
            ("owner", self.owner.word()),
            ("team", &self.team),
            ("priority", self.priority_word()),
            ("tag", &self.tag),
            ("due", due),
            ("sort", sort),
            ("q", &self.text),
            ("before", before.unwrap_or_default()),
        ];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters.into_iter().filter(|(_, value)| !value.is_empty()));
        query.extend_pairs(self.reported.parameters());
        format!("{HOME}?{}", query.finish())
    }
}

const fn sort_word(sort: Sort) -> &'static str {
    match sort {
        Sort::Newest => "",
        Sort::Oldest => "oldest",
        Sort::Due => "due",
        Sort::Updated => "updated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::filter_checks;

    #[test]
    fn an_address_reads_back() {
        let query = InboxQuery {
            status: "waiting".into(),
            kind: "complaint".into(),
            site: "acme".into(),
            owner: "me".into(),
            q: " 送货 & late ".into(),
            team: "delivery".into(),
            sort: "due".into(),
            ..InboxQuery::default()
        };
        let filter = Filter::read(query, None, (0, 0));
        assert_eq!(
            filter.address_of(&Tab::All),
            "/staff/cases?status=all&kind=complaint&site=acme&owner=me&team=delivery&sort=due&q=%E9%80%81%E8%B4%A7+%26+late"
        );
        assert!(filter.narrows());
    }

    #[test]
    fn every_word_that_a_view_may_have_is_understood() {
        for word in filter_checks::DUE {
            let query = InboxQuery::of(&[("due", word)]);
            assert_eq!(Filter::read(query, None, (0, 0)).due_word(), word);
        }
        for word in filter_checks::SORT {
            let shown = if word == "newest" { "" } else { word };
            assert_eq!(Filter::read(InboxQuery::of(&[("sort", word)]), None, (0, 0)).sort_word(), shown);
        }
    }

    #[test]
    fn nonsense_is_no_filter() {
        let query = InboxQuery {
            status: "x".into(),
            kind: "x".into(),
            owner: "' or 1".into(),
            before: "1".into(),
            ..InboxQuery::default()
        };
        let filter = Filter::read(query, None, (0, 0));
        assert_eq!(
            (filter.tab, filter.kind, &filter.owner, filter.before.is_none()),
            (Tab::Open, None, &Owner::Any, true)
        );
        assert!(!filter.narrows());
    }
}
