//! The places that events are forwarded to, for programs.

use reqwest::{Method, StatusCode};
use sayso::auth::token::Scope;
use sayso::jobs::run_due;
use sayso::sites::targets::Target;
use sayso_tests::{Answer, Database, TestApp, WebhookReceiver, on_both_databases};
use serde_json::{Value, json};

use super::Program;
use crate::console::complaint;

const TARGETS: &str = "/api/v1/targets";

async fn at_work(database: Database) -> TestApp {
    TestApp::spawn_working(database, |config| config.dangerous_allow_private_targets = true).await
}

async fn with_webhook(program: &Program<'_>, url: &str) -> Answer {
    let body = json!({"key": "crm", "site": "acme", "channel": "webhook", "url": url, "events": ["case.created"]});
    let added = program.post_at(TARGETS, &body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    added
}

async fn stored_secret(app: &TestApp) -> String {
    Target::by_key(&app.app.db, "crm").await.unwrap().unwrap().access(&app.app.keys).unwrap().secret.unwrap()
}

fn pointers(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    answer.field_errors().into_iter().map(|(pointer, _)| pointer).collect()
}

on_both_databases! {
    async fn programs_add_change_and_remove_targets_and_read_no_secrets(database: Database) {
        let app = at_work(database).await;
        let program = Program::new(&app).await;
        let key = uuid::Uuid::new_v4().to_string();
        let body = json!({"key": "crm", "site": "acme", "channel": "webhook", "url": "http://127.0.0.1:9/T0/hook?token=x", "when": {"kind": ["complaint"]}, "events": ["case.created"]});
        let client = app.client();
        let add = async || {
            let request = client.request(Method::POST, TARGETS).bearer_auth(program.token());
            client.send(request.header("idempotency-key", &key).json(&body)).await
        };
        let (first, again) = (add().await, add().await);
        assert_eq!((first.status, first.body.as_str()), (StatusCode::CREATED, again.body.as_str()), "once");
        let added = first.json();
        assert_eq!(added["secret"].as_str().unwrap(), stored_secret(&app).await);
        assert_eq!((&added["target"]["address"], &added["target"]["state"]), (&json!("http://127.0.0.1:9/…"), &json!("on")));
        assert_eq!((&added["target"]["when"], &added["target"]["include"]), (&json!({"kind": ["complaint"]}), &json!(["message", "link"])));
        let taken = program.post_at(TARGETS, &body).await;
        assert_eq!(pointers(&taken), ["/key"]);

        let changed = program.patch_at("/api/v1/targets/crm", &json!({"when": null, "lang": "en", "events": []})).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
        let changed = changed.json();
        assert_eq!((&changed["when"], &changed["lang"], &changed["events"]), (&json!({}), &json!("en"), &json!([])));
        let moved = program.patch_at("/api/v1/targets/crm", &json!({"url": "http://127.0.0.1:10/other"})).await.json();
        assert_eq!(moved["address"], "http://127.0.0.1:10/…");
        for shown in [program.get_at("/api/v1/targets/crm").await, program.get_at(TARGETS).await, program.get_at("/api/v1/audit?action=target").await] {
            let secrets = [stored_secret(&app).await, "T0/hook".to_owned(), "10/other".to_owned(), "token=x".to_owned()];
            assert!(shown.status == StatusCode::OK && !secrets.iter().any(|secret| shown.body.contains(secret)), "{}", shown.body);
        }
        app.apply_service("[[rule]]\nname = 'Tell'\nthen = { targets = ['crm'], priority = 'high' }\n").await;
        let remove = async || client.send(client.request(Method::DELETE, "/api/v1/targets/crm").bearer_auth(program.token())).await.status;
        assert_eq!([remove().await, remove().await], [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND]);
        let file = program.get_at("/api/v1/service").await.body;
        assert!(file.contains("Tell") && !file.contains("crm"), "{file}");
        let log = program.get_at("/api/v1/audit?action=target&actor=token").await.json();
        let actions: Vec<&str> = log["audit"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["target.add", "target.set", "target.set", "target.remove"]);
    }

    async fn wrong_targets_are_refused_with_the_field_that_is_wrong(database: Database) {
        let app = TestApp::spawn(database).await;
        let program = Program::new(&app).await;
        let add = async |more: Value| {
            let mut body = json!({"key": "room", "site": "acme", "channel": "slack", "url": "https://hooks.slack.com/services/T/B/x"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            pointers(&program.post_at(TARGETS, &body).await)
        };
        assert_eq!(add(json!({"site": "nowhere"})).await, ["/site"]);
        assert_eq!(add(json!({"channel": "pigeon"})).await, ["/channel"]);
        assert_eq!(add(json!({"key": null})).await, ["/key"]);
        assert_eq!(add(json!({"url": null})).await, ["/url"]);
        assert_eq!(add(json!({"url": "http://127.0.0.1/"})).await, ["/url"], "an internal address");
        assert_eq!(add(json!({"events": ["case.eaten"]})).await, ["/events"]);
        assert_eq!(add(json!({"events": [null]})).await, ["/events"]);
        assert_eq!(add(json!({"when": {"kind": ["complaint"], "categories": 1}})).await, ["/when/categories"]);
        assert_eq!(add(json!({"body": "{{ case.message }}"})).await, ["/body"], "of another channel");
        assert_eq!(add(json!({"url_env": "PATH"})).await, ["/url_env"]);
        assert_eq!(add(json!({"colour": "red"})).await, ["/colour"]);
        assert_eq!(add(json!({"channel": "webhook", "url": "https://crm.example/", "secret": "ä"})).await, ["/secret"]);
        let telegram = json!({"key": "tg", "site": "acme", "channel": "telegram", "secret": "1:a"});
        assert!(!pointers(&program.post_at(TARGETS, &telegram).await).is_empty(), "without a chat");
        let parameters = ["?site=nowhere", "?limit=0", "?cursor=x", "?what=x", "?limit=1&limit=2"];
        for query in parameters {
            pointers(&program.get_at(&format!("{TARGETS}{query}")).await);
        }
        assert_eq!(program.get_at(TARGETS).await.json(), json!({"targets": [], "next": null}));
        assert_eq!(program.patch_at("/api/v1/targets/nobody", &json!({})).await.status, StatusCode::NOT_FOUND);
    }

    async fn a_token_reads_or_changes_targets_as_its_scopes_say(database: Database) {
        let app = at_work(database).await;
        let program = Program::new(&app).await;
        with_webhook(&program, "http://127.0.0.1:9/hook").await;
        let case = complaint(&app, "Torn").await;
        let reader = Program::with(&app, "Reader", &[Scope::ServiceRead]).await;
        let manager = Program::with(&app, "Manager", &[Scope::ServiceRead, Scope::ServiceWrite]).await;
        let stranger = Program::with(&app, "Stranger", &[Scope::CasesRead, Scope::CasesWrite, Scope::ReportsRead]).await;
        for path in ["", "/crm", "/crm/preview"] {
            let path = format!("{TARGETS}{path}");
            assert_eq!(reader.get_at(&path).await.status, StatusCode::OK, "{path}");
            assert_eq!(stranger.get_at(&path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        for action in ["pause", "resume", "secret", "test", "replay"] {
            let path = format!("{TARGETS}/crm/{action}");
            assert_eq!(reader.post_at(&path, &json!({})).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(reader.patch_at(&format!("{TARGETS}/crm"), &json!({})).await.status, StatusCode::FORBIDDEN);
        let of_case = format!("{TARGETS}/crm/preview?case={case}");
        for (who, status) in [(&reader, StatusCode::FORBIDDEN), (&manager, StatusCode::FORBIDDEN), (&program, StatusCode::OK)] {
            assert_eq!(who.get_at(&of_case).await.status, status);
        }
    }

    async fn programs_pause_try_and_replay_targets(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let app = at_work(database).await;
        let program = Program::new(&app).await;
        with_webhook(&program, &receiver.url).await;
        let act = async |action: &str| program.post_at(&format!("{TARGETS}/crm/{action}"), &json!({})).await;
        receiver.answer_next(204, &[("x-request-id", "r-7")]);
        let tried = act("test").await;
        assert_eq!((tried.status, &tried.json()["delivery"]["state"]), (StatusCode::OK, &json!("sent")), "{}", tried.body);
        assert!(tried.body.contains("x-request-id: r-7") && !tried.body.contains("/hook"), "{}", tried.body);
        assert_eq!(act("pause").await.json()["state"], "paused");
        complaint(&app, "Late").await;
        run_due(&app.app).await.unwrap();
        let waiting = program.get_at("/api/v1/deliveries?target=crm&state=suspended").await.json();
        assert_eq!(waiting["deliveries"].as_array().unwrap().len(), 1, "{waiting}");
        receiver.answer_next(404, &[]);
        assert_eq!(act("resume").await.json()["state"], "on");
        let missed = async || program.get_at("/api/v1/deliveries?target=crm&state=failed").await.json()["deliveries"].as_array().unwrap().len();
        sayso_tests::eventually("it is refused", || async { missed().await == 1 }).await;
        assert_eq!(act("replay").await.json(), json!({"replayed": 1}));
        sayso_tests::eventually("it arrives", || async { missed().await == 0 }).await;
        assert_eq!(act("replay").await.json(), json!({"replayed": 0}));
    }

    async fn a_secret_is_made_once_for_a_key_and_both_sign_for_a_day(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let app = at_work(database).await;
        let program = Program::new(&app).await;
        let old = with_webhook(&program, &receiver.url).await.json()["secret"].as_str().unwrap().to_owned();
        let (client, key) = (app.client(), uuid::Uuid::new_v4().to_string());
        let rotate = async || {
            let request = client.request(Method::POST, "/api/v1/targets/crm/secret").bearer_auth(program.token());
            client.send(request.header("idempotency-key", &key)).await.json()["secret"].as_str().unwrap().to_owned()
        };
        let new = rotate().await;
        assert_eq!(new, rotate().await);
        assert!(new != old && new == stored_secret(&app).await);
        complaint(&app, "Late").await;
        let sent = receiver.wait_for(1).await;
        sent[0].verify(&new).unwrap();
        sent[0].verify(&old).unwrap();
        // So does one that somebody gives.
        let given = sayso::sites::targets::new_webhook_secret();
        let changed = program.patch_at("/api/v1/targets/crm", &json!({"secret": given})).await;
        assert!(changed.status == StatusCode::OK && !changed.body.contains(&given), "{}", changed.body);
        complaint(&app, "Late again").await;
        let last = receiver.wait_for(2).await.pop().unwrap();
        last.verify(&given).unwrap();
        last.verify(&new).unwrap();
        assert!(last.verify(&old).is_err());
    }

    async fn a_preview_is_what_would_be_sent(database: Database) {
        let app = TestApp::spawn(database).await;
        let program = Program::new(&app).await;
        let mail = json!({"key": "night", "site": "acme", "channel": "email", "address": "night@acme.example"});
        let room = json!({"key": "ops", "site": "acme", "channel": "slack", "url": "https://hooks.slack.com/services/T/B/x", "include": ["message"]});
        for body in [&mail, &room] {
            let added = program.post_at(TARGETS, body).await;
            assert_eq!((added.status, &added.json()["secret"]), (StatusCode::CREATED, &Value::Null), "{}", added.body);
        }
        assert_eq!(program.get_at(&format!("{TARGETS}/night")).await.json()["address"], "night@acme.example");
        let case = complaint(&app, "The sofa <!channel> creaks").await;
        run_due(&app.app).await.unwrap();
        let made_up = program.get_at(&format!("{TARGETS}/night/preview")).await.json();
        assert!(made_up["case"].is_null() && made_up["card"].is_null() && made_up["mail"]["subject"].is_string(), "{made_up}");
        for asked in [case.as_str(), "1", "%231"] {
            let shown = program.get_at(&format!("{TARGETS}/ops/preview?case={asked}")).await.json();
            assert_eq!((&shown["case"], &shown["card"]["words"]), (&json!(case), &json!("The sofa <!channel> creaks")), "{shown}");
            assert!(shown["card"]["url"].is_null() && !shown["body"].as_str().unwrap().contains("<!channel>"), "{shown}");
        }
        assert_eq!(pointers(&program.get_at(&format!("{TARGETS}/ops/preview?case=99")).await), ["/case"]);
        // Of any event, also of one that has not happened to the case; and without a choice of the first that the target hears of.
        let breached = program.get_at(&format!("{TARGETS}/ops/preview?case={case}&event=case.breached")).await.json();
        assert_eq!(breached["event"], "case.breached");
        assert!(breached["card"]["title"].as_str().unwrap().starts_with("Overdue"), "{breached}");
        assert_eq!(made_up["event"], "case.created");
        let late = json!({"key": "late", "site": "acme", "channel": "slack", "url": "https://hooks.slack.com/services/T/B/y", "events": ["case.escalated", "case.breached"]});
        assert_eq!(program.post_at(TARGETS, &late).await.status, StatusCode::CREATED);
        assert_eq!(program.get_at(&format!("{TARGETS}/late/preview")).await.json()["event"], "case.breached");
        for event in sayso::outbox::preview::events() {
            for target in ["night", "ops"] {
                let shown = program.get_at(&format!("{TARGETS}/{target}/preview?event={}", event.as_str())).await;
                assert!(shown.status == StatusCode::OK && shown.json()["error"].is_null(), "{}: {}", event.as_str(), shown.body);
            }
        }
        for wrong in ["report.signal", "breached"] {
            let refused = program.get_at(&format!("{TARGETS}/ops/preview?event={wrong}")).await;
            assert_eq!(pointers(&refused), ["/event"], "{wrong}");
        }
        let (done, printed) = app.command(&["target", "preview", "ops", "--event", "case.breached"]).await;
        assert!(done && printed.contains("Overdue"), "{printed}");
        let (done, printed) = app.command(&["target", "preview", "ops", "--case", "#1"]).await;
        assert!(done && printed.contains("> The sofa <!channel> creaks") && printed.contains("\"blocks\""), "{printed}");
        let (done, printed) = app.command(&["target", "preview", "night"]).await;
        assert!(done && printed.starts_with("Subject: "), "{printed}");
        let (done, printed) = app.command(&["target", "preview", "ops", "--case", "99"]).await;
        assert!(!done && printed.contains("has no case 99"), "{printed}");
    }
}
