//! Exposure: orders a day, by which complaints are said per thousand.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::auth::token::Scope;
use sayso::clock::{DAY, HOUR, parse_rfc3339, rfc3339};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{near, report};
use crate::access::Program;
use crate::console::Desk;

async fn import(app: &TestApp, rows: &str, more: &[&str]) -> (bool, String) {
    let file = app.write_file("orders.csv", rows);
    app.command(&[&["exposure", "import", &file], more].concat()).await
}

async fn post(program: &Program<'_>, app: &TestApp, body: &Value) -> sayso_tests::Answer {
    let client = app.client();
    client.send(client.request(reqwest::Method::POST, "/api/v1/exposure").bearer_auth(program.token()).json(body)).await
}

on_both_databases! {
    async fn orders_are_imported_once(app: TestApp) {
        let program = Program::new(&app).await;
        let file = "\u{feff}Date,count,kind\n2026-11-23,1000,orders\n2026-11-24,500.0,\n2026-11-24,9000,visits\n";
        let (went_well, tried) = import(&app, file, &["--dry-run"]).await;
        assert!(went_well && tried.contains("Would be imported: 3. Replaced: 0. There already: 0. Refused: 0."), "{tried}");
        let (_, stored) = import(&app, file, &["--site", "acme"]).await;
        assert!(stored.contains("Imported: 3. Replaced: 0. There already: 0. Refused: 0."), "{stored}");
        let (_, again) = import(&app, &file.replace("500.0", "600"), &[]).await;
        assert!(again.contains("Imported: 0. Replaced: 1. There already: 2."), "{again}");
        let (went_well, refused) = import(&app, "date,count\n2026-02-29,1\n2026-11-25,many\n2026-11-26,7\n", &[]).await;
        assert!(!went_well && refused.contains("Imported: 1.") && refused.contains("Refused: 2."), "{refused}");
        assert!(refused.contains("line 2: date:") && refused.contains("line 3: count:"), "{refused}");
        for (wrong, said) in [("date,number\n", "there is no column \"number\""), ("date\n", "the column count is missing"), ("date,count,date\n", "twice")] {
            let (went_well, refused) = import(&app, wrong, &[]).await;
            assert!(!went_well && refused.contains(said), "{refused}");
        }
        let (_, unknown) = import(&app, file, &["--site", "other"]).await;
        assert!(unknown.contains("there is no site other"), "{unknown}");

        for day in ["2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z", "2026-11-24T10:00:00Z"] {
            let (_, said) = import_case(&app, "acme", day).await;
            assert!(said.contains('1'), "{said}");
        }
        let found = report(&program, "overview?from=2026-11-23&to=2026-11-24&exposure=orders&by=day").await;
        let rows = found["rows"].as_array().unwrap();
        assert_eq!((&rows[0]["exposure"], &rows[1]["exposure"]), (&json!(1000), &json!(600)));
        near(&rows[0]["complaints_per_1000"], 2.0);
        let chart = report(&program, "quality?from=2026-11-23&to=2026-11-24&exposure=orders&by=day").await;
        assert_eq!((&chart["overall"]["chart"], &chart["rows"][0]["n"], &chart["rows"][0]["x"], &chart["unit"]), (&json!("u"), &json!(1000), &json!(2), &json!("exposure")));
        near(&chart["rows"][0]["p"], 0.002);
        let visits = report(&program, "quality?from=2026-11-23&to=2026-11-24&exposure=visits&by=month").await;
        assert_eq!(visits["rows"][0]["n"], 9000);
    }

    async fn complaints_are_held_against_the_orders_of_their_own_site(app: TestApp) {
        let site = |key: &str| format!("[[site]]\nkey = \"{key}\"\nname = \"{key}\"\norigins = []\n");
        app.apply_service(&[site("acme"), site("outlet")].concat()).await;
        let program = Program::new(&app).await;
        for (site, at) in [
            ("acme", "2026-11-16T10:00:00Z"), ("acme", "2026-11-23T10:00:00Z"), ("acme", "2026-11-23T11:00:00Z"),
            ("outlet", "2026-11-16T10:00:00Z"), ("outlet", "2026-11-23T10:00:00Z"),
        ] {
            let (went_well, said) = import_case(&app, site, at).await;
            assert!(went_well, "{said}");
        }
        import(&app, "date,count,kind\n2026-11-23,1000,orders\n2026-11-16,500,visits\n", &["--site", "acme"]).await;
        import(&app, "date,count,kind\n2026-11-16,200,orders\n", &["--site", "outlet"]).await;
        let period = "from=2026-11-23&to=2026-11-29&exposure=orders";
        let whole = report(&program, &format!("overview?{period}")).await;
        assert_eq!((&whole["rows"][0]["complaints"], &whole["rows"][0]["exposure"]), (&json!(3), &json!(1000)));
        near(&whole["rows"][0]["complaints_per_1000"], 2.0);
        let sites = report(&program, &format!("overview?{period}&by=site")).await;
        assert_eq!((&sites["rows"][1]["group"], &sites["rows"][1]["complaints"]), (&json!("outlet"), &json!(1)));
        assert_eq!((&sites["rows"][1]["exposure"], &sites["rows"][1]["complaints_per_1000"]), (&Value::Null, &Value::Null));
        let weeks = report(&program, "quality?from=2026-11-09&to=2026-11-29&by=week&exposure=orders").await;
        let found: Vec<[&Value; 4]> = weeks["rows"].as_array().unwrap().iter().map(|row| ["x", "n", "p", "upper"].map(|name| &row[name])).collect();
        assert_eq!(found[0], [&json!(0), &json!(0), &Value::Null, &Value::Null]);
        assert_eq!((found[1][0], found[1][1]), (&json!(1), &json!(200)), "of the site that sold something in that week alone");
        assert_eq!((found[2][0], found[2][1]), (&json!(2), &json!(1000)));
        near(&weeks["overall"]["mean"], 3.0 / 1200.0);
        assert_eq!(weeks["overall"]["complaints"], 5, "all of them are counted where nothing is divided");
        let topics = report(&program, "quality?from=2026-11-23&to=2026-11-29&by=site&exposure=orders").await;
        let outlet = topics["rows"].as_array().unwrap().iter().find(|row| row["group"] == "outlet").unwrap();
        assert_eq!((&outlet["value"], &outlet["n"]), (&Value::Null, &json!(0)));
    }

    async fn a_second_kind_changes_no_rate(app: TestApp) {
        let program = Program::new(&app).await;
        import_case(&app, "acme", "2026-11-23T10:00:00Z").await;
        let day = "overview?from=2026-11-23&to=2026-11-23";
        let rate = async |query: &str| {
            let found = report(&program, &format!("{day}{query}")).await;
            ["exposure_kind", "exposure", "complaints_per_1000"].map(|name| found["rows"][0][name].clone())
        };
        assert_eq!(rate("").await, [Value::Null, Value::Null, Value::Null]);
        import(&app, "date,count,kind\n2026-11-23,50,visits\n", &[]).await;
        assert_eq!(rate("").await, [json!("visits"), json!(50), json!(20.0)]);
        import(&app, "date,count,kind\n2026-11-23,10,orders\n", &[]).await;
        assert_eq!(rate("").await, [json!("orders"), json!(10), json!(100.0)]);
        import(&app, "date,count,kind\n2026-11-23,1000,accounts\n", &[]).await;
        assert_eq!(rate("").await, [json!("orders"), json!(10), json!(100.0)], "a kind that comes later changes nothing");
        assert_eq!(rate("&exposure=accounts").await, [json!("accounts"), json!(1000), json!(1.0)]);
        let weeks = report(&program, "quality?by=week&exposure=visits").await;
        assert_eq!(weeks["overall"]["exposure_kind"], "visits");
    }

    async fn few_weeks_are_enough_for_the_limits_of_a_rate(app: TestApp) {
        const COMPLAINTS: [u64; 6] = [5, 7, 3, 9, 25, 6];
        const ORDERS: [u64; 6] = [1000, 1200, 900, 1100, 1000, 1050];
        crate::insight::reports::set_up(&app).await;
        let program = Program::new(&app).await;
        let monday = |week: usize| parse_rfc3339("2026-06-15T00:00:00+08:00").unwrap() + week as i64 * 7 * DAY;
        let complaints = (0..6).flat_map(|week| (0..COMPLAINTS[week]).map(move |n| ("complaint", rfc3339(monday(week) + n as i64 * HOUR))));
        crate::insight::reports::import(&app, complaints).await;
        let days = (0..6).map(|week| format!("{},{}\n", &rfc3339(monday(week) + 12 * HOUR)[..10], ORDERS[week]));
        let (went_well, said) = import(&app, &format!("date,count\n{}", days.collect::<String>()), &[]).await;
        assert!(went_well, "{said}");
        let found = report(&program, "quality?by=week&site=acme&exposure=orders&from=2026-06-15&to=2026-07-26").await;
        let rows = found["rows"].as_array().unwrap();
        assert_eq!((rows.len(), &found["overall"]["chart"]), (6, &json!("u")));
        near(&found["overall"]["mean"], 0.0088);
        for at in [0, 4] {
            assert!((rows[at]["upper"].as_f64().unwrap() - 0.017_699).abs() < 5e-7, "{}", rows[at]);
        }
        let signals: Vec<&Value> = rows.iter().map(|row| &row["signals"]).collect();
        assert_eq!(signals, [&json!([]), &json!([]), &json!([]), &json!([]), &json!([1]), &json!([])]);
        let of_cases = report(&program, "quality?by=week&site=acme&from=2026-06-15&to=2026-07-26").await;
        assert_eq!(of_cases["rows"][0]["upper"], Value::Null, "a share among cases needs 20 of them");
    }

    async fn managers_say_it_for_a_day(app: TestApp) {
        let (tom, ann, mei) = (Desk::of(&app, "tom", Role::Manager).await, Desk::of(&app, "ann", Role::Viewer).await, Desk::of(&app, "mei", Role::Agent).await);
        const PAGE: &str = "/staff/reports/exposure";
        assert!(tom.client.get("/staff/reports").await.body.contains(&format!("href=\"{PAGE}\"")));
        let row = |date, count, kind| [("site", "acme"), ("date", date), ("count", count), ("kind", kind)];
        let today = rfc3339(app.app.clock.now())[..10].to_owned();
        for (count, said) in [("1000", "new"), ("1000", "same"), ("1200", "replaced")] {
            let saved = tom.post(PAGE, &row(&today, count, "")).await;
            assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, format!("{PAGE}?done={said}").as_str()));
        }
        tom.post(PAGE, &row(&today, "7", "Visits")).await;
        let page = ann.client.get(PAGE).await;
        assert!(page.body.contains("1,200") && page.body.contains("<code>visits</code>") && !page.body.contains("<form class=\"card form\""), "{}", page.body);
        for (date, count, kind, said) in [("soon", "1", "", "Write a day such as"), (&today, "1.5", "", "Write a whole number"), (&today, "1", "web visits", "Write 1 to 32 letters")] {
            let refused = tom.post(PAGE, &row(date, count, kind)).await;
            assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains(said), "{}", refused.body);
            assert!(refused.body.contains(&format!("value=\"{count}\"")), "what was typed stays");
        }
        let all_wrong = tom.post(PAGE, &row("soon", "many", "web visits")).await;
        for field in ["date", "count", "kind"] {
            assert!(all_wrong.body.contains(&format!("id=\"{field}-error\"")), "{field} is named: {}", all_wrong.body);
        }
        let nowhere = tom.post(PAGE, &[("site", "other"), ("date", &today), ("count", "1")]).await;
        assert_eq!(nowhere.status, StatusCode::UNPROCESSABLE_ENTITY);
        for other in [&ann, &mei] {
            assert_eq!(other.post(PAGE, &row(&today, "1", "")).await.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(mei.client.get(PAGE).await.status, StatusCode::FORBIDDEN);
        let select = "select details from audit_log where action = 'exposure.import' and object = 'site/acme' order by number";
        let noted: Vec<String> = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_all(pool).await).unwrap();
        assert_eq!(noted.len(), 3, "what was there already is no change: {noted:?}");
        let program = Program::with(&app, "shop", &[Scope::ServiceRead]).await;
        let found = program.get_at("/api/v1/exposure?site=acme").await.json();
        assert_eq!(found["exposure"], json!([{"date": today, "count": 1200, "kind": "orders"}, {"date": today, "count": 7, "kind": "visits"}]));
    }

    async fn programs_say_how_much_there_was(app: TestApp) {
        let program = Program::with(&app, "shop", &[Scope::ServiceWrite, Scope::ServiceRead]).await;
        let rows = json!([{"date": "2026-11-23", "count": 1000}, {"date": "2026-11-24", "count": 5, "kind": "visits"}]);
        let stored = post(&program, &app, &json!({"site": "acme", "rows": rows})).await;
        assert_eq!((stored.status, stored.json()), (StatusCode::OK, json!({"new": 2, "replaced": 0, "same": 0})));
        let again = post(&program, &app, &json!({"site": "acme", "rows": rows})).await;
        assert_eq!(again.json(), json!({"new": 0, "replaced": 0, "same": 2}));
        let all = [json!({"date": "2026-11-23", "count": 1000, "kind": "orders"}), json!({"date": "2026-11-24", "count": 5, "kind": "visits"})];
        let found = program.get_at("/api/v1/exposure?site=acme&from=2026-11-01").await.json();
        assert_eq!(found, json!({"exposure": all, "next": null}));
        let of_kind = program.get_at("/api/v1/exposure?site=acme&kind=visits").await.json();
        assert_eq!(of_kind, json!({"exposure": [all[1]], "next": null}));
        let first = program.get_at("/api/v1/exposure?site=acme&limit=1").await.json();
        assert_eq!(first["exposure"], json!([all[0]]));
        let next = first["next"].as_str().unwrap();
        let second = program.get_at(&format!("/api/v1/exposure?site=acme&limit=1&cursor={next}")).await.json();
        assert_eq!(second, json!({"exposure": [all[1]], "next": null}));
        let many: Vec<Value> = vec![json!({"date": "2026-11-23", "count": 1}); 1_001];
        for wrong in [
            json!({"site": "other", "rows": rows}), json!({"rows": rows}), json!({"site": "acme"}), json!({"site": "acme", "rows": []}),
            json!({"site": "acme", "rows": many}), json!({"site": "acme", "rows": [{"date": "2026-02-30", "count": 1}]}),
            json!({"site": "acme", "rows": [{"date": "2026-11-23", "count": -1}]}), json!({"site": "acme", "rows": [{"date": "2026-11-23", "count": 1, "x": 1}]}),
            json!({"site": "acme", "rows": [{"date": "2026-11-23", "count": 1, "kind": "web visits"}]}),
        ] {
            assert_eq!(post(&program, &app, &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        for (rows, code) in [(json!([]), "too_short"), (json!(many), "too_long"), (json!({}), "invalid"), (Value::Null, "required")] {
            let refused = post(&program, &app, &json!({"site": "acme", "rows": rows})).await;
            assert_eq!(refused.field_errors(), [("/rows".to_owned(), code.to_owned())], "{}", refused.body);
        }
        for wrong in ["", "?site=x", "?site=acme&from=soon", "?site=acme&x=1", "?site=acme&limit=0", "?site=acme&limit=1001", "?site=acme&cursor=x"] {
            assert_eq!(program.get_at(&format!("/api/v1/exposure{wrong}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        }
        let stranger = Program::with(&app, "crm", &[Scope::ReportsRead]).await;
        assert_eq!(post(&stranger, &app, &json!({"site": "acme", "rows": rows})).await.status, StatusCode::FORBIDDEN);
        assert_eq!(stranger.get_at("/api/v1/exposure?site=acme").await.status, StatusCode::FORBIDDEN);
    }
}

async fn import_case(app: &TestApp, site: &str, received_at: &str) -> (bool, String) {
    let rows = format!("kind,message,received_at,external_id\ncomplaint,late,{received_at},{received_at}\n");
    app.command(&["import", &app.write_file("case.csv", rows), "--site", site]).await
}
