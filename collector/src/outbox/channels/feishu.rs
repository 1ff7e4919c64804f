//! Feishu and Lark (飞书): a custom bot of a group. Everything is in `plain_text` elements, where nothing pings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use crate::clock::{Millis, SECOND};
use crate::outbox::card::{Card, Fact, Tone};
use crate::outbox::delivery::Failure;
use crate::outbox::http::{Answer, Request};
use crate::outbox::inert::{Unit, as_it_is, fit, inert, inert_line};

/// A message has 20 KB at most.
const WORDS_MAX: usize = 10_000;
const LINE_MAX: usize = 400;

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As a card.
    Card,
    /// As plain text, if the card could not be made.
    Text,
}

/// The message, signed at the time `now` if there is a secret.
pub fn request(url: Url, secret: Option<&str>, card: &Card, form: Form, now: Millis) -> Request {
    let mut body = match form {
        Form::Card => json!({"msg_type": "interactive", "card": card_of(card)}),
        Form::Text => json!({"msg_type": "text", "content": {"text": plain_text(card)}}),
    };
    if let Some(secret) = secret {
        let timestamp = now / SECOND;
        body["timestamp"] = timestamp.to_string().into();
        body["sign"] = sign(secret, timestamp).into();
    }
    Request::json(url, &body)
}

/// What an answer means. A refusal comes with status 200 and a code.
pub fn judge(answer: &Answer) -> Result<(), Failure> {
    let json = answer.json();
    let code = json["code"].as_i64().or_else(|| json["StatusCode"].as_i64());
    let message = json["msg"].as_str().or_else(|| json["StatusMessage"].as_str()).unwrap_or_default();
    let Some(code) = code else {
        answer.judge()?;
        return if answer.is_bare_success() { Ok(()) } else { Err(answer.busy("it is no answer of Feishu", None)) };
    };
    let said = format!("{code} {message}");
    match code {
        0 if answer.status.is_success() => Ok(()),
        11232 => Err(answer.busy(&said, Some(60 * SECOND))),
        9499 if message.contains("frequency") => Err(answer.busy(&said, Some(60 * SECOND))),
        19001 => Err(answer.gone(&said)),
        9499 | 19002 | 19007 | 19021 | 19022 | 19024 | 230_099 => Err(answer.refused(&said)),
        _ if answer.status == 429 => Err(answer.busy(&said, Some(60 * SECOND))),
        _ => Err(answer.busy(&said, None)),
    }
}

/// Whether a card could not be made of what was sent, so that plain text may do.
pub fn wants_text(answer: &Answer) -> bool {
    matches!(answer.json()["code"].as_i64(), Some(230_099 | 19002))
}

/// The text to sign is the key, and what is signed is empty.
fn sign(secret: &str, timestamp: i64) -> String {
    let key = format!("{timestamp}\n{secret}");
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key may have any length");
    STANDARD.encode(mac.finalize().into_bytes())
}

/// All of a card, in which only our own link is one.
fn plain_text(card: &Card) -> String {
    let fact = |fact: &Fact| Fact { label: fact.label, value: inert_line(&fact.value) };
    let words = card.words.as_deref().map(|words| fit(&inert(words), WORDS_MAX, Unit::Json, as_it_is));
    Card { facts: card.facts.iter().map(fact).collect(), words, ..card.clone() }.text()
}

fn card_of(card: &Card) -> Value {
    let plain = |text: &str, max: usize| json!({"tag": "plain_text", "content": fit(text, max, Unit::Json, as_it_is)});
    let template = match card.tone {
        Tone::Bad => "red",
        Tone::Warning => "orange",
        Tone::Good => "green",
        Tone::Neutral => "blue",
    };
    let field = |fact: &Fact| {
        let text = format!("{}{}{}", fact.label, card.colon(), inert_line(&fact.value));
        json!({"is_short": true, "text": plain(&text, LINE_MAX)})
    };
    let fields: Vec<Value> = card.facts.iter().map(field).collect();
    let mut elements = vec![json!({"tag": "div", "fields": fields})];
    elements.extend(card.notice.map(|notice| json!({"tag": "div", "text": plain(notice, LINE_MAX)})));
    let words = card.words.as_deref().map(inert).filter(|words| !words.is_empty());
    elements.extend(words.map(|words| json!({"tag": "div", "text": plain(&words, WORDS_MAX)})));
    elements.extend(card.link.as_ref().map(|link| {
        let button = json!({"tag": "button", "type": "primary", "text": plain(link.label, LINE_MAX), "url": link.url});
        json!({"tag": "action", "actions": [button]})
    }));
    elements.push(json!({"tag": "note", "elements": [plain(&card.footer, LINE_MAX)]}));
    json!({
        "config": {"wide_screen_mode": true},
        "header": {"template": template, "title": plain(&inert_line(&card.title), LINE_MAX)},
        "elements": elements,
    })
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn the_signature_is_that_of_the_vendor() {
        assert_eq!(sign("demo", 1_599_360_473), "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=");
        assert_eq!(sign("sayso-feishu-secret", 1_700_000_000), "NRb0IuaXmW1eTiBuxkQFhJxdHNLFoy5viDqX9zxbTH0=");
        assert_eq!(sign("密钥", 1_767_225_600), "6kFZ2G/kfKUiK/9tk3xN/qIp1za1HUKhqiUCHN9jw20=");
    }
}
