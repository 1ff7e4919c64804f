//! Changing several cases of the inbox at once, and taking that back.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::{Case, Priority};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use super::{Desk, complaint};
use crate::access::Program;
use crate::pages::Form;

const BULK: &str = "/staff/cases/bulk";

/// Fills in the form of the inbox for some cases; gives where it leads.
async fn change(desk: &Desk, ids: &[&str], fields: &[(&str, &str)]) -> String {
    let form = Form::of(&desk.inbox("status=all&sort=oldest").await, BULK);
    let names: Vec<String> = ids.iter().map(|id| format!("case-{id}")).collect();
    let chosen = names.iter().map(|name| (name.as_str(), "on"));
    let hidden = [("key", form.get("key")), ("back", form.get("back"))];
    let all: Vec<(&str, &str)> = chosen.chain(hidden).chain(fields.iter().copied()).collect();
    let answer = desk.post(BULK, &all).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location().to_owned()
}

async fn case(app: &TestApp, id: &str) -> Case {
    Case::by_id(&app.app, id).await.unwrap()
}

on_both_databases! {
    async fn several_cases_are_changed_and_taken_back(app: TestApp) {
        let desk = Desk::of(&app, "mei", Role::Manager).await;
        let (one, two, three) = (complaint(&app, "One").await, complaint(&app, "Two").await, complaint(&app, "Three").await);
        let program = Program::new(&app).await;
        program.patch(&one, &json!({"tags": ["old"]}), None).await;
        let location = change(&desk, &[&one, &two], &[("owner", "me"), ("priority", "high"), ("tag", "storm")]).await;
        assert!(location.starts_with("/staff/cases?status=all&sort=oldest&bulk="), "where they were chosen: {location}");
        let page = desk.client.get(&location).await.body;
        assert!(page.contains("Cases changed: 2."), "{page}");
        let changed = case(&app, &one).await;
        assert_eq!((changed.priority(), changed.owner_id.is_some()), (Priority::High, true));
        assert_eq!(changed.tags().iter().collect::<Vec<_>>(), ["old", "storm"]);
        assert_eq!(case(&app, &three).await.priority(), Priority::Normal);
        // Somebody goes on with one of them, so that one stays as it is now.
        program.patch(&two, &json!({"priority": "urgent"}), None).await;
        let undo = Form::of(&page, page.split("action=\"").find(|rest| rest.starts_with("/staff/cases/bulk/")).unwrap().split('"').next().unwrap());
        let undone = desk.post(&undo.action, &[("back", undo.get("back"))]).await;
        assert!(desk.client.get(undone.location()).await.body.contains("Taken back, except for cases that were changed since."));
        let back = case(&app, &one).await;
        assert_eq!((back.priority(), back.owner_id.clone(), back.tags().iter().count()), (Priority::Normal, None, 1));
        assert_eq!(case(&app, &two).await.priority(), Priority::Urgent);
        assert_eq!(desk.post(&undo.action, &[("back", "")]).await.status, StatusCode::NOT_FOUND, "it is taken back once");
    }

    async fn what_a_member_may_not_change_is_counted_and_nothing_else(app: TestApp) {
        let agent = Desk::of(&app, "sam", Role::Agent).await;
        let (own, foreign) = (complaint(&app, "Free").await, complaint(&app, "Foreign").await);
        let service = "[[team]]\nkey = 'billing'\nname = 'Billing'\n";
        app.apply_service(service).await;
        app.app.clock.advance(1_000);
        Program::new(&app).await.patch(&foreign, &json!({"team": "billing"}), None).await;
        let location = change(&agent, &[&own, &foreign, "no-case"], &[("priority", "high")]).await;
        let page = agent.client.get(&location).await.body;
        assert!(page.contains("Cases changed: 1. Not possible for: 2."), "{page}");
        assert_eq!(case(&app, &foreign).await.priority(), Priority::Normal);
        for fields in [&[][..], &[("priority", "soon")], &[("team", "nowhere")], &[("owner", "nobody-there")], &[("tag", "a,b")]] {
            assert!(change(&agent, &[&own], fields).await.ends_with("bulk=none"), "{fields:?}");
        }
        let viewer = Desk::of(&app, "vic", Role::Viewer).await;
        assert!(!viewer.inbox("status=all").await.contains(BULK));
        assert_eq!(viewer.post(BULK, &[(&format!("case-{own}"), "on"), ("priority", "low")]).await.status, StatusCode::FORBIDDEN);
    }
}
