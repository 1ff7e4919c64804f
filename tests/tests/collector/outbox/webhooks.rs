//! Webhooks by Standard Webhooks, to a receiver that verifies them.

use sayso::auth::Role;
use sayso::cases::staff::{self, Body, FollowUp};
use sayso::clock::{DAY, HOUR};
use sayso::sites::targets::{Standing, Target};
use sayso_tests::{Database, Options, TestApp, WebhookReceiver, on_both_databases};
use serde_json::json;

use super::cases::*;
use crate::console::Desk;

/// A collector that may reach the receiver, which is on a loopback address, and the secret of its target.
pub async fn with_webhook(database: Database, receiver: &WebhookReceiver) -> (TestApp, String) {
    let settings = Box::new(|config: &mut sayso::Config| {
        config.dangerous_allow_private_targets = true;
        // Longer than a slow machine takes for a step of a test, and within what a receiver tolerates in all.
        config.outbox.schedule = vec![30, 60, 120];
    });
    let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
    let (db, keys) = (&app.app.db, &app.app.keys);
    let added = Target::add_webhook(
        db,
        keys,
        &app.site().await,
        &receiver.url,
        &[],
        &sayso::audit::Stamp::command(app.app.clock.now()),
    )
    .await;
    let (_, secret) = added.unwrap();
    (app, secret)
}

on_both_databases! {
    async fn the_signature_verifies_and_the_body_is_that_of_the_contract(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, secret) = with_webhook(database, &receiver).await;
        let case = submit(&app, json!({
            "kind": "complaint", "message": "送货迟到了三天", "rating": 1, "reference": "A-17", "locale": "zh-CN",
            "page": {"url": "https://shop.example/orders", "title": "订单"}, "contact": {"name": "李雷", "phone": "13800000000"}
        })).await;
        assert_eq!(work(&app).await, 1);
        let received = receiver.wait_for(1).await.remove(0);
        received.verify(&secret).unwrap();
        assert!(received.verify("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").is_err());
        let sent = delivery(&app).await;
        assert_eq!((sent.state.as_str(), sent.attempts, sent.channel.as_str()), ("sent", 1, "webhook"));
        assert!(sent.sent_at.is_some() && sent.last_error.is_none());
        assert_eq!(received.header("webhook-id"), sent.id);
        assert_eq!(received.header("content-type"), "application/json");
        assert_eq!(received.header("user-agent"), concat!("Sayso/", env!("CARGO_PKG_VERSION")));
        let body = received.json();
        let at = sayso::clock::rfc3339(case.received_at);
        assert_eq!(body, json!({
            "type": "case.created", "timestamp": at,
            "data": {
                "case": {
                    "id": case.id, "code": case.code(&app.app.keys).unwrap(), "site": "acme", "kind": "complaint", "category": null,
                    "status": "new", "priority": "normal", "message": "送货迟到了三天", "rating": 1, "reference": "A-17",
                    "locale": "zh-CN", "page": {"url": "https://shop.example/orders", "title": "订单", "referrer": null},
                    "received_at": at, "url": format!("{}/staff/cases/{}", app.url, case.id)
                },
                "event": {"id": body["data"]["event"]["id"], "seq": 1, "type": "case.created", "actor": "customer", "at": at, "data": {}}
            }
        }));
        assert!(!received.body.windows(11).any(|part| part == b"13800000000"), "a contact is not forwarded");
    }

    async fn words_are_told_with_their_event_only(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        let case = ask(&app).await;
        let lee = member(&app, "Lee").await;
        staff::add_note(&app.app, &case.id, &lee, &Body::parse("a rude one").unwrap()).await.unwrap();
        reply(&app, &case, &lee, "Yes, we do.", resolved(&case)).await;
        customer_rates(&app, &case, json!({"score": 5, "comment": "quick!"})).await;
        work(&app).await;
        let received = receiver.received();
        let events: Vec<String> = received.iter().map(|received| received.event()).collect();
        assert_eq!(events, ["case.created", "case.note", "case.message", "case.assigned", "case.resolved", "case.rated", "case.closed"]);
        let data = |at: usize| received[at].json()["data"]["event"]["data"].clone();
        assert_eq!(data(1)["body"], "a rude one");
        assert_eq!(data(2)["body"], "Yes, we do.");
        assert_eq!((&data(5)["score"], &data(5)["comment"]), (&json!(5), &json!("quick!")));
        let tellers = received.iter().filter(|received| received.json().to_string().contains("a rude one")).count();
        assert_eq!(tellers, 1, "a note is told by its own event and by no other");
    }

    async fn what_failed_is_repeated_under_the_same_id(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, secret) = with_webhook(database, &receiver).await;
        receiver.answer_next(500, &[]);
        receiver.answer_next(302, &[("location", "http://127.0.0.1:1/")]);
        ask(&app).await;
        assert_eq!(work(&app).await, 1);
        let failed = delivery(&app).await;
        assert_eq!((failed.state.as_str(), failed.attempts), ("pending", 1));
        assert_eq!(failed.last_error.as_deref(), Some("the receiver answered 500"));
        assert_eq!(work(&app).await, 0, "it waits for its time");
        app.app.clock.advance(34_000);
        assert_eq!(work(&app).await, 1);
        let error = delivery(&app).await.last_error.unwrap();
        assert_eq!(error, "the receiver answered 302; redirects are not followed");
        app.app.clock.advance(67_000);
        assert_eq!(work(&app).await, 1);
        let sent = delivery(&app).await;
        assert_eq!((sent.state.as_str(), sent.attempts, sent.last_error), ("sent", 3, None));
        let received = receiver.received();
        assert_eq!(received.len(), 3);
        for attempt in &received {
            assert_eq!(attempt.header("webhook-id"), sent.id);
            attempt.verify(&secret).unwrap();
        }
        let times: Vec<i64> = received.iter().map(|r| r.header("webhook-timestamp").parse().unwrap()).collect();
        assert!(times[0] < times[1] && times[1] < times[2], "each attempt has its own time: {times:?}");
    }

    async fn after_the_last_attempt_it_is_given_up_and_the_next_goes_on(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        let case = ask(&app).await;
        customer_writes(&app, &case, "Anybody there?").await;
        for _ in 0..4 {
            receiver.answer_next(503, &[]);
        }
        for _ in 0..4 {
            work(&app).await;
            app.app.clock.advance(HOUR);
        }
        let all = deliveries(&app).await;
        let states: Vec<(&str, i64)> = all.iter().map(|row| (row.state.as_str(), row.attempts)).collect();
        assert_eq!(states, [("failed", 4), ("sent", 1)], "{all:?}");
    }

    async fn order_holds_for_each_case_while_others_go_on(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        let troubled = ask(&app).await;
        receiver.answer_next(500, &[]);
        work(&app).await;
        customer_writes(&app, &troubled, "And on Mondays?").await;
        let other = ask(&app).await;
        assert_eq!(work(&app).await, 1, "the message waits for the event before it");
        app.app.clock.advance(34_000);
        assert_eq!(work(&app).await, 2);
        let told: Vec<(String, String)> = receiver.received().iter().map(|received| {
            (received.json()["data"]["case"]["id"].as_str().unwrap().to_owned(), received.event())
        }).collect();
        let told: Vec<(&str, &str)> = told.iter().map(|(id, event)| (id.as_str(), event.as_str())).collect();
        let (a, b) = (troubled.id.as_str(), other.id.as_str());
        assert_eq!(told, [(a, "case.created"), (b, "case.created"), (a, "case.created"), (a, "case.message")]);
    }

    async fn retry_after_is_honoured_for_up_to_a_day(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        receiver.answer_next(429, &[("retry-after", "3600")]);
        receiver.answer_next(503, &[("retry-after", "999999999")]);
        ask(&app).await;
        work(&app).await;
        let wait = delivery(&app).await.due_at - app.app.clock.now();
        assert!((HOUR - 60_000..=HOUR).contains(&wait), "{wait}");
        app.app.clock.advance(HOUR - 120_000);
        assert_eq!(work(&app).await, 0);
        app.app.clock.advance(120_000);
        assert_eq!(work(&app).await, 1);
        let wait = delivery(&app).await.due_at - app.app.clock.now();
        assert!((DAY - 60_000..=DAY).contains(&wait), "{wait}");
    }

    async fn gone_switches_the_target_off(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        receiver.answer_next(410, &[]);
        let case = ask(&app).await;
        customer_writes(&app, &case, "Hello?").await;
        work(&app).await;
        let all = deliveries(&app).await;
        let states: Vec<&str> = all.iter().map(|row| row.state.as_str()).collect();
        assert_eq!(states, ["suspended", "suspended"], "both wait for the target: {all:?}");
        assert_eq!(all[0].last_error.as_deref(), Some("the receiver answered 410 (gone); the target was switched off"));
        assert!(Target::list(&app.app.db, None).await.unwrap().is_empty());
        let off = Target::all(&app.app.db).await.unwrap().remove(0);
        assert!(matches!(&off.standing, Standing::Suspended(why) if why.contains("410")), "{off:?}");
        ask(&app).await;
        assert_eq!(work(&app).await, 0);
        assert_eq!(receiver.received().len(), 1);
        let stamp = sayso::audit::Stamp::command(app.app.clock.now());
        assert_eq!(sayso::outbox::standing::switch_on(&app.app.db, &off.id, &stamp).await.unwrap(), 3);
        assert_eq!(work(&app).await, 3);
        let told: Vec<String> = receiver.received().iter().skip(1).map(|received| received.event()).collect();
        assert_eq!(told.iter().filter(|event| *event == "case.created").count(), 2, "nothing of it is lost: {told:?}");
        assert!(deliveries(&app).await.iter().all(|row| row.state == "sent"));
    }

    async fn an_address_that_is_wrong_is_not_tried_again(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        for status in [401, 403, 404] {
            receiver.answer_next(status, &[]);
            let case = ask(&app).await;
            assert_eq!(work(&app).await, 1);
            let row = deliveries(&app).await.into_iter().find(|row| row.order_key == case.id).unwrap();
            assert_eq!((row.state.as_str(), row.last_error), ("failed", Some(format!("the receiver answered {status}"))));
        }
        let (ok, said) = app.command(&["deliveries", "replay", "--since", "2020-01-01T00:00:00Z", "--until", "2100-01-01T00:00:00Z"]).await;
        assert!(ok, "{said}");
        work(&app).await;
        assert!(deliveries(&app).await.iter().all(|row| row.state == "sent"), "nothing of it is lost");
    }

    async fn those_who_look_after_targets_are_told_at_once_that_one_was_switched_off(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        let id = Target::all(&app.app.db).await.unwrap().remove(0).id;
        let ann = Desk::of(&app, "ann", Role::Admin).await;
        let lee = Desk::of(&app, "lee", Role::Agent).await;
        receiver.answer_next(410, &[]);
        ask(&app).await;
        // The mail is planned by what the first one comes to.
        work(&app).await;
        work(&app).await;
        let mails = crate::inbound::mails(&app);
        let to: Vec<String> = mails.iter().map(|mail| mail.header("To")).collect();
        assert_eq!(to, ["ann@acme.example"], "{to:?}");
        let said = mails[0].text();
        assert!(said.contains("410 (gone)") && said.contains(&format!("/staff/targets/{id}")), "{said}");
        let page = ann.client.get("/staff/cases").await.body;
        assert!(page.contains(&format!("Nothing is forwarded to {id} any more.")) && page.contains("410 (gone)"), "{page}");
        assert!(!lee.client.get("/staff/cases").await.body.contains("is forwarded to"), "agents can't mend it");
        ann.post(&format!("/staff/targets/{id}/resume"), &[]).await;
        assert!(!ann.client.get("/staff/cases").await.body.contains("is forwarded to"));
    }

    async fn private_addresses_are_refused(database: Database) {
        let app = TestApp::spawn(database).await;
        let receiver = WebhookReceiver::start().await;
        let port = receiver.url.rsplit(':').next().unwrap();
        let (site, now) = (app.site().await, app.app.clock.now());
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
            let url = format!("http://{host}:{port}");
            Target::add_webhook(&app.app.db, &app.app.keys, &site, &url, &[], &sayso::audit::Stamp::command(now)).await.unwrap();
        }
        ask(&app).await;
        assert_eq!(work(&app).await, 3);
        for row in deliveries(&app).await {
            let error = row.last_error.unwrap();
            assert!(error.starts_with("the address ") && error.contains(" is private"), "{error}");
            assert_eq!(row.state, "pending");
        }
        assert_eq!(receiver.received().len(), 0);
    }

    async fn a_receiver_that_is_away_is_tried_again(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        drop(receiver);
        ask(&app).await;
        assert_eq!(work(&app).await, 1);
        let row = delivery(&app).await;
        assert_eq!((row.state.as_str(), row.last_error.as_deref()), ("pending", Some("the receiver can't be reached")));
    }

    async fn a_target_gets_the_events_it_chose(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let settings = Box::new(|config: &mut sayso::Config| config.dangerous_allow_private_targets = true);
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let events = [sayso::cases::EventType::Resolved];
        let (db, keys) = (&app.app.db, &app.app.keys);
        let (id, _) = Target::add_webhook(db, keys, &app.site().await, &receiver.url, &events, &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let case = ask(&app).await;
        let lee = member(&app, "Lee").await;
        reply(&app, &case, &lee, "One moment.", FollowUp::InProgress).await;
        reply(&app, &case, &lee, "We do.", resolved(&case)).await;
        work(&app).await;
        let told: Vec<String> = receiver.received().iter().map(|received| received.event()).collect();
        assert_eq!(told, ["case.resolved"]);
        customer_writes(&app, &case, "Thanks").await;
        reply(&app, &case, &lee, "With pleasure.", resolved(&case)).await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        let target = Target::all(db).await.unwrap().into_iter().find(|target| target.id == id).unwrap();
        target.remove(db, &sayso::audit::Stamp::command(0)).await.unwrap();
        work(&app).await;
        let last = deliveries(&app).await.pop().unwrap();
        assert_eq!((last.state.as_str(), last.last_error.as_deref()), ("dropped", Some("the target was removed")));
    }

    async fn while_the_secret_of_a_variable_is_replaced_both_sign(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let settings = Box::new(|config: &mut sayso::Config| config.dangerous_allow_private_targets = true);
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let file = "[[target]]\nkey = 'crm'\nsite = 'acme'\nchannel = 'webhook'\nurl_env = 'CRM_URL'\nsecret_env = 'CRM_SECRET'\n";
        let [old, new] = [(); 2].map(|()| sayso::sites::targets::new_webhook_secret());
        for secret in [&old, &new, &new] {
            app.apply_service_in(file, &[("CRM_URL", &receiver.url), ("CRM_SECRET", secret)]).await;
        }
        submit(&app, json!({"kind": "complaint", "message": "Late"})).await;
        work(&app).await;
        let sent = receiver.received();
        sent[0].verify(&new).unwrap();
        sent[0].verify(&old).unwrap();
        app.app.clock.advance(DAY + HOUR);
        submit(&app, json!({"kind": "complaint", "message": "Late again"})).await;
        work(&app).await;
        assert_eq!(receiver.received().last().unwrap().header("webhook-signature").split(' ').count(), 1);
    }
}
