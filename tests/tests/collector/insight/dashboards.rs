//! Whose reports and dashboards somebody reads: a member their own week, whoever leads a team that team's, managers all.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::on_both_databases;
use serde_json::json;

use super::report;
use super::reports::{complaint, go_to, post, submit};
use crate::access::Program;
use crate::console::Desk;

const SERVICE: &str = r#"
[[calendar]]
key = "always"
time_zone = "Asia/Shanghai"
hours = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }

[[team]]
key = "delivery"
name = "Delivery"
calendar = "always"
lead = "lea@acme.example"
members = ["max@acme.example"]

[[team]]
key = "billing"
name = "Billing"
calendar = "always"
members = ["max@acme.example"]

[[category]]
site = "acme"
key = "delivery"
label = { en = "Delivery" }
team = "delivery"
"#;

on_both_databases! {
    async fn who_leads_a_team_reads_its_reports_and_no_others(app: TestApp) {
        go_to(&app, "2026-11-30T01:00:00Z");
        let lea = Desk::of(&app, "lea", Role::Agent).await;
        let max = Desk::of(&app, "max", Role::Agent).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        app.apply_service(SERVICE).await;
        app.app.clock.advance(2_000);
        let program = Program::new(&app).await;
        let (id, _) = submit(&app, &program, complaint("delivery")).await;
        let patch = json!({"team": "delivery"});
        assert!(program.patch(&id, &patch, None).await.status.is_success());
        let (other, _) = submit(&app, &program, json!({"kind": "complaint", "message": "The bill is wrong"})).await;
        assert!(program.patch(&other, &json!({"team": "billing"}), None).await.status.is_success());

        let led = lea.client.get("/staff/reports/overview?from=&to=").await;
        assert_eq!((led.status, led.location()), (StatusCode::SEE_OTHER, "/staff/reports/overview?from=&to=&team=delivery"));
        let page = lea.client.get(led.location()).await;
        assert!(page.status == StatusCode::OK && page.body.contains("Cases that came in: 1;"), "{}", page.body);
        assert!(!page.body.contains("value=\"billing\"") && !page.body.contains("value=\"none\""), "{}", page.body);
        for refused in ["overview?team=billing", "overview?team=none", "customers?team=delivery", "management", "suggestions", "satisfaction?team=delivery&survey=x"] {
            assert_eq!(lea.client.get(&format!("/staff/reports/{refused}")).await.status, StatusCode::FORBIDDEN, "{refused}");
        }
        let list = lea.client.get("/staff/reports").await;
        assert!(list.body.contains("/staff/reports/overview") && !list.body.contains("/staff/reports/customers") && !list.body.contains("/staff/reports/management"), "{}", list.body);
        assert_eq!(max.client.get("/staff/reports/overview?team=delivery").await.status, StatusCode::FORBIDDEN, "a member leads nothing");

        let mine = max.client.get("/staff/dashboard").await;
        assert!(mine.status == StatusCode::OK && mine.body.contains("My week") && !mine.body.contains("/staff/reports/"), "{}", mine.body);
        assert_eq!(max.client.get("/staff/dashboard?view=team&team=delivery").await.status, StatusCode::FORBIDDEN);
        let team = lea.client.get("/staff/dashboard").await;
        assert!(team.body.contains("<h1>My team</h1>") && team.body.contains("Cases that came in: 1;"), "{}", team.body);
        assert_eq!(lea.client.get("/staff/dashboard?view=team&team=billing").await.status, StatusCode::FORBIDDEN);
        assert_eq!(lea.client.get("/staff/dashboard?view=company").await.status, StatusCode::FORBIDDEN);
        let company = tom.client.get("/staff/dashboard").await;
        assert!(company.body.contains("<h1>The company</h1>") && company.body.contains("Cases that came in: 2;"), "{}", company.body);
        let filtered = tom.client.get("/staff/dashboard?view=team&team=billing&from=2026-11-30&to=2026-11-30").await;
        assert!(filtered.body.contains("value=\"2026-11-30\"") && filtered.body.contains("Cases that came in: 1;"), "{}", filtered.body);
        let partner = Desk::of(&app, "kai", Role::Partner).await;
        assert_eq!(partner.client.get("/staff/dashboard").await.status, StatusCode::FORBIDDEN);
    }

    async fn members_are_compared_with_their_team_by_its_own_cases(app: TestApp) {
        go_to(&app, "2026-11-30T01:00:00Z");
        for name in ["lea", "max"] {
            Desk::of(&app, name, Role::Agent).await;
        }
        app.apply_service(SERVICE).await;
        let program = Program::new(&app).await;
        for (owner, team) in [("lea", "delivery"), ("max", "delivery"), ("max", "billing"), ("max", "billing")] {
            let (id, _) = submit(&app, &program, json!({"kind": "question", "message": "When?"})).await;
            assert!(program.patch(&id, &json!({"team": team}), None).await.status.is_success());
            post(&program, &format!("/{id}/assign"), json!({"owner": format!("{owner}@acme.example")})).await;
            post(&program, &format!("/{id}/status"), json!({"status": "resolved"})).await;
        }
        run_due(&app.app).await.unwrap();
        go_to(&app, "2026-12-01T00:00:00Z");
        let found = report(&program, "workload?from=2026-11-30&to=2026-11-30").await;
        let teams = found["overall"]["teams"].as_array().unwrap();
        let of = |key: &str| teams.iter().find(|team| team["team"] == key).unwrap();
        assert_eq!((&of("delivery")["members"], &of("billing")["members"]), (&json!(2), &json!(1)));
        let rate = of("delivery")["median"].as_f64().unwrap();
        assert!((of("billing")["median"].as_f64().unwrap() - 2.0 * rate).abs() < 1e-9, "what Max did for billing counts there: {found}");
        assert_eq!(of("delivery")["spread"], json!(0.0), "both resolved one case of deliveries");
        let row = found["rows"].as_array().unwrap().iter().find(|row| row["group"] == "max@acme.example").unwrap();
        assert_eq!((&row["team"], &row["team_median"], &row["handled"]), (&json!("delivery"), &json!(rate), &json!(3)));
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/workload?from=2026-11-30&to=2026-11-30").await;
        assert!(page.body.contains("Billing: ") && page.body.contains("in the middle (spread 0)"), "{}", page.body);
    }
}
