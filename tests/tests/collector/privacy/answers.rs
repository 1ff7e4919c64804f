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

    async fn how_often_answers_are_shown_and_help_is_kept(app: TestApp) {
        apply(&app).await;
        let client = app.client();
        for query in ["q=the+hose+broke", "q=hoses+break", "q=return+my+sofa"] {
            client.get(&format!("/api/v1/sites/acme/answers?{query}")).await;
        }
        for answer in ["P-1", "returns", "returns"] {
            client.send(client.request(Method::POST, &format!("/api/v1/sites/acme/answers/{answer}/helped"))).await;
        }
        app.app.answer_counts.write().await;
        let select = "select source || ' ' || answer || ' ' || cast(shown as text) || ' ' || cast(helped as text) from answer_counts order by source, answer";
        let stored: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        assert_eq!(stored, ["answer returns 1 2", "problem P-1 2 1"], "numbers alone");
        let program = crate::access::Program::new(&app).await;
        let problem = program.get_at("/api/v1/problems/P-1").await.json();
        assert_eq!((&problem["shown"], &problem["helped"]), (&json!(2), &json!(1)));
        let desk = crate::console::Desk::of(&app, "tom", sayso::auth::Role::Manager).await;
        let page = desk.client.get("/staff/problems").await.body;
        assert!(page.contains("Shown in 90 days\">2<") && page.contains("Helped\">1<"), "{page}");
        assert!(desk.client.get("/staff/settings").await.body.contains("shown in 90 days: 1, helped: 2"));
        // What was long ago is told no more.
        app.app.clock.advance(91 * sayso::clock::DAY);
        assert_eq!(program.get_at("/api/v1/problems/P-1").await.json()["shown"], 0);
    }

    async fn customers_read_the_question_of_a_problem_in_their_language(app: TestApp) {
        app.apply_service("[[problem]]\nkey = 'P-5'\ntitle = 'Batch 41 leaks'\nquestion = { en = 'Why does my kettle drip?', zh-Hans = '水壶为什么漏水？' }\nsolution = { en = 'A new one.', zh-Hans = '换新的。' }\npublic = true\n").await;
        app.app.clock.advance(1_000);
        let ask = async |query: &str| app.client().get(&format!("/api/v1/sites/acme/answers?{query}")).await.json();
        assert_eq!(ask("q=kettle+drips").await["answers"][0]["question"], "Why does my kettle drip?");
        let found = ask("q=%E6%B0%B4%E5%A3%B6%E6%BC%8F%E6%B0%B4&lang=zh-Hans").await;
        assert_eq!((&found["answers"][0]["question"], &found["answers"][0]["solution"]), (&json!("水壶为什么漏水？"), &json!("换新的。")));
        assert!(!found.to_string().contains("Batch"), "what the staff call it is theirs");
        let program = crate::access::Program::new(&app).await;
        let path = "/api/v1/problems/P-5";
        assert_eq!(program.get_at(path).await.json()["question"]["en"], "Why does my kettle drip?");
        assert_eq!(program.patch_at(path, &json!({"question": {"en": "Why does it leak?"}})).await.json()["question"], json!({"en": "Why does it leak?"}));
        let desk = crate::console::Desk::of(&app, "tom", sayso::auth::Role::Manager).await;
        let saved = desk.post("/staff/problems/P-5", &[("title", "Batch 41 leaks"), ("state", "known"), ("public", "1"), ("question.en", "It drips?"), ("question.zh-Hant", "漏水？"), ("solution.en", "A new one.")]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
        assert_eq!(program.get_at(path).await.json()["question"], json!({"en": "It drips?", "zh-Hant": "漏水？"}));
        let exported = sayso::service::store::load(&app.app.db).await.unwrap().write().unwrap();
        assert!(exported.contains("It drips?"), "{exported}");
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
