//! Watching over the installation: the audit page, the log in a file, and the daily self-check.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::clock::{DAY, HOUR};
use sayso::housekeeping::check_daily;
use sayso::self_check::{self, Problem};
use sayso::with_write;
use sayso_tests::on_both_databases;
use serde_json::Value;

use crate::console::Desk;
use crate::outbox::cases::deliveries;

on_both_databases! {
    async fn the_audit_page_shows_who_did_what(app: TestApp) {
        app.set_site(&["country=CN"]).await;
        let boss = Desk::of(&app, "boss", Role::Admin).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        assert_eq!(lin.client.get("/staff/audit").await.status, StatusCode::FORBIDDEN);
        assert!(!lin.client.get("/staff").await.body.contains("/staff/audit"));
        for reader in [&boss, &tom] {
            let page = reader.client.get("/staff/audit").await;
            assert!(page.status == StatusCode::OK && page.body.contains("site.set") && page.body.contains("member.add"), "{}", page.body);
        }
        let page = boss.client.get("/staff/audit?action=site&object=site/acme").await.body;
        assert!(page.contains("site.set") && !page.contains("member.add"), "{page}");
        let page = boss.client.get("/staff/audit?action=%3Cb%3E").await.body;
        assert!(page.contains("No entries match.") && !page.contains("<b>"), "{page}");
        for number in 0..60 {
            app.set_site(&[&format!("first_response_hours={number}")]).await;
        }
        let page = boss.client.get("/staff/audit").await.body;
        let (_, next) = page.split_once("rel=\"next\" href=\"").expect("there is more");
        let next = next.split('"').next().unwrap().replace("&#38;", "&");
        assert!(boss.client.get(&next).await.body.contains("member.add"));
    }

    async fn the_log_goes_into_a_file_with_its_chain(app: TestApp) {
        app.set_site(&["country=CN"]).await;
        let path = app.data.path().join("audit.jsonl");
        let (done, said) = app.command(&["audit", "export", path.to_str().unwrap()]).await;
        assert!(done && said.contains("entries are in"), "{said}");
        let lines: Vec<Value> = std::fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.len() >= 2 && lines.windows(2).all(|pair| pair[1]["previous_hash"] == pair[0]["hash"]), "{lines:?}");
        let (_, anchor) = app.command(&["audit", "anchor"]).await;
        assert!(anchor.contains(lines.last().unwrap()["hash"].as_str().unwrap()), "{anchor}");
        let (done, _) = app.command(&["audit", "export", path.to_str().unwrap()]).await;
        assert!(!done, "a file is not written over");
        let (done, said) = app.command(&["audit", "export", "--from", "2099-01-01T00:00:00Z"]).await;
        assert!(done && !said.contains("previous_hash"), "{said}");
    }

    async fn the_daily_self_check_tells_admins_what_is_wrong(app: TestApp) {
        let boss = Desk::of(&app, "boss", Role::Admin).await;
        Desk::of(&app, "lin", Role::Agent).await;
        assert!(!self_check::is_due(&app.app).await.unwrap(), "a new server is left alone");
        app.app.clock.advance(HOUR);
        assert!(self_check::is_due(&app.app).await.unwrap());
        assert_eq!(self_check::run(&app.app, Vec::new()).await.unwrap().problems, []);
        assert_eq!(deliveries(&app).await.len(), 0, "nobody is told that all is well");
        assert!(boss.client.get("/staff/audit").await.body.contains("found nothing wrong"));
        app.app.clock.advance(DAY);
        with_write!(&app.app.db, pool => sqlx::query("update audit_log set object = 'x' where number = 1").execute(pool).await.map(|_| ())).unwrap();
        let problem = Problem { topic: "disk".to_owned(), text: "it is full".to_owned(), mend: None };
        let report = self_check::run(&app.app, vec![problem]).await.unwrap();
        assert_eq!(report.problems.iter().map(|problem| problem.topic.as_str()).collect::<Vec<_>>(), ["disk", "audit"]);
        assert_eq!(deliveries(&app).await.len(), 1, "one admin");
        crate::outbox::cases::work(&app).await;
        let mails: Vec<_> = std::fs::read_dir(app.data.path().join("mail")).unwrap().collect();
        let mail = std::fs::read(mails[0].as_ref().unwrap().path()).unwrap();
        let mail = sayso_tests::Mail::from_file(mail);
        assert!(mail.text().contains("the audit log is broken at entry 1") && mail.text().contains("it is full"), "{}", mail.text());
        // The session of the admin has ended meanwhile.
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        assert!(tom.client.get("/staff/audit").await.body.contains("The last self-check found problems"));
        check_daily(&app.app).await.unwrap();
        assert_eq!(deliveries(&app).await.len(), 1, "once a day");
    }
}
