//! Mattermost: an incoming webhook with one attachment.

use serde_json::{Value, json};
use url::Url;

use crate::outbox::card::{Card, Fact};
use crate::outbox::delivery::Failure;
use crate::outbox::http::{Answer, Request};
use crate::outbox::inert::{Unit, escape_markdown, fit, inert, inert_line};

/// A post has 16,383 characters; a longer one becomes several.
const WORDS_MAX: usize = 10_000;
const LINE_MAX: usize = 400;

/// The message.
pub fn request(url: Url, card: &Card) -> Request {
    Request::json(url, &body(card))
}

/// What an answer means.
pub fn judge(answer: &Answer) -> Result<(), Failure> {
    let json = answer.json();
    let said = json["message"].as_str().unwrap_or_default();
    match answer.status.as_u16() {
        // Whatever else answers 200 is some other server, such as a page to sign in at.
        200..300 if matches!(answer.head.trim(), "ok" | "") || json.is_object() => Ok(()),
        200..300 => Err(answer.refused("it is no answer of Mattermost")),
        // Webhooks are switched off on the whole server.
        501 => Err(answer.refused(said)),
        404 => Err(answer.gone(said)),
        400..429 => Err(answer.refused(said)),
        _ => answer.judge(),
    }
}

fn body(card: &Card) -> Value {
    let text = |text: &str, max: usize| fit(text, max, Unit::Chars, escape_markdown);
    let title = text(&inert_line(&card.title), LINE_MAX);
    let field =
        |fact: &Fact| json!({"title": fact.label, "value": text(&inert_line(&fact.value), LINE_MAX), "short": true});
    let fields: Vec<Value> = card.facts.iter().map(field).collect();
    let words: Vec<String> =
        card.notice.map(str::to_owned).into_iter().chain(card.words.as_deref().map(inert)).collect();
    let mut attachment = json!({
        "fallback": title,
        "color": card.tone.colour(),
        "title": title,
        "text": text(&words.join("\n\n"), WORDS_MAX),
        "fields": fields,
        "footer": card.footer,
    });
    if let Some(link) = &card.link {
        attachment["title_link"] = link.url.clone().into();
    }
    json!({"username": "Sayso", "attachments": [attachment]})
}
