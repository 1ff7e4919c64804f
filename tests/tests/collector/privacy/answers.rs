//! Answers before somebody asks.

use reqwest::{Method, StatusCode};
use sayso_tests::{Options, TestApp, on_both_databases};
use serde_json::json;

const SERVICE: &str = r#"
[[answer]]
key = "returns"
site = "acme"
question = { en = "How do I return a sofa?", zh-Hans = "沙发怎么退货？" }
solution = { en = "Within 30 days, for free.", zh-Hans = "30天内免费退货。" }

[[answer]]
key = "invoice"
question = { en = "Where is my invoice?" }
solution = { en = "In your account." }

[[problem]]
key = "P-1"
title = "Hoses break in the cold"
solution = { en = "A new hose is on its way." }
public = true

[[problem]]
key = "P-2"
title = "A secret giraffe in the warehouse"
solution = { en = "Nobody may know." }
"#;

async fn apply(app: &TestApp) {
    app.apply_service(SERVICE).await;
    app.app.clock.advance(1_000);
}

on_both_databases! {
    async fn what_helped_is_counted_if_it_is_there(app: TestApp) {
        apply(&app).await;
        let client = app.client();
        let tell = async |answer: &str| client.send(client.request(Method::POST, &format!("/api/v1/sites/acme/answers/{answer}/helped"))).await.status;
        assert_eq!((tell("returns").await, tell("returns").await, tell("P-1").await), (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT, StatusCode::NO_CONTENT));
        assert_eq!((tell("P-2").await, tell("made-up").await), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "what is not public is not there");
        let counted = app.app.metrics.encode().unwrap();
        assert!(counted.contains(r#"sayso_answers_helped_total{site="acme",answer="returns"} 2"#), "{counted}");
        assert!(!counted.contains("made-up"));
        assert_eq!(client.get("/api/v1/sites/acme").await.json()["answers"], true);
    }

    async fn a_problem_of_another_site_is_not_read_here_and_the_entry_page_offers_what_is(app: TestApp) {
        let offers = async || app.client().get("/s/acme").await.body.contains("data-answers=\"answers\"");
        assert!(!offers().await, "where there is nothing to offer, nobody is asked");
        let stamp = sayso::audit::Stamp::command(app.app.clock.now());
        sayso::sites::Site::add(&app.app.db, &sayso::sites::SiteKey::parse("other").unwrap(), "Other", &[], &stamp).await.unwrap();
        let problem = |site: &str| format!("[[problem]]\nkey = \"P-9\"\nsite = \"{site}\"\ntitle = \"Hoses break\"\nsolution = {{ en = \"A new one.\" }}\npublic = true\n");
        app.apply_service(&problem("other")).await;
        app.app.clock.advance(1_000);
        let found = async || app.client().get("/api/v1/sites/acme/answers?q=hoses+break").await.json()["answers"].as_array().unwrap().len();
        assert_eq!((found().await, offers().await), (0, false));
        app.apply_service(&problem("acme")).await;
        app.app.clock.advance(1_000);
        assert_eq!((found().await, offers().await), (1, true));
        let program = crate::access::Program::new(&app).await;
        let path = "/api/v1/problems/P-9";
        assert_eq!(program.get_at(path).await.json()["site"], "acme");
        assert_eq!(program.patch_at(path, &json!({"site": "nobody"})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(program.patch_at(path, &json!({"site": null})).await.json()["site"], json!(null));
    }

    async fn a_site_without_answers_says_so(app: TestApp) {
        assert_eq!(app.client().get("/api/v1/sites/acme").await.json()["answers"], false);
    }

    async fn what_is_typed_finds_what_is_public(app: TestApp) {
        apply(&app).await;
        let client = app.client();
        let ask = async |query: &str| client.get(&format!("/api/v1/sites/acme/answers?{query}")).await;
        let found = ask("q=I+want+to+return+my+sofas").await;
        assert_eq!((found.status, found.header("cache-control")), (StatusCode::OK, "public, max-age=60"));
        assert_eq!(found.json(), json!({"answers": [{"source": "answer", "key": "returns", "question": "How do I return a sofa?", "solution": "Within 30 days, for free."}]}));
        let chinese = ask("q=%E6%B2%99%E5%8F%91%E9%80%80%E8%B4%A7&lang=zh-Hans").await.json();
        assert_eq!(chinese["answers"][0]["solution"], "30天内免费退货。");
        assert_eq!(ask("q=the+hose+broke").await.json()["answers"][0], json!({"source": "problem", "key": "P-1", "question": "Hoses break in the cold", "solution": "A new hose is on its way."}));
        assert_eq!(ask("q=giraffe+warehouse").await.json(), json!({"answers": []}), "what is not public is not told");
        for wrong in ["", "q=", "q=x&lang=!", "q=x&x=1", &format!("q={}", "x".repeat(301))] {
            assert_eq!(ask(wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        assert_eq!(client.get("/api/v1/sites/nobody/answers?q=x").await.status, StatusCode::NOT_FOUND);
        let from = async |origin: &str| client.send(client.request(Method::GET, "/api/v1/sites/acme/answers?q=sofa").header("origin", origin)).await;
        assert_eq!(from(TestApp::ORIGIN).await.header("access-control-allow-origin"), TestApp::ORIGIN);
        assert_eq!(from("https://evil.example").await.status, StatusCode::FORBIDDEN);
    }
}

on_both_databases! {
    async fn whoever_asks_too_often_waits(database: Database) {
        let settings = Box::new(|config: &mut sayso::Config| config.limits.answers_per_minute = 3);
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let client = app.client();
        for _ in 0..3 {
            assert_eq!(client.get("/api/v1/sites/acme/answers?q=x").await.status, StatusCode::OK);
        }
        let refused = client.get("/api/v1/sites/acme/answers?q=x").await;
        assert!(refused.status == StatusCode::TOO_MANY_REQUESTS && !refused.header("retry-after").is_empty());
    }
}
