//! Files with replies and notes: sent by the staff and by customers, seen where they belong, and by nobody else.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::Case;
use sayso::jobs::run_due;
use sayso_tests::{Answer, TestApp, on_both_databases};
use serde_json::json;

use super::{Desk, complaint};
use crate::access::Program;
use crate::pages::Form;

/// The smallest picture that there is.
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\0;";

/// Sends a form of a page with files.
async fn send(
    client: &sayso_tests::Client,
    page: &str,
    action: &str,
    typed: &[(&str, &str)],
    files: &[(&str, &[u8])],
) -> Answer {
    let mut form = Form::of(page, action);
    for (name, value) in typed {
        form.set(name, value);
    }
    let fields = form.fields.iter().map(|(name, value)| (name.as_str(), None, value.as_bytes()));
    let files = files.iter().map(|(name, content)| ("attachments", Some(*name), *content));
    client.post_files(action, &fields.chain(files).collect::<Vec<_>>()).await
}

/// The addresses of files that a page links, in their order.
fn linked(page: &str) -> Vec<String> {
    let links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    links.filter(|link| link.contains("/attachments/")).map(str::to_owned).collect()
}

async fn code_of(app: &TestApp, id: &str) -> String {
    Case::by_id(&app.app, id).await.unwrap().code(&app.app.keys).unwrap()
}

on_both_databases! {
    async fn the_staff_send_files_with_a_reply_and_with_a_note(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        run_due(&app.app).await.unwrap();
        let (path, code) = (format!("/staff/cases/{id}"), code_of(&app, &id).await);
        let page = lin.client.get(&path).await.body;
        let typed = [("body", "See the label."), ("then", "go_on")];
        let files: [(&str, &[u8]); 2] = [("label.gif", GIF), ("terms.txt", b"Two years.")];
        let sent = send(&lin.client, &page, &format!("{path}/reply"), &typed, &files).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        let again = send(&lin.client, &page, &format!("{path}/reply"), &typed, &files).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER, "sent twice it is taken once: {}", again.body);
        let page = lin.client.get(&path).await.body;
        let noted = send(&lin.client, &page, &format!("{path}/note"), &[("body", "From the driver")], &[("secret.gif", GIF)]).await;
        assert_eq!(noted.status, StatusCode::SEE_OTHER, "{}", noted.body);
        let page = lin.client.get(&path).await.body;
        let links = linked(&page);
        assert_eq!(links.len(), 3, "{page}");
        let (reply, note) = (page.find("See the label.").unwrap(), page.find("From the driver").unwrap());
        assert!((reply..note).contains(&page.find("label.gif").unwrap()) && page.find("secret.gif").unwrap() > note, "at the message they came with");
        for link in &links {
            assert_eq!(lin.client.get(link).await.status, StatusCode::OK);
        }
        // The customer sees what was said to them, and nothing of notes.
        let customer = app.client();
        let status = customer.get(&format!("/t/{code}")).await.body;
        let seen = linked(&status);
        assert!(seen.len() == 2 && status.contains("label.gif") && !status.contains("secret.gif"), "{status}");
        assert_eq!(customer.get(&seen[1]).await.body, "Two years.");
        let secret = links[2].rsplit('/').next().unwrap();
        assert_eq!(customer.get(&format!("/t/{code}/attachments/{secret}")).await.status, StatusCode::NOT_FOUND);
        let told = customer.get(&format!("/api/v1/feedback/{code}")).await.json();
        assert_eq!((told["attachments"].as_array().unwrap().len(), told["messages"][0]["attachments"][1]["name"].as_str()), (0, Some("terms.txt")), "{told}");
        // Programs of the staff get all of it.
        let program = Program::new(&app).await;
        let full = program.get(&format!("/{id}")).await.json();
        assert_eq!(full["messages"][1]["attachments"][0]["name"], "secret.gif", "{full}");
        assert_eq!(program.get(&format!("/{id}/attachments/{secret}")).await.status, StatusCode::OK);
        let partner = Desk::of(&app, "pat", Role::Partner).await;
        assert_eq!(partner.client.get(&links[0]).await.status, StatusCode::NOT_FOUND, "who may not see the case may not see its files");
    }

    async fn a_file_that_is_refused_holds_the_reply_and_nothing_is_lost(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let path = format!("/staff/cases/{id}");
        let page = lin.client.get(&path).await.body;
        let action = format!("{path}/reply");
        let refused = send(&lin.client, &page, &action, &[("body", "See the label."), ("then", "go_on")], &[("label.gif", GIF), ("run.exe", b"MZ\x90\0")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("id=\"reply-files-error\"") && refused.body.contains("run.exe") && refused.body.contains("See the label."), "{}", refused.body);
        let sent = send(&lin.client, &refused.body, &action, &[], &[]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        assert_eq!(linked(&lin.client.get(&path).await.body).len(), 1, "the file that was stored went along");
        let page = lin.client.get(&path).await.body;
        let many: Vec<(String, &[u8])> = (0..6).map(|n| (format!("{n}.txt"), b"x".as_slice())).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (name.as_str(), *content)).collect();
        let refused = send(&lin.client, &page, &action, &[("body", "All"), ("then", "go_on")], &many).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "at most five");
        let mut form = Form::of(&page, &action);
        form.set("body", "x");
        form.set("csrf", "wrong");
        let fields: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), None, value.as_bytes())).collect();
        assert_eq!(lin.client.post_files(&action, &fields).await.status, StatusCode::FORBIDDEN);
    }

    async fn customers_send_files_with_a_reply(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "The sofa came torn").await;
        let (code, customer) = (code_of(&app, &id).await, app.client());
        let (path, action) = (format!("/t/{code}"), format!("/t/{code}/messages"));
        let page = customer.get(&path).await.body;
        let refused = send(&customer, &page, &action, &[("body", "Here it is.")], &[("tear.gif", GIF), ("run.exe", b"MZ\x90\0")]).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("run.exe") && refused.body.contains("tear.gif"), "{}", refused.body);
        let sent = send(&customer, &refused.body, &action, &[], &[]).await;
        assert_eq!(sent.location(), format!("{path}?done=reply"), "{}", sent.body);
        // The same by the API, with an upload.
        let upload = customer.upload("second.gif", GIF).await.json()["id"].as_str().unwrap().to_owned();
        let body = json!({"body": "And another", "attachments": [upload]});
        let key = uuid::Uuid::new_v4().to_string();
        for _ in 0..2 {
            let request = customer.request(reqwest::Method::POST, &format!("/api/v1/feedback/{code}/messages"));
            let answer = customer.send(request.header("idempotency-key", &key).json(&body)).await;
            assert_eq!((answer.status, answer.json()["attachments"][0]["name"].as_str()), (StatusCode::CREATED, Some("second.gif")), "{}", answer.body);
        }
        for wrong in [json!(["unknown"]), json!([upload]), json!("x"), json!(vec!["a"; 6])] {
            let request = customer.request(reqwest::Method::POST, &format!("/api/v1/feedback/{code}/messages"));
            let request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string());
            let answer = customer.send(request.json(&json!({"body": "x", "attachments": wrong}))).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", answer.body);
        }
        let case = lin.client.get(&format!("/staff/cases/{id}")).await.body;
        assert!(linked(&case).len() == 2 && case.contains("tear.gif") && case.contains("second.gif"), "{case}");
        assert_eq!(lin.client.get(&linked(&case)[0]).await.status, StatusCode::OK);
        assert_eq!(linked(&customer.get(&path).await.body).len(), 2);
        run_due(&app.app).await.unwrap();
        assert!(lin.inbox("q=has:attachment").await.contains(&id), "search finds it by them");
    }

    async fn of_merged_cases_each_customer_gets_the_answer_and_nothing_of_the_other(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let (first, second) = (complaint(&app, "No light").await, complaint(&app, "Dark since noon").await);
        let (first_code, second_code, customer) = (code_of(&app, &first).await, code_of(&app, &second).await, app.client());
        let page = customer.get(&format!("/t/{second_code}")).await.body;
        let program = Program::new(&app).await;
        let merged = program.post(&format!("/{second}/merge"), &json!({"into": first})).await;
        assert!(merged.status.is_success(), "{}", merged.body);
        let sent = send(&customer, &page, &format!("/t/{second_code}/messages"), &[("body", "My meter")], &[("meter.gif", GIF)]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        let path = format!("/staff/cases/{first}");
        let page = lin.client.get(&path).await.body;
        let theirs = linked(&page);
        assert!(theirs.len() == 1 && page.contains("meter.gif"), "{page}");
        assert_eq!(lin.client.get(&theirs[0]).await.status, StatusCode::OK, "the staff read it in the case that they work on");
        let sent = send(&lin.client, &page, &format!("{path}/reply"), &[("body", "The plan"), ("then", "go_on")], &[("plan.gif", GIF)]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        for (code, own) in [(&first_code, 1), (&second_code, 2)] {
            let status = customer.get(&format!("/t/{code}")).await.body;
            let links = linked(&status);
            assert!(links.len() == own && status.contains("plan.gif"), "{status}");
            for link in &links {
                assert_eq!(customer.get(link).await.status, StatusCode::OK, "{link}");
            }
        }
        let meter = theirs[0].rsplit('/').next().unwrap();
        assert_eq!(customer.get(&format!("/t/{first_code}/attachments/{meter}")).await.status, StatusCode::NOT_FOUND);
    }

    async fn files_that_are_there_already_stay_when_a_template_is_put_into_the_reply(app: TestApp) {
        app.apply_service("[[template]]\nkey = 'sorry'\nbody = { en = 'Sorry' }\n").await;
        app.app.clock.advance(1_000);
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "Torn").await;
        let (path, action) = (format!("/staff/cases/{id}"), format!("/staff/cases/{id}/reply"));
        let page = lin.client.get(&path).await.body;
        let refused = send(&lin.client, &page, &action, &[("body", " "), ("then", "go_on")], &[("label.gif", GIF)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let mut form = Form::of(&refused.body, &action);
        let upload = form.get("upload-1").to_owned();
        assert!(!upload.is_empty());
        for place in ["template", "preview"] {
            form.set("template", "sorry");
            let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let shown = lin.client.post_form(&format!("{path}/{place}"), &fields).await;
            assert_eq!(shown.status, StatusCode::OK, "{place}: {}", shown.body);
            assert_eq!(Form::of(&shown.body, &action).get("upload-1"), upload, "{place}");
        }
    }
}
