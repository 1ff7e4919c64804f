//! What a team is told by mail: at its address, else its lead, else whoever is in it.

use sayso_tests::Mail;

use super::*;

const TEAMS: &str = r#"
[[team]]
key = "workshop"
name = "Workshop"
members = ["bo@shop.example"]
email = "workshop@shop.example"

[[team]]
key = "night"
name = "Night"
members = ["mei@shop.example", "bo@shop.example"]
"#;

/// Mails that were written to files since the last time.
async fn mails(app: &TestApp, seen: &mut usize) -> Vec<Mail> {
    run_due(&app.app).await.unwrap();
    sayso::outbox::deliver_due(&app.app).await.unwrap();
    let files = std::fs::read_dir(app.data.path().join("mail")).into_iter().flatten();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let all: Vec<Mail> = paths.iter().map(|path| Mail::from_file(std::fs::read(path).unwrap())).collect();
    let staff = all.iter().filter(|mail| mail.header("To").contains("@shop.example")).cloned().collect::<Vec<_>>();
    let new = staff[*seen..].to_vec();
    *seen = staff.len();
    new
}

on_both_databases! {
    async fn a_team_hears_of_what_is_given_to_it(app: TestApp) {
        set_up(&app).await;
        app.apply_service(TEAMS).await;
        app.app.clock.advance(1_000);
        let program = Program::new(&app).await;
        let seen = &mut 0;
        let contact = json!({"name": "Li Lei", "email": "li@example.com"});
        let (_, new) = submit(&app, &program, json!({"kind": "question", "message": "Can you mend it?", "contact": contact})).await;
        let id = new["id"].as_str().unwrap();
        let to = |mails: &[Mail]| {
            let mut to: Vec<String> = mails.iter().map(|mail| mail.header("To")).collect();
            to.sort();
            to
        };
        assert!(mails(&app, seen).await.is_empty());
        program.patch(id, &json!({"team": "workshop", "reason": "It is torn"}), None).await;
        let told = mails(&app, seen).await;
        assert_eq!(to(&told), ["workshop@shop.example"]);
        assert!(told[0].subject().contains("A case for Workshop") && told[0].text().contains("Can you mend it?"), "{}", told[0].text());
        assert!(!told[0].text().contains("Li Lei"), "who reads there nobody knows");

        let task = program.post(&format!("/{id}/tasks"), &json!({"title": "Fetch it", "team": "workshop"})).await;
        assert_eq!(task.status, StatusCode::CREATED);
        assert_eq!(to(&mails(&app, seen).await), ["workshop@shop.example"]);
        let task = task.json()["tasks"][0]["id"].as_str().unwrap().to_owned();
        program.patch_at(&format!("/api/v1/tasks/{task}"), &json!({"team": "night"})).await;
        assert_eq!(to(&mails(&app, seen).await), ["bo@shop.example", "mei@shop.example"], "without an address and a lead, all of it");
        program.patch_at(&format!("/api/v1/tasks/{task}"), &json!({"title": "Fetch it today"})).await;
        assert!(mails(&app, seen).await.is_empty(), "whoever has it is not told again");
        program.patch(id, &json!({"team": "delivery", "reason": "They drive"}), None).await;
        assert_eq!(to(&mails(&app, seen).await), ["tom@shop.example"], "without an address, whoever leads it");

        // Nobody owns it yet, and its time is running out.
        program.patch(id, &json!({"team": "workshop"}), None).await;
        mails(&app, seen).await;
        pass(&app, &local(0, 12, 45)).await;
        assert_eq!(to(&mails(&app, seen).await), ["workshop@shop.example"]);
    }

    async fn a_follow_up_of_a_case_that_nobody_owns_is_told_to_its_team(app: TestApp) {
        set_up(&app).await;
        app.apply_service(TEAMS).await;
        app.app.clock.advance(1_000);
        let program = Program::new(&app).await;
        let seen = &mut 0;
        let (_, new) = submit(&app, &program, json!({"kind": "question", "message": "Can you mend it?"})).await;
        let id = new["id"].as_str().unwrap();
        program.patch(id, &json!({"team": "workshop", "follow_up_at": local(0, 10, 30)}), None).await;
        mails(&app, seen).await;
        pass(&app, &local(0, 10, 45)).await;
        let told = mails(&app, seen).await;
        assert_eq!(told.iter().map(|mail| mail.header("To")).collect::<Vec<_>>(), ["workshop@shop.example"]);
    }

    async fn whoever_has_the_fewest_open_cases_gets_the_next_and_what_was_merged_is_none(app: TestApp) {
        set_up(&app).await;
        let rule = "[[rule]]\nname = 'Late deliveries'\nwhen = { words = ['late'] }\nthen = { team = 'delivery', owner = 'least_loaded' }\n";
        app.apply_service(rule).await;
        app.app.clock.advance(1_000);
        let program = Program::new(&app).await;
        let late = json!({"kind": "complaint", "message": "Late"});
        let mut of_mei = Vec::new();
        for _ in 0..4 {
            let (_, new) = submit(&app, &program, late.clone()).await;
            if new["owner"]["email"] == "mei@shop.example" {
                of_mei.push(new["id"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(of_mei.len(), 2);
        let merged = program.post(&format!("/{}/merge", of_mei[0]), &json!({"into": of_mei[1]})).await;
        assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
        let (_, next) = submit(&app, &program, late).await;
        assert_eq!(next["owner"]["email"], "mei@shop.example", "she has one, and Bo two");
    }
}
