//! What people type and programs send has one form from the edge on, and the far end can use it.

use reqwest::{Method, StatusCode};
use sayso::cases::Case;
use sayso_tests::{Answer, Client, TestApp, on_both_databases};
use serde_json::{Value, json};

use crate::pages::{Form, page};

async fn contact(app: &TestApp, contact: Value) -> sayso_shared::Contact {
    let answer = app.client().submit(json!({"kind": "praise", "message": "Nice", "contact": contact})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let case = Case::by_code(&app.app, answer.json()["code"].as_str().unwrap()).await.unwrap();
    case.contact(&app.app.keys).unwrap()
}

async fn post_with(client: &Client, form: &Form, headers: &[(&str, &str)]) -> Answer {
    let mut request = client.request(Method::POST, &form.action).form(&form.fields);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request).await
}

async fn from_origin(app: &TestApp, origin: &str) -> Answer {
    let request = app.client().request(Method::GET, "/api/v1/sites/acme").header("origin", origin);
    app.client().send(request).await
}

on_both_databases! {
    async fn contacts_are_kept_in_a_form_that_can_be_used(app: TestApp) {
        let kept = contact(&app, json!({
            "name": "Li\tLei", "email": "\u{200b}li@b\u{fc}cher.example\u{feff}", "phone": "\u{202a}+86 138\t0013 8000\u{202c}",
        })).await;
        assert_eq!((kept.name(), kept.email(), kept.phone()), (Some("Li Lei"), Some("li@xn--bcher-kva.example"), Some("+86 138 0013 8000")));
    }

    async fn an_address_that_no_mail_reaches_is_refused_with_a_sentence(app: TestApp) {
        let label = format!("li@{}.com", "a".repeat(64));
        for (email, says) in [("李雷@example.com", "letters a to z"), (label.as_str(), "a domain after the @"), ("li", "li@example.com")] {
            let refused = app.client().submit(json!({"kind": "praise", "message": "x", "contact": {"email": email}})).await;
            assert_eq!(refused.field_errors(), [("/contact/email".to_owned(), "invalid".to_owned())], "{email}");
            assert!(refused.body.contains(says), "{email}: {}", refused.body);
        }
    }

    async fn pages_are_kept_without_what_opens_doors(app: TestApp) {
        let answer = app.client().submit(json!({"kind": "praise", "message": "Nice", "page": {
            "url": "https://shop.example/reset?reset_token=abc123&step=2#access_token=def456", "referrer": "https://li:hunter2@shop.example/a",
        }})).await;
        let case = Case::by_code(&app.app, answer.json()["code"].as_str().unwrap()).await.unwrap();
        assert_eq!(case.page_url.as_deref(), Some("https://shop.example/reset?reset_token=***&step=2"));
        assert_eq!(case.page_referrer.as_deref(), Some("https://shop.example/a"));
    }

    async fn a_form_is_taken_when_the_browser_says_that_it_is_ours(app: TestApp) {
        let client = app.client();
        let mut form = Form::of(&page(&client, "/s/acme").await.body, "/s/acme");
        form.set("message", "Nice");
        form.set("kind", "praise");
        // As a browser sends it behind a proxy that adds `Referrer-Policy: no-referrer`.
        let taken = post_with(&client, &form, &[("origin", "null"), ("sec-fetch-site", "same-origin")]).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
        for foreign in [&[("origin", "null")][..], &[("origin", "null"), ("sec-fetch-site", "cross-site")], &[("sec-fetch-site", "same-site")]] {
            assert_eq!(post_with(&client, &form, foreign).await.status, StatusCode::FORBIDDEN, "{foreign:?}");
        }
    }

    async fn pages_of_applications_and_in_files_can_be_listed(app: TestApp) {
        for origin in ["capacitor://localhost", "file://", "null"] {
            assert_eq!(from_origin(&app, origin).await.status, StatusCode::FORBIDDEN, "{origin}");
        }
        app.set_site(&["origins+=capacitor://localhost", "origins+=file://"]).await;
        for origin in ["capacitor://localhost", "file://", "null"] {
            let answer = from_origin(&app, origin).await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), (StatusCode::OK, origin));
        }
        assert_eq!(from_origin(&app, "ionic://localhost").await.status, StatusCode::FORBIDDEN);
        let policy = page(&app.client(), "/s/acme?frame=1").await.header("content-security-policy").to_owned();
        assert!(policy.contains("capacitor://localhost") && policy.contains(" file:"), "{policy}");
    }

    async fn an_address_with_a_slash_at_its_end_leads_to_the_page(app: TestApp) {
        let client = app.client();
        let answer = client.get("/s/acme/?lang=en").await;
        assert_eq!((answer.status, answer.location()), (StatusCode::TEMPORARY_REDIRECT, "/s/acme?lang=en"));
        let code = client.submit(json!({"kind": "praise", "message": "x"})).await.json()["code"].as_str().unwrap().to_owned();
        assert_eq!(client.get(&format!("/t/{code}/")).await.location(), format!("/t/{code}"));
        assert_eq!(client.get("//evil.example/").await.status, StatusCode::NOT_FOUND);
        assert_eq!(client.get("/api/v1/sites/acme/").await.status, StatusCode::NOT_FOUND);
    }
}
