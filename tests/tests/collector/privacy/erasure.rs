//! Erasure: the erased words are looked for in every table, index and file, and in a backup made afterwards.

use std::path::Path;
use std::process::Command;

use flate2::read::GzDecoder;
use reqwest::StatusCode;
use sayso::auth::Role;
use sayso::cases::search::keep_compact;
use sayso::clock::HOUR;
use sayso::jobs::run_due;
use sayso::receipts::{Statement, text_hash};
use sayso_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};
use std::io::Read;

use super::{cases_of, everything_stored, submit};
use crate::access::Program;
use crate::console::Desk;
use crate::inbound::{mail, mails, take};
use crate::outbox::cases::{deliveries, work};

/// Words that nobody says otherwise, by where they stand.
const WORDS: [&str; 16] = [
    "zebrafinch",
    "wolverine",
    "quokkapage",
    "pangolinref",
    "axolotlwish",
    "narwhalname",
    "okapireply",
    "tapirnote",
    "ocelotanswer",
    "lemurfile",
    "civetremedy",
    "dugongcomment",
    "manateetask",
    "kinkajoueffort",
    "gerbildraft",
    "numbatmail",
];

/// All files below a folder, with what is in them. Another process reads them: whoever closes a file of SQLite gives up all locks that the process
/// has on it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => all.push((path.display().to_string(), Command::new("cat").arg(&path).output().unwrap().stdout)),
        }
    }
    all
}

fn has(content: &[u8], word: &str) -> bool {
    content.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

pub(super) async fn assert_nothing_is_left(app: &TestApp) {
    let stored = everything_stored(app).await.to_lowercase();
    for word in WORDS {
        let lines: Vec<&str> = stored.lines().filter(|line| line.contains(word)).collect();
        assert!(lines.is_empty(), "{word} is in the database: {lines:?}");
        for (name, content) in files(app.data.path()) {
            assert!(!has(&content, word), "{word} is in {name}");
        }
    }
    let backup = app.data.path().join("after.backup");
    let (done, said) = app.command(&["backup", backup.to_str().unwrap(), "--replace"]).await;
    assert!(done, "{said}");
    let packed = std::fs::read(&backup).unwrap();
    let mut plain = Vec::new();
    if GzDecoder::new(packed.as_slice()).read_to_end(&mut plain).is_err() {
        plain = packed;
    }
    for word in WORDS {
        assert!(!has(&plain, word), "{word} is in the backup");
    }
    std::fs::remove_file(backup).unwrap();
}

async fn count(app: &TestApp, select: &'static str) -> i64 {
    sayso::with_db!(&app.app.db, pool => sqlx::query_scalar(select).fetch_one(pool).await).unwrap()
}

/// A case in which every word is somewhere, and its code.
async fn full(app: &TestApp, program: &Program<'_>) -> (String, Value) {
    let client = app.client();
    app.set_site(&["mail_address=care@acme.example"]).await;
    let file = client.upload("lemurfile.txt", b"lemurfile").await.json()["id"].clone();
    let feedback = json!({"kind": "complaint", "message": "My zebrafinch", "desired_outcome": "axolotlwish", "reference": "pangolinref",
        "rating": 2, "page": {"url": "https://shop.example/quokkapage", "title": "quokkapage"}, "context": {"x": "wolverine"},
        "attachments": [file], "contact": {"name": "Narwhalname", "email": "narwhalname@example.com"}});
    let (code, case) = submit(app, program, feedback).await;
    let id = case["id"].as_str().unwrap();
    work(app).await;
    let to = mails(app).remove(0).header("Reply-To");
    let (outcome, _, _) = take(app, mail("narwhalname@example.com", &to, "weaselid", "", "numbatmail")).await;
    assert_eq!(outcome, "message");
    let mei = Desk::of(app, "mei", Role::Agent).await;
    let drafted = mei.post(&format!("/staff/cases/{id}/draft"), &[("body", "gerbildraft"), ("silent", "1")]).await;
    assert_eq!(drafted.status, StatusCode::NO_CONTENT, "{}", drafted.body);
    let known = json!({"notes": "jerboanote", "value": 700,
        "preferences": {"language": "en", "channel": "phone", "times": "hyraxtimes"}});
    let customer = case["customer"]["id"].as_str().unwrap();
    let noted = program.patch_at(&format!("/api/v1/customers/{customer}"), &known).await;
    assert_eq!(noted.status, StatusCode::OK, "{}", noted.body);
    for (path, body) in [
        ("messages", json!({"kind": "reply", "body": "okapireply", "then": "wait"})),
        ("messages", json!({"kind": "note", "body": "tapirnote"})),
        ("tasks", json!({"title": "manateetask"})),
        ("efforts", json!({"kind": "call", "note": "kinkajoueffort"})),
    ] {
        let done = program.post(&format!("/{id}/{path}"), &body).await;
        assert!(done.status.is_success(), "{path}: {}", done.body);
    }
    let said = client.post_json(&format!("/api/v1/feedback/{code}/messages"), &json!({"body": "ocelotanswer"})).await;
    assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
    let done = json!({"status": "resolved", "outcome": "upheld", "remedy": "civetremedy"});
    assert_eq!(program.post(&format!("/{id}/status"), &done).await.status, StatusCode::OK);
    let rated = client
        .post_json(&format!("/api/v1/feedback/{code}/satisfaction"), &json!({"score": 5, "comment": "dugongcomment"}))
        .await;
    assert_eq!(rated.status, StatusCode::OK, "{}", rated.body);
    app.app.clock.advance(1_000);
    let drawn = program.post_at("/api/v1/check-calls", &json!({"site": "acme", "size": 1, "seed": "s"})).await;
    assert_eq!(drawn.json()["drawn"], json!(1), "{}", drawn.body);
    (code, case)
}

on_both_databases! {
    async fn nothing_is_left_of_what_was_erased(app: TestApp) {
        let program = Program::new(&app).await;
        let (code, case) = full(&app, &program).await;
        let customer = case["customer"]["id"].as_str().unwrap().to_owned();
        work(&app).await;
        // So many that the index has a segment, in which the case is.
        for number in 0..260 {
            app.client().submit(json!({"kind": "praise", "message": format!("Filler {number}")})).await;
        }
        run_due(&app.app).await.unwrap();
        keep_compact(&app.app).await.unwrap();
        let before = everything_stored(&app).await.to_lowercase();
        for word in WORDS.iter().filter(|word| !["narwhalname"].contains(word)) {
            assert!(before.contains(word), "{word} is stored");
        }
        assert!(before.lines().any(|line| line.starts_with("case_search_places.token: zebrafinch")), "a segment has it");
        assert!(files(app.data.path()).iter().any(|(name, content)| name.ends_with(".eml") && has(content, "okapireply")));
        let receipt = app.client().get(&format!("/api/v1/feedback/{code}/receipt")).await.body;
        // What waits to be sent.
        let (_, waiting) = submit(&app, &program, json!({"kind": "question", "message": "zebrafinch again", "contact": {"email": "narwhalname@example.com"}})).await;
        assert_eq!(waiting["customer"]["id"], json!(customer));

        let erased = program.post_at(&format!("/api/v1/customers/{customer}/erase"), &json!({})).await;
        assert_eq!((erased.status, &erased.json()["cases"]), (StatusCode::OK, &json!(2)), "{}", erased.body);
        let again = program.post_at(&format!("/api/v1/customers/{customer}/erase"), &json!({})).await;
        assert_eq!((again.status, again.json()), (StatusCode::OK, erased.json()), "erased is erased");
        run_due(&app.app).await.unwrap();
        assert_nothing_is_left(&app).await;
        app.app.clock.advance(HOUR);
        run_due(&app.app).await.unwrap();
        keep_compact(&app.app).await.unwrap();
        assert_nothing_is_left(&app).await;
        // What is encrypted can't be looked for, so it is gone.
        for (table, gone) in [
            ("feedback", "select count(*) from feedback where contact_cipher is not null or identity_cipher is not null or subject_hash is not null"),
            ("handles", "select count(*) from customer_handles"),
            ("names", "select count(*) from customer_names"),
            ("customers", "select count(*) from customers where name_cipher is not null or notes_cipher is not null or times_cipher is not null \
                or value is not null or site_value is not null or preferred_lang is not null or preferred_channel is not null"),
            ("mails", "select count(*) from inbound_mails where raw_cipher is not null or message_id_cipher is not null"),
            ("drafts", "select count(*) from reply_drafts"),
            ("calls", "select count(*) from check_calls"),
            ("hashes", "select count(*) from cases where contact_hashes <> ''"),
            ("files", "select count(*) from attachments"),
        ] {
            assert_eq!(count(&app, gone).await, 0, "{table}");
        }
        assert!(deliveries(&app).await.iter().all(|row| row.destination != "customer" || row.state != "pending"));

        // What is kept, and what the case says.
        let id = case["id"].as_str().unwrap();
        let read = program.get(&format!("/{id}")).await.json();
        assert_eq!((&read["case"]["kind"], &read["case"]["rating"], &read["case"]["outcome"]), (&json!("complaint"), &json!(2), &json!("upheld")));
        assert_eq!((&read["satisfaction"]["score"], &read["case"]["status"]), (&json!(5), &json!("closed")));
        let events = read["events"].as_array().unwrap();
        assert_eq!(events.iter().filter(|event| event["type"] == "case.erased").count(), 1, "{events:?}");
        assert_eq!(cases_of(&program, &customer).await.len(), 2, "they are still one customer's");
        let page = app.client().get(&format!("/t/{code}")).await.body;
        assert!(page.contains("This text was erased."), "{page}");
        let again = app.client().get(&format!("/api/v1/feedback/{code}/receipt")).await.body;
        let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&app.client().get("/.well-known/sayso-keys.json").await.body).unwrap();
        let (before, after) = (Statement::verify(&receipt, &keys).unwrap(), Statement::verify(&again, &keys).unwrap());
        assert!(before == after && after.sha256 == text_hash("My zebrafinch"), "the receipt holds, and can still be had");
        let search = program.get("?q=zebrafinch").await.json();
        assert_eq!(search["cases"], json!([]));

        // Whoever writes again is a new customer.
        let (_, later) = submit(&app, &program, json!({"kind": "praise", "message": "Hello", "contact": {"email": "narwhalname@example.com"}})).await;
        assert_ne!(later["customer"]["id"], json!(customer));
        let log = program.get_at("/api/v1/audit?action=customer.erase").await.json();
        assert_eq!(log["audit"][0]["object"], format!("customer/{customer}"));
        let (done, said) = app.command(&["audit", "verify"]).await;
        assert!(done, "{said}");
    }

    async fn an_erasure_reaches_whom_was_merged_and_cases_that_were(app: TestApp) {
        let program = Program::new(&app).await;
        let contact = |email: &str| json!({"name": email.split('@').next(), "email": email});
        let (_, one) = submit(&app, &program, json!({"kind": "question", "message": "zebrafinch", "contact": contact("a@example.com")})).await;
        let (_, other) = submit(&app, &program, json!({"kind": "question", "message": "wolverine", "contact": contact("narwhalname@example.com")})).await;
        let (code, stays) = submit(&app, &program, json!({"kind": "question", "message": "The other's own", "contact": contact("b@example.com")})).await;
        let id = |case: &Value| case["customer"]["id"].as_str().unwrap().to_owned();
        assert_eq!(program.post(&format!("/{}/merge", one["id"].as_str().unwrap()), &json!({"into": stays["id"]})).await.status, StatusCode::OK);
        assert_eq!(program.post_at(&format!("/api/v1/customers/{}/merge", id(&other)), &json!({"into": id(&one)})).await.status, StatusCode::OK);
        let refused = program.post_at(&format!("/api/v1/customers/{}/erase", id(&other)), &json!({})).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
        assert_eq!(program.post_at(&format!("/api/v1/customers/{}/erase", id(&one)), &json!({})).await.status, StatusCode::OK);
        run_due(&app.app).await.unwrap();
        assert_nothing_is_left(&app).await;
        assert_eq!(program.post_at(&format!("/api/v1/customers/{}/unmerge", id(&other)), &json!({})).await.status, StatusCode::CONFLICT);
        let case = app.client().get(&format!("/t/{code}")).await.body;
        assert!(case.contains("The other&#39;s own"), "what another customer said stays: {case}");
        let merged = program.get_at(&format!("/api/v1/customers/{}", id(&other))).await.json();
        assert!(merged["erased_at"].is_string() && merged["name"].is_null());
    }
}
