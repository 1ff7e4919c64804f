//! What a report takes is chosen on its page, and what complaints are held against is said per thousand.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::clock::{DAY, HOUR, parse_rfc3339, rfc3339};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::report;
use super::reports::{SERVICE, import, import_csv, set_up};
use crate::access::Program;
use crate::console::Desk;

/// Six weeks of the contract's vector of rates, held against visits.
async fn visits(app: &TestApp) {
    const COMPLAINTS: [u64; 6] = [5, 7, 3, 9, 25, 6];
    const VISITS: [u64; 6] = [1000, 1200, 900, 1100, 1000, 1050];
    let monday = |week: usize| parse_rfc3339("2026-06-15T00:00:00+08:00").unwrap() + week as i64 * 7 * DAY;
    let complaints = (0..6)
        .flat_map(|week| (0..COMPLAINTS[week]).map(move |n| ("complaint", rfc3339(monday(week) + n as i64 * HOUR))));
    import(app, complaints).await;
    let days = (0..6).map(|week| format!("{},{},visits\n", &rfc3339(monday(week) + 12 * HOUR)[..10], VISITS[week]));
    let file = app.write_file("visits.csv", format!("date,count,kind\n{}", days.collect::<String>()));
    let (went_well, said) = app.command(&["exposure", "import", &file]).await;
    assert!(went_well, "{said}");
}

on_both_databases! {
    async fn complaints_are_said_for_every_thousand_of_what_they_are_held_against(app: TestApp) {
        set_up(&app).await;
        visits(&app).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let path = "/staff/reports/quality?by=week&site=acme&exposure=visits&from=2026-06-15&to=2026-07-26";
        let page = tom.client.get(path).await.body;
        assert!(page.contains("Complaints for every 1,000 visits left the control limits"), "{page}");
        assert!(page.contains("25 for 1,000 visits, limit 17."), "{page}");
        assert!(page.contains("<span dir=\"auto\">17.7</span>") && page.contains("<span dir=\"auto\">25</span>"), "per 1,000 and no share: {page}");
        let chart = page.split("id=\"causes\"").next().unwrap();
        assert!(!chart.contains(" %</"), "no number of the table or of the axis is a share: {chart}");
        assert!(page.contains("id=\"exposure\"") && page.contains("<option value=\"visits\" selected>visits</option>"), "{page}");
        let steady = tom.client.get("/staff/reports/quality?by=week&site=acme&exposure=visits&from=2026-06-15&to=2026-07-12").await.body;
        assert!(steady.contains("complaints for every 1,000 visits, and they vary only as chance has it."), "{steady}");
        assert!(!steady.contains("of cases are complaints"), "{steady}");
        let sites = tom.client.get("/staff/reports/quality?by=site&exposure=visits&from=2026-06-15&to=2026-07-26").await.body;
        assert!(sites.contains("8.8 complaints for every 1,000 visits."), "{sites}");
    }

    async fn what_a_report_takes_can_be_chosen_and_taken_back(app: TestApp) {
        const ONE: &str = "<span class=\"figure-number\">1</span><span class=\"figure-label\">Received</span>";
        let more = "[[site]]\nkey = \"outlet\"\nname = \"Outlet\"\norigins = []\n\n[[category]]\nsite = \"outlet\"\nkey = \"returns\"\nlabel = { en = \"Returned goods\" }\n\n\
            [[tier]]\nsite = \"outlet\"\nkey = \"gold\"\nname = { en = \"Gold customers\" }\n";
        app.apply_service(&format!("{SERVICE}{more}")).await;
        import_csv(&app, "kind,message,received_at,external_id\ncomplaint,words,2026-06-15T00:00:00Z,1\n").await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = async |path: &str| tom.client.get(&format!("/staff/reports/{path}")).await.body;
        let overview = page("overview?priority=high&channel=import&member=mei@shop.example&tier=gold&category=returns").await;
        for chosen in ["high", "import", "mei@shop.example", "gold", "returns"] {
            assert!(overview.contains(&format!("<option value=\"{chosen}\" selected>")), "{chosen}: {overview}");
        }
        assert!(overview.contains(">Returned goods</option>") && overview.contains(">Gold customers</option>"), "those of each site are offered: {overview}");
        assert!(!overview.contains("<input type=\"hidden\" name=\"tier\""), "what is chosen can be taken back: {overview}");
        let acme = page("overview?site=acme").await;
        assert!(acme.contains(">Delivery</option>") && !acme.contains("Returned goods") && !acme.contains("Gold customers"), "only those of the site: {acme}");
        assert!(page("promises?promise=resolution").await.contains("<option value=\"resolution\" selected>"));
        assert!(page("overview?exposure=orders").await.contains("<option value=\"orders\" selected>"), "also where there are none");
        let board = tom.client.get("/staff/dashboard?site=acme").await.body;
        assert!(board.contains("<option value=\"acme\" selected>") && board.contains("<span class=\"figure-number\">0</span><span class=\"figure-label\">Received</span>"), "{board}");
        import_csv(&app, &format!("kind,message,received_at,external_id\nquestion,words,{},2\n", rfc3339(app.app.clock.now()))).await;
        let of = async |site: &str| tom.client.get(&format!("/staff/dashboard?site={site}")).await.body;
        assert!(of("acme").await.contains(ONE) && !of("outlet").await.contains(ONE));
        assert_eq!(tom.client.get("/staff/dashboard?site=nothing").await.status, StatusCode::OK, "nonsense is left out");
    }

    async fn the_whole_has_its_chart_and_table(app: TestApp) {
        set_up(&app).await;
        import_csv(&app, "kind,message,received_at,external_id\ncomplaint,words,2026-11-30T00:30:00Z,1\n").await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/overview?from=2026-11-30&to=2026-11-30").await.body;
        assert!(page.contains("<svg class=\"chart\"") && page.contains("<table class=\"table\">"), "{page}");
        assert!(page.contains("class=\"figures\""), "and its numbers: {page}");
    }

    async fn where_the_lines_of_importance_are_can_be_chosen(app: TestApp) {
        let survey = "[[survey]]\nkey = \"yearly\"\nkind = \"importance_satisfaction\"\nsite = \"acme\"\ntitle = { en = \"Year\" }\nitems = [{ key = \"price\", text = { en = \"Price\" } }]\n";
        app.apply_service(survey).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/importance?survey=yearly&crosshair=medians").await.body;
        assert!(page.contains("<option value=\"medians\" selected>"), "{page}");
    }

    async fn causes_and_how_hard_work_was_have_intervals(app: TestApp) {
        set_up(&app).await;
        let rows = (0..10).map(|at| format!("complaint,{},words,2026-11-30T00:30:0{at}Z,{at}\n", if at < 7 { "delivery" } else { "" }));
        import_csv(&app, &format!("kind,category,message,received_at,external_id\n{}", rows.collect::<String>())).await;
        let program = Program::new(&app).await;
        let causes = report(&program, "causes?by=category&from=2026-11-30&to=2026-11-30").await;
        let first = &causes["rows"][0];
        assert_eq!((&first["value"], &first["n"]), (&json!(0.7), &json!(7)));
        assert!(first["low"].as_f64().unwrap() < 0.7 && first["high"].as_f64().unwrap() > 0.7, "{first}");
        let quality = report(&program, "quality?by=week&from=2026-11-30&to=2026-11-30").await;
        assert!(quality["overall"]["causes"][0]["low"].as_f64().unwrap() < 0.7, "{quality}");
        let weeks = report(&program, "workload?by=week&from=2026-11-30&to=2026-11-30").await;
        let week = &weeks["rows"][0];
        assert!(week["received"] == 0 || week["urgent_high"].is_number(), "{week}");
        assert!(week.get("urgent_low").is_some() && week.get("reopened_high").is_some(), "{week}");
    }
}
