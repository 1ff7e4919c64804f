//! `sayso backup` and `sayso restore`, between both databases, while people go on to write.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::StatusCode;
use sayso::audit::Verdict;
use sayso::cases::search::{Search, SearchText};
use sayso::db::{Db, search};
use sayso_tests::process::{self, Served};
use sayso_tests::{Client, Database, TestApp, on_both_databases};
use serde_json::json;
use tempfile::TempDir;

/// A place with a database for the binary.
struct Place {
    data: TempDir,
    url: String,
}

impl Place {
    async fn new(database: Database) -> Self {
        let data = tempfile::tempdir().unwrap();
        sayso_tests::write_key(data.path());
        Self { data, url: database.make().await.reveal().unwrap_or_default().to_owned() }
    }

    /// With the site `acme`.
    async fn with_site(database: Database) -> Self {
        let place = Self::new(database).await;
        place.must(&["site", "add", "acme", "--name", "Acme", "--origin", TestApp::ORIGIN]);
        place
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        process::run(self.data.path(), &self.url, arguments)
    }

    fn must(&self, arguments: &[&str]) -> String {
        let (done, said) = self.run(arguments);
        assert!(done, "{arguments:?}: {said}");
        said
    }

    fn must_not(&self, arguments: &[&str], reason: &str) {
        let (done, said) = self.run(arguments);
        assert!(!done && said.contains(reason), "{arguments:?} should say {reason:?}: {said}");
    }

    async fn serve(&self) -> Served {
        // Faster than customers are.
        Served::start(self.data.path(), &self.url, &[("SAYSO_DANGEROUS_DISABLE_GUARDS", "true")]).await
    }

    async fn db(&self) -> Db {
        let url = Some(self.url.as_str()).filter(|url| !url.is_empty());
        Db::connect(self.data.path(), url).await.unwrap()
    }

    /// How many entries the audit log has, which has to be whole, and the hash of the last one.
    async fn chain(&self) -> (i64, String) {
        let db = self.db().await;
        let verdict = sayso::audit::verify(&db).await.unwrap();
        db.close().await;
        match verdict {
            Verdict::Whole { entries, head } => (entries, head),
            broken => panic!("{broken:?}"),
        }
    }

    /// Runs a statement.
    async fn execute(&self, statement: &'static str) {
        let db = self.db().await;
        sayso::with_write!(&db, pool => sqlx::query(statement).execute(pool).await.map(|_| ())).unwrap();
        db.close().await;
    }

    async fn count(&self, select: &'static str) -> i64 {
        let db = self.db().await;
        let count = sayso::with_db!(&db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        db.close().await;
        count
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

on_both_databases! {
    async fn what_is_backed_up_under_load_comes_back_in_either_database(database: Database) {
        let from = Place::with_site(database).await;
        let server = from.serve().await;
        let client = Client::new(&server.url);
        let mut codes = Vec::new();
        for number in 0..30 {
            codes.push(client.complain(&format!("第 {number} 箱苹果烂了 \"quoted\" \\ 🍎\n"), "li@example.com").await);
        }
        client.post_json(&format!("/api/v1/feedback/{}/messages", codes[0]), &json!({"body": "还有梨子"})).await;
        let attachments = from.data.path().join("attachments");
        std::fs::create_dir_all(attachments.join("ab")).unwrap();
        let picture: Vec<u8> = (0..300_000u32).map(|number| ((number * 7919) >> 5) as u8).collect();
        std::fs::write(attachments.join("ab/picture"), &picture).unwrap();
        std::fs::write(attachments.join("ab/unfinished#1"), "half").unwrap();

        // Somebody goes on to write while the backup is made.
        let (writer, stop) = (client.clone(), tokio_flag());
        let stopped = stop.clone();
        let writing = tokio::spawn(async move {
            let mut written = 0;
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                writer.complain("再来一件", "mei@example.com").await;
                written += 1;
            }
            written
        });
        let file = from.data.path().join("backup.tar.gz");
        let (data, url, to) = (from.data.path().to_owned(), from.url.clone(), file.clone());
        let backup = tokio::task::spawn_blocking(move || process::run(&data, &url, &["backup", text(&to)]));
        let (done, said) = backup.await.unwrap();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let written: i64 = writing.await.unwrap();
        server.kill().await;
        assert!(done && said.contains("The master key is NOT in it") && said.contains("master.key"), "{said}");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(written > 0);

        for other in [Database::Sqlite, Database::Postgres] {
            let to = Place::new(other).await;
            let said = to.must(&["restore", text(&file)]);
            assert!(said.contains("1 attachments"), "{said}");
            assert_eq!(std::fs::read(to.data.path().join("attachments/ab/picture")).unwrap(), picture);
            assert!(!to.data.path().join("attachments/ab/unfinished#1").exists());
            // What belongs together is together, whatever was written in between.
            let cases = to.count("select count(*) from cases").await;
            assert!((30..=30 + written).contains(&cases), "{cases}");
            for counted in [
                "select count(*) from feedback",
                "select count(distinct case_id) from events where type = 'case.created'",
                "select count(*) from cases join feedback on feedback.id = cases.id",
            ] {
                assert_eq!(to.count(counted).await, cases, "{counted}");
            }
            let db = to.db().await;
            assert_eq!(search::count(&db).await.unwrap(), cases);
            for (words, found) in [("苹果", 30), ("梨子", 1)] {
                let search = Search::newest(SearchText::of_words(words), 50);
                let ids = sayso::cases::search::search(&db, &search).await.unwrap().ids;
                assert_eq!(ids.len(), found, "{words}");
            }
            db.close().await;
            let server = to.serve().await;
            let client = Client::new(&server.url);
            for code in &codes {
                assert_eq!(client.get(&format!("/api/v1/feedback/{code}")).await.status, StatusCode::OK);
            }
            let first = client.get(&format!("/api/v1/feedback/{}", codes[0])).await.json();
            assert_eq!(first["messages"][0]["body"], "还有梨子", "{first}");
            client.complain("新的一件", "li@example.com").await;
            server.kill().await;
        }
    }

    async fn the_chain_of_the_audit_log_survives_backup_and_restore(database: Database) {
        let from = Place::with_site(database).await;
        for name in ["name=Acme Two", "name=Acme Three"] {
            from.must(&["site", "set", "acme", name]);
        }
        let (entries, head) = from.chain().await;
        assert!(entries >= 3);
        let file = from.data.path().join("backup.tar.gz");
        from.must(&["backup", text(&file)]);
        let (after, _) = from.chain().await;
        assert_eq!(after, entries + 1, "that everything was taken out is noted");
        for other in [Database::Sqlite, Database::Postgres] {
            let to = Place::new(other).await;
            to.must(&["restore", text(&file)]);
            assert!(to.must(&["audit", "verify"]).contains("whole"));
            assert_eq!(to.chain().await.0, entries + 1, "the restore follows from what came back");
            let db = to.db().await;
            let select = "select action, previous_hash from audit_log order by number desc limit 1";
            let (action, previous): (String, String) = sayso::with_db!(&db, pool => sqlx::query_as(select).fetch_one(pool).await).unwrap();
            db.close().await;
            assert_eq!((action.as_str(), previous), ("backup.restore", head.clone()));
            // And it goes on from there.
            to.must(&["site", "set", "acme", "name=Acme Four"]);
            assert_eq!(to.chain().await.0, entries + 2);
        }
    }

    async fn nothing_is_lost_by_a_restore_that_must_not_be(database: Database) {
        let place = Place::with_site(database).await;
        let file = place.data.path().join("backup.tar.gz");
        let server = place.serve().await;
        let code = Client::new(&server.url).complain("第一件", "li@example.com").await;
        place.must(&["backup", text(&file)]);
        place.must_not(&["backup", text(&file)], "exists already");
        place.must(&["backup", "--replace", text(&file)]);
        let later = Client::new(&server.url).complain("第二件", "li@example.com").await;
        let running = if place.url.is_empty() { "stop the server first" } else { "stop all servers" };
        place.must_not(&["restore", "--dangerous-replace", text(&file)], running);
        server.kill().await;
        let gone = || async { place.url.is_empty() || place.run(&["restore", text(&file)]).1.contains("not empty") };
        sayso_tests::eventually("PostgreSQL notices that the server is gone", gone).await;
        place.must_not(&["restore", text(&file)], "not empty");

        // A damaged backup, whatever is wrong with it, changes nothing even with the dangerous switch.
        let whole = std::fs::read(&file).unwrap();
        let damaged = |name: &str, content: &[u8]| -> PathBuf {
            let path = place.data.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let mut broken = vec![
            damaged("cut", &whole[..whole.len() * 2 / 3]), damaged("end", &whole[..whole.len() - 30]),
            damaged("empty", b""), damaged("text", b"no backup at all"), forged(&place, &file),
        ];
        for share in 1..8 {
            let mut flipped = whole.clone();
            // Not one bit alone: in the tables of a compressed stream there are some that mean nothing.
            flipped[whole.len() * share / 8..].iter_mut().take(16).for_each(|byte| *byte ^= 0x10);
            broken.push(damaged(&format!("flipped-{share}"), &flipped));
        }
        for path in broken {
            let (done, said) = place.run(&["restore", "--dangerous-replace", text(&path)]);
            assert!(!done, "{}: {said}", path.display());
            assert!(["damaged", "cut off", "altered", "not a backup"].iter().any(|word| said.contains(word)), "{}: {said}", path.display());
        }
        assert_eq!(place.count("select count(*) from cases").await, 2);

        // Another key can't read it, and the message says what to do.
        let elsewhere = Place::new(database).await;
        let key = elsewhere.data.path().join(sayso::keys::KEY_FILE);
        std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        elsewhere.must_not(&["restore", text(&file)], "not the one that this backup was made with");
        std::fs::remove_file(&key).unwrap();
        elsewhere.must_not(&["restore", text(&file)], "it is not in the backup");

        // Files that came after the backup are no part of what it brings back.
        for folder in ["attachments/cd", "mail"] {
            std::fs::create_dir_all(place.data.path().join(folder)).unwrap();
            std::fs::write(place.data.path().join(folder).join("former"), "a customer's").unwrap();
        }
        // Nor is what reports had gathered of the former cases.
        place.execute("insert into report_blocks (last_id, after_id, format, cases) values ('f', '', 2, 3)").await;
        place.must(&["restore", "--dangerous-replace", text(&file)]);
        assert_eq!(place.count("select count(*) from report_blocks").await, 0);
        for file in ["attachments/cd/former", "mail/former"] {
            assert!(!place.data.path().join(file).exists(), "{file} is of the former installation");
        }
        let server = place.serve().await;
        let client = Client::new(&server.url);
        assert_eq!(client.get(&format!("/api/v1/feedback/{code}")).await.status, StatusCode::OK);
        assert_eq!(client.get(&format!("/api/v1/feedback/{later}")).await.status, StatusCode::NOT_FOUND);
        server.kill().await;
        let left: Vec<String> = names(place.data.path()).into_iter().filter(|name| name.contains("restoring") || name.contains("replaced")).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    async fn a_full_disk_leaves_no_half_backup(database: Database) {
        let place = Place::with_site(database).await;
        // Nothing that can be compressed.
        let noise: Vec<u8> = (0..25_000).flat_map(|_| *uuid::Uuid::new_v4().as_bytes()).collect();
        std::fs::create_dir_all(place.data.path().join("attachments")).unwrap();
        std::fs::write(place.data.path().join("attachments/noise"), noise).unwrap();
        let target = tempfile::tempdir().unwrap();
        let file = target.path().join("backup.tar.gz");
        // A limit on the size of files stands for the full disk: the write fails in the same way.
        let script = "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\"";
        let output = Command::new("sh")
            .args(["-c", script, text(process::binary()), "backup", text(&file), "--data", text(place.data.path()), "--database-url", &place.url])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("cannot write"), "{said}");
        assert!(names(target.path()).is_empty(), "{:?}", names(target.path()));
    }
}

/// A backup whose content and checksum somebody without the key has changed.
fn forged(place: &Place, file: &Path) -> PathBuf {
    let script = r#"
import sys, tarfile, io, hashlib, json
digest, out = hashlib.sha256(), tarfile.open(sys.argv[2], "w:gz")
for member in (source := tarfile.open(sys.argv[1])):
    content = source.extractfile(member).read().replace("第一件".encode(), "第三件".encode())
    if member.name == "manifest.json":
        manifest = json.loads(content)
        manifest["digest"] = digest.hexdigest()
        content = json.dumps(manifest).encode()
    else:
        digest.update(member.name.encode() + len(content).to_bytes(8, "big") + content)
    member.size = len(content)
    out.addfile(member, io.BytesIO(content))
out.close()
"#;
    let to = place.data.path().join("forged");
    let done = Command::new("python3").args(["-c", script, text(file), text(&to)]).status().expect("python3 runs");
    assert!(done.success());
    to
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn tokio_flag() -> std::sync::Arc<std::sync::atomic::AtomicBool> {
    std::sync::Arc::default()
}
