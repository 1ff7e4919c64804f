//! Warnings, broken promises and escalations: the card and the mail say which promise, and who is to see to it.

use sayso::auth::Role;
use sayso::cases::staff::FollowUp;
use sayso::clock::{HOUR, SECOND};
use sayso_tests::{Database, MailServer, Options, TestApp, WebhookReceiver, on_both_databases};
use serde_json::json;

use super::cases::*;
use crate::console::Desk;

const SERVICE: &str = r#"
[[target]]
key = "room"
site = "acme"
channel = "slack"
url_env = "ROOM_URL"
events = ["case.breached", "case.escalated"]
lang = "en"

[[promise]]
site = "acme"
first_response = "1h"
resolution = "8h"
"#;

/// A collector with a mail server and a room.
async fn with_a_room(database: Database, server: &MailServer, room: &WebhookReceiver) -> TestApp {
    let url = server.url();
    let settings = Box::new(move |config: &mut sayso::Config| {
        config.dangerous_allow_private_targets = true;
        config.smtp.url = url.into();
    });
    let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
    app.apply_service_in(SERVICE, &[("ROOM_URL", &room.url)]).await;
    app
}

on_both_databases! {
    async fn a_warning_says_which_promise_was_broken_and_an_alarm_whom_it_calls(database: Database) {
        let (server, room) = (MailServer::start().await, WebhookReceiver::start().await);
        room.answer_all_with(200, "ok");
        let app = with_a_room(database, &server, &room).await;
        Desk::of(&app, "ann", Role::Manager).await;
        let case = submit(&app, json!({"kind": "complaint", "message": "No light"})).await;
        work(&app).await;

        app.app.clock.advance(HOUR + SECOND);
        work(&app).await;
        let cards: Vec<String> = room.wait_for(2).await.iter().map(|card| card.json().to_string()).collect();
        let [broken, alarm] = ["Overdue", "Escalated to"].map(|part| cards.iter().find(|card| card.contains(part)).unwrap());
        assert!(broken.contains("First reply due") && !broken.contains("Resolution due"), "{broken}");
        assert!(!broken.contains("Escalated to") && alarm.contains("ann"), "{alarm}");
        let mail = server.mails_to("ann@acme.example").remove(0);
        assert!(mail.text().contains("it is urgent or overdue, and nobody has taken it on yet"), "{}", mail.text());

        let lee = member(&app, "lee").await;
        reply(&app, &case, &lee, "We come today.", FollowUp::InProgress).await;
        app.app.clock.advance(8 * HOUR);
        work(&app).await;
        let broken = room.wait_for(3).await.remove(2).json().to_string();
        assert!(broken.contains("Resolution due") && !broken.contains("First reply due"), "{broken}");
    }
}
