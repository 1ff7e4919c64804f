//! How fast a customer is found among a million, their page, the backfill of cases from before there were customers, an erasure, and the check of the
//! audit log, on both databases. `cargo xtask bench customers` runs it.
//!
//! Requests go through all layers of the collector but its sockets, on an idle server. Arguments choose: `sqlite` or `postgresql`, `--customers N`.

mod fill;
#[path = "../filling/mod.rs"]
mod filling;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sayso::audit::{self, Change, Stamp, Verdict};
use sayso::auth::member::{Email, Name, NewMember};
use sayso::auth::token::Scope;
use sayso::auth::{Member, Password, Role, Token};
use sayso::cases::Actor;
use sayso::customers::backfill;
use sayso::keys::{KEY_FILE, random_bytes};
use sayso::sites::{Origin, Site, SiteKey};
use sayso::{App, Config, erasure, routes, with_write};
use sayso_shared::Lang;
use sayso_shared::id::IdempotencyKey;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tower::Service as _;

/// A password of tests: what it protects is made up.
const PASSWORD: &str = "purple giraffes sleep";
/// Look-ups, and pages.
const TIMES: usize = 400;
/// Cases of the customer who is erased.
const CASES: usize = 1_000;
/// Entries of the audit log.
const ENTRIES: usize = 200_000;

/// As the released collector does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    sayso::install_crypto();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let customers = arguments.iter().position(|argument| argument == "--customers");
    let customers = customers.and_then(|at| arguments.get(at + 1)).map_or(Ok(1_000_000), |number| number.parse())?;
    let is_named = |name: &str| arguments.iter().any(|argument| argument == name);
    let none_named = !is_named("sqlite") && !is_named("postgresql");
    println!("| {customers} customers | measured | budget |\n| --- | ---: | ---: |");
    if none_named || is_named("sqlite") {
        measure("SQLite", None, customers).await?;
    }
    if let Ok(admin) = std::env::var("SAYSO_TEST_POSTGRES")
        && (none_named || is_named("postgresql"))
    {
        measure("PostgreSQL", Some(&admin), customers).await?;
    }
    Ok(())
}

async fn measure(name: &str, postgres: Option<&str>, customers: usize) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let mut config = Config::for_data(data.path())?;
    config.dangerous_disable_guards = true;
    if let Some(admin) = postgres {
        config.database_url = own_database(admin).await?.into();
        // Replicas share a key, so there none is made.
        std::fs::write(data.path().join(KEY_FILE), STANDARD.encode(random_bytes::<32>()))?;
    }
    let app = App::start(config).await?;
    let now = app.clock.now();
    let origin = Origin::parse("https://shop.example")?;
    Site::add(&app.db, &SiteKey::parse("acme")?, "Acme", &[origin], &Stamp::system(now)).await?;
    let site = Site::by_key(&app.db, "acme").await?;
    fill::fill(&app, &site, customers, CASES).await?;

    let started = Instant::now();
    let mut after = String::new();
    while let Some(last) = backfill::batch(&app.db, &app.keys, now, &after).await? {
        after = last;
    }
    let cases = (customers + CASES) as f64;
    print(name, "backfill, cases a second", cases / started.elapsed().as_secs_f64(), "≥ 5000");
    with_write!(&app.db, pool => sqlx::query("analyze").execute(pool).await.map(|_| ()))?;

    let mut desk = Desk::open(&app).await?;
    let mut look_ups = Vec::with_capacity(TIMES);
    let mut pages = Vec::with_capacity(TIMES);
    for time in 0..TIMES {
        let number = time * (customers / TIMES).max(1) % customers;
        // With its country, since the site says none.
        let typed = fill::phone(number).replace('+', "%2B");
        let (found, took) = desk.get(&format!("/api/v1/customers?q={typed}")).await?;
        look_ups.push(took);
        let id = found["customers"][0]["id"].as_str().context("the customer is found")?.to_owned();
        pages.push(desk.page(&format!("/staff/customers/{id}")).await?);
    }
    print(name, "look-up by phone, p50, ms", millis(&mut look_ups, 0.5), "");
    print(name, "look-up by phone, p95, ms", millis(&mut look_ups, 0.95), "≤ 20");
    print(name, "page of a customer, p50, ms", millis(&mut pages, 0.5), "");
    print(name, "page of a customer, p95, ms", millis(&mut pages, 0.95), "≤ 50");

    let (found, _) =
        desk.get(&format!("/api/v1/customers?q={}", fill::phone_of_the_busy().replace('+', "%2B"))).await?;
    let id = found["customers"][0]["id"].as_str().context("the busy customer is found")?.to_owned();
    let key = IdempotencyKey::parse(&uuid::Uuid::new_v4().to_string())?;
    let started = Instant::now();
    let erased = erasure::erase_customer(&app, &id, &Actor::System, &key).await?;
    ensure!(erased == CASES, "{erased} of {CASES} cases were erased");
    print(name, &format!("erasure of a customer with {CASES} cases, s"), started.elapsed().as_secs_f64(), "≤ 2");

    append(&app).await?;
    let started = Instant::now();
    let Verdict::Whole { entries, .. } = audit::verify(&app.db).await? else { anyhow::bail!("the chain is broken") };
    print(name, "audit verify, entries a second", entries as f64 / started.elapsed().as_secs_f64(), "≥ 200000");
    Ok(())
}

/// Somebody who looks customers up, and a program.
struct Desk {
    routes: Router,
    token: String,
    cookie: String,
}

impl Desk {
    async fn open(app: &App) -> anyhow::Result<Self> {
        let stamp = Stamp::system(app.clock.now());
        let hash =
            Password::parse(PASSWORD, &[]).map_err(|_| anyhow::anyhow!("the password is too weak"))?.hash().await?;
        let new = NewMember {
            email: Email::parse("mei@acme.example")?,
            name: Name::parse("Mei Lin")?,
            role: Role::Admin,
            lang: Some(Lang::En),
            password_hash: Some(hash),
        };
        Member::add(&app.db, &new, &stamp).await?;
        let token =
            Token::add(&app.db, &app.keys, &Name::parse("Bench")?, Scope::ALL, &stamp).await?.reveal().to_owned();
        let mut desk = Self { routes: routes::router(app), token, cookie: String::new() };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("email", "mei@acme.example"), ("password", PASSWORD)])
            .finish();
        let sign_in = desk
            .request("POST", "/staff/sign-in")
            .header("origin", &app.config.public_url)
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = desk.send(sign_in.body(Body::from(form))?).await?;
        ensure!(answer.status().is_redirection(), "signing in was answered with {}", answer.status());
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        desk.cookie = cookies.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ");
        Ok(desk)
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header("host", "127.0.0.1:8787")
    }

    async fn send(&mut self, mut request: Request<Body>) -> anyhow::Result<Response<Body>> {
        request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 9))));
        Ok(self.routes.call(request).await?)
    }

    /// Asks as the program, and says how long that took.
    async fn get(&mut self, path: &str) -> anyhow::Result<(serde_json::Value, Duration)> {
        let token = format!("Bearer {}", self.token);
        let request = self.request("GET", path).header("authorization", token).body(Body::empty())?;
        let (body, took) = self.timed(request).await?;
        Ok((serde_json::from_slice(&body)?, took))
    }

    /// Opens a page as the member.
    async fn page(&mut self, path: &str) -> anyhow::Result<Duration> {
        let request = self.request("GET", path).header("cookie", &self.cookie).body(Body::empty())?;
        Ok(self.timed(request).await?.1)
    }

    async fn timed(&mut self, request: Request<Body>) -> anyhow::Result<(Vec<u8>, Duration)> {
        let path = request.uri().to_string();
        let started = Instant::now();
        let answer = self.send(request).await?;
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await?;
        let took = started.elapsed();
        ensure!(status.is_success(), "{path} was answered with {status}");
        Ok((body.to_vec(), took))
    }
}

/// Makes entries of the audit log, as many changes of a site would.
async fn append(app: &App) -> anyhow::Result<()> {
    let stamp = Stamp::system(app.clock.now());
    let change = Change {
        action: "site.set",
        object: "site/acme".to_owned(),
        before: json!({"name": "Acme"}),
        after: json!({"name": "Acme Home"}),
    };
    for _ in 0..ENTRIES / 1_000 {
        let mut tx = app.db.begin().await?;
        for _ in 0..1_000 {
            audit::append(&mut tx, &stamp, &change).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// A database that is made anew.
async fn own_database(admin: &str) -> anyhow::Result<String> {
    const NAME: &str = "bench_customers";
    let mut connection = PgConnection::connect(admin).await?;
    for statement in [format!("drop database if exists {NAME}"), format!("create database {NAME}")] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    let (server, _) = admin.rsplit_once('/').context("the address names a database")?;
    Ok(format!("{server}/{NAME}"))
}

fn millis(all: &mut [Duration], share: f64) -> f64 {
    all.sort_unstable();
    all[((all.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0
}

fn print(database: &str, what: &str, value: f64, budget: &str) {
    let value = if value < 100.0 { format!("{value:.1}") } else { format!("{value:.0}") };
    println!("| {database}: {what} | {value} | {budget} |");
}
