//! Submitting feedback: what is accepted, what is refused and how, and that repeats make one case.

use reqwest::{Method, StatusCode};
use sayso::db::{Db, Tx};
use sayso_tests::{Answer, Client, TestApp, on_both_databases};
use serde_json::json;

fn praise(message: &str) -> serde_json::Value {
    json!({"kind": "praise", "message": message})
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let select = format!("select count(*) from {table}");
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_one(pool).await).unwrap()
}

/// Makes the database itself refuse one message.
async fn refuse_poison(app: &TestApp) {
    match &app.app.db {
        Db::Sqlite(pools) => {
            let trigger = "create trigger no_poison before insert on feedback when new.message = 'poison' begin select raise(abort, 'poison'); end";
            sqlx::query(trigger).execute(&pools.write).await.unwrap();
        }
        Db::Postgres(pool) => {
            sqlx::query("alter table feedback add check (message <> 'poison')").execute(pool).await.unwrap();
        }
    }
}

fn assert_asks_for_patience(answer: &Answer) {
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert_eq!(answer.header("retry-after"), "5");
}

/// Makes the database refuse all feedback, as it does when its disk is full.
async fn fill_disk(app: &TestApp) {
    match &app.app.db {
        // It has as many pages as it may have.
        Db::Sqlite(pools) => sqlx::raw_sql("pragma max_page_count = 1").execute(&pools.write).await.map(|_| ()),
        Db::Postgres(pool) => {
            let refuse = "create function refuse() returns trigger language plpgsql as \
                $$ begin raise exception 'no space left on device' using errcode = 'disk_full'; end $$; \
                create trigger full_disk before insert on feedback execute function refuse()";
            sqlx::raw_sql(refuse).execute(pool).await.map(|_| ())
        }
    }
    .unwrap();
}

/// Undoes [`fill_disk`].
async fn empty_disk(app: &TestApp) {
    match &app.app.db {
        Db::Sqlite(pools) => sqlx::raw_sql("pragma max_page_count = 1000000").execute(&pools.write).await.map(|_| ()),
        Db::Postgres(pool) => sqlx::raw_sql("drop trigger full_disk on feedback").execute(pool).await.map(|_| ()),
    }
    .unwrap();
}

on_both_databases! {
    async fn a_submission_is_stored_and_answered(app: TestApp) {
        let answer = app.client().submit(json!({
            "kind": "complaint", "message": "送货迟到了三天，没有人联系我。", "rating": 1, "desired_outcome": "退运费",
            "contact": {"name": "李雷", "email": "li.lei@example.com"}, "locale": "zh-CN",
            "page": {"url": "https://shop.example/orders", "title": "订单"}, "context": {"cart": 2}, "composed_at": "2026-11-22T10:00:00Z"
        })).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        let receipt = answer.json();
        let code = receipt["code"].as_str().unwrap();
        assert!(sayso_shared::TrackingCode::parse(code).is_ok());
        assert_eq!(receipt["status_url"], format!("{}/t/{code}", app.url));
        assert!(receipt["promise"]["first_response_due"].as_str().unwrap() > receipt["received_at"].as_str().unwrap());
        assert_eq!(answer.header("access-control-allow-origin"), TestApp::ORIGIN);
        assert_eq!(answer.header("access-control-expose-headers"), "Retry-After");
        for table in ["feedback", "cases", "events"] {
            assert_eq!(count(&app, table).await, 1, "{table}");
        }
        let stored: String = sayso::with_db!(&app.app.db, pool => sqlx::query_scalar("select contact_cipher from feedback").fetch_one(pool).await).unwrap();
        assert!(!stored.contains("li.lei"), "contacts are encrypted");
        let case = sayso::cases::Case::by_code(&app.app, code).await.unwrap();
        assert_eq!(case.contact(&app.app.keys).unwrap().email(), Some("li.lei@example.com"));
    }

    async fn a_repeat_gives_the_first_answer(app: TestApp) {
        let client = app.client();
        let key = "018f3a1e-0000-7000-8000-000000000001";
        let first = client.submit_with_key(praise("很好"), key).await;
        app.app.clock.advance(60_000);
        let again = client.submit_with_key(json!({"message": " 很好 ", "kind": "praise", "proof": "another"}), key).await;
        assert_eq!((again.status, again.json()), (StatusCode::CREATED, first.json()));
        let other = client.submit_with_key(praise("不好"), key).await;
        assert_eq!((other.status, other.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"));
        assert_eq!(count(&app, "cases").await, 1);
    }

    async fn a_repeat_is_answered_though_the_site_asks_for_more_by_now(app: TestApp) {
        let client = app.client();
        app.set_site(&[r#"categories=[{"key":"shop","label":{"en":"Shop"}}]"#]).await;
        let key = "018f3a1e-0000-7000-8000-000000000009";
        let feedback = json!({"kind": "praise", "message": "很好", "category": "shop"});
        let first = client.submit_with_key(feedback.clone(), key).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
        app.set_site(&["required=contact", "kinds=complaint", "categories=", "consent_text.en=I agree."]).await;
        let again = client.submit_with_key(feedback.clone(), key).await;
        assert_eq!((again.status, again.json()), (StatusCode::CREATED, first.json()));
        let other = client.submit_with_key(praise("别的"), key).await;
        assert_eq!((other.status, other.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"));
        let new = client.submit(feedback).await;
        assert_eq!((new.status, new.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"));
        assert_eq!(count(&app, "cases").await, 1);
    }

    async fn a_key_that_was_forgotten_is_as_good_as_new(app: TestApp) {
        let client = app.client();
        let key = "018f3a1e-0000-7000-8000-00000000000a";
        let mut codes = std::collections::BTreeSet::new();
        for round in 1..=3 {
            let message = format!("第 {round} 次");
            let first = client.submit_with_key(praise(&message), key).await;
            assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
            let again = client.submit_with_key(praise(&message), key).await;
            assert_eq!((again.status, again.json()), (StatusCode::CREATED, first.json()), "a repeat of round {round}");
            let other = client.submit_with_key(praise("别的"), key).await;
            assert_eq!((other.status, other.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused"));
            let code = first.json()["code"].as_str().unwrap().to_owned();
            let case = client.get(&format!("/api/v1/feedback/{code}")).await;
            assert_eq!(case.json()["received_at"], first.json()["received_at"], "it leads to its own case: {}", case.body);
            assert!(codes.insert(code), "every case has a code of its own");
            assert_eq!(count(&app, "cases").await, round);
            assert_eq!((count(&app, "feedback").await, count(&app, "events").await), (round, round), "nothing is left of the attempts");
            app.app.clock.advance(8 * sayso::clock::DAY);
            sayso::housekeeping::clean_up(&app.app).await.unwrap();
        }
    }

    async fn concurrent_repeats_make_one_case(app: TestApp) {
        let client = app.client();
        let key = uuid::Uuid::new_v4().to_string();
        let sent: Vec<_> = (0..16).map(|_| {
            let (client, key) = (client.clone(), key.clone());
            tokio::spawn(async move { client.submit_with_key(praise("一次就够"), &key).await })
        }).collect();
        let mut codes = std::collections::BTreeSet::new();
        for answer in sent {
            let answer = answer.await.unwrap();
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
            codes.insert(answer.json()["code"].as_str().unwrap().to_owned());
        }
        assert_eq!((codes.len(), count(&app, "cases").await), (1, 1));
    }

    async fn what_is_wrong_is_named_and_nothing_is_stored(app: TestApp) {
        let client = app.client();
        let fields = [
            (json!({"kind": "praise"}), "/message", "required"),
            (json!({"kind": "praise", "message": ""}), "/message", "required"),
            (json!({"kind": "praise", "message": "字".repeat(10_001)}), "/message", "too_long"),
            (json!({"kind": "praise", "message": "a\u{0}b"}), "/message", "invalid"),
            (json!({"kind": "praise", "message": "x", "context": {"cart": ["a", {"b\u{0}": 1}]}}), "/context/cart/1/b", "invalid"),
            (json!({"kind": "praise", "message": "x", "proof": "a\u{0}b"}), "/proof", "invalid"),
            (json!({"kind": "rant", "message": "x"}), "/kind", "invalid"),
            (json!({"kind": "praise", "message": ["x"]}), "/message", "invalid"),
            (json!({"kind": "praise", "message": "x", "colour": 1}), "/colour", "unknown_field"),
            (json!({"kind": "praise", "message": "x", "category": "none"}), "/category", "invalid"),
            (json!({"kind": "praise", "message": "x", "identity": "a.b.c"}), "/identity", "invalid"),
            (json!({"kind": "praise", "message": "x", "attachments": ["a"]}), "/attachments/0", "invalid"),
            (json!({"kind": "praise", "message": "x", "composed_at": "yesterday"}), "/composed_at", "invalid"),
            (json!({"kind": "praise", "message": "x", "composed_at": ""}), "/composed_at", "invalid"),
        ];
        for (body, pointer, code) in fields {
            let answer = client.submit(body).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{pointer}: {}", answer.body);
            assert_eq!(answer.problem(), "invalid");
            assert_eq!(answer.field_errors(), [(pointer.to_owned(), code.to_owned())]);
            assert_eq!(answer.header("access-control-allow-origin"), TestApp::ORIGIN, "errors carry the CORS headers too");
        }
        assert_eq!(count(&app, "feedback").await + count(&app, "cases").await + count(&app, "events").await, 0);
    }

    async fn unreadable_requests_are_problems(app: TestApp) {
        let client = app.client();
        let key = uuid::Uuid::new_v4().to_string();
        let post = |media_type: &str, body: Vec<u8>| {
            client.request(Method::POST, "/api/v1/sites/acme/feedback").header("idempotency-key", &key).header("content-type", media_type).body(body)
        };
        let deep = "[".repeat(10_000).into_bytes();
        let surrogate = br#"{"kind":"praise","message":"\ud800"}"#.to_vec();
        let cases: [(&str, Vec<u8>, u16, &str); 7] = [
            ("application/json", b"kind=praise".to_vec(), 400, "malformed"),
            ("application/json", b"{\"kind\":\"praise\",\"message\":\"\xff\"}".to_vec(), 400, "malformed"),
            ("application/json", surrogate, 400, "malformed"),
            ("application/json", deep, 400, "malformed"),
            ("application/json", Vec::new(), 400, "malformed"),
            ("text/plain", b"{}".to_vec(), 415, "unsupported_media_type"),
            ("application/json", vec![b' '; 2_000_000], 413, "too_large"),
        ];
        for (media_type, body, status, name) in cases {
            let answer = client.send(post(media_type, body)).await;
            assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, name), "{}", answer.body);
            assert_eq!(answer.header("connection") == "close", status == 413, "nothing follows what was not read");
        }
        let missing = client.send(client.request(Method::POST, "/api/v1/sites/acme/feedback").json(&praise("x"))).await;
        assert_eq!((missing.status.as_u16(), missing.problem().as_str()), (400, "malformed"));
        let no_uuid = client.submit_with_key(praise("x"), "once").await;
        assert_eq!(no_uuid.status, StatusCode::BAD_REQUEST);
        assert_eq!(count(&app, "feedback").await, 0);
    }

    async fn a_member_that_is_there_twice_is_refused_by_its_name(app: TestApp) {
        let client = app.client();
        let send = |path: &str, body: &'static str| {
            let request = client.request(Method::POST, path).header("idempotency-key", uuid::Uuid::new_v4().to_string());
            client.send(request.header("origin", TestApp::ORIGIN).header("content-type", "application/json").body(body))
        };
        let invalid = |pointers: &[&str]| -> Vec<(String, String)> {
            pointers.iter().map(|pointer| ((*pointer).to_owned(), "invalid".to_owned())).collect()
        };
        let twice = r#"{"kind": "praise", "message": "Nice", "contact": {"email": "a@example.com", "email": "b@example.com"},
            "context": {"cart": [{"id": 1, "\u0069d": 2}]}, "message": "Awful"}"#;
        let answer = send("/api/v1/sites/acme/feedback", twice).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"), "{}", answer.body);
        assert_eq!(answer.field_errors(), invalid(&["/contact/email", "/context/cart/0/id", "/message"]));
        assert_eq!(answer.header("access-control-allow-origin"), TestApp::ORIGIN);
        assert_eq!(count(&app, "feedback").await, 0);
        let code = client.submit(praise("Nice")).await.json()["code"].as_str().unwrap().to_owned();
        let answer = send(&format!("/api/v1/feedback/{code}/messages"), r#"{"body": "One", "body": "Two"}"#).await;
        assert_eq!((answer.status, answer.field_errors()), (StatusCode::UNPROCESSABLE_ENTITY, invalid(&["/body"])), "{}", answer.body);
        let program = crate::access::Program::new(&app).await;
        let request = client.request(Method::POST, "/api/v1/cases").bearer_auth(program.token());
        let request = request.header("idempotency-key", uuid::Uuid::new_v4().to_string()).header("content-type", "application/json");
        let answer = client.send(request.body(r#"{"site": "acme", "site": "other", "kind": "praise", "message": "x"}"#)).await;
        assert_eq!((answer.status, answer.field_errors()), (StatusCode::UNPROCESSABLE_ENTITY, invalid(&["/site"])), "{}", answer.body);
    }

    async fn only_the_pages_of_the_site_may_send(app: TestApp) {
        let client = app.client();
        let from = |origin: &str| {
            let request = client.request(Method::POST, "/api/v1/sites/acme/feedback").header("idempotency-key", uuid::Uuid::new_v4().to_string());
            request.header("origin", origin).json(&praise("来自网页"))
        };
        for foreign in ["https://evil.example", "null", "https://shop.example.evil.example", "http://shop.example"] {
            let answer = client.send(from(foreign)).await;
            assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::FORBIDDEN, "forbidden"), "{foreign}");
            assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (foreign, "Origin"), "the page can read that it is refused");
        }
        assert_eq!(client.send(from(&app.url)).await.status, StatusCode::CREATED, "our own entry page");
        let preflight = client.send(client.request(Method::OPTIONS, "/api/v1/sites/acme/feedback").header("origin", TestApp::ORIGIN)).await;
        assert_eq!(preflight.status, StatusCode::NO_CONTENT);
        assert_eq!(preflight.header("access-control-allow-headers"), "Content-Type, Idempotency-Key, Sayso-Proof");
        app.set_site(&["origins+=https://*.shop.example"]).await;
        assert_eq!(client.send(from("https://cn.shop.example")).await.status, StatusCode::CREATED);
        let unknown = client.get("/api/v1/sites/nobody").await;
        assert_eq!((unknown.status, unknown.problem().as_str()), (StatusCode::NOT_FOUND, "not_found"));
        // A tag with a mistyped key: every page may read what is wrong. A key that only somebody who decodes it takes for one is none.
        for (path, origin, readable) in [
            ("nobody", TestApp::ORIGIN, TestApp::ORIGIN),
            ("nobody", "https://evil.example", "https://evil.example"),
            ("ac%6De", TestApp::ORIGIN, TestApp::ORIGIN),
            ("ac%6De", "https://evil.example", "https://evil.example"),
        ] {
            let answer = client.send(client.request(Method::GET, &format!("/api/v1/sites/{path}")).header("origin", origin)).await;
            assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::NOT_FOUND, "not_found"), "{path} {origin}");
            assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (readable, "Origin"));
            // What is refused is the submission itself, and not the question whether it may be sent: only so the page can read why.
            let preflight = client.request(Method::OPTIONS, &format!("/api/v1/sites/{path}/feedback")).header("origin", origin);
            assert_eq!(client.send(preflight).await.status, StatusCode::NO_CONTENT, "{path} {origin}");
        }
    }

    async fn odd_text_is_stored_as_typed(app: TestApp) {
        let client = app.client();
        let texts = ["😀".repeat(10_000), "abc \u{202e}gnp.exe".into(), "<script>alert(1)</script>".into(), "e\u{301}\u{200d}零\u{200b}宽".into()];
        for text in texts {
            let answer = client.submit(praise(&text)).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
            let case = sayso::cases::Case::by_code(&app.app, answer.json()["code"].as_str().unwrap()).await.unwrap();
            assert_eq!(case.message, text);
        }
    }

    async fn the_rules_of_the_site_hold(app: TestApp) {
        app.set_site(&[
            "kinds=complaint,praise", "required=contact", "consent_text.en=I agree",
            r#"categories=[{"key":"delivery","kind":"complaint","label":{"en":"Delivery"}}]"#,
        ]).await;
        let answer = app.client().submit(json!({"kind": "question", "message": "x", "category": "delivery"})).await;
        let pointers: Vec<String> = answer.field_errors().into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(pointers, ["/kind", "/category", "/contact", "/consent"]);
        let settings = app.client().get("/api/v1/sites/acme").await.json();
        assert_eq!((&settings["kinds"], &settings["proof"]["required"]), (&json!(["complaint", "praise"]), &json!(false)));
        assert_eq!(settings["categories"][0]["label"]["en"], "Delivery");
    }

    async fn a_bad_row_never_fails_its_neighbours(app: TestApp) {
        refuse_poison(&app).await;
        // While another writer holds the database, everything that arrives becomes one batch.
        let mut held = app.app.db.begin().await.unwrap();
        let lock = "update sites set name = name";
        sayso::with_tx!(&mut held, conn => sqlx::query(lock).execute(conn).await.map(|_| ())).unwrap();
        if let Tx::Postgres(tx) = &mut held {
            sqlx::query("lock table feedback in exclusive mode").execute(&mut **tx).await.unwrap();
        }
        let sent: Vec<_> = (0..20).map(|n| {
            let client = app.client();
            let message = if n == 10 { "poison".to_owned() } else { format!("第 {n} 条") };
            tokio::spawn(async move { client.submit(praise(&message)).await.status })
        }).collect();
        sayso_tests::eventually("all are queued", || async { app.app.intake.waiting() >= 20 }).await;
        held.rollback().await.unwrap();
        for (n, status) in sent.into_iter().enumerate() {
            let expected = if n == 10 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::CREATED };
            assert_eq!(status.await.unwrap(), expected, "{n}");
        }
        assert_eq!((count(&app, "cases").await, count(&app, "feedback").await, count(&app, "events").await), (19, 19, 19));
    }

    async fn a_database_that_takes_nothing_is_waited_for(app: TestApp) {
        let key = uuid::Uuid::new_v4().to_string();
        // More than fits into what is left of the pages that SQLite has.
        let submit = async || app.client().submit_with_key(praise(&"还在吗？".repeat(2_000)), &key).await;
        fill_disk(&app).await;
        assert_asks_for_patience(&submit().await);
        assert_eq!(count(&app, "feedback").await, 0);
        empty_disk(&app).await;
        let answer = submit().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        assert_eq!((count(&app, "cases").await, count(&app, "feedback").await), (1, 1));
    }

    async fn without_a_database_patience_is_asked_for(app: TestApp) {
        app.app.db.close().await;
        assert_asks_for_patience(&app.client().submit(praise("还在吗？")).await);
    }

    async fn a_stopping_collector_answers_what_it_took(app: TestApp) {
        let client = app.client();
        let sent: Vec<_> = (0..32).map(|n| {
            let client: Client = client.clone();
            tokio::spawn(async move { client.submit(praise(&format!("第 {n} 条"))).await })
        }).collect();
        let first = client.submit(praise("先来的")).await;
        assert_eq!(first.status, StatusCode::CREATED);
        app.app.intake.drain().await;
        let mut created = 1;
        for answer in sent {
            let answer = answer.await.unwrap();
            match answer.status {
                StatusCode::CREATED => created += 1,
                other => assert_eq!((other, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "5")),
            }
        }
        assert_eq!(count(&app, "cases").await, created);
    }
}
