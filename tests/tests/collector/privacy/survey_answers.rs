//! Erasure of what customers answered to surveys: by personal links, and in files that name them.

use reqwest::StatusCode;
use sayso::clock::HOUR;
use sayso::jobs::run_due;
use sayso::surveys::invitations;
use sayso::upgrades::{self, Moment, Tools};
use sayso::with_write;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::{everything_stored, submit};
use crate::access::{Program, count};
use crate::insight::import;
use crate::outbox::cases::work;

const SURVEYS: &str = r#"
[[survey]]
key = "words"
kind = "free"
site = "acme"
title = { en = "What should we do better?" }
items = [{ key = "what", text = { en = "What?" } }]
audience = { customers = {} }
channels = ["email"]
closes = "2099-12-31"

[[survey]]
key = "score"
kind = "csat"
site = "acme"
title = { en = "How did we do?" }
"#;

/// The personal link of the only invitation.
async fn link(app: &TestApp) -> String {
    let id: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from survey_invitations").fetch_one(pool).await).unwrap();
    invitations::Token::of(&app.app.keys, &id).unwrap().path()
}

fn mails(app: &TestApp) -> usize {
    std::fs::read_dir(app.data.path().join("mail")).map_or(0, |entries| {
        entries
            .filter(|entry| std::fs::read_to_string(entry.as_ref().unwrap().path()).unwrap().contains("/survey/"))
            .count()
    })
}

on_both_databases! {
    async fn an_erasure_takes_the_words_of_answers_and_keeps_scores_as_nobodys(app: TestApp) {
        let program = Program::new(&app).await;
        app.apply_service(SURVEYS).await;
        let (_, case) = submit(&app, &program, json!({"kind": "question", "message": "x", "contact": {"email": "li@example.com"}})).await;
        let customer = case["customer"]["id"].as_str().unwrap().to_owned();
        assert_eq!(invitations::invite(&app.app).await.unwrap(), 1);
        work(&app).await;
        assert_eq!(mails(&app), 1);
        let path = link(&app).await;
        let answered = app.client().post_form(&path, &[("text:what", "quaggaword")]).await;
        assert_eq!(answered.status, StatusCode::SEE_OTHER, "{}", answered.body);
        let rows = "respondent,item,field,value\nli@example.com,score,score,2\nkim@example.com,score,score,5\n";
        assert!(import(&app, "score", rows, &[]).await.0);
        let stored = everything_stored(&app).await;
        assert!(stored.contains("quaggaword") && !stored.contains("li@example.com") && !stored.contains("kim@example.com"), "a file's names are stored as hashes");

        let erased = program.post_at(&format!("/api/v1/customers/{customer}/erase"), &json!({})).await;
        assert_eq!(erased.status, StatusCode::OK, "{}", erased.body);
        run_due(&app.app).await.unwrap();
        assert!(!everything_stored(&app).await.contains("quaggaword"));
        assert_eq!((count(&app, "survey_invitations").await, mails(&app)), (0, 0), "and the mail that asked, with the address");
        assert_eq!(count(&app, "survey_answers where value in ('2', '5')").await, 2, "scores count on");
        assert_eq!(count(&app, "survey_answers where respondent like 'erased:%'").await, 1, "nobody can try whose it was");
        assert_eq!(count(&app, "deliveries where subject = 'survey' and recipient is not null").await, 0);
        app.app.clock.advance(HOUR);
        run_due(&app.app).await.unwrap();
        assert_eq!(app.client().get(&path).await.status, StatusCode::NOT_FOUND);
    }

    async fn names_of_files_that_were_stored_in_clear_are_hashed_by_the_upgrade(app: TestApp) {
        app.apply_service(SURVEYS).await;
        let rows = "respondent,item,field,value\nli@example.com,score,score,2\n";
        assert!(import(&app, "score", rows, &[]).await.0);
        for undo in ["update survey_answers set respondent = 'li@example.com'", "delete from upgrades where name = 'survey-respondents'"] {
            with_write!(&app.app.db, pool => sqlx::query(undo).execute(pool).await.map(|_| ())).unwrap();
        }
        let tools = Tools { db: &app.app.db, keys: &app.app.keys, clock: &app.app.clock };
        upgrades::complete(tools, Moment::BeforeServing, |_| async {}).await.unwrap();
        assert!(!everything_stored(&app).await.contains("li@example.com"));
        let (_, said) = import(&app, "score", rows, &[]).await;
        assert!(said.contains("There already: 1."), "the same row again is the same: {said}");
    }
}
