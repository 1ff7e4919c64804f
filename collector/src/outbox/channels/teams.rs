//! Microsoft Teams: a workflow that posts an adaptive card. What is not ours is in `RichTextBlock`, which knows no Markdown.

use serde_json::{Value, json};
use url::Url;

use crate::clock::SECOND;
use crate::outbox::card::{Card, Fact, Tone};
use crate::outbox::delivery::Failure;
use crate::outbox::http::{Answer, Request};
use crate::outbox::inert::{Unit, as_it_is, fit, inert, inert_line};
use crate::sites::targets::Payload;

/// A message may have some 28 KB, of which some count twice.
const WORDS_MAX: usize = 10_000;
const LINE_MAX: usize = 400;

/// The message, or the card alone where the workflow takes that.
pub fn request(url: Url, card: &Card, payload: Payload) -> Request {
    let content = content(card);
    let body = match payload {
        Payload::Card => content,
        Payload::Message => json!({"type": "message", "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": content,
        }]}),
    };
    Request::json(url, &body)
}

/// What an answer means. 202 says that the workflow was started, and not that its card arrived.
pub fn judge(answer: &Answer) -> Result<(), Failure> {
    let said = answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned();
    // The way of the retired connectors, which proxies before them still have.
    let inner = answer.head.split_once("HTTP error ").map(|(_, rest)| rest.chars().take(3).collect::<String>());
    match (answer.status.as_u16(), said.as_str(), inner.as_deref()) {
        (200..300, _, Some("429")) => Err(answer.busy("HTTP error 429", Some(60 * SECOND))),
        (200..300, _, Some(code)) if code.starts_with('5') => Err(answer.busy(&format!("HTTP error {code}"), None)),
        (200..300, _, Some(code)) => Err(answer.refused(&format!("HTTP error {code}"))),
        // It was switched off, or is gone.
        (_, "WorkflowTriggerIsNotEnabled" | "WorkflowNotFound", _) => Err(answer.gone(&said)),
        (400..500, code, _) if !code.is_empty() && answer.status != 429 => Err(answer.refused(code)),
        _ => answer.judge(),
    }
}

fn content(card: &Card) -> Value {
    let text = |text: &str, max: usize| fit(text, max, Unit::Json, as_it_is);
    let run = |words: &str, max: usize| json!({"type": "TextRun", "text": text(words, max)});
    // A ground, since Teams' own yellow and green can't be read as letters on white.
    let style = match card.tone {
        Tone::Bad => "attention",
        Tone::Warning => "warning",
        Tone::Good => "good",
        Tone::Neutral => "emphasis",
    };
    let mut title = run(&inert_line(&card.title), LINE_MAX);
    title["weight"] = "Bolder".into();
    // "Medium" is the size of the text there.
    title["size"] = "Large".into();
    let heading = json!({"type": "RichTextBlock", "inlines": [title]});
    let mut blocks = vec![json!({"type": "Container", "style": style, "bleed": true, "items": [heading]})];
    let line = |fact: &Fact| {
        let mut label = run(&format!("{}{}", fact.label, card.colon()), LINE_MAX);
        label["weight"] = "Bolder".into();
        let inlines = json!([label, run(&inert_line(&fact.value), LINE_MAX)]);
        json!({"type": "RichTextBlock", "spacing": "Small", "inlines": inlines})
    };
    blocks.extend(card.facts.iter().map(line));
    let block = |words: &str| json!({"type": "RichTextBlock", "separator": true, "inlines": [run(words, WORDS_MAX)]});
    blocks.extend(card.notice.map(block));
    blocks.extend(card.words.as_deref().map(inert).filter(|words| !words.is_empty()).map(|words| block(&words)));
    let mut footer = run(&card.footer, LINE_MAX);
    footer["isSubtle"] = true.into();
    footer["size"] = "Small".into();
    blocks.push(json!({"type": "RichTextBlock", "inlines": [footer]}));
    let open =
        |link: &crate::outbox::card::Link| json!({"type": "Action.OpenUrl", "title": link.label, "url": link.url});
    let actions: Vec<Value> = card.link.iter().map(open).collect();
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        // Where a card can't be shown. What notifications say a workflow can't tell: "Card", whatever it sends.
        "fallbackText": text(&inert_line(&card.title), LINE_MAX),
        "body": blocks,
        "actions": actions,
    })
}
