//! Reports in the console: the figures of the API, with the cases behind them, for those who may read reports.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::on_both_databases;
use serde_json::json;

use super::{HEADER, import, report, reports, rows};
use crate::access::Program;
use crate::console::Desk;

const REPORTS: [&str; 8] =
    ["overview", "promises", "quality", "causes", "satisfaction", "effort", "workload", "customers"];

on_both_databases! {
    async fn a_report_says_what_it_found_and_leads_to_the_cases(app: TestApp) {
        reports::set_up(&app).await;
        let program = Program::new(&app).await;
        for message in ["It came late", "It came <late> again"] {
            let feedback = json!({"kind": "complaint", "message": message, "category": "delivery"});
            assert_eq!(app.client().submit(feedback).await.status, StatusCode::CREATED);
        }
        sayso::jobs::run_due(&app.app).await.unwrap();
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let list = tom.client.get("/staff/reports").await;
        assert!(list.body.contains("What hurts our customers most?") && list.body.contains("href=\"/staff/reports/overview\""), "{}", list.body);
        let page = tom.client.get("/staff/reports/overview?from=2026-11-30&to=2026-11-30").await;
        assert!(page.body.contains("Cases that came in: 2; resolved: 0."), "{}", page.body);
        let link = "/staff/cases?kind=complaint&#38;q=after%3A2026-11-30+before%3A2026-12-01&#38;status=all";
        assert!(page.body.contains(link), "{}", page.body);
        let behind = tom.client.get(&link.replace("&#38;", "&")).await;
        assert_eq!(behind.body.matches("class=\"case-row-title\"").count(), 2, "the inbox shows what was counted");
        let by_topic = tom.client.get("/staff/reports/causes?by=category&from=2026-11-30&to=2026-11-30").await;
        for part in ["Most cases come from “Delivery”: 2, which is 100 %.", "<svg class=\"chart\"", "<rect class=\"chart-bar\"", "category%3Adelivery"] {
            assert!(by_topic.body.contains(part), "{part}: {}", by_topic.body);
        }
        let csv = tom.client.get("/staff/reports/causes?by=category&from=2026-11-30&to=2026-11-30&format=csv").await;
        let same = program.get_at("/api/v1/reports/causes?by=category&from=2026-11-30&to=2026-11-30&format=csv").await;
        assert_eq!((csv.headers["content-disposition"].to_str().unwrap(), csv.body), ("attachment; filename=\"causes.csv\"", same.body));
        let empty = tom.client.get("/staff/reports/quality?from=2020-01-01&to=2020-01-31&by=month").await;
        assert!(empty.body.contains("There is nothing in this time.") && !empty.body.contains("<svg class=\"chart\""), "{}", empty.body);
        for name in REPORTS {
            for query in ["", "?from=&to=", "?from=2026-11-30&to=2026-12-01&kind=complaint"] {
                let page = tom.client.get(&format!("/staff/reports/{name}{query}")).await;
                assert_eq!(page.status, StatusCode::OK, "{name}{query}: {}", page.body);
            }
        }
        assert_eq!(tom.client.get("/staff/reports/promises?by=weekday_hour").await.status, StatusCode::OK);
        assert_eq!(tom.client.get("/staff/reports/nothing").await.status, StatusCode::NOT_FOUND);
        assert_eq!(tom.client.get("/staff/reports/kano").await.status, StatusCode::NOT_FOUND, "there is no such survey");
        assert_eq!(tom.client.get("/staff/reports/overview?by=nothing").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    async fn the_management_report_says_a_period_in_sentences(app: TestApp) {
        reports::set_up(&app).await;
        for message in ["It came late", "It came <late> again"] {
            let feedback = json!({"kind": "complaint", "message": message, "category": "delivery"});
            assert_eq!(app.client().submit(feedback).await.status, StatusCode::CREATED);
        }
        sayso::jobs::run_due(&app.app).await.unwrap();
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = tom.client.get("/staff/reports/management?from=2026-11-30&to=2026-12-06").await.body;
        // Each sentence stands in brief at the top and at its part.
        for finding in ["Cases that came in: 2; resolved: 0.", "100 % of cases are complaints; limits need at least 20 periods."] {
            assert_eq!(page.matches(&format!("{finding}<")).count(), 2, "{finding}: {page}");
        }
        for part in ["The whole company</span> · 30 Nov 2026 to 6 Dec 2026", "8 Jun 2026 to 6 Dec 2026", "<svg class=\"chart\"", "href=\"/staff/reports/causes?from=2026-11-30&#38;to=2026-12-06&#38;by=problem\""] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let month = tom.client.get("/staff/reports/management").await.body;
        assert!(month.contains("value=\"2026-10-01\"") && month.contains("value=\"2026-10-31\""), "the last whole month unless something else is asked for: {month}");
        assert!(month.contains("There is nothing in this time.") && !month.contains("<svg class=\"chart\""), "an empty month has no pictures");
        let of_team = tom.client.get("/staff/reports/management?from=2026-11-30&to=2026-12-06&team=delivery").await;
        assert!(of_team.body.contains("Delivery</span> · 30 Nov 2026"), "{}", of_team.body);
        for wrong in ["from=yesterday", "team=nobody", "from=2026-12-06&to=2026-11-30", "mood=good"] {
            let refused = tom.client.get(&format!("/staff/reports/management?{wrong}")).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", refused.body);
        }
    }

    async fn surveys_have_their_pictures(app: TestApp) {
        crate::insight::set_up(&app).await;
        let file = [
            HEADER.to_owned(),
            rows(0, "delivery", "importance", &["5", "5", "4", "5", "5"]),
            rows(0, "delivery", "satisfaction", &["2", "1", "2", "4", "2"]),
            rows(0, "price", "importance", &["2", "3", "2", "4", "1"]),
            rows(0, "price", "satisfaction", &["5", "4", "4", "5", "3"]),
        ];
        let (went_well, said) = import(&app, "yearly-2026", &file.concat(), &[]).await;
        assert!(went_well, "{said}");
        let tracking = [HEADER.to_owned(), rows(0, "tracking", "functional", &["like"; 5]), rows(0, "tracking", "dysfunctional", &["dislike"; 5])];
        import(&app, "features", &tracking.concat(), &[]).await;
        import(&app, "recommend", &format!("{HEADER}{}", rows(0, "", "score", &["9", "7", "0", "10", "3"])), &[]).await;
        let ann = Desk::of(&app, "ann", Role::Viewer).await;
        let importance = ann.client.get("/staff/reports/importance").await;
        assert_eq!(importance.status, StatusCode::SEE_OTHER, "the first survey is shown");
        let importance = ann.client.get("/staff/reports/importance?survey=yearly-2026").await;
        for part in ["Begin with: Delivery.", "Concentrate here", "<circle class=\"chart-dot\""] {
            assert!(importance.body.contains(part), "{part}: {}", importance.body);
        }
        let kano = ann.client.get("/staff/reports/kano?survey=features").await;
        assert!(kano.body.contains("The more, the better: Live tracking."), "{}", kano.body);
        let nps = ann.client.get("/staff/reports/satisfaction?survey=recommend").await;
        assert!(nps.body.contains("The NPS of 5 answers is 0 ±"), "{}", nps.body);
        let program = Program::new(&app).await;
        assert_eq!(report(&program, "satisfaction?survey=recommend").await["rows"][0]["value"], 0.0);
    }

    async fn reports_are_for_those_who_may_read_them(app: TestApp) {
        for (name, role, may) in [("ada", Role::Admin, true), ("tom", Role::Manager, true), ("ann", Role::Viewer, true), ("mei", Role::Agent, false), ("pat", Role::Partner, false)] {
            let desk = Desk::of(&app, name, role).await;
            let wanted = if may { StatusCode::OK } else { StatusCode::FORBIDDEN };
            for page in ["/staff/reports", "/staff/reports/management", "/staff/reports/overview", "/staff/reports/overview?format=csv"] {
                assert_eq!(desk.client.get(page).await.status, wanted, "{name}: {page}");
            }
            let start = desk.client.get("/staff").await.body;
            assert_eq!(start.contains("href=\"/staff/reports\""), may, "{name}");
        }
    }
}
