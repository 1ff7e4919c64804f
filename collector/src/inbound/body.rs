//! What a mail says and brings: which of its parts are its text, and which are files.

use std::borrow::Cow;

use mail_parser::{Message, MessagePart, MessagePartId, MimeHeaders as _, PartType};
use sayso_shared::text::is_blank;

use super::rows::MailReason;
use super::{charsets, html, transfer};

/// How deep parts are looked for in others. Mails that people forward go to five or so.
const NESTING_MAX: usize = 50;

/// A file of a mail.
pub struct File {
    /// As its sender called it.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// The text of a mail, quotes included, and its files, pictures in its text included.
pub(super) fn read(message: &Message<'_>) -> Result<(String, Vec<File>), MailReason> {
    let root = Place { within: Container::Mail, is_first: true, depth: 0 };
    let Content { texts, files } = content(message, 0, root)?;
    let texts: Option<Vec<String>> = texts.into_iter().map(|text| text.text).collect();
    let texts = texts.ok_or(MailReason::Unreadable)?;
    let said: Vec<String> = texts.into_iter().filter(|text| !is_blank(text)).collect();
    let text = said.join("\n\n").replace("\r\n", "\n").replace('\0', "");
    Ok((text.trim().to_owned(), files))
}

/// Where a part is.
#[derive(Clone, Copy)]
struct Place {
    within: Container,
    is_first: bool,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    /// It is the whole mail.
    Mail,
    /// One of its parts is shown.
    Alternative,
    /// The first of its parts is shown, with the others in it.
    Related,
    /// All of its parts are shown, or files.
    Mixed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Plain,
    Html,
}

struct Text {
    format: Format,
    /// None if it can't be read.
    text: Option<String>,
}

#[derive(Default)]
struct Content {
    texts: Vec<Text>,
    files: Vec<File>,
}

impl Content {
    fn says_something(&self) -> bool {
        self.texts.iter().any(|text| text.text.as_deref().is_some_and(|text| !is_blank(text)))
    }

    fn is_plain(&self) -> bool {
        self.texts.iter().all(|text| text.format == Format::Plain)
    }

    fn all_of(contents: Vec<Self>) -> Self {
        let mut all = Self::default();
        for content in contents {
            all.texts.extend(content.texts);
            all.files.extend(content.files);
        }
        all
    }

    /// The plain text, which is what quotes are known by; or the HTML where that alone says something: some programs send an empty plain part.
    fn best_of(contents: Vec<Self>) -> Self {
        let has_plain = contents.iter().any(|content| content.is_plain() && content.says_something());
        let says_something = contents.iter().any(Self::says_something);
        let mut best = Self::default();
        for content in contents {
            // Where nothing says anything, it may be because it can't be read.
            if !says_something || content.says_something() && content.is_plain() == has_plain {
                best.texts.extend(content.texts);
            }
            best.files.extend(content.files);
        }
        best
    }
}

fn content(message: &Message<'_>, id: MessagePartId, place: Place) -> Result<Content, MailReason> {
    let Some(part) = message.parts.get(id as usize) else { return Ok(Content::default()) };
    if let PartType::Multipart(children) = &part.body {
        if place.depth == NESTING_MAX {
            return Err(MailReason::TooManyParts);
        }
        let within = match part.content_type().and_then(|kind| kind.subtype()) {
            Some(kind) if kind.eq_ignore_ascii_case("alternative") => Container::Alternative,
            Some(kind) if kind.eq_ignore_ascii_case("related") => Container::Related,
            _ => Container::Mixed,
        };
        let children = children.iter().filter(|child| **child > id).enumerate();
        let contents = children
            .map(|(at, child)| content(message, *child, Place { within, is_first: at == 0, depth: place.depth + 1 }));
        let contents = contents.collect::<Result<Vec<_>, _>>()?;
        return Ok(match within {
            Container::Alternative => Content::best_of(contents),
            _ => Content::all_of(contents),
        });
    }
    Ok(match format(part, place) {
        Some(format) => Content { texts: vec![Text { format, text: text(message, part, format) }], files: Vec::new() },
        None => Content { texts: Vec::new(), files: file(message, part).into_iter().collect() },
    })
}

/// In which format a part is a text of the mail; none if it is a file.
fn format(part: &MessagePart<'_>, place: Place) -> Option<Format> {
    if matches!(part.body, PartType::Message(_)) || part.content_disposition().is_some_and(|to| to.is_attachment()) {
        return None;
    }
    let format = match part.content_type() {
        None => Format::Plain,
        Some(_) if part.is_content_type("text", "plain") => Format::Plain,
        Some(_) if part.is_content_type("text", "html") => Format::Html,
        Some(_) => return None,
    };
    let has_name = part.content_type().is_some_and(|kind| kind.has_attribute("name"));
    let is_shown = match place.within {
        Container::Mail | Container::Alternative => true,
        Container::Related => place.is_first,
        Container::Mixed => place.is_first || !has_name,
    };
    is_shown.then_some(format)
}

/// What the sender gave, before it was encoded for the way.
fn sent<'a>(message: &'a Message<'_>, part: &MessagePart<'_>) -> Cow<'a, [u8]> {
    let written = message.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    transfer::decode(part.content_transfer_encoding(), written)
}

fn text(message: &Message<'_>, part: &MessagePart<'_>, format: Format) -> Option<String> {
    let bytes = sent(message, part);
    let label = part.content_type().and_then(|kind| kind.attribute("charset"));
    match format {
        Format::Plain => charsets::decode(&[label], &bytes).map(Cow::into_owned),
        Format::Html => {
            let of_meta = charsets::of_meta(&bytes);
            charsets::decode(&[label, of_meta.as_deref()], &bytes).map(|text| html::to_text(&text))
        }
    }
}

fn file(message: &Message<'_>, part: &MessagePart<'_>) -> Option<File> {
    let kind = part.content_type();
    let is_text = kind.is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("text"));
    // Nobody who opens the file sees what the mail says of its encoding.
    let label = kind.filter(|_| is_text).and_then(|kind| kind.attribute("charset"));
    let sent = sent(message, part);
    let content = match label.and_then(|label| charsets::decode(&[Some(label)], &sent)) {
        Some(text) => text.into_owned().into_bytes(),
        None => sent.into_owned(),
    };
    let usual = if matches!(part.body, PartType::Message(_)) { "message.eml" } else { "file" };
    let name = part.attachment_name().unwrap_or(usual).to_owned();
    (!content.is_empty()).then_some(File { name, content })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn of(headers: &str, body: &[u8]) -> Result<(String, Vec<File>), MailReason> {
        let head = format!("From: li@example.com\r\nMIME-Version: 1.0\r\n{headers}\r\n\r\n");
        let raw = [head.as_bytes(), body].concat();
        read(&MessageParser::default().parse(&raw).unwrap())
    }

    /// Parts in a container, each with its headers above it.
    fn parts(kind: &str, boundary: &str, parts: &[String]) -> String {
        let parts: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
        format!("Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n{parts}--{boundary}--")
    }

    fn part(kind: &str, content: &str) -> String {
        format!("Content-Type: {kind}\r\n\r\n{content}")
    }

    fn text_of(mail: &str) -> String {
        let (headers, body) = mail.split_once("\r\n\r\n").unwrap();
        of(headers, body.as_bytes()).unwrap().0
    }

    #[test]
    fn the_part_is_taken_that_says_something() {
        let html = part("text/html; charset=utf-8", "<p>Blue please</p>");
        for empty in ["", "\r\n \r\n", "\u{a0}", "\u{200b}\u{feff}", "&nbsp;"] {
            let plain = part("text/plain; charset=utf-8", empty);
            let mail = parts("alternative", "b", &[plain.clone(), html.clone()]);
            let expected = if empty == "&nbsp;" { "&nbsp;" } else { "Blue please" };
            assert_eq!(text_of(&mail), expected, "{empty:?}");
            let nested = parts("mixed", "m", &[mail, part("text/plain", "Sent by a list")]);
            assert_eq!(text_of(&nested), format!("{expected}\n\nSent by a list"), "{empty:?}");
            let related = parts("related", "r", &[html.clone(), part("image/png; name=a.png", "x")]);
            let mail = parts("alternative", "b", &[plain, related]);
            assert_eq!(text_of(&mail), expected, "{empty:?}");
        }
        let both = parts("alternative", "b", &[part("text/plain", "plain"), html.clone()]);
        assert_eq!(text_of(&both), "plain");
        assert_eq!(text_of(&parts("alternative", "b", &[html, part("text/plain", "plain")])), "plain");
    }

    #[test]
    fn files_are_those_that_are_no_text() {
        let alternative = parts(
            "alternative",
            "b",
            &[
                part("text/plain", "before"),
                parts("related", "r", &[part("text/html", "<b>x</b>"), part("image/png; name=a.png", "png")]),
            ],
        );
        let mail = parts("mixed", "m", &[
            alternative,
            part("text/plain; name=n.txt", "named"),
            "Content-Type: text/csv; charset=gbk\r\nContent-Disposition: attachment; filename=t.csv\r\nContent-Transfer-Encoding: base64\r\n\r\n1srBvw".to_owned(),
            part("message/rfc822", "From: a@b.example\r\nSubject: inner\r\n\r\nforwarded"),
            part("text/plain", "after"),
        ]);
        let (headers, body) = mail.split_once("\r\n\r\n").unwrap();
        let (text, files) = of(headers, body.as_bytes()).unwrap();
        assert_eq!(text, "before\n\nafter");
        let files: Vec<(String, String)> =
            files.into_iter().map(|file| (file.name, String::from_utf8(file.content).unwrap())).collect();
        let expected = [
            ("a.png", "png"),
            ("n.txt", "named"),
            ("t.csv", "质量"),
            ("message.eml", "From: a@b.example\r\nSubject: inner\r\n\r\nforwarded"),
        ];
        assert_eq!(files, expected.map(|(name, content)| (name.to_owned(), content.to_owned())));
    }

    #[test]
    fn what_came_in_base64_is_whole() {
        for headers in ["Content-Type: text/plain; charset=utf-8", "Content-Type: text/html"] {
            for (encoding, body) in [
                ("base64", "VGhlIGFtb3VudCBpcyAxMjUwMA"),
                ("BASE64 (c)", "VGhlIGFtb3VudCBpcyAxMjUwMA=="),
                ("base64", "VGhlIGFt*b3VudCBpcyAxMjUwMA==\r\n\r\n-- \r\nScanned by Gateway\r\n"),
            ] {
                let headers = format!("{headers}\r\nContent-Transfer-Encoding: {encoding}");
                assert_eq!(of(&headers, body.as_bytes()).unwrap().0, "The amount is 12500", "{headers} {body}");
                let mail = parts("mixed", "m", &[format!("{headers}\r\n\r\n{body}"), part("text/plain", "end")]);
                assert_eq!(text_of(&mail), "The amount is 12500\n\nend", "{headers} {body}");
            }
        }
    }

    #[test]
    fn a_page_says_itself_how_it_is_encoded() {
        let gbk = b"<meta charset=gbk><p>\xd6\xca\xc1\xbf\xcc\xab\xb2\xee</p>";
        assert_eq!(of("Content-Type: text/html", gbk).unwrap().0, "质量太差");
        assert_eq!(of("Content-Type: text/html; charset=utf-8", gbk).unwrap().0, "质量太差");
    }

    #[test]
    fn what_cannot_be_read_is_held() {
        for charset in ["utf-7", "unicode-1-1-utf-7"] {
            let headers = format!("Content-Type: text/plain; charset={charset}");
            assert_eq!(of(&headers, b"+ADw-").map(|(text, _)| text), Err(MailReason::Unreadable), "{charset}");
        }
        let unreadable = part("text/plain; charset=utf-7", "+ADw-");
        let mail = parts("alternative", "b", &[unreadable, part("text/html", "<p>readable</p>")]);
        assert_eq!(text_of(&mail), "readable");
        let deep = (0..60).fold("Content-Type: text/plain\r\n\r\nx".to_owned(), |inner, n| {
            parts("mixed", &format!("b{n}e"), &[inner])
        });
        let (headers, body) = deep.split_once("\r\n\r\n").unwrap();
        assert_eq!(of(headers, body.as_bytes()).map(|(text, _)| text), Err(MailReason::TooManyParts));
    }
}
