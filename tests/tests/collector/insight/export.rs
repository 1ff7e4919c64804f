//! Export: one row a case, for spreadsheets and programs, without contacts unless somebody may have them.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use crate::access::Program;
use crate::console::{Desk, PASSWORD};

async fn command(app: &TestApp, arguments: &[&str]) -> (bool, String) {
    app.command(&[&["export"], arguments].concat()).await
}

async fn set_up(app: &TestApp) {
    for (kind, message) in
        [("complaint", "=cmd|' /C calc'!A0"), ("question", "Wann öffnen Sie?"), ("complaint", "迟到了")]
    {
        let feedback =
            json!({"kind": kind, "message": message, "contact": {"name": "Lin", "email": "lin@example.com"}});
        assert_eq!(app.client().submit(feedback).await.status, StatusCode::CREATED);
    }
    run_due(&app.app).await.unwrap();
}

on_both_databases! {
    async fn a_file_has_a_row_for_each_case(app: TestApp) {
        set_up(&app).await;
        let file = app.data.path().join("cases.csv");
        let path = file.to_str().unwrap();
        let (went_well, said) = command(&app, &["--format", "csv", path]).await;
        assert!(went_well && said.contains("Exported: 3."), "{said}");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("\u{feff}number,id,site,kind,") && !text.contains("lin@example.com"), "{text}");
        assert!(text.contains(",'=cmd|' /C calc'!A0,") && text.contains("迟到了"), "{text}");
        assert_eq!(text.matches("\r\n").count(), 4);
        let lines = app.data.path().join("cases.jsonl");
        let (_, said) = command(&app, &["--format", "jsonl", "--contacts", "--site", "acme", lines.to_str().unwrap()]).await;
        assert!(said.contains("Exported: 3."), "{said}");
        let rows: Vec<Value> = std::fs::read_to_string(&lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((rows.len(), &rows[0]["contact_email"], &rows[0]["message"], &rows[0]["number"]), (3, &json!("lin@example.com"), &json!("=cmd|' /C calc'!A0"), &json!(1)));
        let book = app.data.path().join("cases.xlsx");
        let (went_well, said) = command(&app, &["--format", "xlsx", book.to_str().unwrap()]).await;
        assert!(went_well && std::fs::read(&book).unwrap().starts_with(b"PK"), "{said}");
        let (_, printed) = command(&app, &["--format", "jsonl", "--to", "2020-01-01", "-"]).await;
        assert!(printed.contains("Exported: 0."), "{printed}");
        for (wrong, why) in [(["--format", "csv", "--from", "soon", path], "--from must be a day"), (["--format", "csv", "--site", "other", path], "there is no site other")] {
            let (went_well, said) = command(&app, &wrong).await;
            assert!(!went_well && said.contains(why), "{said}");
        }
        assert!(text == std::fs::read_to_string(&file).unwrap(), "what is refused replaces nothing");
        let log = "select count(*) from audit_log where action = 'cases.export'";
        let noted: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(log).fetch_one(pool).await).unwrap();
        assert_eq!(noted, 4);
    }

    async fn the_inbox_gives_what_it_shows(app: TestApp) {
        set_up(&app).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        assert!(tom.inbox("status=all").await.contains("action=\"/staff/cases/export\""));
        let export = async |desk: &Desk, fields: &[(&str, &str)]| desk.post("/staff/cases/export", &[fields, &[("password", PASSWORD)]].concat()).await;
        let all = export(&tom, &[("filter", "status=all"), ("format", "csv")]).await;
        assert_eq!((all.status, all.headers["content-disposition"].to_str().unwrap()), (StatusCode::OK, "attachment; filename=\"cases.csv\""));
        assert_eq!((all.body.matches("\r\n").count(), all.body.contains("lin@example.com")), (4, false));
        let complaints = export(&tom, &[("filter", "status=open&kind=complaint"), ("format", "jsonl"), ("contacts", "yes")]).await;
        assert_eq!((complaints.body.lines().count(), complaints.body.matches("lin@example.com").count()), (2, 2), "{}", complaints.body);
        let sorted = export(&tom, &[("filter", "status=all&sort=oldest")]).await;
        let places = ["calc", "Wann", "迟到了"].map(|word| sorted.body.find(word).unwrap());
        assert!(places.is_sorted(), "{}", sorted.body);
        let book = export(&tom, &[("filter", "status=all"), ("format", "xlsx")]).await;
        assert!(book.headers["content-disposition"].to_str().unwrap().ends_with("\"cases.xlsx\"") && book.body.starts_with("PK"), "a workbook");
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        assert_eq!(export(&mei, &[("contacts", "yes")]).await.status, StatusCode::FORBIDDEN);
        assert_eq!(export(&mei, &[]).await.body.matches("\r\n").count(), 4, "cases without a team are for all");
        let pat = Desk::of(&app, "pat", Role::Partner).await;
        assert_eq!(export(&pat, &[]).await.body.matches("\r\n").count(), 1, "nothing was given to them");
        assert_eq!(tom.client.post_form("/staff/cases/export", &[("filter", "status=all")]).await.status, StatusCode::FORBIDDEN, "no form of the session");
    }

    async fn lists_and_reports_are_files_too(app: TestApp) {
        set_up(&app).await;
        sayso::jobs::run_due(&app.app).await.unwrap();
        app.apply_service("[[survey]]\nkey = \"ease\"\nkind = \"ces\"\nsite = \"acme\"\ntitle = { en = \"Was it easy?\" }\n").await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        for (path, name) in [("exports/customers", "customers"), ("exports/surveys", "surveys"), ("reports/overview", "overview"), ("reports/satisfaction", "satisfaction")] {
            let book = tom.client.get(&format!("/staff/{path}?format=xlsx")).await;
            assert_eq!((book.status, book.headers["content-disposition"].to_str().unwrap()), (StatusCode::OK, format!("attachment; filename=\"{name}.xlsx\"").as_str()));
            assert!(book.body.starts_with("PK"), "{path} is a workbook");
        }
        let customers = tom.client.get("/staff/exports/customers?format=csv").await;
        assert!(customers.body.starts_with("\u{feff}id,site,tier,representative,cases,first_seen\r\n") && !customers.body.contains("lin@example.com"), "{}", customers.body);
        let surveys = tom.client.get("/staff/exports/surveys").await;
        assert!(surveys.body.contains("ease,ces,acme,Was it easy?,1,0,"), "{}", surveys.body);
        let program = Program::new(&app).await;
        let book = program.get_at("/api/v1/reports/overview?format=xlsx").await;
        assert!(book.headers["content-type"].to_str().unwrap().ends_with("spreadsheetml.sheet") && book.body.starts_with("PK"));
        let pat = Desk::of(&app, "pat", Role::Partner).await;
        for path in ["exports/customers", "exports/surveys", "reports/overview?format=xlsx"] {
            assert_eq!(pat.client.get(&format!("/staff/{path}")).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }

    async fn an_open_session_is_not_enough_for_an_export(app: TestApp) {
        set_up(&app).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        for password in ["", "wrong"] {
            for contacts in ["", "yes"] {
                let fields = [("filter", "status=all&kind=complaint"), ("contacts", contacts), ("password", password)];
                let refused = tom.post("/staff/cases/export", &fields).await;
                assert_eq!(refused.location(), "/staff/cases?status=all&kind=complaint&export=wrong");
                let shown = tom.client.get(refused.location()).await.body;
                assert!(shown.contains("This is not your current password."), "{shown}");
            }
        }
        let log = "select count(*) from audit_log where action = 'cases.export'";
        let noted: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(log).fetch_one(pool).await).unwrap();
        assert_eq!(noted, 0);
    }

    async fn every_list_has_its_file(app: TestApp) {
        set_up(&app).await;
        let more = "[[problem]]\nkey = \"P-7\"\ntitle = \"=late\"\n\n[[survey]]\nkey = \"opinion\"\nkind = \"csat\"\nsite = \"acme\"\ntitle = { en = \"Opinion\" }\n\n\
            [[target]]\nkey = \"team\"\nsite = \"acme\"\nchannel = \"email\"\naddress = \"team@shop.example\"\n";
        app.apply_service(more).await;
        let file = app.write_file("orders.csv", "date,count\n2026-11-23,1000\n");
        assert!(app.command(&["exposure", "import", &file]).await.0);
        let answers = app.write_file("answers.csv", "respondent,item,field,value\nr1,,score,4\n");
        assert!(app.command(&["survey", "import", "opinion", &answers]).await.0);
        let (tom, ann, mei) = (Desk::of(&app, "tom", Role::Manager).await, Desk::of(&app, "ann", Role::Admin).await, Desk::of(&app, "mei", Role::Agent).await);
        for (path, part) in [
            ("exports/problems", "P-7,'=late,open"), ("exports/exposure", "acme,2026-11-23,1000,orders"), ("exports/calls", "reason,customer,case,caller,score,days,tries,drawn_at"),
            ("exports/surveys/opinion", "score,score,,,too few"), ("targets/team/deliveries", "id,about,case,state,attempts,error,planned_at,sent_at"),
        ] {
            let csv = tom.client.get(&format!("/staff/{path}?format=csv")).await;
            assert!(csv.status == StatusCode::OK && csv.body.contains(part), "{path}: {}", csv.body);
            let book = tom.client.get(&format!("/staff/{path}?format=xlsx")).await;
            assert!(book.body.starts_with("PK"), "{path}");
        }
        assert!(tom.client.get("/staff/problems").await.body.contains("/staff/exports/problems?format=xlsx"));
        assert!(tom.client.get("/staff/surveys/opinion").await.body.contains("/staff/exports/surveys/opinion?format=csv"));
        for path in ["exports/exposure", "exports/surveys/opinion", "targets/team/deliveries"] {
            assert_eq!(mei.client.get(&format!("/staff/{path}")).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        let log = ann.client.get("/staff/audit").await.body;
        assert!(log.contains("action=\"/staff/audit/export\"") && !tom.client.get("/staff/audit").await.body.contains("/staff/audit/export"), "{log}");
        assert_eq!(tom.post("/staff/audit/export", &[("password", PASSWORD)]).await.status, StatusCode::FORBIDDEN);
        let refused = ann.post("/staff/audit/export", &[("password", "wrong")]).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("This is not your current password."), "{}", refused.body);
        let taken = ann.post("/staff/audit/export", &[("password", PASSWORD), ("action", "exposure")]).await;
        assert!(taken.body.contains("number,at,actor,name,action") && taken.body.contains("exposure.import") && !taken.body.contains("service.add"), "{}", taken.body);
        assert!(ann.client.get("/staff/audit?action=audit.export").await.body.contains("audit.export"), "the log has it too");
    }
}
