//! What the staff do with mails that are on no case, by the command line and by programs.

use reqwest::StatusCode;
use sayso::auth::token::Scope;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{CARE, mail, post, take};
use crate::access::Program;

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
        let (done, again) = app.command(&["mail", "take", &id, "--site", "acme"]).await;
        assert!(done && again.trim_end() == printed.lines().next().unwrap(), "once: {again}");
        let mails = listed(&app).await;
        assert_eq!((mails.len(), &mails[0]["outcome"]), (1, &json!("case")));
        let (done, printed) = app.command(&["mail", "drop", &id]).await;
        assert!(!done && printed.contains("only mails that are held"), "{printed}");
    }

    async fn a_mail_that_is_held_and_comes_again_is_found_by_the_identifier_that_it_had(app: TestApp) {
        app.set_site(&["mail_address=care@shop.example"]).await;
        let program = Program::new(&app).await;
        for raw in [mail("han@example.com", "someone@else.example", "a1", "", "When?"), b"[10681, null]".to_vec()] {
            let first = post(&app, raw.clone(), "").await.json();
            assert_eq!(first["outcome"], "held", "{first}");
            let again = post(&app, raw, "").await.json();
            assert_eq!((&again["id"], &again["received_at"]), (&first["id"], &first["received_at"]), "it waits since then");
            let found = program.get_at(&format!("/api/v1/mail/{}", first["id"].as_str().unwrap())).await;
            assert_eq!(found.status, StatusCode::OK, "{}", found.body);
        }
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
        let again = mail("han@example.com", CARE, "b1", "Precedence: list\r\n", "When will it come?");
        let answer = post(&app, again, "").await;
        assert_eq!((answer.status.as_u16(), &answer.json()["outcome"]), (200, &json!("dropped")), "it has come before");
        let (_, log) = app.command(&["audit", "list"]).await;
        assert_eq!((log.matches("mail.take").count(), log.matches("mail.drop").count()), (1, 1), "{log}");
    }

    async fn programs_list_read_take_and_drop_mails_that_are_held(app: TestApp) {
        app.set_site(&[&format!("mail_address={CARE}")]).await;
        let raw = mail("Li <li@example.com>", CARE, "p1", "Precedence: list\r\n", "When will it come?");
        take(&app, raw.clone()).await;
        for id in ["p2", "p3"] {
            take(&app, mail("han@example.com", CARE, id, "Precedence: list\r\n", "When will it come?")).await;
        }
        take(&app, mail("han@example.com", CARE, "p4", "Auto-Submitted: auto-replied\r\n", "I am away")).await;
        take(&app, mail("han@example.com", CARE, "p5", "", "Where is it?")).await;
        let program = Program::new(&app).await;
        let found = async |query: &str| program.get_at(&format!("/api/v1/mail{query}")).await.json();
        let ids = |page: &Value| page["mails"].as_array().unwrap().iter().map(|mail| mail["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let held = found("?outcome=held&reason=bulk").await;
        let all = ids(&held);
        assert_eq!((all.len(), &held["next"]), (3, &Value::Null), "{held}");
        assert_eq!(ids(&found("?outcome=dropped").await).len(), 1);
        let page = found("?outcome=held&limit=2").await;
        let rest = found(&format!("?outcome=held&limit=2&cursor={}", page["next"].as_str().unwrap())).await;
        assert_eq!(([ids(&page), ids(&rest)].concat(), &rest["next"]), (all.clone(), &Value::Null));
        for (query, pointer) in [("?outcome=eaten", "/outcome"), ("?reason=x", "/reason"), ("?limit=0", "/limit"), ("?cursor=x", "/cursor"), ("?what=1", "/what")] {
            let answer = program.get_at(&format!("/api/v1/mail{query}")).await;
            assert_eq!((answer.status, answer.field_errors()[0].0.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, pointer));
        }

        let of = |id: &str, action: &str| format!("/api/v1/mail/{id}{action}");
        let first = all.last().unwrap();
        let shown = program.get_at(&of(first, "")).await.json();
        assert_eq!((&shown["from"], &shown["to"], &shown["subject"]), (&json!("Li <li@example.com>"), &json!([CARE]), &json!("Re: hello")));
        assert_eq!((&shown["site"], &shown["mail"]["reason"], &shown["is_kept"]), (&json!("acme"), &json!("bulk"), &json!(true)));
        let whole = program.get_at(&of(first, "/raw")).await;
        assert_eq!((whole.body.as_bytes(), whole.header("content-type")), (raw.as_slice(), "message/rfc822"));
        let wrong = program.post_at(&of(first, "/take"), &json!({"site": "nowhere"})).await;
        assert_eq!((wrong.status, wrong.field_errors()[0].0.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "/site"));
        let reader = Program::with(&app, "Reader", &[Scope::CasesRead]).await;
        let other = Program::with(&app, "Other", &[Scope::FeedbackWrite, Scope::ServiceRead]).await;
        for action in ["/take", "/drop"] {
            assert_eq!(reader.post_at(&of(first, action), &json!({})).await.status, StatusCode::FORBIDDEN);
        }
        for action in ["", "/raw"] {
            assert_eq!(reader.get_at(&of(first, action)).await.status, StatusCode::OK);
            assert_eq!(other.get_at(&of(first, action)).await.status, StatusCode::FORBIDDEN);
        }
        let taken = program.post_at(&of(first, "/take"), &json!({})).await.json();
        assert_eq!((&taken["id"], &taken["outcome"]), (&json!(first), &json!("case")), "{taken}");
        assert_eq!(program.post_at(&of(first, "/take"), &json!({})).await.json(), taken, "once");
        assert_eq!(program.post_at(&of(first, "/drop"), &json!({})).await.status, StatusCode::CONFLICT);
        assert_eq!(program.get_at(&of(first, "/raw")).await.status, StatusCode::NOT_FOUND);
        for _ in 0..2 {
            let dropped = program.post_at(&of(&all[0], "/drop"), &json!({})).await;
            assert_eq!((dropped.status, &dropped.json()["outcome"]), (StatusCode::OK, &json!("dropped")));
        }
        assert_eq!(program.post_at(&of(&all[0], "/take"), &json!({})).await.status, StatusCode::CONFLICT);
        assert_eq!(program.post_at(&of("nothing", "/take"), &json!({})).await.status, StatusCode::NOT_FOUND);
        for action in ["take", "drop"] {
            let log = program.get_at(&format!("/api/v1/audit?action=inbound_mail.{action}&actor=token")).await.json();
            assert_eq!(log["audit"].as_array().unwrap().len(), 1, "{log}");
            assert!(!log.to_string().contains("example.com"), "{log}");
        }
    }
}
