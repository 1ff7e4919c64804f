//! Where a site's tag was seen: noted as pages ask for the script, for the settings or for the frame, so that whoever has put the tag on a
//! page sees that it works. Only origins are noted, never addresses of pages, and nothing of their visitors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::broadcast;

use super::SiteCache;
use super::visits::Visits;
use crate::changes::Change;
use crate::clock::{Clock, MINUTE, Millis};
use crate::db::Db;
use crate::http::Result;
use crate::{with_db, with_write};

/// A page that is seen again within this time is not written again.
const REST: Millis = MINUTE;
/// So many pages of one kind are noted by one process. Whoever invents origins fills no table with them.
const MOST: usize = 200;

/// What a page was seen to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// It fetched the script.
    Loaded,
    /// It fetched what the form needs to know of the site.
    Opened,
    /// It shows the form in a frame, for a reason that the panel gave: `policy`, or nothing.
    Framed(String),
    /// It has told that the form was there.
    Shown,
    /// It has told that nothing was left but a link, for a reason as of a frame.
    Linked(String),
    /// It asked, and is not among the site's origins.
    Refused,
}

/// A page's origin and when it did what; 0 for never.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Sighting {
    /// The site; empty for a page of no site.
    pub site_id: String,
    /// The origin.
    pub origin: String,
    /// When it fetched the script.
    pub loaded_at: Millis,
    /// When it opened the form, or got ready to.
    pub opened_at: Millis,
    /// When it showed the form in a frame.
    pub framed_at: Millis,
    /// When it was refused.
    pub refused_at: Millis,
    /// When it told that the form was there.
    pub shown_at: Millis,
    /// When it told that there was only a link.
    pub linked_at: Millis,
    /// Why it showed a frame or a link: `policy`, or nothing.
    pub reason: String,
}

impl Sighting {
    /// When it was seen last.
    pub fn last_at(&self) -> Millis {
        let times = [self.loaded_at, self.opened_at, self.framed_at, self.refused_at, self.shown_at, self.linked_at];
        times.into_iter().max().unwrap_or_default()
    }

    /// Whether its visitors get nothing but a link: the latest of whom it told did. Each browser tells once a day.
    pub fn is_linked(&self) -> bool {
        self.linked_at > self.shown_at.max(self.framed_at)
    }

    /// Whether its visitors get a frame: the latest that were about to get the form did.
    pub fn is_framed(&self) -> bool {
        self.framed_at > 0 && self.framed_at + MINUTE >= self.opened_at
    }
}

type Seen = HashMap<(String, String, Sight), Millis>;

/// Notes what pages do.
#[derive(Debug)]
pub struct Sightings {
    db: Db,
    clock: Clock,
    sites: SiteCache,
    changes: broadcast::Sender<Change>,
    seen: Mutex<Seen>,
    /// Of the sites that have them counted.
    pub visits: Arc<Visits>,
}

impl Sightings {
    /// Nothing has been seen yet.
    pub fn new(db: &Db, clock: &Clock, changes: &broadcast::Sender<Change>) -> Arc<Self> {
        let sites = SiteCache::new(db.clone(), clock.clone());
        let visits = Visits::new(db, clock);
        let (db, clock, changes) = (db.clone(), clock.clone(), changes.clone());
        Arc::new(Self { db, clock, sites, changes, seen: Mutex::default(), visits })
    }

    /// Notes what a page of `origin` did with a site; none for a page that no site lists. It is written in the background, and open pages
    /// of the console are told of what is new.
    pub fn note(self: &Arc<Self>, site_id: Option<&str>, origin: &str, sight: Sight) {
        let now = self.clock.now();
        let key = (site_id.unwrap_or_default().to_owned(), origin.to_owned(), sight);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get(&key) {
            Some(at) if now - at < REST => return,
            None if seen.len() >= MOST => return,
            _ => {}
        }
        let is_new = seen.insert(key.clone(), now).is_none();
        drop(seen);
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let (site_id, origin, sight) = key;
            match this.write(&site_id, &origin, &sight, now).await {
                // Nobody may be listening, which is no error.
                Ok(()) if is_new => drop(this.changes.send(Change::Unknown)),
                Ok(()) => {}
                Err(error) => tracing::debug!(%error, "where the tag was seen could not be noted"),
            }
        });
    }

    async fn write(&self, site_id: &str, origin: &str, sight: &Sight, now: Millis) -> sqlx::Result<()> {
        let at = |is: bool| if is { now } else { 0 };
        let reason = match sight {
            Sight::Framed(reason) | Sight::Linked(reason) => reason.as_str(),
            _ => "",
        };
        let upsert = "insert into sightings (site_id, origin, loaded_at, opened_at, framed_at, refused_at, shown_at, linked_at, reason) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (site_id, origin) do update set \
            loaded_at = case when excluded.loaded_at > 0 then excluded.loaded_at else sightings.loaded_at end, \
            opened_at = case when excluded.opened_at > 0 then excluded.opened_at else sightings.opened_at end, \
            framed_at = case when excluded.framed_at > 0 then excluded.framed_at else sightings.framed_at end, \
            refused_at = case when excluded.refused_at > 0 then excluded.refused_at else sightings.refused_at end, \
            shown_at = case when excluded.shown_at > 0 then excluded.shown_at else sightings.shown_at end, \
            linked_at = case when excluded.linked_at > 0 then excluded.linked_at else sightings.linked_at end, \
            reason = case when excluded.framed_at > 0 or excluded.linked_at > 0 then excluded.reason else sightings.reason end";
        let times = [
            at(*sight == Sight::Loaded),
            at(*sight == Sight::Opened),
            at(matches!(sight, Sight::Framed(_))),
            at(*sight == Sight::Refused),
            at(*sight == Sight::Shown),
            at(matches!(sight, Sight::Linked(_))),
        ];
        with_write!(&self.db, pool => {
            let query = sqlx::query(upsert).bind(site_id).bind(origin);
            let query = times.into_iter().fold(query, |query, time| query.bind(time));
            query.bind(reason).execute(pool).await.map(|_| ())
        })
    }

    /// What was seen, the latest first.
    pub async fn latest(&self) -> Result<Vec<Sighting>> {
        let select = "select site_id, origin, loaded_at, opened_at, framed_at, refused_at, shown_at, linked_at, reason from sightings";
        let mut all: Vec<Sighting> = with_db!(&self.db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
        all.sort_by_key(|sighting| std::cmp::Reverse(sighting.last_at()));
        Ok(all)
    }
}

/// Notes which pages fetch the script. A script's request says of its page only what the page's referrer policy lets it say.
pub async fn of_scripts(State(sightings): State<Arc<Sightings>>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/sayso.js"
        && let Some(origin) = referring_origin(request.headers())
        && let Ok(sites) = sightings.sites.all().await
    {
        let listing = sites.iter().filter(|site| site.origins().iter().any(|allowed| allowed.matches(&origin)));
        let mut is_listed = false;
        for site in listing {
            is_listed = true;
            sightings.note(Some(site.id()), &origin, Sight::Loaded);
            if site.settings.count_visits && request.method() == Method::GET {
                sightings.visits.count(site);
            }
        }
        if !is_listed {
            sightings.note(None, &origin, Sight::Loaded);
        }
    }
    next.run(request).await
}

/// The origin of the page that asks.
pub fn referring_origin(headers: &HeaderMap) -> Option<String> {
    let referrer = headers.get(header::REFERER)?.to_str().ok()?;
    let url = url::Url::parse(referrer).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.origin().ascii_serialization())
}
