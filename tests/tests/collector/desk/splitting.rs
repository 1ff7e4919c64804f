//! A case of two things becomes two cases.

use sayso::auth::Role;

use super::*;
use crate::access::identity::{secret, sign};
use crate::console::Desk;

const BOTH: &str = "The heater leaks.\r\nAnd the invoice is wrong: 289 instead of 189.\r\n暖气漏水";

on_both_databases! {
    async fn a_part_goes_on_as_a_case_of_the_same_customer(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let contact = json!({"email": "li@example.com", "name": "李雷"});
        let (code, case_before) = submit(&app, &program, json!({"kind": "complaint", "message": BOTH, "locale": "en", "contact": contact})).await;
        let id = case_before["id"].as_str().unwrap();
        let path = format!("/{id}/split");
        let wrong = program.post(&path, &json!({"message": "Pay him at once", "kind": "wish", "owner": "mei"})).await;
        let fields: Vec<String> = wrong.field_errors().into_iter().map(|(field, _)| field).collect();
        assert_eq!((wrong.status, fields), (StatusCode::UNPROCESSABLE_ENTITY, vec!["/kind".to_owned(), "/owner".to_owned()]));
        let wrong = program.post(&path, &json!({"message": "The heater leaks.\nPay him at once"})).await;
        assert_eq!(wrong.field_errors()[0].0, "/message", "these are not the customer's words: {}", wrong.body);
        let wrong = program.post(&path, &json!({"message": "The heater leaks.", "category": "unknown"})).await;
        assert_eq!(wrong.field_errors()[0].0, "/category", "{}", wrong.body);

        let key = uuid::Uuid::new_v4().to_string();
        let part = json!({"message": "And the invoice is wrong: 289 instead of 189.", "kind": "question", "category": "invoice"});
        let split = program.post_with_key(&path, &part, &key).await;
        assert_eq!(split.status, StatusCode::CREATED, "{}", split.body);
        let again = program.post_with_key(&path, &part, &key).await;
        assert_eq!((again.status, &again.json()["id"]), (StatusCode::CREATED, &split.json()["id"]), "once for a key");
        run_due(&app.app).await.unwrap();
        let new = case(&program, &split.json()["id"]).await;
        assert_eq!((&new["case"]["kind"], &new["case"]["category"], &new["case"]["channel"]), (&json!("question"), &json!("invoice"), &case_before["channel"]));
        assert_eq!(new["case"]["customer"]["id"], case_before["customer"]["id"], "it is the same customer's");
        assert_eq!(clocks(&new["case"]).iter().map(|clock| clock.1).collect::<Vec<_>>(), ["running", "running"], "with promises of its own");
        assert_eq!(events(&new, "case.created")[0]["split_from"], case_before["id"]);
        let old = case(&program, &case_before["id"]).await;
        assert_eq!(events(&old, "case.split").len(), 1);
        assert_eq!(events(&old, "case.split")[0]["case_id"], new["case"]["id"]);

        // Whoever follows the whole finds the part, and is told of it by mail.
        let page = app.client().get(&format!("/t/{code}")).await.body;
        let (_, rest) = page.split_once("A part of it is answered by itself: <a href=\"/t/").expect("the page names the part");
        let part_code = rest.split('"').next().unwrap();
        let seen = app.client().get(&format!("/t/{part_code}")).await.body;
        assert!(seen.contains("And the invoice is wrong: 289 instead of 189.") && !seen.contains("leaks"), "{seen}");
        let of_part = new["case"]["id"].as_str().unwrap();
        let told = deliveries(&app).await.into_iter().filter(|row| row.destination == "customer" && row.order_key == of_part);
        assert_eq!(told.count(), 1, "the customer gets the code of the part");

        // On the page: what was typed stays, and both timelines say it.
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let address = format!("/staff/cases/{id}/split");
        let refused = tom.post(&address, &[("text", "Somebody else's words"), ("kind", "question"), ("category", "invoice")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("Each line must be what the customer wrote") && refused.body.contains("Somebody else&#39;s words"), "{}", refused.body);
        let done = tom.post(&address, &[("text", "暖气漏水"), ("kind", ""), ("category", "")]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
        let page = tom.client.get(done.location()).await.body;
        assert!(page.contains("This is the new case") && page.contains("tom split this case off #"), "{page}");
        run_due(&app.app).await.unwrap();
        let page = tom.client.get(&format!("/staff/cases/{id}")).await.body;
        assert!(page.contains("of a part of this case") && page.contains("CRM made #"), "{page}");
    }

    async fn what_is_not_worked_on_is_not_split(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (_, one) = submit(&app, &program, json!({"kind": "complaint", "message": "One"})).await;
        let (_, other) = submit(&app, &program, json!({"kind": "complaint", "message": "Other"})).await;
        program.post(&format!("/{}/merge", other["id"].as_str().unwrap()), &json!({"into": one["id"]})).await;
        let split = program.post(&format!("/{}/split", other["id"].as_str().unwrap()), &json!({"message": "Other"})).await;
        assert_eq!(split.status, StatusCode::CONFLICT, "{}", split.body);
        let nobody = program.post("/018f3a1e-0000-7000-8000-000000000001/split", &json!({"message": "Other"})).await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    }

    async fn a_part_of_what_somebody_wrote_under_their_account_is_theirs(app: TestApp) {
        set_up(&app).await;
        let program = Program::new(&app).await;
        let (_, secret) = secret(&app).await;
        let claims = json!({"sub": "u-1", "name": "Han Mei", "iat": app.app.clock.now() / 1_000, "exp": app.app.clock.now() / 1_000 + 600});
        let (_, case_before) = submit(&app, &program, json!({"kind": "question", "message": "One\nTwo", "identity": sign(&claims, &secret)})).await;
        let split = program.post(&format!("/{}/split", case_before["id"].as_str().unwrap()), &json!({"message": "Two"})).await;
        run_due(&app.app).await.unwrap();
        let new = case(&program, &split.json()["id"]).await;
        assert!(case_before["customer"]["id"].is_string());
        assert_eq!(new["case"]["customer"]["id"], case_before["customer"]["id"]);
    }
}
