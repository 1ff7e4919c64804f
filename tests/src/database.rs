//! A new database for each test.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sayso::config::Secret;
use sayso::db::Db;
use sqlx::{Connection, PgConnection};
use tokio::sync::OnceCell;

/// Names the cluster of the run, which does not wait for the disk.
const CLUSTER: &str = "SAYSO_TEST_POSTGRES";

/// Names a cluster that keeps what was committed, as one in operation does.
const DURABLE_CLUSTER: &str = "SAYSO_TEST_POSTGRES_DURABLE";

/// The name that SQLite's file has in every data folder.
const FILE: &str = "sayso.db";

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in the test's data folder.
    Sqlite,
    /// A database of its own on the cluster that `cargo xtask test` starts.
    Postgres,
}

impl Database {
    /// The `database_url` for a new, empty database. A missing PostgreSQL is a failure, never a skip.
    pub async fn make(self) -> Secret {
        match self {
            Database::Sqlite => Secret::default(),
            Database::Postgres => Secret::from(create(&cluster(CLUSTER), "").await),
        }
    }

    /// As [`Database::make`], on a PostgreSQL that keeps what it has committed when the power fails; SQLite always does.
    pub async fn make_durable(self) -> Secret {
        match self {
            Database::Sqlite => Secret::default(),
            Database::Postgres => Secret::from(create(&cluster(DURABLE_CLUSTER), "").await),
        }
    }

    /// As [`Database::make`], with all tables: a copy of one that was migrated once for all tests of this program. That of SQLite is put
    /// into the data folder.
    pub async fn make_migrated(self, data: &Path) -> Secret {
        match self {
            Database::Sqlite => {
                let file = File::options().create_new(true).write(true).mode(0o600).open(data.join(FILE));
                file.expect("the folder is writable").write_all(migrated_file().await).expect("there is room");
                Secret::default()
            }
            Database::Postgres => {
                let admin = cluster(CLUSTER);
                let template = format!("template {}", migrated_database(&admin).await);
                Secret::from(create(&admin, &template).await)
            }
        }
    }
}

/// The address of a cluster's maintenance database.
fn cluster(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set; `cargo xtask test PART` starts a PostgreSQL and sets it"))
}

/// Makes a database on a cluster, and gives its address.
async fn create(admin: &str, options: &str) -> String {
    let name = format!("sayso_{}", uuid::Uuid::new_v4().simple());
    let mut connection = PgConnection::connect(admin).await.expect("PostgreSQL answers");
    let create = sqlx::AssertSqlSafe(format!("create database {name} {options}"));
    sqlx::query(create).execute(&mut connection).await.expect("the user may make databases");
    let (server, parameters) = admin.split_once('?').map_or((admin, String::new()), |(s, p)| (s, format!("?{p}")));
    let (server, _) = server.rsplit_once('/').expect("the address names a database");
    format!("{server}/{name}{parameters}")
}

/// A migrated SQLite, as bytes.
async fn migrated_file() -> &'static [u8] {
    static BYTES: OnceCell<Vec<u8>> = OnceCell::const_new();
    let make = || async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        migrate(folder.path(), None).await;
        fs::read(folder.path().join(FILE)).expect("it was made")
    };
    BYTES.get_or_init(make).await
}

/// The name of a migrated database on PostgreSQL, to which nobody is connected.
async fn migrated_database(admin: &str) -> &'static str {
    static NAME: OnceCell<String> = OnceCell::const_new();
    let make = || async {
        let url = create(admin, "").await;
        migrate(Path::new(""), Some(&url)).await;
        url.rsplit('/').next().and_then(|name| name.split('?').next()).expect("it ends with the name").to_owned()
    };
    NAME.get_or_init(make).await
}

async fn migrate(data: &Path, url: Option<&str>) {
    let db = Db::connect(data, url).await.expect("the new database answers");
    db.migrate().await.expect("it is migrated");
    db.close().await;
}
