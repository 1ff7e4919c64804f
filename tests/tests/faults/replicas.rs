//! Several collectors on one PostgreSQL act as one, wherever a request goes, also when one of them is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::StatusCode;
use sayso::auth::member::{Email, Name, NewMember};
use sayso::auth::{Member, Password, Role, links};
use sayso::clock::Clock;
use sayso::keys::Keys;
use sayso::with_db;
use sayso_shared::Lang;
use sayso_tests::process::{Served, lasting_port};
use sayso_tests::{Client, Database, eventually};
use serde_json::json;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::load::Load;
use crate::stage::{Stage, repeated};

const PASSWORD: &str = "purple giraffes sleep";
/// How long an open page may take to hear of what happened elsewhere, on a machine that has other things to do.
const SOON: Duration = Duration::from_secs(10);

/// Three collectors, started at the same moment on a database without tables.
async fn start_three() -> (Stage, [Served; 3]) {
    let stage = Stage::empty(Database::Postgres.make_durable().await.reveal().unwrap().to_owned()).await;
    let (a, b, c) = tokio::join!(stage.serve(lasting_port()), stage.serve(lasting_port()), stage.serve(lasting_port()));
    (stage, [a, b, c])
}

/// Adds the site, and waits until each replica knows it.
async fn furnish(stage: &Stage, replicas: &[Served]) {
    stage.furnish().await;
    for replica in replicas {
        let client = Client::new(&replica.url);
        let known = || async { client.get("/api/v1/sites/acme").await.status == StatusCode::OK };
        eventually("the replica knows the site", known).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_that_start_together_migrate_once_and_any_of_their_links_sets_up() {
    let (stage, replicas) = start_three().await;
    let db = stage.open().await;
    let select = "select count(*) - count(distinct version) from _sqlx_migrations";
    let twice: i64 = with_db!(&db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
    assert_eq!(twice, 0);
    // Each replica has printed a link of its own when it started, and the operator may follow any of them, at any of them.
    let select = "select count(*) from links where purpose = 'setup'";
    let printed: i64 = with_db!(&db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
    assert_eq!(printed, 3);
    let keys = Keys::load(&db, stage.data.path()).await.unwrap();
    let first = links::make_setup_link(&db, &keys, &Clock::default()).await.unwrap().unwrap();
    let last = links::make_setup_link(&db, &keys, &Clock::default()).await.unwrap().unwrap();
    furnish(&stage, &replicas).await;
    let [a, b, c] = replicas.each_ref().map(|replica| Client::new(&replica.url));
    assert_eq!(c.get(&first).await.status, StatusCode::OK);
    let form = |name| [("name", name), ("email", "lin@acme.example"), ("password", PASSWORD)];
    let (lin, li) = (form("Lin Qiao"), form("Li Lei"));
    let (one, two) = tokio::join!(a.post_form(&first, &lin), b.post_form(&last, &li));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND], "one of two becomes the first member");
    assert_eq!(c.get(&first).await.status, StatusCode::NOT_FOUND);
    for replica in replicas {
        replica.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_notices_which_replica_answers() {
    let (stage, replicas) = start_three().await;
    furnish(&stage, &replicas).await;
    let [a, b, c] = replicas.each_ref().map(|replica| Client::new(&replica.url));

    // Pages that repeat without waiting for the first answer, and a load balancer that spreads what it gets: each replica gets the same
    // keys at the same time, in whatever order, and writes them in batches.
    let mut pages = JoinSet::new();
    for number in 0..60 {
        let key = uuid::Uuid::from_u128(number / 3 + 1).to_string();
        let client = [&a, &b, &c][usize::try_from(number % 3).unwrap()].clone();
        let feedback = json!({"kind": "praise", "message": format!("谢谢 {key}")});
        pages.spawn(async move { (key.clone(), client.submit_with_key(feedback, &key).await) });
    }
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (key, answer) in pages.join_all().await {
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        codes.entry(key).or_default().insert(answer.json()["code"].as_str().unwrap().to_owned());
    }
    assert!(codes.len() == 20 && codes.values().all(|codes| codes.len() == 1), "one code for each key: {codes:?}");
    let db = stage.open().await;
    let count = "select count(*) from cases";
    let cases: i64 = with_db!(&db, pool => sqlx::query_scalar(count).fetch_one(pool).await).unwrap();
    assert_eq!(cases, 20);

    // A member signs in at one, by password and by a link, and works at another.
    let new = NewMember {
        email: Email::parse("lin@acme.example").unwrap(),
        name: Name::parse("Lin").unwrap(),
        role: Role::Agent,
        lang: Some(Lang::En),
        password_hash: Some(Password::parse(PASSWORD, &[]).unwrap().hash().await.unwrap()),
    };
    let id = Member::add(&db, &new, &sayso::audit::Stamp::command(Clock::default().now())).await.unwrap();
    let form = [("email", "lin@acme.example"), ("password", PASSWORD)];
    assert_eq!(a.post_form("/staff/sign-in", &form).await.status, StatusCode::SEE_OTHER);
    let inbox = b.url().to_owned();
    assert_eq!(a.at(&inbox).get("/staff/cases").await.status, StatusCode::OK);
    let keys = Keys::load(&db, stage.data.path()).await.unwrap();
    let link = links::make_sign_in_link(&db, &keys, &Clock::default(), &id).await.unwrap();
    assert_eq!(b.get(&link).await.status, StatusCode::OK);
    assert_eq!(c.post_form(&link, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(a.get(&link).await.status, StatusCode::NOT_FOUND, "it was used up elsewhere");

    // Pages that are open at one are told of what happens at another.
    let mut console = listen(&a, "/staff/live").await;
    let code = b.complain("晚了三天", "li@example.com").await;
    let told = next(&mut console, "refresh").await;
    assert!(told.contains("data: New case"), "{told}");
    let mut page = listen(&a, &format!("/t/{code}/live")).await;
    // The customer, whose browser knows no member.
    let customer = Client::new(c.url());
    let message =
        customer.post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "还没有人回答"})).await;
    assert_eq!(message.status, StatusCode::CREATED, "{}", message.body);
    next(&mut page, "refresh").await;

    // Signing out at one ends the session at all.
    let account = a.get("/staff/account").await.body;
    let csrf = account.split_once("name=\"csrf\" value=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap();
    assert_eq!(a.post_form("/staff/sign-out", &[("csrf", csrf)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(a.at(&inbox).get("/staff/cases").await.status, StatusCode::SEE_OTHER);
    for replica in replicas {
        replica.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_three_is_killed_under_load_and_nothing_is_lost() {
    let mut chance = Chance::new();
    let (stage, replicas) = start_three().await;
    furnish(&stage, &replicas).await;
    let urls = replicas.each_ref().map(|replica| replica.url.clone());
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let mut replicas = replicas.into_iter();

    // While all of them live, their jobs and workers take nothing twice: each delivery arrives once.
    let load = Load::start(&urls, 9);
    load.answers(sayso_tests::Round::of_this_run().pick(200, 2_000)).await;
    let mut answered = load.stop().await;
    assert_eq!(repeated(&stage.verify(urls[2], &answered).await), 0, "deliveries that arrived more than once");

    let load = Load::start(&urls, 9);
    load.answers(chance.below(40)).await;
    replicas.next().unwrap().kill().await;
    load.answers(sayso_tests::Round::of_this_run().pick(100, 1_000)).await;
    answered.extend(load.stop().await);
    // What the dead one was sending, at most so many as one process sends at a time, may arrive again under the same id.
    let again = repeated(&stage.verify(urls[2], &answered).await);
    assert!(again <= Stage::CONCURRENCY, "{again} deliveries arrived more than once");
    for replica in replicas {
        replica.stop().await;
    }
}

/// Opens a stream of events and reads until it is known to be there.
async fn listen(client: &Client, path: &str) -> reqwest::Response {
    let response = client.request(reqwest::Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response
}

/// Reads on until the event comes.
async fn next(stream: &mut reqwest::Response, event: &str) -> String {
    let mut read = String::new();
    let reading = async {
        while !read.contains(&format!("event: {event}")) {
            let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
            read.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    assert!(tokio::time::timeout(SOON, reading).await.is_ok(), "no {event} within {SOON:?}: {read}");
    read
}
