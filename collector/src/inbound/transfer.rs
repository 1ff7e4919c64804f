//! How the bytes of a part travelled (RFC 2045, section 6): gateways add lines below them, and programs leave out what they should write.

use std::borrow::Cow;

/// Words in a line from which on it is none of base64, where the longest is shorter than [`PROSE_WORD_MAX`].
const PROSE_WORDS: usize = 3;
/// How long words are that people write.
const PROSE_WORD_MAX: usize = 20;

/// The bytes that were sent, by what the header `Content-Transfer-Encoding` says.
pub(super) fn decode<'a>(encoding: Option<&str>, written: &'a [u8]) -> Cow<'a, [u8]> {
    // A comment may follow, which says nothing.
    let encoding = encoding.unwrap_or_default().split(['(', ';']).next().unwrap_or_default();
    match encoding.trim_matches(|c: char| c.is_whitespace() || c == '"').to_ascii_lowercase().as_str() {
        "base64" => match with_usual_digits(written) {
            Some(usual) => Cow::Owned(base64(&usual).into_owned()),
            None => base64(written),
        },
        "quoted-printable" => Cow::Owned(quoted_printable(written)),
        _ => Cow::Borrowed(written),
    }
}

/// Characters of no meaning are passed over (RFC 2045, section 6.8), and the padding may be missing. A footer below is no part of it, and what only
/// says that it is base64 is given as it is.
fn base64(written: &[u8]) -> Cow<'_, [u8]> {
    let lines = written.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut decoded = Base64 { bytes: Vec::with_capacity(written.len() / 4 * 3), group: 0, digits: 0 };
    let mut first_length = None;
    let mut last = LastLine::Full;
    for line in lines {
        if first_length.is_none() && is_prose(line) {
            return Cow::Borrowed(written);
        }
        if line.starts_with(b"--") || is_prose(line) {
            break;
        }
        if !line.iter().any(|byte| digit(*byte).is_some()) {
            last = if first_length.is_some() { LastLine::Ending } else { last };
            continue;
        }
        let begins_anew = decoded.digits == 0 && !line.len().is_multiple_of(4);
        match last {
            LastLine::Ending if begins_anew || is_mostly_foreign(line) => break,
            LastLine::Short if is_mostly_foreign(line) => break,
            _ => {}
        }
        line.iter().for_each(|byte| decoded.push(*byte));
        last = match *first_length.get_or_insert(line.len()) {
            _ if line.contains(&b'=') => LastLine::Ending,
            first_length if line.len() < first_length => LastLine::Short,
            _ => LastLine::Full,
        };
    }
    decoded.end_group();
    Cow::Owned(decoded.bytes)
}

/// What the line before says of whether more comes.
#[derive(Clone, Copy)]
enum LastLine {
    Full,
    /// Programs write lines of one length; only the last one is shorter.
    Short,
    /// It has the padding, or is empty.
    Ending,
}

/// What was written with the digits for addresses of pages (RFC 4648, section 5) in the usual ones; none if it has these.
fn with_usual_digits(written: &[u8]) -> Option<Vec<u8>> {
    let first = written.trim_ascii_start().split(|byte| *byte == b'\n').next()?;
    let is_other = !first.starts_with(b"--")
        && !is_prose(first)
        && first.iter().any(|byte| matches!(byte, b'-' | b'_'))
        && !written.iter().any(|byte| matches!(byte, b'+' | b'/'));
    let usual = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    is_other.then(|| written.iter().map(usual).collect())
}

struct Base64 {
    bytes: Vec<u8>,
    group: u32,
    digits: usize,
}

impl Base64 {
    fn push(&mut self, byte: u8) {
        match digit(byte) {
            Some(digit) => {
                self.group = (self.group << 6) | digit;
                self.digits += 1;
                if self.digits == 4 {
                    self.end_group();
                }
            }
            None if byte == b'=' => self.end_group(),
            None => {}
        }
    }

    /// Writes what is whole of a group. Of a single digit nothing is.
    fn end_group(&mut self) {
        let [_, bytes @ ..] = (self.group << (6 * (4 - self.digits))).to_be_bytes();
        self.bytes.extend_from_slice(&bytes[..(self.digits * 6) / 8]);
        (self.group, self.digits) = (0, 0);
    }
}

fn digit(byte: u8) -> Option<u32> {
    let digit = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(digit))
}

/// Whether more of a line is foreign to base64 than what went wrong with a character or two.
fn is_mostly_foreign(line: &[u8]) -> bool {
    line.iter().filter(|byte| **byte != b'=' && digit(**byte).is_none()).count() * 8 >= line.len()
}

/// Whether somebody wrote a line for people.
fn is_prose(line: &[u8]) -> bool {
    let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (count, longest) = words.fold((0, 0), |(count, longest), word| (count + 1, word.len().max(longest)));
    !line.is_ascii() || count >= PROSE_WORDS && longest < PROSE_WORD_MAX
}

/// What is no code is what it says, and spaces at the ends of lines were added on the way (RFC 2045, section 6.7).
fn quoted_printable(written: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(written.len());
    for mut line in written.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii_end();
        let is_continued = content.last() == Some(&b'=');
        let end: &[u8] = match line {
            _ if is_continued => b"",
            [.., b'\r', b'\n'] => b"\r\n",
            [.., b'\n'] => b"\n",
            _ => &line[content.len()..],
        };
        line = content.strip_suffix(b"=").unwrap_or(content);
        while let [first, rest @ ..] = line {
            let value = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            match rest {
                [high, low, after @ ..] if *first == b'=' => match (value(high), value(low)) {
                    (Some(high), Some(low)) => {
                        decoded.push((high << 4) | low);
                        line = after;
                    }
                    _ => {
                        decoded.push(*first);
                        line = rest;
                    }
                },
                _ => {
                    decoded.push(*first);
                    line = rest;
                }
            }
        }
        decoded.extend_from_slice(end);
    }
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(encoding: &str, written: &str) -> String {
        String::from_utf8_lossy(&decode(Some(encoding), written.as_bytes())).into_owned()
    }

    #[test]
    fn base64_is_read_however_it_is_written() {
        for (written, text) in [
            ("VGhlIGFtb3VudCBpcyAxMjUwMA==", "The amount is 12500"),
            ("VGhlIGFtb3VudCBpcyAxMjUwMA", "The amount is 12500"),
            ("VGhlIGFtb3VudCBpcyAxMjUwMDA", "The amount is 125000"),
            ("VGhlIHNv!!ZmEg*aXMg\r\n\r\ndG9ybi4=\r\n-- \r\nfooter\r\n", "The sofa is torn."),
            ("VGhlIHNvZmEg\r\naXM=\r\nScanned by Gateway\r\n", "The sofa is"),
            ("VGhlIHNvZmEg\r\naXM\r\n\r\nScanned by us\r\n", "The sofa is"),
            ("VGhlIHNvZmEg\r\naXMg\r\n_______________\r\nlists\r\n", "The sofa is "),
            ("VGhlIHNvZmEg\r\naXM=\r\nIHRvcm4=\r\n", "The sofa is torn"),
            (" VGhlIHNv \tZmEgaXM=", "The sofa is"),
            ("VGhlIHNvZmEgaX\r\nMgdG9yb\r\ni4gSGVsbG\r\n8u", "The sofa is torn. Hello."),
            ("VGhlIHNvZ\r\n\r\nmEgaXMgd\r\n\r\nG9ybi4", "The sofa is torn."),
            ("VGhlIHNvZmEg\r\naXMg\r\nGateway: ok\r\n", "The sofa is "),
            ("\r\nVGhlIHNvZmE\r\n", "The sofa"),
            ("The sofa is torn.\r\n", "The sofa is torn.\r\n"),
            ("沙发坏了", "沙发坏了"),
            ("Pz8-Pn5-5rKZ5Y-Rw7_Dvw==", "??>>~~沙发ÿÿ"),
            ("", ""),
        ] {
            assert_eq!(of("base64", written), text, "{written}");
        }
        assert_eq!(of("BASE64 (c)", "VGhlIHNvZmE="), "The sofa");
        assert_eq!(of("\"base64\";", "VGhlIHNvZmE="), "The sofa");
        assert_eq!(of("8bit", "VGhlIHNvZmE="), "VGhlIHNvZmE=");
    }

    #[test]
    fn quoted_printable_is_read_however_it_is_written() {
        for (written, text) in [
            ("Gr=c3=B6=C3=9Fe zu=\r\n klein =3D bad =ZZ end=", "Größe zu klein = bad =ZZ end"),
            ("Hello wor=   \nld  \nnext\t\r\n", "Hello world\nnext\r\n"),
            ("a==\r\nb =4", "a=b =4"),
        ] {
            assert_eq!(of("Quoted-Printable", written), text, "{written}");
        }
    }

    proptest! {
        #[test]
        fn whatever_was_encoded_is_read(bytes: Vec<u8>, width in 1_usize..80, is_padded: bool) {
            use base64::Engine as _;
            use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
            let text = if is_padded { STANDARD.encode(&bytes) } else { STANDARD_NO_PAD.encode(&bytes) };
            let lines: Vec<&[u8]> = text.as_bytes().chunks(width).collect();
            let read = decode(Some("base64"), &lines.join(&b"\r\n"[..])).into_owned();
            prop_assert_eq!(read, bytes);
        }

        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = decode(Some("base64"), &bytes);
            let read = decode(Some("quoted-printable"), &bytes);
            prop_assert!(read.len() <= bytes.len());
        }
    }
}
