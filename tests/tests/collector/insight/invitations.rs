//! Invitations by mail: who is asked, once and not too often, and what a personal link does.

use reqwest::{Method, StatusCode};
use sayso::auth::Role;
use sayso::clock::{DAY, MINUTE};
use sayso::surveys::invitations;
use sayso_tests::{Answer, Database, Mail, MailServer, Options, TestApp, on_both_databases};
use serde_json::json;

use super::*;
use crate::access::count;
use crate::console::Desk;
use crate::outbox::cases::{deliveries, submit, work};

const OPINION: &str = r#"
[[survey]]
key = "opinion"
kind = "csat"
site = "acme"
title = { en = "How did we do?", zh-Hans = "您对我们满意吗？" }
audience = { customers = {} }
channels = ["email"]
remind_after = "7d"
closes = "2099-12-31"
"#;

/// Surveys of customers, each like the first but for what is replaced.
fn another(key: &str, audience: &str) -> String {
    OPINION.replace("\"opinion\"", &format!("\"{key}\"")).replace("{ customers = {} }", audience)
}

pub async fn apply(app: &TestApp, surveys: &str) {
    app.apply_service(surveys).await;
    app.app.clock.advance(MINUTE);
}

pub async fn with_mail_server(database: Database, server: &MailServer) -> TestApp {
    let url = server.url();
    let settings = Box::new(move |config: &mut sayso::Config| config.smtp.url = url.into());
    TestApp::spawn_with(database, Options { settings, ..Options::default() }).await
}

/// Customers with cases, whose receipts are sent.
pub async fn customers(app: &TestApp, contacts: &[serde_json::Value]) {
    for contact in contacts {
        submit(app, json!({"kind": "question", "message": "Where is it?", "contact": contact})).await;
    }
    work(app).await;
}

/// Invites, and sends what is due within the hour.
pub async fn invite(app: &TestApp) -> usize {
    let planned = invitations::invite(&app.app).await.unwrap();
    app.app.clock.advance(60 * MINUTE);
    work(app).await;
    planned
}

/// The mails to an address that ask for an opinion.
pub fn asked(server: &MailServer, address: &str) -> Vec<Mail> {
    server.mails_to(address).into_iter().filter(|mail| mail.text().contains("/survey/")).collect()
}

/// The path of the personal link in a mail.
pub fn link(app: &TestApp, mail: &Mail) -> String {
    let text = mail.text();
    let (_, rest) = text.split_once(&format!("{}/survey/", app.url)).expect("a personal link");
    format!("/survey/{}", &rest[..43])
}

pub async fn answer(app: &TestApp, path: &str, score: &str) -> Answer {
    app.client().post_form(path, &[("score:score", score)]).await
}

on_both_databases! {
    async fn whoever_is_asked_answers_once_and_can_change_it(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        customers(&app, &[json!({"name": "Li", "email": "li@example.com"}), json!({"email": "kim@example.com"}), json!({"phone": "+8613800138000"})]).await;
        apply(&app, OPINION).await;
        assert_eq!((invite(&app).await, invite(&app).await), (2, 0), "each once; who has no address can't be asked");
        let mail = asked(&server, "li@example.com").remove(0);
        let (path, text) = (link(&app, &mail), mail.text());
        assert_eq!(mail.subject(), "How did we do?");
        assert!(text.contains("Nobody here is shown who answered what, unless you want an answer yourself.") && text.contains(&format!("{path}/stop")), "{text}");
        assert_eq!(mail.header("List-Unsubscribe"), format!("<{}{path}/stop>", app.url));
        assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");

        let page = app.client().get(&path).await;
        assert!(page.status == StatusCode::OK && page.body.contains("How did we do?") && page.body.contains("until the survey closes"), "{}", page.body);
        app.client().send(app.client().request(Method::HEAD, &path)).await;
        app.client().get(&format!("{path}/stop")).await;
        assert_eq!((count(&app, "survey_answers").await, count(&app, "survey_optouts").await), (0, 0), "scanners that follow links answer nothing");
        assert_eq!(answer(&app, &path, "9").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let robot = app.client().post_form(&path, &[("score:score", "1"), ("website", "x")]).await;
        assert_eq!((robot.location(), count(&app, "survey_answers").await), (format!("{path}?done=1").as_str(), 0));
        for score in ["2", "5"] {
            assert_eq!(answer(&app, &path, score).await.location(), format!("{path}?done=1"));
        }
        assert!(app.client().get(&path).await.body.contains("value=\"5\" checked"), "it shows what was answered");
        let stored: Vec<(String, String)> = sayso::with_db!(&app.app.db, pool => sqlx::query_as("select respondent, value from survey_answers").fetch_all(pool).await).unwrap();
        assert_eq!(stored.len(), 1);
        assert!(stored[0].0.starts_with("mail:") && stored[0].1 == "5", "{stored:?}");

        app.app.clock.advance(7 * DAY);
        assert_eq!((invite(&app).await, invite(&app).await), (1, 0), "only who has not answered, and once");
        assert_eq!((asked(&server, "li@example.com").len(), asked(&server, "kim@example.com").len()), (1, 2));
        assert_eq!(asked(&server, "kim@example.com")[1].subject(), "Reminder: How did we do?");

        let forged = format!("/survey/{}", if path.ends_with('A') { path["/survey/".len()..].replace('A', "B") } else { format!("{}A", &path["/survey/".len()..path.len() - 1]) });
        for gone in [forged.as_str(), "/survey/x", "/survey/recommend/stop"] {
            assert_eq!(app.client().get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
        }
        let mei = Desk::of(&app, "mei", Role::Manager).await;
        let list = mei.client.get("/staff/surveys").await;
        assert!(list.body.contains("1 of 2 answered (50 %)"), "{}", list.body);
        let figures = mei.client.get("/staff/surveys/opinion").await;
        assert!(figures.body.contains("1 of 2 answered (50 %)") && figures.body.contains("100 %"), "{}", figures.body);
        assert_eq!(mei.client.get("/staff/surveys/nothing").await.status, StatusCode::NOT_FOUND);
        apply(&app, &OPINION.replace("2099-12-31", "2020-12-31")).await;
        let late = answer(&app, &path, "1").await;
        assert!(late.status == StatusCode::CONFLICT && late.body.contains("This survey is over"), "{}", late.body);
        assert_eq!(invite(&app).await, 0);
    }

    async fn nobody_is_asked_too_often_or_against_their_will(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        customers(&app, &[json!({"email": "li@example.com"}), json!({"email": "kim@example.com"})]).await;
        apply(&app, OPINION).await;
        invite(&app).await;
        let path = link(&app, &asked(&server, "li@example.com")[0]);
        // As a mail program does when its button is pressed.
        let stopped = app.client().post_form(&format!("{path}/stop"), &[("List-Unsubscribe", "One-Click")]).await;
        assert!(stopped.status == StatusCode::OK && stopped.body.contains("You will get no more surveys"), "{}", stopped.body);
        apply(&app, &another("second", "{ customers = {} }")).await;
        assert_eq!(invite(&app).await, 0, "one invitation in 90 days, whatever the survey");
        app.app.clock.advance(90 * DAY);
        assert_eq!(invite(&app).await, 3, "the second survey, and the reminders of the first");
        assert_eq!((asked(&server, "li@example.com").len(), asked(&server, "kim@example.com").len()), (1, 3));
        let last = deliveries(&app).await.into_iter().find(|row| row.last_error.is_some()).map(|row| row.last_error);
        assert_eq!(last, Some(Some("they want no surveys".to_owned())), "the reminder of who wants none");
    }

    async fn a_sample_is_drawn_once_from_whom_it_is_for(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        let contacts: Vec<_> = (0..12).map(|n| json!({"email": format!("c{n}@example.com")})).collect();
        customers(&app, &contacts).await;
        apply(&app, &format!("{}{}", another("drawn", "{ customers = { sample = 5 } }"), another("solved", "{ customers = { resolved_within = \"30d\" } }"))).await;
        let survey = sayso::surveys::find(&app.app.db, "drawn").await.unwrap().unwrap();
        let (site, service) = (app.site().await, app.app.service.current().await.unwrap());
        let calendar = invitations::calendar_of(&service, &site);
        let draw = || invitations::candidates(&app.app.db, &app.app.keys, &site, &survey, &calendar, app.app.clock.now());
        let (first, again) = (draw().await.unwrap(), draw().await.unwrap());
        assert_eq!((first.asked.len(), first.of), (5, 12));
        assert_eq!(first, again, "whoever draws again draws the same ones");
        let (went_well, said) = app.command(&["survey", "invite", "drawn"]).await;
        assert!(went_well && said.starts_with("5 would be asked, of 12 who can be"), "{said}");
        assert_eq!(invite(&app).await, 5, "no case was resolved, so the other one asks nobody");
        let (went_well, said) = app.command(&["survey", "invite", "drawn"]).await;
        assert!(went_well && said.starts_with("The sample was drawn at ") && said.contains("5 were asked, of 12 who could be."), "{said}");
        customers(&app, &[json!({"email": "late@example.com"})]).await;
        assert_eq!(invite(&app).await, 0, "a sample is drawn once");
        let invited: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select customer_id from survey_invitations where survey = 'drawn'").fetch_all(pool).await).unwrap();
        let drawn: Vec<String> = first.asked.into_iter().filter_map(|one| match one {
            invitations::Candidate::Customer(id) => Some(id),
            invitations::Candidate::Member(_) => None,
        }).collect();
        assert!(invited.len() == 5 && drawn.iter().all(|id| invited.contains(id)));
        sayso::with_write!(&app.app.db, pool => sqlx::query("update cases set resolved_at = $1 where customer_id not in (select customer_id from survey_invitations)").bind(app.app.clock.now() - 31 * DAY).execute(pool).await.map(|_| ())).unwrap();
        assert_eq!(invite(&app).await, 0, "31 days are more than 30");
        sayso::with_write!(&app.app.db, pool => sqlx::query("update cases set resolved_at = $1 where resolved_at is not null").bind(app.app.clock.now() - 29 * DAY).execute(pool).await.map(|_| ())).unwrap();
        assert_eq!(invite(&app).await, 8, "those with a case that was resolved lately, as they come to fit");
    }

    async fn whoever_was_merged_is_not_asked_again_within_90_days(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        customers(&app, &[json!({"email": "li@example.com"}), json!({"email": "li@work.example"})]).await;
        apply(&app, &another("first", "{ customers = { sample = 1 } }")).await;
        assert_eq!(invite(&app).await, 1);
        let program = Program::new(&app).await;
        let asked: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select customer_id from survey_invitations").fetch_one(pool).await).unwrap();
        let other: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from customers where id <> $1").bind(&asked).fetch_one(pool).await).unwrap();
        let merged = program.post_at(&format!("/api/v1/customers/{asked}/merge"), &json!({"into": other})).await;
        assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
        apply(&app, &another("second", "{ customers = {} }")).await;
        assert_eq!(invite(&app).await, 0, "they were asked before they were merged");
        app.app.clock.advance(90 * DAY);
        assert_eq!(invite(&app).await, 2, "the second survey, and the reminder of the first");
    }

    async fn members_are_asked_and_who_was_erased_is_not_known(database: Database) {
        let server = MailServer::start().await;
        let app = with_mail_server(database, &server).await;
        customers(&app, &[json!({"email": "li@example.com"})]).await;
        Desk::of(&app, "mei", Role::Agent).await;
        apply(&app, &format!("{OPINION}{}", another("staff", "\"members\""))).await;
        assert_eq!(invite(&app).await, 2);
        assert_eq!(asked(&server, "mei@acme.example").len(), 1, "{:?}", deliveries(&app).await);
        let path = link(&app, &asked(&server, "li@example.com")[0]);
        let customer: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from customers").fetch_one(pool).await).unwrap();
        let program = Program::new(&app).await;
        let erased = program.post_at(&format!("/api/v1/customers/{customer}/erase"), &json!({})).await;
        assert_eq!(erased.status, StatusCode::OK, "{}", erased.body);
        assert_eq!(count(&app, "survey_invitations").await, 1, "the member's is left");
        assert_eq!(app.client().get(&path).await.status, StatusCode::NOT_FOUND);
    }
}

on_both_databases! {
    async fn programs_read_and_answer_what_anyone_may(app: TestApp) {
        apply(&app, &format!("{SURVEYS}{}", another("open", "\"anyone\"").replace("[\"email\"]", "[\"link\", \"widget\"]"))).await;
        let client = app.client();
        let found = client.get("/api/v1/sites/acme/surveys/open?lang=zh-Hans").await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.body);
        let survey = found.json();
        assert_eq!((&survey["title"], &survey["kind"], &survey["state"]), (&json!("您对我们满意吗？"), &json!("csat"), &json!("open")));
        assert_eq!(survey["questions"].as_array().unwrap().len(), 1);
        let values: Vec<&str> = survey["questions"][0]["choices"].as_array().unwrap().iter().map(|choice| choice["value"].as_str().unwrap()).collect();
        assert_eq!(values, ["1", "2", "3", "4", "5"]);
        let path = "/api/v1/sites/acme/surveys/open";
        let key = uuid::Uuid::new_v4().to_string();
        let post = |answers: Value, key: &str| client.send(client.request(Method::POST, path).header("idempotency-key", key).json(&json!({"answers": answers})));
        for score in ["3", "4"] {
            let stored = post(json!([{"item": "", "field": "score", "value": score}]), &key).await;
            assert_eq!((stored.status, stored.json()), (StatusCode::CREATED, json!({"answered": 1})), "{}", stored.body);
        }
        assert_eq!(count(&app, "survey_answers").await, 1, "the same form counts once");
        for (answers, field) in [
            (json!([]), "/answers"),
            (json!([{"item": "", "field": "score", "value": "6"}]), "/answers/0/value"),
            (json!([{"field": "stars", "value": "5"}]), "/answers/0/field"),
            (json!([{"field": "score", "value": "5"}, {"item": "", "field": "score", "value": "4"}]), "/answers/1"),
        ] {
            let refused = post(answers, &key).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
            assert_eq!(refused.field_errors()[0].0, field, "{}", refused.body);
        }
        for gone in ["/api/v1/sites/acme/surveys/recommend", "/api/v1/sites/acme/surveys/x", "/api/v1/sites/other/surveys/open"] {
            assert_eq!(client.get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
        }
        assert_eq!(client.get(&format!("{path}?lang=a&lang=b")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let foreign = client.send(client.request(Method::GET, path).header("origin", "https://evil.example")).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN, "{}", foreign.body);
        apply(&app, &another("open", "\"anyone\"").replace("[\"email\"]", "[\"link\"]").replace("2099", "2020")).await;
        assert_eq!(client.get(path).await.json()["state"], "closed");
        assert_eq!(post(json!([{"item": "", "field": "score", "value": "5"}]), &key).await.status, StatusCode::CONFLICT);
    }
}
