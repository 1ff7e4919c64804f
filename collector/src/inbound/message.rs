//! What a mail says, as far as we need it, in whatever encoding it comes.

use std::borrow::Cow;

use mail_parser::{Address, HeaderName, Message, MessageParser, PartType};
use sayso_shared::EmailAddress;
use sayso_shared::limits::ATTACHMENT_MAX_BYTES;

pub use super::body::File;
use super::rows::MailReason;
use super::{automatic, body, sealed};
use crate::charset;

/// Parts that a mail may have; each costs more memory than it may be long.
const PARTS_MAX: usize = 1_000;
/// Bytes of all headers of the mail itself.
const HEADERS_MAX: usize = 256 * 1024;
/// Identifiers of other mails that are looked at; programs keep the newest at the end.
const REFERENCES_MAX: usize = 50;

/// A mail.
pub struct Mail {
    /// The identifier that its sender gave it, without the angles.
    pub message_id: Option<String>,
    /// Who wrote it: what they are called, and their address.
    pub sender: (Option<String>, EmailAddress),
    /// Every address that it was sent or delivered to.
    pub recipients: Vec<String>,
    /// The mails that it answers, the one right before it first.
    pub references: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// What it says, quotes included.
    pub text: String,
    /// The files in it, pictures in its text included.
    pub files: Vec<File>,
    /// Why no person wrote it, if none did.
    pub automatic: Option<MailReason>,
    /// What came back, if it says that a mail of ours did.
    pub bounce: Option<Bounce>,
}

/// A mail that was not delivered, or not yet (RFC 3464).
#[derive(Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The status code, such as `5.1.1`; empty if there is none.
    pub status: String,
    /// Whether the server has given up.
    pub is_final: bool,
    /// The identifiers that stand in what came back.
    pub message_ids: Vec<String>,
}

// Personal data must not reach a log.
impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mail(…)")
    }
}

impl Mail {
    /// Reads a mail. What can't be read at all is refused with the reason.
    pub fn parse(raw: &[u8]) -> Result<Self, MailReason> {
        let raw = in_unicode(raw)?;
        let message = MessageParser::default().parse(raw.as_ref()).ok_or(MailReason::Unreadable)?;
        if message.parts.len() > PARTS_MAX {
            return Err(MailReason::TooManyParts);
        }
        let sender = sender(&message)?;
        let automatic = automatic::reason(&message, sender.1.as_str());
        if automatic.is_none_or(|reason| reason == MailReason::Bulk) && sealed::is_sealed(&message) {
            return Err(MailReason::Encrypted);
        }
        let (text, files) = body::read(&message)?;
        // What is longer than a message is kept as a file, and longer than a file is in no case: the mail as it came stays whole.
        if text.len() > ATTACHMENT_MAX_BYTES {
            return Err(MailReason::TextTooLong);
        }
        let bounce = automatic.filter(|reason| *reason == MailReason::Bounced).map(|_| bounce(&message));
        Ok(Self {
            message_id: message.message_id().map(str::to_owned).filter(|id| !id.is_empty()),
            recipients: recipients(&message),
            references: references(&message),
            subject: message.subject().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
            text,
            files,
            sender,
            automatic,
            bounce,
        })
    }
}

/// The mail with its headers in UTF-8: some programs write letters of another encoding right into them.
fn in_unicode(raw: &[u8]) -> Result<Cow<'_, [u8]>, MailReason> {
    let end = raw.windows(2).position(|two| two == b"\n\n");
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").into_iter().chain(end).min().unwrap_or(raw.len());
    if end > HEADERS_MAX {
        return Err(MailReason::HeadersTooLong);
    }
    let (headers, body) = raw.split_at(end);
    if std::str::from_utf8(headers).is_ok() {
        return Ok(Cow::Borrowed(raw));
    }
    let headers = charset::decode(headers).ok_or(MailReason::Unreadable)?;
    Ok(Cow::Owned([headers.as_bytes(), body].concat()))
}

fn sender(message: &Message<'_>) -> Result<(Option<String>, EmailAddress), MailReason> {
    let from = message.from().and_then(Address::first).or_else(|| message.sender().and_then(Address::first));
    let from = from.ok_or(MailReason::NoSender)?;
    let address = EmailAddress::parse(from.address().unwrap_or_default()).map_err(|_| MailReason::NoSender)?;
    let name = from.name().map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok((name.filter(|name| !name.is_empty()), address))
}

fn recipients(message: &Message<'_>) -> Vec<String> {
    let listed = message.all_to().chain(message.all_cc()).flat_map(Address::iter);
    let listed = listed.filter_map(|address| address.address().map(str::to_owned));
    // Where it was delivered to in the end, also of those that were sent there unseen.
    let delivered = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"].into_iter().flat_map(|name| {
        let name = HeaderName::from(name.to_owned());
        let values = message.headers_raw().filter(move |(known, _)| known.eq_ignore_ascii_case(name.as_str()));
        values.map(|(_, value)| value.trim().trim_matches(['<', '>']).to_owned()).collect::<Vec<_>>()
    });
    listed.chain(delivered).collect()
}

fn references(message: &Message<'_>) -> Vec<String> {
    let of = |value: &mail_parser::HeaderValue<'_>| -> Vec<String> {
        let one = value.as_text().map(str::to_owned);
        let several = value.as_text_list().unwrap_or_default().iter().map(|id| id.clone().into_owned());
        one.into_iter().chain(several).collect()
    };
    let mut references = of(message.in_reply_to());
    references.extend(of(message.references()).into_iter().rev());
    references.truncate(REFERENCES_MAX);
    references
}

/// What a report of a mail server says, and the identifiers in the mail that it brings back.
fn bounce(message: &Message<'_>) -> Bounce {
    let (mut status, mut action) = (String::new(), String::new());
    let mut is_told_as_late = says_late(message.subject().unwrap_or_default());
    let mut message_ids = Vec::new();
    for part in &message.parts {
        let text = match &part.body {
            PartType::Message(nested) => {
                message_ids.extend(nested.message_id().map(str::to_owned));
                message_ids.extend(references(nested));
                continue;
            }
            PartType::Text(text) | PartType::Html(text) => text.to_string(),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            PartType::Multipart(_) => continue,
        };
        is_told_as_late |= says_late(&text);
        for line in text.lines() {
            match line.split_once(':').map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim())) {
                Some((name, value)) if name == "status" && status.is_empty() => {
                    // A comment may follow.
                    status = value.split_whitespace().next().unwrap_or_default().chars().take(20).collect()
                }
                Some((name, value)) if name == "action" && action.is_empty() => action = value.to_ascii_lowercase(),
                Some((name, value)) if name == "message-id" => {
                    message_ids.push(value.trim_matches(['<', '>']).to_owned())
                }
                _ => {}
            }
        }
    }
    message_ids.truncate(REFERENCES_MAX);
    let is_final = match action.split([' ', ';', '(']).next().unwrap_or_default() {
        // Also with a code of those that may pass: the server tried for as long as it does.
        "failed" => true,
        "delayed" | "delivered" | "relayed" | "expanded" => false,
        // Servers that write no report say it in words.
        _ => status.starts_with('5') || (status.is_empty() && !is_told_as_late),
    };
    Bounce { status, is_final, message_ids }
}

/// Whether a text says that a mail is still being tried, as servers do that write no report of it (RFC 3464).
fn says_late(text: &str) -> bool {
    const LATE: [&str; 7] = [
        "delivery delayed",
        "delayed mail",
        "delivery status notification (delay)",
        "has not yet been delivered",
        "will be retried",
        "will continue to be attempted",
        "still being retried",
    ];
    let text = text.to_lowercase();
    LATE.iter().any(|words| text.contains(words))
}
