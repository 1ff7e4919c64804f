//! Whom mails come from: the sender of their site, signed by the key of its domain.

use reqwest::StatusCode;
use sayso::audit::Stamp;
use sayso::auth::Role;
use sayso::outbox::dkim;
use sayso::sites::{Origin, Site, SiteKey};
use sayso_tests::{Database, MailServer, Options, TestApp, on_both_databases};
use serde_json::json;

use super::cases::*;
use crate::console::Desk;

const COMPLAINT: &str = "The sofa came broken.";

async fn with_two_sites(database: Database, server: &MailServer) -> TestApp {
    let url = server.url();
    let settings = Box::new(move |config: &mut sayso::Config| {
        (config.smtp.url, config.smtp.from) = (url.into(), "Feedback <feedback@hub.example>".into());
    });
    let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
    let stamp = Stamp::command(app.app.clock.now());
    let origin = Origin::parse("https://other.example").unwrap();
    Site::add(&app.app.db, &SiteKey::parse("other").unwrap(), "Other", &[origin], &stamp).await.unwrap();
    app.set_site(&["sender=care@Müller.example"]).await;
    app
}

on_both_databases! {
    async fn each_site_sends_as_itself_and_signs_with_its_own_key(database: Database) {
        let server = MailServer::start().await;
        let app = with_two_sites(database, &server).await;
        let stamp = Stamp::command(app.app.clock.now());
        for domain in ["xn--mller-kva.example", "hub.example"] {
            dkim::add(&app.app.db, &app.app.keys, domain, &stamp).await.unwrap();
        }
        submit(&app, json!({"kind": "complaint", "message": COMPLAINT, "contact": {"email": "li@example.com"}})).await;
        let client = app.client();
        let request = client.request(reqwest::Method::POST, "/api/v1/sites/other/feedback").header("origin", "https://other.example");
        let request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
        let body = json!({"kind": "complaint", "message": COMPLAINT, "contact": {"email": "wu@example.com"}});
        assert_eq!(client.send(request.json(&body)).await.status, StatusCode::CREATED);
        work(&app).await;
        let own = server.mails_to("li@example.com").remove(0);
        assert_eq!((own.from.as_str(), own.header("From").contains("<care@xn--mller-kva.example>")), ("care@xn--mller-kva.example", true), "{}", own.header("From"));
        assert!(own.header("From").starts_with("\"Acme Home\"") || own.header("From").starts_with("Acme Home"), "{}", own.header("From"));
        assert!(own.header("DKIM-Signature").contains("d=xn--mller-kva.example"), "{}", own.header("DKIM-Signature"));
        let usual = server.mails_to("wu@example.com").remove(0);
        assert_eq!(usual.from, "feedback@hub.example");
        assert!(usual.header("DKIM-Signature").contains("d=hub.example"), "{}", usual.header("DKIM-Signature"));
    }

    async fn a_sender_is_set_on_the_page_of_its_site_and_a_wrong_one_is_named(database: Database) {
        let server = MailServer::start().await;
        let app = with_two_sites(database, &server).await;
        let ann = Desk::of(&app, "ann", Role::Admin).await;
        let page = ann.client.get("/staff/settings/object?kind=site&key=acme").await;
        assert!(page.body.contains("name=\"sender\"") && page.body.contains("care@xn--mller-kva.example"), "{}", page.body);
        let (ok, said) = app.command(&["site", "set", "acme", "sender=care"]).await;
        assert!(!ok && said.contains("sender"), "{said}");
        let (ok, exported) = app.command(&["service", "export"]).await;
        assert!(ok && exported.contains("sender = \"care@xn--mller-kva.example\""), "{exported}");
    }
}
