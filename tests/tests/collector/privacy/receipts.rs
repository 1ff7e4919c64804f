//! Receipts: given, checked by page and command, and valid after the key was rotated.

use jsonwebtoken::jwk::JwkSet;
use reqwest::StatusCode;
use sayso::receipts::{ReceiptError, Statement, text_hash};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::json;

use crate::pages::{Form, send};

async fn keys(app: &TestApp) -> JwkSet {
    let answer = app.client().get("/.well-known/sayso-keys.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/jwk-set+json"));
    serde_json::from_str(&answer.body).unwrap()
}

on_both_databases! {
    async fn the_mail_that_says_what_was_received_has_the_receipt_with_it(app: TestApp) {
        let answer = app.client().submit(json!({"kind": "question", "message": "Where is it?", "contact": {"email": "li@example.com"}})).await.json();
        crate::outbox::cases::work(&app).await;
        let mut mails = std::fs::read_dir(app.data.path().join("mail")).unwrap();
        let mail = sayso_tests::Mail::from_file(std::fs::read(mails.next().unwrap().unwrap().path()).unwrap());
        let (name, content) = mail.files().remove(0);
        assert_eq!(name, format!("sayso-{}.jws", answer["code"].as_str().unwrap()));
        let statement = Statement::verify(content.trim(), &keys(&app).await).unwrap();
        assert_eq!((statement.sha256, statement.code.as_str()), (text_hash("Where is it?"), answer["code"].as_str().unwrap()));
        assert!(mail.text().contains(answer["code"].as_str().unwrap()), "{}", mail.text());
    }

    async fn a_receipt_says_what_was_received_and_is_checked_by_anybody(app: TestApp) {
        let client = app.client();
        let message = "  The sofa is torn.\nCard 4111 1111 1111 1111 ";
        let answer = client.submit(json!({"kind": "complaint", "message": message})).await.json();
        let code = answer["code"].as_str().unwrap();
        let receipt = client.get(&format!("/api/v1/feedback/{code}/receipt")).await;
        assert_eq!((receipt.status, receipt.header("content-type")), (StatusCode::OK, "application/jose"));
        let first_keys = keys(&app).await;
        let statement = Statement::verify(&receipt.body, &first_keys).unwrap();
        let stored = "The sofa is torn.\nCard •••• •••• •••• 1111";
        assert_eq!(statement, Statement {
            iss: app.app.config.url(""),
            code: code.to_owned(),
            site: "acme".to_owned(),
            kind: "complaint".to_owned(),
            received_at: answer["received_at"].as_str().unwrap().to_owned(),
            sha256: text_hash(stored),
        });
        assert!(receipt.body.split('.').count() == 3 && !receipt.body.contains(' '));

        let folder = app.data.path();
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        std::fs::write(path("receipt"), format!("{}\n", receipt.body)).unwrap();
        std::fs::write(path("keys"), serde_json::to_vec(&first_keys).unwrap()).unwrap();
        std::fs::write(path("text"), stored).unwrap();
        let (done, said) = app.command(&["receipt", "rotate"]).await;
        assert!(done, "{said}");
        let later_keys = keys(&app).await;
        assert_eq!(later_keys.keys.len(), 2);
        let again = client.get(&format!("/api/v1/feedback/{code}/receipt")).await.body;
        assert_ne!(again, receipt.body);
        assert_eq!(Statement::verify(&again, &first_keys), Err(ReceiptError::UnknownKey));
        for earlier_and_later in [&receipt.body, &again] {
            assert_eq!(Statement::verify(earlier_and_later, &later_keys).unwrap(), statement);
        }
        let (done, said) = app.command(&["receipt", "verify", &path("receipt"), "--text", &path("text")]).await;
        assert!(done && said.contains("The receipt holds") && said.contains(code) && said.contains("It is of this text"), "{said}");
        let (done, said) = app.command(&["receipt", "verify", &path("receipt"), "--keys", &path("keys")]).await;
        assert!(done && said.contains("The receipt holds"), "{said}");
        std::fs::write(path("text"), "The sofa is fine.").unwrap();
        let (done, said) = app.command(&["receipt", "verify", &path("receipt"), "--text", &path("text")]).await;
        assert!(!done && said.contains("it is of another text"), "{said}");
        std::fs::write(path("receipt"), &again).unwrap();
        let (done, said) = app.command(&["receipt", "verify", &path("receipt"), "--keys", &path("keys")]).await;
        assert!(!done && said.contains("none of the public keys"), "{said}");

        let page = client.get("/receipt").await;
        let check = async |receipt: &str, text: &str| {
            let mut form = Form::of(&page.body, "/receipt");
            form.set("receipt", receipt);
            form.set("text", text);
            send(&client, &form).await
        };
        let good = check(&receipt.body, stored).await;
        assert!(good.status == StatusCode::OK && good.body.contains("This receipt is valid.") && good.body.contains(code), "{}", good.body);
        let (head, rest) = receipt.body.split_once('.').unwrap();
        let (claims, signature) = rest.split_once('.').unwrap();
        let altered = format!("{head}.{}.{signature}", claims.chars().rev().collect::<String>());
        for (wrong, text, reason) in [
            (altered.as_str(), "", "changed since we signed"),
            ("eyJhbGciOiJub25lIn0.e30.", "", "isn’t a signed receipt"),
            ("<b>", "", "isn’t a signed receipt"),
            (&receipt.body, "another text", "belongs to a different text"),
            (&"x".repeat(9_000), "", "isn’t a signed receipt"),
        ] {
            let answer = check(wrong, text).await;
            assert!(answer.status == StatusCode::UNPROCESSABLE_ENTITY && answer.body.contains(reason), "{}", answer.body);
        }
        assert_eq!(client.get("/api/v1/feedback/7QK4-M2XH-9TRD-7/receipt").await.status, StatusCode::NOT_FOUND);
        let status = client.get(&format!("/t/{code}")).await.body;
        assert!(status.contains(&format!("/api/v1/feedback/{code}/receipt")), "the status page leads to it");
    }
}
