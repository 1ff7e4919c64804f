//! The entry form with files, without script: nothing has to be typed or sent twice.

use reqwest::StatusCode;
use sayso_shared::limits::ATTACHMENT_MAX_BYTES;
use sayso_tests::{Answer, Client, Options, TestApp, on_both_databases};

use super::{GIF, count, files, stored};
use crate::pages::Form;

/// What a browser sends: every field in its order, and an empty file where none was chosen.
async fn send(client: &Client, form: &Form, chosen: &[(&str, &[u8])]) -> Answer {
    let mut parts: Vec<(&str, Option<&str>, &[u8])> =
        form.fields.iter().map(|(name, value)| (name.as_str(), None, value.as_bytes())).collect();
    match chosen {
        [] => parts.push(("attachments", Some(""), b"")),
        files => parts.extend(files.iter().map(|(name, content)| ("attachments", Some(*name), *content))),
    }
    client.post_files(&form.action, &parts).await
}

async fn entry(app: &TestApp) -> Form {
    let page = app.client().get("/s/acme").await.body;
    assert!(page.contains("enctype=\"multipart/form-data\""));
    let mut form = Form::of(&page, "/s/acme").with("kind", "complaint").with("message", "破损 & \"torn\"");
    form.fields.retain(|(name, _)| name != "attachments");
    form
}

/// The form of a refusal, with everything that was typed.
fn again(refused: &Answer) -> Form {
    assert!(refused.status.is_client_error() || refused.status.is_server_error(), "{}", refused.status);
    let mut form = Form::of(&refused.body, "/s/acme");
    assert_eq!(form.get("message"), "破损 & \"torn\"");
    form.fields.retain(|(name, _)| name != "attachments");
    form
}

fn code(sent: &Answer) -> String {
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    sent.location().strip_prefix("/t/").and_then(|rest| rest.split('?').next()).unwrap().to_owned()
}

on_both_databases! {
    async fn files_come_with_the_form(app: TestApp) {
        let client = app.client();
        let sent = send(&client, &entry(&app).await, &[("照片.gif", GIF), ("b.txt", b"Order 7")]).await;
        let names: Vec<_> = files(&client, &code(&sent)).await.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["照片.gif", "b.txt"]);
        let none = send(&client, &entry(&app).await, &[]).await;
        assert!(files(&client, &code(&none)).await.is_empty());
    }

    async fn the_form_sent_twice_is_one_case_with_its_files_once(app: TestApp) {
        let client = app.client();
        let form = entry(&app).await;
        let chosen = [("a.gif", GIF), ("a.gif", GIF)];
        let (first, second) = tokio::join!(send(&client, &form, &chosen), send(&client, &form, &chosen));
        assert_eq!(code(&first), code(&second));
        assert_eq!(code(&send(&client, &form, &chosen).await), code(&first));
        assert_eq!((files(&client, &code(&first)).await.len(), count(&app, "cases").await), (1, 1));
    }

    async fn what_was_uploaded_is_kept_when_something_else_is_wrong(app: TestApp) {
        let client = app.client();
        let refused = send(&client, &entry(&app).await.with("email", "nobody"), &[("a <b>.gif", GIF), ("b.gif", &[GIF, b"2"].concat())]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("a &#60;b&#62;.gif"), "{}", refused.body);
        let mut form = again(&refused).with("email", "li@example.com");
        assert_eq!((form.get("upload-1").is_empty(), form.get("upload-2").is_empty()), (false, false));
        // Unticked, a file is not sent.
        form.fields.retain(|(name, _)| name != "upload-1");
        let sent = send(&client, &form, &[("c.gif", &[GIF, b"3"].concat())]).await;
        let names: Vec<_> = files(&client, &code(&sent)).await.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["b.gif", "c.gif"]);
    }

    async fn a_file_that_is_not_taken_is_named_and_the_rest_is_kept(app: TestApp) {
        let client = app.client();
        let large = vec![b'a'; ATTACHMENT_MAX_BYTES + 1];
        let chosen = [("good.gif", GIF), ("page.html", &b"<!DOCTYPE html>"[..]), ("large.txt", &large)];
        let mut form = entry(&app).await.with("email", "nobody");
        // A field behind the files is read all the same.
        let parts: Vec<(&str, Option<&str>, &[u8])> = form.fields.iter().filter(|(name, _)| name != "message")
            .map(|(name, value)| (name.as_str(), None, value.as_bytes()))
            .chain(chosen.iter().map(|(name, content)| ("attachments", Some(*name), *content)))
            .chain([("message", None, "破损 & \"torn\"".as_bytes())]).collect();
        let refused = client.post_files("/s/acme?lang=zh-Hans", &parts).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        for words in ["page.html：不支持网页", "large.txt：文件超过 10 MB", "邮箱格式不正确"] {
            assert!(refused.body.contains(words), "{words}: {}", refused.body);
        }
        assert_eq!((count(&app, "cases").await, stored(&app).len()), (0, 1));
        form = again(&refused).with("email", "li@example.com");
        assert_eq!(files(&client, &code(&send(&client, &form, &[]).await)).await.len(), 1);
    }

    async fn a_sixth_file_is_named(app: TestApp) {
        let client = app.client();
        let contents: Vec<Vec<u8>> = (0..6).map(|n: u8| [GIF, &[n]].concat()).collect();
        let names: Vec<String> = (0..6).map(|n| format!("{n}.gif")).collect();
        let chosen: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
        let refused = send(&client, &entry(&app).await, &chosen).await;
        assert!(refused.body.contains("5.gif: You can send 5 files at most."), "{}", refused.body);
        let form = again(&refused);
        assert!(!form.get("upload-5").is_empty());
        let refused = send(&client, &form, &[("6.gif", GIF)]).await;
        assert!(refused.body.contains("6.gif: You can send 5 files at most."), "{}", refused.body);
        assert_eq!(files(&client, &code(&send(&client, &again(&refused), &[]).await)).await.len(), 5);
    }

    async fn uploads_that_are_gone_are_said_to_be(app: TestApp) {
        let client = app.client();
        let refused = send(&client, &entry(&app).await.with("email", "nobody"), &[("a.gif", GIF)]).await;
        app.app.clock.advance(25 * sayso::clock::HOUR);
        let form = again(&refused).with("email", "li@example.com");
        let refused = send(&client, &form, &[]).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("An attached file is no longer available"), "{}", refused.body);
        assert!(files(&client, &code(&send(&client, &again(&refused), &[]).await)).await.is_empty());
    }

    async fn foreign_pages_and_endless_forms_are_refused(app: TestApp) {
        let client = app.client();
        let long = "字".repeat(100_000);
        let answer = client.post_files("/s/acme", &[("message", None, long.as_bytes())]).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let answer = client.post_files("/s/acme", &vec![("attachments", Some(""), &b""[..]); 5_000]).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let request = client.request(reqwest::Method::POST, "/s/acme").header("origin", "https://evil.example");
        let body = sayso_tests::multipart(&[("message", None, b"x"), ("attachments", Some("a.gif"), GIF)]);
        let answer = client.send(request.header("content-type", sayso_tests::MULTIPART).body(body)).await;
        assert_eq!((answer.status, stored(&app).len()), (StatusCode::FORBIDDEN, 0));
        assert_eq!(client.post_files("/s/none", &[("message", None, b"x")]).await.status, StatusCode::NOT_FOUND);
    }
}

on_both_databases! {
    async fn too_many_uploads_lose_no_word(database: Database) {
        let options = Options { settings: Box::new(|config| config.limits.uploads_per_minute = 1), ..Options::default() };
        let app = TestApp::spawn_with(database, options).await;
        let client = app.client();
        let refused = send(&client, &entry(&app).await, &[("a.gif", GIF), ("b.gif", &[GIF, b"2"].concat())]).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.body.contains("b.gif: This file couldn’t be uploaded just now"), "{}", refused.body);
        assert_eq!(files(&client, &code(&send(&client, &again(&refused), &[]).await)).await.len(), 1);
    }
}
