//! The real binary over a database that stays between runs.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use sayso::audit::Stamp;
use sayso::auth::member::{Email, Name, NewMember};
use sayso::auth::token::Scope;
use sayso::auth::{Member, Password, Role, Token};
use sayso::clock::{DAY, rfc3339};
use sayso::db::rows::{Part, Rows, chunks};
use sayso::db::search::FORMAT;
use sayso::keys::new_id_at;
use sayso::reports::facts::{self, Sizes};
use sayso::sites::{Origin, Site, SiteKey};
use sayso::{App, Config, housekeeping, with_db, with_tx};
use sayso_shared::Lang;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::ask::Readers;
use crate::fill::{Around, fill};

const BINARY: &str = env!("CARGO_BIN_EXE_sayso");
/// A key and a password of tests: what they protect is made up.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const PASSWORD: &str = "purple giraffes sleep";
/// Raise it when what is made changes.
const GENERATOR: i64 = 2;
/// Whether a database holds its cases.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Filled,
    Unfilled,
}

const SITES: usize = 12;
const MEMBERS: usize = 25;
const CUSTOMERS: usize = 250_000;

/// A running collector.
pub struct Server {
    /// Clients that may read.
    pub readers: Readers,
    /// All members.
    pub members: Vec<String>,
    /// Some hundred cases.
    pub some_ids: Arc<Vec<String>>,
    /// Cases with many deliveries.
    pub busy_ids: Arc<Vec<String>>,
    /// A day before the last case, as in RFC 3339.
    pub yesterday: String,
    /// The same of a month.
    pub month_before: String,
    /// The same of a year.
    pub year_before: String,
    folder: PathBuf,
    database: String,
    address: SocketAddr,
    child: Child,
}

impl Server {
    /// Makes the database unless it is there, and serves it.
    pub async fn start(postgres: Option<&str>, cases: usize) -> anyhow::Result<Self> {
        let name = format!("console-{GENERATOR}-{FORMAT}-{}-{cases}", sayso::db::catalog::known_migrations().len());
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/bench").join(&name);
        let folder = if postgres.is_some() { folder.with_extension("postgresql") } else { folder };
        let done = folder.join("done");
        if !done.exists() && folder.exists() {
            // Whoever made it did not come to the end.
            std::fs::remove_dir_all(&folder)?;
        }
        let state = if done.exists() { State::Filled } else { State::Unfilled };
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(sayso::keys::KEY_FILE), KEY)?;
        let database = match postgres {
            Some(admin) => own_database(admin, &name.replace('-', "_"), state).await?,
            None => String::new(),
        };
        let mut config = Config::for_data(&folder)?;
        config.database_url = database.clone().into();
        let app = App::start(config).await?;
        if state == State::Unfilled {
            let around = make_around(&app).await?;
            fill(&app, &around, cases).await?;
            std::fs::write(&done, "")?;
        }
        // What it does each hour, for two years at once.
        housekeeping::clean_up(&app).await?;
        let started = Instant::now();
        let blocks = facts::keep(&app.db, Sizes::USUAL, app.clock.now(), |_| std::future::ready(())).await?;
        if blocks > 0 {
            println!("{blocks} blocks of facts gathered in {:.1} s", started.elapsed().as_secs_f64());
        }
        let members = Member::all(&app.db).await?.into_iter().map(|member| member.id).collect();
        let name = Name::parse(&format!("Bench {}", uuid::Uuid::new_v4()))?;
        let token = Token::add(&app.db, &app.keys, &name, Scope::ALL, &Stamp::system(app.clock.now())).await?;
        let every = (cases / 200).max(1);
        let ids = |of: String| AssertSqlSafe(format!("select id from cases where id in ({of}) order by id"));
        let all: Vec<String> = with_db!(&app.db, pool => sqlx::query_scalar("select id from cases where quarantine = '' order by id").fetch_all(pool).await)?;
        let some_ids: Vec<String> = all.iter().step_by(every).cloned().collect();
        let busy = ids("select order_key from deliveries where order_no = 17 limit 100".to_owned());
        let busy_ids: Vec<String> = with_db!(&app.db, pool => sqlx::query_scalar(busy).fetch_all(pool).await)?;
        let newest = "select max(received_at) from cases";
        let newest: i64 = with_db!(&app.db, pool => sqlx::query_scalar(newest).fetch_one(pool).await)?;
        app.db.close().await;
        drop(app);
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(BINARY)
            .args(["serve", "--listen", &address.to_string()])
            .env("SAYSO_DATA", &folder)
            .env("SAYSO_DATABASE_URL", &database)
            .env("SAYSO_LOG", "error")
            .env("SAYSO_DANGEROUS_DISABLE_GUARDS", "true")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let started = Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
            ensure!(started.elapsed() < Duration::from_secs(20), "the server does not answer");
        }
        let url = format!("http://{address}");
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("Bearer {}", token.reveal()).parse()?);
        let program = reqwest::Client::builder().default_headers(headers).build()?;
        let member =
            reqwest::Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).build()?;
        let sign_in = member.post(format!("{url}/staff/sign-in")).header("origin", &url);
        let answer = sign_in.form(&[("email", "m0@acme.example"), ("password", PASSWORD)]).send().await?;
        ensure!(answer.status().is_redirection(), "signing in was answered with {}", answer.status());
        let readers = Readers { member, program, url };
        Ok(Self {
            readers,
            members,
            some_ids: some_ids.into(),
            busy_ids: busy_ids.into(),
            yesterday: rfc3339(newest - DAY),
            month_before: rfc3339(newest - 30 * DAY),
            year_before: rfc3339(newest - 365 * DAY),
            folder,
            database,
            address,
            child,
        })
    }

    /// Its resident memory.
    pub fn memory_mib(&self) -> anyhow::Result<f64> {
        memory_mib(self.child.id().context("it runs")?)
    }

    /// Lets customers submit until the task is aborted.
    pub fn submit_beside(&self, per_second: f64) -> JoinHandle<()> {
        let url = format!("http://{}/api/v1/sites/site0/feedback", self.address);
        tokio::spawn(async move {
            let client = reqwest::Client::new();
            let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / per_second));
            for number in 0.. {
                ticks.tick().await;
                let body = format!(r#"{{"kind":"question","message":"{}"}}"#, crate::texts::message(number));
                let request = client
                    .post(&url)
                    .header("origin", "https://shop.example")
                    .header("content-type", "application/json")
                    .header("idempotency-key", uuid::Uuid::new_v4().to_string())
                    .body(body);
                tokio::spawn(request.send());
            }
        })
    }

    /// Its data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command of the binary beside it.
    pub fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(BINARY);
        command.args(arguments).env("SAYSO_DATA", &self.folder).env("SAYSO_DATABASE_URL", &self.database);
        command.env("SAYSO_LOG", "error").stdout(Stdio::null());
        command
    }

    /// Ends it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}

async fn make_around(app: &App) -> anyhow::Result<Around> {
    let now = app.clock.now();
    let origin = Origin::parse("https://shop.example")?;
    let mut sites = Vec::new();
    for number in 0..SITES {
        let key = SiteKey::parse(&format!("site{number}"))?;
        Site::add(&app.db, &key, &format!("Site {number}"), std::slice::from_ref(&origin), &Stamp::system(now)).await?;
        sites.push(Site::by_key(&app.db, key.as_str()).await?.id().to_owned());
    }
    let hash = Password::parse(PASSWORD, &[]).map_err(|_| anyhow::anyhow!("the password is too weak"))?.hash().await?;
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        let new = NewMember {
            email: Email::parse(&format!("m{number}@acme.example"))?,
            name: Name::parse(&format!("Member {number}"))?,
            role: Role::Agent,
            lang: Some(Lang::En),
            password_hash: Some(hash.clone()),
        };
        members.push(Member::add(&app.db, &new, &Stamp::system(now)).await?);
    }
    let customers: Vec<String> = (0..CUSTOMERS).map(|_| new_id_at(now)).collect();
    let mut tx = app.db.begin().await?;
    for chunk in chunks(&customers) {
        static INSERT: Rows = Rows::new(&[Part {
            head: "insert into customers (id, site_id, created_at, updated_at) values ",
            row: "(?, ?, ?, ?)",
            tail: "",
        }]);
        let insert = INSERT.sql(&tx, chunk.len());
        with_tx!(&mut tx, conn => {
            let mut query = sqlx::query(insert);
            for id in chunk {
                query = query.bind(id).bind(&sites[0]).bind(now).bind(now);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    tx.commit().await?;
    Ok(Around { sites, members, customers })
}

/// The resident memory of a process.
pub fn memory_mib(id: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("Linux tells the memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1_024.0)
}

/// The database of this name, which is made unless it is filled.
async fn own_database(admin: &str, name: &str, state: State) -> anyhow::Result<String> {
    let mut connection = PgConnection::connect(admin).await?;
    if state == State::Unfilled {
        for statement in [format!("drop database if exists {name}"), format!("create database {name}")] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
    }
    let (server, _) = admin.rsplit_once('/').context("the address names a database")?;
    Ok(format!("{server}/{name}"))
}
