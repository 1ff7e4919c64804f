//! The leader: one of several collectors does what only one may do, and another one follows within seconds.

use sayso::db::leader::{Leader, TERM};
use sayso_tests::{Database, TestApp};

#[tokio::test]
async fn of_several_collectors_one_leads_and_another_one_follows_when_it_dies() {
    let app = TestApp::spawn(Database::Postgres).await;
    let db = &app.app.db;
    let (first, second) = (Leader::new(db), Leader::new(db));
    assert!(!first.leads() && !second.leads());
    let now = app.app.clock.now();
    assert!(first.campaign(db, now).await.unwrap());
    assert!(!second.campaign(db, now + TERM / 2).await.unwrap());
    assert!(first.campaign(db, now + TERM / 2).await.unwrap(), "the leader renews its lease");
    assert!(!second.campaign(db, now + TERM).await.unwrap());
    // Nothing is heard of the first one any more.
    assert!(second.campaign(db, now + TERM / 2 + TERM).await.unwrap());
    assert!(!first.campaign(db, now + TERM / 2 + TERM + 1).await.unwrap(), "it has been followed");
    assert!(!first.leads() && second.leads());
}

#[tokio::test]
async fn a_leader_that_stops_is_followed_at_once() {
    let app = TestApp::spawn(Database::Postgres).await;
    let db = &app.app.db;
    let (first, second) = (Leader::new(db), Leader::new(db));
    let now = app.app.clock.now();
    assert!(first.campaign(db, now).await.unwrap());
    first.resign(db).await.unwrap();
    assert!(!first.leads());
    assert!(second.campaign(db, now + 1).await.unwrap());
}

#[tokio::test]
async fn the_only_collector_on_sqlite_leads() {
    let app = TestApp::spawn(Database::Sqlite).await;
    let leader = Leader::new(&app.app.db);
    assert!(leader.leads() && leader.campaign(&app.app.db, 0).await.unwrap());
}
