//! Scores of surveys: over time, against the period before, in the words of their kind, and only of as many answers as the settings say.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::{Options, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{import, near, report, surveys};
use crate::access::Program;
use crate::console::Desk;

const SURVEYS: [(&str, &str); 4] = [("opinion", "csat"), ("ease", "ces"), ("recommend", "nps"), ("features", "kano")];

/// Imports scores that were given on a day.
async fn scores(app: &TestApp, survey: &str, day: &str, scores: &[&str]) {
    let row = |(at, score): (usize, &&str)| format!("{day}-{at},,score,{score},{day}T12:00:00Z\n");
    let rows: String = scores.iter().enumerate().map(row).collect();
    let (went_well, said) = import(app, survey, &format!("respondent,item,field,value,answered_at\n{rows}"), &[]).await;
    assert!(went_well, "{said}");
}

/// The groups of a report with how many answers each has, and its value.
fn groups(report: &Value) -> Vec<(&str, u64, Option<f64>)> {
    let rows = report["rows"].as_array().unwrap();
    rows.iter().map(|row| (row["group"].as_str().unwrap(), row["n"].as_u64().unwrap(), row["value"].as_f64())).collect()
}

on_both_databases! {
    async fn scores_have_a_trend_and_a_period_before(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let program = Program::new(&app).await;
        scores(&app, "opinion", "2026-01-15", &["5", "5", "4", "2", "5"]).await;
        scores(&app, "opinion", "2026-02-10", &["1", "5"]).await;
        scores(&app, "opinion", "2026-03-20", &["5", "1", "1", "1", "4"]).await;
        let found = report(&program, "satisfaction?survey=opinion&by=month&from=2026-01-01&to=2026-03-31").await;
        assert_eq!(groups(&found), [("2026-01", 5, Some(0.8)), ("2026-02", 2, None), ("2026-03", 5, Some(0.4))]);
        assert_eq!((&found["rows"][1]["note"], &found["left_out"]["too_few"]), (&json!("too few"), &json!(2)));
        assert_eq!((&found["by"], &found["overall"]["n"]), (&json!("month"), &json!(12)));
        near(&found["overall"]["value"], 7.0 / 12.0);
        for (by, wanted) in [("day", 90), ("week", 14), ("quarter", 1), ("year", 1), ("all", 1), ("item", 1)] {
            let found = report(&program, &format!("satisfaction?survey=opinion&by={by}&from=2026-01-01&to=2026-03-31")).await;
            assert_eq!(found["rows"].as_array().unwrap().len(), wanted, "{by}: {found}");
        }
        let quarter = report(&program, "satisfaction?survey=opinion&by=quarter&from=2026-01-01&to=2026-03-31").await;
        assert_eq!(quarter["rows"][0]["group"], "2026-Q1");
        let march = report(&program, "satisfaction?survey=opinion&from=2026-03-01&to=2026-03-31").await;
        near(&march["rows"][0]["value"], 0.4);
        assert_eq!((&march["before"]["rows"][0]["n"], &march["before"]["overall"]["value"]), (&json!(2), &Value::Null), "{march}");
        let february = report(&program, "satisfaction?survey=opinion&from=2026-02-01&to=2026-02-28").await;
        near(&february["before"]["rows"][0]["value"], 0.8);
        let kano = report(&program, "kano?survey=features&from=2026-01-01&to=2026-01-31").await;
        assert!(kano["before"]["rows"].is_array(), "{kano}");
        for wrong in ["kano?survey=features&by=month", "satisfaction?survey=opinion&by=category", "satisfaction?survey=opinion&category=delivery"] {
            let refused = program.get_at(&format!("/api/v1/reports/{wrong}")).await;
            assert_eq!((refused.status, refused.field_errors()[0].1.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"), "{wrong}: {}", refused.body);
        }
        // Nobody is known, and so in no team.
        let by_team = report(&program, "satisfaction?survey=opinion&by=team").await;
        let rows: Vec<(&str, u64)> = groups(&by_team).into_iter().map(|(group, n, _)| (group, n)).collect();
        assert_eq!(rows, [("none", 12)]);
        assert_eq!(report(&program, "satisfaction?survey=opinion&team=none").await["overall"]["n"], 12);
        assert_eq!(report(&program, "satisfaction?survey=opinion&kind=complaint").await["overall"]["n"], 0);
    }

    async fn each_kind_speaks_its_own_words(app: TestApp) {
        app.apply_service(&surveys(&SURVEYS)).await;
        let program = Program::new(&app).await;
        scores(&app, "ease", "2026-01-15", &["7", "6", "5", "5", "4", "2", "7", "6", "3", "5"]).await;
        scores(&app, "recommend", "2026-01-15", &["10", "10", "10", "9", "7"]).await;
        scores(&app, "opinion", "2026-01-15", &["5", "5", "4", "2", "5"]).await;
        let desk = Desk::of(&app, "ann", Role::Viewer).await;
        let page = async |query: &str| desk.client.get(&format!("/staff/reports/satisfaction?{query}")).await.body;
        let ease = page("survey=ease").await;
        assert!(ease.contains("70 % of 10 found it easy, on average 5 of 7;") && ease.contains("Found it easy") && ease.contains("(CES)"), "{ease}");
        assert!(!ease.contains("are satisfied") && !ease.contains("4 and 5 among"), "{ease}");
        let recommend = page("survey=recommend").await;
        assert!(recommend.contains("The NPS of 5 answers is 80 ±") && recommend.contains("and 100.") && recommend.contains("9 and 10 less"), "{recommend}");
        assert!(!recommend.contains("Wilson"), "{recommend}");
        let opinion = page("survey=opinion&by=month").await;
        assert!(opinion.contains("80 % of 5 are satisfied") && opinion.contains("<svg class=\"chart\""), "{opinion}");
        assert!(opinion.contains("Fewer than 5 answers are not shown"), "{opinion}");
        for (survey, by) in [("recommend", "month"), ("ease", "quarter"), ("opinion", "tier"), ("opinion", "member"), ("", "item")] {
            assert!(page(&format!("survey={survey}&by={by}")).await.contains("<h1>Satisfaction</h1>"), "{survey} {by}");
        }
        let found = report(&program, "satisfaction?survey=recommend").await;
        let row = &found["rows"][0];
        near(&row["value"], 80.0);
        near(&row["high"], 80.0 + row["margin"].as_f64().unwrap());
        assert!(row["high"].as_f64().unwrap() > 100.0, "it is the formula alone");
        near(&row["low"], 80.0 - row["margin"].as_f64().unwrap());
    }
}

on_both_databases! {
    async fn how_few_are_too_few_is_a_setting(database: Database) {
        let options = Options { settings: Box::new(|config| config.reports.fewest_answers = 2), ..Options::default() };
        let app = TestApp::spawn_with(database, options).await;
        app.apply_service(&surveys(&SURVEYS)).await;
        let program = Program::new(&app).await;
        scores(&app, "opinion", "2026-01-15", &["5"]).await;
        let few = report(&program, "satisfaction?survey=opinion").await;
        assert_eq!((&few["rows"][0]["value"], &few["rows"][0]["note"]), (&Value::Null, &json!("too few")));
        scores(&app, "opinion", "2026-01-16", &["2"]).await;
        assert_eq!(report(&program, "satisfaction?survey=opinion").await["rows"][0]["value"], 0.5);
        let desk = Desk::of(&app, "ann", Role::Viewer).await;
        let page = desk.client.get("/staff/reports/satisfaction").await.body;
        assert!(page.contains("Fewer than 2 answers are not shown"), "{page}");
    }
}
