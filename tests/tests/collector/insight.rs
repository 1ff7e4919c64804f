//! Surveys and their reports: answers that were given elsewhere are stored once, and the figures are those of the formulas.

mod answers;
mod behind;
mod choices;
mod console;
mod dashboards;
mod digests;
mod edges;
mod export;
mod exposure;
mod facts;
mod invitations;
mod learning;
mod pages;
mod reports;
mod scores;
mod signals;
mod tables;
mod value;
mod versions;
mod wishes;

use reqwest::StatusCode;
use sayso::service::read::read;
use sayso::service::store;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use crate::access::Program;

const SURVEYS: &str = r#"
[[survey]]
key = "features"
kind = "kano"
site = "acme"
title = { en = "What would you like?" }
items = [{ key = "tracking", text = { en = "Live tracking", zh-Hans = "实时查询" } }, { key = "wrapping", text = { en = "Gift wrapping" } }]

[[survey]]
key = "yearly-2026"
kind = "importance_satisfaction"
site = "acme"
title = { en = "How did we do this year?", zh-Hans = "年度满意度调查" }
items = [{ key = "delivery", text = { en = "Delivery" } }, { key = "price", text = { en = "Price" } }]
audience = { customers = { resolved_within = "365d", sample = 200 } }
opens = 2026-12-01
closes = "2026-12-31"
remind_after = "7d"
channels = ["email", "paper"]

[[survey]]
key = "service"
kind = "servqual"
site = "acme"
title = { en = "Our service" }
items = [
    { key = "on-time", text = { en = "It comes on time" }, dimension = "reliability" },
    { key = "prompt", text = { en = "They are prompt" }, dimension = "responsiveness" },
    { key = "trust", text = { en = "I trust them" }, dimension = "assurance" },
    { key = "care", text = { en = "They care" }, dimension = "empathy" },
    { key = "rooms", text = { en = "The rooms are fine" }, dimension = "tangibles" },
]

[[survey]]
key = "recommend"
kind = "nps"
site = "acme"
title = { en = "Would you recommend us?" }
audience = "members"
channels = ["paper"]
"#;

/// Surveys by their keys and kinds, each of which asks about one thing where its kind asks about things.
pub fn surveys(of: &[(&str, &str)]) -> String {
    let table = |(key, kind): &(&str, &str)| {
        let items = match *kind {
            "kano" | "importance_satisfaction" => "items = [{ key = \"delivery\", text = { en = \"Delivery\" } }]\n",
            _ => "",
        };
        format!(
            "[[survey]]\nkey = \"{key}\"\nkind = \"{kind}\"\nsite = \"acme\"\ntitle = {{ en = \"About {key}\" }}\n{items}\n"
        )
    };
    of.iter().map(table).collect()
}

/// Everything that was answered, in order of its text.
pub async fn stored_answers(app: &TestApp) -> Vec<String> {
    let select = "select value from survey_answers order by value";
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap()
}

pub async fn set_up(app: &TestApp) {
    app.apply_service(SURVEYS).await;
}

/// Runs `sayso survey import`; gives its success and what it printed.
pub async fn import(app: &TestApp, survey: &str, rows: &str, more: &[&str]) -> (bool, String) {
    let file = app.write_file("answers.csv", rows);
    app.command(&[&["survey", "import", survey, &file], more].concat()).await
}

/// A row for each answer of one field, the respondents counted from `first`.
pub fn rows(first: usize, item: &str, field: &str, values: &[&str]) -> String {
    values.iter().enumerate().map(|(at, value)| format!("r{},{item},{field},{value}\n", first + at)).collect()
}

pub const HEADER: &str = "respondent,item,field,value\n";

pub async fn report(program: &Program<'_>, path: &str) -> Value {
    let answer = program.get_at(&format!("/api/v1/reports/{path}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

pub fn near(found: &Value, wanted: f64) {
    assert!((found.as_f64().unwrap_or(f64::NAN) - wanted).abs() < 5e-4, "{found} is not {wanted}");
}

on_both_databases! {
    async fn surveys_are_written_and_read_whole(app: TestApp) {
        set_up(&app).await;
        let written = store::load(&app.app.db).await.unwrap();
        let text = written.write().unwrap();
        let again = read(&text, &Default::default()).unwrap();
        assert_eq!(again.surveys, written.surveys);
        assert!(text.contains("remind_after = \"1w\"") && text.contains("2026-12-31"), "{text}");
        let wrong = SURVEYS
            .replace("dimension = \"empathy\"", "dimension = \"kindness\"")
            .replace("key = \"wrapping\"", "key = \"tracking\"")
            .replace("closes = \"2026-12-31\"", "closes = \"2026-11-31\"")
            .replace("site = \"acme\"\ntitle = { en = \"Would", "site = \"other\"\ntitle = { en = \"Would");
        let mistakes = read(&wrong, &store::load(&app.app.db).await.unwrap()).unwrap_err();
        let said = mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        for part in ["kindness", "the item tracking is there twice", "2026-11-31", "there is no site other"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    async fn the_same_answer_is_stored_once_and_another_replaces_it(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let file = format!("{HEADER}{}", rows(0, "", "score", &["9", "7", "0", "10", "3"]));
        let (went_well, tried) = import(&app, "recommend", &file, &["--dry-run"]).await;
        assert!(went_well && tried.contains("Would be imported: 5. Replaced: 0. There already: 0. Refused: 0."), "{tried}");
        assert_eq!(report(&program, "satisfaction?survey=recommend").await["rows"], json!([]), "a dry run stores nothing");
        let (_, stored) = import(&app, "recommend", &file, &[]).await;
        assert!(stored.contains("Imported: 5. Replaced: 0. There already: 0."), "{stored}");
        let (_, again) = import(&app, "recommend", &file.replace("r2,,score,0", "r2,,score,10"), &[]).await;
        assert!(again.contains("Imported: 0. Replaced: 1. There already: 4."), "{again}");
        let report = report(&program, "satisfaction?survey=recommend").await;
        let row = &report["rows"][0];
        assert_eq!(row["n"], 5);
        near(&row["value"], 100.0 * (3.0 / 5.0 - 1.0 / 5.0));
        let (went_well, refused) = import(&app, "recommend", &format!("{HEADER}r9,,score,11\nr9,,score,4\n,,score,5\nr8,,stars,5\nr7,,score,\"5\n"), &[]).await;
        assert!(!went_well && refused.contains("Imported: 1. Replaced: 0. There already: 0. Refused: 4."), "{refused}");
        for line in ["line 2: value: score is a whole number from 0 to 10", "line 4: respondent:", "line 5: field:", "line 6: the quote that opens on line 6"] {
            assert!(refused.contains(line), "{line}: {refused}");
        }
        let (went_well, unknown) = import(&app, "nothing", HEADER, &[]).await;
        assert!(!went_well && unknown.contains("there is no survey nothing"), "{unknown}");
        let (went_well, header) = import(&app, "recommend", "respondent,item,value\n", &[]).await;
        assert!(!went_well && header.contains("the column field is missing"), "{header}");
    }

    async fn a_correction_keeps_the_time_or_corrects_it(app: TestApp) {
        set_up(&app).await;
        let timed = |value: &str, at: &str| format!("respondent,item,field,value,answered_at\nr1,,score,{value},{at}\n");
        let answer = async || {
            let select = "select value, answered_at from survey_answers";
            let found: Vec<(String, i64)> = sayso::with_db!(&app.app.db, pool => sqlx::query_as(select).fetch_all(pool).await).unwrap();
            found.into_iter().map(|(value, at)| (value, sayso::clock::rfc3339(at))).collect::<Vec<_>>()
        };
        for (file, said, value, at) in [
            (timed("9", "2026-03-05T10:00:00Z"), "Imported: 1. Replaced: 0. There already: 0.", "9", "2026-03-05T10:00:00Z"),
            (format!("{HEADER}r1,,score,4\n"), "Imported: 0. Replaced: 1. There already: 0.", "4", "2026-03-05T10:00:00Z"),
            (format!("{HEADER}r1,,score,4\n"), "Imported: 0. Replaced: 0. There already: 1.", "4", "2026-03-05T10:00:00Z"),
            (timed("4", "2026-04-06T10:00:00Z"), "Imported: 0. Replaced: 1. There already: 0.", "4", "2026-04-06T10:00:00Z"),
            (timed("4", "2026-04-06T18:00:00+08:00"), "Imported: 0. Replaced: 0. There already: 1.", "4", "2026-04-06T10:00:00Z"),
        ] {
            let (_, stored) = import(&app, "recommend", &file, &[]).await;
            assert!(stored.contains(said), "{file}: {stored}");
            assert_eq!(answer().await, [(value.to_owned(), at.to_owned())], "{file}");
        }
    }

    async fn kano_says_what_something_is_to_customers(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        // 7 O, 5 A, 4 M, 2 I, 1 R, 1 Q.
        let pairs = [("like", "dislike", 7), ("like", "neutral", 5), ("neutral", "dislike", 4), ("neutral", "neutral", 2), ("dislike", "like", 1), ("like", "like", 1)];
        let all = || pairs.iter().flat_map(|(functional, dysfunctional, times)| vec![(*functional, *dysfunctional); *times]);
        let functional: Vec<&str> = all().map(|pair| pair.0).collect();
        let dysfunctional: Vec<&str> = all().map(|pair| pair.1).collect();
        let file = [
            HEADER.to_owned(),
            rows(0, "tracking", "functional", &functional),
            rows(0, "tracking", "dysfunctional", &dysfunctional),
            rows(50, "tracking", "functional", &["like"]),
            rows(0, "wrapping", "functional", &["like"; 4]),
            rows(0, "wrapping", "dysfunctional", &["neutral"; 4]),
        ];
        let (went_well, said) = import(&app, "features", &file.concat(), &[]).await;
        assert!(went_well, "{said}");
        let report = report(&program, "kano?survey=features").await;
        assert_eq!((&report["report"], &report["by"], &report["unit"]), (&json!("kano"), &json!("item"), &json!("answers")));
        assert_eq!(self::report(&program, "kano?survey=features&by=item&site=acme").await["rows"], report["rows"]);
        let row = &report["rows"][0];
        assert_eq!((&row["item"], &row["n"], &row["category"], &row["weak"], &row["unclear"]), (&json!("tracking"), &json!(20), &json!("O"), &json!(true), &json!(false)));
        assert_eq!(row["counts"], json!({"A": 5, "O": 7, "M": 4, "I": 2, "R": 1, "Q": 1}));
        near(&row["better"], 0.667);
        near(&row["worse"], -0.611);
        let few = &report["rows"][1];
        assert_eq!((&few["n"], &few["category"], &few["counts"], &few["note"]), (&json!(4), &Value::Null, &Value::Null, &json!("too few")));
        assert_eq!(report["left_out"], json!({"incomplete": 1, "too_few": 4, "unknown": 0}));
        let csv = program.get_at("/api/v1/reports/kano?survey=features&format=csv").await;
        let head = "\u{feff}group,n,item,counts.A,counts.O,counts.M,counts.I,counts.R,counts.Q,category,weak,unclear,better,worse,note\r\n";
        assert!(csv.body.starts_with(head), "{}", csv.body);
    }

    async fn importance_says_where_to_begin(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let file = [
            HEADER.to_owned(),
            rows(0, "delivery", "importance", &["5", "5", "4", "5", "5", "5"]),
            rows(0, "delivery", "satisfaction", &["2", "1", "unknown", "4", "2", "1"]),
            rows(0, "price", "importance", &["2", "3", "2", "4", "1"]),
            rows(0, "price", "satisfaction", &["5", "4", "4", "5", "3"]),
        ];
        let (went_well, said) = import(&app, "yearly-2026", &file.concat(), &[]).await;
        assert!(went_well, "{said}");
        let found = report(&program, "importance?survey=yearly-2026&crosshair=medians").await;
        assert_eq!((&found["crosshair"], &found["overall"]["crosshair"]), (&json!("medians"), &json!("medians")), "it says where the lines are");
        near(&found["overall"]["lines"]["satisfaction"], 3.1);
        let (delivery, price) = (&found["rows"][0], &found["rows"][1]);
        assert_eq!((&delivery["quadrant"], &price["quadrant"]), (&json!("concentrate_here"), &json!("possible_overkill")));
        near(&delivery["importance"], 29.0 / 6.0);
        near(&delivery["satisfaction"], 2.0);
        near(&delivery["is_rating"], 0.8);
        assert_eq!((&delivery["n"], &delivery["satisfaction_n"]), (&json!(6), &json!(5)));
        near(&price["is_rating"], 0.2 * 0.2);
        assert_eq!(found["left_out"]["unknown"], 1);
        let means = report(&program, "importance?survey=yearly-2026").await;
        assert_eq!(means["crosshair"], "means", "unless something else is asked for");
        assert_eq!(program.get_at("/api/v1/reports/importance?survey=yearly-2026&crosshair=modes").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn what_few_know_is_not_shown_of_those_few(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let file = [
            HEADER.to_owned(),
            rows(0, "delivery", "importance", &["5"; 6]),
            rows(0, "delivery", "satisfaction", &["2", "1", "unknown", "unknown", "unknown", "unknown"]),
            rows(0, "price", "importance", &["2"; 6]),
            rows(0, "price", "satisfaction", &["5"; 6]),
        ];
        import(&app, "yearly-2026", &file.concat(), &[]).await;
        let found = report(&program, "importance?survey=yearly-2026").await;
        let (few, price) = (&found["rows"][0], &found["rows"][1]);
        assert_eq!((&few["n"], &few["satisfaction_n"], &few["importance"], &few["note"]), (&json!(6), &json!(2), &json!(5.0), &json!("too few")));
        for figure in ["satisfaction", "is_rating", "quadrant"] {
            assert_eq!(few[figure], Value::Null, "{figure}");
            assert_ne!(price[figure], Value::Null, "{figure}");
        }
        assert_eq!(found["left_out"], json!({"incomplete": 0, "unknown": 4, "too_few": 2}));
        near(&found["overall"]["lines"]["importance"], 3.5);
        near(&found["overall"]["lines"]["satisfaction"], 5.0);
        assert_eq!(price["quadrant"], "possible_overkill", "it is less important than what few know");
    }

    async fn servqual_says_how_far_it_is_from_what_was_expected(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let mut file = HEADER.to_owned();
        for (item, expected, perceived) in [("on-time", "7", "5"), ("prompt", "6", "6"), ("trust", "6", "5"), ("care", "5", "6"), ("rooms", "4", "4")] {
            file += &rows(0, item, "expectation", &[expected; 5]);
            file += &rows(0, item, "perception", &[perceived; 5]);
        }
        let (went_well, said) = import(&app, "service", &file, &[]).await;
        assert!(went_well, "{said}");
        let found = report(&program, "servqual?survey=service").await;
        let gaps: Vec<_> = found["rows"].as_array().unwrap().iter().map(|row| (row["dimension"].as_str().unwrap(), row["gap"].as_f64().unwrap(), row["n"].as_u64().unwrap())).collect();
        assert_eq!(gaps, [("reliability", -2.0, 5), ("responsiveness", 0.0, 5), ("assurance", -1.0, 5), ("empathy", 1.0, 5), ("tangibles", 0.0, 5)]);
        near(&found["overall"]["gap"], -0.4);
        assert_eq!(found["overall"]["weighted_gap"], Value::Null, "nobody said what the dimensions count");
        let weights = "weights = { reliability = 30, responsiveness = 25, assurance = 20, empathy = 15, tangibles = 10 }\n";
        let weighted = SURVEYS.replace("title = { en = \"Our service\" }\n", &format!("title = {{ en = \"Our service\" }}\n{weights}"));
        app.apply_service(&weighted).await;
        let found = report(&program, "servqual?survey=service").await;
        near(&found["overall"]["gap"], -0.4);
        near(&found["overall"]["weighted_gap"], 0.30 * -2.0 - 0.20 + 0.15);
        assert_eq!(found["overall"]["weights"]["reliability"], 30.0);
        let before = report(&program, "servqual?survey=service&from=2020-01-01&to=2020-01-31").await;
        assert_eq!(before["before"]["rows"].as_array().map(Vec::len), Some(5), "{before}");
        let known = store::load(&app.app.db).await.unwrap();
        for (wrong, said) in [
            (weighted.replace("tangibles = 10", "tangibles = 11"), "must make 100 together; these make 101"),
            (weighted.replace("tangibles = 10", "kindness = 10"), "kindness"),
            (weighted.replace("tangibles = 10", "tangibles = -10"), "from 0 to 100"),
            (SURVEYS.replace("kind = \"nps\"\n", &format!("kind = \"nps\"\n{weights}")), "only a survey of the kind servqual has weights"),
            (SURVEYS.replace("channels = [\"paper\"]\n", ""), "a survey of the members needs channels"),
            (SURVEYS.replace("audience = \"members\"\nchannels = [\"paper\"]", "channels = [\"email\"]"), "nobody is asked by mail unless the audience says whom"),
        ] {
            let mistakes = read(&wrong, &known).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert!(mistakes.contains(said), "{said}: {mistakes}");
        }
    }

    async fn what_can_t_be_reported_is_said(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        for wrong in ["kano", "kano?survey=nothing", "kano?survey=service", "kano?survey=features&from=soon", "kano?survey=features&x=1", "kano?survey=features&survey=features"] {
            assert_eq!(program.get_at(&format!("/api/v1/reports/{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        assert_eq!(program.get_at("/api/v1/reports/nothing?survey=features").await.status, StatusCode::NOT_FOUND);
        let stranger = Program::with(&app, "shop", &[sayso::auth::token::Scope::CasesRead]).await;
        assert_eq!(stranger.get_at("/api/v1/reports/kano?survey=features").await.status, StatusCode::FORBIDDEN);
        let (_, said) = import(&app, "recommend", "respondent,item,field,value,answered_at\na,,score,9,2026-01-31T12:00:00Z\n", &[]).await;
        assert!(said.contains("Imported: 1."), "{said}");
        for (period, n) in [("from=2026-01-31&to=2026-01-31", 1), ("to=2026-01-30", 0), ("from=2026-02-01", 0), ("to=2026-01-31T12:00:00Z", 0)] {
            let found = report(&program, &format!("satisfaction?survey=recommend&{period}")).await;
            assert_eq!(found["left_out"]["too_few"], n, "{period}: {found}");
        }
    }
}
