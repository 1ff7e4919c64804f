//! Leases: what one process sends no other sends, and a crash loses nothing.

use std::sync::Arc;

use sayso::outbox;
use sayso_tests::{Database, Options, TestApp, WebhookReceiver, eventually, on_both_databases};

use super::cases::*;
use super::webhooks::with_webhook;

on_both_databases! {
    async fn a_crash_while_sending_only_delays(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        ask(&app).await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        let lease = outbox::lease(&app.app.config);
        // A process claims the delivery, and is never heard of again.
        let claimed = outbox::claim(&app.app.db, app.app.clock.now(), lease, 8).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(work(&app).await, 0, "the lease holds");
        app.app.clock.advance(lease + 1);
        assert_eq!(work(&app).await, 1);
        let row = delivery(&app).await;
        assert_eq!((row.id == claimed[0].id, row.state.as_str(), row.attempts), (true, "sent", 2));
        assert_eq!(receiver.received().len(), 1);
    }

    async fn what_was_being_sent_at_a_crash_goes_out_after_the_restart(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        ask(&app).await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        let lease = outbox::lease(&app.app.config);
        outbox::claim(&app.app.db, app.app.clock.now(), lease, 8).await.unwrap();
        let running = tokio::spawn(outbox::run(app.app.clone()));
        if database == Database::Postgres {
            // Another process may be sending it, so the lease must run out. SQLite takes one server, and that one is gone.
            app.app.clock.advance(lease + 1);
        }
        eventually("it is sent", || async { receiver.received().len() == 1 }).await;
        app.app.shutdown.cancel();
        running.await.unwrap().unwrap();
    }

    async fn a_lease_that_was_given_back_leaves_no_trace(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        ask(&app).await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        let claimed = outbox::claim(&app.app.db, app.app.clock.now(), outbox::lease(&app.app.config), 8).await.unwrap();
        outbox::release_lease(&app.app.db, &claimed[0]).await.unwrap();
        assert_eq!(work(&app).await, 1);
        let row = delivery(&app).await;
        assert_eq!((row.state.as_str(), row.attempts), ("sent", 1));
    }

    async fn workers_never_claim_the_same(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        for _ in 0..60 {
            ask(&app).await;
        }
        sayso::jobs::run_due(&app.app).await.unwrap();
        let workers: Vec<_> = (0..4).map(|_| {
            let app = app.app.clone();
            tokio::spawn(async move {
                let mut ids = Vec::new();
                loop {
                    let claimed = outbox::claim(&app.db, app.clock.now(), outbox::lease(&app.config), 3).await.unwrap();
                    if claimed.is_empty() {
                        return ids;
                    }
                    ids.extend(claimed.into_iter().map(|delivery| delivery.id));
                }
            })
        }).collect();
        let mut ids = Vec::new();
        for worker in workers {
            ids.extend(worker.await.unwrap());
        }
        // A claim that lost a race for all of its rows comes back empty, so a few may be left for the next look.
        ids.extend(outbox::claim(&app.app.db, app.app.clock.now(), 1_000_000, 60).await.unwrap().into_iter().map(|delivery| delivery.id));
        ids.sort();
        let claims = ids.len();
        ids.dedup();
        assert_eq!((claims, ids.len()), (60, 60));
    }

    async fn two_senders_send_each_once(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let (app, _) = with_webhook(database, &receiver).await;
        receiver.hold();
        for _ in 0..8 {
            ask(&app).await;
        }
        sayso::jobs::run_due(&app.app).await.unwrap();
        let app = Arc::new(app);
        let senders: Vec<_> = (0..2).map(|_| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { outbox::deliver_due(&app.app).await.unwrap() })
        }).collect();
        // All of them are under way at the same time, and no answer has been given yet.
        receiver.wait_for(8).await;
        receiver.release();
        let mut attempts = 0;
        for sender in senders {
            attempts += sender.await.unwrap();
        }
        let mut ids: Vec<String> = receiver.received().iter().map(|r| r.header("webhook-id").to_owned()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((attempts, ids.len(), receiver.received().len()), (8, 8, 8));
    }

    async fn a_graceful_stop_ends_what_is_under_way(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let settings = Box::new(|config: &mut sayso::Config| {
            config.dangerous_allow_private_targets = true;
            config.outbox.concurrency = 1;
        });
        let app = TestApp::spawn_with(database, Options { settings, ..Options::default() }).await;
        let (db, keys) = (&app.app.db, &app.app.keys);
        sayso::sites::targets::Target::add_webhook(db, keys, &app.site().await, &receiver.url, &[], &sayso::audit::Stamp::command(0)).await.unwrap();
        receiver.hold();
        let running = tokio::spawn(outbox::run(app.app.clone()));
        ask(&app).await;
        ask(&app).await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        receiver.wait_for(1).await;
        app.app.shutdown.cancel();
        receiver.release();
        running.await.unwrap().unwrap();
        let mut rows = deliveries(&app).await;
        rows.sort_by_key(|row| row.state.clone());
        let states: Vec<(&str, i64)> = rows.iter().map(|row| (row.state.as_str(), row.attempts)).collect();
        let expected: &[(&str, i64)] = if rows.len() == 2 { &[("pending", 0), ("sent", 1)] } else { &[("sent", 1)] };
        assert_eq!(states, expected);
    }

    async fn the_running_outbox_is_woken_by_a_submission(database: Database) {
        let receiver = WebhookReceiver::start().await;
        let app = TestApp::spawn_working(database, |config| config.dangerous_allow_private_targets = true).await;
        let (db, keys) = (&app.app.db, &app.app.keys);
        let added = sayso::sites::targets::Target::add_webhook(db, keys, &app.site().await, &receiver.url, &[], &sayso::audit::Stamp::command(0)).await;
        let (_, secret) = added.unwrap();
        ask(&app).await;
        let received = receiver.wait_for(1).await.remove(0);
        received.verify(&secret).unwrap();
        app.stop().await;
    }
}
