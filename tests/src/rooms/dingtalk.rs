//! What a custom robot of DingTalk takes: signed messages of three types.

use sayso::clock::Millis;
use serde_json::Value;

use super::{Refusal, SIGNED_WITHIN, TOKEN, hmac, link, list, text};
use crate::Received;

/// The path of every robot.
pub(super) const PATH: &str = "/robot/send";
/// The most that a message may have.
const BYTES_MAX: usize = 20_000;

/// Gives the message, or why it is refused.
pub(super) fn judge(posted: &Received, secret: &str, now: Millis) -> Result<Value, Refusal> {
    let refuse = |code: i64, words: &str| Err((code, words.to_owned()));
    let (path, query) = posted.target.split_once('?').unwrap_or((&posted.target, ""));
    let said = |name: &str| {
        // Decoded once: what was encoded twice is another signature.
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    if path != PATH || said("access_token") != TOKEN {
        return refuse(300_005, "token is not exist");
    }
    if posted.method != "POST" {
        return refuse(43_002, "require POST method");
    }
    if !posted.header("content-type").starts_with("application/json") {
        return refuse(43_004, "invalid content type");
    }
    // The time is in milliseconds.
    let timestamp = said("timestamp");
    if !timestamp.parse().is_ok_and(|at: Millis| (now - at).abs() <= SIGNED_WITHIN) {
        return refuse(310_000, "invalid timestamp");
    }
    if said("sign") != hmac(secret, &format!("{timestamp}\n{secret}")) {
        return refuse(310_000, "sign not match");
    }
    if posted.body.len() > BYTES_MAX {
        return refuse(460_101, "message too long, exceed 20000 bytes");
    }
    let Ok(message) = serde_json::from_slice::<Value>(&posted.body) else { return refuse(40_035, "invalid json") };
    match check(&message) {
        Ok(true) => Ok(message),
        Ok(false) => refuse(400_105, "unsupported msgtype"),
        Err(why) => Err((40_035, format!("missing parameter: {why}"))),
    }
}

/// Whether the type of a message is known; what is missing in one of a known type.
fn check(message: &Value) -> Result<bool, String> {
    match text(message, "msgtype")? {
        "text" => drop(text(&message["text"], "content")?),
        "markdown" => {
            text(&message["markdown"], "title")?;
            text(&message["markdown"], "text")?;
        }
        "actionCard" => check_card(&message["actionCard"])?,
        _ => return Ok(false),
    }
    check_at(&message["at"])?;
    Ok(true)
}

fn check_card(card: &Value) -> Result<(), String> {
    text(card, "title")?;
    text(card, "text")?;
    if !card["btnOrientation"].is_null() && !matches!(card["btnOrientation"].as_str(), Some("0" | "1")) {
        return Err("btnOrientation is neither \"0\" nor \"1\"".to_owned());
    }
    if card["btns"].is_null() {
        text(card, "singleTitle")?;
        return link(card, "singleURL").map(drop);
    }
    list(card, "btns")?.iter().try_for_each(|button| {
        text(button, "title")?;
        link(button, "actionURL").map(drop)
    })
}

/// Whom a message calls.
fn check_at(at: &Value) -> Result<(), String> {
    let are_texts = |list: &Value| list.as_array().is_none_or(|list| list.iter().all(Value::is_string));
    let is_right = (at["isAtAll"].is_null() || at["isAtAll"].is_boolean())
        && are_texts(&at["atMobiles"])
        && are_texts(&at["atUserIds"]);
    is_right.then_some(()).ok_or_else(|| format!("at is not right: {at}"))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};
    use serde_json::json;

    use super::*;

    const NOW: Millis = 1_700_000_000_001;
    /// That of [`NOW`] and `sayso-dingtalk-secret`, computed elsewhere, as it is in a query.
    const SIGN: &str = "IDQADRP1AIF5700jEeNEfO1lP6R9u4NPDcw%2FVI7YfWs%3D";

    fn message() -> Value {
        json!({
            "msgtype": "actionCard",
            "actionCard": {"title": "已升级", "text": "### 已升级", "btnOrientation": "0", "singleTitle": "打开", "singleURL": "https://acme.example/staff"},
            "at": {"isAtAll": false, "atMobiles": [], "atUserIds": []},
        })
    }

    fn code(query: &str, body: &Value) -> i64 {
        let headers = HeaderMap::from_iter([(
            "content-type".parse().expect("a name"),
            "application/json".parse().expect("a value"),
        )]);
        let target = format!("{PATH}?{query}");
        let posted = Received { method: Method::POST, target, headers, body: body.to_string().into() };
        judge(&posted, "sayso-dingtalk-secret", NOW + SIGNED_WITHIN).err().map_or(0, |(code, _)| code)
    }

    #[test]
    fn only_who_knows_the_secret_is_heard_and_only_for_an_hour() {
        let signed = |timestamp: &str, sign: &str| {
            code(&format!("access_token={TOKEN}&timestamp={timestamp}&sign={sign}"), &message())
        };
        assert_eq!(signed("1700000000001", SIGN), 0);
        assert_eq!(signed("1700000000001", &SIGN.replace('%', "%25")), 310_000, "encoded twice");
        assert_eq!(signed("1700000000002", SIGN), 310_000, "of another time");
        let old = hmac("sayso-dingtalk-secret", "1700000000000\nsayso-dingtalk-secret").replace('+', "%2B");
        assert_eq!(signed("1700000000000", &old), 310_000, "more than an hour ago");
        assert_eq!(code(&format!("timestamp=1700000000001&sign={SIGN}"), &message()), 300_005);
        assert_eq!(code(&format!("access_token={TOKEN}"), &message()), 310_000);
    }

    #[test]
    fn a_card_has_what_it_must_have() {
        let of = |message: &Value| code(&format!("access_token={TOKEN}&timestamp=1700000000001&sign={SIGN}"), message);
        for (place, other, refusal) in [
            ("/msgtype", Value::Null, 40_035),
            ("/msgtype", "interactive".into(), 400_105),
            ("/actionCard/title", Value::Null, 40_035),
            ("/actionCard/text", "".into(), 40_035),
            ("/actionCard/singleURL", "/staff".into(), 40_035),
            ("/actionCard/btnOrientation", 0.into(), 40_035),
            ("/at/isAtAll", "no".into(), 40_035),
            ("/at/atMobiles", json!([13_800_000_000_i64]), 40_035),
            ("/actionCard/text", "长".repeat(BYTES_MAX / 3).into(), 460_101),
        ] {
            let mut message = message();
            *message.pointer_mut(place).expect("it is there") = other;
            assert_eq!(of(&message), refusal, "{place}");
        }
    }
}
