//! Clients that are slow, rude or many: they get their refusal or their end, and everybody else is served.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use sayso_tests::process::Served;
use sayso_tests::raw::RawClient;
use sayso_tests::{Client, Database, Options, TestApp, on_both_databases};
use serde_json::json;

const GET: &str = "GET /healthz HTTP/1.1";
const POST: &str = "POST /api/v1/sites/acme/feedback HTTP/1.1\r\nOrigin: https://shop.example\r\nContent-Type: application/json\r\n\
    Idempotency-Key: 0190b3a0-0000-4000-8000-000000000001";

/// A collector whose patience is short, so that tests need not wait.
async fn impatient(settings: impl FnOnce(&mut sayso::config::Limits) + Send + 'static) -> TestApp {
    let settings = Box::new(|config: &mut sayso::Config| {
        config.limits.header_seconds = 1;
        config.limits.body_seconds = 1;
        settings(&mut config.limits);
    });
    TestApp::spawn_with(Database::Sqlite, Options { settings, ..Options::default() }).await
}

/// An honest client is served, and soon.
async fn serves(app: &TestApp) {
    let served = async {
        let mut client = RawClient::connect(&app.url).await;
        client.request(&format!("{GET}\r\nConnection: close"), "").await;
        client.read_to_end().await
    };
    let answer = tokio::time::timeout(Duration::from_secs(5), served).await.expect("in time");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_not_waited_for() {
    let app = impatient(|_| {}).await;
    let mut slow: Vec<RawClient> = Vec::new();
    for _ in 0..20 {
        let mut client = RawClient::connect(&app.url).await;
        client.send(&format!("{GET}\r\nHost: collector\r\nX-Slow: ")).await;
        slow.push(client);
    }
    serves(&app).await;
    // One of them drips, as slowloris does, and gains nothing by it.
    let mut dripping = slow.pop().unwrap();
    let mut drops = tokio::time::interval(Duration::from_millis(100));
    let started = Instant::now();
    while dripping.send("x").await {
        drops.tick().await;
        assert!(started.elapsed() < Duration::from_secs(10), "it drips on");
    }
    for mut client in slow {
        assert_eq!(client.read_to_end().await, "");
    }
    serves(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_too_slowly_is_refused_so_that_the_page_can_read_it() {
    let app = impatient(|_| {}).await;
    let mut client = RawClient::connect(&app.url).await;
    client.send(&format!("{POST}\r\nHost: collector\r\nContent-Length: 1000\r\n\r\n{{\"kind\":")).await;
    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("/problems/too_slow"), "{answer}");
    assert!(answer.contains("access-control-allow-origin: https://shop.example"), "{answer}");
    serves(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_is_refused_at_the_limit() {
    let app = impatient(|_| {}).await;
    let mut client = RawClient::connect(&app.url).await;
    client.send(&format!("{POST}\r\nHost: collector\r\nTransfer-Encoding: chunked\r\n\r\n")).await;
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let mut sent = 0;
    while sent < 64 * 1024 * 1024 && client.send(&chunk).await {
        sent += chunk.len();
    }
    assert!(sent < 64 * 1024 * 1024, "the collector read on and on");
    // As long as the client stops in time, it reads why.
    let mut client = RawClient::connect(&app.url).await;
    client.send(&format!("{POST}\r\nHost: collector\r\nTransfer-Encoding: chunked\r\n\r\n")).await;
    for _ in 0..20 {
        client.send(&chunk).await;
    }
    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("/problems/too_large"), "{answer}");
    serves(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_said_to_be_too_large_is_refused_before_it_comes() {
    // Far longer than this test may take, so that an answer is none to a body that came too slowly.
    let app = impatient(|limits| limits.body_seconds = 3_600).await;
    let form = "POST /t/ HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded";
    let file = "POST /api/v1/sites/acme/attachments HTTP/1.1\r\nOrigin: https://shop.example\r\nContent-Type:";
    for (head, size) in [
        (POST.to_owned(), 256 * 1024),
        (form.to_owned(), 256 * 1024),
        (format!("{file} multipart/form-data; boundary=x"), 10 * 1024 * 1024 + 256 * 1024),
        (format!("{file} application/pdf"), 10 * 1024 * 1024),
    ] {
        let mut client = RawClient::connect(&app.url).await;
        client.send(&format!("{head}\r\nHost: collector\r\nContent-Length: {}\r\n\r\n", size + 1)).await;
        let answer = client.read_until("\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{head}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_has_closed_its_half_gets_its_answer() {
    let app = impatient(|_| {}).await;
    let mut client = RawClient::connect(&app.url).await;
    let body = json!({"kind": "praise", "message": "half"}).to_string();
    client.request(POST, &body).await;
    client.close_half().await;
    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    // One that closes in the middle of a request is told so, and nothing is stored, though what came would be feedback by itself.
    let mut client = RawClient::connect(&app.url).await;
    let other = POST.replace("000000000001", "000000000002");
    client.send(&format!("{other}\r\nHost: collector\r\nContent-Length: 1000\r\n\r\n{body}")).await;
    client.close_half().await;
    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(stored(&app).await, 1, "the first one alone");
}

async fn stored(app: &TestApp) -> i64 {
    let select = "select count(*) from feedback";
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_break_off_harm_nobody() {
    let app = impatient(|_| {}).await;
    for part in
        ["", "GET /hea", "POST /api/v1/sites/acme/feedback HTTP/1.1\r\nContent-Length: 9\r\n\r\n{", "\0\x16\x03\x01"]
    {
        for _ in 0..50 {
            let mut client = RawClient::connect(&app.url).await;
            client.send(part).await;
            client.reset();
        }
    }
    serves(&app).await;
    let nonsense = async |text: &str| {
        let mut client = RawClient::connect(&app.url).await;
        client.send(text).await;
        client.read_to_end().await
    };
    assert!(nonsense("\x16\x03\x01 hello\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    serves(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_headers_is_refused() {
    let app = impatient(|_| {}).await;
    let long = format!("{GET}\r\nX-Long: {}\r\n\r\n", "x".repeat(100_000));
    let many = format!("{GET}\r\n{}\r\n", "X-A: b\r\n".repeat(500));
    let address = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000));
    for (flood, status) in [(long, "431"), (many, "431"), (address, "431")] {
        let mut client = RawClient::connect(&app.url).await;
        client.send(&flood).await;
        let answer = client.read_to_end().await;
        // What comes after the limit is not read, and the connection reset, but the answer came before.
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    let mut client = RawClient::connect(&app.url).await;
    client.send(&format!("{GET}\r\n{}\r\n", "X-A: b\r\n".repeat(101))).await;
    assert!(client.read_to_end().await.starts_with("HTTP/1.1 431 "));
    serves(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_used_again_also_after_it_was_parked() {
    let app = impatient(|_| {}).await;
    let mut client = RawClient::connect(&app.url).await;
    client.request(GET, "").await;
    assert!(client.read_until("ok\n").await.starts_with("HTTP/1.1 200 "));
    // By the time that this one has ended, the keeper has looked often enough to park the other.
    let mut witness = RawClient::connect(&app.url).await;
    witness.send("GET").await;
    witness.read_to_end().await;
    // Two requests at once, and the beginning of a third that follows later.
    client.send(&format!("{GET}\r\nHost: collector\r\n\r\n{GET}\r\nHost: collector\r\n\r\nGET /hea")).await;
    let both = client.read_until("ok\n").await;
    if both.matches("ok\n").count() < 2 {
        client.read_until("ok\n").await;
    }
    client.send("lthz HTTP/1.1\r\nHost: collector\r\n\r\n").await;
    assert!(client.read_until("ok\n").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_idle_ends_and_what_is_live_stays() {
    let app = impatient(|limits| limits.idle_seconds = 1).await;
    let code = app.client().complain("等了很久", "li@example.com").await;
    let mut live = RawClient::connect(&app.url).await;
    live.request(&format!("GET /t/{code}/live HTTP/1.1"), "").await;
    assert!(live.read_until("\r\n\r\n").await.starts_with("HTTP/1.1 200 "));
    for speaks in [false, true] {
        let mut idle = RawClient::connect(&app.url).await;
        if speaks {
            idle.request(GET, "").await;
        }
        idle.read_to_end().await;
    }
    let case = sqlx_case(&app).await;
    app.app.publish(&case, "case.message");
    assert!(live.read_until("event: refresh").await.contains("event: refresh"));
    // It ends with the collector, which does not wait for those who say nothing.
    let _silent = RawClient::connect(&app.url).await;
    let stopping = Instant::now();
    app.stop().await;
    assert!(stopping.elapsed() < Duration::from_secs(5), "{:?}", stopping.elapsed());
    assert!(!live.read_to_end().await.contains("event"));
}

async fn sqlx_case(app: &TestApp) -> String {
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from cases").fetch_one(pool).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_make_room_for_those_who_want_something() {
    for per_address in [0, 8] {
        let app = impatient(move |limits| {
            (limits.header_seconds, limits.body_seconds) = (60, 60);
            (limits.connections, limits.connections_per_address) =
                if per_address == 0 { (8, 0) } else { (1_000, per_address) };
        })
        .await;
        let mut idle = Vec::new();
        for _ in 0..50 {
            idle.push(RawClient::connect(&app.url).await);
            serves(&app).await;
        }
        // Heads that don't end make room too.
        for _ in 0..50 {
            let mut client = RawClient::connect(&app.url).await;
            client.send("GET / HT").await;
            idle.push(client);
            serves(&app).await;
        }
        assert_eq!(idle[0].read_to_end().await, "", "the first was the longest idle");
    }
}

on_both_databases! {
    async fn thousands_of_idle_connections_cost_little_and_slow_nobody(database: Database) {
        crowd(database, sayso_tests::Round::of_this_run().pick(2_000, 10_000)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_and_heads_that_stall_do_not_fill_the_memory() {
    const MIB: u64 = 1024 * 1024;
    let data = tempfile::tempdir().unwrap();
    let add = ["site", "add", "acme", "--name", "Acme", "--origin", TestApp::ORIGIN];
    sayso_tests::write_key(data.path());
    assert!(sayso_tests::process::run(data.path(), "", &add).0);
    let settings = [("SAYSO_DANGEROUS_DISABLE_GUARDS", "true"), ("SAYSO_LIMITS__BODY_SECONDS", "3")];
    let server = Served::start(data.path(), "", &settings).await;
    let client = Client::new(&server.url);
    let before = server.memory();
    // 400 bodies of nearly the largest size, which would be 100 MiB with their buffers beside them.
    let body = "x".repeat(250 * 1024);
    let mut stalled = Vec::new();
    for _ in 0..400 {
        let mut slow = RawClient::connect(&server.url).await;
        slow.send(&format!("{POST}\r\nHost: collector\r\nContent-Length: 262144\r\n\r\n{body}")).await;
        stalled.push(slow);
    }
    let small = client.submit(json!({"kind": "praise", "message": "small and quick"})).await;
    assert_eq!(small.status, StatusCode::CREATED, "{}", small.body);
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 100 * MIB, "{} MiB more", grown / MIB);
    let mut told = 0;
    for mut slow in stalled {
        let answer = slow.read_to_end().await;
        let is_refused = answer.starts_with("HTTP/1.1 503 ") || answer.starts_with("HTTP/1.1 408 ");
        // Whoever is cut off while sending may not read why.
        assert!(answer.is_empty() || is_refused, "{answer}");
        told += usize::from(is_refused);
    }
    assert!(told >= 100, "{told} of 400 were told why they are refused");
    let mut heads = Vec::new();
    for _ in 0..3_000 {
        let mut slow = RawClient::connect(&server.url).await;
        slow.send(&format!("{GET}\r\nX-Long: {}", "x".repeat(12_000))).await;
        heads.push(slow);
    }
    // The oldest end before their time, in favour of the rest.
    for mut slow in heads.drain(..900) {
        assert_eq!(slow.read_to_end().await, "");
    }
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 190 * MIB, "{} MiB more", grown / MIB);
    assert_eq!(client.get("/healthz").await.status, StatusCode::OK);
    server.kill().await;
}

/// The budgets of the README, in bytes.
const WITH_IDLE_CONNECTIONS: u64 = 250 * 1024 * 1024;

/// How long a submission takes: half of them take longer.
async fn usual_time(client: &Client) -> Duration {
    let mut times = Vec::new();
    for number in 0..50 {
        let started = Instant::now();
        let answer = client.submit(json!({"kind": "praise", "message": format!("In a hurry, {number}")})).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        times.push(started.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

/// The crowds take turns: all of their connections are files of this one process, which may not open as many.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn crowd(database: Database, size: usize) {
    let _turn = TURN.lock().await;
    let data = tempfile::tempdir().unwrap();
    sayso::http::connections::raise_file_limit(&sayso::Config::for_data(data.path()).unwrap());
    let url = database.make().await.reveal().unwrap_or_default().to_owned();
    let add = ["site", "add", "acme", "--name", "Acme", "--origin", TestApp::ORIGIN];
    sayso_tests::write_key(data.path());
    let added = sayso_tests::process::run(data.path(), &url, &add);
    assert!(added.0, "{}", added.1);
    let settings = [("SAYSO_DANGEROUS_DISABLE_GUARDS", "true"), ("SAYSO_LIMITS__IDLE_SECONDS", "600")];
    let server = Served::start(data.path(), &url, &settings).await;
    let client = Client::new(&server.url);
    let alone = usual_time(&client).await;
    let before = server.memory();

    // Half of them have asked for something, the other half say nothing at all.
    let mut idle = Vec::with_capacity(size);
    for number in 0..size {
        let mut client = RawClient::connect(&server.url).await;
        if number % 2 == 0 {
            client.request(GET, "").await;
            assert!(client.read_until("ok\n").await.starts_with("HTTP/1.1 200 "));
        }
        idle.push(client);
    }
    let memory = server.memory();
    let in_the_crowd = usual_time(&client).await;
    println!(
        "{size} idle: {} KiB, before {} KiB; a submission took {in_the_crowd:?}, before {alone:?}",
        memory / 1024,
        before / 1024,
    );
    assert!(memory < WITH_IDLE_CONNECTIONS, "{memory} bytes, {before} before");
    // Far from the budget by load, near enough to notice that memory is spent on each of them: a debug build is slower, not larger.
    assert!(
        memory.saturating_sub(before) < 32 * 1024 * 1024 + size as u64 * 16 * 1024,
        "{memory} bytes, {before} before"
    );
    // By what this machine does at present, which may have other things to do.
    assert!(in_the_crowd < 5 * alone + Duration::from_millis(100), "{in_the_crowd:?}, alone {alone:?}");
    // All of them are still there.
    for client in idle.iter_mut().step_by(size / 20) {
        client.request(GET, "").await;
        assert!(client.read_until("ok\n").await.starts_with("HTTP/1.1 200 "));
    }
    server.kill().await;
}
