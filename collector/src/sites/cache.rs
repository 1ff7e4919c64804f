//! The sites in memory, so that intake does not ask the database for each submission.

use std::sync::Arc;

use tokio::sync::RwLock;

use super::Site;
use crate::clock::{Clock, Millis};
use crate::db::{Db, is_unavailable};
use crate::http::{Error, Result};

/// Commands change sites while the server runs; it must see that within a second.
const FRESH_FOR: Millis = 500;

/// All sites as of less than a second ago.
#[derive(Debug)]
pub struct SiteCache {
    db: Db,
    clock: Clock,
    loaded: RwLock<Loaded>,
}

#[derive(Debug, Default)]
struct Loaded {
    at: Millis,
    sites: Vec<Arc<Site>>,
}

impl SiteCache {
    /// An empty cache that fills itself when it is asked.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, loaded: RwLock::default() }
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
        let now = self.clock.now();
        let fresh = |loaded: &Loaded| (loaded.at..loaded.at + FRESH_FOR).contains(&now).then(|| loaded.sites.clone());
        if let Some(sites) = fresh(&*self.loaded.read().await) {
            return Ok(sites);
        }
        let mut loaded = self.loaded.write().await;
        if let Some(sites) = fresh(&loaded) {
            return Ok(sites);
        }
        match Site::all(&self.db).await.map_err(Error::from) {
            Ok(sites) => *loaded = Loaded { at: now, sites: sites.into_iter().map(Arc::new).collect() },
            // While the database is away the sites are known all the same, so that a page of theirs can read why it is refused.
            Err(Error::Database(error)) if is_unavailable(&error) && loaded.at > 0 => {
                tracing::warn!(%error, "the sites can't be read; going on with those that are known");
                // The attempt may have taken seconds, for which everybody waited.
                loaded.at = self.clock.now();
            }
            Err(error) => return Err(error),
        }
        Ok(loaded.sites.clone())
    }
}
