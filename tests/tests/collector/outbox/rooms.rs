//! Chat rooms and whatever takes HTTP, by receivers that answer as each vendor documents.

use sayso::clock::{DAY, HOUR, MINUTE, SECOND};
use sayso::sites::targets::{Standing, Target};
use sayso_tests::{Database, Options, TestApp, WebhookReceiver, on_both_databases};
use serde_json::{Value, json};

use super::cases::*;

/// What the vendor of each channel answers if all is well.
const ROOMS: [(&str, &str, &str); 9] = [
    ("slack", "ok", ""),
    ("teams", "", ""),
    ("discord", "{\"id\":\"1\"}", ""),
    ("mattermost", "ok", ""),
    ("feishu", "{\"code\":0,\"msg\":\"success\",\"data\":{}}", ""),
    ("dingtalk", "{\"errcode\":0,\"errmsg\":\"ok\"}", ""),
    ("wecom", "{\"errcode\":0,\"errmsg\":\"ok\"}", ""),
    ("telegram", "{\"ok\":true,\"result\":{\"message_id\":1}}", "chat_id = -1001"),
    (
        "generic",
        "",
        "body = '{\"text\": \"{{ card.title }}: {{ case.message }}\", \"n\": {{ case.number }}}'\nheaders = { Authorization = \"Bearer {{ secret }}\", X-Kind = \"{{ case.kind }}\" }",
    ),
];

/// A collector that may reach receivers of this machine.
pub async fn open(database: Database) -> TestApp {
    let settings = Box::new(|config: &mut sayso::Config| {
        config.dangerous_allow_private_targets = true;
        config.outbox.schedule = vec![30, 60, 120];
    });
    TestApp::spawn_with(database, Options { settings, ..Options::default() }).await
}

/// Applies a service file, in which the variable `ROOM_URL` is an address and `ROOM_SECRET` a secret.
pub async fn apply(app: &TestApp, file: &str, url: &str) {
    app.apply_service_in(file, &[("ROOM_URL", url), ("ROOM_SECRET", "sayso-secret")]).await;
}

fn room(channel: &str, more: &str) -> String {
    format!("[[target]]\nkey = \"room\"\nsite = \"acme\"\nchannel = \"{channel}\"\nurl_env = \"ROOM_URL\"\n{more}\n")
}

async fn complain(app: &TestApp) -> sayso::cases::Case {
    submit(app, json!({
        "kind": "complaint", "message": "The chair @all is broken", "contact": {"name": "Han Meimei", "email": "han@example.com", "phone": "13800000000"}
    })).await
}

/// How the delivery to the target stands, and what it last failed with.
pub async fn state(app: &TestApp) -> (String, Option<String>) {
    let row = deliveries(app).await.into_iter().find(|row| row.destination != "customer").unwrap();
    (row.state, row.last_error)
}

on_both_databases! {
    async fn every_room_gets_its_card_and_no_more_than_may_leave(database: Database) {
        for (channel, answer, more) in ROOMS {
            let app = open(database).await;
            let receiver = WebhookReceiver::start().await;
            receiver.answer_all_with(200, answer);
            let body_of_its_own = channel == "generic";
            let include = if body_of_its_own { "include = [\"message\"]\nsecret_env = \"ROOM_SECRET\"\n" } else { "" };
            apply(&app, &room(channel, &format!("lang = \"zh-Hans\"\n{include}{more}")), &receiver.url).await;
            let case = complain(&app).await;
            work(&app).await;
            assert_eq!(state(&app).await, ("sent".into(), None), "{channel}");
            let received = receiver.wait_for(1).await.remove(0);
            let text = received.json().to_string();
            assert!(!text.contains("han@example.com") && !text.contains("13800000000") && !text.contains("Meimei"), "{channel}: {text}");
            assert!(!text.contains(&case.code(&app.app.keys).unwrap()), "{channel}: {text}");
            if body_of_its_own {
                assert_eq!(received.json(), json!({"text": "新投诉 · #1: The chair @all is broken", "n": 1}));
                assert_eq!((received.header("authorization"), received.header("x-kind")), ("Bearer sayso-secret", "complaint"));
            } else {
                assert!(text.contains("新投诉 · #1") && text.contains("Acme"), "{channel}: {text}");
                assert!(!text.contains("chair"), "the words need `include`: {text}");
                assert!(text.contains(&format!("/staff/cases/{}", case.id)), "{channel}: {text}");
            }
        }
    }

    async fn what_may_leave_is_chosen(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_all_with(200, "{\"errcode\":0}");
        apply(&app, &room("wecom", "include = [\"message\", \"contact\", \"code\"]"), &receiver.url).await;
        let case = complain(&app).await;
        work(&app).await;
        let text = receiver.received()[0].json().to_string();
        for part in ["The chair", "Han Meimei", "13800000000", &case.code(&app.app.keys).unwrap()] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("/staff/cases/") && !text.contains("@all"), "{text}");
    }

    async fn feishu_and_dingtalk_sign(database: Database) {
        for (channel, answer) in [("feishu", "{\"code\":0}"), ("dingtalk", "{\"errcode\":0}")] {
            let app = open(database).await;
            let receiver = WebhookReceiver::start().await;
            receiver.answer_all_with(200, answer);
            apply(&app, &room(channel, "secret_env = \"ROOM_SECRET\""), &format!("{}?access_token=ab", receiver.url)).await;
            complain(&app).await;
            work(&app).await;
            let received = receiver.received().remove(0);
            match channel {
                "feishu" => {
                    let body = received.json();
                    let seconds: i64 = body["timestamp"].as_str().unwrap().parse().unwrap();
                    assert!((app.app.clock.now() / SECOND - seconds).abs() < 60);
                    assert_eq!(body["sign"].as_str().unwrap().len(), 44);
                }
                _ => {
                    assert!(received.target.starts_with("/hook?access_token=ab&timestamp=1"), "{}", received.target);
                    assert!(received.target.contains("&sign=") && received.target.ends_with("%3D"), "{}", received.target);
                }
            }
        }
    }

    async fn a_refusal_with_status_200_is_none_of_ours_to_repeat(database: Database) {
        for (channel, refusal, then) in [
            ("feishu", r#"{"code":19024,"msg":"Key Words Not Found"}"#, "failed"),
            ("feishu", r#"{"code":11232,"msg":"frequency limited"}"#, "pending"),
            ("feishu", r#"{"code":19001,"msg":"incoming webhook access token invalid"}"#, "suspended"),
            ("dingtalk", r#"{"errcode":310000,"errmsg":"sign not match"}"#, "failed"),
            ("dingtalk", r#"{"errcode":130101,"errmsg":"send too fast"}"#, "pending"),
            ("dingtalk", r#"{"errcode":300005,"errmsg":"token is not exist"}"#, "suspended"),
            ("wecom", r#"{"errcode":40058,"errmsg":"exceed max length 4096"}"#, "failed"),
            ("wecom", r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, "pending"),
            ("wecom", r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, "suspended"),
        ] {
            let app = open(database).await;
            let receiver = WebhookReceiver::start().await;
            receiver.answer_all_with(200, refusal);
            apply(&app, &room(channel, ""), &receiver.url).await;
            complain(&app).await;
            work(&app).await;
            let (state, error) = state(&app).await;
            assert_eq!(state, then, "{refusal}");
            let code = refusal.split([':', ',']).nth(1).unwrap();
            assert!(error.as_deref().is_some_and(|error| error.contains(code) && !error.contains("/hook")), "{error:?}");
            app.app.clock.advance(MINUTE + 10 * SECOND);
            receiver.answer_all_with(200, "{\"code\":0,\"errcode\":0}");
            work(&app).await;
            assert_eq!(receiver.received().len(), if then == "pending" { 2 } else { 1 }, "{refusal}");
        }
    }

    async fn a_card_that_feishu_can_not_make_is_sent_as_text(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_next_with(200, r#"{"code":230099,"msg":"ErrCode: 11310"}"#);
        receiver.answer_next_with(200, "{\"code\":0}");
        apply(&app, &room("feishu", ""), &receiver.url).await;
        complain(&app).await;
        work(&app).await;
        assert_eq!(state(&app).await.0, "sent");
        let kinds: Vec<Value> = receiver.received().iter().map(|received| received.json()["msg_type"].clone()).collect();
        assert_eq!(kinds, ["interactive", "text"]);
    }

    async fn a_group_of_telegram_that_moved_is_followed(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_next_with(400, r#"{"ok":false,"error_code":400,"description":"upgraded","parameters":{"migrate_to_chat_id":-1009}}"#);
        receiver.answer_next_with(200, r#"{"ok":true}"#);
        apply(&app, &room("telegram", "chat_id = -1001\nsecret_env = \"ROOM_SECRET\""), receiver.url.trim_end_matches("/hook")).await;
        complain(&app).await;
        work(&app).await;
        assert_eq!(state(&app).await.0, "sent");
        let received = receiver.received();
        let chats: Vec<Value> = received.iter().map(|received| received.json()["chat_id"].clone()).collect();
        assert_eq!(chats, [json!(-1001), json!(-1009)]);
        assert_eq!(received[0].target, "/botsayso-secret/sendMessage");
    }

    async fn the_wait_that_telegram_asks_for_is_kept(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_next_with(429, r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":350}}"#);
        receiver.answer_all_with(200, r#"{"ok":true}"#);
        apply(&app, &room("telegram", "chat_id = -1001"), &receiver.url).await;
        complain(&app).await;
        work(&app).await;
        app.app.clock.advance(340 * SECOND);
        complain(&app).await;
        work(&app).await;
        assert_eq!(receiver.received().len(), 1, "the whole chat waits");
        app.app.clock.advance(20 * SECOND);
        work(&app).await;
        assert_eq!(receiver.received().len(), 3);
    }

    async fn redirects_are_not_followed_and_large_answers_not_read(database: Database) {
        let app = open(database).await;
        let (receiver, elsewhere) = (WebhookReceiver::start().await, WebhookReceiver::start().await);
        receiver.answer_next(302, &[("location", &elsewhere.url)]);
        apply(&app, &room("slack", ""), &receiver.url).await;
        complain(&app).await;
        work(&app).await;
        let (state_now, error) = state(&app).await;
        assert_eq!((state_now.as_str(), error.as_deref()), ("pending", Some("the receiver answered 302; redirects are not followed")));
        assert!(elsewhere.received().is_empty());
        receiver.answer_next_with(500, &"x".repeat(8 * 1024 * 1024));
        app.app.clock.advance(MINUTE);
        work(&app).await;
        let (_, error) = state(&app).await;
        assert!(error.is_some_and(|error| error.len() < 300), "little of what it says is kept");
    }

    async fn a_room_that_is_slow_or_full_delays_no_other(database: Database) {
        let app = open(database).await;
        let (slow, quick) = (WebhookReceiver::start().await, WebhookReceiver::start().await);
        quick.answer_all_with(200, "ok");
        slow.answer_all_with(200, "{\"errcode\":0}");
        apply(&app, &room("dingtalk", ""), &slow.url).await;
        apply(&app, &room("slack", "").replace("\"room\"", "\"quick\""), &quick.url).await;
        for _ in 0..9 {
            complain(&app).await;
        }
        work(&app).await;
        assert_eq!(slow.received().len(), 5, "what its vendor takes at once");
        assert!(quick.received().len() >= 5, "{}", quick.received().len());
        let of_slow = Target::by_key(&app.app.db, "room").await.unwrap().unwrap().id;
        let waiting: Vec<_> = deliveries(&app).await.into_iter().filter(|row| row.destination == of_slow && row.state == "pending").collect();
        assert!(waiting.len() == 4 && waiting.iter().all(|row| row.attempts == 0), "those that wait have not been tried: {waiting:?}");
        app.app.clock.advance(MINUTE);
        work(&app).await;
        assert_eq!((slow.received().len(), quick.received().len()), (9, 9));
    }

    async fn a_burst_is_told_in_one_message(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_all_with(200, "{\"errcode\":0}");
        apply(&app, &room("dingtalk", ""), &receiver.url).await;
        for _ in 0..20 {
            complain(&app).await;
        }
        receiver.answer_next_with(200, "{\"errcode\":0}");
        receiver.answer_next_with(503, "");
        work(&app).await;
        let all = deliveries(&app).await;
        let told: Vec<_> = all.iter().filter(|row| row.channel == "dingtalk").collect();
        assert_eq!(told.iter().filter(|row| row.state == "folded").count(), 19, "{told:?}");
        app.app.clock.advance(MINUTE);
        work(&app).await;
        let received = receiver.received();
        assert_eq!(received.len(), 3, "the first one, and the others together, tried twice");
        assert_eq!(received[1].body, received[2].body);
        let text = received[2].json()["actionCard"]["text"].as_str().unwrap().to_owned();
        assert!(text.contains("19 events at once") && text.contains("New complaint") && text.contains("and 7 more"), "{text}");
        assert!(!text.contains("The chair") && !text.contains("Meimei"), "{text}");
        let all = deliveries(&app).await;
        assert!(all.iter().filter(|row| row.channel == "dingtalk").all(|row| row.sent_at.is_some()), "each of them was told: {all:?}");
    }

    async fn a_receiver_that_says_that_it_is_busy_for_days_is_switched_off(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_all_with(200, "{\"errcode\":-1,\"errmsg\":\"system busy\"}");
        apply(&app, &room("dingtalk", ""), &receiver.url).await;
        for _ in 0..5 {
            complain(&app).await;
            for _ in 0..5 {
                work(&app).await;
                app.app.clock.advance(HOUR);
            }
            app.app.clock.advance(DAY);
        }
        let target = Target::by_key(&app.app.db, "room").await.unwrap().unwrap();
        assert!(matches!(&target.standing, Standing::Suspended(why) if why.contains("system busy")), "{target:?}");
    }

    async fn what_a_receiver_repeats_of_its_address_is_not_kept(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_all_with(200, r#"{"errcode":310000,"errmsg":"token 5f3c0a9be8d14a77 is not exist, sign a+b/c=="}"#);
        let url = format!("{}?access_token=5f3c0a9be8d14a77&sig=a%2Bb%2Fc%3D%3D%20x", receiver.url);
        apply(&app, &room("dingtalk", ""), &url).await;
        complain(&app).await;
        work(&app).await;
        let (state, error) = state(&app).await;
        assert_eq!((state.as_str(), error.as_deref()), ("failed", Some("the receiver answered 200: 310000 token … is not exist, sign a+b/c==")));
    }

    async fn a_target_that_has_failed_for_days_is_switched_off(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_all_with(500, "");
        apply(&app, &room("generic", ""), &receiver.url).await;
        for _ in 0..4 {
            complain(&app).await;
            for _ in 0..5 {
                work(&app).await;
                app.app.clock.advance(HOUR);
            }
            app.app.clock.advance(DAY);
        }
        let target = Target::by_key(&app.app.db, "room").await.unwrap().unwrap();
        assert!(matches!(&target.standing, Standing::Suspended(why) if why.contains("500")), "{target:?}");
        let found = app.command(&["target", "list"]).await;
        assert!(found.1.contains("suspended: nothing has arrived there for days; the last error: the receiver answered 500"), "{}", found.1);
    }

    async fn a_target_that_refuses_everything_is_switched_off(database: Database) {
        let app = open(database).await;
        let receiver = WebhookReceiver::start().await;
        receiver.answer_all_with(200, r#"{"errcode":310000,"errmsg":"keywords not in content"}"#);
        apply(&app, &room("dingtalk", ""), &receiver.url).await;
        for _ in 0..12 {
            complain(&app).await;
            work(&app).await;
            app.app.clock.advance(MINUTE);
        }
        assert_eq!(receiver.received().len(), 10);
        let states: Vec<String> = deliveries(&app).await.into_iter().filter(|row| row.destination != "customer").map(|row| row.state).collect();
        assert_eq!(states.iter().filter(|state| *state == "suspended").count(), 2, "what comes after waits: {states:?}");
    }
}
