//! How requests to targets are made, by which way they leave, and what their answers mean.

use sayso::clock::MINUTE;
use sayso_tests::{Options, TestApp, WebhookReceiver, on_both_databases};
use serde_json::json;

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
}

async fn complain(app: &TestApp) -> sayso::cases::Case {
    submit(app, json!({"kind": "complaint", "message": "The chair is broken"})).await
}
