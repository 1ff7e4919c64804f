//! Slack: an incoming webhook. Everything that is not ours is in `plain_text` objects, where nothing pings and nothing is a link.

use serde_json::{Value, json};
use url::Url;

use crate::clock::SECOND;
use crate::outbox::card::Card;
use crate::outbox::delivery::Failure;
use crate::outbox::http::{Answer, Request};
use crate::outbox::inert::{Unit, fit, inert, inert_line};

/// Characters of a header.
const TITLE_MAX: usize = 150;
/// Characters of a section.
const WORDS_MAX: usize = 2_900;
/// Characters of one of its fields.
const FACT_MAX: usize = 400;
/// Fields of a section.
const FACTS_MAX: usize = 10;

/// The message.
pub fn request(url: Url, card: &Card) -> Request {
    Request::json(url, &body(card))
}

/// What an answer means. Only the body says whether it was taken.
pub fn judge(answer: &Answer) -> Result<(), Failure> {
    let json = answer.json();
    let said = json["error"].as_str().unwrap_or_else(|| answer.head.trim());
    let wait = json["retry_after"].as_i64().map(|seconds| seconds * SECOND);
    match (answer.status.as_u16(), said) {
        (200, "ok") => Ok(()),
        (200, _) if json["ok"] == true || answer.is_bare_success() => Ok(()),
        (_, "rate_limited") | (429, _) => Err(answer.busy("rate limited", wait.or(Some(60 * SECOND)))),
        (
            _,
            "no_service"
            | "no_active_hooks"
            | "no_team"
            | "invalid_token"
            | "channel_is_archived"
            | "channel_not_found",
        ) => Err(answer.gone(said)),
        (200..300, _) => Err(answer.refused(said)),
        _ => answer.judge(),
    }
}

fn body(card: &Card) -> Value {
    let plain = |text: &str, max: usize| json!({"type": "plain_text", "text": fit(text, max, Unit::Chars, escape), "emoji": false});
    let title = inert_line(&card.title);
    let mut blocks = vec![json!({"type": "header", "text": plain(&title, TITLE_MAX)})];
    let fact = |fact: &crate::outbox::card::Fact| {
        plain(&format!("{}{}{}", fact.label, card.colon(), inert_line(&fact.value)), FACT_MAX)
    };
    let facts: Vec<Value> = card.facts.iter().take(FACTS_MAX).map(fact).collect();
    blocks.push(json!({"type": "section", "fields": facts}));
    blocks.extend(card.notice.map(|notice| json!({"type": "section", "text": plain(notice, WORDS_MAX)})));
    // A section without a text is refused.
    let words = card.words.as_deref().map(inert).filter(|words| !words.is_empty());
    blocks.extend(words.map(|words| json!({"type": "section", "text": plain(&words, WORDS_MAX)})));
    blocks.extend(card.link.as_ref().map(|link| {
        let button = json!({"type": "button", "text": plain(link.label, 75), "url": link.url, "action_id": "open"});
        json!({"type": "actions", "elements": [button]})
    }));
    blocks.push(json!({"type": "context", "elements": [plain(&card.footer, FACT_MAX)]}));
    json!({"text": fit(&title, TITLE_MAX, Unit::Chars, escape), "mrkdwn": false, "unfurl_links": false, "unfurl_media": false, "blocks": blocks})
}

/// The three characters that begin something in every text of Slack.
fn escape(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}
