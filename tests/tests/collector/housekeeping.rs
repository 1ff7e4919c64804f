//! What has had its time is forgotten or closed, and nothing else.

use sayso::cases::staff::{self, Resolution};
use sayso::cases::{Actor, Case, Status};
use sayso::clock::{DAY, HOUR};
use sayso::{housekeeping, with_db, with_write};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

/// Cases that are known by their idempotency key.
const KEYED: &str = "cases where submission_key is not null";

async fn ask(app: &TestApp) -> String {
    let answer = app.client().submit(json!({"kind": "question", "message": "Do you deliver on Sundays?"})).await;
    Case::by_code(&app.app, answer.json()["code"].as_str().unwrap()).await.unwrap().id
}

async fn resolve(app: &TestApp, id: &str) {
    staff::resolve(&app.app, id, &Actor::System, Resolution::default()).await.unwrap();
}

async fn status(app: &TestApp, id: &str) -> Status {
    Case::by_id(&app.app, id).await.unwrap().status()
}

async fn rows(app: &TestApp, table: &str) -> i64 {
    let select = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
    with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

on_both_databases! {
    async fn resolved_cases_close_after_their_time(app: TestApp) {
        let (early, late, open) = (ask(&app).await, ask(&app).await, ask(&app).await);
        resolve(&app, &early).await;
        app.app.clock.advance(DAY);
        resolve(&app, &late).await;
        app.app.clock.advance(13 * DAY);
        let round = housekeeping::clean_up(&app.app).await.unwrap();
        assert_eq!(round.closed, 1);
        let statuses = [status(&app, &early).await, status(&app, &late).await, status(&app, &open).await];
        assert_eq!(statuses, [Status::Closed, Status::Resolved, Status::New]);
        let events = "select type from events where case_id = $1 order by seq";
        let events: Vec<String> = with_db!(&app.app.db, pool => sqlx::query_scalar(events).bind(&early).fetch_all(pool).await).unwrap();
        assert_eq!(events, ["case.created", "case.resolved", "case.closed"]);
        assert_eq!(housekeeping::clean_up(&app.app).await.unwrap().closed, 0);
    }

    async fn many_cases_close_in_batches(app: TestApp) {
        for _ in 0..105 {
            let id = ask(&app).await;
            resolve(&app, &id).await;
        }
        app.app.clock.advance(15 * DAY);
        assert_eq!(housekeeping::clean_up(&app.app).await.unwrap().closed, 105);
    }

    async fn keys_sessions_and_links_are_forgotten_after_their_time(app: TestApp) {
        ask(&app).await;
        let now = app.app.clock.now();
        for (id, expires_at) in [("a", now + HOUR), ("b", now + 30 * DAY)] {
            let session = "insert into sessions (id, data, expires_at) values ($1, '{}', $2)";
            with_write!(&app.app.db, pool => sqlx::query(session).bind(id).bind(expires_at).execute(pool).await.map(|_| ())).unwrap();
            let link = "insert into links (token_hash, purpose, expires_at) values ($1, 'setup', $2)";
            with_write!(&app.app.db, pool => sqlx::query(link).bind(id).bind(expires_at).execute(pool).await.map(|_| ())).unwrap();
        }
        assert_eq!(housekeeping::clean_up(&app.app).await.unwrap().forgotten, 0);
        app.app.clock.advance(2 * HOUR);
        assert_eq!(housekeeping::clean_up(&app.app).await.unwrap().forgotten, 2);
        assert_eq!((rows(&app, "sessions").await, rows(&app, "links").await, rows(&app, KEYED).await), (1, 1, 1));
        app.app.clock.advance(7 * DAY);
        assert_eq!(housekeeping::clean_up(&app.app).await.unwrap().forgotten, 1);
        assert_eq!((rows(&app, KEYED).await, rows(&app, "cases").await), (0, 1));
        assert_eq!(housekeeping::clean_up(&app.app).await.unwrap().forgotten, 0, "the next round goes on where this one ended");
    }
}
