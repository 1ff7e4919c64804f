//! Planning: each event once, in order, and the search index with it.

use sayso::cases::search::{self, Search, SearchText};
use sayso::cases::staff::{self, Body, FollowUp};
use sayso::cases::{Actor, EventType, Status};
use sayso::sites::targets::Target;
use sayso::{db, outbox, with_db, with_write};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::cases::*;

async fn unplanned(app: &TestApp) -> i64 {
    let select = "select count(*) from events where planned_at = 0";
    with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let search = Search::newest(SearchText::of_words(query), 50);
    search::search(&app.app.db, &search).await.unwrap().ids
}

/// The sequence numbers of the events that the customer hears of.
async fn told_to_customer(app: &TestApp) -> Vec<i64> {
    let all = deliveries(app).await;
    all.iter().filter(|row| row.destination == outbox::CUSTOMER).map(|row| row.event_seq).collect()
}

on_both_databases! {
    async fn planning_again_changes_nothing(app: TestApp) {
        Target::add_email(&app.app.db, &app.site().await, "team@acme.example", &[], app.app.clock.now()).await.unwrap();
        submit(&app, json!({"kind": "complaint", "message": "晚了", "contact": {"email": "li@example.com"}})).await;
        assert_eq!(unplanned(&app).await, 1);
        assert_eq!(outbox::plan_all(&app.app).await.unwrap(), 1);
        assert_eq!(outbox::plan_all(&app.app).await.unwrap(), 0);
        let first: Vec<String> = deliveries(&app).await.into_iter().map(|row| row.id).collect();
        assert_eq!(first.len(), 2);
        // As if a crash had undone the mark: the unique constraint keeps what is there.
        let reset = "update events set planned_at = 0";
        with_write!(&app.app.db, pool => sqlx::query(reset).execute(pool).await.map(|_| ())).unwrap();
        assert_eq!(outbox::plan_all(&app.app).await.unwrap(), 1);
        let again: Vec<String> = deliveries(&app).await.into_iter().map(|row| row.id).collect();
        assert_eq!(first, again);
    }

    async fn planners_at_the_same_time_plan_each_event_once(app: TestApp) {
        Target::add_email(&app.app.db, &app.site().await, "team@acme.example", &[], app.app.clock.now()).await.unwrap();
        for _ in 0..130 {
            ask(&app).await;
        }
        let planners: Vec<_> = (0..4).map(|_| {
            let app = app.app.clone();
            tokio::spawn(async move { outbox::plan_all(&app).await.unwrap() })
        }).collect();
        let mut planned = 0;
        for planner in planners {
            planned += planner.await.unwrap();
        }
        assert_eq!((planned, unplanned(&app).await, deliveries(&app).await.len()), (130, 0, 130));
    }

    async fn the_customer_hears_of_each_thing_once(app: TestApp) {
        let lee = member(&app, "Lee").await;
        let case = submit(&app, json!({"kind": "complaint", "message": "晚了", "contact": {"email": "li@example.com"}})).await;
        reply(&app, &case, &lee, "Which order?", FollowUp::Wait).await;                       // 2 message, 3 status
        customer_writes(&app, &case, "A-17").await;                                      // 4 message, 5 status
        let agent = Actor::Member(lee.clone());
        staff::set_status(&app.app, &case.id, &agent, Status::Waiting).await.unwrap();   // 6 status
        staff::add_note(&app.app, &case.id, &lee, &Body::parse("vip").unwrap()).await.unwrap(); // 7 note
        reply(&app, &case, &lee, "Sorry. Here is a voucher.", resolved(&case)).await;     // 8 message, 9 resolved
        customer_rates(&app, &case, json!({"score": 1, "solved": false})).await;         // 10 rated, 11 reopened
        reply(&app, &case, &lee, "One moment.", FollowUp::GoOn).await;                        // 12 message
        outbox::plan_all(&app.app).await.unwrap();
        assert_eq!(told_to_customer(&app).await, [1, 2, 6, 9, 12]);
    }

    async fn the_team_hears_of_what_customers_do(app: TestApp) {
        Target::add_email(&app.app.db, &app.site().await, "team@acme.example", &[], app.app.clock.now()).await.unwrap();
        let notes = [EventType::Note];
        let boss = Target::add_email(&app.app.db, &app.site().await, "boss@acme.example", &notes, app.app.clock.now()).await.unwrap();
        let lee = member(&app, "Lee").await;
        let case = ask(&app).await;                                                      // 1 created
        reply(&app, &case, &lee, "We do.", resolved(&case)).await;                        // 2 message, 3 resolved
        customer_rates(&app, &case, json!({"score": 2})).await;                          // 4 rated
        customer_writes(&app, &case, "But when?").await;                                 // 5 message, 6 reopened
        staff::add_note(&app.app, &case.id, &lee, &Body::parse("vip").unwrap()).await.unwrap(); // 7 note
        outbox::plan_all(&app.app).await.unwrap();
        let all = deliveries(&app).await;
        let (to_boss, to_team): (Vec<_>, Vec<_>) = all.iter().partition(|row| row.destination == boss);
        assert_eq!(to_team.iter().map(|row| row.event_seq).collect::<Vec<_>>(), [1, 4, 5, 6]);
        assert_eq!(to_boss.iter().map(|row| row.event_seq).collect::<Vec<_>>(), [7]);
        assert!(told_to_customer(&app).await.is_empty(), "an anonymous customer has no address");
    }

    async fn all_that_was_said_is_found_but_never_who_said_it(app: TestApp) {
        let lee = member(&app, "Lee").await;
        let case = submit(&app, json!({
            "kind": "complaint", "message": "沙发送货迟到", "desired_outcome": "退运费", "reference": "SO-2291",
            "contact": {"name": "Zebulon", "email": "zebulon@example.com"}
        })).await;
        outbox::plan_all(&app.app).await.unwrap();
        for query in ["送货迟到", "运费", "2291"] {
            assert_eq!(found(&app, query).await, [case.id.as_str()], "{query}");
        }
        assert!(found(&app, "voucher").await.is_empty());
        reply(&app, &case, &lee, "Here is a voucher.", FollowUp::GoOn).await;
        staff::add_note(&app.app, &case.id, &lee, &Body::parse("driver was ill").unwrap()).await.unwrap();
        outbox::plan_all(&app.app).await.unwrap();
        for query in ["voucher", "driver", "迟到"] {
            assert_eq!(found(&app, query).await, [case.id.as_str()], "{query}");
        }
        assert!(found(&app, "zebulon").await.is_empty());
        assert_eq!(db::search::count(&app.app.db).await.unwrap(), 1);
    }
}
