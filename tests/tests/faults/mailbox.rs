//! SIGKILL while mails are read from a mailbox.

use std::collections::BTreeSet;

use sayso::db::Db;
use sayso::with_db;
use sayso_tests::process::{Served, lasting_port};
use sayso_tests::{Database, ImapServer, Round, eventually};

use crate::chance::Chance;
use crate::load::message;
use crate::stage::Stage;

/// How many mails come in before each kill.
const MAILS: usize = 12;

/// A new mail, whose text nobody else writes.
fn mail(key: &str) -> Vec<u8> {
    let text = message(key);
    format!("From: {text}@example.com\r\nTo: care@acme.example\r\nSubject: Late\r\nMessage-ID: <{key}@example.com>\r\n\r\n{text}\r\n")
        .into_bytes()
}

/// What the cases say that came of mails.
async fn read(db: &Db) -> Vec<String> {
    with_db!(db, pool => sqlx::query_scalar("select message from feedback order by message").fetch_all(pool).await)
        .unwrap()
}

/// The settings of a server that reads the mailbox at `address`.
fn settings_for(address: &str) -> Vec<(&str, &str)> {
    let own = [
        ("SAYSO_IMAP__CARE__URL", address),
        ("SAYSO_IMAP__CARE__USER", "care"),
        ("SAYSO_IMAP__CARE__PASSWORD", ImapServer::PASSWORD),
        ("SAYSO_IMAP__CARE__SITE", "acme"),
    ];
    Stage::SETTINGS.into_iter().chain(own).collect()
}

async fn each_mail_is_on_one_case(database: Database) {
    let mut chance = Chance::new();
    let stage = Stage::new(database).await;
    let mailbox = ImapServer::start().await;
    let address = mailbox.url();
    let settings = settings_for(&address);
    let port = lasting_port();
    let serve = || Served::start_on(port, stage.data.path(), &stage.url, &settings);
    let db = stage.open().await;
    let mut delivered = BTreeSet::new();
    for _ in 0..Round::of_this_run().pick(3, 20) {
        let server = serve().await;
        let before = read(&db).await.len();
        for _ in 0..MAILS {
            let key = uuid::Uuid::new_v4().to_string();
            mailbox.deliver(&mail(&key));
            delivered.insert(format!("Late\n\n{}", message(&key)));
        }
        // Some were not read before this server came, so that there are always enough.
        let goal = before + 1 + chance.below(MAILS);
        eventually("mails are read", || async { read(&db).await.len() >= goal }).await;
        server.kill().await;
    }
    let server = serve().await;
    eventually("each mail is read", || async { read(&db).await.len() >= delivered.len() }).await;
    eventually("each mail is marked as taken", || async { mailbox.marked() == delivered.len() }).await;
    let cases = read(&db).await;
    assert_eq!(cases.len(), delivered.len(), "cases, mails");
    assert!(cases.iter().eq(&delivered), "each mail is on one case, with its words");
    server.stop().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_reads_mails_each_is_on_one_case_on_sqlite() {
    each_mail_is_on_one_case(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_reads_mails_each_is_on_one_case_on_postgres() {
    each_mail_is_on_one_case(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_with_one_mailbox_put_each_mail_on_one_case_also_when_the_reader_is_killed() {
    let stage = Stage::new(Database::Postgres).await;
    let mailbox = ImapServer::start().await;
    let address = mailbox.url();
    let settings = settings_for(&address);
    let serve = || Served::start_on(lasting_port(), stage.data.path(), &stage.url, &settings);
    let (first, mut second) = tokio::join!(serve(), serve());
    let mut first = Some(first);
    let db = stage.open().await;
    let mut delivered = BTreeSet::new();
    let rounds = Round::of_this_run().pick(3, 10);
    for round in 0..rounds {
        for _ in 0..MAILS {
            let key = uuid::Uuid::new_v4().to_string();
            mailbox.deliver(&mail(&key));
            delivered.insert(format!("Late\n\n{}", message(&key)));
        }
        let goal = delivered.len() - MAILS / 2;
        eventually("mails are read", || async { read(&db).await.len() >= goal }).await;
        // Whichever of them reads, the other takes over, and then a new one is beside it.
        if round + 1 < rounds {
            let killed = first.replace(serve().await).unwrap();
            killed.kill().await;
            std::mem::swap(first.as_mut().unwrap(), &mut second);
        }
    }
    eventually("each mail is read", || async { read(&db).await.len() >= delivered.len() }).await;
    eventually("each mail is marked as taken", || async { mailbox.marked() == delivered.len() }).await;
    let cases = read(&db).await;
    assert_eq!(cases.len(), delivered.len(), "cases, mails");
    assert!(cases.iter().eq(&delivered), "each mail is on one case, with its words");
    first.unwrap().stop().await;
    second.stop().await;
    db.close().await;
}
