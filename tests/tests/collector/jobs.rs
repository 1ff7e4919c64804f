//! Jobs: each is done, one that can't be done stops no other, and events have one order.

use sayso::db::jobs::{self as queue, AfterFailure, Job, Kind, NewJob};
use sayso::jobs::{dispatch, run_due};
use sayso::{Db, with_db, with_write};
use sayso_tests::{Database, TestApp, on_both_databases};
use serde_json::json;

use crate::outbox::cases::*;

const KIND: Kind = Kind::Forward;

async fn enqueue(app: &TestApp, jobs: &[NewJob]) {
    let mut tx = app.app.db.begin().await.unwrap();
    queue::enqueue(&mut tx, KIND, jobs, app.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn complete(app: &TestApp, jobs: &[Job]) {
    let mut tx = app.app.db.begin().await.unwrap();
    queue::complete(&mut tx, KIND, jobs).await.unwrap();
    tx.commit().await.unwrap();
}

async fn claim(app: &TestApp) -> Vec<Job> {
    queue::claim(&app.app.db, KIND, app.app.clock.now(), 10).await.unwrap()
}

fn job(key: &str, due_at: i64) -> NewJob {
    NewJob { key: key.into(), payload: "1".into(), due_at }
}

/// Makes every delivery of a case impossible to store.
async fn poison(app: &TestApp, case_id: &str) {
    let forbid = match &app.app.db {
        Db::Sqlite(_) => format!(
            "create trigger poison before insert on deliveries when new.order_key = '{case_id}' begin select raise(abort, 'poison'); end"
        ),
        Db::Postgres(_) => format!("alter table deliveries add constraint poison check (order_key <> '{case_id}')"),
    };
    with_write!(&app.app.db, pool => sqlx::query(sqlx::AssertSqlSafe(forbid)).execute(pool).await.map(|_| ())).unwrap();
}

async fn positions(db: &Db) -> Vec<(i64, String, i64)> {
    let select = "select position, case_id, seq from events order by position";
    with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await).unwrap()
}

on_both_databases! {
    async fn a_job_is_done_when_it_is_due_and_by_one_at_a_time(app: TestApp) {
        let now = app.app.clock.now();
        enqueue(&app, &[job("now", now), job("later", now + 5_000)]).await;
        let claimed = claim(&app).await;
        assert_eq!(claimed.iter().map(|job| job.key.as_str()).collect::<Vec<_>>(), ["now"]);
        assert!(claim(&app).await.is_empty(), "the lease holds");
        complete(&app, &claimed).await;
        app.app.clock.advance(5_000);
        assert_eq!(claim(&app).await.len(), 1);
        app.app.clock.advance(queue::LEASE + 1);
        assert_eq!(claim(&app).await[0].attempts, 2, "whoever had it has died");
    }

    async fn a_job_that_is_asked_for_while_it_is_done_is_done_again(app: TestApp) {
        let now = app.app.clock.now();
        enqueue(&app, &[job("a", now)]).await;
        let first = claim(&app).await;
        enqueue(&app, &[NewJob { payload: "7".into(), ..job("a", now + 60_000) }]).await;
        complete(&app, &first).await;
        let again = claim(&app).await;
        assert_eq!((again.len(), again[0].payload.as_str()), (1, "1"), "it is due at once, from where it was to begin");
        complete(&app, &again).await;
        assert!(queue::counts(&app.app.db).await.unwrap().is_empty());
    }

    async fn a_job_that_fails_is_given_up_and_begins_anew_when_it_is_asked_for(app: TestApp) {
        enqueue(&app, &[job("a", app.app.clock.now())]).await;
        let mut attempts = 0;
        loop {
            let claimed = claim(&app).await;
            attempts += 1;
            match queue::fail(&app.app.db, KIND, &claimed[0], "broken", app.app.clock.now()).await.unwrap() {
                AfterFailure::Retried => assert!(claim(&app).await.is_empty(), "not at once"),
                AfterFailure::GivenUp => break,
            }
            app.app.clock.advance(60 * 60 * 1_000);
        }
        assert_eq!(attempts, 7);
        let counts = queue::counts(&app.app.db).await.unwrap();
        assert_eq!((counts[0].waiting, counts[0].failed), (0, 1));
        assert_eq!(queue::failed(&app.app.db, KIND, 5).await.unwrap(), [("a".to_owned(), Some("broken".to_owned()))]);
        app.app.clock.advance(24 * 60 * 60 * 1_000);
        assert!(claim(&app).await.is_empty());
        assert_eq!(queue::retry_failed(&app.app.db, KIND, app.app.clock.now()).await.unwrap(), 1);
        assert_eq!(claim(&app).await[0].attempts, 1);
    }

    async fn a_case_that_cannot_be_forwarded_stops_no_other(app: TestApp) {
        let bad = submit(&app, json!({"kind": "question", "message": "a", "contact": {"email": "a@example.com"}})).await;
        poison(&app, &bad.id).await;
        let mut good = Vec::new();
        for n in 0..3 {
            let contact = json!({"email": format!("b{n}@example.com")});
            good.push(submit(&app, json!({"kind": "question", "message": "b", "contact": contact})).await.id);
        }
        run_due(&app.app).await.unwrap();
        let told: Vec<String> = deliveries(&app).await.into_iter().map(|row| row.order_key).collect();
        assert_eq!(told, good);
        for _ in 0..8 {
            app.app.clock.advance(60 * 60 * 1_000);
            run_due(&app.app).await.unwrap();
        }
        let counts = queue::counts(&app.app.db).await.unwrap();
        let failed: Vec<(&str, i64)> = counts.iter().filter(|count| count.failed > 0).map(|count| (count.kind.as_str(), count.failed)).collect();
        assert_eq!(failed, [(KIND.as_str(), 1)]);
        let failed = queue::failed(&app.app.db, KIND, 5).await.unwrap();
        assert!(failed[0].0 == bad.id && failed[0].1.as_deref().is_some_and(|error| error.contains("poison")), "{failed:?}");
        // The next event of another case is forwarded as ever.
        let later = submit(&app, json!({"kind": "question", "message": "c", "contact": {"email": "c@example.com"}})).await;
        run_due(&app.app).await.unwrap();
        assert!(deliveries(&app).await.iter().any(|row| row.order_key == later.id));
    }

    async fn a_job_whose_case_is_gone_is_done(app: TestApp) {
        enqueue(&app, &[job("no such case", app.app.clock.now())]).await;
        run_due(&app.app).await.unwrap();
        assert!(queue::counts(&app.app.db).await.unwrap().is_empty());
    }

    async fn events_get_positions_and_cases_get_numbers_without_gaps_whoever_dispatches(app: TestApp) {
        let lee = member(&app, "Lee").await;
        let mut cases = Vec::new();
        for _ in 0..40 {
            let case = ask(&app).await;
            reply(&app, &case, &lee, "Yes.", resolved(&case)).await;
            cases.push(case.id);
        }
        let dispatchers: Vec<_> = (0..4).map(|_| {
            let app = app.app.clone();
            tokio::spawn(async move { dispatch(&app).await.unwrap() })
        }).collect();
        let mut dispatched = 0;
        for dispatcher in dispatchers {
            dispatched += dispatcher.await.unwrap();
        }
        let placed = positions(&app.app.db).await;
        assert_eq!(dispatched, placed.len());
        assert!(placed.iter().map(|(position, _, _)| *position).eq(1..=i64::try_from(placed.len()).unwrap()));
        for case in &cases {
            let seqs: Vec<i64> = placed.iter().filter(|(_, case_id, _)| case_id == case).map(|(_, _, seq)| *seq).collect();
            assert_eq!(seqs, [1, 2, 3, 4]);
        }
        let select = "select number from case_numbers order by number";
        let numbers: Vec<i64> = with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        assert!(numbers.into_iter().eq(1..=40));
    }
}

/// Identifiers are not the order of commits: what commits later than its neighbours is not passed over by whoever reads by position.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_by_position_misses_nothing_that_commits_late() {
    let app = TestApp::spawn(Database::Postgres).await;
    let (early, late) = (ask(&app).await, ask(&app).await);
    run_due(&app.app).await.unwrap();
    let insert = "insert into events (id, case_id, seq, type, actor, data, created_at) values ($1, $2, 2, 'case.note', 'system', '{}', 0)";
    let mut tx = app.app.db.begin().await.unwrap();
    sayso::with_tx!(&mut tx, conn => sqlx::query(insert).bind(sayso::keys::new_id()).bind(&early.id).execute(conn).await.map(|_| ())).unwrap();
    with_write!(&app.app.db, pool => sqlx::query(insert).bind(sayso::keys::new_id()).bind(&late.id).execute(pool).await.map(|_| ())).unwrap();
    assert_eq!(dispatch(&app.app).await.unwrap(), 1);
    let read_up_to = positions(&app.app.db).await.iter().map(|(position, _, _)| *position).max().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(dispatch(&app.app).await.unwrap(), 1);
    let after: Vec<_> =
        positions(&app.app.db).await.into_iter().filter(|(position, _, _)| *position > read_up_to).collect();
    assert_eq!(after, [(read_up_to + 1, early.id, 2)]);
}
