//! A survey whose items change while it runs: each version has figures of its own.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::clock::{DAY, parse_rfc3339};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::pages::hidden;
use super::report;
use crate::access::Program;
use crate::console::Desk;

fn survey(items: &str) -> String {
    format!(
        "[[survey]]\nkey = \"yearly\"\nkind = \"kano\"\nsite = \"acme\"\ntitle = {{ en = \"What would you like?\" }}\nitems = [{items}]\n"
    )
}

async fn answer(app: &TestApp, items: &[&str], times: usize) {
    for _ in 0..times {
        let fields: Vec<(String, &str)> = items
            .iter()
            .flat_map(|item| [(format!("functional:{item}"), "like"), (format!("dysfunctional:{item}"), "dislike")])
            .collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let sent = app.client().post_form("/s/acme/survey/yearly", &fields).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    }
}

fn rows(report: &Value) -> Vec<(String, u64)> {
    let rows = report["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["item"].as_str().unwrap().to_owned(), row["n"].as_u64().unwrap())).collect()
}

on_both_databases! {
    async fn where_people_stopped_is_counted_and_nothing_else(app: TestApp) {
        app.apply_service(&survey("{ key = \"tracking\", text = { en = \"Live tracking\" } }, { key = \"wrapping\", text = { en = \"Gift wrapping\" } }")).await;
        app.app.clock.advance(1_000);
        let client = app.client();
        assert!(client.get("/s/acme/survey/yearly").await.body.contains("data-left=\"/s/acme/survey/yearly/left\""));
        for (item, times) in [("tracking", 2), ("", 1), ("nothing", 1)] {
            for _ in 0..times {
                let told = client.post_form("/s/acme/survey/yearly/left", &[("item", item)]).await;
                assert_eq!(told.status, StatusCode::NO_CONTENT, "{}", told.body);
            }
        }
        answer(&app, &["tracking", "wrapping"], 1).await;
        let found = sayso::surveys::left(&app.app.db, "yearly", 1).await.unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [(String::new(), 2), ("tracking".to_owned(), 2)]);
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/surveys/yearly").await;
        assert!(page.body.contains("data-label=\"Left after it\">2</td>"), "{}", page.body);
        assert_eq!(client.post_form("/s/acme/survey/none/left", &[("item", "")]).await.status, StatusCode::NOT_FOUND);
    }

    async fn answers_to_other_words_have_figures_of_their_own(app: TestApp) {
        app.set_site(&["time_zone=Asia/Shanghai"]).await;
        let clock = &app.app.clock;
        clock.advance(parse_rfc3339("2026-12-01T00:00:00Z").unwrap() - clock.now());
        let first = "{ key = \"tracking\", text = { en = \"Live tracking\" } }, { key = \"wrapping\", text = { en = \"Gift wrapping\" } }";
        app.apply_service(&survey(first)).await;
        answer(&app, &["tracking", "wrapping"], 6).await;
        let program = Program::new(&app).await;
        let before = report(&program, "kano?survey=yearly").await;
        assert_eq!((&before["version"], rows(&before)), (&json!(1), vec![("tracking".to_owned(), 6), ("wrapping".to_owned(), 6)]));

        clock.advance(3 * DAY);
        let second = "{ key = \"tracking\", text = { en = \"A map with the van\" } }, { key = \"slot\", text = { en = \"A slot of one hour\" } }";
        app.apply_service(&survey(second)).await;
        let untouched = report(&program, "kano?survey=yearly").await;
        assert_eq!((&untouched["version"], rows(&untouched)), (&json!(2), vec![("tracking".to_owned(), 0), ("slot".to_owned(), 0)]), "nobody has answered it yet");
        answer(&app, &["tracking", "slot"], 5).await;
        let now = report(&program, "kano?survey=yearly").await;
        assert_eq!(rows(&now), [("tracking".to_owned(), 5), ("slot".to_owned(), 5)]);
        let known: Vec<(u64, u64, &str)> = now["versions"].as_array().unwrap().iter().map(|known| {
            (known["version"].as_u64().unwrap(), known["respondents"].as_u64().unwrap(), &known["since"].as_str().unwrap()[..10])
        }).collect();
        assert_eq!(known, [(1, 6, "2026-12-01"), (2, 5, "2026-12-04")]);
        let old = report(&program, "kano?survey=yearly&version=1").await;
        assert_eq!(rows(&old), [("tracking".to_owned(), 6), ("wrapping".to_owned(), 6)], "a removed item keeps its answers");
        assert_eq!(program.get_at("/api/v1/reports/kano?survey=yearly&version=7").await.status, StatusCode::UNPROCESSABLE_ENTITY);

        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/kano?survey=yearly").await;
        for part in ["these are the figures of version 2", "6 answers to other versions are not in them", "A map with the van", "id=\"version\""] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        assert!(!page.body.contains("Live tracking"), "{}", page.body);
        let page = tom.client.get("/staff/reports/kano?survey=yearly&version=1").await;
        assert!(page.body.contains("Live tracking") && page.body.contains("Gift wrapping"), "it is shown as it was asked: {}", page.body);
        let figures = tom.client.get("/staff/surveys/yearly").await;
        assert!(figures.body.contains("A slot of one hour") && figures.body.contains("/staff/surveys/yearly?version=1"), "{}", figures.body);
        let figures = tom.client.get("/staff/surveys/yearly?version=1").await;
        assert!(figures.body.contains("Gift wrapping") && !figures.body.contains("A slot of one hour"), "{}", figures.body);

        // What only the order of the file changes, or another end of the survey, is the same question.
        app.apply_service(&format!("{}closes = \"2026-12-31\"\n", survey(second))).await;
        assert_eq!(report(&program, "kano?survey=yearly").await["version"], 2);
    }

    async fn an_answer_is_one_to_what_was_read(app: TestApp) {
        const FIRST: &str = "{ key = \"tracking\", text = { en = \"Live tracking\" } }, { key = \"wrapping\", text = { en = \"Gift wrapping\" } }";
        const SECOND: &str = "{ key = \"slot\", text = { en = \"A slot of one hour\" } }";
        let first = survey(FIRST).replace("kind = ", "channels = [\"link\", \"paper\"]\nkind = ");
        let second = survey(SECOND).replace("kind = ", "channels = [\"link\", \"paper\"]\nkind = ");
        app.apply_service(&first).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let client = app.client();
        // Before anybody has answered: a page lies open, a sheet is printed, and a program reads the survey.
        let open = hidden(&client.get("/s/acme/survey/yearly").await.body, "version");
        let paper = tom.client.get("/staff/surveys/yearly/paper").await.body;
        assert!(open.len() == 6 && paper.contains(&format!("Version <span translate=\"no\">{open}</span>")), "{paper}");
        assert_eq!(client.get("/api/v1/sites/acme/surveys/yearly").await.json()["version"], json!(open));
        assert_eq!(client.post_form("/s/acme/survey/yearly/left", &[("item", "tracking"), ("version", &open)]).await.status, StatusCode::NO_CONTENT);
        let begun: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select count(*) from survey_versions").fetch_one(pool).await).unwrap();
        assert_eq!(begun, 0, "leaving a page begins no version");

        app.apply_service(&second).await;
        assert!(sayso::surveys::left(&app.app.db, "yearly", 1).await.unwrap().is_empty(), "nobody answered these words, so nothing of them stays");
        answer(&app, &["slot"], 1).await;
        let old = |more: &[(&str, &str)]| [&[("functional:tracking", "like"), ("dysfunctional:tracking", "dislike"), ("version", open.as_str())], more].concat().into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>();
        let send = async |fields: Vec<(String, String)>, path: &str| {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            if path.starts_with("/staff") { tom.post(path, &fields).await } else { client.post_form(path, &fields).await }
        };
        let sent = send(old(&[]), "/s/acme/survey/yearly").await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        let typing = tom.client.get(&format!("/staff/surveys/yearly/answers?version={open}")).await.body;
        assert!(typing.contains("Live tracking") && !typing.contains("A slot of one hour"), "{typing}");
        let now = tom.client.get("/staff/surveys/yearly/answers").await.body;
        assert!(now.contains(&format!("answers?version={open}\"")) && now.contains("A slot of one hour"), "the other version is offered: {now}");
        let typed = send(old(&[]), "/staff/surveys/yearly/answers").await;
        assert_eq!(typed.location(), format!("/staff/surveys/yearly/answers?done=1&version={open}"));
        let answers = json!([{"item": "tracking", "field": "functional", "value": "like"}]);
        let program = Program::new(&app).await;
        let posted = client.send(client.request(reqwest::Method::POST, "/api/v1/sites/acme/surveys/yearly").header("idempotency-key", "018f3a1e-0000-4000-8000-000000000001")
            .json(&json!({"version": open, "answers": answers}))).await;
        assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.body);
        let file = app.write_file("old.csv", format!("respondent,item,field,value,version\nr1,tracking,functional,like,{open}\nr2,tracking,functional,like,2\nr3,slot,functional,like,\nr4,slot,functional,like,9\n"));
        let (_, said) = app.command(&["survey", "import", "yearly", &file]).await;
        assert!(said.contains("Imported: 3.") && said.contains("the survey has no version \"9\""), "{said}");

        let figures = program.get_at("/api/v1/surveys/yearly/figures?version=2").await.json();
        assert_eq!((&figures["version"], &figures["respondents"]), (&json!(2), &json!(5)), "a page, a sheet, a program and two rows: {figures}");
        let current = program.get_at("/api/v1/surveys/yearly/figures").await.json();
        assert_eq!((&current["version"], &current["respondents"], &current["questions"][0]["item"]), (&json!(1), &json!(2), &json!("slot")), "{current}");
        assert_eq!(program.get_at("/api/v1/surveys/yearly/figures?version=7").await.status, StatusCode::UNPROCESSABLE_ENTITY);

        // Words that come again are the version that they were.
        app.apply_service(&first).await;
        assert_eq!(report(&program, "kano?survey=yearly").await["version"], 2);
    }
}
