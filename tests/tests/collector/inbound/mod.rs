//! Mail in: what customers and members write finds its case, whatever program wrote it, and what no person wrote is dropped.

mod announced;
mod answers;
mod bombs;
mod cut;
mod desk;
mod imap;
mod letters;
mod quoted;
mod ways;

use reqwest::{Method, StatusCode};
use sayso::cases::Case;
use sayso_tests::{Answer, TestApp};
use serde_json::{Value, json};

pub(crate) use self::imap::messages;

use crate::access::Program;
use crate::outbox::cases::{submit, work};

/// The address of the site.
const CARE: &str = "care@acme.example";

/// A mail of the fixtures, with the addresses and identifiers of a case in their places.
fn fixture(name: &str, values: &[(&str, &str)]) -> Vec<u8> {
    let path = format!("{}/fixtures/mail/{name}.eml", env!("CARGO_MANIFEST_DIR"));
    let mut raw = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    for (key, value) in [("to", CARE), ("in_reply_to", "<none@example.com>"), ("references", "<none@example.com>")] {
        let value = values.iter().find(|(name, _)| *name == key).map_or(value, |(_, value)| *value);
        raw = replaced(&raw, format!("{{{key}}}").as_bytes(), value.as_bytes());
    }
    raw
}

fn replaced(raw: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut done = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        if raw[at..].starts_with(from) {
            done.extend_from_slice(to);
            at += from.len();
        } else {
            done.push(raw[at]);
            at += 1;
        }
    }
    done
}

/// A plain mail.
pub(crate) fn mail(from: &str, to: &str, id: &str, more: &str, text: &str) -> Vec<u8> {
    format!("From: {from}\r\nTo: {to}\r\nSubject: Re: hello\r\nMessage-ID: <{id}@example.com>\r\n{more}\r\n{text}\r\n")
        .into_bytes()
}

/// Posts a mail as a program.
async fn post(app: &TestApp, raw: Vec<u8>, query: &str) -> Answer {
    // A token's name is taken once.
    let program = Program::new_named(app, &sayso::keys::new_id()).await;
    let client = app.client();
    let request = client.request(Method::POST, &format!("/api/v1/mail{query}")).bearer_auth(program.token());
    client.send(request.header("content-type", "message/rfc822").body(raw)).await
}

/// Posts a mail that is taken, and gives its outcome, reason and case.
pub(crate) async fn take(app: &TestApp, raw: Vec<u8>) -> (String, Value, Value) {
    let answer = post(app, raw, "").await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let body = answer.json();
    (body["outcome"].as_str().unwrap().to_owned(), body["reason"].clone(), body["case"].clone())
}

/// A collector whose site takes mail, with a complaint of li@example.com, and the headers of the receipt: where it is answered, and by which
/// identifiers.
async fn with_a_complaint(app: &TestApp) -> (Case, Vec<(&'static str, String)>) {
    app.set_site(&[&format!("mail_address={CARE}")]).await;
    let complaint = json!({"kind": "complaint", "message": "The sofa came broken.", "contact": {"name": "Li Lei", "email": "li@example.com"}});
    let case = submit(app, complaint).await;
    work(app).await;
    let receipt = mails(app).remove(0);
    let headers = vec![
        ("to", receipt.header("Reply-To").trim_matches(['<', '>']).to_owned()),
        ("in_reply_to", receipt.header("Message-ID")),
        ("references", receipt.header("References")),
    ];
    (case, headers)
}

/// The mails that were written to files, oldest first.
pub(crate) fn mails(app: &TestApp) -> Vec<sayso_tests::Mail> {
    let mut paths: Vec<_> =
        std::fs::read_dir(app.data.path().join("mail")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| sayso_tests::Mail::from_file(std::fs::read(path).unwrap())).collect()
}

/// What was said in a case: by whom, and what.
async fn said(app: &TestApp, case_id: &str) -> Vec<(String, String)> {
    let messages = sayso::cases::query::messages(&app.app, case_id).await.unwrap();
    messages.into_iter().map(|message| (message.author, message.body)).collect()
}

fn only<'a>(headers: &'a [(&'static str, String)], names: &[&str]) -> Vec<(&'static str, &'a str)> {
    headers.iter().filter(|(name, _)| names.contains(name)).map(|(name, value)| (*name, value.as_str())).collect()
}
