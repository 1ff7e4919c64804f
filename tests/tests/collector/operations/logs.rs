//! What is logged, and what is not.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use sayso_tests::{Client, Database, MailServer, TestApp, WebhookReceiver, eventually, on_both_databases, process};
use serde_json::{Value, json};
use tokio::process::Command;

on_both_databases! {
    async fn the_log_of_a_whole_story_holds_nothing_personal(database: Database) {
        for format in ["json", "text"] {
            live_through(database, format).await;
        }
    }
}

async fn live_through(database: Database, format: &str) {
    let data = tempfile::tempdir().unwrap();
    let url = database.make().await.reveal().unwrap_or_default().to_owned();
    sayso_tests::write_key(data.path());
    let run = |arguments: &[&str]| {
        let (done, said) = process::run(data.path(), &url, arguments);
        assert!(done, "{said}");
        said
    };
    let (mail, receiver) = (MailServer::start().await, WebhookReceiver::start().await);
    run(&["site", "add", "acme", "--name", "Acme", "--origin", TestApp::ORIGIN]);
    run(&["target", "add", "--site", "acme", "--email", "team.address@acme.example"]);
    run(&["target", "add", "--site", "acme", "--webhook", &format!("{}?secret-path-of-the-hook", receiver.url)]);

    let port = process::lasting_port();
    let log = std::fs::File::create(data.path().join("log")).unwrap();
    let mut server = Command::new(process::binary())
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--database-url", &url, "--data"])
        .arg(data.path())
        .envs([("SAYSO_LOG", "debug"), ("SAYSO_LOG_FORMAT", format), ("SAYSO_SMTP__URL", &mail.url())])
        .env("SAYSO_LIMITS__PROOF_FROM_PER_MINUTE", "1")
        .envs([("SAYSO_DANGEROUS_ALLOW_PRIVATE_TARGETS", "true"), ("SAYSO_TRUSTED_PROXIES", "[\"127.0.0.1/32\"]")])
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let client = Client::new(&format!("http://127.0.0.1:{port}"));
    let ready = || async {
        client.request(Method::GET, "/readyz").send().await.is_ok_and(|answer| answer.status().is_success())
    };
    eventually("the server is ready", ready).await;

    let feedback = json!({
        "kind": "complaint", "message": "Nobody mended my blue kettle", "desired_outcome": "A green kettle", "reference": "ORDER-778899",
        "contact": {"name": "Zhang Weiming", "email": "weiming.zhang@example.com", "phone": "+86 138 0013 8000"},
        "page": {"url": "https://shop.example/?user=weiming77"},
    });
    let request = client
        .request(Method::POST, "/api/v1/sites/acme/feedback")
        .header("idempotency-key", uuid::Uuid::new_v4().to_string());
    let request = request.header("x-forwarded-for", "198.51.100.77").header("user-agent", "Recognisable/1.0");
    let answer = client.send(request.json(&feedback)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    let id = answer.header("x-request-id").to_owned();
    client.get(&format!("/t/{code}")).await;
    client.get(&format!("/nowhere/{code}?email=weiming.zhang@example.com")).await;
    client
        .post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "Is the kettle still broken?"}))
        .await;
    client
        .post_form("/staff/sign-in", &[("email", "weiming.zhang@example.com"), ("password", "a very secret password")])
        .await;
    let refused = client
        .submit(json!({"kind": "complaint", "message": "x", "contact": {"email": "not.an.address.weiming"}}))
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let foreign = client.request(Method::GET, "/api/v1/sites/acme").header("origin", "https://elsewhere.example");
    assert_eq!(client.send(foreign).await.status, StatusCode::FORBIDDEN);
    // The site is busy by now, unless a minute has just ended; then it is after this one.
    let without_work = json!({"kind": "praise", "message": "Nice", "proof": "bm9uZQ=="});
    let answers = [client.submit(without_work.clone()).await.status, client.submit(without_work).await.status];
    assert!(answers.contains(&StatusCode::UNPROCESSABLE_ENTITY), "{answers:?}");
    let bearer = work_on_customers(&run, data.path(), &client).await;
    // Two mails to the team, a receipt, and two webhooks.
    eventually("all mails and webhooks have arrived", || async {
        mail.mails().len() >= 3 && receiver.received().len() >= 2
    })
    .await;

    let pid = server.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    tokio::time::timeout(Duration::from_secs(20), server.wait()).await.expect("it ends in time").unwrap();
    let log = std::fs::read_to_string(data.path().join("log")).unwrap();

    let bare: String = code.chars().filter(|symbol| symbol.is_ascii_alphanumeric()).collect();
    for personal in [
        "kettle",
        "778899",
        "Zhang",
        "eiming",
        "138 0013",
        "13800138",
        "198.51.100",
        "Recognisable",
        "team.address",
        "secret-path",
        "narwhal",
        "tapirnote",
        "hyraxtimes",
        "ORDER-900800",
        "4111111111111111",
        &bearer,
        "very secret",
        &code,
        &bare,
    ] {
        let line = log.lines().find(|line| line.contains(personal));
        assert!(line.is_none(), "{personal} is in the log: {}", line.unwrap_or_default());
    }
    // What concerns security is in it, by words and numbers.
    let security: Vec<&str> = log.lines().filter(|line| line.contains("security")).collect();
    assert!(security.iter().any(|line| line.contains("sign_in.failed")), "{log}");
    for what in ["origin", "proof", "input"] {
        let is_told = |line: &&str| line.contains("requests were refused") && line.contains(what);
        assert!(security.iter().any(is_told), "{what}: {security:?}");
    }
    assert!(security.iter().all(|line| line.contains("INFO")), "{security:?}");
    // The request can be found by its identifier, with its route.
    let of_request: Vec<&str> = log.lines().filter(|line| line.contains(&id)).collect();
    assert!(!of_request.is_empty(), "{id} is not in the log:\n{log}");
    assert!(of_request.iter().all(|line| line.contains("/api/v1/sites/{key}/feedback")), "{of_request:?}");
    assert!(of_request.iter().any(|line| line.contains("answered") && line.contains("201")), "{of_request:?}");
    if format == "json" {
        for line in log.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
        }
    }
}

/// Imports cases and customers, and reads, searches, changes, parts, merges, exports and erases customers; gives the token by which it did.
async fn work_on_customers(run: &dyn Fn(&[&str]) -> String, data: &Path, client: &Client) -> String {
    let write = |name: &str, content: &str| {
        let path = data.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let cases = "kind,message,contact_name,contact_email,received_at,external_id\n\
        complaint,My narwhal 4111111111111111 is broken,Weiming,weiming.zhang@example.com,2021-03-04T05:06:07Z,ORDER-900800\n\
        praise,A fine narwhal,Weiming,narwhal@example.com,2021-03-05T05:06:07Z,ORDER-900801\n";
    let said = run(&["import", &write("cases.csv", cases), "--site", "acme"]);
    let customers = "email,phone,name,value\nnarwhal.two@example.com,+86 138 0013 8001,Weiming Two,7\n";
    let said = said + run(&["customer", "import", &write("customers.csv", customers), "--site", "acme"]).as_str();
    for personal in ["narwhal", "eiming", "13800138", "900800"] {
        assert!(!said.contains(personal), "{personal} is printed: {said}");
    }
    let scopes = ["cases:read", "customers:read", "customers:write"];
    let printed = run(&[&["token", "add", "CRM", "--scope"], scopes.as_slice()].concat());
    let bearer = printed.split_whitespace().find(|word| word.starts_with("sayso_")).unwrap().to_owned();
    let ask = async |method: Method, path: String, body: Option<Value>| {
        let mut request = client.request(method, &path).bearer_auth(&bearer);
        if let Some(body) = body {
            request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string()).json(&body);
        }
        client.send(request).await
    };
    let found = async |typed: &str| {
        let list = ask(Method::GET, format!("/api/v1/customers?q={typed}"), None).await.json();
        list["customers"][0]["id"].as_str().map(str::to_owned)
    };
    eventually("the imported cases have their customers", || async { found("narwhal@example.com").await.is_some() })
        .await;
    let (one, two) = (found("narwhal@example.com").await.unwrap(), found("%2B8613800138001").await.unwrap());
    let of = |id: &str, action: &str| format!("/api/v1/customers/{id}{action}");
    let noted = json!({"name": "Narwhal Weiming", "notes": "tapirnote", "preferences": {"times": "hyraxtimes"}});
    for (method, path, body, status) in [
        (Method::PATCH, of(&two, ""), noted, StatusCode::OK),
        (Method::PATCH, of(&two, ""), json!({"name": "narwhal\nweiming"}), StatusCode::UNPROCESSABLE_ENTITY),
        (
            Method::POST,
            of(&two, "/remove-handle"),
            json!({"kind": "email", "value": "narwhal.two@example.com"}),
            StatusCode::OK,
        ),
        (
            Method::POST,
            of(&two, "/remove-handle"),
            json!({"kind": "email", "value": "narwhal.three@example.com"}),
            StatusCode::CONFLICT,
        ),
        (Method::POST, of(&two, "/merge"), json!({"into": one}), StatusCode::OK),
        (Method::POST, of(&two, "/merge"), json!({"into": "narwhal"}), StatusCode::UNPROCESSABLE_ENTITY),
        (Method::POST, of(&two, "/unmerge"), json!({}), StatusCode::OK),
        (Method::POST, of(&one, "/erase"), json!({}), StatusCode::OK),
        (Method::POST, of(&one, "/move-case"), json!({"case": "narwhal"}), StatusCode::CONFLICT),
    ] {
        let answer = ask(method, path.clone(), Some(body)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    let exported = client.request(Method::GET, &of(&two, "/export")).bearer_auth(&bearer).send().await.unwrap();
    assert_eq!(exported.status(), StatusCode::OK);
    bearer
}
