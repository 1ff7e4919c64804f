//! What the staff do with mails that are on no case, by the command line.

use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{CARE, mail, post, take};

/// The mails that are listed, the newest first.
async fn listed(app: &TestApp) -> Vec<Value> {
    serde_json::from_str(&app.command(&["mail", "list", "--json"]).await.1).unwrap()
}

on_both_databases! {
    async fn a_mail_that_is_held_is_taken_for_the_site_that_somebody_names_and_keeps_its_identifier(app: TestApp) {
        app.set_site(&["mail_address=care@shop.example"]).await;
        take(&app, mail("han@example.com", "someone@else.example", "t1", "", "When will it come?")).await;
        let id = listed(&app).await[0]["id"].as_str().unwrap().to_owned();
        let (done, printed) = app.command(&["mail", "take", &id]).await;
        assert!(done && printed.contains("held (no_site)"), "it is for no site still: {printed}");
        let (done, printed) = app.command(&["mail", "take", &id, "--site", "acme"]).await;
        assert!(done && printed.contains("  case  case ") && printed.starts_with(&id), "{printed}");
        assert_eq!(app.command(&["mail", "take", &id, "--site", "acme"]).await, (true, printed), "once");
        let mails = listed(&app).await;
        assert_eq!((mails.len(), &mails[0]["outcome"]), (1, &json!("case")));
        let (done, printed) = app.command(&["mail", "drop", &id]).await;
        assert!(!done && printed.contains("only mails that are held"), "{printed}");
    }

    async fn what_seems_to_be_for_many_is_taken_or_dropped_and_the_log_says_by_whom(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}")]).await;
        for id in ["b1", "b2"] {
            take(&app, mail("han@example.com", CARE, id, "Precedence: list\r\n", "When will it come?")).await;
        }
        let mails = listed(&app).await;
        let [first, second] = [0, 1].map(|at| mails[at]["id"].as_str().unwrap().to_owned());
        let (done, printed) = app.command(&["mail", "take", &first]).await;
        assert!(done && printed.contains("  case  case "), "{printed}");
        for _ in 0..2 {
            let (done, printed) = app.command(&["mail", "drop", &second]).await;
            assert!(done && printed.contains("dropped (bulk)"), "{printed}");
        }
        assert!(!app.command(&["mail", "show", &second]).await.0, "it is not kept");
        let (done, printed) = app.command(&["mail", "take", &second]).await;
        assert!(!done && printed.contains("was dropped"), "{printed}");
        let again = mail("han@example.com", CARE, "b2", "Precedence: list\r\n", "When will it come?");
        let answer = post(&app, again, "").await;
        assert_eq!((answer.status.as_u16(), &answer.json()["outcome"]), (200, &json!("dropped")), "it has come before");
        let (_, log) = app.command(&["audit", "list"]).await;
        assert_eq!((log.matches("mail.take").count(), log.matches("mail.drop").count()), (1, 1), "{log}");
    }
}
