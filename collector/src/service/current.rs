//! The service as it is set now, kept in memory: intake does not ask the database for each submission.

use std::sync::{Arc, Mutex, PoisonError};

use super::calendar::CalendarDefinition;
use super::objects::{Answer, CategoryDefinition, Problem, Promise, Team, Template, Tier, View};
use super::promises::Promises;
use super::rules::Rule;
use super::store::{objects, rows};
use super::words::Address;
use crate::clock::{Clock, Millis};
use crate::db::Db;

/// Commands change the service while the server runs; it must see that within a second.
const FRESH_FOR: Millis = 500;

/// What the work on cases goes by.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// What is promised.
    pub promises: Promises,
    /// The calendars as they are written.
    pub calendars: Vec<CalendarDefinition>,
    /// The teams.
    pub teams: Vec<Team>,
    /// The rules, in their order.
    pub rules: Vec<Rule>,
    /// The teams that stand beside the categories of sites.
    pub categories: Vec<CategoryDefinition>,
    /// The templates of replies.
    pub templates: Vec<Template>,
    /// Named filters of the inbox.
    pub views: Vec<View>,
    /// The tiers of sites, the best first.
    pub tiers: Vec<Tier>,
    /// The known root causes.
    pub problems: Vec<Problem>,
    /// What is answered before somebody asks.
    pub answers: Vec<Answer>,
}

impl Service {
    /// Whether there is a problem with a key.
    pub fn has_problem(&self, key: &str) -> bool {
        self.problems.iter().any(|problem| problem.key.as_str() == key)
    }

    /// What a tier of a site is called in a language; one that is not in its list is named by its key.
    pub fn tier_name(&self, site_key: &str, key: &str, lang: &str) -> String {
        let tier = self.tiers.iter().find(|tier| tier.site.as_str() == site_key && tier.key.as_str() == key);
        tier.map_or_else(|| key.to_owned(), |tier| tier.name.in_language(lang).to_owned())
    }

    /// The teams that the member with an address belongs to or leads.
    pub fn teams_of<'a>(&'a self, email: &'a str) -> impl Iterator<Item = &'a Team> {
        let is_member = move |address: &Address| address.as_str() == email;
        self.teams.iter().filter(move |team| team.members.iter().chain(&team.lead).any(is_member))
    }

    /// The teams that a member leads.
    pub fn led_by<'a>(&'a self, email: &'a str) -> impl Iterator<Item = &'a Team> {
        self.teams.iter().filter(move |team| team.lead.iter().any(|address| address.as_str() == email))
    }

    /// The team with a key.
    pub fn team(&self, key: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.key.as_str() == key)
    }
}

/// The service as of less than a second ago.
#[derive(Debug)]
pub struct ServiceCache {
    db: Db,
    clock: Clock,
    /// When it was read last; none until it was read for the first time.
    loaded: Mutex<Option<(Millis, Arc<Service>)>>,
    /// Held by the one that reads it for all.
    reading: tokio::sync::Mutex<()>,
}

impl ServiceCache {
    /// An empty cache that fills itself when it is asked.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, loaded: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// The service. While the database is away it is the one that is known.
    pub async fn current(&self) -> sqlx::Result<Arc<Service>> {
        let known = self.known();
        if let Some((_, service)) = known.as_ref().filter(|(at, _)| self.is_fresh(*at)) {
            return Ok(Arc::clone(service));
        }
        let _reading = match (self.reading.try_lock(), known) {
            (Ok(reading), _) => reading,
            // Another one is reading it; what is known is a little older than it should be.
            (Err(_), Some((_, service))) => return Ok(service),
            (Err(_), None) => self.reading.lock().await,
        };
        if let Some((_, service)) = self.known().filter(|(at, _)| self.is_fresh(*at)) {
            return Ok(service);
        }
        let began = self.clock.now();
        let service = match (load(&self.db).await, self.known()) {
            (Ok(service), _) => Arc::new(service),
            (Err(error), Some((_, service))) => {
                tracing::warn!(%error, "the service can't be read; going on with the one that is known");
                service
            }
            (Err(error), None) => return Err(error),
        };
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = Some((began, Arc::clone(&service)));
        Ok(service)
    }

    /// Has it read again at once, after this process has changed it.
    pub fn forget(&self) {
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn known(&self) -> Option<(Millis, Arc<Service>)> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_fresh(&self, at: Millis) -> bool {
        (at..at + FRESH_FOR).contains(&self.clock.now())
    }
}

async fn load(db: &Db) -> sqlx::Result<Service> {
    let rows = rows(db).await?;
    let promises: Vec<Promise> = objects(&rows);
    let calendars: Vec<CalendarDefinition> = objects(&rows);
    Ok(Service {
        promises: Promises::new(&promises, &calendars),
        calendars,
        teams: objects(&rows),
        rules: objects(&rows),
        categories: objects(&rows),
        templates: objects(&rows),
        views: objects(&rows),
        tiers: objects(&rows),
        problems: objects(&rows),
        answers: objects(&rows),
    })
}
