//! Mails that come back: the case says so, and an address that takes none gets none.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::query;
use sayso::cases::staff::FollowUp;
use sayso::clock::DAY;
use sayso::sites::targets::{Standing, Target};
use sayso_tests::{Database, MailServer, Options, TestApp, on_both_databases};
use serde_json::json;

use super::cases::*;
use crate::console::{Desk, add_member};

const GONE: &str = "550 5.1.1 no such user";

async fn with_mail_server(database: Database, server: &MailServer) -> TestApp {
    let url = server.url();
    let settings = Box::new(move |config: &mut sayso::Config| {
        config.smtp.url = url.into();
        config.outbox.schedule = vec![30];
        // Some would be folded into a digest.
        config.limits.receipts_per_hour = 100;
    });
    TestApp::spawn_with(database, Options { settings, ..Options::default() }).await
}

/// A question of a customer, whose receipt the mail server answers so; gives the case and what became of the receipt.
async fn receipt_is_answered(
    app: &TestApp,
    server: &MailServer,
    address: &str,
    line: &str,
) -> (sayso::cases::Case, Row) {
    server.answer_next(line);
    let case = submit(app, json!({"kind": "question", "message": "When?", "contact": {"email": address}})).await;
    work(app).await;
    let row = deliveries(app).await.into_iter().find(|row| row.order_key == case.id).unwrap();
    (case, row)
}

async fn notes(app: &TestApp, case_id: &str) -> Vec<String> {
    let messages = query::messages(&app.app, case_id).await.unwrap();
    messages.into_iter().filter(|message| message.author == "note").map(|message| message.body).collect()
}

on_both_databases! {
    async fn an_address_that_does_not_exist_gets_no_more_mail_until_somebody_says_so(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let (case, receipt) = receipt_is_answered(&app, &server, "li@example.com", GONE).await;
        assert_eq!(receipt.state, "failed");
        let said = notes(&app, &case.id).await;
        assert!(said.len() == 1 && said[0].contains("5.1.1") && said[0].contains("90 days"), "{said:?}");
        let page = format!("/staff/cases/{}", case.id);
        let shown = lin.client.get(&page).await.body;
        assert!(shown.contains("Email to this customer has come back since") && shown.contains("your answer is on their page only"), "{shown}");
        reply(&app, &case, &lin_id(&app).await, "On Monday.", FollowUp::InProgress).await;
        work(&app).await;
        let last = deliveries(&app).await.into_iter().rfind(|row| row.order_key == case.id).unwrap();
        assert_eq!((last.state.as_str(), last.last_error.as_deref()), ("dropped", Some("mails to this address come back")));
        // The same address in another case of theirs, however it is written.
        let other = submit(&app, json!({"kind": "question", "message": "And where?", "contact": {"email": "LI@Example.com"}})).await;
        work(&app).await;
        assert_eq!(deliveries(&app).await.into_iter().find(|row| row.order_key == other.id).unwrap().state, "dropped");
        assert!(server.mails().is_empty());
        let resumed = lin.post(&format!("{page}/mail/resume"), &[]).await;
        assert_eq!((resumed.status, resumed.location()), (StatusCode::SEE_OTHER, format!("{page}?done=mail").as_str()));
        let shown = lin.client.get(&format!("{page}?done=mail")).await.body;
        assert!(shown.contains("Email is sent to this address again.") && !shown.contains("has come back since"), "{shown}");
        reply(&app, &case, &lin_id(&app).await, "At noon.", FollowUp::InProgress).await;
        work(&app).await;
        assert_eq!(server.mails_to("li@example.com").len(), 1);
        let (_, audit) = app.command(&["audit", "export"]).await;
        assert!(audit.contains("address.resume") && !audit.contains("li@example.com"), "{audit}");
    }

    async fn a_full_mailbox_gets_three_chances_in_a_month(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        for chance in 1..=3 {
            let (case, receipt) = receipt_is_answered(&app, &server, "li@example.com", "552 5.2.2 mailbox full").await;
            assert_eq!(receipt.state, "failed", "{chance}");
            assert_eq!(notes(&app, &case.id).await[0].contains("90 days"), chance == 3, "{chance}");
        }
        let case = submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
        work(&app).await;
        assert_eq!(deliveries(&app).await.into_iter().find(|row| row.order_key == case.id).unwrap().state, "dropped");
        for _ in 0..3 {
            let (case, _) = receipt_is_answered(&app, &server, "wu@example.com", "552 5.2.2 mailbox full").await;
            assert!(!notes(&app, &case.id).await[0].contains("90 days"), "they are a month apart");
            app.app.clock.advance(31 * DAY);
        }
    }

    async fn what_is_about_us_or_the_mail_suspends_nobody(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        for (line, state) in [
            ("550 5.7.1 rejected as spam", "failed"),
            ("552 5.3.4 message too big", "failed"),
            ("554 transaction failed", "failed"),
            ("535 5.7.8 who are you?", "pending"),
            ("550 5.7.30 basic authentication is not supported", "pending"),
            ("451 4.7.1 later", "pending"),
        ] {
            let (case, receipt) = receipt_is_answered(&app, &server, "li@example.com", line).await;
            assert_eq!((receipt.state.as_str(), notes(&app, &case.id).await.len()), (state, 0), "{line}");
        }
        submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
        work(&app).await;
        assert_eq!(server.mails_to("li@example.com").len(), 1);
    }

    async fn after_ninety_days_an_address_is_tried_again(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        receipt_is_answered(&app, &server, "li@example.com", GONE).await;
        for (days, mails) in [(89, 0), (2, 1)] {
            app.app.clock.advance(days * DAY);
            submit(&app, json!({"kind": "question", "message": "When?", "contact": {"email": "li@example.com"}})).await;
            work(&app).await;
            assert_eq!(server.mails_to("li@example.com").len(), mails, "{days}");
        }
    }

    async fn a_team_s_mailbox_that_is_gone_switches_its_target_off_and_no_case_says_anything(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        let stamp = sayso::audit::Stamp::command(app.app.clock.now());
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &stamp).await.unwrap();
        server.answer_next(GONE);
        let case = ask(&app).await;
        work(&app).await;
        assert!(notes(&app, &case.id).await.is_empty(), "the customer has nothing to do with it");
        let targets = Target::all(&app.app.db).await.unwrap();
        assert_eq!(targets[0].standing, Standing::Suspended("mails to it come back (5.1.1)".into()));
    }

    async fn a_member_whose_mails_come_back_is_named_to_the_admins_and_to_themselves(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        let (mei, ann) = (Desk::of(&app, "mei", Role::Agent).await, Desk::of(&app, "ann", Role::Admin).await);
        add_member(&app, "tom", Role::Agent).await;
        let case = ask(&app).await;
        server.answer_next(GONE);
        let key = uuid::Uuid::new_v4().to_string();
        ann.post(&format!("/staff/cases/{}/note", case.id), &[("key", key.as_str()), ("body", "@mei, please call")]).await;
        work(&app).await;
        let members = ann.client.get("/staff/members").await.body;
        assert_eq!(members.matches("Email comes back; none is sent.").count(), 1, "{members}");
        assert!(mei.client.get("/staff/account").await.body.contains("Email to you has come back since"));
        let (_, doctor) = app.command(&["doctor"]).await;
        assert!(doctor.contains("mails come back from these members: mei"), "{doctor}");
        let (_, said) = app.command(&["mail", "resume", "Mei@acme.example"]).await;
        assert!(said.contains("Mail is sent there again"), "{said}");
        assert!(!ann.client.get("/staff/members").await.body.contains("Email comes back"));
        assert!(!mei.client.get("/staff/account").await.body.contains("has come back since"));
        let (_, said) = app.command(&["mail", "resume", "mei@acme.example"]).await;
        assert!(said.contains("Nothing keeps mail"), "{said}");
    }

    async fn only_who_may_answer_lets_a_customer_have_mail_again(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        let (case, _) = receipt_is_answered(&app, &server, "li@example.com", GONE).await;
        let viewer = Desk::of(&app, "vic", Role::Viewer).await;
        let path = format!("/staff/cases/{}", case.id);
        assert!(!viewer.client.get(&path).await.body.contains("/mail/resume"));
        assert_eq!(viewer.post(&format!("{path}/mail/resume"), &[]).await.status, StatusCode::FORBIDDEN);
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        assert_eq!(lin.post("/staff/members/nobody/mail/resume", &[]).await.status, StatusCode::FORBIDDEN);
    }
}

async fn lin_id(app: &TestApp) -> String {
    let members = sayso::auth::Member::all(&app.app.db).await.unwrap();
    members.into_iter().find(|member| member.name == "lin").unwrap().id
}
