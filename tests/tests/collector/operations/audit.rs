//! The audit log: every setting that changes is in it, and nobody alters it unnoticed.

use sayso::audit::{self, Stamp, Verdict};
use sayso::sites::targets::Target;
use sayso::{with_db, with_write};
use sayso_tests::{TestApp, on_both_databases};

async fn actions(app: &TestApp) -> Vec<(String, String)> {
    let select = "select action, object from audit_log order by number";
    with_db!(&app.app.db, pool => sqlx::query_as(select).fetch_all(pool).await).unwrap()
}

async fn run(app: &TestApp, sql: &'static str) {
    with_write!(&app.app.db, pool => sqlx::query(sql).execute(pool).await.map(|_| ())).unwrap();
}

async fn verdict(app: &TestApp) -> Verdict {
    audit::verify(&app.app.db).await.unwrap()
}

/// Adds a target three times.
async fn three_changes(app: &TestApp) {
    for _ in 0..3 {
        let stamp = Stamp::command(app.app.clock.now());
        Target::add_email(&app.app.db, &app.app.keys, &app.site().await, "team@acme.example", &[], &stamp)
            .await
            .unwrap();
    }
}

on_both_databases! {
    async fn every_change_is_an_entry_that_follows_from_the_one_before(app: TestApp) {
        three_changes(&app).await;
        let found = actions(&app).await;
        assert_eq!(found[0], ("site.add".to_owned(), "site/acme".to_owned()), "the harness added a site");
        assert!(found[1..].iter().all(|(action, object)| action == "target.add" && object.starts_with("target/")));
        let Verdict::Whole { entries, head } = verdict(&app).await else { panic!("{:?}", verdict(&app).await) };
        assert_eq!((entries, head.len()), (4, 64));
        assert_eq!(audit::head(&app.app.db).await.unwrap(), (4, head));
    }

    async fn an_address_of_a_target_is_not_in_it(app: TestApp) {
        three_changes(&app).await;
        let select = "select count(*) from audit_log where details like '%team@acme%'";
        let found: i64 = with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap();
        assert_eq!(found, 0);
    }

    async fn an_altered_entry_is_named(app: TestApp) {
        three_changes(&app).await;
        run(&app, "update audit_log set object = 'target/other' where number = 3").await;
        assert_eq!(verdict(&app).await, Verdict::Broken { number: 3, reason: "it was altered" });
    }

    async fn a_removed_entry_is_named(app: TestApp) {
        three_changes(&app).await;
        run(&app, "delete from audit_log where number = 2").await;
        assert_eq!(verdict(&app).await, Verdict::Broken { number: 2, reason: "it is missing" });
    }

    async fn entries_cut_off_at_the_end_are_named(app: TestApp) {
        three_changes(&app).await;
        run(&app, "delete from audit_log where number > 2").await;
        assert_eq!(verdict(&app).await, Verdict::Broken { number: 3, reason: "it is missing" });
    }

    async fn changes_at_the_same_time_make_one_chain(app: TestApp) {
        let adding: Vec<_> = (0..12).map(|n| {
            let app = app.app.clone();
            tokio::spawn(async move {
                let site = sayso::sites::Site::by_key(&app.db, "acme").await.unwrap();
                let stamp = Stamp::command(n);
                Target::add_email(&app.db, &app.keys, &site, "team@acme.example", &[], &stamp).await.unwrap();
            })
        }).collect();
        for add in adding {
            add.await.unwrap();
        }
        assert!(matches!(verdict(&app).await, Verdict::Whole { entries: 13, .. }));
    }
}
