#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn rules() -> FeedbackRules {
    FeedbackRules {
        kinds: Kind::ALL.to_vec(),
        categories: vec![("delivery".into(), Some(Kind::Complaint)), ("other".into(), None)],
        required: vec![],
        consent_required: false,
    }
}

fn errors(value: Value) -> Vec<(String, String)> {
    let errors = Feedback::parse(value, &rules()).unwrap_err().errors;
    errors.into_iter().map(|e| (e.pointer, e.code)).collect()
}

fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.into(), code.into())]
}

#[test]
fn reads_everything() {
    let feedback = Feedback::parse(json!({
        "kind": "complaint", "message": " 送货迟到了三天 ", "category": "delivery", "rating": 2, "desired_outcome": "退运费",
        "reference": "A-1", "contact": {"name": "李雷", "email": "li@example.com", "phone": "+86 138 0013 8000"},
        "consent": true, "locale": "zh-CN", "page": {"url": "https://shop.example/", "title": "店", "referrer": ""},
        "context": {"cart": [1, 2]}, "composed_at": "2026-11-22T10:00:00Z", "keep_unmasked": false, "proof": "p"
    }), &rules()).unwrap();
    assert_eq!(feedback.message(), "送货迟到了三天");
    assert_eq!(feedback.contact().and_then(Contact::email), Some("li@example.com"));
    assert_eq!(feedback.page().and_then(Page::referrer), None);
}

#[test]
fn a_whole_number_may_have_a_point() {
    let feedback = Feedback::parse(json!({"kind": "praise", "message": "x", "rating": 5.0}), &rules()).unwrap();
    assert_eq!(feedback.rating(), Some(5));
    for wrong in [json!(4.5), json!(6.0), json!(-1.0), json!(1e300), json!("5")] {
        let errors = errors(json!({"kind": "praise", "message": "x", "rating": wrong}));
        assert_eq!(errors, one("/rating", "invalid"), "{wrong}");
    }
}

#[test]
fn a_category_is_required_where_there_is_one_to_choose() {
    let of = |categories: Vec<(String, Option<Kind>)>| {
        let rules = FeedbackRules { categories, required: vec!["category".into()], ..rules() };
        ["complaint", "question"].map(|kind| Feedback::parse(json!({"kind": kind, "message": "x"}), &rules).is_ok())
    };
    assert_eq!(of(vec![("delivery".into(), Some(Kind::Complaint))]), [false, true]);
    assert_eq!(of(vec![("other".into(), None)]), [false, false]);
}

#[test]
fn an_answer_stays_small_whatever_was_sent() {
    let mut body: serde_json::Map<String, Value> = (0..30_000).map(|n| (n.to_string(), json!(1))).collect();
    body.insert("contact".into(), Value::Object(body.clone()));
    let errors = errors(Value::Object(body));
    assert!(errors.contains(&("/kind".into(), "required".into())) && errors.len() < 30, "{} errors", errors.len());
}

#[test]
fn names_each_wrong_field() {
    assert_eq!(errors(json!([])).first(), one("", "invalid").first());
    assert_eq!(errors(json!({"kind": "complaint"})), one("/message", "required"));
    assert_eq!(errors(json!({"kind": "rant", "message": "x"})), one("/kind", "invalid"));
    assert_eq!(errors(json!({"kind": "praise", "message": 5})), one("/message", "invalid"));
    assert_eq!(errors(json!({"kind": "praise", "message": "a\0b"})), one("/message", "invalid"));
    assert_eq!(errors(json!({"kind": "praise", "message": "x", "mesage": 1})), one("/mesage", "unknown_field"));
    assert_eq!(
        errors(json!({"kind": "praise", "message": "x", "contact": {"emial": "a@b.cd"}})),
        one("/contact/emial", "unknown_field")
    );
    assert_eq!(
        errors(json!({"kind": "praise", "message": "x", "contact": {"email": "nobody"}})),
        one("/contact/email", "invalid")
    );
    assert_eq!(errors(json!({"kind": "praise", "message": "x", "category": "delivery"})), one("/category", "invalid"));
    assert_eq!(errors(json!({"kind": "praise", "message": "x", "rating": 6})), one("/rating", "invalid"));
    assert_eq!(errors(json!({"kind": "praise", "message": "x", "context": "c"})), one("/context", "invalid"));
    assert_eq!(
        errors(json!({"kind": "praise", "message": "x", "context": {"c": "x".repeat(4096)}})),
        one("/context", "too_long")
    );
    assert_eq!(errors(json!({"kind": "praise", "message": "x", "locale": "zh_CN!"})), one("/locale", "invalid"));
    assert_eq!(
        errors(json!({"kind": "praise", "message": "x", "attachments": ["", "", "", "", "", ""]})),
        one("/attachments", "too_long")
    );
}

#[test]
fn a_category_may_go_with_several_kinds() {
    let of = |kind| ("delivery".to_owned(), Some(kind));
    let rules = FeedbackRules { categories: vec![of(Kind::Complaint), of(Kind::Question)], ..rules() };
    let goes =
        |kind: &str| Feedback::parse(json!({"kind": kind, "message": "x", "category": "delivery"}), &rules).is_ok();
    assert_eq!(["complaint", "question", "praise"].map(goes), [true, true, false]);
}

#[test]
fn holds_the_rules_of_the_site() {
    let strict = FeedbackRules { required: vec!["contact".into()], consent_required: true, ..rules() };
    let refused =
        Feedback::parse(json!({"kind": "praise", "message": "x", "contact": {"name": " "}}), &strict).unwrap_err();
    assert!(refused.feedback.is_some(), "only the rules refuse it");
    let pointers: Vec<_> = refused.errors.iter().map(|e| (e.pointer.as_str(), e.code.as_str())).collect();
    assert_eq!(pointers, [("/contact", "required"), ("/consent", "required")]);
    let malformed =
        Feedback::parse(json!({"kind": "praise", "message": "x", "consent": true, "contact": {"email": "x"}}), &strict)
            .unwrap_err();
    assert!(malformed.feedback.is_none(), "no rules would make it right");
    assert_eq!(malformed.errors.len(), 1, "a wrong address is not also a missing contact: {malformed:?}");
}

#[test]
fn equality_leaves_proof_and_identity_out() {
    let with = |proof: &str| {
        Feedback::parse(json!({"kind": "praise", "message": "x", "proof": proof, "identity": proof}), &rules()).unwrap()
    };
    assert_eq!(serde_json::to_string(&with("a")).unwrap(), serde_json::to_string(&with("b")).unwrap());
}

#[test]
fn what_is_absent_is_left_out_so_that_a_later_field_changes_no_hash() {
    let least = json!({"kind": "praise", "message": "x"});
    let parsed = Feedback::parse(least.clone(), &rules()).unwrap();
    assert_eq!(serde_json::to_value(&parsed).unwrap(), least);
    let nothing = json!({"kind": "praise", "message": "x", "rating": null, "attachments": [], "keep_unmasked": false, "page": {}});
    let parsed = Feedback::parse(nothing, &rules()).unwrap();
    let page = serde_json::to_value(&parsed).unwrap()["page"].clone();
    assert!(page.is_null() || page == json!({}), "{page}");
}

proptest! {
    #[test]
    fn keeps_the_message_as_typed(message in "[^0-9\0]{1,200}") {
        prop_assume!(!message.trim().is_empty());
        let feedback = Feedback::parse(json!({"kind": "question", "message": message.as_str()}), &rules()).unwrap();
        prop_assert_eq!(feedback.message(), message.trim());
    }

    #[test]
    fn accepts_a_message_exactly_up_to_its_limit(over in 0usize..3) {
        let message = "你".repeat(MESSAGE_MAX - 1 + over);
        let parsed = Feedback::parse(json!({"kind": "question", "message": message}), &rules());
        prop_assert_eq!(parsed.is_ok(), over < 2);
    }
}
