//! What others did to a case while somebody was writing: nothing that was typed is lost, and it is said what has happened.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::{Answer, on_both_databases};
use serde_json::json;

use super::super::{Desk, complaint};
use crate::access::Program;
use crate::pages::Form;

const SERVICE: &str = "[[team]]\nkey = 'delivery'\nname = 'Delivery'\n[[team]]\nkey = 'billing'\nname = 'Billing'\n\
    [[category]]\nsite = 'acme'\nkey = 'invoice'\nlabel = { en = 'Invoice' }\n[[problem]]\nkey = 'P-7'\ntitle = 'The carrier is late'\n";

/// Sends a form of a page as it is, with some fields as they were typed.
async fn send(desk: &Desk, page: &str, action: &str, typed: &[(&str, &str)]) -> Answer {
    let mut form = Form::of(page, action);
    typed.iter().for_each(|(name, value)| form.set(name, value));
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    desk.client.post_form(action, &fields).await
}

on_both_databases! {
    async fn what_is_typed_into_a_case_that_was_merged_meanwhile_is_shown_with_the_way_to_the_other_one(app: TestApp) {
        app.apply_service(SERVICE).await;
        let (lin, program) = (Desk::of(&app, "lin", Role::Manager).await, Program::new(&app).await);
        let (into, id) = (complaint(&app, "The first one").await, complaint(&app, "The same again").await);
        run_due(&app.app).await.unwrap();
        let path = format!("/staff/cases/{id}");
        let page = lin.client.get(&path).await.body;
        let merged = program.post(&format!("/{id}/merge"), &json!({"into": into})).await;
        assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
        let forms: [(&str, &[(&str, &str)]); 5] = [
            ("reply", &[("body", "We are <very> sorry"), ("then", "go_on")]),
            ("note", &[("body", "We are <very> sorry")]),
            ("tasks", &[("title", "We are <very> sorry")]),
            ("efforts", &[("kind", "call"), ("note", "We are <very> sorry")]),
            ("properties", &[("tags", "We are <very> sorry")]),
        ];
        for (form, typed) in forms {
            let refused = send(&lin, &page, &format!("{path}/{form}"), typed).await;
            assert_eq!(refused.status, StatusCode::CONFLICT, "{form}: {}", refused.body);
            for part in ["merged into another one meanwhile", "We are &#60;very&#62; sorry</textarea>", &format!("/staff/cases/{into}\"")] {
                assert!(refused.body.contains(part), "{form}: {part}: {}", refused.body);
            }
        }
    }

    async fn an_answer_waits_where_the_customer_was_erased_meanwhile(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Manager).await;
        let id = complaint(&app, "Forget me").await;
        run_due(&app.app).await.unwrap();
        let path = format!("/staff/cases/{id}");
        let page = lin.client.get(&path).await.body;
        let insert = "insert into erasures (case_id, contacts_at, texts_at, batch) values ($1, 1, 1, 'a')";
        sayso::with_write!(&app.app.db, pool => sqlx::query(insert).bind(&id).execute(pool).await.map(|_| ())).unwrap();
        for (form, then) in [("reply", "go_on"), ("note", "")] {
            let action = format!("{path}/{form}");
            let refused = send(&lin, &page, &action, &[("body", "Dear Mr Li"), ("then", then)]).await;
            assert_eq!(refused.status, StatusCode::CONFLICT, "{form}: {}", refused.body);
            assert!(refused.body.contains("has been erased meanwhile") && refused.body.contains("Dear Mr Li</textarea>"), "{form}: {}", refused.body);
            // Who has read that may send it all the same.
            let sent = send(&lin, &refused.body, &action, &[("then", then)]).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{form}: {}", sent.body);
        }
    }

    async fn what_was_chosen_stands_beside_what_somebody_else_has_chosen_and_overwrites_nothing(app: TestApp) {
        app.apply_service(SERVICE).await;
        app.app.clock.advance(1_000);
        let (lin, program) = (Desk::of(&app, "lin", Role::Manager).await, Program::new(&app).await);
        let id = complaint(&app, "Wrong amount").await;
        run_due(&app.app).await.unwrap();
        let (path, action) = (format!("/staff/cases/{id}"), format!("/staff/cases/{id}/properties"));
        let page = lin.client.get(&path).await.body;
        let meanwhile = json!({"priority": "low", "tags": ["vat"], "team": "billing", "reason": "Theirs"});
        assert_eq!(program.patch(&id, &meanwhile, None).await.status, StatusCode::OK);
        let typed = [("priority", "urgent"), ("problem", "P-7"), ("category", "invoice"), ("follow_up", "2026-12-24")];
        let refused = send(&lin, &page, &action, &typed).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.body.contains("beside it stands what it is now") && refused.body.contains("Now: Low"), "{}", refused.body);
        let shown = Form::of(&refused.body, &action);
        for (name, value) in typed {
            assert_eq!(shown.get(name), value, "what was chosen stays");
        }
        assert_eq!((shown.get("team"), shown.get("tags")), ("billing", "vat"), "what was not touched is what it is now");
        assert!(!refused.body.contains("Now: Billing"));
        let saved = send(&lin, &refused.body, &action, &[]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
        let now = program.get(&format!("/{id}")).await.json()["case"].clone();
        assert_eq!((&now["priority"], &now["team"]["key"], &now["problem"], &now["tags"]), (&json!("urgent"), &json!("billing"), &json!("P-7"), &json!(["vat"])));

        // An ordinary mistake loses nothing either, and another team wants a reason.
        let page = lin.client.get(&path).await.body;
        let long = "x".repeat(80);
        let wrong = send(&lin, &page, &action, &[("tags", &long), ("priority", "high"), ("follow_up", "2026-12-25"), ("problem", "")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let shown = Form::of(&wrong.body, &action);
        assert_eq!((shown.get("priority"), shown.get("follow_up"), shown.get("problem"), shown.get("tags")), ("high", "2026-12-25", "", long.as_str()));
        let moved = send(&lin, &page, &action, &[("team", "delivery")]).await;
        assert!(moved.status == StatusCode::UNPROCESSABLE_ENTITY && moved.body.contains("id=\"properties-reason-error\""), "{}", moved.body);
        assert_eq!(Form::of(&moved.body, &action).get("team"), "delivery");
        assert_eq!(send(&lin, &moved.body, &action, &[("reason", "They drive")]).await.status, StatusCode::SEE_OTHER);
    }

    async fn a_customer_is_shown_beside_what_somebody_else_has_set(app: TestApp) {
        let (lin, tom) = (Desk::of(&app, "lin", Role::Manager).await, Desk::of(&app, "tom", Role::Manager).await);
        complaint(&app, "Wrong amount").await;
        run_due(&app.app).await.unwrap();
        let id: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select id from customers").fetch_one(pool).await).unwrap();
        let path = format!("/staff/customers/{id}");
        let page = lin.client.get(&path).await.body;
        let saved = send(&tom, &tom.client.get(&path).await.body, &path, &[("name", "Li Lei"), ("notes", "Calls at noon")]).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
        let refused = send(&lin, &page, &path, &[("name", "Lee Lay"), ("value", "12")]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        let shown = Form::of(&refused.body, &path);
        assert_eq!((shown.get("name"), shown.get("value"), shown.get("notes")), ("Lee Lay", "12", "Calls at noon"));
        assert!(refused.body.contains("Now: Li Lei"), "{}", refused.body);
    }

    async fn what_is_gone_meanwhile_is_said_at_its_field(app: TestApp) {
        app.apply_service(SERVICE).await;
        app.app.clock.advance(1_000);
        let lin = Desk::of(&app, "lin", Role::Manager).await;
        let id = complaint(&app, "Late").await;
        let path = format!("/staff/cases/{id}");
        let page = lin.client.get(&path).await.body;
        let nobody = uuid::Uuid::now_v7().to_string();
        for whom in ["team:gone", nobody.as_str()] {
            let refused = send(&lin, &page, &format!("{path}/tasks"), &[("title", "Ask the <driver>"), ("whom", whom)]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{whom}");
            assert!(refused.body.contains("id=\"task-whom-error\"") && refused.body.contains("value=\"Ask the &#60;driver&#62;\""), "{}", refused.body);
        }
        let given = lin.post(&format!("{path}/owner"), &[("owner", &nobody)]).await;
        assert!(given.status == StatusCode::UNPROCESSABLE_ENTITY && given.body.contains("not there any more"), "{}", given.body);
        let effort = send(&lin, &page, &format!("{path}/efforts"), &[("kind", "visit"), ("minutes", "99999"), ("note", "Nobody there")]).await;
        assert_eq!(effort.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(effort.body.contains("id=\"effort-minutes-error\"") && !effort.body.contains("id=\"effort-error\""), "{}", effort.body);
        let shown = Form::of(&effort.body, &format!("{path}/efforts"));
        assert_eq!((shown.get("kind"), shown.get("minutes"), shown.get("note")), ("visit", "99999", "Nobody there"));
    }

    async fn what_was_pasted_by_mistake_comes_back_with_what_is_wrong_with_it(app: TestApp) {
        app.apply_service(SERVICE).await;
        let lin = Desk::of(&app, "lin", Role::Manager).await;
        let id = complaint(&app, "Late").await;
        let path = format!("/staff/cases/{id}");
        let page = lin.client.get(&path).await.body;
        let long = format!("{} and its end", "word ".repeat(60_000));
        for (form, field) in [("note", "body"), ("reply", "body"), ("properties", "reason"), ("tasks", "title")] {
            let refused = send(&lin, &page, &format!("{path}/{form}"), &[(field, &long), ("then", "go_on")]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
            assert!(refused.body.contains("and its end"), "{form}");
        }
        let mut parts = Form::of(&page, &format!("{path}/note"));
        parts.set("body", &long);
        let fields: Vec<_> = parts.fields.iter().map(|(name, value)| (name.as_str(), None, value.as_bytes())).collect();
        let refused = lin.client.post_files(&format!("{path}/note"), &fields).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("and its end"), "{}", refused.status);
    }

    async fn what_is_typed_into_a_case_that_went_to_another_team_meanwhile_can_be_copied(app: TestApp) {
        app.apply_service(SERVICE).await;
        app.app.clock.advance(1_000);
        let (lin, program) = (Desk::of(&app, "lin", Role::Agent).await, Program::new(&app).await);
        let id = complaint(&app, "Wrong amount").await;
        run_due(&app.app).await.unwrap();
        let path = format!("/staff/cases/{id}");
        let page = lin.client.get(&path).await.body;
        let moved = program.patch(&id, &json!({"team": "billing", "reason": "Theirs"}), None).await;
        assert_eq!(moved.status, StatusCode::OK, "{}", moved.body);
        for (form, field) in [("reply", "body"), ("note", "body"), ("tasks", "title"), ("efforts", "note"), ("split", "text")] {
            let lost = send(&lin, &page, &format!("{path}/{form}"), &[("kind", "call"), (field, "Dear <Mr> Li")]).await;
            assert_eq!(lost.status, StatusCode::NOT_FOUND, "{form}");
            assert!(lost.body.contains("nothing was sent or saved") && lost.body.contains("Dear &#60;Mr&#62; Li</textarea>"), "{form}: {}", lost.body);
            assert!(!lost.body.contains("Wrong amount"), "what they may not see any more: {}", lost.body);
        }
        assert!(!program.get(&format!("/{id}")).await.body.contains("Dear"));
    }

    async fn who_has_left_meanwhile_is_told_that_nothing_was_sent(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "Late").await;
        let path = format!("/staff/cases/{id}");
        let page = lin.client.get(&path).await.body;
        let stamp = sayso::audit::Stamp::command(app.app.clock.now());
        let email = sayso::auth::member::Email::parse("lin@acme.example").unwrap();
        sayso::auth::Member::remove(&app.app.db, &email, &stamp).await.unwrap();
        let sent = send(&lin, &page, &format!("{path}/note"), &[("body", "My last words")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
        let shown = lin.client.get(sent.location()).await.body;
        assert!(shown.contains("nothing was saved or sent"), "{shown}");
    }
}
