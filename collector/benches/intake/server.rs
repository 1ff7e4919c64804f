//! The collector under load, and the receiver of its webhooks.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::seed;

const BINARY: &str = env!("CARGO_BIN_EXE_sayso");
/// A key of tests: what it protects is made up.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// What a round asks of the server and its database.
#[derive(Clone, Copy)]
pub struct Setup {
    /// Whether submissions are stored at all.
    pub stores: bool,
    /// Submissions of one commit at most.
    pub batch: usize,
    /// Cases that are there before.
    pub stored: i64,
}

impl Default for Setup {
    fn default() -> Self {
        Self { stores: true, batch: 256, stored: 0 }
    }
}

/// A receiver that answers everything with 204.
pub struct Sink {
    url: String,
}

impl Sink {
    /// Starts one.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = vec![0; 16_384];
                    // Each webhook is small enough to come in one or two reads; its end is the end of the JSON.
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        if buffer[..read].ends_with(b"}}}") {
                            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.ok();
                        }
                    }
                });
            }
        });
        Ok(Self { url })
    }
}

/// A serving collector with the site `acme` and two webhooks.
pub struct Server {
    /// Where it answers.
    pub address: SocketAddr,
    /// How long it took from its start to its first connection.
    pub ready: Duration,
    child: Child,
    data: TempDir,
    database_url: String,
}

impl Server {
    /// Starts one with a new database.
    pub async fn start(postgres: Option<&str>, sink: &Sink, setup: Setup) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let database_url = match postgres {
            None => String::new(),
            Some(admin) => new_database(admin).await?,
        };
        let command = || {
            let mut command = Command::new(BINARY);
            command
                .env("SAYSO_MASTER_KEY", KEY)
                .env("SAYSO_LOG", "error")
                .env("SAYSO_LIMITS__BATCH", setup.batch.to_string());
            command.env("SAYSO_DANGEROUS_STORE_NOTHING", (!setup.stores).to_string());
            command.env("SAYSO_DANGEROUS_ALLOW_PRIVATE_TARGETS", "true").env("SAYSO_DANGEROUS_DISABLE_GUARDS", "true");
            command
                .env("SAYSO_DATA", data.path())
                .env("SAYSO_DATABASE_URL", &database_url)
                .stdout(Stdio::null())
                .kill_on_drop(true);
            command
        };
        let set_up: [&[&str]; 3] = [
            &["site", "add", "acme", "--name", "Acme", "--origin", "https://shop.example"],
            &["target", "add", "--site", "acme", "--webhook", &sink.url],
            &["target", "add", "--site", "acme", "--webhook", &sink.url],
        ];
        for arguments in set_up {
            ensure!(command().args(arguments).status().await?.success(), "sayso {} failed", arguments.join(" "));
        }
        if setup.stored > 0 {
            seed(data.path(), &database_url, setup.stored).await?;
        }
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let started = Instant::now();
        let child = command().args(["serve", "--listen", &address.to_string()]).spawn()?;
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(2)).await;
            ensure!(started.elapsed() < Duration::from_secs(20), "the server does not answer");
        }
        Ok(Self { address, ready: started.elapsed(), child, data, database_url })
    }

    /// Its resident memory.
    pub fn memory_mib(&self) -> anyhow::Result<f64> {
        let id = self.child.id().context("it runs")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("Linux tells the memory")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1_024.0)
    }

    /// What has been written to the disk so far: by the process on SQLite, into the log of the cluster on PostgreSQL.
    pub async fn bytes_written(&self) -> anyhow::Result<f64> {
        if self.database_url.is_empty() {
            let id = self.child.id().context("it runs")?;
            let io = std::fs::read_to_string(format!("/proc/{id}/io"))?;
            let line = io.lines().find_map(|line| line.strip_prefix("write_bytes:")).context("Linux counts them")?;
            return Ok(line.trim().parse()?);
        }
        let mut connection = PgConnection::connect(&self.database_url).await?;
        let select = "select (pg_current_wal_lsn() - '0/0')::float8";
        Ok(sqlx::query_scalar(select).fetch_one(&mut connection).await?)
    }

    /// Kills it, and counts the cases in its database.
    pub async fn stop_and_count(mut self) -> anyhow::Result<i64> {
        self.child.kill().await?;
        let select = "select count(*) from cases join feedback on feedback.id = cases.id";
        if self.database_url.is_empty() {
            return Ok(sqlx::query_scalar(select).fetch_one(&mut open_sqlite(self.data.path()).await?).await?);
        }
        let mut connection = PgConnection::connect(&self.database_url).await?;
        Ok(sqlx::query_scalar(select).fetch_one(&mut connection).await?)
    }
}

async fn seed(data: &Path, database_url: &str, cases: i64) -> anyhow::Result<()> {
    let started = Instant::now();
    if database_url.is_empty() {
        seed::sqlite(&mut open_sqlite(data).await?, cases).await?;
    } else {
        seed::postgres(&mut PgConnection::connect(database_url).await?, cases).await?;
    }
    println!("  {cases} cases made in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

async fn open_sqlite(data: &Path) -> sqlx::Result<SqliteConnection> {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(data.join("sayso.db"))).await
}

async fn new_database(admin: &str) -> anyhow::Result<String> {
    let name = format!("bench_{}", uuid::Uuid::new_v4().simple());
    let mut connection = PgConnection::connect(admin).await?;
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&mut connection).await?;
    let (server, parameters) = admin.split_once('?').map_or((admin, String::new()), |(s, p)| (s, format!("?{p}")));
    let (server, _) = server.rsplit_once('/').context("the address names a database")?;
    Ok(format!("{server}/{name}{parameters}"))
}
