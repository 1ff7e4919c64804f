//! What goes wrong around us: names that can't be resolved, a mail server that is away for a day, and a clock that jumps. Nothing is lost by it.

use sayso::audit::Stamp;
use sayso::auth::Role;
use sayso::cases::{Case, Status};
use sayso::clock::{DAY, HOUR, MINUTE};
use sayso::clock_jumps::{self, Belief, ClockWatch};
use sayso::sites::targets::Target;
use sayso_tests::{MailServer, Options, TestApp, WebhookReceiver, on_both_databases};
use serde_json::json;

use super::cases::{ask, deliveries, delivery, submit, work};
use super::webhooks::with_webhook;
use crate::console::Desk;

/// A port at which nobody answers.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

on_both_databases! {
    async fn a_name_that_can_not_be_resolved_is_tried_again_and_keeps_no_other_from_hearing(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        let (db, keys) = (&app.app.db, &app.app.keys);
        let stamp = Stamp::command(app.app.clock.now());
        // No such name can ever be given to anybody (RFC 6761, section 6.4).
        let (lost, _) = Target::add_webhook(db, keys, &app.site().await, "https://receiver.invalid/hook", &[], &stamp).await.unwrap();
        ask(&app).await;
        assert_eq!(work(&app).await, 2);
        assert_eq!(receiver.received().len(), 1);
        let row = deliveries(&app).await.into_iter().find(|row| row.destination.contains(&lost)).unwrap();
        assert_eq!((row.state.as_str(), row.last_error.as_deref()), ("pending", Some("its name can't be resolved")));
    }

    async fn a_mail_server_that_is_away_for_a_day_gets_every_mail_when_it_is_back(database: Database) {
        let port = free_port();
        let settings = Box::new(move |config: &mut sayso::Config| {
            config.smtp.url = format!("smtp://127.0.0.1:{port}").into();
            config.outbox.schedule = sayso::Config::for_data(&config.data).unwrap().outbox.schedule;
        });
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        for n in 0..3 {
            let contact = json!({"email": format!("li{n}@example.com")});
            submit(&app, json!({"kind": "question", "message": "When?", "contact": contact})).await;
        }
        for _ in 0..25 {
            work(&app).await;
            let waiting = deliveries(&app).await;
            assert!(waiting.iter().all(|row| row.state == "pending" && row.last_error.is_some()), "{waiting:?}");
            app.app.clock.advance(HOUR);
        }
        let server = MailServer::start_at(port).await;
        let (ok, said) = app.command(&["deliveries", "list", "--state", "pending"]).await;
        assert!(ok && said.contains("the mail server refuses the connection"), "{said}");
        let (ann, lin) = (Desk::of(&app, "ann", Role::Manager).await, Desk::of(&app, "lin", Role::Agent).await);
        let page = ann.client.get("/staff/deliveries").await.body;
        for part in ["3 were tried several times", "the mail server refuses the connection"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(ann.client.get("/staff").await.body.contains("3 emails do not get out"));
        assert!(!lin.client.get("/staff").await.body.contains("do not get out"), "agents can't help it");
        // The last wait of the schedule is a day, and a little more at random.
        app.app.clock.advance(2 * DAY);
        work(&app).await;
        for n in 0..3 {
            let mails = server.mails_to(&format!("li{n}@example.com"));
            assert_eq!(mails.len(), 1, "{:?}", deliveries(&app).await);
        }
        assert!(!Desk::of(&app, "tom", Role::Manager).await.client.get("/staff").await.body.contains("do not get out"));
    }

    async fn what_a_clock_put_off_that_was_ahead_goes_on_when_it_is_set_right(database: Database) {
        const AHEAD: i64 = 3_650 * DAY;
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        app.app.clock.advance(AHEAD);
        receiver.answer_next(503, &[]);
        ask(&app).await;
        work(&app).await;
        // One that was never tried, as its case has just come.
        ask(&app).await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        app.app.clock.advance(-AHEAD);
        assert_eq!(work(&app).await, 0, "everything waits for a year that is far away");
        assert!(clock_jumps::mend(&app.app).await.unwrap() > 0);
        // The one that was refused waits as long as it was to wait.
        app.app.clock.advance(MINUTE);
        work(&app).await;
        assert_eq!(receiver.received().len(), 3, "the one that was refused, and both cases");
        assert!(deliveries(&app).await.iter().all(|row| row.state == "sent"));
        assert_eq!(clock_jumps::mend(&app.app).await.unwrap(), 0, "once");
    }

    async fn a_wait_that_is_as_it_should_be_stays(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        receiver.answer_next(503, &[]);
        ask(&app).await;
        work(&app).await;
        let due_at = delivery(&app).await.due_at;
        app.app.clock.advance(-20 * MINUTE);
        assert_eq!(clock_jumps::mend(&app.app).await.unwrap(), 0, "clocks are set by a little all the time");
        assert_eq!(delivery(&app).await.due_at, due_at);
    }

    async fn a_time_that_can_not_be_believed_closes_nothing_until_it_has_stood_for_a_day(database: Database) {
        let app = TestApp::spawn(database).await;
        let mut watch = ClockWatch::default();
        assert_eq!(watch.look(&app.app).await.unwrap(), Belief::Believed, "there was no time before");
        app.app.clock.advance(6 * DAY);
        assert_eq!(watch.look(&app.app).await.unwrap(), Belief::Believed, "a holiday");
        let case = ask(&app).await;
        app.app.clock.advance(365 * DAY);
        assert!(matches!(watch.look(&app.app).await.unwrap(), Belief::Doubted { ahead } if ahead >= 365 * DAY));
        app.app.clock.advance(23 * HOUR);
        assert!(matches!(watch.look(&app.app).await.unwrap(), Belief::Doubted { .. }));
        app.app.clock.advance(HOUR + MINUTE);
        assert_eq!(watch.look(&app.app).await.unwrap(), Belief::Believed, "it is another year indeed");
        assert_eq!(Case::by_id(&app.app, &case.id).await.unwrap().status(), Status::New);
        app.app.clock.advance(-365 * DAY);
        assert_eq!(watch.look(&app.app).await.unwrap(), Belief::Believed, "it was set right");
    }
}
