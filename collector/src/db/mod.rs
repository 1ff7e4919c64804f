//! The only module that knows that there are two databases.
//!
//! A slice writes each query once, as one text that both understand, inside [`with_db!`](crate::with_db) (it reads),
//! [`with_write!`](crate::with_write) (one statement that writes) or [`with_tx!`](crate::with_tx) (several that belong together). Nothing checks the SQL at compile time, so the tests execute every query on both.

mod alone;
pub mod case_blocks;
pub mod catalog;
mod checkpoints;
mod connect;
pub mod copy;
pub mod counters;
pub mod durability;
mod health;
pub mod jobs;
pub mod leader;
mod migrate;
mod migrations;
pub mod notify;
pub mod rows;
pub mod search;

pub use checkpoints::Checkpoints;
pub use connect::{DATABASE, ServerLock, lock_for_serving, others_connected, sqlite_file};

use sqlx::{FromRow, PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// One of the two databases.
#[derive(Clone, Debug)]
pub enum Db {
    /// The default: a file in the data folder.
    Sqlite(SqlitePools),
    /// For several replicas.
    Postgres(PgPool),
}

/// The connections to SQLite. All writes of this process go through one connection, in the order of their asking: SQLite lets one writer
/// in at a time, and lets those that wait try again by chance, which under load is unfair without bounds.
#[derive(Clone, Debug)]
pub struct SqlitePools {
    /// For what only reads; a statement that writes is refused here.
    pub read: SqlitePool,
    /// The one connection that writes.
    pub write: SqlitePool,
}

/// Runs one body, which only reads, on the pool of either database; the body must give a type that names no driver.
#[macro_export]
macro_rules! with_db {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::db::Db::Sqlite(pools) => {
                let $pool = &pools.read;
                $body
            }
            $crate::db::Db::Postgres($pool) => $body,
        }
    };
}

/// Runs one body of one statement that writes; several that belong together are a [`Tx`]. Never inside of one: on SQLite it would wait for itself.
#[macro_export]
macro_rules! with_write {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::db::Db::Sqlite(pools) => {
                let $pool = &pools.write;
                $body
            }
            $crate::db::Db::Postgres($pool) => $body,
        }
    };
}

/// Runs one body on the connection of an open [`Tx`].
#[macro_export]
macro_rules! with_tx {
    ($tx:expr, $conn:ident => $body:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::db::Tx::Postgres(tx) => {
                let $conn = &mut **tx;
                $body
            }
        }
    };
}

/// A row that either database gives.
pub trait Readable:
    for<'r> FromRow<'r, sqlx::sqlite::SqliteRow> + for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin
{
}

impl<T> Readable for T where
    T: for<'r> FromRow<'r, sqlx::sqlite::SqliteRow> + for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin
{
}

/// A transaction that will write. Never hold one across network I/O: on SQLite it stops every other writer.
#[derive(Debug)]
pub enum Tx {
    /// Begun `IMMEDIATE`, so that it waits for other writers at its start and not at its first write.
    Sqlite(Transaction<'static, Sqlite>),
    /// With PostgreSQL's default isolation, read committed.
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Begins a transaction that will write.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            Db::Sqlite(pools) => Tx::Sqlite(pools.write.begin_with("begin immediate").await?),
            Db::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction whose commit does not wait for the disk, if it is SQLite; see [`durability`].
    pub async fn begin_unsynced(&self) -> sqlx::Result<Tx> {
        Ok(match self {
            // Whoever gets the connection next sets it back (see `connect`).
            Db::Sqlite(pools) => {
                Tx::Sqlite(pools.write.begin_with("pragma synchronous = normal; begin immediate").await?)
            }
            Db::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// The same database for one task that writes all the time, in the runtime that calls this: on PostgreSQL with a connection of its own,
    /// which that runtime watches.
    pub fn for_one_writer(&self) -> Db {
        match self {
            Db::Sqlite(pools) => Db::Sqlite(pools.clone()),
            Db::Postgres(pool) => {
                let options = pool.options().clone().min_connections(0).max_connections(1);
                // Its statements have thousands of values and always the same plan. PostgreSQL would make one for each execution.
                let connect = (*pool.connect_options()).clone().options([("plan_cache_mode", "force_generic_plan")]);
                Db::Postgres(options.connect_lazy_with(connect))
            }
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> sqlx::Result<()> {
        with_db!(self, pool => sqlx::query("select 1").execute(pool).await.map(|_| ()))
    }

    /// The name of the database for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Db::Sqlite(_) => "SQLite",
            Db::Postgres(_) => "PostgreSQL",
        }
    }

    /// Whether only one process at a time may serve from this database (see [`lock_for_serving`]).
    pub const fn takes_one_server(&self) -> bool {
        matches!(self, Db::Sqlite(_))
    }

    /// Closes all connections after their work.
    pub async fn close(&self) {
        match self {
            Db::Sqlite(pools) => {
                pools.read.close().await;
                pools.write.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes what was done durable.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await,
            Tx::Postgres(tx) => tx.commit().await,
        }
    }

    /// Undoes what was done. Dropping does the same, a little later.
    pub async fn rollback(self) -> sqlx::Result<()> {
        match self {
            Tx::Sqlite(tx) => tx.rollback().await,
            Tx::Postgres(tx) => tx.rollback().await,
        }
    }
}

/// Whether a unique index or primary key refused a row. By kind, since only PostgreSQL names the constraint.
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

/// Whether PostgreSQL broke a deadlock by this error; the same work succeeds when it is done again.
pub fn is_deadlock(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "40P01")
}

/// Whether the database can't be reached or can't take more at present, so that trying again helps.
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(error) => {
            // PostgreSQL: connection exceptions, resources, operator intervention, and a standby that has not taken over yet. SQLite: busy,
            // locked, read-only, I/O, disk full, no file.
            error.code().is_some_and(|code| {
                (matches!(code.get(..2), Some("08" | "53" | "57")) || code == "25006") && code.len() == 5
                    || matches!(code.parse::<i64>().map(|code| code & 0xff), Ok(5 | 6 | 8 | 10 | 13 | 14))
                        && code.len() != 5
            })
        }
        _ => false,
    }
}
