//! Discord: a webhook with one embed. Nobody is pinged, since `allowed_mentions` names nothing.

use serde_json::{Value, json};
use url::Url;

use crate::clock::Millis;
use crate::outbox::card::{Card, Fact};
use crate::outbox::delivery::Failure;
use crate::outbox::http::{Answer, Request};
use crate::outbox::inert::{Unit, escape_markdown, fit, inert, inert_line};

const TITLE_MAX: usize = 256;
const NAME_MAX: usize = 256;
const VALUE_MAX: usize = 200;
/// All texts of an embed have 6,000 characters together: this leaves room for the facts.
const WORDS_MAX: usize = 3_000;

/// The message. With `wait` the answer says whether it was posted.
pub fn request(mut url: Url, card: &Card) -> Request {
    if !url.query_pairs().any(|(name, _)| name == "wait") {
        url.query_pairs_mut().append_pair("wait", "true");
    }
    Request::json(url, &body(card))
}

/// What an answer means.
pub fn judge(answer: &Answer) -> Result<(), Failure> {
    let json = answer.json();
    let code = json["code"].as_i64().map(|code| code.to_string()).unwrap_or_default();
    let said = format!("{code} {}", json["message"].as_str().unwrap_or_default());
    match answer.status.as_u16() {
        429 => {
            // In seconds, and parts of them.
            let wait =
                json["retry_after"].as_f64().map(|seconds| (seconds.clamp(0.0, 86_400.0) * 1_000.0).ceil() as Millis);
            Err(answer.busy("rate limited", wait.or(Some(60_000))))
        }
        // The webhook was deleted, or its token is another one.
        401 | 404 => Err(answer.gone(said.trim())),
        400..500 => Err(answer.refused(said.trim())),
        _ => answer.judge(),
    }
}

fn body(card: &Card) -> Value {
    let text = |text: &str, max: usize| fit(text, max, Unit::Chars, escape_markdown);
    let field = |fact: &Fact| json!({"name": text(fact.label, NAME_MAX), "value": text(&inert_line(&fact.value), VALUE_MAX), "inline": true});
    let fields: Vec<Value> = card.facts.iter().map(field).collect();
    let colour = i64::from_str_radix(card.tone.colour().trim_start_matches('#'), 16).unwrap_or_default();
    let words: Vec<String> =
        card.notice.map(str::to_owned).into_iter().chain(card.words.as_deref().map(inert)).collect();
    let mut embed = json!({
        "title": text(&inert_line(&card.title), TITLE_MAX),
        "color": colour,
        "fields": fields,
        "footer": {"text": card.footer},
    });
    let words = words.join("\n\n");
    if !words.is_empty() {
        embed["description"] = text(&words, WORDS_MAX).into();
    }
    if let Some(link) = &card.link {
        embed["url"] = link.url.clone().into();
    }
    json!({"username": "Sayso", "allowed_mentions": {"parse": []}, "embeds": [embed]})
}
