//! Telegram: a bot that writes to a chat. The text is plain, and what is bold in it is said beside it, so nothing in it is markup.

use serde_json::{Value, json};
use url::Url;

use crate::clock::SECOND;
use crate::outbox::card::Card;
use crate::outbox::delivery::Failure;
use crate::outbox::http::{Answer, Request};
use crate::outbox::inert::{Unit, as_it_is, fit, inert, inert_line};
use crate::sites::targets::Access;

/// Characters of a message.
const TEXT_MAX: usize = 4_096;
const LINE_MAX: usize = 300;
/// Where bots are reached unless the address says otherwise.
const SERVER: &str = "https://api.telegram.org";

/// The message to a chat: a number, or the name of a channel.
pub fn request(access: &Access, chat: &str, card: &Card) -> Result<Request, Failure> {
    let url = url(access).ok_or_else(|| Failure::Permanent("the address is not a URL".into()))?;
    let mut body = body(card);
    body["chat_id"] = chat.parse::<i64>().map_or_else(|_| chat.into(), Value::from);
    Ok(Request::json(url, &body))
}

/// What an answer means.
pub fn judge(answer: &Answer) -> Result<(), Failure> {
    let json = answer.json();
    let said = json["description"].as_str().unwrap_or_default();
    let parameters = &json["parameters"];
    match json["error_code"].as_i64().unwrap_or_else(|| i64::from(answer.status.as_u16())) {
        200 if json["ok"] == true => Ok(()),
        // A group that became a supergroup.
        400 if parameters["migrate_to_chat_id"].is_i64() => {
            Err(Failure::Moved(parameters["migrate_to_chat_id"].to_string()))
        }
        400 => Err(answer.refused(said)),
        // The token is wrong, or the bot was removed from the chat.
        401 | 403 | 404 => Err(answer.gone(said)),
        429 => {
            let wait = parameters["retry_after"].as_i64().map(|seconds| seconds.saturating_mul(SECOND));
            Err(answer.busy(said, wait.or(Some(60 * SECOND))))
        }
        _ => {
            answer.judge()?;
            if answer.is_bare_success() { Ok(()) } else { Err(answer.busy("it is no answer of Telegram", None)) }
        }
    }
}

/// The address may be that of the method, of the bot, or of the server; then the secret is the bot's token.
fn url(access: &Access) -> Option<Url> {
    let address = if access.address.is_empty() { SERVER } else { access.address.trim_end_matches('/') };
    let address = match &access.secret {
        _ if address.ends_with("/sendMessage") => address.to_owned(),
        Some(token) if !address.contains("/bot") => format!("{address}/bot{token}/sendMessage"),
        None if !address.contains("/bot") => address.to_owned(),
        _ => format!("{address}/sendMessage"),
    };
    Url::parse(&address).ok()
}

fn body(card: &Card) -> Value {
    let line = |text: &str| fit(&inert_line(text), LINE_MAX, Unit::Utf16, as_it_is);
    let title = line(&card.title);
    let facts: Vec<String> =
        card.facts.iter().map(|fact| format!("{}{}{}", fact.label, card.colon(), line(&fact.value))).collect();
    let before = [Some(title.clone()), Some(facts.join("\n")), card.notice.map(str::to_owned)];
    let mut blocks: Vec<String> = before.into_iter().flatten().collect();
    let footer = line(&card.footer);
    let used: usize = blocks.iter().chain([&footer]).map(|block| Unit::Utf16.length(block) + 2).sum();
    let words =
        card.words.as_deref().map(|words| fit(&inert(words), TEXT_MAX.saturating_sub(used), Unit::Utf16, as_it_is));
    blocks.extend(words.filter(|words| !words.is_empty()));
    blocks.push(footer);
    let mut body = json!({
        "text": blocks.join("\n\n"),
        "entities": [{"type": "bold", "offset": 0, "length": Unit::Utf16.length(&title)}],
        "link_preview_options": {"is_disabled": true},
    });
    if let Some(link) = card.link.as_ref() {
        body["reply_markup"] = json!({"inline_keyboard": [[{"text": link.label, "url": link.url}]]});
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_may_be_that_of_the_server_the_bot_or_the_method() {
        let url = |address: &str, secret: Option<&str>| {
            let access = Access::new(address, secret.map(str::to_owned));
            url(&access).map(String::from)
        };
        let whole = Some("https://api.telegram.org/bot1:a/sendMessage".to_owned());
        assert_eq!(url("", Some("1:a")), whole);
        assert_eq!(url("https://api.telegram.org", Some("1:a")), whole);
        assert_eq!(url("https://api.telegram.org/bot1:a", None), whole);
        assert_eq!(url("https://api.telegram.org/bot1:a/sendMessage", Some("x")), whole);
        assert_eq!(url("http://127.0.0.1:9/hook", None), Some("http://127.0.0.1:9/hook".to_owned()));
    }
}
