//! What is rare and has to be defined: the hour that comes twice, 29 February, a member who left, everybody answering the same, and answers after closing.

use reqwest::{Method, StatusCode};
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::on_both_databases;
use serde_json::{Value, json};

use super::reports::{self, SERVICE, go_to, import_csv, post, submit};
use super::{HEADER, import, near, report, rows, stored_answers, surveys};
use crate::access::Program;
use crate::console::Desk;

on_both_databases! {
    async fn the_hour_that_comes_twice_is_one_row(app: TestApp) {
        app.set_site(&["time_zone=Europe/Berlin"]).await;
        go_to(&app, "2026-11-30T01:00:00Z");
        // 02:30 in summer time, and 02:30 in winter time an hour later.
        import_csv(&app, "kind,message,received_at,external_id\nquestion,words,2026-10-25T00:30:00Z,1\nquestion,words,2026-10-25T01:30:00Z,2\nquestion,words,2026-10-25T02:30:00Z,3\n").await;
        for sql in [
            "delete from clocks",
            "insert into clocks (case_id, promise, started_at, span, due_at, ended_at) select id, 'resolution', received_at, '3bd', received_at + 1000, received_at + 500 from cases",
        ] {
            sayso::with_write!(&app.app.db, pool => sqlx::query(sql).execute(pool).await.map(|_| ())).unwrap();
        }
        let program = Program::new(&app).await;
        for (by, group) in [("hour", "02"), ("weekday_hour", "sun 02")] {
            let found = report(&program, &format!("promises?by={by}&from=2026-10-25&to=2026-10-25")).await;
            let row = found["rows"].as_array().unwrap().iter().find(|row| row["group"] == group).unwrap_or_else(|| panic!("{found}"));
            assert_eq!(row["n"], 2, "{found}");
            let all: u64 = found["rows"].as_array().unwrap().iter().filter_map(|row| row["n"].as_u64()).sum();
            assert_eq!(all, 3, "nothing is lost and nothing counts twice: {found}");
        }
        let day = report(&program, "promises?by=day&from=2026-10-25&to=2026-10-25").await;
        assert_eq!((day["rows"].as_array().unwrap().len(), &day["rows"][0]["n"]), (1, &json!(3)), "the day has 25 hours");
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/promises?by=hour&from=2026-10-25&to=2026-10-25").await.body;
        assert!(page.contains("the one that comes twice when clocks go back is one row with both"), "{page}");
    }

    async fn a_leap_day_is_a_day_of_february(app: TestApp) {
        reports::set_up(&app).await;
        import_csv(&app, "kind,message,received_at,external_id\nquestion,words,2024-02-29T04:00:00Z,1\nquestion,words,2024-01-31T04:00:00Z,2\n").await;
        let program = Program::new(&app).await;
        let days = report(&program, "overview?by=day&from=2024-02-01&to=2024-02-29").await;
        let rows = days["rows"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[28]["group"], &rows[28]["n"]), (29, &json!("2024-02-29"), &json!(1)));
        assert!(days["before"]["from"].as_str().unwrap().starts_with("2023-12-31T16:00:00"), "the month before, in Shanghai: {days}");
        let month = report(&program, "overview?by=month&from=2024-02-01&to=2024-02-29").await;
        assert_eq!((&month["rows"][0]["n"], &month["before"]["rows"][0]["n"]), (&json!(1), &json!(1)));
        let refused = program.get_at("/api/v1/reports/overview?from=2023-02-29").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "there is none in 2023: {}", refused.body);
    }

    async fn what_a_member_did_who_left_stays_under_their_name(app: TestApp) {
        go_to(&app, "2026-11-30T01:00:00Z");
        app.apply_service(SERVICE).await;
        let program = Program::new(&app).await;
        let (id, _) = submit(&app, &program, json!({"kind": "question", "message": "When?"})).await;
        post(&program, &format!("/{id}/assign"), json!({"owner": "mei@shop.example"})).await;
        post(&program, &format!("/{id}/status"), json!({"status": "resolved"})).await;
        run_due(&app.app).await.unwrap();
        let disable = "update members set disabled_at = 1 where email = 'mei@shop.example'";
        sayso::with_write!(&app.app.db, pool => sqlx::query(disable).execute(pool).await.map(|_| ())).unwrap();
        let found = report(&program, "workload?from=2026-11-30&to=2026-11-30").await;
        assert_eq!((&found["rows"][0]["group"], &found["rows"][0]["handled"]), (&json!("mei@shop.example"), &json!(1)), "{found}");
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/overview?by=member&member=mei@shop.example&from=2026-11-30&to=2026-11-30").await.body;
        assert!(page.contains(">Mei Lin</th>") && page.contains("<option value=\"mei@shop.example\" selected>Mei Lin</option>"), "{page}");
        assert!(page.contains("What somebody did who has left stays under their name.") && page.contains("A reopened case is open again"), "{page}");
        let all = tom.client.get("/staff/reports/overview").await.body;
        assert!(!all.contains("<option value=\"mei@shop.example\""), "who has left is offered no more: {all}");
    }

    async fn everybody_answering_the_same_is_a_figure(app: TestApp) {
        app.apply_service(&surveys(&[("csat", "csat"), ("nps", "nps"), ("kano", "kano")])).await;
        for (survey, item, field, value) in
            [("csat", "score", "score", "5"), ("nps", "score", "score", "10"), ("kano", "delivery", "functional", "like"), ("kano", "delivery", "dysfunctional", "dislike")]
        {
            let (went_well, said) = import(&app, survey, &format!("{HEADER}{}", rows(0, item, field, &[value; 10])), &[]).await;
            assert!(went_well, "{said}");
        }
        let program = Program::new(&app).await;
        let csat = report(&program, "satisfaction?survey=csat&by=all").await;
        near(&csat["rows"][0]["value"], 1.0);
        assert!((csat["rows"][0]["low"].as_f64().unwrap() - 0.722_467).abs() < 1e-6 && csat["rows"][0]["high"] == 1.0, "ten of ten may be 72 %: {csat}");
        let nps = report(&program, "satisfaction?survey=nps&by=all").await;
        near(&nps["rows"][0]["value"], 100.0);
        near(&nps["rows"][0]["margin"], 0.0);
        let kano = report(&program, "kano?survey=kano").await;
        let row = &kano["rows"][0];
        assert_eq!((&row["category"], &row["weak"], &row["unclear"], &row["counts"]["O"]), (&json!("O"), &json!(false), &json!(false), &json!(10)));
        near(&row["better"], 1.0);
        near(&row["worse"], -1.0);
    }

    async fn after_closing_only_what_comes_to_us_later_is_taken(app: TestApp) {
        go_to(&app, "2026-12-10T00:00:00Z");
        let closed = surveys(&[("csat", "csat")]).replace("kind = \"csat\"", "kind = \"csat\"\nopens = \"2026-12-01\"\ncloses = \"2026-12-05\"\nchannels = [\"link\", \"paper\"]");
        app.apply_service(&closed).await;
        let client = app.client();
        let page = client.get("/s/acme/survey/csat").await;
        let sent = client.post_form("/s/acme/survey/csat", &[("score:score", "5")]).await;
        assert_eq!((page.status, sent.status), (StatusCode::OK, StatusCode::CONFLICT), "{}", sent.body);
        let answers = json!({"answers": [{"field": "score", "value": 5}]});
        let request = client.request(Method::POST, "/api/v1/sites/acme/surveys/csat").header("idempotency-key", "018f3a1e-0000-4000-8000-000000000001");
        assert_eq!(client.send(request.json(&answers)).await.status, StatusCode::CONFLICT);
        assert_eq!(stored_answers(&app).await, Vec::<String>::new());
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let typed = tom.post("/staff/surveys/csat/answers", &[("score:score", "5")]).await;
        assert_eq!(typed.status, StatusCode::SEE_OTHER, "{}", typed.body);
        let program = Program::new(&app).await;
        let by_program: Value = json!({"answers": [{"field": "score", "value": "4"}]});
        let stored = program.post_at("/api/v1/surveys/csat/answers", &by_program).await;
        assert_eq!(stored.status, StatusCode::NO_CONTENT, "{}", stored.body);
        let (went_well, said) = import(&app, "csat", &format!("{HEADER}r1,,score,3\n"), &[]).await;
        assert!(went_well, "{said}");
        assert_eq!(stored_answers(&app).await, ["3", "4", "5"]);
        let report = tom.client.get("/staff/reports/satisfaction?survey=csat").await.body;
        assert!(report.contains("also after it has closed"), "{report}");
    }

    async fn hours_that_were_entered_count_instead_of_the_calendar(app: TestApp) {
        app.apply_service(SERVICE).await;
        go_to(&app, "2026-12-14T01:00:00Z");
        let program = Program::new(&app).await;
        let (id, _) = submit(&app, &program, json!({"kind": "question", "message": "When?"})).await;
        post(&program, &format!("/{id}/assign"), json!({"owner": "mei@shop.example"})).await;
        let hours = async |period: &str| report(&program, &format!("workload?{period}")).await["rows"][0]["hours_on_duty"].clone();
        // Two weeks of five days with nine hours, and none of the day that has just begun.
        near(&hours("from=2026-11-30&to=2026-12-14").await, 90.0);
        let (tom, mei) = (Desk::of(&app, "tom", Role::Manager).await, Desk::of(&app, "max", Role::Agent).await);
        const PAGE: &str = "/staff/reports/hours";
        let entry = [("member", "mei@shop.example"), ("from", "2026-11-30"), ("to", "2026-12-06"), ("hours", "21")];
        let saved = tom.post(PAGE, &entry).await;
        assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, "/staff/reports/hours?done=1"));
        near(&hours("from=2026-11-30&to=2026-12-14").await, 21.0 + 45.0);
        near(&hours("from=2026-12-05&to=2026-12-08").await, 6.0 + 18.0);
        let page = tom.client.get(PAGE).await.body;
        assert!(page.contains("Mei Lin") && page.contains(">21</td>"), "{page}");
        let wrong = tom.post(PAGE, &[("member", ""), ("from", "soon"), ("to", ""), ("hours", "many")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        for field in ["member", "from", "to", "hours"] {
            assert!(wrong.body.contains(&format!("id=\"{field}-error\"")), "{field} is named: {}", wrong.body);
        }
        assert_eq!(mei.post(PAGE, &entry).await.status, StatusCode::FORBIDDEN);
        let row = |to: &str, hours: Value| json!({"rows": [{"member": "mei@shop.example", "from": "2026-12-01", "to": to, "hours": hours}]});
        let refused = program.post_at("/api/v1/hours", &row("2026-11-01", json!(1))).await;
        assert_eq!(refused.field_errors(), [("/rows/0/to".to_owned(), "invalid".to_owned())], "{}", refused.body);
        assert_eq!(program.post_at("/api/v1/hours", &row("2026-12-02", json!(7.5))).await.status, StatusCode::NO_CONTENT);
        let listed = program.get_at("/api/v1/hours?from=2026-11-01").await.json();
        assert_eq!(listed["rows"], json!([{"member": "mei@shop.example", "from": "2026-12-01", "to": "2026-12-02", "hours": 7.5}]), "it replaces what was said of any of its days");
        assert_eq!(program.post_at("/api/v1/hours", &row("2026-12-02", Value::Null)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.get_at("/api/v1/hours").await.json()["rows"], json!([]));
        near(&hours("from=2026-11-30&to=2026-12-14").await, 90.0);
    }
}
