//! What of a mail is new, and what only repeats an earlier one: quotes, and what programs add below. Such lines are folded and never cut, since people
//! also answer between the lines, and no list of marks is ever complete.

use unicode_normalization::UnicodeNormalization as _;

/// A run of lines of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The lines.
    pub text: String,
    /// Whether they are shown only when asked for.
    pub is_folded: bool,
}

/// Lines that introduce the whole mail that is answered, in runs of `-`, `_` or `—`.
const SEPARATORS: &[&str] = &[
    "原始邮件",
    "原邮件",
    "原始消息",
    "转发邮件信息",
    "原始郵件",
    "轉寄郵件",
    "original message",
    "original",
    "forwarded message",
    "ursprüngliche nachricht",
    "message d'origine",
    "mensaje original",
];
/// What the first of the lines is called with which Foxmail and Outlook introduce it.
const SENDER_FIELDS: &[&str] = &["发件人", "寄件者", "from", "von"];
/// What these lines are called. Two in a row are a mark; one alone people write too.
const FIELDS: &[&str] = &[
    "发件人",
    "发送时间",
    "发送日期",
    "收件人",
    "抄送",
    "主题",
    "日期",
    "寄件者",
    "寄件日期",
    "收件者",
    "主旨",
    "from",
    "sent",
    "to",
    "cc",
    "subject",
    "date",
    "von",
    "gesendet",
    "an",
    "betreff",
];
/// What stands at the end of a line that says who wrote what follows.
const WROTE: &[&str] = &[
    "wrote:",
    "写道:",
    "寫道:",
    "schrieb:",
    "a écrit :",
    "a écrit:",
    "escribió:",
    "schreef:",
    "のメッセージ:",
    "작성:",
];
/// The beginnings of such lines, where they may be broken into several.
const WROTE_BEGINS: &[&str] = &["on ", "在 ", "在2", "于 ", "於 ", "am ", "le ", "el ", "op ", "at "];
/// What devices add.
const DEVICES: &[&str] = &[
    "sent from my ",
    "get outlook for ",
    "发自我的",
    "从我的",
    "來自我的",
    "从我的 iphone",
    "来自网易邮箱",
    "发自 ",
    "寄自我的",
    "從我的 ",
];

/// The lines of a mail in runs that are shown and runs that are folded. What is nothing but folded lines is shown as a whole.
pub fn segments(text: &str) -> Vec<Segment> {
    let lines: Vec<&str> = text.lines().collect();
    let folded = folded_lines(&lines);
    let says_something = lines.iter().zip(&folded).any(|(line, is_folded)| !is_folded && !line.trim().is_empty());
    if !says_something {
        return vec![Segment { text: text.trim().to_owned(), is_folded: false }];
    }
    let mut segments: Vec<(Vec<&str>, bool)> = Vec::new();
    for (line, is_folded) in lines.iter().zip(folded) {
        match segments.last_mut() {
            Some((run, run_is_folded)) if *run_is_folded == is_folded || line.trim().is_empty() => run.push(line),
            _ => segments.push((vec![line], is_folded)),
        }
    }
    let segments = segments.into_iter().map(|(lines, is_folded)| {
        let text = lines.join("\n").trim_matches(['\n', '\r']).trim_end().to_owned();
        Segment { text, is_folded }
    });
    segments.filter(|segment| !segment.text.trim().is_empty()).collect()
}

/// What is shown, with a mark where something is folded: for those who can't unfold it.
pub fn without_quotes(segments: &[Segment]) -> String {
    let shown = segments.iter().map(|segment| if segment.is_folded { "…" } else { segment.text.as_str() });
    shown.collect::<Vec<_>>().join("\n\n")
}

/// Only what is new.
pub fn new_text(text: &str) -> String {
    let new = segments(text).into_iter().filter(|segment| !segment.is_folded).map(|segment| segment.text);
    new.collect::<Vec<_>>().join("\n\n")
}

fn folded_lines(lines: &[&str]) -> Vec<bool> {
    let plain: Vec<String> = lines.iter().map(|line| plain(line)).collect();
    let mut folded = vec![false; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        let line = plain[at].as_str();
        if is_separator(line) || begins_fields(&plain, at) || lines[at].starts_with("-- ") && line == "--" {
            // All that follows is the mail that is answered, or the signature.
            folded[at..].fill(true);
            break;
        }
        let introduces = attribution(&plain, at);
        if introduces > 0 {
            let after = at + introduces;
            let is_quoted = next_said(&plain, after - 1).is_some_and(|line| line.starts_with('>'));
            let names_somebody = plain[at..after].iter().any(|line| line.contains(['@', '<']));
            if !is_quoted && names_somebody {
                folded[at..].fill(true);
                break;
            }
            folded[at..after].fill(is_quoted);
            at = after;
            continue;
        }
        folded[at] =
            line.starts_with('>') || DEVICES.iter().any(|mark| line.starts_with(mark)) && line.chars().count() < 60;
        at += 1;
    }
    folded
}

/// A line as marks are compared: in plain characters and lower case, without spaces around it.
fn plain(line: &str) -> String {
    line.nfkc().collect::<String>().trim().to_lowercase()
}

fn next_said(plain: &[String], at: usize) -> Option<&str> {
    plain[at + 1..].iter().map(String::as_str).find(|line| !line.is_empty())
}

fn is_separator(line: &str) -> bool {
    let bare = line.trim_matches(['-', '_', '—', '–', ' ', '>']);
    let dashes = line.chars().filter(|c| matches!(c, '-' | '_' | '—' | '–')).count();
    dashes >= 4 && SEPARATORS.contains(&bare)
}

fn begins_fields(plain: &[String], at: usize) -> bool {
    field(&plain[at]).is_some_and(|name| SENDER_FIELDS.contains(&name))
        && next_said(plain, at).and_then(field).is_some_and(|name| FIELDS.contains(&name))
}

/// What stands before the colon of a line, which some programs write in bold.
fn field(line: &str) -> Option<&str> {
    line.trim_start_matches(['>', '*', ' ']).split_once(':').map(|(name, _)| name.trim().trim_end_matches('*'))
}

/// How many lines from here on say who wrote what follows: programs break them into up to three.
fn attribution(plain: &[String], at: usize) -> usize {
    let first = plain[at].trim_start_matches(['>', ' ']);
    let begins =
        WROTE_BEGINS.iter().any(|mark| first.starts_with(mark)) || first.starts_with(|c: char| c.is_ascii_digit());
    let ends = |line: &str| WROTE.iter().any(|mark| line.ends_with(mark));
    if ends(first) && (begins || first.contains('@') || first.contains('<')) {
        return 1;
    }
    if !begins {
        return 0;
    }
    let following = plain[at + 1..].iter().take(2).take_while(|line| !line.is_empty());
    following.zip(2..).find(|(line, _)| ends(line)).map_or(0, |(_, lines)| lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn new_of(text: &str) -> String {
        new_text(text)
    }

    #[test]
    fn each_program_s_quote_is_folded() {
        for quote in [
            "On Tue, 24 Nov 2026 at 10:00, Acme <care@acme.example> wrote:\n> Dear Li,\n> we are looking into it.",
            "On Tue, 24 Nov 2026 at 10:00, Acme Home Customer Service\n<care@acme.example> wrote:\n\n> Dear Li",
            "在 2026年11月24日，下午5:45，Acme <care@acme.example> 写道：\n> 您好",
            "在 2026-11-24 19:05:03，\"Acme\" <care@acme.example> 写道：\n您好，我们正在处理。",
            "-----原始邮件-----\n发件人: Acme <care@acme.example>\n发送时间: 2026-11-24 19:05:03 (星期二)",
            "------------------ 原始邮件 ------------------\n发件人: \"Acme\"",
            "------------------\u{a0}原始邮件\u{a0}------------------\n发件人: \"Acme\"",
            "发件人： Acme\n发送时间： 2026-11-24 15:56\n收件人： Li\n主题： 您的投诉",
            "From: Acme <care@acme.example>\nSent: Tuesday, November 24, 2026 10:00\nTo: Li\nSubject: Your complaint",
            "-----Original Message-----\nFrom: Acme",
            "Am 24.11.2026 um 10:00 schrieb Acme <care@acme.example>:\n> Guten Tag",
            "Am 24.11.2026 um 10:00 Acme <care@acme.example> schrieb:\n> Guten Tag",
            "2026年11月24日(火) 10:00 Acme <care@acme.example>のメッセージ:\n> こんにちは",
        ] {
            // German puts the name last; the address in angles is enough with a quote below.
            let text = format!("It is still broken.\n\n{quote}");
            let new = new_of(&text);
            assert!(
                new == "It is still broken." || quote.starts_with("Am 24.11.2026 um 10:00 schrieb"),
                "{new:?} of {quote}"
            );
            assert!(new.starts_with("It is still broken."));
        }
    }

    #[test]
    fn answers_between_the_lines_are_shown() {
        let text = "Thanks!\n\nOn Tue, Acme <care@acme.example> wrote:\n> Which colour?\n\nRed.\n\n> And the size?\n\nTwo metres.";
        assert_eq!(new_of(text), "Thanks!\n\nRed.\n\nTwo metres.");
        let whole: Vec<String> = segments(text).into_iter().map(|segment| segment.text).collect();
        for line in text.lines().filter(|line| !line.is_empty()) {
            assert!(whole.iter().any(|segment| segment.contains(line)), "{line} is lost");
        }
    }

    #[test]
    fn signatures_are_folded_where_they_stand() {
        assert_eq!(new_of("好的，谢谢\n\n发自我的iPhone"), "好的，谢谢");
        assert_eq!(new_of("Sent from my Galaxy\n\nIt works."), "It works.");
        assert_eq!(new_of("Yes.\n-- \nLi Lei\nAcme Ltd"), "Yes.");
    }

    #[test]
    fn what_people_write_themselves_is_shown() {
        for text in
            ["发件人: 是谁?", "The letter says: original", "On Monday he wrote:", "-- no", "1. first\n2. second"]
        {
            assert_eq!(new_of(text), text);
        }
        assert_eq!(new_of("> only a quote"), "> only a quote", "what has nothing new is shown as it is");
    }

    proptest! {
        #[test]
        fn no_line_is_ever_lost(text in "([a-z>字 :-]{0,12}|On x wrote:|发件人: a|-----原始邮件-----|-- )(\n([a-z>字 :-]{0,12}|主题: b|-- ))*") {
            let shown = segments(&text).iter().map(|segment| segment.text.clone()).collect::<Vec<_>>().join("\n");
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                prop_assert!(shown.contains(line), "{line:?} of {text:?} in {shown:?}");
            }
        }
    }
}
