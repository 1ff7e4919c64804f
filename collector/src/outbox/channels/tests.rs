//! What each channel makes of a card, and of what receivers answer.

use proptest::prelude::*;
use reqwest::StatusCode;
use sayso_shared::Lang;
use serde_json::{Value, json};

use super::*;
use crate::clock::SECOND;
use crate::outbox::card::{Fact, Link, Tone};

const CHATS: [Channel; 8] = [
    Channel::Slack,
    Channel::Teams,
    Channel::Discord,
    Channel::Mattermost,
    Channel::Feishu,
    Channel::Dingtalk,
    Channel::Wecom,
    Channel::Telegram,
];

fn card(lang: Lang, words: &str) -> Card {
    let t = crate::text::Texts(lang);
    let facts = [
        ("team.fact.site", "Acme Home"),
        ("team.fact.kind", t.get("common.kind.complaint")),
        ("team.fact.priority", t.get("common.priority.high")),
        ("team.fact.category", "Delivery"),
        ("team.fact.next_due", "27 Nov 2026, 18:00 UTC"),
        ("team.fact.customer", words),
    ];
    Card {
        lang,
        title: format!("{} · #1042", t.get("team.new.complaint")),
        tone: Tone::Bad,
        facts: facts.into_iter().map(|(key, value)| Fact { label: t.get(key), value: value.to_owned() }).collect(),
        notice: None,
        words: Some(words.to_owned()),
        link: Some(Link { label: t.get("team.link"), url: "https://feedback.example/staff/cases/0190".into() }),
        footer: "Sayso · #1042 · 1".into(),
    }
}

/// The body that a channel posts.
fn body(channel: Channel, card: &Card) -> Value {
    let url = || Url::parse("https://rooms.example/hook").expect("a URL");
    let access = Access::new("https://rooms.example/bot1:a", None);
    let now = 1_795_860_000_000;
    let request = match channel {
        Channel::Slack => slack::request(url(), card),
        Channel::Teams => teams::request(url(), card, Payload::Message),
        Channel::Discord => discord::request(url(), card),
        Channel::Mattermost => mattermost::request(url(), card),
        Channel::Feishu => feishu::request(url(), None, card, feishu::Form::Card, now),
        Channel::Dingtalk => dingtalk::request(url(), None, card, now),
        Channel::Wecom => wecom::request(url(), card),
        Channel::Telegram => telegram::request(&access, "-1001", card).expect("a URL"),
        Channel::Email | Channel::Webhook | Channel::Generic => unreachable!("no card"),
    };
    serde_json::from_str(&request.body).expect("JSON")
}

fn answer(status: u16, head: &str) -> Answer {
    Answer {
        status: StatusCode::from_u16(status).expect("a status"),
        head: head.to_owned(),
        is_whole: true,
        wait: None,
    }
}

fn judged(channel: Channel, status: u16, head: &str) -> &'static str {
    match judge(channel, &answer(status, head), None) {
        Ok(()) => "sent",
        Err(Failure::Retryable { wait: Some(wait), .. }) if wait >= 30 * SECOND => "wait",
        Err(Failure::Retryable { .. }) => "again",
        Err(Failure::Permanent(_) | Failure::Bounced { .. }) => "refused",
        Err(Failure::Gone(_)) => "gone",
        Err(Failure::Moved(_)) => "moved",
        Err(Failure::Dropped(_) | Failure::Suspended | Failure::Held { .. }) => "nothing",
    }
}

/// The same with the keys of its objects in order: whether serde_json keeps theirs depends on what else is built with it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: std::collections::BTreeMap<String, Value> = fields.into_iter().collect();
            fields.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        value => value,
    }
}

#[test]
fn cards_look_like_this() {
    for (lang, words) in [
        (Lang::En, "The chair arrived broken.\nPlease help!"),
        (Lang::ZhHans, "椅子到货时已损坏。\n请尽快处理。"),
        (Lang::ZhHant, "椅子到貨時已損壞。\n請儘快處理。"),
    ] {
        for channel in CHATS {
            let shown = serde_json::to_string_pretty(&sorted(body(channel, &card(lang, words)))).expect("JSON");
            insta::assert_snapshot!(format!("{channel}_{}", lang.as_str()), shown);
        }
    }
}

#[test]
fn a_workflow_that_takes_a_card_alone_gets_it_without_the_message_around_it() {
    let url = || Url::parse("https://rooms.example/hook").expect("a URL");
    let body = |payload| -> Value {
        let request = teams::request(url(), &card(Lang::En, "Late."), payload);
        serde_json::from_str(&request.body).expect("JSON")
    };
    let alone = body(Payload::Card);
    assert_eq!(alone["type"], "AdaptiveCard");
    assert_eq!(body(Payload::Message)["attachments"][0]["content"], alone);
}

#[test]
fn answers_mean_what_their_vendors_say() {
    use Channel::*;
    for (channel, status, head, means) in [
        (Slack, 200, "ok", "sent"),
        (Slack, 200, "invalid_blocks", "refused"),
        (Slack, 200, r#"{"ok":false,"error":"rate_limited","retry_after":1}"#, "again"),
        (Slack, 400, "invalid_payload", "refused"),
        (Slack, 403, "action_prohibited", "refused"),
        (Slack, 403, "invalid_token", "gone"),
        (Slack, 404, "no_service", "gone"),
        (Slack, 404, "no_active_hooks", "gone"),
        (Slack, 410, "channel_is_archived", "gone"),
        (Slack, 429, "", "wait"),
        (Slack, 500, "rollup_error", "again"),
        (Teams, 202, "", "sent"),
        (Teams, 200, "1", "sent"),
        (
            Teams,
            200,
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
            "wait",
        ),
        (Teams, 200, "Microsoft Teams endpoint returned HTTP error 413 with ContextId", "refused"),
        (Teams, 400, r#"{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"…"}}"#, "gone"),
        (Teams, 404, r#"{"error":{"code":"WorkflowNotFound"}}"#, "gone"),
        (Teams, 413, "", "refused"),
        (Teams, 429, "", "wait"),
        (Teams, 502, "", "again"),
        (Discord, 204, "", "sent"),
        (Discord, 200, r#"{"id":"1"}"#, "sent"),
        (Discord, 404, r#"{"message":"Unknown Webhook","code":10015}"#, "gone"),
        (Discord, 401, r#"{"message":"Invalid Webhook Token","code":50027}"#, "gone"),
        (Discord, 400, r#"{"message":"Invalid Form Body","code":50035}"#, "refused"),
        (Discord, 429, r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#, "wait"),
        (Mattermost, 200, "ok", "sent"),
        (Mattermost, 200, "<html>Sign in</html>", "refused"),
        (
            Mattermost,
            400,
            r#"{"id":"web.incoming_webhook.text.app_error","message":"No text","status_code":400}"#,
            "refused",
        ),
        (Mattermost, 404, r#"{"message":"not found"}"#, "gone"),
        (Mattermost, 501, r#"{"message":"disabled"}"#, "refused"),
        (Mattermost, 429, "", "wait"),
        (Feishu, 200, r#"{"code":0,"msg":"success","data":{}}"#, "sent"),
        (Feishu, 200, r#"{"Extra":null,"StatusCode":0,"StatusMessage":"success"}"#, "sent"),
        (Feishu, 200, r#"{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}"#, "gone"),
        (
            Feishu,
            200,
            r#"{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}"#,
            "refused",
        ),
        (Feishu, 400, r#"{"code":19024,"msg":"Key Words Not Found"}"#, "refused"),
        (Feishu, 200, r#"{"code":11232,"msg":"frequency limited psm[…]"}"#, "wait"),
        (Feishu, 400, r#"{"code":9499,"msg":"Bad Request"}"#, "refused"),
        (Feishu, 200, r#"{"code":9499,"msg":"frequency limited psm"}"#, "wait"),
        (Feishu, 200, r#"{"code":123456,"msg":"?"}"#, "again"),
        (Feishu, 200, "<html>", "again"),
        (Dingtalk, 200, r#"{"errcode":0,"errmsg":"ok"}"#, "sent"),
        (
            Dingtalk,
            200,
            r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","errcode":130101,"errmsg":"send too fast"}"#,
            "wait",
        ),
        (Dingtalk, 200, r#"{"errcode":310000,"errmsg":"keywords not in content"}"#, "refused"),
        (Dingtalk, 200, r#"{"errcode":300005,"errmsg":"token is not exist"}"#, "gone"),
        (Dingtalk, 200, r#"{"errcode":400013,"errmsg":"group dissolved"}"#, "gone"),
        (Dingtalk, 200, r#"{"errcode":460101,"errmsg":"message too long, exceed 20000 bytes"}"#, "refused"),
        (Dingtalk, 200, r#"{"errcode":-1,"errmsg":"系统繁忙"}"#, "wait"),
        (Dingtalk, 200, r#"{"errcode":999,"errmsg":"发送速度太快而限流"}"#, "wait"),
        (Wecom, 200, r#"{"errcode":0,"errmsg":"ok"}"#, "sent"),
        (Wecom, 200, r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, "wait"),
        (Wecom, 200, r#"{"errcode":93000,"errmsg":"invalid webhook url, hint: […], from ip: 203.0.113.7"}"#, "gone"),
        (Wecom, 200, r#"{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}"#, "refused"),
        (Wecom, 503, "", "again"),
        (Telegram, 200, r#"{"ok":true,"result":{}}"#, "sent"),
        (Telegram, 200, "{}", "sent"),
        // What a proxy or a bridge in front of it says, and what a page to sign in at does.
        (Feishu, 200, "", "sent"),
        (Dingtalk, 200, "OK", "sent"),
        (Wecom, 200, r#"{"ok":true}"#, "sent"),
        (Slack, 200, "{}", "sent"),
        (Telegram, 200, "<html>Sign in</html>", "again"),
        (Feishu, 200, "<html>Sign in</html>", "again"),
        (Telegram, 401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#, "gone"),
        (
            Telegram,
            403,
            r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked from the group chat"}"#,
            "gone",
        ),
        (Telegram, 400, r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#, "refused"),
        (
            Telegram,
            400,
            r#"{"ok":false,"error_code":400,"description":"upgraded","parameters":{"migrate_to_chat_id":-1009}}"#,
            "moved",
        ),
        (
            Telegram,
            429,
            r#"{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":35}}"#,
            "wait",
        ),
        (Telegram, 502, "", "again"),
        (Generic, 201, "", "sent"),
        (Generic, 400, "", "again"),
        (Generic, 410, "", "gone"),
        (Webhook, 302, "", "again"),
    ] {
        assert_eq!(judged(channel, status, head), means, "{channel} {status} {head}");
    }
    for channel in CHATS {
        assert_eq!(judged(channel, 302, ""), "again", "{channel} follows no redirect");
    }
    let failure =
        judge(Wecom, &answer(200, r#"{"errcode":93000,"errmsg":"from ip: 203.0.113.7"}"#), None).expect_err("refused");
    assert!(!format!("{failure:?}").contains("203.0.113.7"), "our own address is nobody's business: {failure:?}");
}

#[test]
fn what_a_receiver_repeats_of_its_address_is_left_out() {
    let access = Access::new("https://rooms.example/services/T0/B0/key", Some("s3cret-of-it".into()));
    let failure = Failure::Permanent("services/T0/B0/key and s3cret-of-it".into()).redacted(&access);
    assert_eq!(failure, Failure::Permanent("… and …".into()));
}

/// What people write to ping everybody, to make a link or to break a message.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("@all "),
        Just("@channel"),
        Just("@everyone"),
        Just("@here"),
        Just("@所有人"),
        Just("@13800000000"),
        Just("<!channel>"),
        Just("<!here|x>"),
        Just("<!subteam^S1>"),
        Just("<@U123>"),
        Just("<@all>"),
        Just("<at id=all></at>"),
        Just("<at user_id=\"all\">x</at>"),
        Just("<#C1>"),
        Just("<https://evil.example|click>"),
        Just("[click](https://evil.example)"),
        Just("![x](https://evil.example/a.png)"),
        Just("https://evil.example"),
        Just("www.evil.example"),
        Just("# Title\n"),
        Just("> quote\n"),
        Just("```\n"),
        Just("**b**"),
        Just("\"}]}"),
        Just("\\"),
        Just("{{DATE(2026-01-01)}}"),
        Just("</font>"),
        Just("&lt;"),
        Just("\u{202e}"),
        Just("\u{2028}"),
        Just("\0"),
        Just("椅子"),
        Just("😀"),
        Just("\n"),
        Just("a"),
        Just(" "),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_that_a_customer_writes_does_anything_in_a_room(words in hostile()) {
        for channel in CHATS {
            let posted = body(channel, &card(Lang::En, &words));
            let text = posted.to_string();
            for ping in ["@all", "@channel", "@everyone", "@here", "@所有人", "@138", "<!", "<@", "<#", "<at", "<https", "://evil", "www.evil"] {
                prop_assert!(!text.contains(ping), "{channel} has {ping}: {text}");
            }
            match channel {
                Channel::Slack => {
                    prop_assert!(!text.contains("mrkdwn\",") && !text.contains('<'), "{text}");
                    let blocks = posted["blocks"].as_array().expect("blocks");
                    prop_assert!(blocks.iter().all(|block| block["text"].is_null() || block["text"]["type"] == "plain_text"));
                }
                Channel::Teams => prop_assert!(!text.contains("\"TextBlock\"") && !text.contains("entities")),
                Channel::Discord => prop_assert_eq!(&posted["allowed_mentions"], &json!({"parse": []})),
                Channel::Feishu => prop_assert!(!text.contains("lark_md") && !text.contains("\"markdown\"")),
                Channel::Dingtalk => {
                    prop_assert_eq!(&posted["at"]["isAtAll"], &json!(false));
                    let markdown = posted["actionCard"]["text"].as_str().expect("text");
                    prop_assert!(!markdown.contains(['[', ']', '`', '<']), "{}", markdown);
                }
                Channel::Wecom => {
                    let content = posted["markdown_v2"]["content"].as_str().expect("content");
                    prop_assert_eq!(content.matches("](").count(), 1, "only our own link: {}", content);
                }
                Channel::Telegram => prop_assert!(posted["parse_mode"].is_null()),
                _ => {}
            }
        }
    }

    #[test]
    fn no_message_is_longer_than_its_vendor_allows(words in prop_oneof![
        Just("x".repeat(10_000)), Just("新".repeat(10_000)), Just("😀".repeat(10_000)), Just("\"\\\n".repeat(3_500)), Just("*_&<>[]".repeat(1_500)),
    ]) {
        for channel in CHATS {
            let posted = body(channel, &card(Lang::ZhHans, &words));
            let bytes = posted.to_string().len();
            match channel {
                Channel::Slack => {
                    let lengths = posted["blocks"].as_array().expect("blocks").iter().filter_map(|block| block["text"]["text"].as_str());
                    prop_assert!(lengths.map(|text| text.chars().count()).all(|length| length <= 3_000));
                }
                Channel::Discord => {
                    let embed = &posted["embeds"][0];
                    let texts = ["title", "description"].map(|name| embed[name].as_str().unwrap_or_default().chars().count());
                    let fields = embed["fields"].as_array().expect("fields").iter();
                    let fields: usize = fields.map(|field| field["name"].as_str().unwrap_or_default().chars().count() + field["value"].as_str().unwrap_or_default().chars().count()).sum();
                    prop_assert!(texts[1] <= 4_096 && texts.iter().sum::<usize>() + fields + 100 <= 6_000);
                }
                Channel::Mattermost => prop_assert!(posted["attachments"][0]["text"].as_str().expect("text").chars().count() <= 16_383),
                Channel::Teams | Channel::Feishu | Channel::Dingtalk => prop_assert!(bytes <= 20_000, "{channel}: {bytes}"),
                Channel::Wecom => prop_assert!(posted["markdown_v2"]["content"].as_str().expect("content").len() <= 4_096),
                Channel::Telegram => prop_assert!(posted["text"].as_str().expect("text").encode_utf16().count() <= 4_096),
                _ => {}
            }
        }
    }
}
