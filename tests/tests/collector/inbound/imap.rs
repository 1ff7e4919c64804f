//! A mailbox that is read by IMAP, of a real server.

use sayso::cases::Case;
use sayso_tests::{Database, ImapServer, TestApp, eventually, mailbox, on_both_databases};

use super::mail;

/// A collector that reads the mailbox at `url` for a site.
pub(super) async fn reading(database: Database, url: &str, site: &str) -> TestApp {
    let mailbox = mailbox(url, site);
    TestApp::spawn_working(database, move |config| drop(config.imap.insert("care".into(), mailbox))).await
}

/// The messages of all cases, the oldest first.
pub(crate) async fn messages(app: &TestApp) -> Vec<String> {
    let select = "select message from feedback order by id";
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap()
}

async fn until_there_are(app: &TestApp, count: usize) -> Vec<String> {
    eventually("mails are cases", || async { messages(app).await.len() >= count }).await;
    messages(app).await
}

on_both_databases! {
    async fn mails_are_taken_as_they_come_each_once(database: Database) {
        let mut server = ImapServer::start().await;
        server.deliver(&mail("li@example.com", "care@acme.example", "i1", "", "Before the start"));
        let app = reading(database, &server.url(), "acme").await;
        assert_eq!(until_there_are(&app, 1).await, ["Re: hello\n\nBefore the start"]);
        // Told by IDLE.
        server.deliver(&mail("li@example.com", "care@acme.example", "i2", "", "While it waits"));
        until_there_are(&app, 2).await;
        eventually("taken mails are marked", || async { server.marked() == 2 }).await;
        // The server is away, and comes back with another mail, and with one that was taken before by another way.
        server.stop();
        server.deliver(&mail("li@example.com", "care@acme.example", "i2", "X-Again: yes\r\n", "While it waits"));
        let unreadable = async || sayso::inbound::imap::trouble::all(&app.app.db).await.unwrap();
        eventually("it is noted that the mailbox can't be read", || async { !unreadable().await.is_empty() }).await;
        assert_eq!(unreadable().await[0].name, "care");
        server.deliver(b"not a mail");
        server.deliver(&mail("han@example.com", "care@acme.example", "i3", "", "After the break"));
        server.resume().await;
        until_there_are(&app, 3).await;
        assert_eq!(messages(&app).await.len(), 3, "{:?}", messages(&app).await);
        eventually("it is noted that it can be read", || async { unreadable().await.is_empty() }).await;
        let case: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from feedback order by id limit 1").fetch_one(pool).await).unwrap();
        let case = Case::by_id(&app.app, &case).await.unwrap();
        assert_eq!(case.channel.as_deref(), Some("email"));
    }

    async fn a_mailbox_that_lets_nobody_in_is_named(database: Database) {
        let server = ImapServer::start().await;
        let app = TestApp::spawn(database).await;
        let settings = app.data.path().join("sayso.toml");
        let write = |password: &str| std::fs::write(&settings, format!("[imap.care]\nurl = \"{}\"\nuser = \"care\"\npassword = \"{password}\"\n", server.url())).unwrap();
        let doctor = async || {
            app.command(&["doctor", "--config", settings.to_str().unwrap()]).await.1
        };
        write("wrong");
        let said = doctor().await;
        assert!(said.contains("care: signing in failed: the server refuses"), "{said}");
        assert!(!said.contains("wrong password") && !said.contains("\"wrong\""), "{said}");
        write(ImapServer::PASSWORD);
        let said = doctor().await;
        assert!(said.contains("care can be read"), "{said}");
    }
}
