//! Tokens: who gets in, with what, and how it is told.

use reqwest::{Method, StatusCode};
use sayso::auth::member::Name;
use sayso::auth::token::{Scope, Token};
use sayso::clock::MINUTE;
use sayso_tests::process::run;
use sayso_tests::{TestApp, on_both_databases, write_key};
use serde_json::json;

use super::Program;

on_both_databases! {
    async fn without_a_valid_token_nothing_is_told(app: TestApp) {
        let program = Program::new(&app).await;
        assert_eq!(program.get("").await.status, StatusCode::OK);
        let removed = Program::with(&app, "removed", Scope::ALL).await;
        Token::remove(&app.app.db, "removed", &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let client = app.client();
        let basic = format!("Basic {}", program.token);
        let wrong = [None, Some(""), Some("Bearer"), Some("Bearer x"), Some(basic.as_str()), Some(program.token.as_str())];
        for header in wrong.into_iter().map(|header| header.map(str::to_owned)).chain([Some(format!("Bearer {}", removed.token))]) {
            let mut request = client.request(Method::GET, "/api/v1/cases");
            if let Some(header) = &header {
                request = request.header("authorization", header);
            }
            let answer = client.send(request).await;
            assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNAUTHORIZED, "unauthorized"), "{header:?}");
            assert_eq!((answer.header("www-authenticate"), answer.header("cache-control")), ("Bearer", "no-store"));
        }
        let known = program.token.clone();
        let twice = client.request(Method::GET, "/api/v1/cases").header("authorization", format!("Bearer {known}")).header("authorization", "Bearer x");
        assert_eq!(client.send(twice).await.status, StatusCode::UNAUTHORIZED, "two headers");
        let posted = client.post_json("/api/v1/cases", &json!({"site": "acme", "kind": "praise", "message": "x"})).await;
        assert_eq!(posted.status, StatusCode::UNAUTHORIZED);
    }

    async fn each_address_asks_for_its_scope(app: TestApp) {
        let id = "018f3a1e-0000-7000-8000-000000000001";
        for scope in Scope::ALL {
            let program = Program::with(&app, scope.as_str(), &[*scope]).await;
            let asked = [
                (Scope::CasesRead, program.get("").await),
                (Scope::CasesRead, program.get(&format!("/{id}")).await),
                (Scope::FeedbackWrite, program.post("", &json!({"site": "acme", "kind": "praise", "message": "x"})).await),
                (Scope::CustomersRead, program.get_at("/api/v1/customers").await),
                (Scope::CustomersRead, program.get_at(&format!("/api/v1/customers/{id}")).await),
                (Scope::CustomersWrite, program.patch_at(&format!("/api/v1/customers/{id}"), &json!({})).await),
                (Scope::CasesWrite, program.post(&format!("/{id}/messages"), &json!({"kind": "note", "body": "x"})).await),
                (Scope::CasesWrite, program.post(&format!("/{id}/status"), &json!({"status": "in_progress"})).await),
                (Scope::CasesWrite, program.post(&format!("/{id}/assign"), &json!({"owner": null})).await),
            ];
            for (needed, answer) in asked {
                assert_eq!(answer.status == StatusCode::FORBIDDEN, needed != *scope, "{scope:?} {needed:?}: {}", answer.body);
                assert!(needed == *scope || answer.body.contains(needed.as_str()), "{}", answer.body);
            }
        }
    }

    async fn wrong_tokens_are_answered_only_so_often(app: TestApp) {
        let program = Program::new(&app).await;
        let client = app.client();
        let wrong = || client.send(client.request(Method::GET, "/api/v1/cases").bearer_auth("sayso_guess"));
        for _ in 0..app.app.config.limits.sign_ins_per_minute {
            assert_eq!(wrong().await.status, StatusCode::UNAUTHORIZED);
        }
        let refused = wrong().await;
        assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
        assert!(!refused.header("retry-after").is_empty());
        assert_eq!(program.get("").await.status, StatusCode::OK, "who has a good one is not stopped by others behind the same address");
    }

    async fn web_pages_have_no_business_there(app: TestApp) {
        let program = Program::new(&app).await;
        let client = app.client();
        let request = client.request(Method::GET, "/api/v1/cases").bearer_auth(&program.token).header("origin", TestApp::ORIGIN);
        let answer = client.send(request).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (StatusCode::OK, ""));
        let preflight = client.send(client.request(Method::OPTIONS, "/api/v1/cases").header("origin", TestApp::ORIGIN)).await;
        assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (StatusCode::METHOD_NOT_ALLOWED, ""));
        let elsewhere = client.send(client.request(Method::PUT, "/api/v1/cases").bearer_auth(&program.token)).await;
        assert_eq!((elsewhere.status, elsewhere.problem().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
    }

    async fn its_use_is_noted_once_a_minute(app: TestApp) {
        let program = Program::new(&app).await;
        let used = async || Token::all(&app.app.db).await.unwrap().remove(0).last_used_at;
        assert_eq!(used().await, None);
        program.get("").await;
        let first = used().await.unwrap();
        program.get("").await;
        assert_eq!(used().await, Some(first));
        app.app.clock.advance(MINUTE);
        program.get("").await;
        assert!(used().await.unwrap() >= first + MINUTE);
        let select = "select token_hash from tokens";
        let stored: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        assert!(!program.token.contains(&stored) && !stored.contains("sayso_"), "it is kept as a hash");
        let name = Name::parse("CRM").unwrap();
        let again = Token::add(&app.app.db, &app.app.keys, &name, Scope::ALL, &sayso::audit::Stamp::command(0)).await.unwrap_err();
        assert!(again.to_string().contains("already a token CRM"), "{again}");
    }
}

on_both_databases! {
    async fn tokens_are_made_listed_and_removed(database: Database) {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        let url = database.make().await;
        let sayso = |arguments: &[&str]| run(data.path(), url.reveal().unwrap_or_default(), arguments);
        let (_, printed) = sayso(&["token", "list"]);
        assert!(printed.contains("no tokens yet"), "{printed}");
        let (added, printed) = sayso(&["token", "add", "CRM", "--scope", "cases:read", "cases:write"]);
        assert!(added && printed.contains("only this once"), "{printed}");
        let token = printed.split_whitespace().find(|word| word.starts_with("sayso_")).unwrap().to_owned();
        let (wrong, printed) = sayso(&["token", "add", "other", "--scope", "cases"]);
        assert!(!wrong && printed.contains("feedback:write, cases:read, cases:write"), "{printed}");
        let (none, printed) = sayso(&["token", "add", "other"]);
        assert!(!none && printed.contains("--scope"), "{printed}");
        let (_, printed) = sayso(&["token", "list"]);
        assert!(printed.contains("CRM  cases:read cases:write") && printed.contains("never used") && !printed.contains(&token), "{printed}");
        assert!(sayso(&["token", "remove", "CRM"]).0);
        let (again, printed) = sayso(&["token", "remove", "CRM"]);
        assert!(!again && printed.contains("there is no token CRM"), "{printed}");
        assert!(sayso(&["token", "add", "CRM", "--scope", "cases:read"]).0, "the name is free again");
    }
}
