//! The cases of one browser, or of somebody whom a site vouches for.

use reqwest::{Method, StatusCode};
use sayso::clock::{MINUTE, rfc3339};
use sayso_tests::{Answer, Options, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::submit;
use crate::access::Program;
use crate::access::identity::{secret, sign};

async fn ask(app: &TestApp, body: Value) -> Answer {
    app.client().post_json("/api/v1/my/cases", &body).await
}

fn codes(answer: &Answer) -> Vec<String> {
    answer.json()["cases"].as_array().unwrap().iter().map(|case| case["code"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    async fn codes_give_their_cases_in_one_small_answer(app: TestApp) {
        let program = Program::new(&app).await;
        let (first, case) = submit(&app, &program, json!({"kind": "complaint", "message": "The sofa came torn. ".repeat(20)})).await;
        let (second, _) = submit(&app, &program, json!({"kind": "praise", "message": "Thanks"})).await;
        let lenient = first.to_lowercase().replace('-', " ");
        let answer = ask(&app, json!({"codes": [lenient, second, "7QK4-M2XH-9TRD-7", "x", second]})).await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{}", answer.body);
        assert_eq!(codes(&answer), [second.clone(), first.clone()], "each once, those that are none left out");
        let shown = answer.json()["cases"][1].clone();
        assert_eq!((&shown["site"], &shown["kind"], &shown["stage"]), (&json!("acme"), &json!("complaint"), &json!("received")));
        assert_eq!((&shown["answered_at"], shown["excerpt"].as_str().unwrap().chars().count()), (&Value::Null, 80));

        let badge = async |query: &str| app.client().get(&format!("/api/v1/my/cases/badge?{query}")).await;
        let both = format!("codes={first},{second}");
        assert_eq!(badge(&both).await.json(), json!({"answers": 0, "latest": null}));
        let before = rfc3339(app.app.clock.now());
        app.app.clock.advance(MINUTE);
        program.post(&format!("/{}/messages", case["id"].as_str().unwrap()), &json!({"kind": "reply", "body": "A new one comes"})).await;
        program.post(&format!("/{}/messages", case["id"].as_str().unwrap()), &json!({"kind": "note", "body": "Not for them"})).await;
        let seen = badge(&format!("{both}&since={before}")).await;
        assert_eq!((seen.json()["answers"].clone(), seen.header("cache-control")), (json!(1), "private, max-age=600"));
        app.app.clock.advance(MINUTE);
        assert_eq!(badge(&format!("{both}&since={}", rfc3339(app.app.clock.now()))).await.json()["answers"], json!(0));
        assert!(ask(&app, json!({"codes": [first]})).await.json()["cases"][0]["answered_at"].is_string());

        for wrong in [json!({}), json!({"codes": []}), json!({"codes": "x"}), json!({"codes": [1]}), json!({"codes": ["x"], "identity": "x"}),
            json!({"codes": vec!["x"; 21]}), json!({"codes": ["x"], "more": 1}), json!({"identity": "x".repeat(9_000)}), json!({"identity": "x"})] {
            assert_eq!(ask(&app, wrong.clone()).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        for wrong in ["", "codes=", "codes=x&since=now", "codes=x&x=1", &format!("codes={}", vec!["x"; 21].join(","))] {
            assert_eq!(badge(wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        let client = app.client();
        let from = async |origin: &str| client.send(client.request(Method::POST, "/api/v1/my/cases").header("origin", origin).json(&json!({"codes": [first]}))).await;
        assert_eq!(from(TestApp::ORIGIN).await.header("access-control-allow-origin"), TestApp::ORIGIN);
        assert_eq!(from("https://evil.example").await.status, StatusCode::FORBIDDEN);
    }

    async fn an_important_customer_is_told_who_looks_after_them(app: TestApp) {
        app.apply_service("[[tier]]\nsite = 'acme'\nkey = 'gold'\nname = { en = 'Gold' }\n[[promise]]\nsite = 'acme'\ntier = 'gold'\nfirst_response = '1h'\n").await;
        app.app.clock.advance(1_000);
        let program = Program::new(&app).await;
        let (_, secret) = secret(&app).await;
        let token = |claims: Value| {
            let mut all = json!({"exp": app.app.clock.now() / 1_000 + 600});
            all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
            sign(&all, &secret)
        };
        let (_, case) = submit(&app, &program, json!({"kind": "question", "message": "Mine", "identity": token(json!({"sub": "u-1", "name": "Li Lei"}))})).await;
        let plain = ask(&app, json!({"identity": token(json!({"sub": "u-1"}))})).await.json();
        assert_eq!(plain.get("customer"), None, "nothing is said of whoever is like everybody");
        crate::console::add_member(&app, "mei", sayso::auth::Role::Agent).await;
        let path = format!("/api/v1/customers/{}", case["customer"]["id"].as_str().unwrap());
        program.patch_at(&path, &json!({"representative": "mei@acme.example", "tier": "gold"})).await;
        let known = ask(&app, json!({"identity": token(json!({"sub": "u-1"}))})).await.json();
        let due = known["customer"]["promise"]["first_response_due"].clone();
        let in_an_hour = sayso::clock::parse_rfc3339(due.as_str().unwrap()).unwrap() - app.app.clock.now();
        assert!((59 * MINUTE..=60 * MINUTE).contains(&in_an_hour), "{in_an_hour}");
        assert_eq!(known["customer"], json!({"name": "Li Lei", "tier": {"key": "gold", "name": "Gold"}, "representative": {"name": "mei"},
            "promise": {"first_response_due": due}}));
        assert_eq!(known["cases"].as_array().unwrap().len(), 1);
    }

    async fn an_identity_gives_what_the_site_vouched_for_and_nothing_else(app: TestApp) {
        let program = Program::new(&app).await;
        let (_, secret) = secret(&app).await;
        let token = |sub: &str, seconds: i64| sign(&json!({"sub": sub, "email": "li@example.com", "exp": app.app.clock.now() / 1_000 + seconds}), &secret);
        // Somebody else wrote this under the same address.
        submit(&app, &program, json!({"kind": "question", "message": "From a stranger", "contact": {"email": "li@example.com"}})).await;
        let (own, _) = submit(&app, &program, json!({"kind": "question", "message": "Mine", "identity": token("u-1", 600)})).await;
        let (other, _) = submit(&app, &program, json!({"kind": "question", "message": "Another's", "identity": token("u-2", 600)})).await;
        assert_eq!(codes(&ask(&app, json!({"identity": token("u-1", 600)})).await), [own]);
        assert_eq!(codes(&ask(&app, json!({"identity": token("u-2", 600)})).await), [other]);
        assert_eq!(codes(&ask(&app, json!({"identity": token("u-3", 600)})).await), [""; 0]);
        let expired = ask(&app, json!({"identity": token("u-1", -600)})).await;
        assert!(expired.status == StatusCode::UNPROCESSABLE_ENTITY && expired.body.contains("identity_expired"), "{}", expired.body);
        // The badge, to which the codes of a browser may be added.
        let badge = async |body: Value| app.client().post_json("/api/v1/my/cases/badge", &body).await;
        let (loose, case) = submit(&app, &program, json!({"kind": "question", "message": "Without a token"})).await;
        let before = rfc3339(app.app.clock.now());
        app.app.clock.advance(MINUTE);
        program.post(&format!("/{}/messages", case["id"].as_str().unwrap()), &json!({"kind": "reply", "body": "Here it is"})).await;
        let both = badge(json!({"identity": token("u-1", 600), "codes": [loose], "since": before})).await;
        assert_eq!((both.json()["answers"].clone(), both.header("cache-control")), (json!(1), "no-store"));
        assert_eq!(badge(json!({"identity": token("u-1", 600)})).await.json()["answers"], json!(0));
        for wrong in [json!({}), json!({"codes": [loose]}), json!({"identity": "x"}), json!({"identity": token("u-1", 600), "since": "now"}), json!({"identity": token("u-1", 600), "codes": vec!["x"; 21]})] {
            assert_eq!(badge(wrong.clone()).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        let forged = sign(&json!({"sub": "u-1", "exp": app.app.clock.now() / 1_000 + 600}), "another secret");
        assert_eq!(ask(&app, json!({"identity": forged})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

on_both_databases! {
    async fn a_customer_of_many_cases_reads_them_page_by_page(app: TestApp) {
        let program = Program::new(&app).await;
        let (_, secret) = secret(&app).await;
        let token = sign(&json!({"sub": "u-1", "exp": app.app.clock.now() / 1_000 + 600}), &secret);
        let mut written = Vec::new();
        for number in 0..53 {
            let (code, _) = submit(&app, &program, json!({"kind": "question", "message": format!("No. {number}"), "identity": token})).await;
            written.insert(0, code);
        }
        let first = ask(&app, json!({"identity": token})).await;
        assert_eq!((codes(&first), first.json()["has_more"].clone()), (written[..50].to_vec(), json!(true)));
        let second = ask(&app, json!({"identity": token, "before": written[49]})).await;
        assert_eq!((codes(&second), second.json()["has_more"].clone()), (written[50..].to_vec(), json!(false)));
        assert_eq!(ask(&app, json!({"identity": token, "before": "7QK4-M2XH-9TRD-7"})).await.status, StatusCode::NOT_FOUND);
        assert_eq!(ask(&app, json!({"codes": [written[0]], "before": written[1]})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

on_both_databases! {
    async fn wrong_codes_count_each_by_itself(database: Database) {
        let settings = Box::new(|config: &mut sayso::Config| config.limits.code_lookups_per_minute = 10);
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let refused = ask(&app, json!({"codes": vec!["7QK4-M2XH-9TRD-7"; 12]})).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    }
}
