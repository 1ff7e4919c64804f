//! Customers that are one: merged, found as one, taken apart whole; and exported.

use std::io::{Cursor, Read};

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::auth::token::Scope;
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{cases_of, submit};
use crate::access::Program;
use crate::console::{Desk, PASSWORD};
use crate::pages::Form;

async fn two(app: &TestApp, program: &Program<'_>) -> [(String, String); 2] {
    app.set_site(&["country=CN"]).await;
    let one =
        json!({"kind": "question", "message": "Where is it?", "contact": {"name": "李雷", "phone": "13800138000"}});
    let other =
        json!({"kind": "praise", "message": "Thanks", "contact": {"name": "Li Lei", "email": "li@example.com"}});
    let (_, one) = submit(app, program, one).await;
    let (_, other) = submit(app, program, other).await;
    [one, other]
        .map(|case| (case["customer"]["id"].as_str().unwrap().to_owned(), case["id"].as_str().unwrap().to_owned()))
}

async fn found(program: &Program<'_>, typed: &str) -> Vec<String> {
    let list = program.get_at(&format!("/api/v1/customers?q={typed}")).await.json();
    list["customers"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

on_both_databases! {
    async fn two_that_are_one_are_merged_and_taken_apart_whole(app: TestApp) {
        let program = Program::new(&app).await;
        let [(one, first), (other, second)] = two(&app, &program).await;
        assert_ne!(one, other);
        let merged = program.post_at(&format!("/api/v1/customers/{other}/merge"), &json!({"into": one})).await;
        assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
        assert_eq!(merged.json()["merged_into"], json!(one));
        assert_eq!(cases_of(&program, &one).await, [first.clone(), second.clone()]);
        for typed in ["li@example.com", "13800138000", "%E6%9D%8E%E9%9B%B7", "Lei+Li"] {
            assert_eq!(found(&program, typed).await, std::slice::from_ref(&one), "{typed}");
        }
        let read = program.get_at(&format!("/api/v1/customers/{one}")).await.json();
        assert_eq!((&read["emails"], &read["phones"]), (&json!(["li@example.com"]), &json!(["+8613800138000"])));
        let (_, third) = submit(&app, &program, json!({"kind": "question", "message": "And now?", "contact": {"email": "li@example.com"}})).await;
        assert_eq!(third["customer"]["id"], json!(one), "what comes later goes to the one");
        for (id, into, status) in [
            (&other, &one, StatusCode::CONFLICT),
            (&one, &other, StatusCode::CONFLICT),
            (&one, &one, StatusCode::CONFLICT),
        ] {
            let refused = program.post_at(&format!("/api/v1/customers/{id}/merge"), &json!({"into": into})).await;
            assert_eq!(refused.status, status, "{}", refused.body);
        }
        assert_eq!(program.patch_at(&format!("/api/v1/customers/{other}"), &json!({"name": "X"})).await.status, StatusCode::CONFLICT);
        let nobody = uuid::Uuid::new_v4().to_string();
        assert_eq!(program.post_at(&format!("/api/v1/customers/{one}/merge"), &json!({"into": nobody})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(program.post_at(&format!("/api/v1/customers/{one}/merge"), &json!({})).await.status, StatusCode::UNPROCESSABLE_ENTITY);

        let apart = program.post_at(&format!("/api/v1/customers/{other}/unmerge"), &json!({})).await;
        assert_eq!((apart.status, apart.json()["merged_into"].clone()), (StatusCode::OK, Value::Null), "{}", apart.body);
        assert_eq!(cases_of(&program, &one).await, [first]);
        assert_eq!(cases_of(&program, &other).await, [second, third["id"].as_str().unwrap().to_owned()]);
        assert_eq!(found(&program, "li@example.com").await, std::slice::from_ref(&other));
        assert_eq!(found(&program, "Lei+Li").await, std::slice::from_ref(&other));
        assert_eq!(found(&program, "%E6%9D%8E%E9%9B%B7").await, std::slice::from_ref(&one));
        let read = program.get_at(&format!("/api/v1/customers/{other}")).await.json();
        assert_eq!((&read["emails"], &read["name"]), (&json!(["li@example.com"]), &json!("Li Lei")));
        assert_eq!(program.post_at(&format!("/api/v1/customers/{other}/unmerge"), &json!({})).await.status, StatusCode::CONFLICT);
    }

    async fn an_export_has_everything_for_the_customer_and_nothing_of_the_staffs_own(app: TestApp) {
        let program = Program::new(&app).await;
        let file = app.client().upload("torn.txt", b"the seam is torn").await;
        let file = file.json()["id"].as_str().unwrap().to_owned();
        let feedback = json!({"kind": "complaint", "message": "The sofa <b>is torn</b>", "attachments": [file],
            "contact": {"name": "李雷", "email": "li@example.com"}});
        let (code, case) = submit(&app, &program, feedback).await;
        let (id, customer) = (case["id"].as_str().unwrap(), case["customer"]["id"].as_str().unwrap());
        program.post(&format!("/{id}/messages"), &json!({"kind": "reply", "body": "A new one is coming"})).await;
        program.post(&format!("/{id}/messages"), &json!({"kind": "note", "body": "a difficult giraffe"})).await;
        program.post(&format!("/{id}/status"), &json!({"status": "resolved", "outcome": "upheld"})).await;
        app.app.clock.advance(1_000);
        let round = program.post_at("/api/v1/check-calls", &json!({"site": "acme", "size": 1, "seed": "s"})).await.json();
        let call = format!("/api/v1/check-calls/{}", round["check_calls"][0]["id"].as_str().unwrap());
        assert_eq!(program.patch_at(&call, &json!({"result": "satisfied", "score": 4})).await.status, StatusCode::OK);
        let export = app.client().request(reqwest::Method::GET, &format!("/api/v1/customers/{customer}/export")).bearer_auth(program.token());
        let export = export.send().await.unwrap();
        assert_eq!((export.status(), export.headers()["content-type"].to_str().unwrap()), (StatusCode::OK, "application/zip"));
        let bytes = export.bytes().await.unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        names.sort();
        assert_eq!(names, ["customer.html".to_owned(), "customer.json".to_owned(), format!("files/{code}/1-torn.txt")]);
        let mut read = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(read(&format!("files/{code}/1-torn.txt")), "the seam is torn");
        let (json, html) = (read("customer.json"), read("customer.html"));
        assert!(html.contains("The sofa &#60;b&#62;is torn") && html.contains("A new one is coming") && html.contains("li@example.com"), "{html}");
        assert!(!json.contains("giraffe") && !html.contains("giraffe"));
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["customer"]["name"], &json["cases"][0]["code"]), (&json!("李雷"), &json!(code)));
        assert_eq!(json["cases"][0]["files"][0]["path"], format!("files/{code}/1-torn.txt"));
        assert_eq!(json["check_calls"], json!([{"case": code, "result": "satisfied", "score": 4, "at": json["check_calls"][0]["at"]}]));
        assert!(json["check_calls"][0]["at"].is_string() && html.contains("Solved, and you were content"), "{html}");
        let log = program.get_at("/api/v1/audit?action=customer.export").await.json();
        assert_eq!(log["audit"].as_array().unwrap().len(), 1);
    }

    async fn in_the_console_a_password_is_asked_for_and_not_everybody_may(app: TestApp) {
        let program = Program::new(&app).await;
        let [(one, _), (other, _)] = two(&app, &program).await;
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let tom = Desk::of(&app, "tom", Role::Manager).await;
        let page = |id: &str| format!("/staff/customers/{id}");
        let shown = lin.client.get(&page(&one)).await.body;
        assert!(shown.contains("Same customer twice") && !shown.contains("Erase this customer"), "{shown}");
        for action in ["export", "erase"] {
            let refused = lin.post(&format!("{}/{action}", page(&one)), &[("password", PASSWORD), ("sure", "true")]).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{action}");
        }
        let merged = lin.post(&format!("{}/merge", page(&other)), &[("into", "138 0013 8000")]).await;
        assert_eq!((merged.status, merged.location()), (StatusCode::SEE_OTHER, format!("{}?done=merged", page(&one)).as_str()), "{}", merged.body);
        let wrong = lin.post(&format!("{}/merge", page(&one)), &[("into", "nobody@example.com")]).await;
        assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.body.contains("find exactly one other customer"), "{}", wrong.body);
        let shown = lin.client.get(&page(&other)).await.body;
        assert!(shown.contains("This customer is merged into") && !shown.contains("id=\"notes\""), "{shown}");
        let apart = Form::of(&lin.client.get(&page(&one)).await.body, &format!("{}/unmerge", page(&other)));
        let fields: Vec<(&str, &str)> = apart.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(lin.client.post_form(&apart.action, &fields).await.status, StatusCode::SEE_OTHER);

        let wrong = tom.post(&format!("{}/export", page(&one)), &[("password", "wrong")]).await;
        assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.body.contains("aria-invalid"), "{}", wrong.body);
        let export = tom.post(&format!("{}/export", page(&one)), &[("password", PASSWORD)]).await;
        assert_eq!((export.status, export.header("content-type")), (StatusCode::OK, "application/zip"));
        let unsure = tom.post(&format!("{}/erase", page(&one)), &[("password", PASSWORD)]).await;
        assert!(unsure.status == StatusCode::UNPROCESSABLE_ENTITY && unsure.body.contains("Please tick this box"), "{}", unsure.body);
        let erased = tom.post(&format!("{}/erase", page(&one)), &[("password", PASSWORD), ("sure", "true")]).await;
        assert_eq!(erased.status, StatusCode::SEE_OTHER, "{}", erased.body);
        let shown = tom.client.get(&page(&one)).await.body;
        assert!(shown.contains("data was erased") && shown.contains("This text was erased."), "{shown}");
    }

    async fn a_token_needs_the_scope(app: TestApp) {
        let all = Program::new(&app).await;
        let [(one, _), (other, _)] = two(&app, &all).await;
        let reader = Program::with(&app, "reader", &[Scope::CustomersRead, Scope::CasesRead]).await;
        let writer = Program::with(&app, "writer", &[Scope::CustomersWrite]).await;
        let at = |action: &str| format!("/api/v1/customers/{one}/{action}");
        for action in ["merge", "unmerge", "erase"] {
            assert_eq!(reader.post_at(&at(action), &json!({"into": other})).await.status, StatusCode::FORBIDDEN, "{action}");
        }
        assert_eq!(writer.get_at(&at("export")).await.status, StatusCode::FORBIDDEN);
        let merged = writer.post_at(&at("merge"), &json!({"into": other})).await;
        assert!(merged.status == StatusCode::OK && merged.json().get("name").is_none(), "{}", merged.body);
    }
}
