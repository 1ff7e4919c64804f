//! What the inbox shows, as its address says it, and as a search.

use std::sync::Arc;

use sayso_shared::Kind;
use sayso_shared::id::{CaseId, MemberId};
use serde::Deserialize;

use crate::app::App;
use crate::auth::guard::HOME;
use crate::cases::search::{Facet, Search, SearchText};
use crate::cases::{Quarantine, Status};
use crate::db::search::Order;
use crate::sites::Site;

/// The parameters of the address, as they come.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct InboxQuery {
    status: String,
    kind: String,
    site: String,
    owner: String,
    q: String,
    before: String,
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
    /// What is searched for.
    pub text: String,
    /// Only cases older than this one.
    pub before: Option<CaseId>,
}

impl Filter {
    /// Reads the parameters.
    pub fn read(query: InboxQuery) -> Self {
        let owner = match query.owner.as_str() {
            "me" => Owner::Me,
            "nobody" => Owner::Nobody,
            id => MemberId::parse(id).map_or(Owner::Any, |id| Owner::Member(id.as_str().to_owned())),
        };
        Self {
            tab: Tab::list().chain(Tab::of_quarantine()).find(|tab| tab.word() == query.status).unwrap_or(Tab::Open),
            kind: Kind::parse(&query.kind),
            site: query.site,
            owner,
            text: query.q.trim().chars().take(200).collect(),
            before: CaseId::parse(&query.before).ok(),
        }
    }

    /// Whether anything beside the status is asked for.
    pub fn narrows(&self) -> bool {
        self.kind.is_some() || !self.site.is_empty() || self.owner != Owner::Any || !self.text.is_empty()
    }

    /// The word of the kind in the address.
    pub fn kind_word(&self) -> &'static str {
        self.kind.map_or("", Kind::as_str)
    }

    /// The address of the same filter with another status.
    pub fn address_of(&self, tab: &Tab) -> String {
        self.address(*tab, None)
    }

    /// The address of what comes after the case `id`.
    pub fn address_before(&self, id: &str) -> String {
        self.address(self.tab, Some(id))
    }

    fn address(&self, tab: Tab, before: Option<&str>) -> String {
        let parameters = [
            ("status", tab.word()),
            ("kind", self.kind_word()),
            ("site", &self.site),
            ("owner", self.owner.word()),
            ("q", &self.text),
            ("before", before.unwrap_or_default()),
        ];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters.into_iter().filter(|(_, value)| !value.is_empty()));
        format!("{HOME}?{}", query.finish())
    }

    /// The search that it asks for. None when nothing can meet it, such as a text without a word.
    pub fn search(&self, app: &App, me: &str, sites: &[Arc<Site>]) -> Option<Search> {
        let mut facets = Vec::new();
        facets.extend(self.kind.map(|kind| Facet::Kind(kind.as_str()).term()));
        if !self.site.is_empty() {
            let site = sites.iter().find(|site| site.key() == self.site)?;
            facets.push(Facet::Site(site.id()).term());
        }
        match &self.owner {
            Owner::Any => {}
            Owner::Me => facets.push(Facet::Owner(Some(me)).term()),
            Owner::Nobody => facets.push(Facet::Owner(None).term()),
            Owner::Member(id) => facets.push(Facet::Owner(Some(id)).term()),
        }
        let text = SearchText::read(&self.text, &app.keys);
        if !self.text.is_empty() && text.is_empty() {
            return None;
        }
        let statuses = Status::ALL
            .iter()
            .map(|status| (Facet::Status(status.as_str()).token(), self.tab.statuses().any(|shown| shown == *status)));
        let quarantines = Quarantine::ALL.iter().map(|quarantine| {
            (Facet::Quarantine(quarantine.as_str()).token(), self.tab == Tab::Suspected(*quarantine))
        });
        Some(Search {
            text,
            facets,
            groups: statuses.chain(quarantines).collect(),
            updated_since: None,
            order: Order::Newest,
            after: self.before.as_ref().map(|id| id.as_str().to_owned()),
            limit: 0,
            count_to: 0,
            budget: app.config.search_budget(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back() {
        let query = InboxQuery {
            status: "waiting".into(),
            kind: "complaint".into(),
            site: "acme".into(),
            owner: "me".into(),
            q: " 送货 & late ".into(),
            before: String::new(),
        };
        let filter = Filter::read(query);
        assert_eq!(
            filter.address_of(&Tab::All),
            "/staff/cases?status=all&kind=complaint&site=acme&owner=me&q=%E9%80%81%E8%B4%A7+%26+late"
        );
        assert!(filter.narrows());
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
        let filter = Filter::read(query);
        assert_eq!(
            (filter.tab, filter.kind, &filter.owner, filter.before.is_none()),
            (Tab::Open, None, &Owner::Any, true)
        );
        assert!(!filter.narrows());
    }
}
