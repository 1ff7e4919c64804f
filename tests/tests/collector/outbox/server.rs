//! The way to the mail server: names, passwords, certificates.

use std::path::Path;

use sayso_tests::{Database, MailServer, Options, TestApp, on_both_databases};
use serde_json::json;

use super::cases::*;

async fn with_settings(database: Database, change: impl Fn(&mut sayso::Config) + Send + 'static) -> TestApp {
    let settings = Box::new(move |config: &mut sayso::Config| {
        config.outbox.schedule = vec![30];
        change(config);
    });
    let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
    submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
    work(&app).await;
    app
}

on_both_databases! {
    async fn sayso_introduces_itself_by_its_public_name_unless_it_is_given_another(database: Database) {
        let server = MailServer::start().await;
        let url = server.url();
        with_settings(database, move |config| {
            (config.smtp.url, config.public_url) = (url.clone().into(), "https://feedback.example.com".into());
        }).await;
        let url = server.url();
        with_settings(database, move |config| {
            (config.smtp.url, config.smtp.hello_name) = (url.clone().into(), "mail.example.com".into());
        }).await;
        assert_eq!(server.hellos(), ["feedback.example.com", "mail.example.com"]);
    }

    async fn user_and_password_may_hold_any_characters(database: Database) {
        let server = MailServer::start().await;
        let url = server.url();
        with_settings(database, move |config| {
            config.smtp.url = url.clone().into();
            (config.smtp.user, config.smtp.password) = ("li@example.com".into(), "pa#s/s?@:%".to_owned().into());
        }).await;
        assert_eq!((server.logins(), server.mails().len()), (vec!["li@example.com pa#s/s?@:%".to_owned()], 1));
    }

    async fn a_certificate_of_ones_own_is_named_as_the_reason_and_can_be_trusted(database: Database) {
        let server = MailServer::start_with_tls().await;
        let url = server.url();
        let app = with_settings(database, move |config| config.smtp.url = url.clone().into()).await;
        let error = delivery(&app).await.last_error.unwrap();
        assert!(error.contains("signed by nobody whom this machine trusts") && error.contains("ca_file"), "{error}");
        let said = sayso::outbox::check::mail(&app.app.config).await.unwrap_err();
        assert_eq!(said, error, "and `sayso doctor` says the same");
        assert!(server.mails().is_empty());
        let url = server.url();
        with_settings(database, move |config| {
            config.smtp.url = format!("{url}?tls=required").into();
            config.smtp.ca_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls/ca.pem");
        }).await;
        assert_eq!(server.mails().len(), 1);
        let url = server.url();
        with_settings(database, move |config| config.smtp.url = format!("{url}?tls=none").into()).await;
        assert_eq!(server.mails().len(), 2, "to this machine it goes without TLS where that is wanted");
    }

    async fn without_tls_nothing_is_sent_where_it_is_required(database: Database) {
        let server = MailServer::start().await;
        let url = server.url();
        let app = with_settings(database, move |config| {
            config.smtp.url = format!("{url}?tls=required").into();
            (config.smtp.user, config.smtp.password) = ("li".into(), "hunter2".to_owned().into());
        }).await;
        let error = delivery(&app).await.last_error.unwrap();
        assert!(error.contains("offers no TLS"), "{error}");
        assert!(server.mails().is_empty() && server.logins().is_empty());
    }
}
