//! WeCom (企业微信): a robot of a group. The second version of its Markdown has no syntax that pings, and no escape either.

use serde_json::{Value, json};
use url::Url;

use crate::clock::SECOND;
use crate::outbox::card::{Card, Fact};
use crate::outbox::delivery::Failure;
use crate::outbox::http::{Answer, Request};
use crate::outbox::inert::{Unit, fit, full_width, inert, inert_line};

/// Bytes of a message.
const CONTENT_MAX: usize = 4_096;
const LINE_MAX: usize = 200;

/// The message.
pub fn request(url: Url, card: &Card) -> Request {
    Request::json(url, &body(card))
}

/// What an answer means. A refusal comes with status 200 and a code; its text repeats our address, so only the code is kept.
pub fn judge(answer: &Answer) -> Result<(), Failure> {
    let Some(code) = answer.json()["errcode"].as_i64() else {
        answer.judge()?;
        return if answer.is_bare_success() { Ok(()) } else { Err(answer.busy("it is no answer of WeCom", None)) };
    };
    let said = code.to_string();
    match code {
        0 if answer.status.is_success() => Ok(()),
        -1 => Err(answer.busy(&said, Some(30 * SECOND))),
        45_009 => Err(answer.busy(&format!("{said}, rate limited"), Some(60 * SECOND))),
        93_000 | 93_004 | 93_008 => Err(answer.gone(&said)),
        40_008 | 40_033 | 40_058 => Err(answer.refused(&said)),
        _ => Err(answer.busy(&said, None)),
    }
}

fn body(card: &Card) -> Value {
    let text = |text: &str, max: usize| fit(text, max, Unit::Bytes, full_width);
    let line =
        |fact: &Fact| format!("> **{}**{}{}", fact.label, card.colon(), text(&inert_line(&fact.value), LINE_MAX));
    let facts: Vec<String> = card.facts.iter().map(line).collect();
    let mut before = vec![format!("# {}", text(&inert_line(&card.title), LINE_MAX)), facts.join("\n")];
    before.extend(card.notice.map(str::to_owned));
    let mut after: Vec<String> = Vec::new();
    after.extend(card.link.as_ref().map(|link| format!("[{}]({})", link.label, link.url)));
    after.push(text(&card.footer, LINE_MAX));
    let used: usize = before.iter().chain(&after).map(|block| block.len() + 2).sum();
    let words = card.words.as_deref().map(|words| text(&inert(words), CONTENT_MAX.saturating_sub(used)));
    let blocks: Vec<String> = before.into_iter().chain(words.filter(|words| !words.is_empty())).chain(after).collect();
    json!({"msgtype": "markdown_v2", "markdown_v2": {"content": blocks.join("\n\n")}})
}
