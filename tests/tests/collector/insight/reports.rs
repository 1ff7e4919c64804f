//! Reports about cases: each figure by its definition, in the zone of the site, with what does not count named.

use reqwest::StatusCode;
use sayso::clock::{DAY, HOUR, MINUTE, parse_rfc3339, rfc3339};
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{near, report};
use crate::access::Program;

pub const SERVICE: &str = r#"
[[site]]
key = "acme"
name = "Acme Home"
origins = ["https://shop.example"]

[[member]]
address = "mei@shop.example"
name = "Mei Lin"
role = "agent"
teams = ["delivery"]

[[calendar]]
key = "office"
time_zone = "Asia/Shanghai"
hours = { mon = ["09:00-18:00"], tue = ["09:00-18:00"], wed = ["09:00-18:00"], thu = ["09:00-18:00"], fri = ["09:00-18:00"] }

[[team]]
key = "delivery"
name = "Delivery"
calendar = "office"

[[category]]
site = "acme"
key = "delivery"
label = { en = "Delivery" }
team = "delivery"

[[promise]]
site = "acme"
calendar = "office"
first_response = "4h"
resolution = "3bd"

[[problem]]
key = "P-7"
title = "The carrier is late"
"#;

/// Monday, 2026-11-30 09:00 in Shanghai, on which it is still Monday 01:00 in UTC.
const MONDAY: &str = "2026-11-30T01:00:00Z";

pub async fn set_up(app: &TestApp) {
    app.apply_service(SERVICE).await;
    go_to(app, MONDAY);
}

pub fn go_to(app: &TestApp, time: &str) {
    let clock = &app.app.clock;
    clock.advance(parse_rfc3339(time).unwrap() - clock.now());
}

/// Submits feedback and gives its identifier and code.
pub async fn submit(app: &TestApp, program: &Program<'_>, feedback: Value) -> (String, String) {
    let receipt = app.client().submit(feedback).await;
    assert_eq!(receipt.status, StatusCode::CREATED, "{}", receipt.body);
    run_due(&app.app).await.unwrap();
    let code = receipt.json()["code"].as_str().unwrap().to_owned();
    let found = program.get(&format!("?q={code}")).await.json();
    (found["cases"][0]["id"].as_str().unwrap().to_owned(), code)
}

pub fn complaint(category: &str) -> Value {
    json!({"kind": "complaint", "message": "It came late", "category": category, "contact": {"email": "lin@example.com"}})
}

pub async fn post(program: &Program<'_>, path: &str, body: Value) {
    let answer = program.post(path, &body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.body);
}

pub async fn rate(app: &TestApp, code: &str, score: u8) {
    let answer =
        app.client().post_json(&format!("/api/v1/feedback/{code}/satisfaction"), &json!({"score": score})).await;
    assert!(answer.status.is_success(), "{}", answer.body);
}

/// Imports rows that were given elsewhere: kind, category and when each was received.
pub async fn import(app: &TestApp, rows: impl Iterator<Item = (&'static str, String)>) {
    let lines = rows.enumerate().map(|(at, (kind, when))| format!("{kind},words,{when},x{at}\n"));
    import_csv(app, &format!("kind,message,received_at,external_id\n{}", lines.collect::<String>())).await;
}

/// Imports a CSV file to the site, on the command line.
pub async fn import_csv(app: &TestApp, text: &str) {
    let (went_well, said) = app.command(&["import", &app.write_file("cases.csv", text), "--site", "acme"]).await;
    assert!(went_well, "{said}");
}

on_both_databases! {
    async fn the_overview_counts_what_came_and_what_became_of_it(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (first, code) = submit(&app, &program, complaint("delivery")).await;
        let (second, _) = submit(&app, &program, json!({"kind": "question", "message": "When do you open?"})).await;
        let (third, _) = submit(&app, &program, complaint("delivery")).await;
        app.app.clock.advance(2 * HOUR + 30_000);
        post(&program, &format!("/{first}/messages"), json!({"kind": "reply", "body": "Tomorrow at ten."})).await;
        // On Tuesday at 10:00: nine hours of Monday and one of Tuesday.
        go_to(&app, "2026-12-01T02:00:30Z");
        post(&program, &format!("/{first}/status"), json!({"status": "resolved", "outcome": "upheld", "remedy_cost": {"amount": 120.5, "currency": "eur"}})).await;
        post(&program, &format!("/{third}/merge"), json!({"into": second})).await;
        rate(&app, &code, 5).await;
        let case = program.get(&format!("/{first}")).await.json();
        assert_eq!(case["case"]["remedy_cost"], json!({"amount": 120.5, "currency": "EUR"}));

        let found = report(&program, "overview?from=2026-11-30&to=2026-12-01&site=acme").await;
        assert_eq!((&found["report"], &found["from"], &found["to"], &found["by"], &found["unit"]),
            (&json!("overview"), &json!("2026-11-30"), &json!("2026-12-01"), &json!("all"), &json!("cases")));
        assert_eq!(found["time_zone"], "Asia/Shanghai", "the calendar of the promise says where the site is");
        app.set_site(&["time_zone=UTC"]).await;
        let of_utc = report(&program, "overview?from=2026-11-30&to=2026-12-01&site=acme").await;
        assert_eq!(of_utc["time_zone"], "UTC", "what the site says itself comes first");
        app.set_site(&["time_zone="]).await;
        let row = &found["rows"][0];
        let counts = ["n", "received", "complaints", "resolved", "open", "overdue", "reopened", "csat_n", "upheld_n"];
        assert_eq!(counts.map(|name| row[name].as_u64().unwrap()), [2, 2, 1, 1, 1, 1, 0, 1, 1], "{row}");
        assert_eq!((&row["first_response_median"], &row["resolution_median"], &row["resolution_p90"]), (&json!(120.0), &json!(600.0), &json!(600.0)));
        assert_eq!((&row["csat"], &row["upheld"]), (&Value::Null, &json!(1.0)), "one rating is too few to be shown");
        assert_eq!((&row["csat_note"], &row["solved"]), (&json!("too few"), &Value::Null));
        assert_eq!(found["left_out"], json!({"merged": 1, "suspected": 0, "too_few": 1}));
        assert_eq!(found["before"]["rows"][0]["n"], 0, "nothing came in the two days before");

        let by_day = report(&program, "overview?from=2026-11-30&to=2026-12-02&by=day").await;
        let days: Vec<_> = by_day["rows"].as_array().unwrap().iter().map(|row| (row["group"].as_str().unwrap(), row["received"].as_u64().unwrap(), row["resolved"].as_u64().unwrap())).collect();
        assert_eq!(days, [("2026-11-30", 2, 0), ("2026-12-01", 0, 1)], "a day that is still to come is none");
        let by_kind = report(&program, "overview?by=kind").await;
        assert_eq!(by_kind["rows"].as_array().unwrap().iter().map(|row| row["group"].as_str().unwrap()).collect::<Vec<_>>(), ["complaint", "question"]);
        let of_team = report(&program, "overview?team=none").await;
        assert_eq!(of_team["rows"][0]["received"], 1, "the topic of the complaint has a team");
    }

    async fn promises_are_kept_broken_or_open(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (kept, _) = submit(&app, &program, complaint("delivery")).await;
        let (_broken, _) = submit(&app, &program, complaint("delivery")).await;
        app.app.clock.advance(HOUR);
        post(&program, &format!("/{kept}/messages"), json!({"kind": "reply", "body": "We are on it."})).await;
        app.app.clock.advance(4 * HOUR);
        let (_open, _) = submit(&app, &program, complaint("delivery")).await;
        let found = report(&program, "promises?from=2026-11-30&to=2026-11-30").await;
        let rows: Vec<_> = found["rows"].as_array().unwrap().iter()
            .map(|row| (row["group"].as_str().unwrap(), ["n", "met", "breached", "open"].map(|name| row[name].as_u64().unwrap()))).collect();
        assert_eq!(rows, [("first_response", [2, 1, 1, 1]), ("resolution", [0, 0, 0, 3])], "{found}");
        near(&found["rows"][0]["value"], 0.5);
        assert!(found["rows"][0]["low"].as_f64().unwrap() < 0.1 && found["rows"][0]["high"].as_f64().unwrap() > 0.9);
        assert_eq!(found["left_out"]["open_in_time"], 4);
        // In the report of a day two days later nothing began.
        let later = report(&program, "promises?from=2026-12-02&to=2026-12-02").await;
        assert_eq!(later["rows"], json!([]));
        let heat = report(&program, "promises?by=weekday_hour").await;
        assert_eq!(heat["rows"].as_array().unwrap().len(), 168);
        assert_eq!((&heat["rows"][9]["group"], &heat["rows"][9]["n"]), (&json!("mon 09"), &json!(2)));
    }

    async fn quality_has_the_limits_of_the_chart(app: TestApp) {
        const COUNTS: [u64; 20] = [12, 8, 15, 9, 11, 30, 7, 10, 9, 12, 14, 8, 11, 9, 13, 10, 12, 9, 8, 11];
        const SIZES: [u64; 20] = [150, 140, 160, 150, 155, 152, 149, 151, 150, 148, 160, 140, 150, 155, 150, 145, 150, 150, 149, 151];
        set_up(&app).await;
        let program = Program::new(&app).await;
        let start = parse_rfc3339("2026-06-15T00:00:00+08:00").unwrap();
        let week = |at: usize| {
            let when = move |n: u64| rfc3339(start + at as i64 * 7 * DAY + n as i64 * 30 * MINUTE);
            (0..SIZES[at]).map(move |n| (if n < COUNTS[at] { "complaint" } else { "question" }, when(n)))
        };
        import(&app, (0..20).flat_map(week)).await;
        let found = report(&program, "quality?from=2026-06-15&to=2026-11-01&by=week").await;
        let rows = found["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 20);
        let sixth = &rows[5];
        assert_eq!((&sixth["period"], &sixth["x"], &sixth["n"], &sixth["signals"]), (&json!("2026-W30"), &json!(30), &json!(152), &json!([1])));
        near(&sixth["p"], 30.0 / 152.0);
        assert!((sixth["upper"].as_f64().unwrap() - 0.140_31).abs() < 5e-6, "{sixth}");
        near(&found["overall"]["mean"], 0.075_874);
        assert!((found["overall"]["sigma_z"].as_f64().unwrap() - 1.2938).abs() < 5e-5);
        assert_eq!((&found["overall"]["chart"], &found["overall"]["complaints"]), (&json!("p"), &json!(228)));
        assert_eq!(rows.iter().filter(|row| row["signals"] != json!([])).count(), 1);
        let few = report(&program, "quality?from=2026-06-15&to=2026-06-28&by=week").await;
        assert_eq!((few["rows"].as_array().unwrap().len(), &few["rows"][0]["upper"]), (2, &Value::Null), "two weeks have no limits");
        let wide = program.get_at("/api/v1/reports/quality?from=2016-01-01&to=2026-06-28&by=day").await;
        assert_eq!(wide.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wide.body);
    }

    async fn quality_says_what_came_of_complaints(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        for (category, outcome) in [("delivery", "upheld"), ("delivery", "partly_upheld"), ("delivery", "not_upheld"), ("delivery", "withdrawn")] {
            let (id, _) = submit(&app, &program, complaint(category)).await;
            let cost = json!({"amount": "2.50", "currency": "CNY"});
            post(&program, &format!("/{id}/status"), json!({"status": "resolved", "outcome": outcome, "remedy_cost": cost})).await;
        }
        submit(&app, &program, json!({"kind": "question", "message": "And when?"})).await;
        let found = report(&program, "quality?by=category").await;
        let row = &found["rows"][0];
        assert_eq!((&row["group"], &row["n"], &row["x"], &row["upheld_n"]), (&json!("delivery"), &json!(4), &json!(4), &json!(4)));
        near(&row["upheld"], 0.5);
        assert_eq!(row["remedy_cost"], json!([{"currency": "CNY", "amount": 10.0, "n": 4}]));
        let cause = &found["overall"]["causes"][0];
        assert_eq!(["group", "n", "share", "high", "cumulative"].map(|name| cause[name].clone()), [json!("delivery"), json!(4), json!(1.0), json!(1.0), json!(1.0)]);
        near(&cause["low"], 0.5101);
        let of_category = report(&program, "quality?by=month&category=delivery").await;
        assert_eq!((&of_category["rows"][0]["x"], &of_category["rows"][0]["n"]), (&json!(4), &json!(5)), "of all cases");
        let csv = program.get_at("/api/v1/reports/quality?by=category&format=csv").await;
        assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
        assert!(csv.body.starts_with("\u{feff}group,n,value,low,high,x,upheld_n,upheld,") && csv.body.contains("10.0 CNY (4)"), "{}", csv.body);
    }

    async fn satisfaction_of_few_is_not_shown(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        for score in [5, 4, 5, 2] {
            rate_one(&app, &program, score).await;
        }
        let few = report(&program, "satisfaction?by=kind").await;
        let row = &few["rows"][0];
        assert_eq!((&row["n"], &row["value"], &row["mean"], &row["note"], &few["left_out"]["too_few"]), (&json!(4), &Value::Null, &Value::Null, &json!("too few"), &json!(4)));
        rate_one(&app, &program, 5).await;
        let found = report(&program, "satisfaction").await;
        let row = &found["rows"][0];
        near(&row["value"], 0.8);
        near(&row["mean"], 4.2);
        assert!(row["low"].as_f64().unwrap() < 0.8 && row["high"].as_f64().unwrap() > 0.8);
        assert_eq!((&found["by"], &found["unit"]), (&json!("all"), &json!("ratings")));
    }

    async fn effort_knows_who_was_helped_at_once(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let resolved = json!({"kind": "reply", "body": "Here it is.", "then": "resolve", "outcome": "upheld"});
        let (at_once, _) = submit(&app, &program, complaint("delivery")).await;
        post(&program, &format!("/{at_once}/messages"), resolved.clone()).await;
        let (asked, _) = submit(&app, &program, complaint("delivery")).await;
        post(&program, &format!("/{asked}/messages"), json!({"kind": "reply", "body": "Which order?"})).await;
        post(&program, &format!("/{asked}/messages"), resolved.clone()).await;
        let (again, code) = submit(&app, &program, complaint("delivery")).await;
        post(&program, &format!("/{again}/messages"), resolved).await;
        app.app.clock.advance(13 * DAY);
        let reply = app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "It still does not work."})).await;
        assert!(reply.status.is_success(), "{}", reply.body);
        submit(&app, &program, complaint("delivery")).await;
        let found = report(&program, "effort").await;
        let row = &found["rows"][0];
        assert_eq!((&row["n"], &row["first_contact"], &row["reopened"], &row["messages_median"]), (&json!(3), &json!(1), &json!(1), &json!(1.0)), "{row}");
        near(&row["value"], 1.0 / 3.0);
        assert_eq!(found["left_out"]["unresolved"], 1);
        assert_eq!((&row["repeats"], &row["known_customers"]), (&json!(3), &json!(4)), "one customer came four times");
        let customers = report(&program, "customers").await;
        let row = &customers["rows"][0];
        assert_eq!((&row["group"], &row["n"], &row["cases"], &row["repeat_complainers"], &row["at_risk"]), (&json!("none"), &json!(1), &json!(4), &json!(1), &json!(0)));
        app.app.clock.advance(10 * DAY);
        let overdue = report(&program, "customers").await;
        assert_eq!(overdue["rows"][0]["at_risk"], 1, "nobody has answered for longer than was promised");
        let by_month = report(&program, "customers?from=2026-11-01&to=2026-12-31&by=month").await;
        let months: Vec<_> = by_month["rows"].as_array().unwrap().iter().map(|row| (row["group"].as_str().unwrap(), ["n", "cases", "repeat_complainers"].map(|name| row[name].as_u64().unwrap()))).collect();
        assert_eq!(months, [("2026-11", [1, 3, 1]), ("2026-12", [1, 1, 0])], "one customer, in each month once");
        assert_eq!(by_month["overall"]["customers"], 1);
        let later = report(&program, "customers?from=2027-01-01&to=2027-01-31").await;
        assert_eq!((&later["overall"]["customers"], &later["overall"]["silent"]), (&json!(0), &json!(1)));
    }

    async fn workload_is_held_against_hours_on_duty(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (id, _) = submit(&app, &program, complaint("delivery")).await;
        post(&program, &format!("/{id}/assign"), json!({"owner": "mei@shop.example"})).await;
        submit(&app, &program, complaint("delivery")).await;
        app.app.clock.advance(2 * HOUR);
        post(&program, &format!("/{id}/status"), json!({"status": "resolved", "outcome": "upheld"})).await;
        let found = report(&program, "workload?from=2026-11-30&to=2026-11-30").await;
        let row = &found["rows"][0];
        assert_eq!((&row["group"], &row["n"], &row["received"], &row["open"]), (&json!("mei@shop.example"), &json!(1), &json!(1), &json!(0)));
        assert!((row["hours_on_duty"].as_f64().unwrap() - 2.0).abs() < 0.1 && (row["cases_per_hour"].as_f64().unwrap() - 0.5).abs() < 0.05, "{row}");
        assert_eq!((found["rows"].as_array().unwrap().len(), &found["left_out"]["without_owner"]), (1, &json!(1)));
        assert_eq!((&row["csat"], &row["csat_note"], &found["left_out"]["too_few"]), (&Value::Null, &json!("too few"), &json!(0)));
        for (by, group) in [("day", "2026-11-30"), ("week", "2026-W49"), ("month", "2026-11"), ("quarter", "2026-Q4"), ("year", "2026")] {
            let over_time = report(&program, &format!("workload?from=2026-11-30&to=2026-11-30&by={by}")).await;
            let row = &over_time["rows"][0];
            assert_eq!((&row["group"], &row["n"], &row["received"], &row["open"]), (&json!(group), &json!(1), &json!(1), &json!(0)), "{over_time}");
            assert!((row["hours_on_duty"].as_f64().unwrap() - 2.0).abs() < 0.1, "{row}");
            assert_eq!(over_time["left_out"]["without_owner"], 1);
        }
    }

    async fn workload_says_how_long_cases_were_and_nothing_of_what_was_open_before(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        for replies in [0, 1, 3] {
            let (id, _) = submit(&app, &program, complaint("delivery")).await;
            post(&program, &format!("/{id}/assign"), json!({"owner": "mei@shop.example"})).await;
            for at in 0..replies {
                app.app.clock.advance(MINUTE);
                post(&program, &format!("/{id}/messages"), json!({"kind": "reply", "body": format!("Word {at}")})).await;
            }
            if replies > 0 {
                post(&program, &format!("/{id}/status"), json!({"status": "resolved", "outcome": "upheld"})).await;
            }
        }
        let found = report(&program, "workload?from=2026-11-30&to=2026-11-30").await;
        let row = &found["rows"][0];
        assert_eq!((&row["handled"], &row["messages_median"], &row["open"]), (&json!(2), &json!(1.0), &json!(1)), "{row}");
        for end in ["low", "high"] {
            assert_eq!(row.get(end), Some(&Value::Null), "there is no interval of a count of all");
        }
        let before = &found["before"]["rows"][0];
        assert_eq!((&before["group"], before.get("open")), (&json!("mei@shop.example"), Some(&Value::Null)), "{before}");
        let days = report(&program, "workload?from=2026-11-30&to=2026-11-30&by=day").await;
        assert_eq!((&days["rows"][0]["open"], days["before"]["rows"][0].get("open")), (&json!(1), Some(&Value::Null)), "{days}");
    }

    async fn causes_are_problems_or_topics(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (id, _) = submit(&app, &program, complaint("delivery")).await;
        submit(&app, &program, json!({"kind": "praise", "message": "Thanks"})).await;
        let patched = program.patch(&id, &json!({"problem": "P-7", "remedy_cost": {"amount": 3, "currency": "JPY"}}), None).await;
        assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
        let found = report(&program, "causes").await;
        let row = &found["rows"][0];
        assert_eq!((&row["group"], &row["n"], &row["title"], &row["customers"]), (&json!("P-7"), &json!(1), &json!("The carrier is late"), &json!(1)));
        assert_eq!((&row["remedy_cost"], &found["left_out"]["without_problem"]), (&json!([{"currency": "JPY", "amount": 3.0, "n": 1}]), &json!(1)));
        let months = report(&program, "causes?by=month&from=2026-11-01&to=2026-11-30").await;
        let row = &months["rows"][0];
        assert_eq!((&row["group"], &row["n"], &row["problem"], &row["problem_n"], &row["title"]), (&json!("2026-11"), &json!(2), &json!("P-7"), &json!(1), &json!("The carrier is late")), "{months}");
        assert_eq!(months["left_out"]["without_problem"], 1);
        let topics = report(&program, "causes?by=category").await;
        assert_eq!(topics["rows"].as_array().unwrap().iter().map(|row| row["group"].as_str().unwrap()).collect::<Vec<_>>(), ["delivery", "none"]);
        for wrong in [json!({"amount": -1, "currency": "EUR"}), json!({"amount": 1}), json!({"amount": 1.2345, "currency": "EUR"}), json!({"amount": 1, "currency": "€"}), json!(5)] {
            let refused = program.patch(&id, &json!({"remedy_cost": wrong}), None).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", refused.body);
        }
        let taken_away = program.patch(&id, &json!({"remedy_cost": null}), None).await.json();
        assert_eq!(taken_away["remedy_cost"], Value::Null);
    }

    async fn a_case_that_is_suspected_or_comes_again_counts_once(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (id, code) = submit(&app, &program, complaint("delivery")).await;
        post(&program, &format!("/{id}/status"), json!({"status": "resolved", "outcome": "upheld"})).await;
        rate(&app, &code, 1).await;
        let reply = app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "No."})).await;
        assert!(reply.status.is_success());
        let update = "update cases set quarantine = 'held' where id = $1";
        let (other, _) = submit(&app, &program, complaint("delivery")).await;
        sayso::with_write!(&app.app.db, pool => sqlx::query(update).bind(&other).execute(pool).await.map(|_| ())).unwrap();
        let found = report(&program, "overview").await;
        let row = &found["rows"][0];
        let counts = ["received", "resolved", "open", "reopened", "upheld_n", "csat_n"].map(|name| row[name].as_u64().unwrap());
        assert_eq!(counts, [1, 0, 1, 1, 0, 1], "what was reopened is not resolved, and its rating stays");
        assert_eq!(found["left_out"]["suspected"], 1);
    }

    async fn a_site_shows_its_record_if_it_wants(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let client = app.client();
        assert_eq!(client.get("/s/acme/record").await.status, StatusCode::NOT_FOUND);
        app.set_site(&["public_record=true"]).await;
        for score in [5, 5, 5, 5, 1] {
            rate_one(&app, &program, score).await;
        }
        let page = client.get("/s/acme/record").await;
        assert_eq!(page.status, StatusCode::OK);
        for part in ["Service record", "<th scope=\"row\">Nov 2026</th><td>5</td><td>100 % of 5</td><td>100 % of 5</td><td>80 % of 5</td>", "<th scope=\"row\">Dec 2025</th><td>0</td><td>–</td>"] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        rate_one(&app, &program, 1).await;
        assert!(client.get("/s/acme/record").await.body.contains("<td>5</td>"), "it is kept for some minutes");
        app.app.clock.advance(10 * MINUTE);
        let later = client.get("/s/acme/record?lang=zh-Hans").await;
        assert!(later.body.contains("<td>6</td>") && later.body.contains("服务记录"), "{}", later.body);
        app.set_site(&["public_record=false"]).await;
        assert_eq!(client.get("/s/acme/record").await.status, StatusCode::NOT_FOUND);
    }

    async fn what_makes_no_report_is_named(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        for wrong in [
            "overview?by=promise", "overview?by=x", "overview?site=x", "overview?team=x", "overview?kind=x", "overview?from=2026-02-30",
            "overview?from=2026-11-30&to=2026-11-29", "overview?x=1", "overview?by=day&by=week", "overview?format=pdf", "overview?member=nobody",
            "overview?survey=x", "promises?exposure=orders", "promises?promise=x", "overview?promise=resolution", "kano?by=item", "servqual", "overview?by=dimension", "overview?category=%00",
        ] {
            let answer = program.get_at(&format!("/api/v1/reports/{wrong}")).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", answer.body);
            assert_eq!(answer.headers["content-type"], "application/problem+json");
        }
        let empties = report(&program, "overview?from=&to=&site=&team=&by=").await;
        assert_eq!((&empties["by"], &empties["from"]), (&json!("all"), &Value::Null), "what is empty asks for nothing");
        for (name, _) in [("overview", 1), ("promises", 0), ("quality", 0), ("causes", 0), ("satisfaction", 1), ("effort", 1), ("workload", 0), ("customers", 0)] {
            let empty = report(&program, &format!("{name}?from=2026-01-01&to=2026-01-02")).await;
            assert!(empty["rows"].is_array() && empty["before"]["rows"].is_array(), "{name}: {empty}");
            let csv = program.get_at(&format!("/api/v1/reports/{name}?format=csv")).await;
            assert!(csv.status.is_success() && csv.body.starts_with("\u{feff}group,n"), "{name}: {}", csv.body);
        }
    }
}

async fn rate_one(app: &TestApp, program: &Program<'_>, score: u8) {
    let (id, code) = submit(app, program, complaint("delivery")).await;
    post(program, &format!("/{id}/status"), json!({"status": "resolved", "outcome": "upheld"})).await;
    rate(app, &code, score).await;
}
