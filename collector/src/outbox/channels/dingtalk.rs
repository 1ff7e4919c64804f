//! DingTalk (钉钉): a custom robot of a group. Its Markdown has no escape, so what means something in it becomes its full-width form.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use crate::clock::{Millis, SECOND};
use crate::outbox::card::{Card, Fact};
use crate::outbox::delivery::Failure;
use crate::outbox::http::{Answer, Request};
use crate::outbox::inert::{Unit, fit, full_width, inert, inert_line};

/// A message has 20,000 bytes at most.
const WORDS_MAX: usize = 10_000;
const LINE_MAX: usize = 400;

/// How long a robot is left alone that says that it was told too much.
const TOO_FAST: Millis = 60 * SECOND;
/// The same where it says so again: it hears nobody for ten minutes then.
const TOO_FAST_AGAIN: Millis = 600 * SECOND;

/// The robots that said last that they were told too much.
#[derive(Debug, Default)]
pub struct Overrun(Mutex<HashSet<String>>);

impl Overrun {
    /// What a robot answered, with more patience where it says for the second time in a row that it was told too much.
    pub fn patient(&self, robot: &str, judged: Result<(), Failure>) -> Result<(), Failure> {
        let mut overrun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match judged {
            Err(Failure::Retryable { error, wait: Some(wait) }) if wait >= TOO_FAST => {
                let is_first = overrun.insert(robot.to_owned());
                Err(Failure::Retryable { error, wait: Some(if is_first { wait } else { wait.max(TOO_FAST_AGAIN) }) })
            }
            // It may be away for another reason, and still be overrun.
            Err(Failure::Retryable { .. }) => judged,
            _ => {
                overrun.remove(robot);
                judged
            }
        }
    }
}

/// The message, signed at the time `now` if there is a secret.
pub fn request(mut url: Url, secret: Option<&str>, card: &Card, now: Millis) -> Request {
    if let Some(secret) = secret {
        // Encoded once, here.
        url.query_pairs_mut().append_pair("timestamp", &now.to_string()).append_pair("sign", &sign(secret, now));
    }
    Request::json(url, &body(card))
}

/// What an answer means. A refusal comes with status 200 and a code.
pub fn judge(answer: &Answer) -> Result<(), Failure> {
    let json = answer.json();
    let message = json["errmsg"].as_str().unwrap_or_default();
    let Some(code) = json["errcode"].as_i64() else {
        answer.judge()?;
        return if answer.is_bare_success() { Ok(()) } else { Err(answer.busy("it is no answer of DingTalk", None)) };
    };
    let said = format!("{code} {message}");
    let is_too_fast = ["too fast", "exceed 20 times", "限流"].iter().any(|words| message.contains(words));
    match code {
        0 if answer.status.is_success() => Ok(()),
        130_101 | 410_100 | 302_033 => Err(answer.busy(&said, Some(TOO_FAST))),
        -1 => Err(answer.busy(&said, Some(30 * SECOND))),
        300_001 | 300_005 | 400_101 | 400_013 | 400_102 | 400_106 => Err(answer.gone(&said)),
        _ if is_too_fast => Err(answer.busy(&said, Some(TOO_FAST))),
        310_000 | 40_035 | 400_105 | 43_002 | 43_004 | 460_101 => Err(answer.refused(&said)),
        _ => Err(answer.busy(&said, None)),
    }
}

fn sign(secret: &str, now: Millis) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key may have any length");
    mac.update(format!("{now}\n{secret}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn body(card: &Card) -> Value {
    let text = |text: &str, max: usize| fit(text, max, Unit::Json, full_width);
    let title = text(&inert_line(&card.title), LINE_MAX);
    let mut blocks = vec![format!("### {title}")];
    let line =
        |fact: &Fact| format!("- **{}**{}{}", fact.label, card.colon(), text(&inert_line(&fact.value), LINE_MAX));
    blocks.push(card.facts.iter().map(line).collect::<Vec<_>>().join("\n"));
    blocks.extend(card.notice.map(str::to_owned));
    // A line ends with two spaces, or it goes on.
    let words = card.words.as_deref().map(|words| {
        fit(&inert(words), WORDS_MAX, Unit::Json, |c| if c == '\n' { Some("  \n") } else { full_width(c) })
    });
    blocks.extend(words.filter(|words| !words.is_empty()));
    blocks.push(text(&card.footer, LINE_MAX));
    let markdown = blocks.join("\n\n");
    let nobody = json!({"isAtAll": false, "atMobiles": [], "atUserIds": []});
    match &card.link {
        Some(link) => {
            let card = json!({"title": title, "text": markdown, "btnOrientation": "0", "singleTitle": link.label, "singleURL": link.url});
            json!({"msgtype": "actionCard", "actionCard": card, "at": nobody})
        }
        None => json!({"msgtype": "markdown", "markdown": {"title": title, "text": markdown}, "at": nobody}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_vendor() {
        assert_eq!(sign("this is secret", 1_577_262_236_757), "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=");
        let zeros = format!("SEC{}sayso", "0".repeat(60));
        assert_eq!(sign(&zeros, 1_700_000_000_000), "f18BgDgIPR3CivHFOMi2Z5ppoghjsjtk2TnkOvc8BZg=");
    }

    #[test]
    fn a_robot_that_is_overrun_again_is_left_alone_for_ten_minutes() {
        let overrun = Overrun::default();
        let too_fast = || Err(Failure::Retryable { error: "130101".into(), wait: Some(TOO_FAST) });
        let busy = || Err(Failure::Retryable { error: "-1".into(), wait: Some(30 * SECOND) });
        let wait = |robot, judged| match overrun.patient(robot, judged) {
            Err(Failure::Retryable { wait: Some(wait), .. }) => wait / SECOND,
            _ => 0,
        };
        assert_eq!(wait("a", too_fast()), 60);
        assert_eq!(wait("b", too_fast()), 60, "each robot for itself");
        assert_eq!(wait("a", busy()), 30);
        assert_eq!((wait("a", too_fast()), wait("a", too_fast())), (600, 600));
        assert_eq!((wait("a", Ok(())), wait("a", too_fast())), (0, 60), "it hears again");
    }

    #[test]
    fn it_is_encoded_once() {
        let mut url = Url::parse("https://oapi.dingtalk.com/robot/send?access_token=ab").expect("a URL");
        url.query_pairs_mut().append_pair("sign", &sign("sayso-dingtalk-secret", 1_700_000_000_001));
        assert!(
            url.as_str().ends_with("?access_token=ab&sign=IDQADRP1AIF5700jEeNEfO1lP6R9u4NPDcw%2FVI7YfWs%3D"),
            "{url}"
        );
    }
}
