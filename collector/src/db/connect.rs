//! Opening either database with the settings that durability needs, and migrating it.

use std::fs::{DirBuilder, File};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, bail};
use fs4::FileExt;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Executor as _};

use super::{Db, SqlitePools};
use crate::keys::random_bytes;

/// The file of the database in the data folder.
pub const DATABASE: &str = "sayso.db";

/// What the names begin with by which PostgreSQL shows our connections.
const APPLICATION: &str = "sayso-";

/// Held by a serving process: SQLite takes one server only.
#[derive(Debug)]
pub struct ServerLock(#[expect(dead_code, reason = "the lock lives as long as the open file")] Option<File>);

impl Db {
    /// Opens PostgreSQL when `url` is given, else `sayso.db` in the data folder, which is made if it is missing.
    pub async fn connect(data: &Path, url: Option<&str>) -> anyhow::Result<Db> {
        match url {
            None => Self::open_sqlite(&data.join(DATABASE)).await,
            Some(url) if url.starts_with("sqlite:") => Self::open_sqlite(Path::new(sqlite_path(url))).await,
            Some(url) if url.starts_with("postgres:") || url.starts_with("postgresql:") => {
                let options = postgres_options(url)?.application_name(application_name());
                let pool = PgPoolOptions::new()
                    .max_connections(16)
                    .acquire_timeout(Duration::from_secs(5))
                    .connect_with(options)
                    .await
                    .context(
                        "cannot reach PostgreSQL; is it running, and is database_url right? Away from this machine it has to show a \
                         certificate for its name, unless the address says another sslmode",
                    )?;
                Ok(Db::Postgres(pool))
            }
            Some(_) => bail!("database_url must begin with postgres:// or sqlite://"),
        }
    }

    async fn open_sqlite(path: &Path) -> anyhow::Result<Db> {
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        // SQLite gives its other files the mode of this one. The folder may have been made by somebody else, and be open to all.
        // Never opened where it is: closing it would give up the locks that this process has on it, and whoever uses the database next would take the
        // log away from under a server that writes to it.
        match File::options().create_new(true).write(true).mode(0o600).open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => drop(made.with_context(|| format!("cannot open the database {}", path.display()))?),
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let writing = options
            .clone()
            // Its cache holds the ends of all indexes, where most rows go.
            .pragma("cache_size", "-16384")
            // An insert of many rows keeps what it would need to take back, which is not worth a file.
            .pragma("temp_store", "memory")
            // What was erased is overwritten, and does not stay in pages that nothing refers to.
            .pragma("secure_delete", "on")
            // Under load most of the log is moved beside the writer (see `checkpoints`), which moves the rest and begins anew when it has 6 MiB.
            .pragma("wal_autocheckpoint", "1500");
        let open = SqlitePoolOptions::new()
            .acquire_timeout(Duration::from_secs(10))
            // There is no network that could have taken the connection away, and asking costs as much as a statement.
            .test_before_acquire(false);
        let write = open
            .clone()
            .max_connections(1)
            // When the disk is full, SQLite rolls a transaction back by itself. sqlx goes on to count it, and such a connection would
            // refuse every later one, also when there is room again.
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    // Intake, which had it before, may commit without waiting for the disk; nobody else does.
                    connection.execute("pragma synchronous = full").await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(writing)
            .await
            .with_context(|| format!("cannot open the database {}", path.display()))?;
        let read = open.max_connections(8).connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Db::Sqlite(SqlitePools { read, write }))
    }
}

/// Anywhere but on this machine the server has to prove who it is, unless the address or the usual variable says otherwise: what
/// PostgreSQL's clients prefer by themselves falls back to no encryption whenever somebody in between wants it so.
fn postgres_options(url: &str) -> anyhow::Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url).context("database_url is not a PostgreSQL address")?;
    let says = |text: &str| text.contains("sslmode=") || text.contains("ssl-mode=");
    let is_said = url.split_once('?').is_some_and(|(_, query)| says(query)) || std::env::var_os("PGSSLMODE").is_some();
    let host = options.get_host();
    let is_here = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    Ok(if is_said || is_here { options } else { options.ssl_mode(PgSslMode::VerifyFull) })
}

/// Takes the lock that keeps a second server off one SQLite, before that server touches anything; PostgreSQL needs none.
pub fn lock_for_serving(data: &Path, url: Option<&str>) -> anyhow::Result<ServerLock> {
    let Some(database) = sqlite_file(data, url) else { return Ok(ServerLock(None)) };
    if let Some(folder) = database.parent() {
        make_folder(folder)?;
    }
    // Beside the database and not in the data folder: servers with different data folders may name the same database.
    let path = database.with_added_extension("lock");
    let file = File::options().create(true).write(true).truncate(false).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    if FileExt::try_lock(&file).is_err() {
        bail!(
            "another sayso already serves {}; SQLite takes one server, PostgreSQL (database_url) takes many",
            database.display()
        );
    }
    Ok(ServerLock(Some(file)))
}

/// It will hold personal data and the master key, so nobody else may look in.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("cannot make the data folder {}", folder.display()))
}

/// The file of the database, where it is SQLite.
pub fn sqlite_file(data: &Path, url: Option<&str>) -> Option<PathBuf> {
    match url {
        None => Some(data.join("sayso.db")),
        Some(url) if url.starts_with("sqlite:") => Some(sqlite_path(url).into()),
        Some(_) => None,
    }
}

/// The name by which PostgreSQL shows the connections of this process, and of no other one.
fn application_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("{APPLICATION}{:016x}", u64::from_le_bytes(random_bytes())))
}

/// How many connections other processes of ours have to this PostgreSQL database.
pub async fn others_connected(pool: &PgPool) -> sqlx::Result<i64> {
    let select = "select count(*) from pg_stat_activity where datname = current_database() \
        and starts_with(application_name, $1) and application_name <> $2";
    sqlx::query_scalar(select).bind(APPLICATION).bind(application_name()).fetch_one(pool).await
}

fn sqlite_path(url: &str) -> &str {
    let path = url.trim_start_matches("sqlite:");
    path.strip_prefix("//").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_has_to_prove_who_it_is_unless_the_address_says_otherwise() {
        let mode = |url: &str| format!("{:?}", postgres_options(url).expect("an address").get_ssl_mode());
        for url in ["postgres://u:p@db.internal/sayso", "postgresql://u@10.0.0.5:6432/sayso?application_name=x"] {
            assert_eq!(mode(url), "VerifyFull", "{url}");
        }
        assert_eq!(mode("postgres://u@db.internal/sayso?sslmode=disable"), "Disable");
        assert_eq!(mode("postgres://u@db.internal/sayso?sslmode=require"), "Require");
        for url in [
            "postgres://u@localhost/sayso",
            "postgres://u@127.0.0.1:5433/sayso",
            "postgres://u@[::1]/sayso",
            "postgres:///sayso?host=/run/postgresql",
        ] {
            assert_eq!(mode(url), "Prefer", "{url}");
        }
    }
}
