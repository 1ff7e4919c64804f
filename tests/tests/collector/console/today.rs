//! The start page: what is to be done today, each number with the cases behind it.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::{Case, Channel, customer};
use sayso::jobs::run_due;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::reply::Reply;
use sayso_tests::on_both_databases;
use serde_json::json;

use super::{Desk, complaint};
use crate::access::Program;

const SERVICE: &str = "[[team]]\nkey = 'delivery'\nname = 'Delivery'\nmembers = ['mei@acme.example']\n\
    [[team]]\nkey = 'billing'\nname = 'Billing'\nmembers = []\n[[promise]]\nsite = 'acme'\nfirst_response = '1h'\nresolution = '8h'\n";

/// The figures of the page, by their addresses.
fn figures(page: &str) -> Vec<(String, String)> {
    let links = page.split("class=\"figure\" href=\"").skip(1);
    links
        .map(|rest| {
            let number = rest.split("figure-number\">").nth(1).unwrap().split('<').next().unwrap();
            (rest.split('"').next().unwrap().replace("&#38;", "&"), number.to_owned())
        })
        .collect()
}

fn listed(page: &str) -> usize {
    page.matches("data-case=\"").count()
}

on_both_databases! {
    async fn each_number_leads_to_the_cases_behind_it(app: TestApp) {
        // Tuesday noon, far from the ends of day and week.
        let (day, week) = (86_400_000, 7 * 86_400_000);
        let now = app.app.clock.now();
        app.app.clock.advance(week - (now + 2 * day - day / 2).rem_euclid(week));
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        app.apply_service(SERVICE).await;
        app.app.clock.advance(1_000);
        let program = Program::new(&app).await;
        let mut ids = Vec::new();
        for n in 0..6 {
            ids.push(complaint(&app, &format!("Case {n}")).await);
        }
        for id in &ids[..5] {
            assert_eq!(program.patch(id, &json!({"team": "delivery"}), None).await.status, StatusCode::OK);
        }
        assert_eq!(program.patch(&ids[5], &json!({"team": "billing"}), None).await.status, StatusCode::OK);
        for id in &ids[..3] {
            assert_eq!(program.patch(id, &json!({"owner": "mei@acme.example"}), None).await.status, StatusCode::OK);
        }
        // One was put aside until today, by its date in the past.
        assert_eq!(program.patch(&ids[1], &json!({"follow_up_at": "2026-01-01T09:00:00Z"}), None).await.status, StatusCode::OK);
        run_due(&app.app).await.unwrap();
        // The first is answered in time, and its customer answers.
        let replied = mei.post(&format!("/staff/cases/{}/reply", ids[0]), &[("body", "Soon"), ("then", "go_on")]).await;
        assert_eq!(replied.status, StatusCode::SEE_OTHER, "{}", replied.body);
        let case = Case::by_id(&app.app, &ids[0]).await.unwrap();
        let key = IdempotencyKey::parse(&uuid::Uuid::new_v4().to_string()).unwrap();
        customer::reply(&app.app, &case, &Reply::parse(json!({"body": "When?"})).unwrap(), &key, Channel::Entry).await.unwrap();
        let task = program.post(&format!("/{}/tasks", ids[5]), &json!({"title": "Call the <driver>", "team": "delivery"})).await;
        assert_eq!(task.status, StatusCode::CREATED, "{}", task.body);
        app.app.clock.advance(3_600_000 + 1_000);
        run_due(&app.app).await.unwrap();

        let page = mei.client.get("/staff").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let figures = figures(&page.body);
        assert_eq!(figures.len(), 7, "{}", page.body);
        for (address, number) in &figures {
            let inbox = mei.client.get(address).await.body;
            assert_eq!(listed(&inbox).to_string(), *number, "{address}");
        }
        let numbers: Vec<&str> = figures.iter().map(|(_, number)| number.as_str()).collect();
        // Overdue, due today, answered, to follow up, open; new of the team, new of no team.
        assert_eq!(numbers[0], "2", "{figures:?}");
        assert_eq!(numbers[2..], ["1", "1", "3", "2", "0"], "{figures:?}");
        assert!(page.body.contains("Call the &#60;driver&#62;") && page.body.contains(&format!("/staff/cases/{}#tasks", ids[5])));
        // Five first responses were due, one was given in time.
        assert!(page.body.contains("<strong>20 %</strong> <span class=\"muted\">(1 / 5)</span>"), "{}", page.body);
    }

    async fn a_task_of_nobody_comes_to_whoever_has_its_case(app: TestApp) {
        let mei = Desk::of(&app, "mei", Role::Agent).await;
        let tom = Desk::of(&app, "tom", Role::Agent).await;
        let boss = Desk::of(&app, "boss", Role::Manager).await;
        let partner = Desk::of(&app, "partner", Role::Partner).await;
        app.apply_service(SERVICE).await;
        let program = Program::new(&app).await;
        let id = complaint(&app, "It came late").await;
        run_due(&app.app).await.unwrap();
        let added = program.post(&format!("/{id}/tasks"), &json!({"title": "Call the carrier"})).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
        let who = async || {
            let mut seen = Vec::new();
            for (name, desk) in [("mei", &mei), ("tom", &tom), ("boss", &boss), ("partner", &partner)] {
                if desk.client.get("/staff").await.body.contains("Call the carrier") {
                    seen.push(name);
                }
            }
            seen
        };
        assert_eq!(who().await, ["mei", "tom", "boss"], "of a case that nobody has");
        assert_eq!(program.patch(&id, &json!({"team": "delivery"}), None).await.status, StatusCode::OK);
        assert_eq!(who().await, ["mei"], "its team");
        assert_eq!(program.patch(&id, &json!({"owner": "tom@acme.example"}), None).await.status, StatusCode::OK);
        assert_eq!(who().await, ["tom"], "its owner");
        let task = added.json()["tasks"][0]["id"].as_str().unwrap().to_owned();
        let given = program.patch_at(&format!("/api/v1/tasks/{task}"), &json!({"owner": "boss@acme.example"})).await;
        assert_eq!(given.status, StatusCode::OK, "{}", given.body);
        assert_eq!(who().await, ["boss"], "whom it was given to");
        assert_eq!(program.patch_at(&format!("/api/v1/tasks/{task}"), &json!({"owner": null, "done": true})).await.status, StatusCode::OK);
        assert_eq!(who().await, [""; 0], "it is done");
    }

    async fn each_role_has_a_start_page_with_what_is_theirs(app: TestApp) {
        complaint(&app, "Nobody's").await;
        run_due(&app.app).await.unwrap();
        for (name, role) in [("admin", Role::Admin), ("manager", Role::Manager), ("agent", Role::Agent), ("viewer", Role::Viewer), ("partner", Role::Partner)] {
            let desk = Desk::of(&app, name, role).await;
            let page = desk.client.get("/staff").await;
            assert_eq!(page.status, StatusCode::OK, "{role:?}");
            let has_free = page.body.contains("team=none");
            assert_eq!(has_free, role != Role::Partner, "{role:?}: {}", page.body);
        }
        assert_eq!(app.client().get("/staff").await.status, StatusCode::SEE_OTHER, "to the sign-in page");
    }
}
