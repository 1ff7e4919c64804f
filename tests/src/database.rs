//! A new, empty database for each test.

use sayso::config::Secret;
use sqlx::{Connection, PgConnection};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in the test's data folder.
    Sqlite,
    /// A database of its own on the cluster that `cargo xtask test` starts.
    Postgres,
}

impl Database {
    /// The `database_url` for a new database. A missing PostgreSQL is a failure, never a skip.
    pub async fn make(self) -> Secret {
        match self {
            Database::Sqlite => Secret::default(),
            Database::Postgres => Secret::from(make_on_postgres().await),
        }
    }
}

async fn make_on_postgres() -> String {
    let admin = std::env::var("SAYSO_TEST_POSTGRES")
        .expect("SAYSO_TEST_POSTGRES is not set; `cargo xtask test collector` starts a PostgreSQL and sets it");
    let name = format!("sayso_{}", uuid::Uuid::new_v4().simple());
    let mut connection = PgConnection::connect(&admin).await.expect("PostgreSQL answers");
    let create = sqlx::AssertSqlSafe(format!("create database {name}"));
    sqlx::query(create).execute(&mut connection).await.expect("the user may make databases");
    let (server, parameters) =
        admin.split_once('?').map_or((admin.as_str(), String::new()), |(s, p)| (s, format!("?{p}")));
    let (server, _) = server.rsplit_once('/').expect("the address names a database");
    format!("{server}/{name}{parameters}")
}
