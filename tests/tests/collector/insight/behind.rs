//! Behind each number of a report stand exactly the cases that it counts, in the inbox and by the API.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::clock::{DAY, HOUR, parse_rfc3339, rfc3339};
use sayso::jobs::run_due;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::reports::{self, import};
use crate::access::Program;
use crate::console::Desk;

/// The addresses of the inbox in a page, each with the number that leads there.
fn links(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in page.split("href=\"/staff/cases?").skip(1) {
        let (address, rest) = part.split_once('"').unwrap();
        let rest = rest.split_once('>').map_or("", |(_, rest)| rest);
        let text = rest.trim_start_matches("<span class=\"figure-number\">");
        let number: String = text.chars().take_while(|letter| *letter != '<').collect();
        found.push((number, format!("/staff/cases?{}", address.replace("&#38;", "&"))));
    }
    found
}

fn parameter(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1;
    url::form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Cases of all kinds with whatever may become of one, and the desk of somebody who reads reports.
async fn many(app: &TestApp) -> Desk {
    reports::set_up(app).await;
    let program = Program::new(app).await;
    let start = parse_rfc3339("2026-11-20T01:00:00Z").unwrap();
    let kinds = ["complaint", "question", "praise"];
    import(app, (0..9).map(|at: usize| (kinds[at % 3], rfc3339(start + at as i64 * 7 * HOUR)))).await;
    let mut cases = Vec::new();
    for at in 0..9 {
        let email = format!("{}@example.com", ["lin", "wang", "lee"][at % 3]);
        let feedback = match at {
            4 => json!({"kind": "question", "message": "When?", "contact": {"email": email}}),
            5 => json!({"kind": "complaint", "message": "From nobody"}),
            _ => {
                json!({"kind": "complaint", "message": "It came late", "category": "delivery", "contact": {"email": email}})
            }
        };
        cases.push(reports::submit(app, &program, feedback).await);
        app.app.clock.advance(HOUR);
    }
    for (at, (id, code)) in cases.iter().enumerate() {
        if at % 2 == 0 {
            reports::post(&program, &format!("/{id}/assign"), json!({"owner": "mei@shop.example"})).await;
        }
        if at % 3 != 2 {
            reports::post(&program, &format!("/{id}/messages"), json!({"kind": "reply", "body": "We look into it."}))
                .await;
        }
        if at == 1 {
            let patch = json!({"problem": "P-7", "team": "delivery"});
            assert!(program.patch(id, &patch, None).await.status.is_success());
        }
        if at < 6 {
            let body = match at {
                4 => json!({"status": "resolved"}),
                0 | 3 => json!({"status": "resolved", "outcome": "upheld"}),
                _ => json!({"status": "resolved", "outcome": "not_upheld"}),
            };
            reports::post(&program, &format!("/{id}/status"), body).await;
            reports::rate(app, code, [5, 2, 4, 1, 3, 5][at]).await;
        }
        run_due(&app.app).await.unwrap();
    }
    for (_, code) in &cases[1..2] {
        let again =
            app.client().post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "Not yet!"})).await;
        assert_eq!(again.status, StatusCode::CREATED, "{}", again.body);
    }
    reports::post(&program, &format!("/{}/merge", cases[7].0), json!({"into": cases[8].0})).await;
    run_due(&app.app).await.unwrap();
    app.app.clock.advance(5 * DAY);
    run_due(&app.app).await.unwrap();
    let tom = Desk::of(app, "tom", Role::Manager).await;
    let reply = tom.post(&format!("/staff/cases/{}/reply", cases[6].0), &[("body", "Soon."), ("then", "go_on")]).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    tom
}

async fn numbers_lead_to_their_cases(desk: &Desk, path: &str) -> BTreeSet<String> {
    let page = desk.client.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
    let mut figures = BTreeSet::new();
    for (number, address) in links(&page.body) {
        let inbox = desk.client.get(&address).await;
        assert_eq!(inbox.status, StatusCode::OK, "{path}: {address}");
        let shown = inbox.body.matches("class=\"case-row-title\"").count();
        let figure = parameter(&address, "counted").unwrap_or_default();
        // Shares, times and customers are no numbers of cases.
        const NOT_CASES: [&str; 7] =
            ["upheld", "resolved_upheld", "first_contact", "complaining_again", "at_risk", "worked", "replied"];
        let is_of_overview = figure != "of_customers" || path.contains("overview");
        let is_count = !NOT_CASES.contains(&figure.as_str()) && is_of_overview && !number.contains('%');
        if let Some(number) = number.parse::<usize>().ok().filter(|number| is_count && *number <= 50) {
            // A case may have several promises of one kind, and all that are asked for.
            let is_of_promises = ["promised", "kept", "broken", "in_time"].contains(&figure.as_str());
            let is_exact =
                if is_of_promises { (shown > 0) == (number > 0) && shown <= number } else { shown == number };
            assert!(is_exact, "{path}: {number} is not {shown}: {address}");
        }
        figures.insert(figure);
    }
    figures
}

on_both_databases! {
    async fn behind_each_number_stand_the_cases_that_it_counts(app: TestApp) {
        let desk = many(&app).await;
        let mut figures = BTreeSet::new();
        for path in [
            "overview?from=&to=&by=all", "overview?from=&to=&by=month", "overview?from=&to=&by=team", "overview?from=&to=&by=tier",
            "overview?from=&to=&by=category", "overview?from=&to=&by=channel", "promises?from=&to=", "promises?from=&to=&by=team", "quality?from=&to=&by=category", "quality?from=&to=&by=month",
            "causes?from=&to=&by=problem", "causes?from=&to=&by=category", "satisfaction?from=&to=", "satisfaction?from=&to=&by=team",
            "effort?from=&to=", "effort?from=&to=&by=kind", "workload?from=&to=", "workload?from=&to=&by=month", "customers?from=&to=", "customers?from=&to=&by=month",
        ] {
            figures.extend(numbers_lead_to_their_cases(&desk, &format!("/staff/reports/{path}")).await);
        }
        assert!(figures.len() > 3, "{figures:?}");
    }
}
