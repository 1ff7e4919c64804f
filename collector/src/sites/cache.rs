//! The sites in memory, so that intake does not ask the database for each submission.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use super::Site;
use crate::clock::{Clock, Millis};
use crate::db::{Db, is_unavailable};
use crate::http::{Error, Result};

/// Commands change sites while the server runs; it must see that within a second.
const FRESH_FOR: Millis = 500;
/// How long a request waits for another one that is reading the sites. A database that takes longer has other troubles.
const PATIENCE: Duration = Duration::from_millis(250);

/// All sites as of less than a second ago.
#[derive(Debug)]
pub struct SiteCache {
    db: Db,
    clock: Clock,
    /// None until they were read for the first time.
    loaded: Mutex<Option<Loaded>>,
    /// Held by the one that reads them for all.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
struct Loaded {
    at: Millis,
    sites: Vec<Arc<Site>>,
}

impl SiteCache {
    /// An empty cache that fills itself when it is asked.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, loaded: Mutex::default(), reading: tokio::sync::Mutex::default() }
    }

    /// The site with this key.
    pub async fn by_key(&self, key: &str) -> Result<Option<Arc<Site>>> {
        Ok(self.all().await?.into_iter().find(|site| site.key() == key))
    }

    /// The site with this identifier.
    pub async fn by_id(&self, id: &str) -> Result<Option<Arc<Site>>> {
        Ok(self.all().await?.into_iter().find(|site| site.id() == id))
    }

    /// All sites, by key.
    pub async fn all(&self) -> Result<Vec<Arc<Site>>> {
        if let Some(sites) = self.fresh() {
            return Ok(sites);
        }
        let _reading = match (timeout(PATIENCE, self.reading.lock()).await, self.known()) {
            (Ok(reading), _) => reading,
            // Else all requests of the seconds in which the database is away would wait for it one after the other.
            (Err(_), Some(known)) => return Ok(known.sites),
            (Err(_), None) => self.reading.lock().await,
        };
        // Another one may have read them meanwhile.
        if let Some(sites) = self.fresh() {
            return Ok(sites);
        }
        let began = self.clock.now();
        match Site::all(&self.db).await.map_err(Error::from) {
            Ok(sites) => Ok(self.keep(Loaded { at: began, sites: sites.into_iter().map(Arc::new).collect() })),
            Err(Error::Database(error)) if is_unavailable(&error) => {
                // While the database is away the sites are known all the same, so that a page of theirs can read why it is refused.
                let known = self.known().ok_or(Error::Database(error))?;
                tracing::warn!("the sites can't be read; going on with those that are known");
                // The attempt may have taken seconds; the next one is not due at once.
                Ok(self.keep(Loaded { at: self.clock.now(), ..known }))
            }
            Err(error) => Err(error),
        }
    }

    fn fresh(&self) -> Option<Vec<Arc<Site>>> {
        let now = self.clock.now();
        self.known().filter(|loaded| (loaded.at..loaded.at + FRESH_FOR).contains(&now)).map(|loaded| loaded.sites)
    }

    fn known(&self) -> Option<Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, loaded: Loaded) -> Vec<Arc<Site>> {
        let sites = loaded.sites.clone();
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = Some(loaded);
        sites
    }
}
