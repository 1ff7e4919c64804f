//! What was answered survives SIGKILL, and what follows from it still happens.

use std::path::Path;

use reqwest::StatusCode;
use sayso_tests::process::{self, Served};
use sayso_tests::{Client, Database, TestApp, eventually};
use serde_json::json;

async fn survives(database: Database) {
    let data = tempfile::tempdir().unwrap();
    let url = database.make_durable().await.reveal().unwrap_or_default().to_owned();
    assert_waits_for_the_disk(data.path(), &url).await;
    sayso_tests::write_key(data.path());
    let add = ["site", "add", "acme", "--name", "Acme", "--origin", sayso_tests::TestApp::ORIGIN];
    assert!(process::run(data.path(), &url, &add).0);
    let target = process::run(data.path(), &url, &["target", "add", "--site", "acme", "--email", "team@acme.example"]);
    assert!(target.0, "{}", target.1);

    let mut codes = Vec::new();
    for round in 0..3 {
        let server = Served::start(data.path(), &url, &[]).await;
        let client = Client::new(&server.url);
        let feedback = json!({"kind": "complaint", "message": format!("第 {round} 次投诉"), "contact": {"email": "li@example.com"}});
        let answer = client.submit(feedback).await;
        server.kill().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        codes.push(answer.json()["code"].as_str().unwrap().to_owned());
    }

    let server = Served::start(data.path(), &url, &[]).await;
    let client = Client::new(&server.url);
    for code in &codes {
        let answer = client.get(&format!("/api/v1/feedback/{code}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    // Each case has a mail to the team and a receipt to the customer; a kill in between may repeat one, never lose one.
    eventually("all mails are written", || async { mails(data.path()) >= 2 * codes.len() }).await;
    server.kill().await;
}

/// A database that does not would survive as well, as long as the machine does.
async fn assert_waits_for_the_disk(data: &Path, url: &str) {
    let db = sayso::db::Db::connect(data, Some(url).filter(|url| !url.is_empty())).await.unwrap();
    assert_eq!(db.weaknesses().await.unwrap(), Vec::<String>::new());
    db.close().await;
}

fn mails(data: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(data.join("mail")) else { return 0 };
    entries.flatten().filter(|entry| entry.path().extension().is_some_and(|ending| ending == "eml")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_feedback_survives_sigkill_on_sqlite() {
    survives(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_feedback_survives_sigkill_on_postgres() {
    survives(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_moved_into_the_file_beside_the_writer() {
    let app = sayso_tests::TestApp::spawn(Database::Sqlite).await;
    let word = b"moved-beside-the-writer";
    let feedback = json!({"kind": "praise", "message": String::from_utf8_lossy(word)});
    assert_eq!(app.client().submit(feedback).await.status, StatusCode::CREATED);
    let is_in_file = || async {
        let file = std::fs::read(app.app.config.data.join("sayso.db")).unwrap();
        file.windows(word.len()).any(|part| part == word)
    };
    assert!(!is_in_file().await, "one submission is too little to move the log for");
    let mut checkpoints = sayso::db::Checkpoints::start(&app.app.db);
    checkpoints.wrote(1);
    checkpoints.wrote(1_000);
    eventually("it is moved after many", is_in_file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_opened_for_durability_and_by_one_server() {
    let app = sayso_tests::TestApp::spawn(Database::Sqlite).await;
    let sayso::db::Db::Sqlite(pools) = &app.app.db else { panic!("it is SQLite") };
    let synchronous: i64 = sqlx::query_scalar("pragma synchronous").fetch_one(&pools.write).await.unwrap();
    let journal: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&pools.write).await.unwrap();
    assert_eq!((synchronous, journal.as_str()), (2, "wal"), "FULL is 2");

    let data = tempfile::tempdir().unwrap();
    let first = Served::start(data.path(), "", &[]).await;
    let (done, said) = process::run(data.path(), "", &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!done && said.contains("another sayso already serves"), "{said}");
    // Nor from a data folder of its own.
    let elsewhere = tempfile::tempdir().unwrap();
    let same = format!("sqlite://{}", data.path().join("sayso.db").display());
    let (done, said) = process::run(elsewhere.path(), &same, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!done && said.contains("another sayso already serves"), "{said}");
    assert!(
        process::run(data.path(), "", &["site", "add", "shop", "--name", "Shop", "--origin", "https://shop.example"]).0
    );
    let seen = || async { Client::new(&first.url).get("/api/v1/sites/shop").await.status == StatusCode::OK };
    eventually("the server sees the new site", seen).await;
    first.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sqlite_rolled_back_by_itself_does_not_spoil_later_writes() {
    let app = sayso_tests::TestApp::spawn(Database::Sqlite).await;
    // As a full disk does, this ends the transaction behind the back of the pool; more often than the pool has connections.
    let ends_it = "insert or rollback into meta (name, value) select name, value from meta";
    for _ in 0..20 {
        let mut tx = app.app.db.begin().await.unwrap();
        assert!(sayso::with_tx!(&mut tx, conn => sqlx::query(ends_it).execute(conn).await.map(|_| ())).is_err());
    }
    let answer = app.client().submit(json!({"kind": "praise", "message": "又有空间了"})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_read_the_database() {
    use std::os::unix::fs::PermissionsExt;
    // Even where somebody else made the folder, and left it open.
    let data = tempfile::tempdir().unwrap();
    std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = Served::start(data.path(), "", &[]).await;
    for name in ["sayso.db", "sayso.db-wal", "sayso.db-shm"] {
        let mode = std::fs::metadata(data.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_needs_the_master_key() {
    let data = tempfile::tempdir().unwrap();
    let url = Database::Postgres.make().await.reveal().unwrap().to_owned();
    let (done, said) = process::run(data.path(), &url, &["migrate"]);
    assert!(!done && said.contains("SAYSO_MASTER_KEY"), "{said}");
    sayso_tests::write_key(data.path());
    assert!(process::run(data.path(), &url, &["migrate"]).0);
    std::fs::write(data.path().join(sayso::keys::KEY_FILE), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let (done, said) = process::run(data.path(), &url, &["migrate"]);
    assert!(!done && said.contains("not the one"), "{said}");
}

/// A disk that refuses; here the log is not the database's any more, which is noticed in the same place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_on_the_disk_is_never_answered() {
    let app = TestApp::spawn(Database::Sqlite).await;
    let client = app.client();
    let feedback = json!({"kind": "complaint", "message": "Late"});
    assert_eq!(client.submit(feedback.clone()).await.status, StatusCode::CREATED);
    let log = app.data.path().join("sayso.db-wal");
    std::fs::rename(&log, app.data.path().join("moved")).unwrap();
    std::fs::File::create(&log).unwrap();
    let key = uuid::Uuid::new_v4().to_string();
    let refused = client.submit_with_key(feedback.clone(), &key).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.body);
    let again = client.submit_with_key(feedback, &key).await;
    assert_ne!(again.status, StatusCode::CREATED, "it was committed, and nobody knows whether it is on the disk");
    eventually("nothing more is taken", || async { !app.app.intake.is_open() }).await;
}

/// The locks that this process has on a file, as the kernel lists them.
#[cfg(target_os = "linux")]
fn own_locks(file: &std::path::Path) -> usize {
    use std::os::unix::fs::MetadataExt as _;

    let inode = format!(":{} ", std::fs::metadata(file).unwrap().ino());
    let own = format!(" {} ", std::process::id());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    locks.lines().filter(|line| line.contains(&own) && line.contains(&inode)).count()
}

/// Whoever closes a file gives up all locks that their process has on it (POSIX), and SQLite takes the log away from under whom holds none.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_self_check_of_a_server_leaves_it_the_locks_on_its_database() {
    let app = TestApp::spawn(Database::Sqlite).await;
    let file = app.data.path().join("sayso.db");
    let before = own_locks(&file);
    assert!(before > 0, "a server locks its database");
    sayso::doctor::problems(&app.app.config).await;
    assert_eq!(own_locks(&file), before);
}
