//! `sayso deliveries`, by the real binary.

use sayso_tests::{TestApp, WebhookReceiver, on_both_databases};
use serde_json::{Value, json};

use super::cases::*;
use super::rooms::{apply, open};

async fn listed(app: &TestApp, more: &[&str]) -> Vec<Value> {
    let (done, printed) = app.command(&[&["deliveries", "list", "--json"], more].concat()).await;
    assert!(done, "{printed}");
    serde_json::from_str(&printed).unwrap_or_else(|_| panic!("no JSON: {printed}"))
}

on_both_databases! {
    async fn deliveries_are_listed_and_replayed(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_next_with(200, r#"{"errcode":40058,"errmsg":"too long"}"#);
        receiver.answer_all_with(200, r#"{"errcode":0,"errmsg":"ok"}"#);
        apply(&app, "[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"wecom\"\nurl_env = \"ROOM_URL\"\n", &receiver.url).await;
        let first = submit(&app, json!({"kind": "complaint", "message": "Broken", "contact": {"email": "li@example.com"}})).await;
        work(&app).await;
        let second = ask(&app).await;
        work(&app).await;
        let all = listed(&app, &[]).await;
        assert_eq!(all.len(), 3, "{all:?}");
        let failed = all.iter().find(|one| one["state"] == "failed").unwrap();
        let error = "the receiver answered 200: 40058";
        assert_eq!(*failed, json!({"id": failed["id"], "target": "room", "channel": "wecom", "event": "case.created", "case": first.id, "state": "failed", "attempts": 1, "last_error": error}));
        let customer = listed(&app, &["--target", "customer"]).await;
        assert_eq!((&customer[0]["target"], &customer[0]["channel"], &customer[0]["state"], &customer[0]["last_error"]), (&json!("customer"), &json!("email"), &json!("sent"), &Value::Null));
        let sent = listed(&app, &["--target", "room", "--state", "sent"]).await;
        assert_eq!(sent.iter().map(|one| &one["case"]).collect::<Vec<_>>(), [&json!(second.id)]);
        assert_eq!(listed(&app, &["--state", "dropped"]).await, Vec::<Value>::new());
        assert!(app.command(&["deliveries", "list", "--state", "lost"]).await.1.contains("one of pending, sent, failed, dropped, suspended"));
        assert!(app.command(&["deliveries", "list", "--target", "nowhere"]).await.1.contains("there is no target nowhere"));
        let (_, table) = app.command(&["deliveries", "list"]).await;
        assert!(table.lines().count() == 3 && table.contains("40058"), "{table}");
        let id = failed["id"].as_str().unwrap();
        let (shown, printed) = app.command(&["deliveries", "show", id]).await;
        assert!(shown && printed.contains("took") && printed.contains(&first.id), "{printed}");
        assert!(!app.command(&["deliveries", "show", "nothing"]).await.0);

        assert_eq!(app.command(&["deliveries", "replay", id]).await.1, "1 deliveries begin anew.\n");
        work(&app).await;
        assert!(listed(&app, &["--target", "room"]).await.iter().all(|one| one["state"] == "sent"));
        assert_eq!(receiver.received().len(), 3);
        assert_eq!(app.command(&["deliveries", "replay", "--state", "failed"]).await.1, "0 deliveries begin anew.\n");
        assert_eq!(app.command(&["deliveries", "replay", "--target", "room", "--since", "2020-01-01T00:00:00Z"]).await.1, "0 deliveries begin anew.\n");
        assert!(!app.command(&["deliveries", "replay"]).await.0, "of what is to be said");
        assert!(!app.command(&["deliveries", "replay", "nothing"]).await.0);
    }

    async fn what_a_paused_target_should_hear_waits_for_it(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        apply(&app, "[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"webhook\"\nurl_env = \"ROOM_URL\"\n", &receiver.url).await;
        assert!(app.command(&["target", "pause", "room"]).await.0);
        assert!(app.command(&["target", "pause", "room"]).await.1.contains("off already"));
        assert!(app.command(&["target", "list"]).await.1.contains("paused"));
        ask(&app).await;
        work(&app).await;
        let waiting = listed(&app, &["--state", "suspended"]).await;
        assert_eq!((waiting.len(), &waiting[0]["target"], &waiting[0]["attempts"]), (1, &json!("room"), &json!(0)));
        let (_, replayed) = app.command(&["deliveries", "replay", waiting[0]["id"].as_str().unwrap()]).await;
        assert!(replayed.contains("waits for them: room"), "{replayed}");
        work(&app).await;
        assert!(receiver.received().is_empty());
        assert_eq!(app.command(&["target", "resume", "room"]).await.1, "The target room is on; 1 deliveries had waited for it.\n");
        work(&app).await;
        assert_eq!(receiver.received().len(), 1);
        assert_eq!(listed(&app, &["--target", "room"]).await[0]["state"], "sent");
        assert!(app.command(&["target", "remove", "room"]).await.0);
    }

    async fn a_test_says_honestly_what_came_of_it(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        let settings = app.data.path().join("open.toml");
        std::fs::write(&settings, "dangerous_allow_private_targets = true\n").unwrap();
        let test = async |key: &str| app.command(&["target", "test", key, "--config", settings.to_str().unwrap()]).await;
        apply(&app, "[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"dingtalk\"\nurl_env = \"ROOM_URL\"\n", &receiver.url).await;
        receiver.answer_next_with(200, r#"{"errcode":310000,"errmsg":"keywords not in content"}"#);
        let (done, printed) = test("room").await;
        assert!(!done && printed.contains("310000 keywords not in content"), "{printed}");
        receiver.answer_next_with(200, r#"{"errcode":0,"errmsg":"ok"}"#);
        let (done, printed) = test("room").await;
        assert!(done && printed.contains("look whether it is there"), "{printed}");
        assert!(receiver.received()[1].json().to_string().contains("［Test］ New complaint"), "{:?}", receiver.received()[1].json());
    }
}
