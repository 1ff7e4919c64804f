//! What holds for every answer: headers, assets, problems as pages, the description of the API.

use reqwest::{Method, StatusCode};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

on_both_databases! {
    async fn every_page_is_locked_down(app: TestApp) {
        let client = app.client();
        for path in ["/t/", "/s/acme", "/staff/sign-in", "/problems/invalid", "/nothing/here"] {
            let page = client.get(path).await;
            let policy = page.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
            assert!(policy.contains("frame-ancestors"), "{path}: {policy}");
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
            assert!(!page.body.contains(" style="), "{path} has an inline style");
            assert_ne!(page.header("x-request-id"), "", "{path}");
        }
    }

    async fn what_is_no_page_is_locked_down_too(app: TestApp) {
        for path in ["/healthz", "/api/v1/sites/acme", "/api/v1/nothing", "/api/v1/cases", "/favicon.ico"] {
            let policy = app.client().get(path).await.header("content-security-policy").to_owned();
            for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
                assert!(policy.contains(part), "{path}: {policy}");
            }
        }
    }

    async fn assets_are_compressed_and_kept_for_good(app: TestApp) {
        let client = app.client();
        let page = client.get("/problems/invalid").await.body;
        let sheet = page.split('"').find(|part| part.starts_with("/assets/base-")).expect("the page links its style sheet");
        let plain = client.get(sheet).await;
        assert_eq!((plain.status, plain.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(plain.header("access-control-allow-origin"), "*");
        assert_eq!(plain.header("cross-origin-resource-policy"), "cross-origin");
        for coding in ["br", "gzip"] {
            let packed = client.request(Method::GET, sheet).header("accept-encoding", coding).send().await.unwrap();
            assert_eq!(packed.headers()["content-encoding"], coding);
            assert!(packed.bytes().await.unwrap().len() < plain.body.len() / 2);
        }
        let refused = client.send(client.request(Method::GET, sheet).header("accept-encoding", "br;q=0, identity")).await;
        assert_eq!(refused.header("content-encoding"), "");
        assert_eq!(client.get("/assets/none-0000.css").await.status, StatusCode::NOT_FOUND);
    }

    async fn an_asset_of_another_version_leads_to_the_one_of_this(app: TestApp) {
        let client = app.client();
        for older in ["/assets/base-0123456789abcdef.css", "/assets/proof-0123456789abcdef.js", "/assets/0123456789abcdef-proof.js"] {
            let answer = client.get(older).await;
            assert_eq!(answer.status, StatusCode::FOUND, "{older}");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            let newer = client.get(answer.location()).await;
            assert_eq!(newer.status, StatusCode::OK, "{older} leads to {}", answer.location());
        }
        for none in ["/assets/none-0123456789abcdef.css", "/assets/base.css", "/assets/base-0123.css", "/assets/base"] {
            assert_eq!(client.get(none).await.status, StatusCode::NOT_FOUND, "{none}");
        }
    }

    async fn the_loader_is_served_with_a_short_cache(app: TestApp) {
        let loader = app.client().get("/sayso.js").await;
        assert_eq!((loader.status, loader.header("content-type")), (StatusCode::OK, "text/javascript; charset=utf-8"));
        assert_eq!(loader.header("cache-control"), "public, max-age=300");
        assert_eq!(loader.header("cross-origin-resource-policy"), "cross-origin");
        assert!(!loader.body.contains("__WIDGET"), "the build puts the hashed names in");
    }

    async fn problems_are_explained_in_the_readers_language(app: TestApp) {
        let client = app.client();
        for (name, _) in sayso::http::error::KINDS {
            for lang in ["en", "zh-Hans", "zh-Hant"] {
                let page = client.get(&format!("/problems/{name}?lang={lang}")).await;
                assert_eq!(page.status, StatusCode::OK);
                assert!(page.body.contains(&format!("<html lang=\"{lang}\">")), "{}", page.body);
            }
        }
        let missing = client.send(client.request(Method::GET, "/t/AAAA-AAAA-AAAA-A").header("accept-language", "zh-TW")).await;
        assert_eq!((missing.status, missing.header("content-type")), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"));
        assert!(missing.body.contains("lang=\"zh-Hant\""));
        assert_eq!(client.get("/api/v1/feedback/AAAA-AAAA-AAAA-A").await.problem(), "not_found");
    }

    async fn what_no_handler_answers_is_a_problem_too(app: TestApp) {
        let client = app.client();
        let origin = TestApp::ORIGIN;
        for (method, path, status, name) in [
            (Method::PUT, "/api/v1/sites/acme/feedback", 405, "method_not_allowed"),
            (Method::POST, "/api/v1/sites/acme", 405, "method_not_allowed"),
            (Method::DELETE, "/api/v1/feedback/AAAA-AAAA-AAAA-A", 405, "method_not_allowed"),
            (Method::GET, "/api/v1/sites/acme/nothing", 404, "not_found"),
            (Method::GET, "/api/v2/sites", 404, "not_found"),
        ] {
            let answer = client.send(client.request(method, path).header("origin", origin)).await;
            assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, name), "{path}: {}", answer.body);
            assert_eq!(answer.header("access-control-allow-origin"), origin, "{path}");
            assert_eq!(status == 405, !answer.header("allow").is_empty(), "{path} names its methods");
        }
        let foreign = client.request(Method::GET, "/api/v1/nothing").header("origin", "https://evil.example");
        assert_eq!(client.send(foreign).await.status, StatusCode::FORBIDDEN);
        let broken = client.get("/api/v1/sites/%ff").await;
        assert_eq!((broken.status.as_u16(), broken.problem().as_str()), (400, "malformed"));
        assert_eq!(client.send(client.request(Method::POST, "/healthz")).await.problem(), "method_not_allowed");
        for (method, path, status) in [(Method::DELETE, "/t/", 405), (Method::GET, "/staff/nothing", 404), (Method::GET, "/nothing", 404)] {
            let page = client.send(client.request(method, path).header("accept", "text/html,*/*;q=0.8")).await;
            assert_eq!((page.status.as_u16(), page.header("content-type")), (status, "text/html; charset=utf-8"), "{path}");
        }
    }

    async fn a_program_at_an_unknown_address_gets_a_problem(app: TestApp) {
        assert_eq!(app.client().get("/nothing").await.problem(), "not_found");
    }

    async fn caches_keep_answers_to_different_origins_apart(app: TestApp) {
        let client = app.client();
        let plain = client.get("/api/v1/sites/acme").await;
        assert_eq!((plain.header("vary"), plain.header("access-control-allow-origin")), ("Origin", ""));
        let asked = client.send(client.request(Method::GET, "/api/v1/sites/acme").header("origin", TestApp::ORIGIN)).await;
        assert_eq!((asked.header("vary"), asked.header("access-control-allow-origin")), ("Origin", TestApp::ORIGIN));
    }

    async fn the_api_is_described(app: TestApp) {
        let description = app.client().get("/api/openapi.json").await.json();
        assert_eq!(description["openapi"], "3.1.0");
        let schemas = &description["components"]["schemas"];
        assert_eq!(schemas["Stage"]["enum"], json!(["received", "being_looked_into", "waiting_for_you", "answered", "closed"]));
        assert_eq!(schemas["Outcome"]["enum"], json!(["upheld", "partly_upheld", "not_upheld", "withdrawn"]));
        assert_eq!(schemas["Feedback"]["additionalProperties"], json!(false));
        for (path, methods) in description["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                for (status, answer) in operation["responses"].as_object().unwrap() {
                    assert!(answer["description"].is_string(), "OpenAPI wants a description of {method} {path} {status}");
                }
            }
        }
        // What programs of the staff use is looked at in `access/api.rs`.
        let asks_for_a_token = |methods: &serde_json::Value| methods.as_object().unwrap().values().any(|operation| operation["security"][0]["token"].is_array());
        let public = description["paths"].as_object().unwrap().iter().filter(|(_, methods)| !asks_for_a_token(methods));
        let paths: Vec<&str> = public.map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, [
            "/api/v1/feedback/{code}", "/api/v1/feedback/{code}/messages", "/api/v1/feedback/{code}/receipt", "/api/v1/feedback/{code}/satisfaction",
            "/api/v1/my/cases", "/api/v1/my/cases/badge",
            "/api/v1/sites/{key}", "/api/v1/sites/{key}/answers", "/api/v1/sites/{key}/answers/{answer}/helped", "/api/v1/sites/{key}/attachments", "/api/v1/sites/{key}/challenge", "/api/v1/sites/{key}/feedback", "/api/v1/sites/{key}/sightings", "/api/v1/sites/{key}/surveys/{survey}",
        ]);
    }

    async fn without_its_database_it_asks_to_come_back_later(app: TestApp) {
        let client = app.client();
        assert_eq!(client.get("/api/v1/sites/acme").await.status, StatusCode::OK);
        app.app.db.close().await;
        if matches!(app.app.db, sayso::db::Db::Postgres(_)) {
            // The writer has a connection of its own, so it is sent away too.
            app.app.intake.drain().await;
        }
        app.app.clock.advance(5_000);
        let refused = client.submit(json!({"kind": "praise", "message": "x"})).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "unavailable"), "{}", refused.body);
        assert_eq!(refused.header("retry-after"), "5");
        assert_eq!(refused.header("access-control-allow-origin"), TestApp::ORIGIN, "the page can read it");
        let page = client.get("/t/7QK4-M2XH-9TRD-7").await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.body);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    }

    async fn health_says_how_it_is(app: TestApp) {
        let client = app.client();
        assert_eq!(client.get("/healthz").await.status, StatusCode::OK);
        assert_eq!(client.get("/readyz").await.status, StatusCode::OK);
        app.app.db.close().await;
        assert_eq!(client.get("/healthz").await.status, StatusCode::OK);
        assert_eq!(client.get("/readyz").await.problem(), "unavailable");
    }

    async fn without_a_writer_it_is_not_ready(app: TestApp) {
        app.app.intake.drain().await;
        assert_eq!(app.client().get("/readyz").await.problem(), "unavailable");
    }
}
