//! Targets in the console: tried, paused, given another secret, previewed, and their log.

use reqwest::StatusCode;
use sayso::audit::Stamp;
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso::sites::targets::{Channel, Target};
use sayso_tests::{Database, TestApp, WebhookReceiver, on_both_databases};
use standardwebhooks::Webhook;

use super::{Desk, complaint};

/// A collector at work that may reach this machine, with a webhook `crm`.
async fn with_webhook(database: Database, receiver: &WebhookReceiver) -> (TestApp, Desk) {
    let app = TestApp::spawn_working(database, |config| config.dangerous_allow_private_targets = true).await;
    let desk = Desk::of(&app, "mei", Role::Manager).await;
    let page = desk.client.get("/staff/settings/object?kind=target").await.body;
    let form = crate::pages::Form::of(&page, "/staff/settings/object");
    let form = form.with("own_key", "crm").with("channel", "webhook").with("address", &receiver.url);
    let fields: Vec<(&str, &str)> = form
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| *name != "csrf")
        .collect();
    let saved = desk.post("/staff/settings/object?kind=target", &[fields, vec![("action", "save")]].concat()).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    (app, desk)
}

async fn secret(app: &TestApp) -> String {
    let target = Target::by_key(&app.app.db, "crm").await.unwrap().unwrap();
    assert_eq!(target.channel(), Some(Channel::Webhook));
    target.access(&app.app.keys).unwrap().secret.unwrap()
}

on_both_databases! {
    async fn a_target_is_tried_and_its_log_says_what_was_answered(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, desk) = with_webhook(database, &receiver).await;
        receiver.answer_next(204, &[("x-request-id", "r-7")]);
        let tried = desk.post("/staff/targets/crm/test", &[]).await;
        assert_eq!(tried.location(), "/staff/targets/crm?done=test#log");
        let sent = receiver.wait_for(1).await;
        sent[0].verify(&secret(&app).await).unwrap();
        assert_eq!(sent[0].json()["data"]["event"]["data"]["sample"], true);
        let page = desk.client.get("/staff/targets/crm?done=test").await.body;
        for part in ["The test was sent", "HTTP/1.1 204", "x-request-id: r-7", "POST http://127.0.0.1:"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("/hook"), "an address may be a secret: {page}");
        // One that is refused is not tried again, and harms the target's standing as little as one that works helps.
        receiver.answer_next_with(500, "out of order");
        desk.post("/staff/targets/crm/test", &[]).await;
        let page = desk.client.get("/staff/targets/crm").await.body;
        assert!(page.contains("HTTP/1.1 500") && page.contains("the receiver answered 500"), "{page}");
        assert_eq!(Target::by_key(&app.app.db, "crm").await.unwrap().unwrap().failures, 0);
    }

    async fn while_a_secret_is_replaced_both_sign(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, desk) = with_webhook(database, &receiver).await;
        let old = secret(&app).await;
        let page = desk.post("/staff/targets/crm/secret", &[]).await;
        let new = secret(&app).await;
        assert!(page.status == StatusCode::OK && page.body.contains(&new) && new != old, "{}", page.body);
        assert!(!desk.client.get("/staff/targets/crm").await.body.contains(&new), "it is shown once");
        complaint(&app, "Late").await;
        let both = receiver.wait_for(1).await;
        both[0].verify(&new).unwrap();
        both[0].verify(&old).unwrap();
        app.app.clock.advance(25 * 3_600_000);
        complaint(&app, "Late again").await;
        let later = receiver.wait_for(2).await;
        let last = later.last().unwrap();
        let signatures = last.header("webhook-signature");
        assert_eq!(signatures.split(' ').count(), 1, "{signatures}");
        let id = last.header("webhook-id");
        let at: i64 = last.header("webhook-timestamp").parse().unwrap();
        assert_eq!(Webhook::new(&new).unwrap().sign(id, at, &last.body).unwrap(), signatures);
    }

    async fn what_waits_for_a_paused_target_goes_on_with_it(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, desk) = with_webhook(database, &receiver).await;
        desk.post("/staff/targets/crm/pause", &[]).await;
        complaint(&app, "Late").await;
        run_due(&app.app).await.unwrap();
        let page = desk.client.get("/staff/targets/crm").await.body;
        assert!(page.contains("Paused") && page.contains("Waits: the target is off"), "{page}");
        assert!(desk.client.get("/staff/targets").await.body.contains("Paused"));
        desk.post("/staff/targets/crm/resume", &[]).await;
        receiver.wait_for(1).await;
    }

}

on_both_databases! {
    async fn a_preview_shows_what_would_be_told(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let agent = Desk::of(&app, "sam", Role::Agent).await;
        let stamp = Stamp::command(app.app.clock.now());
        let id = Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "night@acme.example", &[], &stamp).await.unwrap();
        let own = format!("/staff/targets/{id}");
        complaint(&app, "The sofa <b>creaks</b>").await;
        run_due(&app.app).await.unwrap();
        let page = desk.client.get(&own).await.body;
        assert!(page.contains("A test") || page.contains("test"), "of a made-up case: {page}");
        let page = desk.client.get(&format!("{own}?case=%231")).await.body;
        assert!(page.contains("The sofa &#60;b&#62;creaks&#60;/b&#62;"), "{page}");
        let page = desk.client.get(&format!("{own}?case=99")).await.body;
        assert!(page.contains("This site has no case with this number."), "{page}");
        assert_eq!(desk.client.get("/staff/targets/nobody").await.status, StatusCode::NOT_FOUND);
        for path in ["/staff/targets", own.as_str()] {
            assert_eq!(agent.client.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        for action in ["test", "pause", "resume", "secret", "replay"] {
            assert_eq!(agent.post(&format!("{own}/{action}"), &[]).await.status, StatusCode::FORBIDDEN, "{action}");
        }
        assert_eq!(desk.post(&format!("{own}/secret"), &[]).await.status, StatusCode::CONFLICT, "mail has none");
    }
}
