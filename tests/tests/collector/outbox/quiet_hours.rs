//! No mail to customers at night, where their site says so.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sayso::auth::Role;
use sayso::clock::{HOUR, MINUTE, Millis};
use sayso_tests::{Database, MailServer, Options, TestApp, on_both_databases};
use serde_json::json;

use super::cases::*;
use crate::console::Desk;

/// A site whose quiet hours began an hour ago and last for two more, a minute more or less.
async fn at_night(database: Database, server: &MailServer) -> TestApp {
    let url = server.url();
    let settings = Box::new(move |config: &mut sayso::Config| config.smtp.url = url.into());
    let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
    let now = app.app.clock.now();
    let hours = format!("quiet_hours={}-{}", on_clocks(now - HOUR), on_clocks(now + 2 * HOUR));
    app.set_site(&["time_zone=Asia/Kathmandu", &hours]).await;
    app
}

fn on_clocks(at: Millis) -> String {
    let zone = TimeZone::get("Asia/Kathmandu").unwrap();
    Timestamp::from_millisecond(at).unwrap().to_zoned(zone).strftime("%H:%M").to_string()
}

fn complaint() -> serde_json::Value {
    json!({"kind": "complaint", "message": "The sofa came broken.", "contact": {"email": "li@example.com"}})
}

on_both_databases! {
    async fn customers_get_their_mail_in_the_morning_and_teams_at_once(database: Database) {
        let server = MailServer::start().await;
        let app = at_night(database, &server).await;
        let (ok, said) = app.command(&["target", "add", "--site", "acme", "--email", "team@acme.example"]).await;
        assert!(ok, "{said}");
        let case = submit(&app, complaint()).await;
        work(&app).await;
        assert_eq!(server.mails_to("team@acme.example").len(), 1);
        assert_eq!(server.mails_to("li@example.com").len(), 0);
        let ann = Desk::of(&app, "ann", Role::Admin).await;
        let page = ann.client.get(&format!("/staff/cases/{}", case.id)).await.body;
        assert!(page.contains("Waits for the end of the site’s quiet hours"), "{page}");

        app.app.clock.advance(2 * HOUR - 5 * MINUTE);
        work(&app).await;
        assert_eq!(server.mails_to("li@example.com").len(), 0, "it is still night");
        app.app.clock.advance(6 * MINUTE);
        work(&app).await;
        assert_eq!(server.mails_to("li@example.com").len(), 1);
        let all = deliveries(&app).await;
        assert!(all.iter().all(|one| one.attempts == 1 && one.state == "sent"), "waiting was no attempt: {all:?}");
    }

    async fn quiet_hours_leave_some_of_the_day_and_a_mistake_is_named(database: Database) {
        let app = TestApp::spawn_with(database, Options::default()).await;
        for wrong in ["night", "00:00-24:00", "22:00"] {
            let (ok, said) = app.command(&["site", "set", "acme", &format!("quiet_hours={wrong}")]).await;
            assert!(!ok && (said.contains("quiet_hours") || said.contains("opening")), "{said}");
        }
        let (ok, said) = app.command(&["site", "set", "acme", "quiet_hours=22:00-07:00"]).await;
        assert!(ok, "{said}");
        let (ok, exported) = app.command(&["service", "export"]).await;
        assert!(ok && exported.contains("quiet_hours = \"22:00-07:00\""), "{exported}");
        let ann = Desk::of(&app, "ann", Role::Admin).await;
        let page = ann.client.get("/staff/settings/object?kind=site&key=acme").await.body;
        assert!(page.contains("name=\"quiet_hours\" value=\"22:00-07:00\""), "{page}");
    }
}
