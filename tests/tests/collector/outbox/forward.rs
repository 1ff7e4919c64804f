//! Forwarding: what is told to whom, each thing once and in order, and the search index beside it.

use sayso::audit::Stamp;
use sayso::cases::search::{self, Search, SearchText};
use sayso::cases::staff::{self, Body, FollowUp};
use sayso::cases::{Actor, EventType, Status};
use sayso::db::jobs::{self as queue, Kind, NewJob};
use sayso::jobs::run_due;
use sayso::sites::targets::{self, Target};
use sayso::{db, outbox, with_db, with_write};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::cases::*;

async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let search = Search::newest(SearchText::of_words(query), 50);
    search::search(&app.app.db, &search).await.unwrap().ids
}

/// The sequence numbers of the events that the customer hears of.
async fn told_to_customer(app: &TestApp) -> Vec<i64> {
    let all = deliveries(app).await;
    all.iter().filter(|row| row.destination == outbox::CUSTOMER).map(|row| row.order_no).collect()
}

on_both_databases! {
    async fn forwarding_again_changes_nothing(app: TestApp) {
        let stamp = Stamp::command(app.app.clock.now());
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &stamp).await.unwrap();
        let case = submit(&app, json!({"kind": "complaint", "message": "晚了", "contact": {"email": "li@example.com"}})).await;
        run_due(&app.app).await.unwrap();
        let first: Vec<String> = deliveries(&app).await.into_iter().map(|row| row.id).collect();
        assert_eq!(first.len(), 2);
        // As if a crash had left the job undone: the unique constraint keeps what is there.
        let mut tx = app.app.db.begin().await.unwrap();
        let job = NewJob { key: case.id, payload: "1".into(), due_at: 0 };
        queue::enqueue(&mut tx, Kind::Forward, &[job], 0).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(run_due(&app.app).await.unwrap(), 1);
        let again: Vec<String> = deliveries(&app).await.into_iter().map(|row| row.id).collect();
        assert_eq!(first, again);
    }

    async fn collectors_at_the_same_time_forward_each_event_once(app: TestApp) {
        let stamp = Stamp::command(app.app.clock.now());
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &stamp).await.unwrap();
        for _ in 0..130 {
            ask(&app).await;
        }
        let working: Vec<_> = (0..4).map(|_| {
            let app = app.app.clone();
            tokio::spawn(async move { run_due(&app).await.unwrap() })
        }).collect();
        for work in working {
            work.await.unwrap();
        }
        // Another one may have held the last lease when the others looked.
        run_due(&app.app).await.unwrap();
        let counts = queue::counts(&app.app.db).await.unwrap();
        assert!(counts.iter().all(|count| count.kind == "clock"), "but for what is due later: {counts:?}");
        let of_cases = deliveries(&app).await.into_iter().filter(|row| uuid::Uuid::parse_str(&row.order_key).is_ok()).count();
        assert_eq!(of_cases, 130);
    }

    async fn a_target_that_cannot_be_used_keeps_no_other_from_hearing(app: TestApp) {
        let stamp = Stamp::command(app.app.clock.now());
        for address in ["one@acme.example", "two@acme.example", "three@acme.example"] {
            Target::add_email(&app.app.db, &app.app.keys, &app.site().await, address, &[], &stamp).await.unwrap();
        }
        let targets = Target::list(&app.app.db, None).await.unwrap();
        for (change, target) in [("channel = 'pigeon'", &targets[0]), ("access_cipher = 'x'", &targets[1])] {
            let update = sqlx::AssertSqlSafe(format!("update targets set {change} where id = $1"));
            with_write!(&app.app.db, pool => sqlx::query(update).bind(&target.id).execute(pool).await.map(|_| ())).unwrap();
        }
        ask(&app).await;
        work(&app).await;
        let mut told: Vec<(String, String)> = deliveries(&app).await.into_iter().map(|row| (row.destination, row.state)).collect();
        told.sort();
        let expected = [(&targets[0].id, "pending"), (&targets[1].id, "pending"), (&targets[2].id, "sent")];
        let mut expected = expected.map(|(id, state)| (id.clone(), state.to_owned())).to_vec();
        expected.sort();
        assert_eq!(told, expected, "what the others should hear waits until they can be used");
    }

    async fn targets_of_an_older_version_are_encrypted_once(app: TestApp) {
        let (keys, site) = (&app.app.keys, app.site().await);
        let insert = "insert into targets (id, site_id, channel, address, secret_cipher, events, created_at) values ($1, $2, 'webhook', $3, $4, '[]', 0)";
        let secret = keys.encrypt("targets/a/secret", b"whsec_b2xk");
        for (id, secret) in [("a", secret.as_str()), ("b", "1.unknown.key")] {
            with_write!(&app.app.db, pool => sqlx::query(insert).bind(id).bind(site.id()).bind("https://hooks.acme.example/a")
                .bind(secret).execute(pool).await.map(|_| ())).unwrap();
        }
        let mut after = String::new();
        while let Some(next) = targets::seal_batch(&app.app.db, keys, &after).await.unwrap() {
            after = next;
        }
        let access = Target::by_id(&app.app.db, "a").await.unwrap().unwrap().access(keys).unwrap();
        assert_eq!((access.address.as_str(), access.secret.as_deref()), ("https://hooks.acme.example/a", Some("whsec_b2xk")));
        let select = "select address, secret_cipher from targets order by id";
        let rows: Vec<(String, Option<String>)> = with_db!(&app.app.db, pool => sqlx::query_as(select).fetch_all(pool).await).unwrap();
        assert_eq!(rows[0], (String::new(), None), "nothing is left in the clear");
        assert_eq!(rows[1].1.as_deref(), Some("1.unknown.key"), "what can't be decrypted is kept for its key");
    }

    async fn the_customer_hears_of_each_thing_once(app: TestApp) {
        let lee = member(&app, "Lee").await;
        let case = submit(&app, json!({"kind": "complaint", "message": "晚了", "contact": {"email": "li@example.com"}})).await;
        reply(&app, &case, &lee, "Which order?", FollowUp::Wait).await;                       // 2 message, 3 assigned, 4 status
        customer_writes(&app, &case, "A-17").await;                                      // 5 message, 6 status
        let agent = Actor::Member(lee.clone());
        staff::set_status(&app.app, &case.id, &agent, Status::Waiting).await.unwrap();   // 7 status
        staff::add_note(&app.app, &case.id, &lee, &Body::parse("vip").unwrap()).await.unwrap(); // 8 note
        reply(&app, &case, &lee, "Sorry. Here is a voucher.", resolved(&case)).await;     // 9 message, 10 resolved
        customer_rates(&app, &case, json!({"score": 1, "solved": false})).await;         // 11 rated, 12 reopened
        reply(&app, &case, &lee, "One moment.", FollowUp::InProgress).await;                        // 13 message
        run_due(&app.app).await.unwrap();
        assert_eq!(told_to_customer(&app).await, [1, 2, 7, 10, 13]);
    }

    async fn the_team_hears_of_what_customers_do(app: TestApp) {
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let notes = [EventType::Note];
        let boss = Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "boss@acme.example", &notes, &sayso::audit::Stamp::command(app.app.clock.now())).await.unwrap();
        let lee = member(&app, "Lee").await;
        let case = ask(&app).await;                                                      // 1 created
        reply(&app, &case, &lee, "We do.", resolved(&case)).await;                        // 2 message, 3 assigned, 4 resolved
        customer_rates(&app, &case, json!({"score": 2})).await;                          // 5 rated
        customer_writes(&app, &case, "But when?").await;                                 // 6 message, 7 reopened
        staff::add_note(&app.app, &case.id, &lee, &Body::parse("vip").unwrap()).await.unwrap(); // 8 note
        run_due(&app.app).await.unwrap();
        let all = deliveries(&app).await;
        let (to_boss, to_team): (Vec<_>, Vec<_>) = all.iter().partition(|row| row.destination == boss);
        assert_eq!(to_team.iter().map(|row| row.order_no).collect::<Vec<_>>(), [1, 5, 6, 7]);
        assert_eq!(to_boss.iter().map(|row| row.order_no).collect::<Vec<_>>(), [8]);
        assert!(told_to_customer(&app).await.is_empty(), "an anonymous customer has no address");
    }

    async fn all_that_was_said_is_found_but_never_who_said_it(app: TestApp) {
        let lee = member(&app, "Lee").await;
        let case = submit(&app, json!({
            "kind": "complaint", "message": "沙发送货迟到", "desired_outcome": "退运费", "reference": "SO-2291",
            "contact": {"name": "Zebulon", "email": "zebulon@example.com"}
        })).await;
        run_due(&app.app).await.unwrap();
        for query in ["送货迟到", "运费", "2291"] {
            assert_eq!(found(&app, query).await, [case.id.as_str()], "{query}");
        }
        assert!(found(&app, "voucher").await.is_empty());
        reply(&app, &case, &lee, "Here is a voucher.", FollowUp::InProgress).await;
        staff::add_note(&app.app, &case.id, &lee, &Body::parse("driver was ill").unwrap()).await.unwrap();
        run_due(&app.app).await.unwrap();
        for query in ["voucher", "driver", "迟到"] {
            assert_eq!(found(&app, query).await, [case.id.as_str()], "{query}");
        }
        assert!(found(&app, "zebulon").await.is_empty());
        assert_eq!(db::search::count(&app.app.db).await.unwrap(), 1);
    }
}
