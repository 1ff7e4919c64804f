//! Proof of work: nothing on a quiet site, and on a busy one each solved challenge lets one submission in.

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use sayso::clock::MINUTE;
use sayso_tests::{Answer, Client, Database, TestApp, on_both_databases};

use super::*;

/// Submissions in a minute that make the site of these tests busy.
const BUSY_FROM: u32 = 2;

async fn quiet(database: Database) -> TestApp {
    let app = TestApp::spawn_with(database, with_limits(|limits| limits.proof_from_per_minute = BUSY_FROM)).await;
    // A minute begins, so that none ends before the test has made its few submissions.
    app.app.clock.advance(MINUTE - app.app.clock.now() % MINUTE);
    app
}

async fn busy(database: Database) -> TestApp {
    let app = quiet(database).await;
    make_busy(&app).await;
    app
}

async fn make_busy(app: &TestApp) {
    for _ in 0..BUSY_FROM {
        let answer = submit(&app.client(), &new_key(), None).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    }
}

async fn submit(client: &Client, key: &str, proof: Option<&str>) -> Answer {
    praise_from(client, "203.0.113.7", key, proof).await
}

async fn challenge(client: &Client, site: &str) -> Challenge {
    let request = client.request(Method::GET, &format!("/api/v1/sites/{site}/challenge"));
    let answer = client.send(request).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// What the widget sends, found by the protocol's own library.
async fn solved(challenge: Challenge) -> Payload {
    let solve = move || {
        let solution = solve_challenge(SolveChallengeOptions::new(&challenge)).unwrap().unwrap();
        Payload { challenge, solution }
    };
    tokio::task::spawn_blocking(solve).await.unwrap()
}

/// A proof of work for a site, as the widget sends it.
pub async fn solved_for(client: &Client, site: &str) -> String {
    encoded(&solved(challenge(client, site).await).await)
}

fn encoded(payload: &Payload) -> String {
    STANDARD.encode(serde_json::to_vec(payload).unwrap())
}

async fn required(client: &Client) -> serde_json::Value {
    client.get("/api/v1/sites/acme").await.json()["proof"]["required"].clone()
}

fn refused(answer: &Answer, code: &str) {
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        "{}",
        answer.body
    );
    assert_eq!(answer.field_errors(), [("/proof".to_owned(), code.to_owned())]);
}

on_both_databases! {
    async fn a_quiet_site_asks_for_nothing_and_a_busy_one_for_a_proof(database: Database) {
        let app = quiet(database).await;
        let client = app.client();
        assert_eq!(required(&client).await, json!(false));
        make_busy(&app).await;
        assert_eq!(required(&client).await, json!(true));
        let key = new_key();
        refused(&submit(&client, &key, None).await, "required");
        let proof = encoded(&solved(challenge(&client, "acme").await).await);
        let accepted = submit(&client, &key, Some(&proof)).await;
        assert_eq!(accepted.status, StatusCode::CREATED, "{}", accepted.body);
        let again = submit(&client, &key, None).await;
        assert_eq!((again.status, again.json()), (StatusCode::CREATED, accepted.json()), "a repeat is always answered");
        app.app.clock.advance(2 * MINUTE);
        assert_eq!(required(&client).await, json!(false), "quiet again");
        assert_eq!(submit(&client, &new_key(), Some("needed no more")).await.status, StatusCode::CREATED);
    }

    async fn the_work_grows_with_the_load(database: Database) {
        let app = quiet(database).await;
        let client = app.client();
        let mut found = Vec::new();
        for most in [20_000, 20_000, 50_000, 100_000] {
            let payload = solved(challenge(&client, "acme").await).await;
            assert!((most / 2..=most).contains(&payload.solution.counter), "{} of {most}", payload.solution.counter);
            found.push(encoded(&payload));
            let site = app.site().await;
            for _ in 0..BUSY_FROM {
                app.app.submission_rate.record(site.id(), app.app.clock.now());
            }
            if most == 50_000 {
                // The last step begins at four times the load.
                app.app.submission_rate.record(site.id(), app.app.clock.now());
                app.app.submission_rate.record(site.id(), app.app.clock.now());
            }
        }
        let accepted = submit(&client, &new_key(), Some(&found[1])).await;
        assert_eq!(accepted.status, StatusCode::CREATED, "what was enough when it was asked for is enough: {}", accepted.body);
    }

    async fn a_proof_lets_one_submission_in(database: Database) {
        let app = busy(database).await;
        let client = app.client();
        let proof = encoded(&solved(challenge(&client, "acme").await).await);
        let sent: Vec<_> = (0..8).map(|_| {
            let (client, proof) = (client.clone(), proof.clone());
            tokio::spawn(async move { submit(&client, &new_key(), Some(&proof)).await })
        }).collect();
        let mut accepted = 0;
        for answer in sent {
            let answer = answer.await.unwrap();
            if answer.status == StatusCode::CREATED { accepted += 1 } else { refused(&answer, "invalid") }
        }
        assert_eq!((accepted, count(&app, "cases").await), (1, i64::from(BUSY_FROM) + 1));
        refused(&submit(&client, &new_key(), Some(&proof)).await, "invalid");
        app.app.clock.advance(11 * MINUTE);
        sayso::housekeeping::clean_up(&app.app).await.unwrap();
        assert_eq!(count(&app, "used_challenges").await, 0, "what has expired need not be remembered");
    }

    async fn wrong_proofs_are_refused(database: Database) {
        let app = busy(database).await;
        let client = app.client();
        let key = sayso::sites::SiteKey::parse("other").unwrap();
        sayso::sites::Site::add(&app.app.db, &key, "Other", &[], &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        app.app.clock.advance(1_000);
        let good = solved(challenge(&client, "acme").await).await;
        let altered = |change: fn(&mut Payload)| {
            let mut payload = good.clone();
            change(&mut payload);
            encoded(&payload)
        };
        for proof in [
            "x".to_owned(),
            STANDARD.encode("{}"),
            STANDARD.encode("[".repeat(4_000)),
            altered(|payload| payload.challenge.signature = None),
            altered(|payload| payload.challenge.parameters.key_signature = None),
            altered(|payload| payload.challenge.parameters.expires_at = Some(4_000_000_000)),
            altered(|payload| payload.challenge.parameters.cost = u32::MAX),
            altered(|payload| payload.solution.derived_key.replace_range(..2, "zz")),
            altered(|payload| payload.solution.derived_key = "00".repeat(32)),
            encoded(&solved(challenge(&client, "other").await).await),
        ] {
            refused(&submit(&client, &new_key(), Some(&proof)).await, "invalid");
        }
        assert_eq!(count(&app, "used_challenges").await, 0, "none of them cost the database anything");
        assert_eq!(submit(&client, &new_key(), Some(&encoded(&good))).await.status, StatusCode::CREATED);
        // Eleven minutes later the challenge has expired; the site must be busy then as well.
        let early = encoded(&solved(challenge(&client, "acme").await).await);
        app.app.clock.advance(11 * MINUTE);
        make_busy(&app).await;
        refused(&submit(&client, &new_key(), Some(&early)).await, "invalid");
    }

    async fn it_holds_for_every_replica_and_a_repeat_may_use_it_again(database: Database) {
        let app = busy(database).await;
        let client = app.client();
        let (key, proof) = (new_key(), encoded(&solved(challenge(&client, "acme").await).await));
        // This one takes nothing more, so the proof is used, but the customer has to try again.
        app.app.intake.drain().await;
        assert_eq!(submit(&client, &key, Some(&proof)).await.status, StatusCode::SERVICE_UNAVAILABLE);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let replica = sayso::App::start(app.app.config.clone()).await.unwrap();
        for _ in 0..4 * BUSY_FROM {
            replica.submission_rate.record(app.site().await.id(), replica.clock.now());
        }
        let server = tokio::spawn(sayso::serve::serve_http(replica.clone(), listener));
        let client = Client::new(&url);
        refused(&submit(&client, &new_key(), Some(&proof)).await, "invalid");
        let accepted = submit(&client, &key, Some(&proof)).await;
        assert_eq!(accepted.status, StatusCode::CREATED, "{}", accepted.body);
        replica.shutdown.cancel();
        server.await.unwrap().unwrap();
    }
}
