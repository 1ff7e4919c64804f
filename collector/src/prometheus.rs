//! The listener for Prometheus, and what is looked up when it asks: the queue, the outbox and the process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::app::App;
use crate::db::jobs::{self, Kind, KindCount};
use crate::http::headers::Hsts;
use crate::http::{self, connections, headers, problems};
use crate::metrics::Metrics;
use crate::with_db;

/// Deliveries are counted at most this often, however many ask.
const FRESH: Duration = Duration::from_secs(5);
/// A database that does not answer must not hold up the other numbers.
const PATIENCE: Duration = Duration::from_secs(2);
/// Prometheus needs one connection, perhaps two.
const CONNECTIONS: usize = 16;
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `/metrics` beside the pages, for programs on this machine: whoever comes from elsewhere, or through a proxy, is told of no such page.
pub fn router() -> Router<App> {
    Router::new().route("/metrics", get(scrape_here))
}

async fn scrape_here(
    state: State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> http::Result<Response> {
    let is_forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"]
        .iter()
        .any(|name| headers.contains_key(*name));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let is_here = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    match peer.ip().to_canonical().is_loopback() && is_here && !is_forwarded {
        true => scrape(state).await,
        false => Err(http::Error::NotFound("there is no such page")),
    }
}

/// Serves `/metrics` and nothing else until `app.shutdown` is cancelled.
pub async fn serve(app: App, listener: TcpListener) {
    let routes = Router::new()
        .route("/metrics", get(scrape))
        .fallback(problems::not_found)
        .layer(axum::middleware::from_fn_with_state(Hsts::of(&app.config), headers::for_all))
        .with_state(app.clone());
    let rules =
        connections::Rules { connections: CONNECTIONS, per_address: None, ..connections::Rules::new(&app.config) };
    // What comes and goes here says nothing about customers, so it is counted apart.
    let own = Arc::new(Metrics::new());
    connections::serve(listener, routes, rules, own, app.shutdown.clone()).await;
}

async fn scrape(State(app): State<App>) -> http::Result<Response> {
    let gauges = &app.metrics.gauges;
    gauges.queue.set(count(app.intake.waiting()));
    gauges.memory.set(count(resident_memory()));
    gauges.files.set(count(open_files()));
    count_what_waits(&app).await;
    let text = app.metrics.encode().map_err(anyhow::Error::from)?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], text).into_response())
}

/// Counts what has not arrived. What has arrived is not counted here, since that would mean to read all of it; the attempts tell.
async fn count_what_waits(app: &App) {
    let gauges = &app.metrics.gauges;
    let mut counted = gauges.counted.lock().await;
    if counted.is_some_and(|at| at.elapsed() < FRESH) {
        return;
    }
    let numbers = tokio::time::timeout(PATIENCE, what_waits(app));
    match numbers.await {
        Ok(Ok(((by_state, oldest), kinds))) => {
            for kind in Kind::ALL {
                let count = kinds.iter().find(|count| count.kind == kind.as_str());
                let (waiting, failed) = count.map_or((0, 0), |count| (count.waiting, count.failed));
                gauges.jobs.get_or_create(&[("kind", kind.as_str()), ("state", "waiting")]).set(waiting);
                gauges.jobs.get_or_create(&[("kind", kind.as_str()), ("state", "failed")]).set(failed);
            }
            for (state, number) in by_state {
                gauges.deliveries.get_or_create(&[("state", state)]).set(number);
            }
            let overdue = oldest.map_or(0, |due| (app.clock.now() - due).max(0));
            gauges.overdue.set(overdue as f64 / 1_000.0);
            gauges.database_up.set(1);
            *counted = Some(Instant::now());
        }
        // Numbers of an earlier time would look like those of now.
        Ok(Err(_)) | Err(_) => {
            gauges.deliveries.clear();
            gauges.jobs.clear();
            gauges.database_up.set(0);
        }
    }
}

async fn what_waits(app: &App) -> sqlx::Result<(([(&'static str, i64); 4], Option<i64>), Vec<KindCount>)> {
    Ok((unsent(app).await?, jobs::counts(&app.db).await?))
}

async fn unsent(app: &App) -> sqlx::Result<([(&'static str, i64); 4], Option<i64>)> {
    let select = "select count(*), min(due_at) from deliveries where state = 'pending'";
    let (pending, oldest): (i64, Option<i64>) =
        with_db!(&app.db, pool => sqlx::query_as(select).fetch_one(pool).await)?;
    // These words are those of the index, without which both databases would read all deliveries.
    let select = "select state, count(*) from deliveries where state in ('failed', 'dropped') group by state";
    let rows: Vec<(String, i64)> = with_db!(&app.db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
    let number = |state: &str| rows.iter().find(|(found, _)| found == state).map_or(0, |(_, number)| *number);
    let select = "select count(*) from deliveries where state = 'suspended'";
    let suspended: i64 = with_db!(&app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await)?;
    let counted =
        [("pending", pending), ("failed", number("failed")), ("dropped", number("dropped")), ("suspended", suspended)];
    Ok((counted, oldest))
}

/// Bytes, by what Linux says; 0 elsewhere.
fn resident_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse::<usize>().ok()).unwrap_or_default() * 1024
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
