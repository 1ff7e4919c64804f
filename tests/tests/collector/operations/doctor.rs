//! `sayso doctor` on installations that are well, and on some that are not.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sayso_tests::identity_provider::IdentityProvider;
use sayso_tests::process::{self, Served};
use sayso_tests::{Client, Database, MailServer, TestApp, on_both_databases};
use serde_json::Value;

/// The findings about one topic, as `state: text`, and whether the doctor was content.
fn examine(data: &Path, url: &str, more: &[&str]) -> (bool, Vec<(String, String)>) {
    let arguments: Vec<&str> = ["doctor", "--json"].iter().chain(more).copied().collect();
    let (done, said) = process::run(data, url, &arguments);
    let end = said.rfind('}').expect("JSON");
    let report: Value = serde_json::from_str(&said[..=end]).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(report["ok"], done, "{said}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().unwrap().iter().map(|check| {
        assert_eq!(check["state"] == "good", check["mend"].is_null(), "whatever is not good can be mended: {check}");
        (text(&check["topic"]), format!("{}: {}", text(&check["state"]), text(&check["text"])))
    });
    (done, checks.collect())
}

fn finds(data: &Path, url: &str, more: &[&str], topic: &str, words: &str) {
    let (_, found) = examine(data, url, more);
    let is_found = found.iter().any(|(about, text)| about == topic && text.contains(words));
    assert!(is_found, "{topic}: {words} is not in {found:#?}");
}

async fn url(database: Database) -> String {
    database.make_durable().await.reveal().unwrap_or_default().to_owned()
}

on_both_databases! {
    async fn a_provider_of_accounts_that_does_not_answer_is_named(database: Database) {
        let (data, url) = (tempfile::tempdir().unwrap(), url(database).await);
        sayso_tests::write_key(data.path());
        let provider = IdentityProvider::start().await;
        let settings = data.path().join("sayso.toml");
        let named = |issuer: &str| std::fs::write(&settings, format!("[oidc.acme]\nissuer = \"{issuer}\"\nclient_id = \"x\"\n")).unwrap();
        let finds = async |words: &'static str| {
            let (data, url, settings) = (data.path().to_owned(), url.clone(), settings.display().to_string());
            let look = move || finds(&data, &url, &["--config", &settings], "sign-in", words);
            tokio::task::spawn_blocking(look).await.unwrap();
        };
        named(&provider.url);
        finds("good: acme says where members sign in").await;
        named(&format!("{}/realms/other", provider.url));
        finds("wrong: acme: the provider does not answer as it should: discovery").await;
        named(&provider.url.replace("127.0.0.1", "localhost"));
        finds("wrong: acme: the identity can't be believed: discovered_issuer").await;
    }

    async fn jobs_that_were_given_up_and_broken_records_are_named(database: Database) {
        let (data, url) = (tempfile::tempdir().unwrap(), url(database).await);
        sayso_tests::write_key(data.path());
        assert!(process::run(data.path(), &url, &["site", "add", "acme", "--name", "Acme", "--origin", TestApp::ORIGIN]).0);
        finds(data.path(), &url, &[], "upgrades", "warning: the upgrade search-index-");
        assert!(process::run(data.path(), &url, &["migrate"]).0);
        let (_, status) = process::run(data.path(), &url, &["migrate", "--status"]);
        assert!(status.contains("✓ upgrade seal-targets, done ") && status.contains("✓ upgrade search-index-") && !status.contains('·'), "{status}");
        let db = sayso::Db::connect(data.path(), Some(url.as_str()).filter(|url| !url.is_empty())).await.unwrap();
        for change in [
            "insert into jobs (kind, key, payload, due_at, attempts, last_error, failed_at, created_at) values ('forward', 'case-7', '1', 0, 7, 'broken', 5, 0)",
            "update sites set settings = '{\"x\": 1}'",
            "update audit_log set action = 'site.set' where number = 1",
        ] {
            sayso::with_write!(&db, pool => sqlx::query(change).execute(pool).await.map(|_| ())).unwrap();
        }
        finds(data.path(), &url, &[], "jobs", "wrong: 1 jobs of the kind forward were given up: case-7 (broken)");
        finds(data.path(), &url, &[], "sites", "warning: acme: the setting x is unknown to this version; it is kept");
        finds(data.path(), &url, &[], "audit", "wrong: the audit log is broken at entry 1: it was altered");
        let (done, said) = process::run(data.path(), &url, &["audit", "verify"]);
        assert!(!done && said.contains("broken at entry 1"), "{said}");
        let (_, listed) = process::run(data.path(), &url, &["jobs", "list"]);
        assert!(listed.contains("1 given up") && listed.contains("case-7  broken"), "{listed}");
        assert!(process::run(data.path(), &url, &["jobs", "retry", "forward"]).1.contains("1 jobs of the kind forward begin anew"));
        let (_, listed) = process::run(data.path(), &url, &["jobs", "list"]);
        assert!(listed.contains("1 wait") && listed.contains("0 given up"), "{listed}");
        let (_, anchor) = process::run(data.path(), &url, &["audit", "anchor"]);
        assert!(anchor.starts_with("1 ") && anchor.trim().len() == 66, "{anchor}");
        assert!(process::run(data.path(), &url, &["audit", "list"]).1.contains("site/acme"));
    }

    async fn a_healthy_installation_is_called_so(database: Database) {
        let (data, url) = (tempfile::tempdir().unwrap(), url(database).await);
        sayso_tests::write_key(data.path());
        for (path, mode) in [(data.path().join(sayso::keys::KEY_FILE), 0o600), (data.path().to_owned(), 0o700)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let mail = MailServer::start().await;
        let config = data.path().join("sayso.toml");
        let settings = format!(
            "public_url = \"https://feedback.example.com\"\ntrusted_proxies = [\"127.0.0.1/32\"]\n\
            [smtp]\nurl = \"{}\"\nfrom = \"Acme <feedback@example.com>\"\n",
            mail.url()
        );
        std::fs::write(&config, settings).unwrap();
        assert!(process::run(data.path(), &url, &["site", "add", "acme", "--name", "Acme", "--origin", TestApp::ORIGIN]).0);
        assert!(process::run(data.path(), &url, &["target", "add", "--site", "acme", "--email", "team@acme.example"]).0);
        let server = Served::start(data.path(), &url, &[]).await;
        Client::new(&server.url).complain("很好", "li@example.com").await;
        let listen = server.url.trim_start_matches("http://").to_owned();
        let more = ["--config", config.to_str().unwrap(), "--listen", &listen];
        let (done, found) = examine(data.path(), &url, &more);
        assert!(done, "{found:#?}");
        for topic in ["settings", "data", "clock", "key", "database", "server", "mail", "targets"] {
            assert!(found.iter().any(|(about, text)| about == topic && text.starts_with("good")), "{topic} in {found:#?}");
        }
        server.kill().await;
        finds(data.path(), &url, &more, "server", "warning: nothing answers");
        // The same for people.
        let (done, said) = process::run(data.path(), &url, &["doctor"]);
        assert!(done && said.contains("✓ database") && said.contains("! settings") && said.contains("→ set public_url"), "{said}");
    }

    async fn what_is_wrong_is_named(database: Database) {
        let (data, url) = (tempfile::tempdir().unwrap(), url(database).await);
        let path = data.path();
        // Nothing is there yet, and looking does not make it.
        let (_, found) = examine(path, &url, &[]);
        assert!(found.iter().any(|(topic, text)| topic == "key" && text.contains("no master key")), "{found:#?}");
        assert_eq!(std::fs::read_dir(path).unwrap().count(), 0, "the doctor made something");

        sayso_tests::write_key(path);
        finds(path, &url, &[], "key", "others on this machine can read");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        finds(path, &url, &[], "data", "others on this machine can look into");
        assert!(process::run(path, &url, &["site", "add", "acme", "--name", "Acme", "--origin", TestApp::ORIGIN]).0);
        for (target, words) in [("https://10.0.0.1/hook", "private"), ("https://nowhere.invalid/hook", "can't be resolved")] {
            let (done, said) = process::run(path, &url, &["target", "add", "--site", "acme", "--webhook", target]);
            assert!(done, "{said}");
            finds(path, &url, &[], "target", words);
        }
        let config = path.join("other.toml");
        let with = |settings: &str| {
            std::fs::write(&config, settings).unwrap();
            ["--config", config.to_str().unwrap()]
        };
        let nobody = format!("127.0.0.1:{}", process::lasting_port());
        finds(path, &url, &with(&format!("[smtp]\nurl = \"smtp://{nobody}\"")), "mail", "wrong: the mail server refuses the connection");
        finds(path, &url, &with("[smpt]\nurl = \"\""), "settings", "wrong: the settings are wrong: unknown field");
        finds(path, &url, &with("public_url = \"http://feedback.example.com\""), "settings", "not encrypted");
        finds(path, &url, &with("[limits]\nconnections = 2000000000"), "files", "warning: the limit of open files");

        let key = path.join(sayso::keys::KEY_FILE);
        std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        finds(path, &url, &[], "key", "wrong: the master key at hand is not the one");
        std::fs::write(&key, "not a key").unwrap();
        finds(path, &url, &[], "key", "wrong: the master key must be 32 bytes");
        std::fs::remove_file(&key).unwrap();
        finds(path, &url, &[], "key", "wrong: the master key of this database is missing");

        let sealed = sayso::with_write!(&open(path, &url).await, pool => {
            sqlx::query("delete from _sqlx_migrations where version > 1").execute(pool).await.map(|_| ())
        });
        sealed.unwrap();
        finds(path, &url, &[], "database", "warning: the");
    }
}

async fn open(data: &Path, url: &str) -> sayso::db::Db {
    sayso::db::Db::connect(data, Some(url).filter(|url| !url.is_empty())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_none_or_away_is_named() {
    let data = tempfile::tempdir().unwrap();
    let nobody = format!("127.0.0.1:{}", process::lasting_port());
    let url = format!("postgres://user:hunter2@{nobody}/sayso");
    finds(data.path(), &url, &[], "database", "wrong: cannot reach PostgreSQL");
    assert!(!process::run(data.path(), &url, &["doctor"]).1.contains("hunter2"));
    std::fs::write(data.path().join("sayso.db"), "this is a text, and not a database at all, however long it gets")
        .unwrap();
    finds(data.path(), "", &[], "database", "wrong: ");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_without_fsync_is_named() {
    let data = tempfile::tempdir().unwrap();
    let url = url(Database::Postgres).await;
    sayso_tests::write_key(data.path());
    assert!(process::run(data.path(), &url, &["migrate"]).0);
    finds(data.path(), &url, &[], "database", "good: PostgreSQL");
    let off =
        "do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$";
    sayso::with_write!(&open(data.path(), &url).await, pool => sqlx::raw_sql(off).execute(pool).await.map(|_| ()))
        .unwrap();
    finds(data.path(), &url, &[], "database", "wrong: synchronous_commit is off");
    // Most tests have such a one.
    let url = Database::Postgres.make().await.reveal().unwrap_or_default().to_owned();
    let data = tempfile::tempdir().unwrap();
    sayso_tests::write_key(data.path());
    assert!(process::run(data.path(), &url, &["migrate"]).0);
    let (done, found) = examine(data.path(), &url, &[]);
    let wrong = found.iter().filter(|(topic, text)| topic == "database" && text.starts_with("wrong: "));
    let wrong: String = wrong.map(|(_, text)| text.as_str()).collect();
    assert!(!done && wrong.contains("fsync is off") && wrong.contains("full_page_writes is off"), "{found:#?}");
}
