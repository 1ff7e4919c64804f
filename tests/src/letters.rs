//! Answers to mails as mail programs write them: with their headers, their encodings, and what they quote below.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, GBK, UTF_8};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use sayso::clock::Millis;

use crate::Mail;

/// An answer, whatever program it is written in.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The name and the address of who writes it.
    pub from: (&'a str, &'a str),
    /// The mail that it answers.
    pub answers: &'a Mail,
    /// What is written above what is quoted.
    pub text: &'a str,
    /// When it is sent, in Shanghai.
    pub at: Millis,
}

impl Letter<'_> {
    /// As Outlook on Windows writes it in Chinese: in UTF-8 and base64, as text and as HTML, and the whole mail that it answers below.
    pub fn from_outlook(&self) -> Vec<u8> {
        let answered = self.answers;
        let id = answered.header("Message-ID");
        let head = [
            format!("From: {}", mailbox(UTF_8, self.from)),
            format!("To: {}", self.to()),
            format!("Subject: {}", encoded(UTF_8, &format!("答复: {}", answered.subject()))),
            format!("Thread-Topic: {}", answered.header("Thread-Topic")),
            format!("Thread-Index: {}", next_index(&answered.header("Thread-Index"))),
            format!("Date: {}", local(self.at, "%a, %d %b %Y %H:%M:%S %z")),
            format!("Message-ID: <TYZPR01MB{}@TYZPR01MB4321.apcprd01.prod.exchangelabs.com>", self.at),
            format!("References: {} {id}", answered.header("References")),
            format!("In-Reply-To: {id}"),
            "Accept-Language: zh-CN, en-US".to_owned(),
            "Content-Language: zh-CN".to_owned(),
            "X-MS-Has-Attach: ".to_owned(),
            "X-MS-TNEF-Correlator: ".to_owned(),
        ];
        let quoted = [
            ("发件人: ", answered.sender()),
            ("发送时间: ", local(answered.sent_at(), "%Y年%-m月%-d日 %-H:%M")),
            ("收件人: ", answered.to.join("; ")),
            ("主题: ", answered.subject()),
        ];
        let lines = quoted.iter().map(|(label, value)| format!("{label}{value}\n")).collect::<String>();
        let text = format!("{}\n\n{lines}\n{}", self.text, answered.text());
        let bold = quoted.iter().map(|(label, value)| format!("<b>{label}</b>{}<br>", escaped(value)));
        let html = format!(
            "<html><body lang=\"ZH-CN\"><div class=\"WordSection1\">{}<div style=\"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm\">\
             <p class=\"MsoNormal\">{}</p></div>{}</div></body></html>",
            paragraphs(self.text, "p"),
            bold.collect::<String>(),
            paragraphs(&answered.text(), "p"),
        );
        let boundary = "_000_TYZPR01MB43211234567890TYZPR01MB4321apcp_";
        let parts = [
            part(UTF_8, "text/plain; charset=\"utf-8\"", Transfer::Base64, &text),
            part(UTF_8, "text/html; charset=\"utf-8\"", Transfer::Base64, &html),
        ];
        assembled(&head, boundary, &parts)
    }

    /// As Foxmail writes it: in GBK, whose bytes the text has as they are, and only the newest of the identifiers that it answers.
    pub fn from_foxmail_in_gbk(&self) -> Vec<u8> {
        let answered = self.answers;
        let head = [
            format!("Date: {}", local(self.at, "%a, %-d %b %Y %H:%M:%S %z")),
            format!("From: {}", mailbox(GBK, self.from)),
            format!("To: {}", self.to()),
            format!("Subject: {}", encoded(GBK, &format!("回复: {}", answered.subject()))),
            format!("References: {}", answered.header("Message-ID")),
            "X-Priority: 3".to_owned(),
            format!("X-GUID: 2F6D1C3A-0B7E-4E55-8C1D-{:012X}", self.at),
            "X-Has-Attach: no".to_owned(),
            "X-Mailer: Foxmail 7.2.25.375[cn]".to_owned(),
            format!(
                "Message-ID: <{}@{}>",
                local(self.at, "%Y%m%d%H%M%S"),
                self.from.1.rsplit('@').next().unwrap_or_default()
            ),
        ];
        let quoted = [
            ("发件人", answered.sender()),
            ("发送时间", local(answered.sent_at(), "%Y-%m-%d %H:%M")),
            ("收件人", answered.to.join("; ")),
            ("主题", answered.subject()),
        ];
        let lines = quoted.iter().map(|(label, value)| format!("{label}： {value}\n")).collect::<String>();
        let text = format!("{}\n\n\n\n{lines}\n{}", self.text, answered.text());
        let html = format!(
            "<html><head><meta http-equiv=\"content-type\" content=\"text/html; charset=GBK\"></head><body>{}<blockquote id=\"foxmailReplyTag\">{}{}</blockquote></body></html>",
            paragraphs(self.text, "div"),
            paragraphs(&lines, "div"),
            paragraphs(&answered.text(), "div"),
        );
        let boundary = "----=_001_NextPart123456789012_=----";
        let parts = [
            part(GBK, "text/plain;\r\n\tcharset=\"GBK\"", Transfer::EightBit, &text),
            part(GBK, "text/html;\r\n\tcharset=\"GBK\"", Transfer::Base64, &html),
        ];
        assembled(&head, boundary, &parts)
    }

    /// Where whoever wrote the mail wants answers to go.
    fn to(&self) -> String {
        let to = self.answers.header("Reply-To");
        assert!(!to.is_empty(), "the mail can be answered");
        format!("<{}>", to.trim_matches(['<', '>']))
    }
}

/// A moment as the clocks in Shanghai show it.
fn local(at: Millis, format: &str) -> String {
    let zone = TimeZone::fixed(Offset::from_hours(8).expect("an offset"));
    Timestamp::from_millisecond(at).expect("a moment").to_zoned(zone).strftime(format).to_string()
}

/// The index of an answer: that of the mail that it answers, and five bytes more.
fn next_index(index: &str) -> String {
    let mut bytes = STANDARD.decode(index).expect("an index in base64");
    bytes.extend([0, 0, 0, 1, 0x80]);
    STANDARD.encode(bytes)
}

/// How the bytes of a part travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transfer {
    EightBit,
    Base64,
}

fn part(encoding: &'static Encoding, content_type: &str, transfer: Transfer, text: &str) -> Vec<u8> {
    let bytes = bytes(encoding, &text.replace('\n', "\r\n"));
    let (name, body) = match transfer {
        Transfer::EightBit => ("8bit", bytes),
        Transfer::Base64 => {
            let lines = STANDARD.encode(bytes);
            let lines = lines.as_bytes().chunks(76).map(|line| [line, b"\r\n"].concat());
            ("base64", lines.collect::<Vec<_>>().concat())
        }
    };
    let head = format!("Content-Type: {content_type}\r\nContent-Transfer-Encoding: {name}\r\n\r\n");
    [head.into_bytes(), body].concat()
}

fn assembled(head: &[String], boundary: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut raw = head.join("\r\n").into_bytes();
    raw.extend(
        format!("\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n\tboundary=\"{boundary}\"\r\n\r\n")
            .bytes(),
    );
    for part in parts {
        raw.extend(format!("--{boundary}\r\n").bytes());
        raw.extend(part);
        raw.extend(b"\r\n");
    }
    raw.extend(format!("--{boundary}--\r\n").bytes());
    raw
}

/// Text in an encoding that has all of its letters: what it has not would be written in another way than it was typed.
fn bytes(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let (bytes, _, is_lossy) = encoding.encode(text);
    assert!(!is_lossy, "{} has no letter for something in {text}", encoding.name());
    bytes.into_owned()
}

/// A header that is not all ASCII (RFC 2047), broken between letters.
fn encoded(encoding: &'static Encoding, text: &str) -> String {
    const LETTERS: usize = 12;
    let letters: Vec<char> = text.chars().collect();
    let words = letters.chunks(LETTERS).map(|letters| {
        let word = bytes(encoding, &letters.iter().collect::<String>());
        format!("=?{}?B?{}?=", encoding.name(), STANDARD.encode(word))
    });
    words.collect::<Vec<_>>().join("\r\n ")
}

fn mailbox(encoding: &'static Encoding, (name, address): (&str, &str)) -> String {
    format!("{} <{address}>", encoded(encoding, name))
}

fn paragraphs(text: &str, tag: &str) -> String {
    text.lines().map(|line| format!("<{tag}>{}</{tag}>", escaped(line))).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
