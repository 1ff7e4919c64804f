//! Which of several collectors does what only one may do, such as fetching mail: the one that holds the lease.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Db;
use crate::clock::{Millis, SECOND};
use crate::keys::random_token;
use crate::with_write;

/// How long a lease lasts. A leader that dies without a word is followed after this time.
pub const TERM: Millis = 6 * SECOND;
/// How often the leader renews its lease, and others look whether it has ended.
pub const RENEW_EVERY: std::time::Duration = std::time::Duration::from_secs(2);

/// No lease lasts longer, whatever clock it was given by: a replica whose clock was ahead would otherwise keep the others from leading.
const LONGEST: Millis = 60 * SECOND;

const NAME: &str = "leader";

/// Whether this collector leads. On SQLite there is one, and it does.
#[derive(Debug)]
pub struct Leader {
    /// None where there can't be others.
    id: Option<String>,
    leads: AtomicBool,
}

impl Leader {
    /// Leads where there is nobody else, and else not before [`Leader::campaign`].
    pub fn new(db: &Db) -> Self {
        let id = (!db.takes_one_server()).then(random_token);
        Self { leads: AtomicBool::new(id.is_none()), id }
    }

    /// Whether this collector does what only one may do.
    pub fn leads(&self) -> bool {
        self.leads.load(Ordering::Relaxed)
    }

    /// Renews the lease, or takes it over when it has ended; gives whether this collector leads. A database that does not answer ends its
    /// leading, since another one may reach it.
    pub async fn campaign(&self, db: &Db, now: Millis) -> sqlx::Result<bool> {
        let Some(id) = &self.id else { return Ok(true) };
        let upsert = "insert into leases (name, holder, until) values ($1, $2, $3) on conflict (name) do update \
            set holder = excluded.holder, until = excluded.until where leases.holder = excluded.holder \
            or leases.until <= $4 or leases.until > $5";
        let rows = with_write!(db, pool => sqlx::query(upsert).bind(NAME).bind(id).bind(now + TERM).bind(now)
            .bind(now + LONGEST).execute(pool).await.map(|done| done.rows_affected()));
        self.leads.store(matches!(rows, Ok(1)), Ordering::Relaxed);
        Ok(rows? == 1)
    }

    /// Gives the lease up, so that another one need not wait for its end.
    pub async fn resign(&self, db: &Db) -> sqlx::Result<()> {
        let Some(id) = &self.id else { return Ok(()) };
        self.leads.store(false, Ordering::Relaxed);
        let delete = "delete from leases where name = $1 and holder = $2";
        with_write!(db, pool => sqlx::query(delete).bind(NAME).bind(id).execute(pool).await.map(|_| ()))
    }
}
