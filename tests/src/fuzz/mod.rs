//! What strangers may send, as targets for fuzzing: whatever the bytes are, nothing panics, what is accepted holds its promises, and what
//! is refused is refused in few words.
//!
//! `cargo xtask test fuzz` drives them with libFuzzer; every run of the tests sends them the seeds in `tests/seeds`.

mod access;
mod files;
mod mail;

use std::path::PathBuf;

use sayso::clock::{parse_rfc3339, rfc3339};
use sayso::sites::{Origin, SiteKey};
use sayso_shared::contact::{one_line, phone_number};
use sayso_shared::feedback::{Feedback, FeedbackRules};
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::MESSAGE_MAX;
use sayso_shared::locale::Locale;
use sayso_shared::masking::{Masking, mask};
use sayso_shared::page_url::without_secrets;
use sayso_shared::problem::FieldError;
use sayso_shared::reply::{Reply, Satisfaction};
use sayso_shared::{EmailAddress, Kind, TrackingCode};
use serde_json::Value;

/// No answer names more errors than this, so that it stays small.
const ERRORS_MAX: usize = 60;

/// Something that takes bytes of strangers.
#[derive(Debug)]
pub struct Target {
    /// The name of the target and of the folder with its seeds.
    pub name: &'static str,
    /// Takes the bytes, and panics if anything is not as it should be.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "feedback", run: feedback },
    Target { name: "reply", run: reply },
    Target { name: "satisfaction", run: satisfaction },
    Target { name: "code", run: code },
    Target { name: "words", run: words },
    Target { name: "multipart", run: files::multipart },
    Target { name: "file", run: files::file },
    Target { name: "identity", run: access::identity },
    Target { name: "id_token", run: access::id_token },
    Target { name: "import", run: access::import },
    Target { name: "mail", run: mail::inbound },
];

impl Target {
    /// The target with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// The folder with its seeds.
    pub fn seeds(&self) -> PathBuf {
        let folder = match self.name {
            // Mails are the fixtures of the tests of mail.
            "mail" => "fixtures",
            _ => "seeds",
        };
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder).join(self.name)
    }
}

/// The body of a submission, as the public API reads it.
fn feedback(bytes: &[u8]) {
    let Some(value) = json(bytes) else { return };
    let rules = FeedbackRules {
        kinds: Kind::ALL.to_vec(),
        categories: vec![("delivery".into(), Some(Kind::Complaint)), ("other".into(), None)],
        required: Vec::new(),
        consent_required: false,
    };
    match Feedback::parse(value, &rules) {
        Err(refused) => in_few_words(&refused.errors),
        Ok(feedback) => {
            let message = feedback.message();
            assert!((1..=MESSAGE_MAX).contains(&message.chars().count()) && message.trim() == message);
            let said = serde_json::to_value(&feedback).expect("it is plain data");
            assert!(!said.to_string().contains("\\u0000"), "no column takes NUL");
            // What is stored is what a repeat is compared with: reading it again changes nothing.
            let again = Feedback::parse(said.clone(), &rules).expect("what was accepted is acceptable");
            assert_eq!(serde_json::to_value(&again).expect("it is plain data"), said);
        }
    }
}

/// The body of a customer's message.
fn reply(bytes: &[u8]) {
    let Some(value) = json(bytes) else { return };
    match Reply::parse(value) {
        Err(errors) => in_few_words(&errors),
        Ok(reply) => {
            let again = Reply::parse(serde_json::to_value(&reply).expect("it is plain data"));
            assert_eq!(again.expect("what was accepted is acceptable"), reply);
        }
    }
}

/// The body of a customer's rating.
fn satisfaction(bytes: &[u8]) {
    let Some(value) = json(bytes) else { return };
    match Satisfaction::parse(value) {
        Err(errors) => in_few_words(&errors),
        Ok(rating) => {
            assert!((1..=5).contains(&rating.score()));
            let again = Satisfaction::parse(serde_json::to_value(&rating).expect("it is plain data"));
            assert_eq!(again.expect("what was accepted is acceptable"), rating);
        }
    }
}

/// A tracking code, as people type it.
fn code(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(code) = TrackingCode::parse(text) else { return };
    assert_eq!(code.symbols().len(), 13);
    let canonical = code.to_string();
    assert_eq!(TrackingCode::parse(&canonical).expect("the canonical form is a code").to_string(), canonical);
}

/// The small things in headers and fields.
fn words(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = IdempotencyKey::parse(text) {
        assert_eq!(IdempotencyKey::parse(key.as_str()).expect("the canonical form is a key"), key);
    }
    if let Some(locale) = Locale::parse(text) {
        assert!(locale.as_str().is_ascii());
        let _any = locale.lang();
    }
    if let Some(time) = parse_rfc3339(text) {
        assert_eq!(parse_rfc3339(&rfc3339(time)), Some(time), "{text}");
    }
    if let Ok(address) = EmailAddress::parse(text) {
        assert!(address.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "nothing that could be a header");
        assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
    }
    for read in [one_line, phone_number] {
        if let Ok(canonical) = read(text) {
            assert_eq!(read(&canonical), Ok(canonical.clone()));
        }
    }
    let kept = without_secrets(text);
    assert_eq!(without_secrets(&kept), kept);
    if let Ok(origin) = Origin::parse(text) {
        assert_eq!(origin.matches("null"), origin.as_str() == "file://");
        assert_eq!(Origin::parse(origin.as_str()).expect("it is canonical"), origin);
    }
    if let Ok(key) = SiteKey::parse(text) {
        assert_eq!(key.as_str(), text);
    }
    for masking in [Masking::Cards, Masking::Everything] {
        let masked = mask(text.to_owned(), masking);
        assert!(masked.chars().count() <= text.chars().count());
        assert_eq!(mask(masked.clone(), masking), masked, "what is masked stays as it is");
    }
}

/// A document as the collector reads it: UTF-8, then JSON.
fn json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_str(std::str::from_utf8(bytes).ok()?).ok()
}

fn in_few_words(errors: &[FieldError]) {
    assert!((1..=ERRORS_MAX).contains(&errors.len()), "{} errors", errors.len());
    for error in errors {
        assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{}", error.pointer);
        assert!(!error.code.is_empty() && !error.detail.is_empty());
        assert!(error.pointer.len() + error.detail.len() < 1_000, "a name that somebody made up is cut");
    }
}
