//! Rate limits: each is met, says when to come back, keeps the promise, and stops nobody else.

use reqwest::{Method, StatusCode};
use sayso_tests::{Answer, Options, TestApp, on_both_databases};

use super::*;

/// Seconds to wait, of an answer that says how long.
fn wait(answer: &Answer) -> i64 {
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
    let seconds = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    seconds
}

on_both_databases! {
    async fn a_client_is_limited_and_told_when_to_come_back(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.submissions_per_minute = 3)).await;
        let (client, me) = (app.client(), "203.0.113.7");
        let first = new_key();
        let accepted = praise_from(&client, me, &first, None).await;
        assert_eq!(accepted.status, StatusCode::CREATED, "{}", accepted.body);
        for _ in 0..2 {
            assert_eq!(praise_from(&client, me, &new_key(), None).await.status, StatusCode::CREATED);
        }
        let later = new_key();
        let refused = praise_from(&client, me, &later, None).await;
        let seconds = wait(&refused);
        assert_eq!(refused.header("access-control-allow-origin"), TestApp::ORIGIN, "the widget may read it");
        assert_eq!(refused.header("access-control-expose-headers"), "Retry-After");
        let again = praise_from(&client, me, &first, None).await;
        assert_eq!((again.status, again.json()), (StatusCode::CREATED, accepted.json()), "a repeat is always answered");
        assert_eq!(praise_from(&client, "203.0.113.8", &new_key(), None).await.status, StatusCode::CREATED);
        assert_eq!(count(&app, "cases").await, 4);
        app.app.clock.advance(seconds * 1_000);
        assert_eq!(praise_from(&client, me, &later, None).await.status, StatusCode::CREATED);
        let seconds = wait(&praise_from(&client, me, &new_key(), None).await);
        assert!((10..=20).contains(&seconds), "one in twenty seconds, some of which may have passed: {seconds}");
    }

    async fn a_client_is_a_network_of_ipv6(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.submissions_per_minute = 1)).await;
        let client = app.client();
        assert_eq!(praise_from(&client, "2001:db8:1:2::3", &new_key(), None).await.status, StatusCode::CREATED);
        wait(&praise_from(&client, "2001:db8:1:2:4:5:6:7", &new_key(), None).await);
        assert_eq!(praise_from(&client, "2001:db8:1:3::3", &new_key(), None).await.status, StatusCode::CREATED);
    }

    async fn the_networks_around_a_client_of_ipv6_are_limited_too(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.submissions_per_minute = 1)).await;
        let client = app.client();
        let from = async |address: String| praise_from(&client, &address, &new_key(), None).await.status;
        let mut accepted = 0;
        for n in 0..8 {
            accepted += usize::from(from(format!("2001:db8:1:{n}::1")).await == StatusCode::CREATED);
        }
        assert_eq!(accepted, 2, "a /56 has twice what a /64 has");
        for n in 1..16 {
            accepted += usize::from(from(format!("2001:db8:1:{:x}::1", n * 256)).await == StatusCode::CREATED);
        }
        assert_eq!(accepted, 8, "a /48 has eight times as much");
        assert_eq!(from("2001:db8:2::1".into()).await, StatusCode::CREATED, "its neighbour is another");
    }

    async fn whoever_does_no_work_can_not_spend_the_quota_of_a_site(database: Database) {
        let settings = with_limits(|limits| {
            limits.proof_from_per_minute = 1;
            limits.site_submissions_per_minute = 8;
        });
        let app = TestApp::spawn_with(database, settings).await;
        let client = app.client();
        app.app.submission_rate.record(app.site().await.id(), app.app.clock.now());
        for n in 0..40 {
            let refused = praise_from(&client, &format!("203.0.113.{n}"), &new_key(), None).await;
            assert_eq!(refused.field_errors(), [("/proof".to_owned(), "required".to_owned())], "{}", refused.body);
        }
        let proof = super::proof::solved_for(&client, "acme").await;
        let accepted = praise_from(&client, "203.0.113.99", &new_key(), Some(&proof)).await;
        assert_eq!(accepted.status, StatusCode::CREATED, "{}", accepted.body);
        // A proof that has been used is worth nothing either.
        for n in 0..12 {
            let refused = praise_from(&client, &format!("198.51.100.{n}"), &new_key(), Some(&proof)).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
        }
        let proof = super::proof::solved_for(&client, "acme").await;
        assert_eq!(praise_from(&client, "203.0.113.98", &new_key(), Some(&proof)).await.status, StatusCode::CREATED);
    }

    async fn forms_that_can_not_work_leave_half_of_the_quota_to_others(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.site_submissions_per_minute = 4)).await;
        let client = app.client();
        let form = async || client.post_form("/s/acme", &[("kind", "praise"), ("message", "很好")]).await.status;
        assert_eq!([form().await, form().await, form().await], [StatusCode::SEE_OTHER, StatusCode::SEE_OTHER, StatusCode::TOO_MANY_REQUESTS]);
        for n in 0..2 {
            let answer = praise_from(&client, &format!("203.0.113.{n}"), &new_key(), None).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        }
        wait(&praise_from(&client, "203.0.113.9", &new_key(), None).await);
    }

    async fn replicas_count_together(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.code_lookups_per_minute = 60)).await;
        let replica = sayso::App::start(app.app.config.clone()).await.unwrap();
        let client = app.client();
        /// How many look-ups a collector answers until it refuses one.
        async fn let_in(client: &Client) -> usize {
            let mut answered = 0;
            while client.get("/api/v1/feedback/0000-0000-0000-0").await.status == StatusCode::NOT_FOUND {
                answered += 1;
            }
            answered
        }
        let exchange = async |app: &sayso::App| app.limits.exchange(&app.db, app.clock.now()).await.unwrap();
        exchange(&replica).await;
        let here = let_in(&client).await;
        assert!(here >= 60, "{here}");
        exchange(&app.app).await;
        exchange(&replica).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = Client::new(&format!("http://{}", listener.local_addr().unwrap()));
        let server = tokio::spawn(sayso::serve::serve_http(replica.clone(), listener));
        let there = let_in(&other).await;
        assert!(there < 50, "all that there may be were let in elsewhere, and yet {there} more");
        app.app.clock.advance(3 * sayso::clock::MINUTE);
        exchange(&app.app).await;
        exchange(&app.app).await;
        assert_eq!(count(&app, "limit_counts").await, 0, "old counts are forgotten");
        replica.shutdown.cancel();
        server.await.unwrap().unwrap();
    }

    async fn nobody_names_themselves(database: Database) {
        let untrusting = with_limits(|limits| limits.submissions_per_minute = 1);
        let settings = move |config: &mut sayso::Config| {
            (untrusting.settings)(config);
            config.trusted_proxies.clear();
        };
        let app = TestApp::spawn_with(database, Options { settings: Box::new(settings), ..Options::default() }).await;
        let client = app.client();
        assert_eq!(praise_from(&client, "203.0.113.7", &new_key(), None).await.status, StatusCode::CREATED);
        wait(&praise_from(&client, "203.0.113.8", &new_key(), None).await);
    }

    async fn a_site_is_limited_for_all_together(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.site_submissions_per_minute = 4)).await;
        let client = app.client();
        for n in 0..4 {
            let answer = praise_from(&client, &format!("203.0.113.{n}"), &new_key(), None).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        }
        let seconds = wait(&praise_from(&client, "203.0.113.99", &new_key(), None).await);
        app.app.clock.advance(seconds * 1_000);
        assert_eq!(praise_from(&client, "203.0.113.99", &new_key(), None).await.status, StatusCode::CREATED);
    }

    async fn challenges_are_limited(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.challenges_per_minute = 2)).await;
        let client = app.client();
        let ask = async || {
            let request = client.request(Method::GET, "/api/v1/sites/acme/challenge").header("origin", TestApp::ORIGIN);
            client.send(request).await
        };
        for _ in 0..2 {
            assert_eq!(ask().await.status, StatusCode::OK);
        }
        let seconds = wait(&ask().await);
        app.app.clock.advance(seconds * 1_000);
        assert_eq!(ask().await.status, StatusCode::OK);
    }

    async fn what_customers_add_is_limited(database: Database) {
        let app = TestApp::spawn_with(database, with_limits(|limits| limits.code_lookups_per_minute = 2)).await;
        let client = app.client();
        let code = client.complain("x", "li@example.com").await;
        let url = format!("/api/v1/feedback/{code}");
        for _ in 0..2 {
            let said = client.post_json(&format!("{url}/messages"), &json!({"body": "还有一点"})).await;
            assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
        }
        wait(&client.post_json(&format!("{url}/messages"), &json!({"body": "再说一点"})).await);
        wait(&client.post_json(&format!("{url}/satisfaction"), &json!({"score": 5})).await);
        assert_eq!(count(&app, "messages").await, 2);
    }

    async fn the_dangerous_switch_turns_them_off(database: Database) {
        let settings = |config: &mut sayso::Config| {
            config.dangerous_disable_guards = true;
            config.limits.submissions_per_minute = 1;
            config.limits.site_submissions_per_minute = 1;
            config.limits.challenges_per_minute = 1;
            config.limits.proof_from_per_minute = 1;
            config.limits.form_seconds = 60;
        };
        let app = TestApp::spawn_with(database, Options { settings: Box::new(settings), ..Options::default() }).await;
        let client = app.client();
        for _ in 0..3 {
            assert_eq!(client.submit(praise(None)).await.status, StatusCode::CREATED);
            assert_eq!(client.get("/api/v1/sites/acme/challenge").await.status, StatusCode::OK);
            let form = [("kind", "praise"), ("message", "很好"), ("website", "x")];
            assert_eq!(client.post_form("/s/acme", &form).await.status, StatusCode::SEE_OTHER);
        }
        let held = "select count(*) from cases where quarantine <> ''";
        let held: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(held).fetch_one(pool).await).unwrap();
        assert_eq!((held, count(&app, "cases").await), (0, 6));
        let foreign = client.request(Method::POST, "/api/v1/sites/acme/feedback").header("origin", "https://evil.example");
        let foreign = foreign.header("idempotency-key", new_key()).json(&praise(None));
        assert_eq!(client.send(foreign).await.status, StatusCode::FORBIDDEN, "origins stay");
    }
}
