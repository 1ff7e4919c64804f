//! Identities that a site signs: who is believed, who is refused, and what the staff and the customer see of it.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::StatusCode;
use sayso::cases::Case;
use sayso::clock::{MINUTE, SECOND};
use sayso::sites::secrets;
use sayso_tests::process::run;
use sayso_tests::{Answer, Mail, TestApp, on_both_databases, write_key};
use serde_json::{Value, json};

use super::super::outbox::cases::work;
use super::count;

pub async fn secret(app: &TestApp) -> (String, String) {
    let (id, secret) =
        secrets::add(&app.app.db, &app.app.keys, &app.site().await, &sayso::audit::Stamp::command(app.app.clock.now()))
            .await
            .unwrap();
    (id, secret.reveal().to_owned())
}

pub fn sign(claims: &Value, secret: &str) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn in_seconds(app: &TestApp, seconds: i64) -> i64 {
    app.app.clock.now() / 1_000 + seconds
}

async fn submit(app: &TestApp, token: &str) -> Answer {
    app.client()
        .submit(json!({"kind": "question", "message": "我的订单在哪里？", "identity": token, "locale": "zh-CN"}))
        .await
}

async fn case_of(app: &TestApp, answer: &Answer) -> Case {
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    Case::by_code(&app.app, answer.json()["code"].as_str().unwrap()).await.unwrap()
}

fn mails(app: &TestApp) -> Vec<Mail> {
    let files =
        std::fs::read_dir(app.data.path().join("mail")).map(|files| files.collect::<Vec<_>>()).unwrap_or_default();
    files.into_iter().map(|file| Mail::from_file(std::fs::read(file.unwrap().path()).unwrap())).collect()
}

on_both_databases! {
    async fn whom_the_site_signed_for_is_known_and_answered(app: TestApp) {
        let (_, secret) = secret(&app).await;
        let claims = json!({"sub": "u-42", "exp": in_seconds(&app, 300), "name": "李雷", "email": "li@example.com", "tier": "gold"});
        let case = case_of(&app, &submit(&app, &sign(&claims, &secret)).await).await;
        let identity = case.identity(&app.app.keys).unwrap();
        assert_eq!((identity.sub.as_str(), identity.tier.as_deref()), ("u-42", Some("gold")));
        assert_eq!(case.contact(&app.app.keys).unwrap().email(), Some("li@example.com"), "it is how the customer is reached");
        let select = "select identity_cipher, contact_cipher, subject_hash from feedback";
        let (identity, contact, subject): (String, String, String) =
            sayso::with_db!(&app.app.db, pool => sqlx::query_as(select).fetch_one(pool).await).unwrap();
        for stored in [&identity, &contact, &subject] {
            assert!(!stored.contains("u-42") && !stored.contains("li@"), "{stored}");
        }
        work(&app).await;
        let mails = mails(&app);
        assert_eq!(mails.len(), 1);
        assert!(mails[0].header("To").contains("li@example.com"), "{}", mails[0].header("To"));

        let later = case_of(&app, &submit(&app, &sign(&claims, &secret)).await).await;
        let same = "select count(*) from feedback where subject_hash = $1";
        let found: i64 = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(same).bind(&subject).fetch_one(pool).await).unwrap();
        assert_eq!(found, 2, "the customer's other cases can be found");
        assert_ne!(later.id, case.id);
    }

    async fn what_the_customer_typed_wins(app: TestApp) {
        let (_, secret) = secret(&app).await;
        let token = sign(&json!({"sub": "u-42", "exp": in_seconds(&app, 300), "email": "li@example.com"}), &secret);
        let feedback = json!({"kind": "praise", "message": "x", "identity": token, "contact": {"name": "Li", "phone": "555 0100"}});
        let case = case_of(&app, &app.client().submit(feedback).await).await;
        let contact = case.contact(&app.app.keys).unwrap();
        assert_eq!((contact.name(), contact.email(), contact.phone()), (Some("Li"), None, Some("555 0100")));
        assert_eq!(case.identity(&app.app.keys).unwrap().email.as_deref(), Some("li@example.com"));
    }

    async fn who_is_not_believed_is_refused_and_never_anonymous(app: TestApp) {
        let foreign = sign(&json!({"sub": "u-42", "exp": in_seconds(&app, 300)}), "whatever");
        let none = submit(&app, &foreign).await;
        assert_eq!(none.field_errors(), [("/identity".into(), "invalid".into())], "the site has no secret");
        assert!(none.body.contains("no secret"), "{}", none.body);
        let (_, secret) = secret(&app).await;
        let expired = sign(&json!({"sub": "u-42", "exp": in_seconds(&app, -61)}), &secret);
        let long = sign(&json!({"sub": "u-42", "exp": in_seconds(&app, 300), "x": "x".repeat(8_192)}), &secret);
        let cases = [
            (foreign.as_str(), "invalid"), ("a.b.c", "invalid"), ("", "invalid"), (expired.as_str(), "identity_expired"), (long.as_str(), "too_long"),
        ];
        for (token, code) in cases {
            let answer = submit(&app, token).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
            assert_eq!(answer.field_errors(), [("/identity".to_owned(), code.to_owned())]);
        }
        let number = app.client().submit(json!({"kind": "praise", "message": "x", "identity": 7})).await;
        assert_eq!(number.field_errors(), [("/identity".into(), "invalid".into())]);
        assert_eq!(count(&app, "feedback").await + count(&app, "cases").await, 0, "nothing is stored");
    }

    async fn time_is_that_of_the_collector(app: TestApp) {
        let (_, secret) = secret(&app).await;
        let token = sign(&json!({"sub": "u-42", "exp": in_seconds(&app, 300)}), &secret);
        assert_eq!(submit(&app, &token).await.status, StatusCode::CREATED);
        app.app.clock.advance(6 * MINUTE + SECOND);
        assert_eq!(submit(&app, &token).await.field_errors(), [("/identity".into(), "identity_expired".into())]);
    }

    async fn a_repeat_is_answered_before_the_identity_is_looked_at(app: TestApp) {
        let (_, secret) = secret(&app).await;
        let key = uuid::Uuid::new_v4().to_string();
        let feedback = |token: Option<&str>| json!({"kind": "praise", "message": "很好", "identity": token});
        let token = sign(&json!({"sub": "u-42", "exp": in_seconds(&app, 300)}), &secret);
        let first = app.client().submit_with_key(feedback(Some(&token)), &key).await;
        app.app.clock.advance(60 * MINUTE);
        for token in [Some(token.as_str()), Some("rubbish"), None] {
            let again = app.client().submit_with_key(feedback(token), &key).await;
            assert_eq!((again.status, again.json()), (StatusCode::CREATED, first.json()), "{token:?}");
        }
        assert_eq!(count(&app, "feedback").await, 1);
    }

    async fn two_secrets_are_valid_while_one_takes_over(app: TestApp) {
        let (old_id, old) = secret(&app).await;
        let (_, new) = secret(&app).await;
        let third = secrets::add(&app.app.db, &app.app.keys, &app.site().await, &sayso::audit::Stamp::command(0)).await.unwrap_err();
        assert!(third.to_string().contains("remove the older one first"), "{third}");
        let claims = json!({"sub": "u-42", "exp": in_seconds(&app, 300)});
        for signer in [&old, &new] {
            assert_eq!(submit(&app, &sign(&claims, signer)).await.status, StatusCode::CREATED);
        }
        secrets::remove(&app.app.db, &old_id, &sayso::audit::Stamp::command(0)).await.unwrap();
        assert_eq!(submit(&app, &sign(&claims, &old)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(submit(&app, &sign(&claims, &new)).await.status, StatusCode::CREATED);
    }

    async fn a_required_contact_may_be_what_the_site_knows(app: TestApp) {
        let (_, secret) = secret(&app).await;
        app.set_site(&["required=contact"]).await;
        let known = sign(&json!({"sub": "u-42", "exp": in_seconds(&app, 300), "email": "li@example.com"}), &secret);
        assert_eq!(submit(&app, &known).await.status, StatusCode::CREATED);
        let nameless = sign(&json!({"sub": "u-42", "exp": in_seconds(&app, 300)}), &secret);
        assert_eq!(submit(&app, &nameless).await.field_errors(), [("/contact".into(), "required".into())]);
    }
}

on_both_databases! {
    async fn secrets_are_made_listed_and_removed(database: Database) {
        let data = tempfile::tempdir().unwrap();
        write_key(data.path());
        let url = database.make().await;
        let sayso = |arguments: &[&str]| run(data.path(), url.reveal().unwrap_or_default(), arguments);
        sayso(&["site", "add", "acme", "--name", "Acme Home", "--origin", "https://shop.example"]);
        let (_, printed) = sayso(&["site", "secret", "list", "acme"]);
        assert!(printed.contains("no secret"), "{printed}");
        let (added, printed) = sayso(&["site", "secret", "add", "acme"]);
        assert!(added && printed.contains("idsec_") && printed.contains("only this once"), "{printed}");
        let id = printed.split_whitespace().find(|word| uuid::Uuid::parse_str(word).is_ok()).unwrap().to_owned();
        assert!(sayso(&["site", "secret", "add", "acme"]).0);
        let (third, printed) = sayso(&["site", "secret", "add", "acme"]);
        assert!(!third && printed.contains("remove the older one"), "{printed}");
        let (_, printed) = sayso(&["site", "secret", "list", "acme"]);
        assert!(printed.contains(&id) && !printed.contains("idsec_") && printed.lines().count() == 2, "{printed}");
        assert!(sayso(&["site", "secret", "remove", &id]).0);
        let (again, printed) = sayso(&["site", "secret", "remove", &id]);
        assert!(!again && printed.contains("there is no secret"), "{printed}");
        let (unknown, printed) = sayso(&["site", "secret", "add", "nobody"]);
        assert!(!unknown && printed.contains("there is no site nobody"), "{printed}");
    }
}
