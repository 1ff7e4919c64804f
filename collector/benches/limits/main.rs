//! What a refusal costs: of the limiter alone, and of the whole collector but for its sockets.
//!
//! Run it with `cargo bench -p sayso --bench limits`; docs/performance.md says what it prints.

use std::hint::black_box;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use rustix::time::{ClockId, clock_gettime};
use sayso::audit::Stamp;
use sayso::sites::{Origin, Site, SiteKey};
use sayso::{App, Config, routes};
use tower::Service as _;

const REQUESTS: u32 = 20_000;
const BUDGET: Duration = Duration::from_micros(15);

/// As the released collector does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    // One thread, so that time is the time of one processor.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(data.path()))
}

async fn measure(data: &Path) -> anyhow::Result<()> {
    let mut config = Config::for_data(data)?;
    config.trusted_proxies = vec!["127.0.0.1/32".parse()?];
    config.limits.submissions_per_minute = 1;
    config.limits.code_lookups_per_minute = 1;
    config.limits.uploads_per_minute = 1;
    let app = App::start(config).await?;
    let origin = Origin::parse("https://shop.example")?;
    Site::add(&app.db, &SiteKey::parse("acme")?, "Acme", &[origin], &Stamp::command(app.clock.now())).await?;
    let mut routes = routes::router(&app);

    println!("| a refused request | µs of one processor | budget |\n| --- | ---: | ---: |");
    let feedback = r#"{"kind":"complaint","message":"The parcel came late and torn, and nobody answers the phone.","contact":{"email":"li@example.com"}}"#;
    for (name, address) in [("IPv4", "203.0.113.7"), ("IPv6", "2001:db8:1:2::3")] {
        let look_up = |n| request("GET", "/api/v1/feedback/7QK4-M2XH-9TRD-7", (address, n), "");
        print(&format!("look-up of a code, {name}"), spent(&mut routes, look_up).await?);
        let upload = |n| request("POST", "/api/v1/sites/acme/attachments?name=a.txt", (address, n), "Order 7");
        print(&format!("upload, {name}"), spent(&mut routes, upload).await?);
        let submit = |n| request("POST", "/api/v1/sites/acme/feedback", (address, n), feedback);
        print(&format!("submission, {name}"), spent(&mut routes, submit).await?);
    }
    let healthy = |n| request("GET", "/healthz", ("203.0.113.7", n), "");
    print("for comparison: /healthz, which is answered", spent(&mut routes, healthy).await?);
    Ok(())
}

/// The processor time that one request takes once the limit is reached, in all threads of the process: what else the machine does is not counted.
async fn spent(routes: &mut axum::Router, request: impl Fn(u32) -> Request<Body>) -> anyhow::Result<Duration> {
    let mut refused = 0;
    for n in 0..4 {
        refused += u32::from(routes.call(request(n)).await?.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    let prepared: Vec<Request<Body>> = (4..REQUESTS + 4).map(request).collect();
    let started = processor_time();
    for request in prepared {
        let answer = black_box(routes.call(request).await?);
        refused += u32::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    let spent = (processor_time() - started) / REQUESTS;
    anyhow::ensure!(refused == 0 || refused + 8 >= REQUESTS, "only {refused} were refused");
    Ok(spent)
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The `n`-th request of a client, with a key of its own: a repeat of what was accepted would be answered.
fn request(method: &str, path: &str, (address, n): (&str, u32), body: &'static str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("host", "feedback.example");
    let request = request.header("x-forwarded-for", address).header("content-type", "application/json");
    let request = request
        .header("origin", "https://shop.example")
        .header("idempotency-key", format!("0190b3a0-0000-4000-8000-{n:012}"));
    let mut request = request.body(Body::from(body)).expect("a request");
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
    request
}

fn print(name: &str, spent: Duration) {
    println!("| {name} | {:.1} | ≤ {} |", spent.as_secs_f64() * 1e6, BUDGET.as_micros());
}
