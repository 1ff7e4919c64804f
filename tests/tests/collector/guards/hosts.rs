//! Where a request was sent to, and which pages are our own.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::raw::RawClient;
use sayso_tests::{Options, TestApp, on_both_databases};

use super::*;
use crate::console::{PASSWORD, add_member};

async fn raw(app: &TestApp, request: &str) -> String {
    let mut client = RawClient::connect(&app.url).await;
    client.send(request).await;
    client.read_to_end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_two_could_read_differently_is_refused() {
    let app = TestApp::spawn(sayso_tests::Database::Sqlite).await;
    for head in [
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a.example/b\r\n\r\n",
        "GET /healthz HTTP/1.1\nHost: a.example\n\n",
        "GET /healthz HTTP/1.1\r\nHost: a.example\nX-A: b\r\n\r\n",
    ] {
        let answer = raw(&app, head).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head:?}: {answer}");
        assert!(
            answer.contains("/problems/malformed") && answer.to_lowercase().contains("connection: close"),
            "{answer}"
        );
    }
    let answer = raw(&app, "GET /healthz HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let old = raw(&app, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(old.contains(" 200 "), "HTTP/1.0 knows no hosts: {old}");
    let body = "{\n\n\"kind\": \"praise\",\n\"message\": \"x\"}\n";
    let head = format!(
        "POST /api/v1/sites/acme/feedback HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Idempotency-Key: {}\r\nContent-Length: {}\r\n\r\n{body}",
        new_key(),
        body.len()
    );
    let answer = raw(&app, &head).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "a body may have any line ends: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_too_large_for_a_proof_is_no_reason_to_stumble() {
    use base64::Engine;
    let settings = with_limits(|limits| limits.proof_from_per_minute = 1);
    let app = TestApp::spawn_with(sayso_tests::Database::Sqlite, settings).await;
    app.app.submission_rate.record(app.site().await.id(), app.app.clock.now());
    let client = app.client();
    for expires in [i64::MAX, i64::MIN, i64::MAX / 1_000, -1] {
        let proof = super::proof::solved_for(&client, "acme").await;
        let json = base64::engine::general_purpose::STANDARD.decode(proof).unwrap();
        let mut payload: Value = serde_json::from_slice(&json).unwrap();
        payload["challenge"]["parameters"]["expiresAt"] = json!(expires);
        let proof = base64::engine::general_purpose::STANDARD.encode(payload.to_string());
        let refused = praise_from(&client, "203.0.113.7", &new_key(), Some(&proof)).await;
        assert_eq!(
            refused.field_errors(),
            [("/proof".to_owned(), "invalid".to_owned())],
            "{expires}: {}",
            refused.body
        );
    }
}

on_both_databases! {
    async fn a_page_is_not_our_own_because_it_says_so(database: Database) {
        let app = TestApp::spawn(database).await;
        add_member(&app, "lin", Role::Agent).await;
        let client = app.client();
        let form = [("email", "lin@acme.example"), ("password", PASSWORD)];
        let rebound = client.request(Method::POST, "/staff/sign-in").header("host", "evil.example").header("origin", "http://evil.example");
        assert_eq!(client.send(rebound.form(&form)).await.status, StatusCode::FORBIDDEN);
        let public = client.request(Method::GET, "/api/v1/sites/acme").header("host", "evil.example").header("origin", "http://evil.example");
        assert_eq!(client.send(public).await.status, StatusCode::FORBIDDEN);
        assert_eq!(client.post_form("/staff/sign-in", &form).await.status, StatusCode::SEE_OTHER);
    }

    async fn the_console_can_have_an_address_of_its_own(database: Database) {
        let settings = |config: &mut sayso::Config| config.console_url = "http://staff.example:81".to_owned();
        let app = TestApp::spawn_with(database, Options { settings: Box::new(settings), ..Options::default() }).await;
        add_member(&app, "lin", Role::Agent).await;
        let client = app.client();
        let status = async |host: &str, path: &str| client.send(client.request(Method::GET, path).header("host", host)).await.status;
        for path in ["/staff/sign-in", "/staff/cases", "/setup/x"] {
            assert_eq!(status("feedback.example", path).await, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(status("staff.example:81", "/staff/sign-in").await, StatusCode::OK);
        for path in ["/s/acme", "/t/", "/api/v1/sites/acme", "/sayso.js"] {
            assert_eq!(status("staff.example:81", path).await, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(status("feedback.example", "/s/acme").await, StatusCode::OK);
        let post = async |origin: &str| {
            let request = client.request(Method::POST, "/staff/sign-in").header("host", "staff.example:81").header("origin", origin);
            client.send(request.form(&[("email", "lin@acme.example"), ("password", PASSWORD)])).await.status
        };
        assert_eq!(post(&app.url).await, StatusCode::FORBIDDEN, "the public pages are strangers to it");
        assert_eq!(post("http://staff.example:81").await, StatusCode::SEE_OTHER);
        let code = client.complain("x", "li@example.com").await;
        let case = sayso::cases::Case::by_code(&app.app, &code).await.unwrap();
        assert_eq!(app.app.config.console(&format!("/staff/cases/{}", case.id)), format!("http://staff.example:81/staff/cases/{}", case.id));
    }

    async fn security_txt_says_whom_to_tell(database: Database) {
        let settings = |config: &mut sayso::Config| config.security_contact = "mailto:security@acme.example".to_owned();
        let app = TestApp::spawn_with(database, Options { settings: Box::new(settings), ..Options::default() }).await;
        let answer = app.client().get("/.well-known/security.txt").await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/plain; charset=utf-8"));
        assert!(answer.body.starts_with("Contact: mailto:security@acme.example\nExpires: 20"), "{}", answer.body);
        assert!(answer.body.contains(&format!("Canonical: {}/.well-known/security.txt", app.url)), "{}", answer.body);
    }

    async fn behind_https_cookies_belong_to_the_host_alone(database: Database) {
        let settings = |config: &mut sayso::Config| config.public_url = "https://feedback.example".to_owned();
        let app = TestApp::spawn_with(database, Options { settings: Box::new(settings), ..Options::default() }).await;
        add_member(&app, "lin", Role::Agent).await;
        let client = app.client();
        let request = client.request(Method::POST, "/staff/sign-in").header("origin", "https://feedback.example");
        let signed_in = client.send(request.form(&[("email", "lin@acme.example"), ("password", PASSWORD)])).await;
        assert_eq!(signed_in.status, StatusCode::SEE_OTHER);
        let cookies: Vec<&str> = signed_in.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()).collect();
        assert_eq!(cookies.len(), 3, "session, browser and language: {cookies:?}");
        for cookie in &cookies {
            let holds = cookie.starts_with("__Host-sayso_") && cookie.contains("Secure") && cookie.contains("Path=/") && cookie.contains("HttpOnly");
            assert!(holds && !cookie.contains("Domain"), "{cookie}");
        }
        let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-sayso_session=")).unwrap().split(';').next().unwrap();
        let inbox = async |cookie: &str| client.send(client.request(Method::GET, "/staff/cases").header("cookie", cookie)).await.status;
        assert_eq!(inbox(session).await, StatusCode::OK);
        assert_eq!(inbox(session.trim_start_matches("__Host-")).await, StatusCode::SEE_OTHER, "what a neighbour plants is no session");
    }
}
