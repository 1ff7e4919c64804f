//! Short texts from one process to the others that work with the same PostgreSQL, by LISTEN and NOTIFY.
//! SQLite has one server, which has nobody to tell.

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::Db;

/// A longer text is refused: PostgreSQL takes less than 8,000 bytes.
pub const MAX_BYTES: usize = 7_900;

const CHANNEL: &str = "sayso";

/// Tells texts to every process that listens, also to this one. Never in a transaction that does something else: commits that
/// notify wait for one lock of the whole server.
pub async fn notify(db: &Db, texts: &[String]) -> sqlx::Result<()> {
    let Db::Postgres(pool) = db else { return Ok(()) };
    let notify = "select pg_notify($1, told) from unnest($2::text[]) as told";
    sqlx::query(notify).bind(CHANNEL).bind(texts).execute(pool).await.map(|_| ())
}

/// A connection of its own on which texts are heard.
pub struct Listener(PgListener);

impl Listener {
    /// Begins to listen; none on SQLite.
    pub async fn open(db: &Db) -> sqlx::Result<Option<Self>> {
        let Db::Postgres(pool) = db else { return Ok(None) };
        // Not one of the pool's connections, all of which may be at work for seconds.
        let own = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let own = own.connect_with((*pool.connect_options()).clone()).await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(Some(Self(listener)))
    }

    /// The next text; none when the connection is lost. Then only a new listener hears again.
    pub async fn next(&mut self) -> sqlx::Result<Option<String>> {
        Ok(self.0.try_recv().await?.map(|told| told.payload().to_owned()))
    }
}
