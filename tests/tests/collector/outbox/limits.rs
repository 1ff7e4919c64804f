//! How many mails one recipient gets: what is over comes in one, and everybody is told so.

use sayso::audit::Stamp;
use sayso::cases::staff::FollowUp;
use sayso::cases::{Case, Status};
use sayso::clock::{HOUR, MINUTE};
use sayso::sites::targets::Target;
use sayso_tests::{Database, MailServer, Options, TestApp, on_both_databases};
use serde_json::json;

use super::cases::*;

async fn with_limits(database: Database, server: &MailServer) -> TestApp {
    let url = server.url();
    let settings = Box::new(move |config: &mut sayso::Config| {
        config.smtp.url = url.into();
        config.limits.submissions_per_minute = 1_000;
        (config.limits.receipts_per_hour, config.limits.mails_per_case_and_hour) = (3, 4);
        config.limits.team_mails_per_hour = 6;
    });
    TestApp::spawn_with(database, Options { settings, ..Options::default() }).await
}

async fn states(app: &TestApp, destination: &str, state: &str) -> usize {
    deliveries(app).await.iter().filter(|row| row.destination == destination && row.state == state).count()
}

on_both_databases! {
    async fn receipts_to_a_stranger_are_folded_into_one_mail(database: Database) {
        let server = MailServer::start().await;
        let app = with_limits(database, &server).await;
        let mut cases = Vec::new();
        for n in 0..20 {
            // However the address is written, it is one mailbox.
            let email = if n % 2 == 0 { "victim@example.com" } else { "Victim@EXAMPLE.com" };
            cases.push(submit(&app, json!({"kind": "praise", "message": "x", "contact": {"email": email}})).await);
            work(&app).await;
        }
        assert_eq!(server.mails().len(), 3);
        assert_eq!((states(&app, "customer", "folded").await, states(&app, "customer", "pending").await), (17, 1));
        let last = Case::by_id(&app.app, &cases[19].id).await.unwrap();
        assert_eq!(last.status(), Status::New, "nothing says that a receipt was sent");
        let code = last.code(&app.app.keys).unwrap();
        let thanks = app.client().get(&format!("/t/{code}?new=1&lang=en")).await.body;
        assert!(thanks.contains("in one email with the others") && !thanks.contains("We have sent a receipt"), "{thanks}");

        app.app.clock.advance(HOUR + 2 * MINUTE);
        work(&app).await;
        let mails = server.mails();
        assert_eq!(mails.len(), 4);
        assert_eq!(mails[3].subject(), "More feedback with this address: 17");
        assert!(mails[3].text().contains("several receipts: 17") && mails[3].text().contains(&cases[3].code(&app.app.keys).unwrap()), "{}", mails[3].text());
        let last = Case::by_id(&app.app, &cases[19].id).await.unwrap();
        assert_eq!(last.status(), Status::Acknowledged, "now it was");
        submit(&app, json!({"kind": "praise", "message": "x", "contact": {"email": "victim@example.com"}})).await;
        work(&app).await;
        assert_eq!(server.mails().len(), 5, "another hour, another receipt");
    }

    async fn a_case_fills_nobodys_mailbox(database: Database) {
        let server = MailServer::start().await;
        let app = with_limits(database, &server).await;
        let stamp = Stamp::command(app.app.clock.now());
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &stamp).await.unwrap();
        let case = submit(&app, json!({"kind": "question", "message": "When?"})).await;
        for n in 0..20 {
            customer_writes(&app, &case, &format!("And now? {n}")).await;
            work(&app).await;
        }
        assert_eq!(server.mails_to("team@acme.example").len(), 4, "the case and three messages");
        app.app.clock.advance(HOUR + 2 * MINUTE);
        work(&app).await;
        let mails = server.mails_to("team@acme.example");
        assert_eq!((mails.len(), mails[4].subject().as_str()), (5, "[Acme Home] More notifications: 17"));
        assert!(mails[4].text().contains(&format!("/staff/cases/{}", case.id)), "{}", mails[4].text());
        assert!(!mails[4].text().contains("And now?"), "the words are in the console");

        let lee = member(&app, "Lee").await;
        let other = submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
        for n in 0..6 {
            reply(&app, &other, &lee, &format!("Soon {n}"), FollowUp::InProgress).await;
        }
        work(&app).await;
        assert_eq!(server.mails_to("li@example.com").len(), 5, "the receipt and four answers");
        app.app.clock.advance(HOUR + 2 * MINUTE);
        work(&app).await;
        let mails = server.mails_to("li@example.com");
        assert_eq!((mails.len(), mails[5].subject().as_str()), (6, "More news about your question: 2"));
    }

    async fn many_cases_fill_no_teams_mailbox(database: Database) {
        let server = MailServer::start().await;
        let app = with_limits(database, &server).await;
        let stamp = Stamp::command(app.app.clock.now());
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &stamp).await.unwrap();
        for _ in 0..10 {
            ask(&app).await;
        }
        work(&app).await;
        assert_eq!(server.mails().len(), 6);
        app.app.clock.advance(HOUR + 2 * MINUTE);
        work(&app).await;
        assert!(server.mails()[6].text().contains("several notifications: 4. Cases: 4."), "{}", server.mails()[6].text());
    }

    async fn replicas_count_together(database: Database) {
        let server = MailServer::start().await;
        let app = with_limits(database, &server).await;
        for _ in 0..8 {
            submit(&app, json!({"kind": "praise", "message": "x", "contact": {"email": "victim@example.com"}})).await;
        }
        let (one, other) = tokio::join!(sayso::jobs::run_due(&app.app), sayso::jobs::run_due(&app.app));
        one.unwrap();
        other.unwrap();
        work(&app).await;
        assert_eq!((server.mails().len(), states(&app, "customer", "folded").await), (3, 5));
    }
}
