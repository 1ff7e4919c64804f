//! Reports are made from facts that were gathered before, and are as exact as if every table had been read: after each change, on both databases.

use reqwest::StatusCode;
use sayso::clock::{DAY, HOUR, MINUTE, parse_rfc3339, rfc3339};
use sayso::jobs::run_due;
use sayso::reports::facts::{self, Sizes};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::report;
use super::reports::{complaint, import, post, rate, set_up, submit};
use crate::access::{Program, count};

/// Blocks of a few cases each, of all but the newest. Identifiers are made by the time of this machine, which may be long after that of the clock.
const SMALL: Sizes = Sizes { cases: 8, kept: 2, age: -36_500 * DAY, changed: 1_000 };

const REPORTS: [&str; 21] = [
    "overview",
    "overview?by=week",
    "overview?by=team&kind=complaint",
    "overview?by=member&from=2026-11-30&to=2026-12-01",
    "overview?by=category&team=none",
    "overview?channel=import&by=site&from=2026-11-02",
    "quality",
    "quality?by=category",
    "quality?category=delivery&by=day&from=2026-11-25",
    "causes",
    "causes?by=category&to=2026-11-20",
    "effort",
    "effort?by=kind&from=2026-11-30&to=2026-12-20",
    "effort?by=priority&member=none",
    "workload",
    "workload?from=2026-11-01&to=2026-11-29",
    "customers",
    "customers?by=week&from=2026-11-10",
    "satisfaction",
    "satisfaction?by=week&kind=question",
    "satisfaction?from=2026-11-30&to=2026-12-20&by=team",
];

async fn all(program: &Program<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    for path in REPORTS {
        all.push(report(program, path).await);
    }
    all
}

async fn run_sql(app: &TestApp, sql: &'static str) {
    sayso::with_write!(&app.app.db, pool => sqlx::query(sql).execute(pool).await.map(|_| ())).unwrap();
}

/// Fails where a report differs from what the tables say; blocks of a format that nobody knows are not read.
async fn check(app: &TestApp, program: &Program<'_>, after: &str) {
    let found = all(program).await;
    run_sql(app, "update report_blocks set format = format + 1000").await;
    let wanted = all(program).await;
    run_sql(app, "update report_blocks set format = format - 1000").await;
    for (path, (found, wanted)) in REPORTS.iter().zip(found.into_iter().zip(wanted)) {
        assert_eq!(found, wanted, "{path} after {after}");
    }
}

async fn keep(app: &TestApp, sizes: Sizes) -> usize {
    facts::keep(&app.app.db, sizes, app.app.clock.now(), |_| std::future::ready(())).await.unwrap()
}

fn rows(count: usize, from: &str) -> Vec<(&'static str, String)> {
    let start = parse_rfc3339(from).unwrap();
    let kinds = ["complaint", "question", "praise"];
    (0..count).map(|at| (kinds[at % 3], rfc3339(start + at as i64 * 11 * HOUR))).collect()
}

on_both_databases! {
    async fn reports_of_gathered_facts_are_those_of_the_tables(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        import(&app, rows(37, "2026-11-01T00:00:00Z").into_iter()).await;
        let mut cases = Vec::new();
        for feedback in [complaint("delivery"), complaint("delivery"), json!({"kind": "question", "message": "When?", "contact": {"email": "lin@example.com"}}), complaint("delivery"), complaint("delivery")] {
            cases.push(submit(&app, &program, feedback).await);
        }
        assert_eq!(keep(&app, SMALL).await, 5, "five blocks of eight of 42 cases");
        assert_eq!(keep(&app, SMALL).await, 0, "there is nothing to do any more");
        check(&app, &program, "gathering").await;

        let ids: Vec<&str> = cases.iter().map(|(id, _)| id.as_str()).collect();
        let old = report(&program, "overview").await["rows"][0]["received"].as_u64().unwrap();
        let imported: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from cases order by id limit 8").fetch_all(pool).await).unwrap();
        for (at, id) in imported.iter().map(String::as_str).chain(ids.iter().copied()).enumerate() {
            app.app.clock.advance(7 * MINUTE);
            match at % 4 {
                0 => post(&program, &format!("/{id}/assign"), json!({"owner": "mei@shop.example"})).await,
                1 => post(&program, &format!("/{id}/messages"), json!({"kind": "reply", "body": "We look into it."})).await,
                2 => {
                    let cost = json!({"amount": "2.50", "currency": "CNY"});
                    let body = json!({"status": "resolved", "outcome": "upheld", "remedy_cost": cost});
                    // Only complaints have an outcome.
                    let body = if at == 6 { body } else { json!({"status": "resolved"}) };
                    post(&program, &format!("/{id}/status"), body).await;
                }
                _ => {
                    let patch = json!({"team": "delivery", "problem": "P-7", "priority": "urgent"});
                    assert!(program.patch(id, &patch, None).await.status.is_success());
                }
            }
            run_due(&app.app).await.unwrap();
            check(&app, &program, &format!("change {at}")).await;
        }
        rate(&app, &cases[2].1, 2).await;
        check(&app, &program, "a rating").await;
        let again = app.client().post_json(&format!("/api/v1/feedback/{}/messages", cases[2].1), &json!({"body": "Not yet!"})).await;
        assert_eq!(again.status, StatusCode::CREATED, "{}", again.body);
        run_due(&app.app).await.unwrap();
        assert_eq!(report(&program, "effort?kind=question").await["rows"][0]["reopened"], 1);
        check(&app, &program, "reopening").await;
        post(&program, &format!("/{}/merge", imported[5]), json!({"into": imported[4]})).await;
        check(&app, &program, "merging").await;
        assert_eq!(report(&program, "overview").await["rows"][0]["received"], old - 1);
        assert!(count(&app, "report_changes").await >= 8, "old cases that changed are marked");

        assert!(keep(&app, Sizes { changed: 0, ..SMALL }).await >= 2);
        assert_eq!(count(&app, "report_changes").await, 0, "what changed is written");
        check(&app, &program, "gathering again").await;
    }

    async fn cases_that_come_in_between_are_counted_and_their_block_is_divided(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        import(&app, rows(20, "2026-11-01T00:00:00Z").into_iter()).await;
        assert_eq!(keep(&app, SMALL).await, 2);
        let more = parse_rfc3339("2026-11-02T03:00:00Z").unwrap();
        let between = (0..50).map(|at| ("complaint", rfc3339(more + at * MINUTE)));
        // Rows that are told apart by their identifiers, which the first import has used.
        let used = rows(20, "2026-11-01T00:00:00Z").into_iter();
        import(&app, used.chain(between)).await;
        assert_eq!(report(&program, "overview").await["rows"][0]["received"], 70);
        check(&app, &program, "an import in between").await;
        let mut rounds = 0;
        while keep(&app, Sizes { changed: 0, ..SMALL }).await > 0 {
            rounds += 1;
            check(&app, &program, "a division").await;
            assert!(rounds < 20, "it comes to an end");
        }
        assert!(count(&app, "report_blocks").await >= 4);
        assert_eq!(count(&app, "report_changes").await, 0);
        assert_eq!(report(&program, "overview").await["rows"][0]["received"], 70);
        // A case that is gone is counted nowhere, whether its block knows or not.
        run_sql(&app, "update cases set quarantine = 'discarded' where id = (select min(id) from cases)").await;
        assert_eq!(report(&program, "overview").await["rows"][0]["received"], 69);
        check(&app, &program, "a case that was held").await;
    }

    async fn facts_are_gathered_anew_by_command(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        import(&app, rows(30, "2026-11-01T00:00:00Z").into_iter()).await;
        keep(&app, SMALL).await;
        // Whatever went wrong with them.
        run_sql(&app, "update report_blocks set facts = null").await;
        check(&app, &program, "blocks that were lost").await;
        let rebuilt = app.command(&["reports", "rebuild"]).await;
        assert!(rebuilt.0 && rebuilt.1.contains("The facts of 0 cases are gathered"), "{}", rebuilt.1);
        assert_eq!(count(&app, "report_blocks").await, 0, "thirty cases are read as they are");
        let mut seen = Vec::new();
        let cases = facts::rebuild(&app.app.db, SMALL, app.app.clock.now(), |done, all| seen.push((done, all))).await.unwrap();
        assert_eq!((cases, seen), (24, vec![(8, 30), (16, 30), (24, 30)]));
        check(&app, &program, "gathering anew").await;
    }
}
