//! How requests to targets are made, by which way they leave, and what their answers mean.

use std::path::Path;

use sayso::clock::MINUTE;
use sayso_tests::smtp::tls_acceptor;
use sayso_tests::{Options, TestApp, WebhookReceiver, on_both_databases};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::cases::*;
use super::rooms::{apply, open, state};

const RULED: &str = r#"
[[target]]
key = "room"
site = "acme"
channel = "generic"
url_env = "ROOM_URL"
secret_env = "ROOM_SECRET"
method = "PUT"
success = "/errcode == 0"
body = '{"text": "{{ card.title }}"}'
"#;

on_both_databases! {
    async fn a_rule_of_success_reads_the_body(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_next_with(200, r#"{"errcode":7,"errmsg":"try later, sayso-secret"}"#);
        receiver.answer_all_with(200, r#"{"errcode":0}"#);
        apply(&app, RULED, &receiver.url).await;
        complain(&app).await;
        work(&app).await;
        let (state_now, error) = state(&app).await;
        let error = error.unwrap();
        assert_eq!(state_now, "pending");
        assert_eq!(error, "the receiver answered 200: not /errcode == 0, but 7", "what else it says may be what it was sent");
        app.app.clock.advance(MINUTE);
        work(&app).await;
        assert_eq!(state(&app).await, ("sent".to_owned(), None));
        let methods: Vec<String> = receiver.received().iter().map(|one| one.method.to_string()).collect();
        assert_eq!(methods, ["PUT", "PUT"]);
    }

    async fn requests_leave_by_the_proxy_of_the_settings(database: Database) {
        let proxy = WebhookReceiver::start().await;
        let address = proxy.url.replace("http://", "http://sayso:hunter2@");
        // The proxy is inside, where no target may be.
        let settings = Box::new(move |config: &mut sayso::Config| {
            config.dangerous_allow_http_webhooks = true;
            config.outbox.proxy = address.into();
        });
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let webhook = "[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"generic\"\nurl_env = \"ROOM_URL\"\n";
        apply(&app, webhook, "http://hooks.example/in").await;
        complain(&app).await;
        work(&app).await;
        assert_eq!(state(&app).await, ("sent".to_owned(), None));
        let received = proxy.received().remove(0);
        assert_eq!((received.target.as_str(), received.header("host")), ("http://hooks.example/in", "hooks.example"));
        assert!(received.header("proxy-authorization").starts_with("Basic "), "{:?}", received.headers);

        // What is an address already is refused here: the proxy might be able to reach it.
        apply(&app, webhook, "http://10.0.0.1/in").await;
        complain(&app).await;
        work(&app).await;
        assert_eq!(proxy.received().len(), 1);
    }

    async fn https_goes_through_a_tunnel_that_the_proxy_digs(database: Database) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://sayso:hunter2@{}", listener.local_addr().unwrap());
        let tunnel = tokio::spawn(tunnel(listener));
        let settings = Box::new(move |config: &mut sayso::Config| {
            config.outbox.proxy = address.into();
            config.outbox.ca_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls/ca.pem");
        });
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let webhook = "[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"generic\"\nurl_env = \"ROOM_URL\"\n";
        apply(&app, webhook, "https://localhost/in").await;
        complain(&app).await;
        work(&app).await;
        assert_eq!(state(&app).await, ("sent".to_owned(), None));
        let (asked, request) = tunnel.await.unwrap().unwrap();
        assert!(asked.starts_with("CONNECT localhost:443 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.to_lowercase().contains("proxy-authorization: basic "), "{asked}");
        assert!(!asked.contains("/in"), "the proxy learns nothing of the request: {asked}");
        assert!(request.starts_with("POST /in HTTP/1.1\r\n"), "{request}");
        assert!(!request.to_lowercase().contains("proxy-authorization"), "nor the receiver of the proxy: {request}");
    }
}

/// A proxy for one tunnel, with the server at its other end; gives what it was asked and the head of the request.
async fn tunnel(listener: TcpListener) -> std::io::Result<(String, String)> {
    let (mut stream, _) = listener.accept().await?;
    let asked = head(&mut stream).await?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    let mut inside = tls_acceptor().accept(stream).await?;
    let request = head(&mut inside).await?;
    inside.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
    inside.shutdown().await?;
    Ok((asked, request))
}

/// Reads up to the empty line, byte by byte, so that nothing is read of what follows.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn complain(app: &TestApp) -> sayso::cases::Case {
    submit(app, json!({"kind": "complaint", "message": "The chair is broken"})).await
}
