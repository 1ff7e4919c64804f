//! What a custom bot of Feishu takes: signed messages of its first form of cards, or plain text.

use sayso::clock::{Millis, SECOND};
use serde_json::Value;

use super::{Refusal, SIGNED_WITHIN, TOKEN, hmac, link, list, text};
use crate::Received;

/// The most that a message may have.
const BYTES_MAX: usize = 20 * 1_024;
/// The colours that a heading may have.
const TEMPLATES: [&str; 13] = [
    "blue",
    "wathet",
    "turquoise",
    "green",
    "yellow",
    "orange",
    "red",
    "carmine",
    "violet",
    "purple",
    "indigo",
    "grey",
    "default",
];

/// Where the bot is.
pub(super) fn path() -> String {
    format!("/open-apis/bot/v2/hook/{TOKEN}")
}

/// Gives the message, or why it is refused.
pub(super) fn judge(posted: &Received, secret: &str, now: Millis) -> Result<Value, Refusal> {
    let refuse = |code: i64, words: &str| Err((code, words.to_owned()));
    if posted.target != path() {
        return refuse(19001, "param invalid: incoming webhook access token invalid");
    }
    let is_json = posted.header("content-type").starts_with("application/json");
    if posted.method != "POST" || !is_json || posted.body.len() > BYTES_MAX {
        return refuse(9499, "Bad Request");
    }
    let Ok(message) = serde_json::from_slice::<Value>(&posted.body) else { return refuse(9499, "Bad Request") };
    // The time is in seconds, and a text.
    let timestamp = message["timestamp"].as_str().unwrap_or_default();
    let is_recent = timestamp.parse().is_ok_and(|at: i64| (now - at * SECOND).abs() <= SIGNED_WITHIN);
    // What is signed with is the time and the secret, and nothing is signed.
    if !is_recent || message["sign"] != hmac(&format!("{timestamp}\n{secret}"), "") {
        return refuse(19021, "sign match fail or timestamp is not within one hour from current time");
    }
    match message["msg_type"].as_str() {
        Some("interactive") => {
            check_card(&message["card"]).map_err(|why| (230_099, format!("Failed to create card content: {why}")))?
        }
        Some("text") => drop(text(&message["content"], "text").map_err(|why| (19002, format!("params error, {why}")))?),
        _ => return refuse(19002, "params error, msg_type need"),
    }
    Ok(message)
}

fn check_card(card: &Value) -> Result<(), String> {
    let header = &card["header"];
    check_text(&header["title"], &["plain_text"])?;
    if header["template"].as_str().is_some_and(|template| !TEMPLATES.contains(&template)) {
        return Err(format!("unknown template {}", header["template"]));
    }
    if !card["config"].is_null() && !card["config"]["wide_screen_mode"].is_boolean() {
        return Err("config.wide_screen_mode is no boolean".to_owned());
    }
    list(card, "elements")?.iter().try_for_each(check_element)
}

fn check_element(element: &Value) -> Result<(), String> {
    match text(element, "tag")? {
        "div" if element["text"].is_null() => list(element, "fields")?.iter().try_for_each(|field| {
            if !field["is_short"].is_boolean() {
                return Err(format!("is_short is missing in {field}"));
            }
            check_text(&field["text"], &["plain_text", "lark_md"])
        }),
        "div" => check_text(&element["text"], &["plain_text", "lark_md"]),
        "note" => list(element, "elements")?.iter().try_for_each(|part| check_text(part, &["plain_text", "lark_md"])),
        "action" => list(element, "actions")?.iter().try_for_each(|button| {
            let is_known = |kind: &str| matches!(kind, "default" | "primary" | "danger");
            if text(button, "tag")? != "button" || !is_known(text(button, "type")?) {
                return Err(format!("unknown action {button}"));
            }
            link(button, "url")?;
            check_text(&button["text"], &["plain_text", "lark_md"])
        }),
        "markdown" => text(element, "content").map(drop),
        "hr" => Ok(()),
        tag => Err(format!("unknown element {tag}")),
    }
}

fn check_text(element: &Value, tags: &[&str]) -> Result<(), String> {
    let tag = text(element, "tag")?;
    if !tags.contains(&tag) {
        return Err(format!("{tag} can not be here: {element}"));
    }
    text(element, "content").map(drop)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};
    use serde_json::json;

    use super::*;

    const NOW: Millis = 1_700_000_000_000;
    /// That of [`NOW`] and `sayso-feishu-secret`, computed elsewhere.
    const SIGN: &str = "NRb0IuaXmW1eTiBuxkQFhJxdHNLFoy5viDqX9zxbTH0=";

    fn card() -> Value {
        let plain = json!({"tag": "plain_text", "content": "新投诉"});
        let button = json!({"tag": "button", "type": "primary", "text": plain, "url": "https://acme.example/staff"});
        json!({
            "config": {"wide_screen_mode": true},
            "header": {"template": "red", "title": plain},
            "elements": [
                {"tag": "div", "fields": [{"is_short": true, "text": plain}]},
                {"tag": "div", "text": plain},
                {"tag": "action", "actions": [button]},
                {"tag": "note", "elements": [plain]},
            ],
        })
    }

    fn code(body: Value) -> i64 {
        let headers = HeaderMap::from_iter([(
            "content-type".parse().expect("a name"),
            "application/json".parse().expect("a value"),
        )]);
        let posted = Received { method: Method::POST, target: path(), headers, body: body.to_string().into() };
        judge(&posted, "sayso-feishu-secret", NOW + SIGNED_WITHIN).err().map_or(0, |(code, _)| code)
    }

    #[test]
    fn only_who_knows_the_secret_is_heard_and_only_for_an_hour() {
        let message = |timestamp: Value, sign: &str| json!({"timestamp": timestamp, "sign": sign, "msg_type": "interactive", "card": card()});
        assert_eq!(code(message("1700000000".into(), SIGN)), 0);
        assert_eq!(code(message(1_700_000_000.into(), SIGN)), 19021, "the time is a text");
        assert_eq!(code(message("1699999999".into(), SIGN)), 19021, "of another time");
        // By the formula of another vendor.
        assert_eq!(code(message("1700000000".into(), "HYzDRj3C7xQAgVGewzO5yKh4/tyNw1XmqtkTnCx1j+Q=")), 19021);
        let old = hmac("1699999999\nsayso-feishu-secret", "");
        assert_eq!(code(message("1699999999".into(), &old)), 19021, "more than an hour ago");
    }

    #[test]
    fn a_card_has_what_it_must_have() {
        let of = |card: Value| {
            code(json!({"timestamp": "1700000000", "sign": SIGN, "msg_type": "interactive", "card": card}))
        };
        for (place, other) in [
            ("/header/title", Value::Null),
            ("/header/title/tag", "lark_md".into()),
            ("/header/template", "crimson".into()),
            ("/config/wide_screen_mode", "yes".into()),
            ("/elements", json!([])),
            ("/elements/0/fields/0/is_short", Value::Null),
            ("/elements/0/tag", "paragraph".into()),
            ("/elements/1/text/content", "".into()),
            ("/elements/2/actions/0/url", "/staff".into()),
            ("/elements/2/actions/0/type", "loud".into()),
            ("/elements/3/elements", Value::Null),
        ] {
            let mut card = card();
            *card.pointer_mut(place).expect("it is there") = other;
            assert_eq!(of(card), 230_099, "{place}");
        }
        let mut long = card();
        long["elements"][1]["text"]["content"] = "长".repeat(BYTES_MAX / 3).into();
        assert_eq!(of(long), 9499);
        // Where other interfaces take a card, it is a text.
        assert_ne!(of(card().to_string().into()), 0);
    }
}
