//! Downloading: by the staff and by whoever knows the code, to be saved and never shown.

use reqwest::StatusCode;
use sayso::auth::Role;
use sayso_tests::{Answer, Options, TestApp, on_both_databases};

use super::{GIF, code, files, upload, with_files};
use crate::console::Desk;

fn assert_saved_not_shown(answer: &Answer, name: &str, media_type: &str) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("content-type"), media_type);
    assert_eq!(answer.header("content-disposition"), name);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(
        answer.header("content-security-policy"),
        "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
}

on_both_databases! {
    async fn who_knows_the_code_gets_the_file_and_nobody_else(app: TestApp) {
        let client = app.client();
        let text = client.upload("Quittung \"März\".txt", "Betrag: 12 €".as_bytes()).await.json()["id"].as_str().unwrap().to_owned();
        let picture = upload(&client, "a.gif").await;
        let mine = code(&client.submit(with_files(&[&text, &picture])).await);
        let other = code(&client.submit(with_files(&[])).await);
        let files = files(&client, &mine).await;
        let id = files[0]["id"].as_str().unwrap();
        let answer = client.get(&format!("/t/{mine}/attachments/{id}")).await;
        assert_saved_not_shown(&answer, "attachment; filename=\"Quittung _M_rz_.txt\"; filename*=UTF-8''Quittung%20%22M%C3%A4rz%22.txt", "text/plain; charset=utf-8");
        assert_eq!((answer.body.as_str(), answer.header("content-length")), ("Betrag: 12 €", "14"));
        let picture = client.get(&format!("/t/{mine}/attachments/{}", files[1]["id"].as_str().unwrap())).await;
        assert_eq!((picture.header("content-type"), picture.header("content-length")), ("image/gif", GIF.len().to_string().as_str()));
        for path in [
            format!("/t/{other}/attachments/{id}"),
            format!("/t/0000-0000-0000-0/attachments/{id}"),
            format!("/t/{mine}/attachments/{text}"),
            format!("/t/{mine}/attachments/..%2F..%2Fmaster.key"),
        ] {
            assert_eq!(client.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        let page = client.get(&format!("/t/{mine}")).await.body;
        assert!(page.contains(&format!("href=\"/t/{mine}/attachments/{id}\"")) && page.contains("1 KB"), "{page}");
        assert!(!client.get(&format!("/t/{other}")).await.body.contains("/attachments/"));
    }

    async fn the_staff_download_when_they_are_signed_in(app: TestApp) {
        let client = app.client();
        let id = upload(&client, "a.gif").await;
        let code = code(&client.submit(with_files(&[&id])).await);
        let file = files(&client, &code).await[0]["id"].as_str().unwrap().to_owned();
        let case = sayso::cases::Case::by_code(&app.app, &code).await.unwrap().id;
        let path = format!("/staff/cases/{case}/attachments/{file}");
        assert_eq!(client.get(&path).await.status, StatusCode::SEE_OTHER, "sign in first");
        let staff = Desk::of(&app, "vi", Role::Viewer).await.client;
        assert_saved_not_shown(&staff.get(&path).await, "attachment; filename=\"a.gif\"; filename*=UTF-8''a.gif", "image/gif");
        assert!(staff.get(&format!("/staff/cases/{case}")).await.body.contains(&path));
        assert_eq!(staff.get(&format!("/staff/cases/{case}/attachments/none")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(staff.get(&format!("/staff/cases/none/attachments/{file}")).await.status, StatusCode::NOT_FOUND);
    }

    async fn a_file_that_is_missing_is_a_page_and_not_half_an_answer(app: TestApp) {
        let client = app.client();
        let id = upload(&client, "a.gif").await;
        let code = code(&client.submit(with_files(&[&id])).await);
        let file = files(&client, &code).await[0]["id"].as_str().unwrap().to_owned();
        std::fs::remove_file(app.data.path().join("attachments").join(&file)).unwrap();
        assert_eq!(client.get(&format!("/t/{code}/attachments/{file}")).await.status, StatusCode::NOT_FOUND);
    }
}

on_both_databases! {
    async fn downloads_count_as_look_ups_of_the_code(database: Database) {
        let options = Options { settings: Box::new(|config| config.limits.code_lookups_per_minute = 2), ..Options::default() };
        let app = TestApp::spawn_with(database, options).await;
        let client = app.client();
        for _ in 0..2 {
            assert_eq!(client.get("/t/0000-0000-0000-0/attachments/x").await.status, StatusCode::NOT_FOUND);
        }
        assert_eq!(client.get("/t/0000-0000-0000-0/attachments/x").await.status, StatusCode::TOO_MANY_REQUESTS);
    }
}
