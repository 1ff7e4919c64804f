//! What a member asks the inbox for, as a search and as a question to the tables.

use std::sync::Arc;

use super::filter::{Filter, Owner, Tab};
use crate::app::App;
use crate::cases::listing::Listing;
use crate::cases::search::{Contacts, Facet, QueryError, Reader, Search, SearchQuery, SearchText};
use crate::cases::{Quarantine, Status};
use crate::db::search::Order;
use crate::http::Result;
use crate::sites::Site;

/// A filter with its text read.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// What is shown.
    pub filter: Filter,
    text: SearchText,
    me: &'a str,
    sites: &'a [Arc<Site>],
}

impl<'a> Asked<'a> {
    /// Reads the text of a filter, for a member.
    pub async fn read(
        app: &App,
        filter: Filter,
        me: &'a str,
        sites: &'a [Arc<Site>],
    ) -> Result<std::result::Result<Self, QueryError>> {
        let query = match SearchQuery::parse(&filter.text) {
            Ok(query) => query,
            Err(error) => return Ok(Err(error)),
        };
        let site = sites.iter().find(|site| site.key() == filter.site);
        let contacts = match &filter.visible {
            Some(visible) if visible.hides_contacts() => Contacts::Hidden,
            _ => Contacts::Searched,
        };
        let reader = Reader { member_id: Some(me), site_id: site.map(|site| site.id()), contacts };
        let text = SearchText::resolve(app, &query, reader).await?;
        Ok(text.map(|text| Self { filter, text, me, sites }))
    }

    /// The same without its text.
    pub fn without_text(filter: &Filter, me: &'a str, sites: &'a [Arc<Site>]) -> Self {
        let filter = Filter { text: String::new(), ..filter.clone() };
        Self { filter, text: SearchText::default(), me, sites }
    }

    /// The same from its first page on, whatever is due.
    pub fn wider(&self) -> Self {
        Self { filter: Filter { due: None, before: None, ..self.filter.clone() }, ..self.clone() }
    }

    /// What was typed; none if there is no word in it.
    pub fn text(&self) -> Option<&SearchText> {
        Some(&self.text).filter(|text| self.filter.text.is_empty() || !text.is_empty())
    }

    /// The sites.
    pub const fn sites(&self) -> &'a [Arc<Site>] {
        self.sites
    }

    /// The search. None when nothing can meet it, such as a text without a word.
    pub fn search(&self, app: &App) -> Option<Search> {
        let facets = self.listing()?.terms();
        let text = self.text()?.clone();
        let tab = self.filter.tab;
        let statuses = Status::ALL
            .iter()
            .map(|status| (Facet::Status(status.as_str()).token(), tab.statuses().any(|shown| shown == *status)));
        let quarantines = Quarantine::ALL
            .iter()
            .map(|quarantine| (Facet::Quarantine(quarantine.as_str()).token(), tab == Tab::Suspected(*quarantine)));
        Some(Search {
            text,
            facets,
            groups: statuses.chain(quarantines).collect(),
            updated_since: None,
            order: Order::Newest,
            after: self.filter.before.clone(),
            limit: 0,
            count_to: 0,
            budget: app.config.search_budget(),
        })
    }

    /// What is asked of the tables. None when nothing can meet it.
    pub fn listing(&self) -> Option<Listing> {
        let filter = &self.filter;
        let site_id = match filter.site.as_str() {
            "" => None,
            key => Some(self.sites.iter().find(|site| site.key() == key)?.id().to_owned()),
        };
        Some(filter.reported.narrow(Listing {
            site_id,
            kind: filter.kind,
            statuses: if filter.tab == Tab::All { Vec::new() } else { filter.tab.statuses().collect() },
            team: match filter.team.as_str() {
                "" => None,
                "none" => Some(None),
                key => Some(Some(key.to_owned())),
            },
            owner: match &filter.owner {
                Owner::Any => None,
                Owner::Me => Some(Some(self.me.to_owned())),
                Owner::Nobody => Some(None),
                Owner::Member(id) => Some(Some(id.clone())),
            },
            tag: Some(filter.tag.clone()).filter(|tag| !tag.is_empty()),
            priority: filter.priority,
            due: filter.due,
            visible: filter.visible.clone(),
            ..Listing::default()
        }))
    }
}
